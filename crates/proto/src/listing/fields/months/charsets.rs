//! The character sets in which servers write the names of months, besides UTF-8: none without the feature `encodings`.

use super::names::{ARABIC, CYRILLIC, GREEK, HAN, HEBREW, Months, THAI};

#[cfg(feature = "encodings")]
use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GBK, IBM866, ISO_8859_2, ISO_8859_4, ISO_8859_5, ISO_8859_6, ISO_8859_7,
    ISO_8859_8, ISO_8859_13, ISO_8859_16, KOI8_U, MACINTOSH, SHIFT_JIS, WINDOWS_874, WINDOWS_1250,
    WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256, WINDOWS_1257,
    X_MAC_CYRILLIC,
};

/// A character set of the names of a language.
#[cfg(feature = "encodings")]
pub(super) struct MonthCharset(&'static Encoding);

/// A character set that cannot exist.
#[cfg(not(feature = "encodings"))]
pub(super) enum MonthCharset {}

impl MonthCharset {
    /// Returns the bytes of a name whose letters all exist.
    #[cfg(feature = "encodings")]
    pub(super) fn encode(&self, name: &str) -> Option<Vec<u8>> {
        let (bytes, _, unmappable) = self.0.encode(name);
        (!unmappable).then(|| bytes.into_owned())
    }

    #[cfg(not(feature = "encodings"))]
    pub(super) fn encode(&self, _name: &str) -> Option<Vec<u8>> {
        match *self {}
    }
}

/// Returns the UTF-8 of a name that was taken for Latin letters.
#[cfg(feature = "encodings")]
pub(super) fn latin_misread(name: &str) -> String {
    WINDOWS_1252.decode_without_bom_handling(name.as_bytes()).0.into_owned()
}

#[cfg(not(feature = "encodings"))]
pub(super) fn latin_misread(name: &str) -> String {
    name.bytes().map(char::from).collect()
}

macro_rules! charsets {
    ($($encoding:ident),*) => {{
        #[cfg(feature = "encodings")]
        {
            &[$(MonthCharset($encoding)),*]
        }
        #[cfg(not(feature = "encodings"))]
        {
            &[]
        }
    }};
}

pub(super) const LATIN_CHARSETS: &[MonthCharset] = charsets![
    WINDOWS_1252,
    ISO_8859_2,
    WINDOWS_1250,
    WINDOWS_1254,
    WINDOWS_1257,
    ISO_8859_4,
    ISO_8859_13,
    ISO_8859_16,
    MACINTOSH
];

/// Languages with other alphabets, each with its character sets besides UTF-8.
pub(super) const OTHERS: &[(&[Months], &[MonthCharset])] = &[
    (CYRILLIC, charsets![KOI8_U, WINDOWS_1251, ISO_8859_5, IBM866, X_MAC_CYRILLIC]),
    (GREEK, charsets![WINDOWS_1253, ISO_8859_7]),
    (HEBREW, charsets![WINDOWS_1255, ISO_8859_8]),
    (ARABIC, charsets![WINDOWS_1256, ISO_8859_6]),
    (THAI, charsets![WINDOWS_874]),
    (HAN, charsets![GBK, BIG5, SHIFT_JIS, EUC_JP, EUC_KR]),
];

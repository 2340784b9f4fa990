//! Character sets: those of `encoding_rs`, or UTF-8 alone without the feature `encodings`.

use std::borrow::Cow;

/// A character set that extends ASCII.
#[cfg(feature = "encodings")]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Charset(&'static encoding_rs::Encoding);

/// UTF-8.
#[cfg(not(feature = "encodings"))]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Charset;

#[cfg(feature = "encodings")]
impl Charset {
    pub(crate) const UTF_8: Self = Self(encoding_rs::UTF_8);

    /// Returns the set with this label, unless ASCII is encoded otherwise in it, as in UTF-16.
    pub(crate) fn for_label(label: &str) -> Option<Self> {
        let found = encoding_rs::Encoding::for_label(label.as_bytes());
        found.filter(|encoding| encoding.is_ascii_compatible()).map(Self)
    }

    /// Decodes valid text.
    pub(crate) fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        self.0.decode_without_bom_handling_and_without_replacement(bytes)
    }

    /// Decodes; invalid sequences become U+FFFD.
    pub(crate) fn decode_lossy(self, bytes: &[u8]) -> Cow<'_, str> {
        self.0.decode_without_bom_handling(bytes).0
    }

    /// Encodes text whose characters all exist.
    pub(crate) fn encode(self, text: &str) -> Option<Cow<'_, [u8]>> {
        if self.0.output_encoding() != self.0 {
            // UTF-16 cannot be used in a protocol of ASCII commands.
            return None;
        }
        let (bytes, _, unmappable) = self.0.encode(text);
        (!unmappable).then_some(bytes)
    }

    pub(crate) fn name(self) -> &'static str {
        self.0.name()
    }
}

#[cfg(not(feature = "encodings"))]
impl Charset {
    pub(crate) const UTF_8: Self = Self;

    /// Returns UTF-8 for its labels.
    pub(crate) fn for_label(label: &str) -> Option<Self> {
        let label = label.trim();
        (label.eq_ignore_ascii_case("utf-8") || label.eq_ignore_ascii_case("utf8")).then_some(Self)
    }

    /// Decodes valid text.
    pub(crate) fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        std::str::from_utf8(bytes).ok().map(Cow::Borrowed)
    }

    /// Decodes; invalid sequences become U+FFFD.
    pub(crate) fn decode_lossy(self, bytes: &[u8]) -> Cow<'_, str> {
        String::from_utf8_lossy(bytes)
    }

    /// Encodes text.
    pub(crate) fn encode(self, text: &str) -> Option<Cow<'_, [u8]>> {
        Some(text.as_bytes().into())
    }

    pub(crate) fn name(self) -> &'static str {
        "UTF-8"
    }
}

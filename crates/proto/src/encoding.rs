//! Encodings of names and texts on the wire.

use std::{borrow::Cow, fmt, str::FromStr};

use crate::charset::Charset;

/// Character encoding of a server's names and reply texts.
///
/// UTF-8 is the default (RFC 2640). With the feature `encodings`, which is on by default, every label of the WHATWG
/// Encoding Standard is accepted, such as `latin1`, `windows-1252`, `shift_jis` or `gb18030`.
///
/// Names that cannot be decoded are not guessed; they keep their bytes (see
/// [`RemotePath`](crate::RemotePath)).
///
/// ```
/// use oxftp_proto::Encoding;
///
/// # #[cfg(feature = "encodings")] {
/// let latin1: Encoding = "latin1".parse()?;
/// assert_eq!(latin1.encode("Käse").unwrap().as_ref(), b"K\xe4se");
/// assert_eq!(latin1.decode(b"K\xe4se").unwrap(), "Käse");
/// # }
/// # Ok::<(), oxftp_proto::UnknownEncoding>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Encoding(Charset, Controls);

/// Handling of control characters in commands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Controls {
    Refused,
    Sent,
}

impl Encoding {
    /// UTF-8, as RFC 2640 requires.
    pub const UTF_8: Self = Self(Charset::UTF_8, Controls::Refused);

    /// Returns whether this is UTF-8.
    #[must_use]
    pub fn is_utf8(self) -> bool {
        self.0 == Charset::UTF_8
    }

    /// Decodes `bytes` if they are valid in this encoding *and* encode back to the same bytes.
    ///
    /// `None` means that the text could not be sent back to the server unchanged.
    #[must_use]
    pub fn decode<'a>(&self, bytes: &'a [u8]) -> Option<Cow<'a, str>> {
        let text = self.0.decode(bytes)?;
        let lossless = self.is_utf8() || self.encode(&text).is_some_and(|back| back == bytes);
        lossless.then_some(text)
    }

    /// Decodes a name from a server: as UTF-8 if it is valid UTF-8, whatever the session's encoding, else as
    /// [`Encoding::decode`] does.
    ///
    /// Text in another encoding is hardly ever valid UTF-8 by chance, and many servers list names in several
    /// encodings.
    #[must_use]
    pub fn decode_name<'a>(&self, bytes: &'a [u8]) -> Option<Cow<'a, str>> {
        std::str::from_utf8(bytes).ok().map(Cow::Borrowed).or_else(|| self.decode(bytes))
    }

    /// Returns whether a name is UTF-8 and would be different bytes in this encoding.
    pub(crate) fn is_foreign_utf8(self, bytes: &[u8]) -> bool {
        !self.is_utf8() && !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok()
    }

    /// Decodes `bytes` for display; invalid sequences become U+FFFD.
    #[must_use]
    pub fn decode_lossy<'a>(&self, bytes: &'a [u8]) -> Cow<'a, str> {
        self.0.decode_lossy(bytes)
    }

    /// Encodes `text`, or returns `None` when a character does not exist in this encoding.
    #[must_use]
    pub fn encode<'a>(&self, text: &'a str) -> Option<Cow<'a, [u8]>> {
        self.0.encode(text)
    }

    /// Allows control characters in paths and raw commands, because names on the server may contain them. CR,
    /// LF and NUL are never sent. Without this, a command with a control character other than tab is
    /// [`InvalidCommand::ControlCharacter`](crate::InvalidCommand::ControlCharacter).
    ///
    /// ```
    /// use oxftp_proto::{Command, Encoding};
    ///
    /// assert!(Command::raw("SITE bell \u{7}", Encoding::UTF_8).is_err());
    /// assert!(Command::raw("SITE bell \u{7}", Encoding::UTF_8.with_control_characters()).is_ok());
    /// ```
    #[must_use]
    pub const fn with_control_characters(self) -> Self {
        Self(self.0, Controls::Sent)
    }

    pub(crate) fn sends_control_characters(self) -> bool {
        self.1 == Controls::Sent
    }

    /// Returns the name of the encoding, such as `UTF-8` or `windows-1252`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.name()
    }
}

impl Default for Encoding {
    fn default() -> Self {
        Self::UTF_8
    }
}

impl FromStr for Encoding {
    type Err = UnknownEncoding;

    fn from_str(label: &str) -> Result<Self, UnknownEncoding> {
        Charset::for_label(label)
            .map(|charset| Self(charset, Controls::Refused))
            .ok_or_else(|| UnknownEncoding { label: label.to_owned() })
    }
}

impl fmt::Debug for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encoding({})", self.name())
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A label that names no encoding usable for FTP.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "encodings", error("unknown encoding {label:?}"))]
#[cfg_attr(
    not(feature = "encodings"),
    error("unknown encoding {label:?}: encodings besides UTF-8 need the feature `encodings`")
)]
pub struct UnknownEncoding {
    /// The requested label.
    pub label: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_refuses_bytes_that_are_not_utf8() {
        assert_eq!(Encoding::UTF_8.decode(b"K\xe4se"), None);
        assert_eq!(Encoding::UTF_8.decode_lossy(b"K\xe4se"), "K\u{fffd}se");
    }

    #[cfg(feature = "encodings")]
    #[test]
    fn unencodable_character_is_not_encoded() {
        let latin1: Encoding = "latin1".parse().unwrap();
        assert_eq!(latin1.encode("日本"), None);
    }

    #[test]
    fn utf16_is_rejected_for_ftp() {
        assert!("utf-16le".parse::<Encoding>().is_err());
    }

    #[test]
    fn byte_order_mark_in_name_is_kept() {
        assert_eq!(Encoding::UTF_8.decode(b"\xef\xbb\xbfx").unwrap(), "\u{feff}x");
    }
}

//! Encodings of names and texts on the wire.

use std::{borrow::Cow, fmt, str::FromStr};

/// The character encoding in which a server spells names and reply texts.
///
/// UTF-8 is the default (RFC 2640). Any label of the WHATWG Encoding Standard is understood, such
/// as `latin1`, `windows-1252`, `shift_jis` or `gb18030`.
///
/// Names that do not decode are never guessed at: they keep their bytes (see
/// [`RemotePath`](crate::RemotePath)).
///
/// ```
/// use oxftp_proto::Encoding;
///
/// let latin1: Encoding = "latin1".parse()?;
/// assert_eq!(latin1.encode("Käse").unwrap().as_ref(), b"K\xe4se");
/// assert_eq!(latin1.decode(b"K\xe4se").unwrap(), "Käse");
/// # Ok::<(), oxftp_proto::UnknownEncoding>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Encoding(&'static encoding_rs::Encoding, Controls);

/// Whether commands may hold control characters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Controls {
    Refused,
    Sent,
}

impl Encoding {
    /// UTF-8, what RFC 2640 asks for.
    pub const UTF_8: Self = Self(encoding_rs::UTF_8, Controls::Refused);

    /// Tells whether it is UTF-8.
    #[must_use]
    pub fn is_utf8(self) -> bool {
        self.0 == encoding_rs::UTF_8
    }

    /// Decodes `bytes` if they are valid in this encoding *and* encode back to the same bytes.
    ///
    /// `None` means that the text could not be given back to the server as it came.
    #[must_use]
    pub fn decode<'a>(&self, bytes: &'a [u8]) -> Option<Cow<'a, str>> {
        let text = self.0.decode_without_bom_handling_and_without_replacement(bytes)?;
        let lossless = self.is_utf8() || self.encode(&text).is_some_and(|back| back == bytes);
        lossless.then_some(text)
    }

    /// Decodes a name that a server sent: as UTF-8 if it is that, whatever the session's encoding,
    /// else as [`Encoding::decode`] does.
    ///
    /// Hardly any text of another encoding is valid UTF-8 by chance, and many servers list names in
    /// more than one encoding.
    #[must_use]
    pub fn decode_name<'a>(&self, bytes: &'a [u8]) -> Option<Cow<'a, str>> {
        std::str::from_utf8(bytes).ok().map(Cow::Borrowed).or_else(|| self.decode(bytes))
    }

    /// Tells whether a name is UTF-8 that this encoding would spell otherwise.
    pub(crate) fn is_foreign_utf8(self, bytes: &[u8]) -> bool {
        !self.is_utf8() && !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok()
    }

    /// Decodes `bytes` for showing, with U+FFFD for what is not valid.
    #[must_use]
    pub fn decode_lossy<'a>(&self, bytes: &'a [u8]) -> Cow<'a, str> {
        self.0.decode_without_bom_handling(bytes).0
    }

    /// Encodes `text`, or `None` when a character has no form in this encoding.
    #[must_use]
    pub fn encode<'a>(&self, text: &'a str) -> Option<Cow<'a, [u8]>> {
        if self.0.output_encoding() != self.0 {
            // UTF-16 has no place in a protocol of ASCII verbs.
            return None;
        }
        let (bytes, _, unmappable) = self.0.encode(text);
        (!unmappable).then_some(bytes)
    }

    /// Sends control characters in paths and raw commands, as names on the server may hold them; CR, LF and NUL
    /// never are. Without it a command with one is refused
    /// ([`InvalidCommand::ControlCharacter`](crate::InvalidCommand::ControlCharacter)), but for the tabulator.
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

    /// Names the encoding, such as `UTF-8` or `windows-1252`.
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
        encoding_rs::Encoding::for_label(label.as_bytes())
            .filter(|encoding| encoding.is_ascii_compatible())
            .map(|encoding| Self(encoding, Controls::Refused))
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

/// The label names no encoding that can carry FTP.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown encoding {label:?}")]
pub struct UnknownEncoding {
    /// What was asked for.
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

    #[test]
    fn a_character_without_a_form_is_not_encoded() {
        let latin1: Encoding = "latin1".parse().unwrap();
        assert_eq!(latin1.encode("日本"), None);
    }

    #[test]
    fn utf16_is_no_encoding_for_ftp() {
        assert!("utf-16le".parse::<Encoding>().is_err());
    }

    #[test]
    fn a_byte_order_mark_in_a_name_is_kept() {
        assert_eq!(Encoding::UTF_8.decode(b"\xef\xbb\xbfx").unwrap(), "\u{feff}x");
    }
}

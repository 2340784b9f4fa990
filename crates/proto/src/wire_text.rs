//! Text of a name or path, as it is sent to and received from the server.

use std::{borrow::Cow, fmt};

use crate::{Encoding, escape::write_escaped};

/// Text that is encoded when it is sent, or bytes that are sent unchanged.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(crate) struct WireText {
    bytes: Box<[u8]>,
    /// `bytes` are sent to the server unchanged, whatever the encoding. Never set for plain ASCII.
    is_raw: bool,
}

impl WireText {
    /// Creates text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self { bytes: text.into().into_bytes().into(), is_raw: false }
    }

    /// Creates bytes that are sent unchanged.
    pub(crate) fn raw(bytes: impl Into<Box<[u8]>>) -> Self {
        Self::new(bytes.into(), true)
    }

    /// Decodes bytes of a server. The result is text if the bytes are UTF-8 or decode without loss, and is
    /// sent back to the server unchanged.
    pub(crate) fn from_wire(bytes: &[u8], encoding: Encoding) -> Self {
        if encoding.is_utf8() {
            return Self { bytes: bytes.into(), is_raw: std::str::from_utf8(bytes).is_err() };
        }
        match encoding.decode(bytes) {
            Some(text) if !encoding.is_foreign_utf8(bytes) => Self::text(text),
            _ => Self::raw(bytes),
        }
    }

    /// Creates other bytes of the same kind: text if this is text.
    pub(crate) fn rebuilt(&self, bytes: impl Into<Box<[u8]>>) -> Self {
        Self::new(bytes.into(), self.is_raw)
    }

    /// Creates bytes that are made of these and `other`: text if both are text.
    pub(crate) fn combined(&self, other: &Self, bytes: impl Into<Box<[u8]>>) -> Self {
        Self::new(bytes.into(), self.is_raw || other.is_raw)
    }

    fn new(bytes: Box<[u8]>, is_raw: bool) -> Self {
        let is_raw = is_raw && !bytes.is_ascii();
        Self { bytes, is_raw }
    }

    /// Returns the bytes that are sent, or `None` when a character does not exist in `encoding`.
    pub(crate) fn to_wire(&self, encoding: Encoding) -> Option<Cow<'_, [u8]>> {
        match self.as_str() {
            Some(text) if !self.is_raw => encoding.encode(text),
            _ => Some(Cow::Borrowed(&self.bytes)),
        }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    pub(crate) fn to_string_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns whether the bytes are sent unchanged.
    pub(crate) fn is_raw(&self) -> bool {
        self.is_raw
    }
}

/// Writes the bytes as a literal.
impl fmt::Debug for WireText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.bytes.escape_ascii())
    }
}

/// Writes text with control characters escaped, so that it is safe on a terminal.
impl fmt::Display for WireText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_escaped(f, &self.to_string_lossy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_is_text_whatever_it_was_made_of() {
        let raw = WireText::raw(*b"K\xe4se");

        assert!(raw.is_raw() && !raw.rebuilt(*b"se").is_raw());
        assert_eq!(raw.rebuilt(*b"se"), WireText::text("se"));
        assert!(WireText::text("a").combined(&raw, *b"a/K\xe4se").is_raw());
    }
}

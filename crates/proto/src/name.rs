//! File name: one path component that is safe to join.

use std::{borrow::Cow, fmt, str::FromStr};

use crate::{Encoding, wire_text::WireText};

/// Name of one file or directory: exactly one path component.
///
/// Every name from a server becomes a `FileName` before it is used. It is never empty, `.` or `..`, and
/// contains no `/`, NUL, CR or LF. Joining it to a directory therefore cannot leave that directory, and
/// sending it cannot add a command. [`FileName::local`] also enforces the rules of the local platform.
///
/// ```
/// use oxftp_proto::FileName;
///
/// assert!(FileName::new("report.txt").is_ok());
/// assert!(FileName::new("../report.txt").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileName(WireText);

impl FileName {
    /// Creates a name from text.
    ///
    /// # Errors
    ///
    /// [`NameError`] when the text is not exactly one component.
    pub fn new(name: impl AsRef<str>) -> Result<Self, NameError> {
        Self::checked(WireText::text(name.as_ref()))
    }

    /// Creates a name from bytes that a server sent. It is text if the bytes are UTF-8 or decode without
    /// loss, and is sent back to the server unchanged.
    ///
    /// # Errors
    ///
    /// [`NameError`] when the bytes are not exactly one component.
    pub fn from_wire(bytes: &[u8], encoding: Encoding) -> Result<Self, NameError> {
        Self::checked(WireText::from_wire(bytes, encoding))
    }

    /// Returns the name as text, or `None` if it does not decode.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_str()
    }

    /// Returns the name as text for display; invalid sequences become U+FFFD.
    #[must_use]
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        self.0.to_string_lossy()
    }

    /// Returns the bytes: UTF-8 if the name is text, else those of the server.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Returns the bytes if `platform` allows a file of this name.
    ///
    /// # Errors
    ///
    /// [`NameError`] on Windows for separators, drives, streams, reserved device names, trailing dots and
    /// blanks, control characters, and bytes that are not text.
    pub fn local(&self, platform: Platform) -> Result<&[u8], NameError> {
        match platform {
            Platform::Unix => Ok(self.as_bytes()),
            Platform::Windows => self.check_windows().map(|()| self.as_bytes()),
        }
    }

    /// Creates a name, if it is exactly one component.
    pub(crate) fn checked(name: WireText) -> Result<Self, NameError> {
        let error = |why| Err(NameError { name: name.to_string_lossy().into_owned(), why });
        match name.as_bytes() {
            b"" => return error("it is empty"),
            b"." | b".." => return error("it names the same directory or its parent"),
            _ => {}
        }
        // Without an early end, so that several bytes are compared at once.
        let is_forbidden = |byte: &u8| matches!(byte, b'/' | 0 | b'\r' | b'\n');
        if !name.as_bytes().iter().fold(false, |found, byte| found | is_forbidden(byte)) {
            return Ok(Self(name));
        }
        error(match name.as_bytes().contains(&b'/') {
            true => "it contains a '/'",
            false => "it contains a NUL or a line ending",
        })
    }

    pub(crate) fn wire_text(&self) -> &WireText {
        &self.0
    }

    fn check_windows(&self) -> Result<(), NameError> {
        let error = |why| Err(NameError { name: self.to_string_lossy().into_owned(), why });
        let Some(text) = self.as_str() else { return error("Windows names must be text") };
        if text.contains(['\\', ':', '<', '>', '"', '|', '?', '*']) || text.chars().any(char::is_control) {
            return error("it contains a character that Windows forbids");
        }
        if text.ends_with(['.', ' ']) {
            return error("Windows drops a dot or blank at the end");
        }
        let stem = text.split('.').next().unwrap_or(text).trim_end_matches(' ').to_ascii_uppercase();
        if is_windows_device(&stem) {
            return error("it is a device on Windows");
        }
        Ok(())
    }
}

impl FromStr for FileName {
    type Err = NameError;

    /// Creates a name from text; see [`FileName::new`].
    fn from_str(name: &str) -> Result<Self, NameError> {
        Self::new(name)
    }
}

impl TryFrom<&str> for FileName {
    type Error = NameError;

    fn try_from(name: &str) -> Result<Self, NameError> {
        name.parse()
    }
}

impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileName({:?})", self.0)
    }
}

/// Writes the name as text with control characters escaped, so that it is safe on a terminal.
impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Platform whose rules a local file name must follow.
///
/// This is an argument and not a `cfg`, so that the rules of each platform are tested on every platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Any bytes except `/` and NUL.
    Unix,
    /// The rules of Win32.
    Windows,
}

impl Platform {
    /// The platform that this code was compiled for.
    pub const CURRENT: Self = if cfg!(windows) { Self::Windows } else { Self::Unix };
}

/// A name that cannot be used as one path component.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the name {name:?} cannot be used: {why}")]
pub struct NameError {
    /// The name, decoded for display.
    pub name: String,
    /// The reason.
    pub why: &'static str,
}

fn is_windows_device(stem: &str) -> bool {
    match stem {
        "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" => true,
        _ => match stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT")) {
            Some(port) => {
                matches!(port, "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³")
            }
            None => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traversal_and_injection_names_are_refused() {
        for name in ["", ".", "..", "a/b", "/", "../x", "a\0b", "a\rb", "a\nb"] {
            assert!(FileName::new(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn unusual_valid_names_are_accepted() {
        for name in [" lead", "trail ", "...", "-rf", "a\\b", "con", "*?[]", "\u{1b}[31m", "~"] {
            assert!(FileName::new(name).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn windows_forbids_devices_drives_streams_and_trailing_dots() {
        for name in
            ["con", "COM1.txt", "nul ", "a\\b", "c:", "x:stream", "dot.", "blank ", "lpt².x", "a\u{1}"]
        {
            let name = FileName::new(name).unwrap();
            assert!(name.local(Platform::Windows).is_err(), "{name:?}");
            assert!(name.local(Platform::Unix).is_ok(), "{name:?}");
        }
        for name in ["console", "com10", "a.b", "é"] {
            assert!(FileName::new(name).unwrap().local(Platform::Windows).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn bytes_that_do_not_decode_are_kept() {
        let name = FileName::from_wire(b"K\xe4se", Encoding::UTF_8).unwrap();

        assert_eq!(name.as_str(), None);
        assert_eq!(name.as_bytes(), b"K\xe4se");
    }

    #[cfg(feature = "encodings")]
    #[test]
    fn utf8_name_survives_any_encoding() {
        let latin1: Encoding = "latin1".parse().unwrap();
        let [utf8, other] =
            ["Käse".as_bytes(), b"K\xe4se"].map(|bytes| FileName::from_wire(bytes, latin1).unwrap());

        assert_eq!((utf8.as_str(), other.as_str()), (Some("Käse"), Some("Käse")));
    }

    #[test]
    fn displayed_names_cause_no_terminal_injection() {
        let name = FileName::new("a\u{1b}[2J\u{202e}b").unwrap();

        assert_eq!(name.to_string(), "a\\u{1b}[2J\\u{202e}b");
    }
}

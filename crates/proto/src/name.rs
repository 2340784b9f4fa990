//! One component of a path, safe to join.

use std::{borrow::Cow, fmt};

use crate::{Encoding, escape::write_escaped};

/// The name of one file or directory: exactly one component of a path.
///
/// A name from a server becomes a `FileName` before anything is done with it. It is never empty,
/// `.` or `..`, and holds no `/`, NUL, CR or LF, so that joining it to a directory cannot leave
/// that directory and cannot add a command. [`FileName::local`] adds what the local platform
/// forbids.
///
/// ```
/// use oxftp_proto::FileName;
///
/// assert!(FileName::new("report.txt").is_ok());
/// assert!(FileName::new("../report.txt").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileName {
    pub(crate) bytes: Box<[u8]>,
    /// True when `bytes` go to the server as they are, whatever the encoding.
    pub(crate) wire: bool,
}

impl FileName {
    /// Makes a name of text.
    ///
    /// # Errors
    ///
    /// [`NameError`] when the text is not one component.
    pub fn new(name: impl AsRef<str>) -> Result<Self, NameError> {
        Self::checked(name.as_ref().as_bytes(), false)
    }

    /// Makes a name of the bytes that a server sent; they are text if they are UTF-8 or decode
    /// losslessly, and go back to the server as they came.
    ///
    /// # Errors
    ///
    /// [`NameError`] when the bytes are not one component.
    pub fn from_wire(bytes: &[u8], encoding: Encoding) -> Result<Self, NameError> {
        match encoding.decode(bytes) {
            Some(text) if !encoding.is_foreign_utf8(bytes) => Self::checked(text.as_bytes(), false),
            _ => Self::checked(bytes, true),
        }
    }

    /// Gives the name as text, or `None` where it does not decode.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    /// Gives the name as text for showing, with U+FFFD for what does not decode.
    #[must_use]
    pub fn to_string_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }

    /// Gives the bytes: UTF-8 where the name is text, else those of the server.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Gives the bytes if `platform` can have a file of this name.
    ///
    /// # Errors
    ///
    /// [`NameError`] on Windows for separators, drives, streams, reserved device names, trailing
    /// dots and blanks, control characters, and bytes that are no text.
    pub fn local(&self, platform: Platform) -> Result<&[u8], NameError> {
        match platform {
            Platform::Unix => Ok(&self.bytes),
            Platform::Windows => self.check_windows().map(|()| &*self.bytes),
        }
    }

    pub(crate) fn checked(bytes: &[u8], wire: bool) -> Result<Self, NameError> {
        let error = |why| Err(NameError { name: String::from_utf8_lossy(bytes).into_owned(), why });
        match bytes {
            b"" => return error("it is empty"),
            b"." | b".." => return error("it names a directory above or the same"),
            _ => {}
        }
        match bytes.iter().find(|byte| matches!(byte, b'/' | 0 | b'\r' | b'\n')) {
            Some(b'/') => error("it holds a '/'"),
            Some(_) => error("it holds a NUL or a line end"),
            None => Ok(Self { bytes: bytes.into(), wire: wire && !bytes.is_ascii() }),
        }
    }

    fn check_windows(&self) -> Result<(), NameError> {
        let error = |why| Err(NameError { name: self.to_string_lossy().into_owned(), why });
        let Some(text) = self.as_str() else { return error("Windows names must be text") };
        if text.contains(['\\', ':', '<', '>', '"', '|', '?', '*']) || text.chars().any(char::is_control) {
            return error("it holds a character that Windows forbids");
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

impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileName(\"{}\")", self.bytes.escape_ascii())
    }
}

/// Shows the name as text with control characters escaped, so that it is safe on a terminal.
impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_escaped(f, &self.to_string_lossy())
    }
}

/// The platform whose rules a local file name must keep.
///
/// An argument, not a `cfg`, so that the rules of each platform are tested on all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Any byte but `/` and NUL.
    Unix,
    /// The rules of Win32.
    Windows,
}

impl Platform {
    /// The platform that this code was built for.
    pub const CURRENT: Self = if cfg!(windows) { Self::Windows } else { Self::Unix };
}

/// A name is not usable as one component of a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the name {name:?} cannot be used: {why}")]
pub struct NameError {
    /// The name, decoded for showing.
    pub name: String,
    /// What is wrong with it.
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
    fn a_name_that_climbs_or_breaks_a_line_is_refused() {
        for name in ["", ".", "..", "a/b", "/", "../x", "a\0b", "a\rb", "a\nb"] {
            assert!(FileName::new(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn odd_but_honest_names_are_taken() {
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

    #[test]
    fn utf_8_is_read_as_such_in_any_encoding_and_goes_back_as_it_came() {
        let latin1: Encoding = "latin1".parse().unwrap();
        let [utf8, other] =
            ["Käse".as_bytes(), b"K\xe4se"].map(|bytes| FileName::from_wire(bytes, latin1).unwrap());

        assert_eq!((utf8.as_str(), other.as_str()), (Some("Käse"), Some("Käse")));
        assert_eq!(crate::RemotePath::from(utf8).to_wire(latin1).unwrap().as_ref(), "Käse".as_bytes());
        assert_eq!(crate::RemotePath::from(other).to_wire(latin1).unwrap().as_ref(), b"K\xe4se");
    }

    #[test]
    fn shown_names_cannot_command_a_terminal() {
        let name = FileName::new("a\u{1b}[2J\u{202e}b").unwrap();

        assert_eq!(name.to_string(), "a\\u{1b}[2J\\u{202e}b");
    }
}

//! Reply codes.

use std::{fmt, str::FromStr};

/// A three-digit reply code (RFC 959, 4.2).
///
/// The first digit is the class: 1 preliminary, 2 success, 3 more needed, 4 transient failure, 5 permanent
/// failure.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u16);

impl Code {
    /// 125: the data connection is already open; the transfer starts.
    pub const TRANSFER_STARTING: Self = Self(125);
    /// 200: success.
    pub const OK: Self = Self(200);
    /// 202: the command is superfluous on this server.
    pub const SUPERFLUOUS: Self = Self(202);
    /// 213: status of a file.
    pub const FILE_STATUS: Self = Self(213);
    /// 220: the server is ready for a new user.
    pub const READY: Self = Self(220);
    /// 221: the server closes the control connection, after `QUIT` or by itself.
    pub const CLOSING: Self = Self(221);
    /// 225: the data connection is open; no transfer is in progress.
    pub const NO_TRANSFER: Self = Self(225);
    /// 226: the transfer is complete.
    pub const TRANSFER_COMPLETE: Self = Self(226);
    /// 227: passive mode, with an address (`PASV`).
    pub const PASSIVE: Self = Self(227);
    /// 229: extended passive mode, with a port (`EPSV`).
    pub const EXTENDED_PASSIVE: Self = Self(229);
    /// 230: logged in.
    pub const LOGGED_IN: Self = Self(230);
    /// 232: logged in, authorized by the security exchange (RFC 2228).
    pub const LOGGED_IN_SECURELY: Self = Self(232);
    /// 234: the security exchange may start (RFC 4217).
    pub const SECURITY_ACCEPTED: Self = Self(234);
    /// 250: the file action is complete.
    pub const FILE_ACTION_DONE: Self = Self(250);
    /// 257: a path was created, or is the working directory.
    pub const PATH: Self = Self(257);
    /// 331: a password is needed.
    pub const NEED_PASSWORD: Self = Self(331);
    /// 332: an account is needed.
    pub const NEED_ACCOUNT: Self = Self(332);
    /// 350: the server waits for the next command.
    pub const PENDING: Self = Self(350);
    /// 221: the server closes the control connection, as after `QUIT`.
    pub const SERVICE_CLOSED: Self = Self(221);
    /// 421: the server closes the control connection.
    pub const SERVICE_CLOSING: Self = Self(421);
    /// 425: the data connection cannot be opened.
    pub const CANNOT_OPEN_DATA: Self = Self(425);
    /// 426: the data connection was closed and the transfer aborted.
    pub const TRANSFER_ABORTED: Self = Self(426);
    /// 450: the file is temporarily unavailable.
    pub const FILE_BUSY: Self = Self(450);
    /// 500: the command is not understood.
    pub const UNKNOWN_COMMAND: Self = Self(500);
    /// 502: the command is not implemented.
    pub const NOT_IMPLEMENTED: Self = Self(502);
    /// 521: the directory already exists (RFC 1123 lists it for `MKD`).
    pub const DIRECTORY_EXISTS: Self = Self(521);
    /// 522: the protocol or the protection of the data connection is rejected (RFC 2428, 4217).
    pub const PROTECTION_REFUSED: Self = Self(522);
    /// 530: not logged in.
    pub const NOT_LOGGED_IN: Self = Self(530);
    /// 550: the file is unavailable: not found, or no permission.
    pub const FILE_UNAVAILABLE: Self = Self(550);
    /// 553: the name is not allowed.
    pub const NAME_NOT_ALLOWED: Self = Self(553);

    /// Creates a code from a number from 100 to 599.
    ///
    /// Servers also send 6xx (protected replies of RFC 2228). These and all other numbers are rejected.
    #[must_use]
    pub const fn new(number: u16) -> Option<Self> {
        if number >= 100 && number <= 599 { Some(Self(number)) } else { None }
    }

    /// Returns the code as a number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Returns the first digit, 1 to 5.
    #[must_use]
    pub const fn class(self) -> u16 {
        self.0 / 100
    }

    /// Returns whether another reply to the same command follows (1xx).
    #[must_use]
    pub const fn is_preliminary(self) -> bool {
        self.class() == 1
    }

    /// Returns whether the command succeeded (2xx).
    #[must_use]
    pub const fn is_success(self) -> bool {
        self.class() == 2
    }

    /// Returns whether the command failed temporarily (4xx).
    #[must_use]
    pub const fn is_transient(self) -> bool {
        self.class() == 4
    }

    /// Returns whether the server does not know or does not implement the command (500 to 504). Some servers send
    /// `400` or `402`, which no RFC defines.
    #[must_use]
    pub const fn is_unsupported(self) -> bool {
        matches!(self.0, 400 | 402 | 500..=504)
    }

    /// Compares with a mask of one to three characters, position by position: a digit matches itself, `x` any digit.
    ///
    /// Only as many positions as the mask has are compared, so `"1"` matches every preliminary code. A text that is
    /// not a mask, such as `"ok"` or `""`, matches no code (see [`check_mask`](Self::check_mask)).
    ///
    /// ```
    /// use oxftp_proto::Code;
    ///
    /// let code: Code = "123".parse()?;
    /// assert!(code.matches("1"));
    /// assert!(code.matches("1x3"));
    /// assert!(!code.matches("2xx"));
    /// # Ok::<(), oxftp_proto::ParseCodeError>(())
    /// ```
    #[must_use]
    pub fn matches(self, mask: &str) -> bool {
        Self::check_mask(mask).is_ok()
            && self
                .digits()
                .iter()
                .zip(mask.bytes())
                .all(|(&digit, mask)| is_any_digit(mask) || mask == digit)
    }

    /// Checks that a text is a mask: one to three characters, each a digit or `x`.
    ///
    /// # Errors
    ///
    /// [`InvalidMask`] if it is not.
    pub fn check_mask(mask: &str) -> Result<(), InvalidMask> {
        let is_mask = (1..=3).contains(&mask.len())
            && mask.bytes().all(|byte| byte.is_ascii_digit() || is_any_digit(byte));
        if is_mask { Ok(()) } else { Err(InvalidMask { mask: mask.to_owned() }) }
    }

    /// Parses three ASCII digits.
    #[must_use]
    pub(crate) fn from_digits(digits: [u8; 3]) -> Option<Self> {
        let mut number = 0;
        for digit in digits {
            number = number * 10 + u16::from(digit.is_ascii_digit().then(|| digit - b'0')?);
        }
        Self::new(number)
    }

    fn digits(self) -> [u8; 3] {
        [self.0 / 100, self.0 / 10 % 10, self.0 % 10].map(|digit| b'0' + digit as u8)
    }
}

impl FromStr for Code {
    type Err = ParseCodeError;

    fn from_str(text: &str) -> Result<Self, ParseCodeError> {
        let digits = text.as_bytes().try_into().ok();
        digits.and_then(Self::from_digits).ok_or_else(|| ParseCodeError { text: text.to_owned() })
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({self})")
    }
}

fn is_any_digit(mask: u8) -> bool {
    matches!(mask, b'x' | b'X')
}

/// A text that is not a mask of reply codes (see [`Code::check_mask`]).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a mask of reply codes: {mask:?}; a mask is a code with x for any digit, such as 2xx")]
pub struct InvalidMask {
    /// The text.
    pub mask: String,
}

/// A text that is not a reply code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a reply code: {text:?}")]
pub struct ParseCodeError {
    /// The text.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_masks_match_like_aioftp() {
        let code = Code::new(123).unwrap();

        for mask in ["1", "12", "123", "1x3", "xxx", "1xx", "XX3"] {
            assert!(code.matches(mask), "{mask}");
        }
        for mask in ["2", "2xx", "124", "x3"] {
            assert!(!code.matches(mask), "{mask}");
        }
    }

    #[test]
    fn text_that_is_no_mask_matches_nothing() {
        let code = Code::new(123).unwrap();

        for text in ["", "abc", "ok", "O23", "123 and more", "1234", "xxxx", "1 3", "1.3", "-23", "ｘ"] {
            assert_eq!(Code::check_mask(text), Err(InvalidMask { mask: text.into() }));
            assert!(!code.matches(text), "{text}");
        }
    }

    #[test]
    fn code_has_three_digits_from_100_to_599() {
        for text in ["", "99", "099", "600", "1234", "2x0", "+20", "٢٢٠"] {
            assert!(text.parse::<Code>().is_err(), "{text}");
        }
    }
}

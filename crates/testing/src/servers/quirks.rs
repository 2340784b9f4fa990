//! Measured limitations of the servers.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::ServerKind;

/// Measured limitations of the servers, for tests that skip them.
impl ServerKind {
    /// Returns the reason why this server does not preserve a file with this name; `None` if it does.
    pub fn refuses_file(self, name: &OsStr) -> Option<&'static str> {
        let bytes = name.as_bytes();
        match self {
            Self::Vsftpd => None,
            Self::ProFtpd if bytes.windows(2).any(is_telnet_command) => {
                Some("ProFTPD interprets 0xFF and the next byte as a telnet command")
            }
            Self::ProFtpd => None,
            Self::PureFtpd if bytes.ends_with(b" ") => {
                Some("Pure-FTPd replaces trailing spaces with underscores, or removes them")
            }
            Self::PureFtpd if bytes.contains(&b'\\') => Some("Pure-FTPd forbids backslashes"),
            Self::PureFtpd if bytes.iter().any(u8::is_ascii_control) => {
                Some("Pure-FTPd replaces control characters with underscores")
            }
            Self::PureFtpd => None,
            Self::Pyftpdlib if name.to_str().is_none() => Some("pyftpdlib replaces bytes that are not UTF-8"),
            Self::Pyftpdlib => None,
            Self::Embedded if name.to_str().is_none() => Some("libunftp replaces bytes that are not UTF-8"),
            Self::Embedded => None,
        }
    }

    /// Returns the reason why a directory with this name cannot be created on this server; `None` if it can.
    pub fn refuses_directory(self, name: &OsStr) -> Option<&'static str> {
        match self {
            Self::ProFtpd if name.as_bytes().contains(&b'*') => {
                Some("ProFTPD creates no directory with an asterisk")
            }
            _ => self.refuses_file(name),
        }
    }

    /// Returns whether it supports `MLSD` (RFC 3659).
    pub fn has_mlsd(self) -> bool {
        self != Self::Vsftpd
    }

    /// Returns whether it supports `MFMT`.
    pub fn has_mfmt(self) -> bool {
        matches!(self, Self::ProFtpd | Self::PureFtpd | Self::Pyftpdlib)
    }

    /// Returns whether it lists the permissions of files.
    pub fn lists_permissions(self) -> bool {
        self != Self::Embedded
    }

    /// Returns whether it supports `SITE CHMOD`: vsftpd refuses it to anonymous users, and libunftp to all.
    pub fn sets_permissions(self) -> bool {
        matches!(self, Self::ProFtpd | Self::PureFtpd | Self::Pyftpdlib)
    }

    /// Returns whether `LIST` hides names with a leading dot, unless
    /// [`show_dot_files`](super::ServerOptions::show_dot_files) or `-a` is set.
    pub fn list_hides_dot_files(self) -> bool {
        matches!(self, Self::Vsftpd | Self::ProFtpd | Self::PureFtpd)
    }
}

/// IAC, then DM, IP, WILL, WONT, DO, DONT or IAC (RFC 854).
fn is_telnet_command(pair: &[u8]) -> bool {
    matches!(pair, [0xff, 0xf2 | 0xf4 | 0xfb..=0xff])
}

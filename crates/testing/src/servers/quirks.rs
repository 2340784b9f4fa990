use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::ServerKind;

/// What a server cannot do: measured, and to be named by a test that leaves it out.
impl ServerKind {
    /// Why a file of this name does not come through this server unharmed, if it does not.
    pub fn refuses_file(self, name: &OsStr) -> Option<&'static str> {
        let bytes = name.as_bytes();
        match self {
            Self::Vsftpd => None,
            Self::ProFtpd if bytes.windows(2).any(is_telnet_command) => {
                Some("ProFTPD takes 0xFF and its next byte for a telnet command")
            }
            Self::ProFtpd => None,
            Self::PureFtpd if bytes.ends_with(b" ") => {
                Some("Pure-FTPd makes trailing blanks underscores, or drops them")
            }
            Self::PureFtpd if bytes.contains(&b'\\') => Some("Pure-FTPd forbids backslashes"),
            Self::PureFtpd if bytes.iter().any(u8::is_ascii_control) => {
                Some("Pure-FTPd turns control characters into underscores")
            }
            Self::PureFtpd => None,
            Self::Pyftpdlib if name.to_str().is_none() => Some("pyftpdlib replaces bytes that are not UTF-8"),
            Self::Pyftpdlib => None,
            Self::Embedded if name.to_str().is_none() => Some("libunftp replaces bytes that are not UTF-8"),
            Self::Embedded => None,
        }
    }

    /// Why a directory of this name cannot be made on this server, if it cannot.
    pub fn refuses_directory(self, name: &OsStr) -> Option<&'static str> {
        match self {
            Self::ProFtpd if name.as_bytes().contains(&b'*') => {
                Some("ProFTPD makes no directory with an asterisk")
            }
            _ => self.refuses_file(name),
        }
    }

    /// Whether it lists by `MLSD` (RFC 3659).
    pub fn has_mlsd(self) -> bool {
        self != Self::Vsftpd
    }

    /// Whether it sets a file's time by `MFMT`.
    pub fn has_mfmt(self) -> bool {
        matches!(self, Self::ProFtpd | Self::PureFtpd | Self::Pyftpdlib)
    }

    /// Whether it lists the permissions of files.
    pub fn lists_permissions(self) -> bool {
        self != Self::Embedded
    }

    /// Whether it sets them, by `SITE CHMOD`: vsftpd lets no anonymous user, and libunftp nobody.
    pub fn sets_permissions(self) -> bool {
        matches!(self, Self::ProFtpd | Self::PureFtpd | Self::Pyftpdlib)
    }

    /// Whether `LIST` hides names with a leading dot, unless
    /// [`show_dot_files`](super::ServerOptions::show_dot_files) or `-a` says otherwise.
    pub fn list_hides_dot_files(self) -> bool {
        matches!(self, Self::Vsftpd | Self::ProFtpd | Self::PureFtpd)
    }
}

/// IAC, then DM, IP, WILL, WONT, DO, DONT or IAC (RFC 854).
fn is_telnet_command(pair: &[u8]) -> bool {
    matches!(pair, [0xff, 0xf2 | 0xf4 | 0xfb..=0xff])
}

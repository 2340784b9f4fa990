//! Whether a server is asked for the next transfer before it has answered the present one.

use crate::stream::Direction;

/// Whether the passive command of the next transfer is sent while the final reply of the present one is on its
/// way. That saves a round trip for each file of a tree.
///
/// What else need not wait follows it: `PROT` behind `PBSZ`, and with vsftpd the end of TLS on this side of a download.
///
/// The replies are told apart whatever their order, so that a failure is told of the right file. A session
/// on which a command that came early was refused goes on without.
///
/// ```no_run
/// use oxftp::{Client, Pipelining};
///
/// # async fn example() -> oxftp::Result<()> {
/// let client = Client::builder().pipelining(Pipelining::Off).connect("ftp.example.org").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pipelining {
    /// Where the server takes it: not with IIS, and behind uploads only with servers that are known to look
    /// at their control connection after the transfer (vsftpd).
    #[default]
    Auto,
    /// With every server.
    On,
    /// With none.
    Off,
}

impl Pipelining {
    /// Tells whether a command may follow the data of a transfer at once, on a server that says such things of
    /// itself.
    pub(crate) fn allows(self, direction: Direction, mut server: impl Iterator<Item = String>) -> bool {
        match (self, direction) {
            (Self::Off, _) => false,
            (Self::On, _) => true,
            // Microsoft's server may drop a connection that says the next thing early.
            (Self::Auto, Direction::Down) => !server.any(|text| is_iis(&text)),
            // pyftpdlib closes the data connection it reads from when it is asked for another, and ProFTPD refuses
            // commands while it reads.
            (Self::Auto, Direction::Up) => is_vsftpd(server),
        }
    }

    /// Tells whether a server that says such things of itself may be told that this side of a download's TLS ends
    /// before it has sent the data.
    ///
    /// vsftpd waits for that before it ends the data connection, and looks no earlier; others might take it for the
    /// end of the transfer.
    pub(crate) fn ends_early(self, server: impl Iterator<Item = String>) -> bool {
        self != Self::Off && is_vsftpd(server)
    }
}

/// Tells whether a server that says such things of itself is vsftpd.
pub(crate) fn is_vsftpd(mut server: impl Iterator<Item = String>) -> bool {
    server.any(|text| text.to_ascii_lowercase().contains("vsftpd"))
}

/// Tells whether a server that says so of itself is Microsoft's.
pub(crate) fn is_iis(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.contains("microsoft ftp") || text.contains("windows_nt")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(direction: Direction, server: &str) -> bool {
        Pipelining::Auto.allows(direction, [server.to_owned()].into_iter())
    }

    #[test]
    fn iis_gets_no_command_early() {
        for server in ["Microsoft FTP Service", "Windows_NT", "220 host Microsoft FTP Service (Version 5.0)."]
        {
            assert!(!allows(Direction::Down, server), "{server}");
        }
        assert!(allows(Direction::Down, "ProFTPD Server ready"));
    }

    #[test]
    fn behind_an_upload_only_a_server_that_waits_is_asked() {
        assert!(allows(Direction::Up, "(vsFTPd 3.0.3)"));
        assert!(!allows(Direction::Up, "pyftpdlib 2.0 ready."));
        assert!(!allows(Direction::Up, "ProFTPD Server ready"));
    }

    #[test]
    fn only_vsftpd_is_told_the_end_of_tls_early() {
        let ends_early =
            |pipelining: Pipelining, text: &str| pipelining.ends_early([text.to_owned()].into_iter());

        assert!(ends_early(Pipelining::Auto, "(vsFTPd 3.0.3)"));
        assert!(!ends_early(Pipelining::On, "pyftpdlib 2.0 ready."));
        assert!(!ends_early(Pipelining::Off, "(vsFTPd 3.0.3)"));
    }

    #[test]
    fn what_the_user_says_counts() {
        let iis = || ["Microsoft FTP Service".to_owned()].into_iter();

        assert!(Pipelining::On.allows(Direction::Up, iis()));
        assert!(!Pipelining::Off.allows(Direction::Down, std::iter::empty()));
    }
}

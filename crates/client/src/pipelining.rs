//! Whether a server is asked for the next transfer before it has answered the present one.

use oxftp_proto::server::ServerKind;

use crate::data::Direction;

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
    /// Returns whether a command may follow the data of a transfer at once.
    pub(crate) fn allows(self, direction: Direction, server: ServerKind) -> bool {
        match (self, direction) {
            (Self::Off, _) => false,
            (Self::On, _) => true,
            (Self::Auto, Direction::Down) => !server.quirks().rejects_pipelining,
            (Self::Auto, Direction::Up) => server.quirks().defers_commands_during_upload,
        }
    }

    /// Returns whether this side of a download's TLS may be ended before the server has sent the data.
    pub(crate) fn ends_early(self, server: ServerKind) -> bool {
        self != Self::Off && server.quirks().awaits_close_notify
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(direction: Direction, server: &str) -> bool {
        Pipelining::Auto.allows(direction, ServerKind::identify(server, None))
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
            |pipelining: Pipelining, text: &str| pipelining.ends_early(ServerKind::identify(text, None));

        assert!(ends_early(Pipelining::Auto, "(vsFTPd 3.0.3)"));
        assert!(!ends_early(Pipelining::On, "pyftpdlib 2.0 ready."));
        assert!(!ends_early(Pipelining::Off, "(vsFTPd 3.0.3)"));
    }

    #[test]
    fn what_the_user_says_counts() {
        let iis = ServerKind::identify("Microsoft FTP Service", None);

        assert!(Pipelining::On.allows(Direction::Up, iis));
        assert!(!Pipelining::Off.allows(Direction::Down, ServerKind::Other));
    }
}

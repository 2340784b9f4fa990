//! Pipelining between transfers.

use oxftp_proto::server::ServerKind;

use crate::stream::Direction;

/// Condition under which the passive command of the next transfer is sent before the final reply of the current one
/// has arrived. This saves one round trip per file of a tree.
///
/// Two more waits are saved: `PROT` is sent together with `PBSZ`, and vsftpd receives `close_notify` before
/// the data of a download.
///
/// Each reply is attributed to its command, so a failure is reported for the right file. If a server
/// refuses a pipelined command, the session continues without pipelining.
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
    /// If the server supports it: not with IIS, and after uploads only with servers that are known to read
    /// their control connection after the transfer (vsftpd).
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

    /// Returns whether `close_notify` may be sent before the data of a download arrive.
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
    fn iis_gets_no_pipelined_command() {
        for server in ["Microsoft FTP Service", "Windows_NT", "220 host Microsoft FTP Service (Version 5.0)."]
        {
            assert!(!allows(Direction::Down, server), "{server}");
        }
        assert!(allows(Direction::Down, "ProFTPD Server ready"));
    }

    #[test]
    fn upload_is_pipelined_only_with_vsftpd() {
        assert!(allows(Direction::Up, "(vsFTPd 3.0.3)"));
        assert!(!allows(Direction::Up, "pyftpdlib 2.0 ready."));
        assert!(!allows(Direction::Up, "ProFTPD Server ready"));
    }

    #[test]
    fn only_vsftpd_gets_early_close_notify() {
        let ends_early =
            |pipelining: Pipelining, text: &str| pipelining.ends_early(ServerKind::identify(text, None));

        assert!(ends_early(Pipelining::Auto, "(vsFTPd 3.0.3)"));
        assert!(!ends_early(Pipelining::On, "pyftpdlib 2.0 ready."));
        assert!(!ends_early(Pipelining::Off, "(vsFTPd 3.0.3)"));
    }

    #[test]
    fn pipelining_setting_overrides_auto() {
        let iis = ServerKind::identify("Microsoft FTP Service", None);

        assert!(Pipelining::On.allows(Direction::Up, iis));
        assert!(!Pipelining::Off.allows(Direction::Down, ServerKind::Other));
    }
}

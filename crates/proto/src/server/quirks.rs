//! Deviations of known servers.

use super::ServerKind;

/// Deviations of a server from the RFCs, or from the behaviour of other servers.
///
/// Each field was observed on the servers that have it; see the table in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Quirks {
    /// May close a connection on which a command arrives before the reply to the previous one.
    pub rejects_pipelining: bool,
    /// Leaves a command that arrives during an upload unread until the upload is complete. Others react at once:
    /// pyftpdlib closes the data connection it reads from when it gets another passive command, and ProFTPD refuses
    /// commands while it reads.
    pub defers_commands_during_upload: bool,
    /// Waits for the client's `close_notify` before it closes the data connection of a download, and reads no
    /// earlier. It can be sent before the data have arrived; other servers might take it for the end of the transfer.
    pub awaits_close_notify: bool,
    /// Ends a download when its data connection, without TLS, is reset, and answers a passive command that was sent after
    /// the reset. It sends at most one final reply to the download, before that.
    pub ends_closed_downloads: bool,
    /// The same with TLS.
    pub ends_closed_tls_downloads: bool,
    /// Answers a passive command that was sent together with `ABOR`, after all replies to the aborted transfer.
    pub answers_after_abort: bool,
    /// Never requires that a data connection resumes the TLS session of the control connection.
    pub accepts_new_tls_sessions: bool,
    /// Omits names that begin with a dot from `LIST`, and shows them for `LIST -a`. Other servers would take `-a`
    /// for a name.
    pub hides_dot_files: bool,
    /// Does not know `MLST` and `MLSD`. Trying them costs four round trips, one of them for a data connection.
    pub lacks_mlsx: bool,
    /// Does not spell names in UTF-8 until it receives `OPTS UTF8 ON`.
    pub needs_opts_utf8: bool,
}

impl ServerKind {
    /// Returns how servers of this kind deviate.
    #[must_use]
    pub fn quirks(self) -> Quirks {
        QUIRKS.iter().find(|(kind, _)| *kind == self).map_or(NONE, |(_, quirks)| *quirks)
    }
}

const QUIRKS: [(ServerKind, Quirks); 5] = [
    (
        ServerKind::Vsftpd,
        Quirks {
            defers_commands_during_upload: true,
            awaits_close_notify: true,
            ends_closed_downloads: true,
            ends_closed_tls_downloads: true,
            answers_after_abort: true,
            hides_dot_files: true,
            lacks_mlsx: true,
            ..NONE
        },
    ),
    (
        ServerKind::ProFtpd,
        Quirks { ends_closed_downloads: true, answers_after_abort: true, hides_dot_files: true, ..NONE },
    ),
    (ServerKind::PureFtpd, Quirks { accepts_new_tls_sessions: true, hides_dot_files: true, ..NONE }),
    (ServerKind::Pyftpdlib, Quirks { accepts_new_tls_sessions: true, ..NONE }),
    (ServerKind::Iis, Quirks { rejects_pipelining: true, needs_opts_utf8: true, ..NONE }),
];

const NONE: Quirks = Quirks {
    rejects_pipelining: false,
    defers_commands_during_upload: false,
    awaits_close_notify: false,
    ends_closed_downloads: false,
    ends_closed_tls_downloads: false,
    answers_after_abort: false,
    accepts_new_tls_sessions: false,
    hides_dot_files: false,
    lacks_mlsx: false,
    needs_opts_utf8: false,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_server_has_no_quirks() {
        assert_eq!(ServerKind::Other.quirks(), Quirks::default());
        assert_eq!(NONE, Quirks::default());
    }

    #[test]
    fn only_vsftpd_lacks_mlsx_and_defers_commands() {
        for (kind, is_vsftpd) in [
            (ServerKind::Vsftpd, true),
            (ServerKind::ProFtpd, false),
            (ServerKind::PureFtpd, false),
            (ServerKind::Iis, false),
            (ServerKind::Other, false),
        ] {
            let quirks = kind.quirks();
            assert_eq!(quirks.lacks_mlsx, is_vsftpd, "{kind:?}");
            assert_eq!(quirks.defers_commands_during_upload, is_vsftpd, "{kind:?}");
            assert_eq!(quirks.awaits_close_notify, is_vsftpd, "{kind:?}");
        }
    }

    #[test]
    fn only_iis_rejects_pipelining_and_needs_utf8() {
        for kind in [ServerKind::Vsftpd, ServerKind::ProFtpd, ServerKind::PureFtpd, ServerKind::Other] {
            assert!(!kind.quirks().rejects_pipelining && !kind.quirks().needs_opts_utf8, "{kind:?}");
        }
        assert!(ServerKind::Iis.quirks().rejects_pipelining && ServerKind::Iis.quirks().needs_opts_utf8);
        assert!(!ServerKind::Iis.quirks().hides_dot_files);
    }
}

//! Current state of one session.

use std::time::Duration;

use oxftp_proto::{HashAlgorithm, RemotePath, TransferType};
use tokio::time::Instant;

use super::{compression::TransferMode, navigation::EnteredDirectories};

/// Current state of one session.
#[derive(Debug, Default)]
pub(crate) struct SessionState {
    /// `true` if `USER` was sent.
    pub(super) logged_in: bool,
    /// The time that the server needed for connecting and logging in, without the round trips.
    pub(super) login_cost: Duration,
    /// The time at which the login was complete.
    pub(super) logged_in_at: Option<Instant>,
    /// The time at which that login began.
    pub(super) login_began: Option<Instant>,
    /// `true` if the caller may have changed the session: its directory or its login, or other state by raw commands.
    pub(super) dirty: bool,
    /// `true` if the session has a state that a new one cannot be brought into.
    pub(super) altered: bool,
    /// The arguments of `CWD` since the login, from the last absolute one on; `..` stands for `CDUP`.
    pub(super) directories: Vec<RemotePath>,
    /// The representation type (`TYPE`); `None` while it is uncertain.
    pub(super) transfer_type: Option<TransferType>,
    /// The type in which files are transferred, in place of `TYPE I`: the user's commands have chosen it.
    pub(super) file_type: Option<TransferType>,
    /// The transfer mode (`MODE`).
    pub(super) mode: TransferMode,
    /// `true` if a `REST` was sent that perhaps no transfer has consumed.
    pub(super) restart_pending: bool,
    /// `true` if data connections are encrypted (`PROT P`).
    pub(super) protects_data: bool,
    /// `true` if `PBSZ` and `PROT` must be sent again after the login.
    pub(super) protection_pending: bool,
    /// `true` if the server begins the TLS handshake of data connections (`SSCN ON`).
    pub(super) begins_handshakes: bool,
    /// `true` if `OPTS MLST` was sent to enable permissions in listings.
    pub(super) permissions_asked: bool,
    /// The algorithm that `OPTS HASH` selected; `Some(None)` while it is uncertain.
    pub(super) hash_selected: Option<Option<HashAlgorithm>>,
    /// The old name of a rename between its `RNFR` and the reply to `RNTO`.
    pub(super) pending_rename: Option<RemotePath>,
    /// The position of the session outside of the caller's working directory; `None` in that directory.
    pub(super) entered_dirs: Option<EnteredDirectories>,
    /// The caller's working directory in the last reply to `PWD`; `Some(None)` if the server does not report it.
    pub(super) working_dir: Option<Option<RemotePath>>,
    /// The number of replies when the last listing was complete.
    pub(super) listed_at: Option<u32>,
    /// `true` if the session had a data connection in passive mode.
    pub(super) had_passive_data: bool,
    /// `true` if `SITE NAMEFMT 1` was sent (IBM i).
    pub(super) ifs_paths: bool,
}

impl SessionState {
    /// Creates the state of a session that other code has opened, and perhaps changed.
    pub(super) fn of_open_session(protects_data: bool) -> Self {
        let mut state = Self { logged_in: true, protects_data, ..Self::default() };
        state.alter();
        state
    }

    /// Records that the caller may have changed anything.
    pub(super) fn alter(&mut self) {
        self.dirty = true;
        self.altered = true;
        self.working_dir = None;
    }

    /// Records a change of the working directory.
    pub(super) fn entered(&mut self, directory: RemotePath) {
        self.working_dir = None;
        if directory.as_bytes().starts_with(b"/") {
            self.directories.clear();
        }
        self.directories.push(directory);
    }

    /// Records that a transfer with an offset was aborted. libunftp starts the next transfer at the same offset
    /// unless it receives another `REST`.
    pub(crate) fn mark_restart_pending(&mut self) {
        self.restart_pending = true;
    }
}

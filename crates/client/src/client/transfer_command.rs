//! Transfer command: a command with a data connection, and the operation that follows it.

use oxftp_proto::{Command, RemotePath};

use crate::stream::Direction;

/// The command of a transfer.
#[derive(Debug, Clone)]
pub(crate) enum TransferCommand {
    /// A whole line, for the caller's working directory.
    Line(Command),
    /// A command about a file, spelled as the server expects it.
    Path { verb: &'static str, path: RemotePath },
}

impl TransferCommand {
    pub(crate) fn path(verb: &'static str, path: &RemotePath) -> Self {
        Self::Path { verb, path: path.clone() }
    }

    pub(super) fn direction(&self) -> Direction {
        match self {
            Self::Line(command) => direction(command),
            Self::Path { verb, .. } => direction_of(verb.as_bytes()),
        }
    }
}

impl From<Command> for TransferCommand {
    fn from(line: Command) -> Self {
        Self::Line(line)
    }
}

/// The next operation on the session of a transfer. The passive command of a following transfer may be sent before
/// the present one is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FollowUp {
    /// Another transfer, with no other command between the two.
    Transfer,
    /// Another command, or nothing that is known yet.
    Nothing,
}

impl FollowUp {
    /// Returns [`Transfer`](Self::Transfer) if there is another one.
    pub(crate) fn transfer_if(another: bool) -> Self {
        if another { Self::Transfer } else { Self::Nothing }
    }
}

/// Returns the direction of the data of a command.
pub(super) fn direction(command: &Command) -> Direction {
    direction_of(command.verb())
}

fn direction_of(verb: &[u8]) -> Direction {
    let is_upload = [&b"STOR"[..], b"APPE", b"STOU"].iter().any(|upload| verb.eq_ignore_ascii_case(upload));
    if is_upload { Direction::Up } else { Direction::Down }
}

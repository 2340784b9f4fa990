//! Queries about the file of a transfer (`MDTM`, `SIZE`), sent along with it so that they cost no round trip.

use oxftp_proto::{Command, Timestamp};

use super::transfer_command::FollowUp;
use crate::capabilities::optional_commands::{OptionalCommand, OptionalCommands};

/// The queries that are wanted about the file of a transfer.
#[derive(Debug, Clone, Copy)]
pub(super) enum RequestedQueries {
    None,
    ModificationTime,
    AfterUpload(UploadQueries),
}

/// Queries after an upload: the size of the file, and a command that sets its time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UploadQueries {
    /// The time that the file gets.
    pub(crate) time: Option<Timestamp>,
}

/// Queries about a file that are sent along with its transfer.
#[derive(Debug, Clone)]
pub(super) enum FileQueries {
    None,
    /// `MDTM` for a downloaded file.
    ModificationTime(Command),
    /// `SIZE` and a command that sets the time, for an uploaded file.
    AfterUpload(Vec<Command>),
}

impl FileQueries {
    /// Leaves out commands that are not to be sent to this server again.
    pub(super) fn without(self, commands: &OptionalCommands) -> Self {
        match self {
            Self::ModificationTime(_) if commands.avoids(OptionalCommand::MDTM) => Self::None,
            queries => queries,
        }
    }

    /// Returns the operation after the transfer, given that queries that cannot be sent along with the data come
    /// first.
    pub(super) fn limit(&self, follow_up: FollowUp, commands: &OptionalCommands) -> FollowUp {
        match self {
            Self::AfterUpload(queries) if !queries.iter().all(|query| is_answered(query, commands)) => {
                FollowUp::Nothing
            }
            _ => follow_up,
        }
    }

    /// Decides when each query is sent so that it costs no round trip. `pipelined` says whether the next passive
    /// command follows the data; queries are sent with it then, and cost no separate turn.
    ///
    /// A command that the server has not answered yet is not sent along with the data: if it is never answered, the
    /// replies after it could not be attributed.
    pub(super) fn schedule(
        self,
        pipelined: bool,
        compressed: bool,
        commands: &OptionalCommands,
    ) -> ScheduledQueries {
        let (before_data, after_data) = match self {
            Self::ModificationTime(mdtm) if pipelined && is_answered(&mdtm, commands) => (None, vec![mdtm]),
            Self::ModificationTime(mdtm) => (Some(mdtm), Vec::new()),
            // The size of a compressed upload is always compared.
            Self::AfterUpload(queries)
                if !compressed && queries.iter().all(|query| is_answered(query, commands)) =>
            {
                (None, queries)
            }
            Self::AfterUpload(_) | Self::None => (None, Vec::new()),
        };
        ScheduledQueries { before_data, after_data }
    }
}

/// Returns whether the server is known to answer a command.
fn is_answered(command: &Command, commands: &OptionalCommands) -> bool {
    OptionalCommand::of(command.as_bytes()).is_none_or(|optional| commands.has_answered(optional))
}

/// The times at which the queries about a file are sent.
pub(super) struct ScheduledQueries {
    /// `MDTM`, sent while the data connection is being opened.
    pub(super) before_data: Option<Command>,
    /// Commands sent after the data, before the final reply.
    pub(super) after_data: Vec<Command>,
}

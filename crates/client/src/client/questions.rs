//! What is asked of a file along with its transfer.

use oxftp_proto::Command;

/// What is asked of a file along with its transfer, where that costs no round trip.
#[derive(Debug)]
pub(super) enum Questions {
    None,
    /// `MDTM`, of a file that is fetched.
    Time(Command),
    /// `SIZE`, and what sets the time, of a file that is stored.
    Stored(Vec<Command>),
}

impl Questions {
    /// Gives what is asked while the data connection is opened, and what behind the data. That goes along
    /// with the next passive command, if one is `ahead`, and costs the server no turn of its own.
    pub(super) fn split(self, ahead: bool, compressed: bool) -> (Option<Command>, Vec<Command>) {
        match self {
            Self::Time(question) if ahead => (None, vec![question]),
            Self::Time(question) => (Some(question), Vec::new()),
            // The size of what goes up compressed is compared anyway.
            Self::Stored(questions) if !compressed => (None, questions),
            Self::Stored(_) | Self::None => (None, Vec::new()),
        }
    }
}

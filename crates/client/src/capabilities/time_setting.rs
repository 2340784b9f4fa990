//! Time setting: the command with which a server sets the modification time of a file.

use oxftp_proto::{Command, InvalidCommand, Precision, RemotePath, Timestamp};

/// The command by which a server sets modification times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum TimeSetting {
    #[default]
    Unknown,
    /// This command works.
    By(TimeCommand),
    /// This command works, and takes a local time: it is this number of seconds ahead of UTC.
    InLocalTime(TimeCommand, i64),
    /// No command works.
    Unsupported,
}

/// A command that sets the modification time of a file. All times are sent in UTC, unless the server is known to take local
/// ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeCommand {
    /// `MFMT 20211108214605 x` (draft-somers-ftp-mfxx).
    Mfmt,
    /// `MDTM 20211108214605 x`. A server without this extension takes it as a query about another file.
    Mdtm,
    /// `SITE UTIME x` with the times of access, modification and creation, then `UTC`.
    UtimeOfThree,
    /// `SITE UTIME 20211108214605 x`.
    UtimeToSecond,
    /// `SITE UTIME 202111082146 x`.
    UtimeToMinute,
}

impl TimeCommand {
    /// Returns the commands in the order in which they are tried. `MFMT` has no other meaning, but servers
    /// that do not list it in `FEAT` rarely support it.
    pub(crate) fn in_order(offers_mfmt: bool) -> impl Iterator<Item = Self> {
        let first = offers_mfmt.then_some(Self::Mfmt);
        let last = (!offers_mfmt).then_some(Self::Mfmt);
        let between = [Self::Mdtm, Self::UtimeOfThree, Self::UtimeToSecond, Self::UtimeToMinute];
        first.into_iter().chain(between).chain(last)
    }

    pub(crate) fn precision(self) -> Precision {
        if self == Self::UtimeToMinute { Precision::Minute } else { Precision::Second }
    }

    pub(crate) fn spell(
        self,
        path: &RemotePath,
        time: &Timestamp,
        encoding: oxftp_proto::Encoding,
    ) -> Result<Command, InvalidCommand> {
        let seconds = time.to_mlsx();
        let minutes = seconds.get(..12).unwrap_or(&seconds);
        match self {
            Self::Mfmt => Command::with_path_among("MFMT", &seconds, path, "", encoding),
            Self::Mdtm => Command::with_path_among("MDTM", &seconds, path, "", encoding),
            Self::UtimeOfThree => {
                let times = format!("{seconds} {seconds} {seconds} UTC");
                Command::with_path_among("SITE", "UTIME", path, &times, encoding)
            }
            Self::UtimeToSecond => {
                Command::with_path_among("SITE", &format!("UTIME {seconds}"), path, "", encoding)
            }
            Self::UtimeToMinute => {
                Command::with_path_among("SITE", &format!("UTIME {minutes}"), path, "", encoding)
            }
        }
    }
}

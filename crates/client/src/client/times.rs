//! Setting the times of files: which of the ways that servers have works is found out once.

use oxftp_proto::{Command, InvalidCommand, Precision, RemotePath, Timestamp, dialog::Exchange};

use super::Client;
use crate::{Error, Result};

/// What is known of how a server sets times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum TimeSetting {
    #[default]
    Unknown,
    /// By this command, which worked.
    By(TimeCommand),
    /// By none.
    Nowise,
}

/// A command that sets the time of a file; all are given UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeCommand {
    /// `MFMT 20211108214605 x` (draft-somers-ftp-mfxx).
    Mfmt,
    /// `MDTM 20211108214605 x`; where it is not known, this asks for the time of another file.
    Mdtm,
    /// `SITE UTIME x` with the times of access, modification and creation, then `UTC`.
    UtimeOfThree,
    /// `SITE UTIME 20211108214605 x`.
    UtimeToSecond,
    /// `SITE UTIME 202111082146 x`.
    UtimeToMinute,
}

impl Client {
    /// Sets when a file was last modified: by `MFMT`, else by `MDTM` with two arguments, else by
    /// `SITE UTIME` (draft-somers-ftp-mfxx; the others no RFC describes).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// client.set_modified("x", oxftp::Timestamp::parse_mlsx(b"20211108214605")?).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// `FEAT` says whether `MFMT` comes first or last. The first success of a session is checked by
    /// asking for the time (`MDTM`), since some servers answer `2xx` and do nothing; the command that
    /// passes is the only one from then on, unchecked. A time whose zone is not known is taken as
    /// UTC, and fractions of a second are dropped.
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] when the path is refused; [`Error::NotOffered`] when no command works,
    /// and from then on without asking again.
    pub async fn set_modified(&mut self, path: impl Into<RemotePath>, time: Timestamp) -> Result<()> {
        let path = path.into();
        // At the very ends of the calendar, where UTC is beyond it, the time stays as it is.
        let time = time.to_utc(0).unwrap_or(time);
        match self.known.time_setting {
            TimeSetting::Unknown => self.find_time_command(&path, &time).await,
            TimeSetting::By(command) => self.send_time(command, &path, &time).await,
            TimeSetting::Nowise => Err(NOWISE),
        }
    }

    async fn find_time_command(&mut self, path: &RemotePath, time: &Timestamp) -> Result<()> {
        let offers_mfmt = self.features().await?.contains("MFMT");
        let mut denied = None;
        for command in TimeCommand::in_order(offers_mfmt) {
            match self.send_time(command, path, time).await {
                Ok(()) if self.shows_time(path, time, command.precision()).await? => {
                    self.known.time_setting = TimeSetting::By(command);
                    return Ok(());
                }
                Ok(()) => {}
                Err(error) if error.is_connection_lost() => return Err(error),
                // A server that lists the command refuses the path.
                Err(error @ Error::StatusCode(_)) if command == TimeCommand::Mfmt && offers_mfmt => {
                    if !error.code().is_some_and(oxftp_proto::Code::is_unsupported) {
                        return Err(error);
                    }
                }
                Err(error @ Error::StatusCode(_)) => denied = denied.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        Err(self.why_no_time_is_set(path, denied).await)
    }

    /// Tells apart a path that is refused, and a server that cannot.
    async fn why_no_time_is_set(&mut self, path: &RemotePath, refused: Option<Error>) -> Error {
        match self.modified(path).await {
            Err(Error::StatusCode(missing)) if !missing.info.code().is_unsupported() => {
                return missing.into();
            }
            Err(error) if !matches!(error, Error::StatusCode(_) | Error::UnusableReply { .. }) => {
                return error;
            }
            _ => {}
        }
        match refused.filter(Error::is_permission_denied) {
            Some(denied) => denied,
            None => {
                self.known.time_setting = TimeSetting::Nowise;
                NOWISE
            }
        }
    }

    async fn send_time(&mut self, command: TimeCommand, path: &RemotePath, time: &Timestamp) -> Result<()> {
        let command = command.spell(path, time, self.config.encoding)?;
        self.go_home().await?;
        self.control.run(Exchange::new(command, &["2xx"])).await.map(drop)
    }

    /// Asks whether a file has a time now; a server that does not tell is believed.
    async fn shows_time(
        &mut self,
        path: &RemotePath,
        time: &Timestamp,
        precision: Precision,
    ) -> Result<bool> {
        let apart = match self.modified(path).await {
            Ok(told) => told.to_unix(0).abs_diff(time.to_unix(0)),
            Err(Error::StatusCode(_) | Error::UnusableReply { .. }) => return Ok(true),
            Err(error) => return Err(error),
        };
        Ok(apart <= if precision == Precision::Minute { MINUTE } else { COARSEST_CLOCK })
    }
}

impl TimeCommand {
    /// Which commands are tried, and when: `MFMT` can only do what it says, but where `FEAT` does
    /// not list it, it is hardly ever there.
    fn in_order(offers_mfmt: bool) -> impl Iterator<Item = Self> {
        let first = offers_mfmt.then_some(Self::Mfmt);
        let last = (!offers_mfmt).then_some(Self::Mfmt);
        let between = [Self::Mdtm, Self::UtimeOfThree, Self::UtimeToSecond, Self::UtimeToMinute];
        first.into_iter().chain(between).chain(last)
    }

    fn precision(self) -> Precision {
        if self == Self::UtimeToMinute { Precision::Minute } else { Precision::Second }
    }

    pub(super) fn spell(
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

const NOWISE: Error = Error::NotOffered { what: "way to set the time of a file" };

/// FAT keeps times to two seconds.
const COARSEST_CLOCK: u64 = 2;
const MINUTE: u64 = 60;

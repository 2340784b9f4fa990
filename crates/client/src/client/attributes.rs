//! Attributes of remote files: modification time and permissions.

use oxftp_proto::{Code, Command, Precision, RemotePath, Reply, Timestamp, classify, server::ServerKind};

use super::{
    Client,
    metadata::{SizeAnswer, parse_size},
    navigation::Spelling,
};
use crate::{
    Error, Result,
    capabilities::{StorEffect, TimeCommand, TimeSetting, optional_commands::OptionalCommand},
    error::predicates::LargerFile,
    stream::Direction,
};

/// Replies to the queries after an upload.
#[derive(Debug)]
pub(crate) struct SizeAndTime {
    /// The size of the file.
    pub(crate) size: SizeAnswer,
    /// The result of setting the time; `None` if that was not tried.
    pub(crate) time_set: Option<Result<()>>,
}

impl Client {
    /// Sets the modification time of a file: by `MFMT`, else by `MDTM` with two arguments, else by
    /// `SITE UTIME` (draft-somers-ftp-mfxx; no RFC describes the others).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// client.set_modified("x", oxftp::Timestamp::parse_mlsx(b"20211108214605")?).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// `FEAT` decides whether `MFMT` is tried first or last. The first success of a session is verified with `MDTM`,
    /// because some servers reply `2xx` and do nothing. The session uses the verified command from then on, without
    /// further checks. If the server takes times in its own zone, they are sent in that zone, and each is verified. A time
    /// without a zone is taken as UTC, and fractions of a second are dropped.
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the server refuses the path; [`Error::Unsupported`] if no command works.
    /// Later calls return that error at once.
    pub async fn set_modified(&mut self, path: impl Into<RemotePath>, time: Timestamp) -> Result<()> {
        let path = path.into();
        // At both ends of the calendar the time in UTC may be out of range. The time stays unchanged then.
        let time = time.to_utc(0).unwrap_or(time);
        match self.capabilities.time_setting {
            TimeSetting::Unknown => self.find_time_command(&path, &time).await,
            TimeSetting::By(command) => self.send_time(command, &path, &time).await,
            TimeSetting::InLocalTime(command, ahead) => {
                self.set_local_time(command, ahead, &path, &time).await
            }
            TimeSetting::Unsupported => Err(NO_TIME_COMMAND),
        }
    }

    /// Sets the permissions of a file or directory (`SITE CHMOD`, which no RFC describes).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.set_permissions("backup.sh", 0o755).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The mode has the twelve low bits of POSIX; higher bits are ignored. Some servers accept only the
    /// nine low bits.
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the server does not know the command or refuses it.
    pub async fn set_permissions(&mut self, path: impl Into<RemotePath>, mode: u32) -> Result<()> {
        let path = path.into();
        match self.send_permissions(&path, mode, Spelling::Usual).await {
            Err(refused) if self.must_try_from_root(&path, &refused) => {
                let again = self.send_permissions(&path, mode, Spelling::Absolute).await;
                self.note_from_root(&again);
                again.map_err(|_| refused)
            }
            outcome => outcome,
        }
    }

    async fn send_permissions(&mut self, path: &RemotePath, mode: u32, spelling: Spelling) -> Result<()> {
        let words = format!("CHMOD {:03o}", mode & 0o7777);
        let argument = self.reach(path, spelling).await?;
        let command = Command::with_path_among("SITE", &words, &argument, "", self.config.encoding)?;
        self.exchange(command, &["2xx"]).await.map(drop)
    }

    /// Enables permissions in listings on servers that list them only on request (`OPTS MLST`; RFC 3659,
    /// 7.9), such as pyftpdlib. It is sent once in a session, after `FEAT`, and only if the server offers permissions.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.list_permissions().await?;
    /// let mode = client.metadata("backup.sh").await?.mode;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Control`] and the other errors of a lost session. A refusal is not an error.
    pub async fn list_permissions(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.state.permissions_asked, true) {
            return Ok(());
        }
        let Some(facts) = self.features().await?.parameters("MLST").and_then(with_modes) else {
            return Ok(());
        };
        let command = Command::with_argument("OPTS", format!("MLST {facts}"))?;
        match self.exchange(command, &["2xx"]).await {
            Err(Error::StatusCode(refused)) if refused.info.code().class() == 5 => Ok(()),
            Err(Error::Unanswered { .. }) => Ok(()),
            outcome => outcome.map(drop),
        }
    }

    /// Returns whether the server may support `SIZE`.
    pub(crate) fn may_tell_sizes(&self) -> bool {
        !self.capabilities.no_size
            && !self.converts_files()
            && self
                .capabilities
                .features
                .as_ref()
                .is_none_or(|features| features.is_empty() || features.contains("SIZE"))
    }

    /// Returns whether the server needs `ALLO` before each upload.
    pub(crate) fn needs_allocation(&self) -> bool {
        self.capabilities.needs_allocation
    }

    /// Records that an upload was refused because `ALLO` was missing. Returns `false` if this is no such refusal, or if it is
    /// known already.
    pub(crate) fn learn_to_allocate(&mut self, error: &Error) -> bool {
        error.reply().is_some_and(classify::requires_allocation)
            && !std::mem::replace(&mut self.capabilities.needs_allocation, true)
    }

    /// Prepares the upload of a whole file where `STOR` does not replace the content of files: deletes the file, or queries its
    /// size if that is not certain.
    pub(crate) async fn prepare_replacement(&mut self, path: &RemotePath) -> Result<()> {
        match self.capabilities.stor_effect {
            StorEffect::Unknown | StorEffect::Replaces => Ok(()),
            StorEffect::Suspected { .. } => {
                let size_before = self.size_if_reported(path).await?;
                self.capabilities.stor_effect = StorEffect::Suspected { size_before };
                Ok(())
            }
            StorEffect::Keeps => match self.remove_file(path).await {
                // It is missing, or may only be overwritten.
                Err(Error::StatusCode(_)) => Ok(()),
                outcome => outcome,
            },
        }
    }

    /// Returns whether it is worth trying to rename a file that `STOR` may not replace. On known servers, the refusal has another
    /// reason.
    pub(crate) fn may_rename_older(&self) -> bool {
        self.server_kind() == ServerKind::Other && self.capabilities.renames_older != Some(false)
    }

    /// Records whether a file could be replaced after it was renamed.
    pub(crate) fn note_rename_of_older(&mut self, is_replaced: bool) {
        self.capabilities.renames_older =
            self.capabilities.renames_older.filter(|known| *known).or(Some(is_replaced));
    }

    /// Learns the effect of `STOR` from a file that is larger on the server than its source. A first such file is
    /// uploaded again. If the server then adds its bytes to the size before, or keeps the size, files are deleted
    /// before they are replaced from now on. Returns `true` if the upload is worth another attempt.
    pub(crate) fn learn_stor_effect(&mut self, error: &Error) -> bool {
        let Some(LargerFile { size, uploaded }) = error.larger_than_uploaded() else { return false };
        if self.server_kind() != ServerKind::Other || self.converts_files() || self.uses_bare_names() {
            return false;
        }
        let effect = match self.capabilities.stor_effect {
            StorEffect::Unknown => StorEffect::Suspected { size_before: None },
            StorEffect::Suspected { size_before: Some(before) }
                if size == before || Some(size) == before.checked_add(uploaded) =>
            {
                StorEffect::Keeps
            }
            // Deleting the file did not help, or its size has another reason.
            _ => StorEffect::Replaces,
        };
        let is_repeated = effect != StorEffect::Replaces;
        self.capabilities.stor_effect = effect;
        is_repeated
    }

    /// Records that the server answers `SIZE` with wrong values, so that it is not sent again.
    pub(crate) fn distrust_sizes(&mut self) {
        self.capabilities.no_size = true;
    }

    /// Returns whether listings do not show uploaded files.
    pub(crate) fn hides_uploads(&self) -> bool {
        self.capabilities.hides_uploads
    }

    /// Returns whether a directory is too large to be listed for each upload.
    pub(crate) fn is_large_directory(&self, directory: &RemotePath) -> bool {
        self.capabilities.large_directories.contains(directory)
    }

    pub(crate) fn note_large_directory(&mut self, directory: RemotePath) {
        // Such directories are rare, and the list lives as long as the pool.
        if self.capabilities.large_directories.len() < 1000 {
            self.capabilities.large_directories.insert(directory);
        }
    }

    /// Returns `true` the first time that the user has to learn that uploads to this server cannot be verified.
    pub(crate) fn reports_unverified(&self) -> bool {
        self.capabilities.commands.reports_unverified()
    }

    /// Returns whether the server may send listings from a cache.
    pub(crate) fn may_cache_listings(&self) -> bool {
        self.server_kind() == ServerKind::Other && !self.capabilities.lists_promptly
    }

    /// Records that waiting has not changed a listing.
    pub(crate) fn note_prompt_listings(&mut self) {
        self.capabilities.lists_promptly = true;
    }

    pub(crate) fn set_hides_uploads(&mut self, hides: bool) {
        self.capabilities.hides_uploads = hides;
    }

    /// Queries the size of a file. Also sets its time, if the command for that is known and the server
    /// accepts both commands at once.
    pub(crate) async fn size_and_time(
        &mut self,
        path: &RemotePath,
        time: Option<Timestamp>,
    ) -> Result<SizeAndTime> {
        // No transfer is running, so the rule for the time after a download applies.
        let at_once = || {
            !self.capabilities.no_pipelining
                && self.config.pipelining.allows(Direction::Down, self.server_kind())
        };
        match (time, self.capabilities.time_setting) {
            (Some(_), TimeSetting::By(_))
                if at_once() && self.capabilities.commands.has_answered(OptionalCommand::SIZE) =>
            {
                let argument = self.reach(path, Spelling::Usual).await?;
                let commands = self.queries_after_upload(&argument, time)?;
                let replies = self.control.pipeline(&commands).await?;
                self.capabilities.no_pipelining |= self.control.forbids_pipelining();
                Ok(self.read_size_and_time(replies))
            }
            _ => Ok(SizeAndTime { size: self.size_answer(path).await?, time_set: None }),
        }
    }

    /// Returns the commands that query the size of a file and, if the command for that is known, set its
    /// time. `path` is the argument that the server expects in the directory of the session.
    pub(super) fn queries_after_upload(
        &self,
        path: &RemotePath,
        time: Option<Timestamp>,
    ) -> Result<Vec<Command>> {
        let encoding = self.config.encoding;
        let mut commands = vec![Command::with_path("SIZE", path, encoding)?];
        if let (Some(time), TimeSetting::By(command)) = (time, self.capabilities.time_setting) {
            let time = time.to_utc(0).unwrap_or(time);
            commands.push(command.spell(path, &time, encoding)?);
        }
        Ok(commands)
    }

    /// Parses the replies to [`queries_after_upload`](Self::queries_after_upload).
    pub(crate) fn read_size_and_time(&mut self, replies: Vec<Reply>) -> SizeAndTime {
        let mut replies = replies.into_iter();
        let size = replies.next().map_or(SizeAnswer::Unknown, |reply| {
            self.capabilities.no_size |= reply.code().is_unsupported();
            match parse_size(&reply).filter(|_| reply.code().class() == 2) {
                Some(size) => SizeAnswer::Size(size),
                None if classify::presence(&reply) == classify::Presence::Missing => SizeAnswer::Missing,
                None => SizeAnswer::Unknown,
            }
        });
        let time_set = replies.next().map(|reply| reply.expect(&["2xx"]).map(drop).map_err(Into::into));
        SizeAndTime { size, time_set }
    }

    /// The time by which [`sets_times`](Self::sets_times) changes that of a file, in seconds.
    pub(crate) const TIME_TRIAL: i64 = 2 * MINUTE as i64;

    /// Returns whether the server sets the times of files. If that is not known, the time of this file, which is to be
    /// replaced, is changed from `listed` to an earlier one.
    pub(crate) async fn sets_times(&mut self, path: &RemotePath, listed: &Timestamp) -> Result<bool> {
        match self.capabilities.time_setting {
            TimeSetting::By(_) | TimeSetting::InLocalTime(..) => return Ok(true),
            TimeSetting::Unsupported => return Ok(false),
            TimeSetting::Unknown => {}
        }
        let earlier = Timestamp::from_unix(listed.to_unix(0).saturating_sub(Self::TIME_TRIAL), 0);
        match self.set_modified(path, earlier.unwrap_or(*listed)).await {
            Err(error) if self.is_broken() || error.is_connection_lost() => Err(error),
            outcome => Ok(outcome.is_ok()),
        }
    }

    async fn find_time_command(&mut self, path: &RemotePath, time: &Timestamp) -> Result<()> {
        let offers_mfmt = self.features().await?.contains("MFMT");
        let mut denied = None;
        for command in TimeCommand::in_order(offers_mfmt) {
            match self.send_time(command, path, time).await {
                Ok(()) => match self.time_effect(path, time, command.precision()).await? {
                    TimeEffect::Set => {
                        self.capabilities.time_setting = TimeSetting::By(command);
                        return Ok(());
                    }
                    TimeEffect::Shifted(ahead) => {
                        return self.set_local_time(command, ahead, path, time).await;
                    }
                    TimeEffect::Other => {}
                },
                Err(error) if error.is_connection_lost() => return Err(error),
                // The server lists the command in `FEAT`, so it has refused the path.
                Err(error @ Error::StatusCode(_)) if command == TimeCommand::Mfmt && offers_mfmt => {
                    if !error.code().is_some_and(Code::is_unsupported) {
                        return Err(error);
                    }
                }
                Err(error @ Error::StatusCode(_)) => denied = denied.or(Some(error)),
                // Each further command that is unknown to this server might end another session.
                Err(Error::Unanswered { .. }) => {
                    self.capabilities.time_setting = TimeSetting::Unsupported;
                    return Err(NO_TIME_COMMAND);
                }
                Err(error) => return Err(error),
            }
        }
        Err(self.why_no_time_is_set(path, denied).await)
    }

    /// Returns the error after every command failed: distinguishes a refused path from a server without
    /// such a command.
    async fn why_no_time_is_set(&mut self, path: &RemotePath, refused: Option<Error>) -> Error {
        match self.modified(path).await {
            Err(Error::StatusCode(missing)) if !missing.info.code().is_unsupported() => {
                return missing.into();
            }
            Err(error)
                if !matches!(
                    error,
                    Error::StatusCode(_) | Error::UnusableReply { .. } | Error::Unanswered { .. }
                ) =>
            {
                return error;
            }
            _ => {}
        }
        match refused.filter(Error::is_permission_denied) {
            Some(denied) => denied,
            None => {
                self.capabilities.time_setting = TimeSetting::Unsupported;
                NO_TIME_COMMAND
            }
        }
    }

    async fn send_time(&mut self, command: TimeCommand, path: &RemotePath, time: &Timestamp) -> Result<()> {
        match self.send_time_by(command, path, time, Spelling::Usual).await {
            Err(refused) if self.must_try_from_root(path, &refused) => {
                let again = self.send_time_by(command, path, time, Spelling::Absolute).await;
                self.note_from_root(&again);
                again.map_err(|_| refused)
            }
            outcome => outcome,
        }
    }

    async fn send_time_by(
        &mut self,
        command: TimeCommand,
        path: &RemotePath,
        time: &Timestamp,
        spelling: Spelling,
    ) -> Result<()> {
        let argument = self.reach(path, spelling).await?;
        let command = command.spell(&argument, time, self.config.encoding)?;
        self.exchange(command, &["2xx"]).await.map(drop)
    }

    /// Sets the time of a file in local time, by a command that takes it so, and verifies it: the zone may be ahead of UTC
    /// by another hour in summer.
    async fn set_local_time(
        &mut self,
        command: TimeCommand,
        mut ahead: i64,
        path: &RemotePath,
        time: &Timestamp,
    ) -> Result<()> {
        for _ in 0..2 {
            let local = Timestamp::from_unix(time.to_unix(0).saturating_add(ahead), 0);
            self.send_time(command, path, &local.unwrap_or(*time)).await?;
            match self.time_effect(path, time, command.precision()).await? {
                TimeEffect::Set => {
                    self.capabilities.time_setting = TimeSetting::InLocalTime(command, ahead);
                    return Ok(());
                }
                TimeEffect::Shifted(further) => ahead = ahead.saturating_add(further),
                TimeEffect::Other => break,
            }
        }
        self.capabilities.time_setting = TimeSetting::Unsupported;
        Err(NO_TIME_COMMAND)
    }

    /// Returns the effect of setting this time: the server is asked for the time that the file has now. If it does not report
    /// times, the command counts as effective.
    async fn time_effect(
        &mut self,
        path: &RemotePath,
        time: &Timestamp,
        precision: Precision,
    ) -> Result<TimeEffect> {
        let reported = match self.modified(path).await {
            Ok(reported) => reported,
            Err(Error::StatusCode(_) | Error::UnusableReply { .. } | Error::Unanswered { .. }) => {
                return Ok(TimeEffect::Set);
            }
            Err(error) => return Err(error),
        };
        let tolerance = if precision == Precision::Minute { MINUTE } else { COARSEST_CLOCK };
        let apart = |shown: &Timestamp| time.to_unix(0).saturating_sub(shown.to_unix(0));
        let effect = TimeEffect::of(apart(&reported), tolerance);
        if !matches!(effect, TimeEffect::Shifted(_)) {
            return Ok(effect);
        }
        // `MDTM` itself may show a local time.
        let listed = match Box::pin(self.stat_by_mlst(path)).await {
            Err(error) if self.is_broken() => return Err(error),
            described => described.ok().flatten().and_then(|entry| entry.modified),
        };
        let is_set = listed.is_some_and(|shown| TimeEffect::of(apart(&shown), tolerance) == TimeEffect::Set);
        Ok(if is_set { TimeEffect::Set } else { effect })
    }
}

/// The effect of a command that sets a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TimeEffect {
    /// The file has this time.
    Set,
    /// The file has a time that is this number of seconds too early, as if the command had taken a local time.
    Shifted(i64),
    /// The file has another time.
    Other,
}

impl TimeEffect {
    /// Returns the effect after which a file shows a time that is this number of seconds earlier.
    fn of(apart: i64, tolerance: u64) -> Self {
        let shift =
            apart.saturating_add(QUARTER_HOUR / 2).div_euclid(QUARTER_HOUR).saturating_mul(QUARTER_HOUR);
        match apart.abs_diff(shift) <= tolerance && shift.abs() <= MAX_ZONE_OFFSET {
            true if shift == 0 => Self::Set,
            true => Self::Shifted(shift),
            false => Self::Other,
        }
    }
}

/// Returns the facts to request: those that are listed already (marked with a star) and the permissions.
/// Returns `None` if permissions are listed already or are not offered.
fn with_modes(offered: &str) -> Option<String> {
    let facts = || offered.split(';').map(str::trim).filter(|fact| !fact.is_empty());
    let mode = facts().find(|fact| fact.eq_ignore_ascii_case("UNIX.mode"))?;
    let listed = facts().filter_map(|fact| fact.strip_suffix('*'));
    Some(listed.chain([mode]).flat_map(|fact| [fact, ";"]).collect())
}

const NO_TIME_COMMAND: Error = Error::Unsupported { what: "way to set the time of a file" };

/// FAT stores times with a precision of two seconds.
const COARSEST_CLOCK: u64 = 2;
const MINUTE: u64 = 60;
const QUARTER_HOUR: i64 = 15 * 60;
/// Kiribati is 14 hours ahead of UTC.
const MAX_ZONE_OFFSET: i64 = 14 * 3600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_shifted_by_zone_is_recognized() {
        let hours = |hours: i64| hours * 3600;
        for (apart, effect) in [
            (0, TimeEffect::Set),
            (-2, TimeEffect::Set),
            (hours(2), TimeEffect::Shifted(hours(2))),
            (hours(-5) + 1, TimeEffect::Shifted(hours(-5))),
            (20_700, TimeEffect::Shifted(20_700)),
            (hours(15), TimeEffect::Other),
            (120, TimeEffect::Other),
            (i64::MAX, TimeEffect::Other),
            (i64::MIN, TimeEffect::Other),
        ] {
            assert_eq!(TimeEffect::of(apart, COARSEST_CLOCK), effect, "{apart}");
        }
    }

    #[test]
    fn permissions_are_requested_if_offered_and_unlisted() {
        let facts = with_modes("type*;perm*;size*;unique;unix.mode;");
        assert_eq!(facts.as_deref(), Some("type;perm;size;unix.mode;"));
        assert_eq!(with_modes("type*;size*;UNIX.mode*;"), None);
        assert_eq!(with_modes("type*;size*;"), None);
    }
}

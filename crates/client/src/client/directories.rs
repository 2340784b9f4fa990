//! Directories and files on the server: working directory, creation, removal, rename.

use std::time::Duration;

use oxftp_proto::{
    Command, RemotePath, Reply,
    classify::{self, Presence},
    dialog::{Exchange, Rename},
    server::ServerKind,
};

use super::{
    Client, FollowUp,
    metadata::is_unknown_command,
    navigation::{Entering, Spelling, is_single_name, may_be_about_slash, refuses_path},
};
use crate::{Error, Result, backoff::Backoff, capabilities::PathUse, future::BoxFuture};

impl Client {
    /// Returns the working directory (`PWD`; RFC 959, 4.1.3).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let home = client.current_dir().await?;
    /// println!("{home}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the server refuses; [`Error::UnusableReply`] if the reply contains no path.
    pub async fn current_dir(&mut self) -> Result<RemotePath> {
        self.restore_working_dir().await?;
        let reply = self.exchange(Command::new("PWD"), &["2xx"]).await?;
        let Some(directory) = reply.directory(self.config.encoding) else {
            return Err(Error::UnusableReply { command: "PWD", reply });
        };
        self.learn_style(&directory);
        Ok(directory)
    }

    /// Changes the working directory (`CWD`; RFC 959, 4.1.1). The path `..` is the
    /// [parent](Self::change_to_parent_dir).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.change_dir("/pub").await?;
    /// client.download("readme.txt").await?;              // relative to /pub
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the server refuses the path.
    pub async fn change_dir(&mut self, path: impl Into<RemotePath>) -> Result<()> {
        let path = path.into();
        if path.as_bytes() == b".." {
            return self.change_to_parent_dir().await;
        }
        self.state.dirty = true;
        self.state.working_dir = None;
        match self.uses_bare_names() {
            true => self.enter_for_good(&path).await?,
            false => self.path_command("CWD", &path, &["2xx"]).await.map(drop)?,
        }
        self.state.entered(path);
        Ok(())
    }

    /// Enters a directory, and returns its path as the server reports it (`CWD`, `PWD`). The working directory stays
    /// the same: the next operation changes back.
    ///
    /// If the server does not report absolute paths, the result is `path`, joined to the working directory if that is
    /// known. On a server that knows no `CWD`, a listing shows whether `path` is a directory.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// println!("{}", client.resolve_dir("pub/current").await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the server refuses the path.
    pub async fn resolve_dir(&mut self, path: impl Into<RemotePath>) -> Result<RemotePath> {
        let path = path.into();
        let mut attempts = self.reconnects();
        loop {
            match Box::pin(self.resolve_dir_once(&path)).await {
                Err(error) if Box::pin(self.recover(&error, &mut attempts)).await => {}
                Err(error) if is_unknown_command(&error) => {
                    return Box::pin(self.resolve_listed_dir(&path, error)).await;
                }
                resolved => return resolved,
            }
        }
    }

    /// Returns the path of a directory that `MLST` or a listing shows, on a server that knows no `CWD`.
    async fn resolve_listed_dir(&mut self, path: &RemotePath, refused: Error) -> Result<RemotePath> {
        match self.metadata(path).await {
            // No listing shows the root.
            _ if path.as_bytes() == b"/" => Ok(path.clone()),
            Ok(found) if found.is_dir() => Ok(self.join_home(path)),
            Err(error) if error.is_connection_lost() || error.is_timeout() => Err(error),
            _ => Err(refused),
        }
    }

    /// Changes the working directory to its parent (`CDUP`; RFC 959, 4.1.1).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.change_dir("pub/new").await?;
    /// client.change_to_parent_dir().await?;                  // now in pub
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the server refuses.
    pub async fn change_to_parent_dir(&mut self) -> Result<()> {
        self.state.dirty = true;
        self.state.working_dir = None;
        self.restore_working_dir().await?;
        self.exchange(Command::new("CDUP"), &["2xx"]).await?;
        self.state.entered("..".into());
        Ok(())
    }

    /// Creates a directory and its missing parents (`MKD`; RFC 959, 4.1.3). Succeeds if the directory
    /// exists already.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.create_dir_all("reports/2024/05").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the directory or one of its parents cannot be created.
    pub async fn create_dir_all(&mut self, path: impl Into<RemotePath>) -> Result<()> {
        self.create_with_parents(path.into()).await.map(drop)
    }

    /// Creates a directory and its missing parents. Returns whether it was missing.
    pub(crate) async fn create_with_parents(&mut self, path: RemotePath) -> Result<bool> {
        let mut created = false;
        // Missing directories, the deepest first.
        let mut missing = vec![path];
        while let Some(next) = missing.last().cloned() {
            let error = match self.ensure_dir(&next).await {
                Ok(made) => {
                    created = made;
                    missing.pop();
                    continue;
                }
                Err(error) => error,
            };
            let parent = self.path_style().parent(&next).filter(|parent| !parent.is_empty());
            let climbed_before = missing.len() > 1 && missing.len() > self.config.limits.directory_depth;
            let Some(parent) = parent.filter(|_| refuses_path(&error) && !climbed_before) else {
                return Err(error);
            };
            if self.is_there(&parent).await? {
                // Another session may have created the parent after the refusal, or the server refuses paths.
                created = self.ensure_dir_in_parent(&next).await?;
                missing.pop();
            } else {
                missing.push(parent);
            }
        }
        Ok(created)
    }

    /// Creates a directory in an existing parent (`MKD`; RFC 959, 4.1.3).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.create_dir("reports").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the directory cannot be created, or exists already. Few servers say which
    /// of the two.
    pub async fn create_dir(&mut self, path: impl Into<RemotePath>) -> Result<()> {
        self.change(Change::Create, &path.into()).await.map(drop)
    }

    async fn create_dir_once(&mut self, path: &RemotePath) -> Result<()> {
        match self.path_command("MKD", path, &["2xx"]).await {
            Err(error) if self.makes_with_slash(path, &error).await? => Ok(()),
            Err(error) if self.may_make_from_root(path, &error) => {
                self.make_from_root(path, error).await.map(drop)
            }
            Err(error) if self.may_try_bare_name(PathUse::Create, path, &error) => {
                self.capabilities.settle_paths(PathUse::Create);
                match Box::pin(self.send_path("MKD", path, &["2xx"], Spelling::Bare)).await {
                    Ok(_) => {
                        self.capabilities.bare_names = true;
                        Ok(())
                    }
                    Err(bare) if refuses_path(&bare) => Err(error),
                    Err(bare) => Err(bare),
                }
            }
            outcome => outcome.map(drop),
        }
    }

    /// Creates a directory in an existing parent (`MKD`). Succeeds if the directory exists already.
    ///
    /// Servers report an existing directory in several ways (`521`, `550`, even `250`), so the client
    /// checks for it after a refusal.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.create_dir_if_missing("reports").await?;
    /// client.create_dir_if_missing("reports").await?;   // exists already: no error
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the directory cannot be created.
    pub async fn create_dir_if_missing(&mut self, path: impl Into<RemotePath>) -> Result<()> {
        Box::pin(self.ensure_dir_in_parent(&path.into())).await.map(drop)
    }

    /// Creates a directory like [`create_dir_if_missing`](Self::create_dir_if_missing). Returns whether it was missing.
    pub(crate) async fn create_missing(&mut self, path: &RemotePath) -> Result<bool> {
        Box::pin(self.ensure_dir_in_parent(path)).await
    }

    async fn ensure_dir(&mut self, path: &RemotePath) -> Result<bool> {
        self.change(Change::Ensure, path).await
    }

    async fn ensure_dir_once(&mut self, path: &RemotePath) -> Result<bool> {
        match self.path_command("MKD", path, &["2xx", "521"]).await {
            Ok(reply) => self.was_missing(path, reply).await,
            Err(error) if refuses_path(&error) && self.is_directory_by_entering(path).await? => Ok(false),
            Err(error) if self.makes_with_slash(path, &error).await? => Ok(true),
            Err(error) if self.is_listed_directory(path, &error).await? => Ok(false),
            Err(error) => self.make_from_root(path, error).await,
        }
    }

    /// Creates a directory with a slash at the end of its path, if `MKD` was refused without one and no directory was entered
    /// without one. Returns whether that succeeded.
    async fn makes_with_slash(&mut self, path: &RemotePath, refused: &Error) -> Result<bool> {
        let is_worthwhile = self.may_want_slash(path) && refused.reply().is_some_and(may_be_about_slash);
        let Some(with_slash) = self.with_final_slash(path).filter(|_| is_worthwhile) else {
            return Ok(false);
        };
        match Box::pin(self.path_command("MKD", &with_slash, &["2xx"])).await {
            Ok(_) => {
                self.capabilities.final_slash = Some(true);
                Ok(true)
            }
            Err(error) if refuses_path(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Returns whether `MKD` was refused because of a directory that exists, but cannot be entered without a slash at its end,
    /// or at all: some servers know no `CWD`.
    async fn is_listed_directory(&mut self, path: &RemotePath, refused: &Error) -> Result<bool> {
        let says_present = refused.reply().is_some_and(classify::says_exists);
        let is_explained = !refused.reply().is_some_and(classify::is_unexplained);
        if is_explained && !says_present || self.server_kind() != ServerKind::Other {
            return Ok(false);
        }
        if self.may_want_slash(path)
            && matches!(Box::pin(self.enter_with_slash(path)).await?, Entering::Inside)
        {
            return Ok(true);
        }
        if !says_present && !self.capabilities.lacks_cwd {
            return Ok(false);
        }
        let listed = Box::pin(self.stat_by_listing(path, FollowUp::Nothing)).await;
        Ok(listed.is_ok_and(|entry| entry.is_dir()))
    }

    /// Returns whether a directory was missing before `MKD` was answered by `2xx` or `521`. `521` says that it exists (RFC 959,
    /// appendix II), but some servers answer so for other reasons.
    async fn was_missing(&mut self, path: &RemotePath, reply: Reply) -> Result<bool> {
        if reply.code().is_success() {
            return Ok(true);
        }
        let exists =
            classify::presence(&reply) == Presence::Present || self.is_directory_by_entering(path).await?;
        if exists { Ok(false) } else { Err(reply.unexpected(&["2xx"]).into()) }
    }

    /// Creates a directory by its path from the root after its relative path was refused, if that is worth an
    /// attempt. Returns whether it was missing.
    async fn make_from_root(&mut self, path: &RemotePath, refused: Error) -> Result<bool> {
        if !self.may_make_from_root(path, &refused) {
            return Err(refused);
        }
        match self.send_from_root("MKD", path, &["2xx", "521"]).await? {
            Some(reply) => self.was_missing(path, reply).await,
            None => Err(refused),
        }
    }

    fn may_make_from_root(&self, path: &RemotePath, refused: &Error) -> bool {
        self.may_try_from_root(path, refused)
            || is_single_name(path) && self.may_try_written_from_root(path, refused)
    }

    fn rename_from_root<'a>(
        &'a mut self,
        from: &'a RemotePath,
        to: &'a RemotePath,
        refused: Error,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let spelling = if self.learns_bare_names().await? { Spelling::Usual } else { Spelling::Absolute };
            let renamed = self.rename_by(from, to, spelling).await;
            if spelling == Spelling::Absolute {
                self.note_from_root(&renamed);
            }
            renamed.map_err(|_| refused)
        })
    }

    /// Creates a directory like [`ensure_dir`](Self::ensure_dir). Its parent exists, so a refusal may be about the path.
    async fn ensure_dir_in_parent(&mut self, path: &RemotePath) -> Result<bool> {
        let was_whole = !self.uses_bare_names();
        let error = match self.ensure_dir(path).await {
            Err(error) => error,
            created => return created,
        };
        // The reply to `PWD` may have shown that the server takes no paths with slashes.
        let is_learned = was_whole && self.uses_bare_names() && refuses_path(&error);
        if !is_learned && !self.may_try_bare_name(PathUse::Create, path, &error) {
            return Err(error);
        }
        self.capabilities.settle_paths(PathUse::Create);
        let created = Box::pin(self.send_path("MKD", path, &["2xx", "521"], Spelling::Bare)).await;
        let created = match created {
            Ok(reply) => self.was_missing(path, reply).await?,
            Err(bare) if refuses_path(&bare) => match Box::pin(self.enter(path)).await? {
                Entering::Inside => false,
                _ => return Err(error),
            },
            Err(bare) => return Err(bare),
        };
        self.capabilities.bare_names = true;
        Ok(created)
    }

    /// Removes an empty directory (`RMD`; RFC 959, 4.1.3).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.remove_dir("reports/2024").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if it does not exist, is not empty, or may not be removed; [`Error::NothingToRemove`] for
    /// the root and the working directory.
    pub async fn remove_dir(&mut self, path: impl Into<RemotePath>) -> Result<()> {
        let path = path.into();
        check_removable(&path)?;
        self.change(Change::RemoveDirectory, &path).await.map(drop)
    }

    /// Removes a file (`DELE`; RFC 959, 4.1.3).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// match client.remove_file("old.txt").await {
    ///     Err(error) if error.is_not_found() => println!("already removed"),
    ///     other => other?,
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if it does not exist or may not be removed; [`Error::NothingToRemove`] for a path that
    /// names no entry, such as the empty one.
    pub async fn remove_file(&mut self, path: impl Into<RemotePath>) -> Result<()> {
        let path = path.into();
        check_removable(&path)?;
        self.change(Change::RemoveFile, &path).await.map(drop)
    }

    /// Removes a directory that a listing has shown. If it is refused, and the directory is gone, it was removed: some
    /// servers remove a directory and refuse nevertheless.
    pub(crate) async fn remove_listed_dir(&mut self, path: &RemotePath) -> Result<()> {
        self.remove_listed(Change::RemoveDirectory, path).await
    }

    /// Removes a file that a listing has shown, like [`remove_listed_dir`](Self::remove_listed_dir).
    pub(crate) async fn remove_listed_file(&mut self, path: &RemotePath) -> Result<()> {
        self.remove_listed(Change::RemoveFile, path).await
    }

    async fn remove_listed(&mut self, change: Change, path: &RemotePath) -> Result<()> {
        check_removable(path)?;
        let error = match self.change(change, path).await {
            Err(error) => error,
            changed => return changed.map(drop),
        };
        let says_missing = error.reply().is_some_and(|reply| classify::presence(reply) == Presence::Missing);
        let is_gone = match change {
            _ if self.server_kind() != ServerKind::Other => false,
            // It was empty before, so its path is right.
            Change::RemoveDirectory if says_missing => {
                Box::pin(self.is_changed(change, path)).await.unwrap_or(false)
            }
            _ if !self.may_be_made(&error) => false,
            // The listing has shown the name. Another query might not find it because of its spelling.
            _ => {
                let listed = Box::pin(self.stat_by_listing(path, FollowUp::Nothing)).await;
                let is_gone = listed.is_err_and(|error| error.is_not_found());
                self.capabilities.refusals.note(is_gone);
                is_gone
            }
        };
        if !is_gone {
            return Err(error);
        }
        crate::trace::debug!("{path} is gone: {error}");
        Ok(())
    }

    /// Returns whether the server may have made a change that it refused, so that this is checked: the refusal states no reason.
    /// The first refusals of an unknown server decide whether later ones are checked.
    fn may_be_made(&self, error: &Error) -> bool {
        let Error::StatusCode(refused) = error else { return false };
        classify::is_unexplained(&refused.info)
            && self.server_kind() == ServerKind::Other
            && self.capabilities.refusals.are_doubted()
    }

    /// Creates or removes a path. If the session is lost, it is opened again, and the change is repeated
    /// unless it is complete already: some servers end the session at each such command. Returns whether there was
    /// something to change.
    async fn change(&mut self, change: Change, path: &RemotePath) -> Result<bool> {
        let mut attempts = self.reconnects();
        let mut pauses = self.busy_pauses();
        let mut was_lost = false;
        loop {
            let error = match Box::pin(self.change_once(change, path)).await {
                Err(error) => error,
                changed => return changed,
            };
            if self.is_refused_for_now(&error)
                && (is_explained(&error)
                    || !matches!(Box::pin(self.is_changed(change, path)).await, Ok(true)))
                && self.pause_before_repetition(&error, &mut pauses).await
            {
                continue;
            }
            let is_repeatable = Box::pin(self.recover(&error, &mut attempts)).await;
            was_lost |= is_repeatable;
            if !(is_repeatable || was_lost && refuses_path(&error)) {
                return Err(error);
            }
            match Box::pin(self.is_changed(change, path)).await {
                Ok(true) => return Ok(true),
                Err(lost) if self.is_broken() => return Err(lost),
                _ if !is_repeatable => return Err(error),
                // The question may have been answered by a listing, after which the session ends.
                _ if self.capabilities.commands.ends_after_listing() => self.reconnect().await?,
                _ => {}
            }
        }
    }

    fn busy_pauses(&self) -> Backoff {
        Backoff::new(self.busy_retries, FIRST_PAUSE)
    }

    /// Returns whether a refusal may pass: its code says so (RFC 959, section 4.2.1). A refusal without a reason is not
    /// believed on a server where one has lasted.
    fn is_refused_for_now(&self, error: &Error) -> bool {
        let Error::StatusCode(refused) = error else { return false };
        self.busy_retries > 0
            && classify::is_refused_for_now(&refused.info)
            && (is_explained(error) || !self.capabilities.lasting_450)
    }

    /// Waits before a change is repeated; returns whether a retry was left.
    async fn pause_before_repetition(&mut self, error: &Error, pauses: &mut Backoff) -> bool {
        if let Some(pause) = pauses.next_pause() {
            crate::trace::debug!("{error}; the command is repeated in {pause:?}");
            tokio::time::sleep(pause).await;
            return true;
        }
        self.capabilities.lasting_450 |= !is_explained(error);
        false
    }

    async fn change_once(&mut self, change: Change, path: &RemotePath) -> Result<bool> {
        match change {
            Change::Create => {
                self.create_dir_once(path).await?;
                self.capabilities.commands.note_creation();
            }
            Change::Ensure => {
                let is_new = self.ensure_dir_once(path).await?;
                self.capabilities.commands.note_creation();
                return Ok(is_new);
            }
            Change::RemoveFile => self.path_command("DELE", path, &["2xx"]).await.map(drop)?,
            Change::RemoveDirectory => self.path_command("RMD", path, &["2xx"]).await.map(drop)?,
        }
        Ok(true)
    }

    /// Returns whether a change was made before the session was lost.
    async fn is_changed(&mut self, change: Change, path: &RemotePath) -> Result<bool> {
        match change {
            Change::Create | Change::Ensure => self.is_directory_by_entering(path).await,
            Change::RemoveFile | Change::RemoveDirectory => Ok(!self.try_exists(path).await?),
        }
    }

    /// Renames `from` to `to` (`RNFR`, `RNTO`; RFC 959, 4.1.3).
    ///
    /// Many servers overwrite an existing `to` silently.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.rename("report.pdf.new", "report.pdf").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the server refuses one of the paths. The reply shows which.
    pub async fn rename(&mut self, from: impl Into<RemotePath>, to: impl Into<RemotePath>) -> Result<()> {
        let (from, to) = (from.into(), to.into());
        let mut attempts = self.reconnects();
        let mut pauses = self.busy_pauses();
        let mut was_lost = false;
        loop {
            let Err(error) = self.rename_either(&from, &to).await else { return Ok(()) };
            if self.is_refused_for_now(&error)
                && (is_explained(&error) || !matches!(Box::pin(self.try_exists(&from)).await, Ok(false)))
                && self.pause_before_repetition(&error, &mut pauses).await
            {
                continue;
            }
            if !was_lost && Box::pin(self.is_renamed_nevertheless(&error, &from, &to)).await? {
                crate::trace::debug!("{from} was renamed: {error}");
                return Ok(());
            }
            let is_repeatable = Box::pin(self.recover(&error, &mut attempts)).await;
            was_lost |= is_repeatable;
            if !(is_repeatable || was_lost && refuses_path(&error)) {
                return Err(error);
            }
            match Box::pin(self.is_renamed(&from, &to)).await {
                Ok(true) => return Ok(()),
                Err(lost) if self.is_broken() => return Err(lost),
                _ if !is_repeatable => return Err(error),
                // The question may have been answered by a listing, after which the session ends.
                _ if self.capabilities.commands.ends_after_listing() => self.reconnect().await?,
                _ => {}
            }
        }
    }

    /// Returns whether a file was renamed although `RNTO` was refused: the old name was there when `RNFR` was accepted, it
    /// is gone, and the new name is there. A server that accepts `RNFR` for the name that is gone has not shown that it was
    /// there.
    async fn is_renamed_nevertheless(
        &mut self,
        error: &Error,
        from: &RemotePath,
        to: &RemotePath,
    ) -> Result<bool> {
        let is_about_target = matches!(error, Error::StatusCode(_)) && !is_about_old_name(error);
        if !is_about_target || !self.may_be_made(error) {
            return Ok(false);
        }
        let is_renamed = matches!(Box::pin(self.is_renamed(from, to)).await, Ok(true))
            && self.refuses_old_name(from).await?;
        self.capabilities.refusals.note(is_renamed);
        Ok(is_renamed)
    }

    /// Returns whether `RNFR` is refused, and ends a rename that it has begun.
    async fn refuses_old_name(&mut self, from: &RemotePath) -> Result<bool> {
        let argument = self.reach(from, Spelling::Usual).await?;
        let command = Command::with_path("RNFR", &argument, self.config.encoding)?;
        self.state.pending_rename = Some(argument);
        match self.control.run(Exchange::new(command, &["2xx", "3xx"])).await {
            Err(error) if refuses_path(&error) => {
                self.state.pending_rename = None;
                Ok(true)
            }
            Err(error) => Err(error),
            Ok(_) => {
                self.end_renaming().await?;
                Ok(false)
            }
        }
    }

    /// Returns whether a file was renamed before the session was lost.
    async fn is_renamed(&mut self, from: &RemotePath, to: &RemotePath) -> Result<bool> {
        Ok(!self.try_exists(from).await? && self.try_exists(to).await?)
    }

    /// Renames by the paths as they are, or else by the names in their directory.
    async fn rename_either(&mut self, from: &RemotePath, to: &RemotePath) -> Result<()> {
        let renamed = self.rename_by(from, to, Spelling::Usual).await;
        if let Err(error) = &renamed
            && is_about_old_name(error)
            && self.may_try_missing_from_root(from, error)
        {
            // Whether the path may have to begin at the root depends on the working directory.
            self.known_working_dir().await?;
        }
        match renamed {
            Err(error) if is_about_old_name(&error) && self.may_be_from_root(from, &error) => {
                self.rename_from_root(from, to, error).await
            }
            Err(error) if is_about_name(&error) && self.may_try_bare_name(PathUse::Rename, from, &error) => {
                self.capabilities.settle_paths(PathUse::Rename);
                match self.rename_by(from, to, Spelling::Bare).await {
                    Ok(()) => {
                        self.capabilities.bare_names = true;
                        Ok(())
                    }
                    Err(bare) if bare.is_connection_lost() || bare.is_timeout() => Err(bare),
                    Err(_) => Err(error),
                }
            }
            renamed => {
                if renamed.is_ok() {
                    self.capabilities.commands.note_creation();
                    self.note_path_works(PathUse::Rename, from);
                }
                renamed
            }
        }
    }

    async fn rename_by(&mut self, from: &RemotePath, to: &RemotePath, spelling: Spelling) -> Result<()> {
        let (from, to) = match spelling == Spelling::Bare || self.uses_bare_names() {
            true => self.reach_both(from, to).await?,
            false => {
                let from = self.reach(from, spelling).await?;
                (from, self.reach(to, spelling).await?)
            }
        };
        let dialog = Rename::new(&from, &to, self.config.encoding)?;
        self.state.pending_rename = Some(from);
        let renamed = self.control.run(dialog).await;
        self.state.pending_rename = None;
        renamed.map(drop)
    }

    /// Enters the directory of `from`, and returns both names as they are spelled there.
    async fn reach_both(&mut self, from: &RemotePath, to: &RemotePath) -> Result<(RemotePath, RemotePath)> {
        let style = self.path_style();
        let (old, new) = (style.route(from), style.route(to));
        let is_whole = new.directories.is_empty() && style.is_absolute(&new.name);
        if old.directories != new.directories && !is_whole {
            return Err(Error::Unsupported { what: OTHER_DIRECTORY });
        }
        Ok((self.reach(from, Spelling::Bare).await?, new.name))
    }

    async fn is_there(&mut self, directory: &RemotePath) -> Result<bool> {
        self.is_directory_by_entering(directory).await
    }
}

/// A change of a path on the server.
#[derive(Debug, Clone, Copy)]
enum Change {
    Create,
    /// Like [`Create`](Self::Create), and the directory may exist.
    Ensure,
    RemoveFile,
    RemoveDirectory,
}

/// Fails if a removal names the root, the working directory or one above it.
pub(crate) fn check_removable(path: &RemotePath) -> Result<()> {
    if path.names_entry() { Ok(()) } else { Err(Error::NothingToRemove { path: path.to_string() }) }
}

/// Returns whether a refusal says that the file is busy.
fn is_explained(error: &Error) -> bool {
    error.reply().is_some_and(classify::is_file_busy)
}

/// Returns whether `RNFR` was refused. It expects `350`.
fn is_about_old_name(error: &Error) -> bool {
    matches!(error, Error::StatusCode(refused) if refused.expected == ["350"])
}

/// Returns whether `RNFR` was refused, or `RNTO` as a wrong name.
fn is_about_name(error: &Error) -> bool {
    is_about_old_name(error) || error.code().is_some_and(|code| matches!(code.get(), 501 | 553))
}

const FIRST_PAUSE: Duration = Duration::from_millis(250);

const OTHER_DIRECTORY: &str =
    "rename into another directory, because it takes names without directories only";

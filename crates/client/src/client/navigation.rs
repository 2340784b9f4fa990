//! Navigation: enters directories for queries and for servers on which commands take bare names only, and returns to
//! the caller's working directory.

use oxftp_proto::{
    Code, Command, PathStyle, PathStyleHints, RemotePath, Reply, StatusCodeError, classify,
    dialog::{Exchange, is_restart_refused},
    server::ServerKind,
};

use super::Client;
use crate::{
    Error, Result,
    capabilities::{PathUse, optional_commands::OptionalCommand},
    future::BoxFuture,
};

/// The position of a session outside of the caller's working directory.
#[derive(Debug)]
pub(crate) struct EnteredDirectories {
    /// The caller's working directory, if `CWD` can lead back to it. Otherwise `CDUP` does.
    home: Option<RemotePath>,
    /// The directories that were entered from there. Only the first may be absolute.
    steps: Vec<RemotePath>,
    /// A command was sent that changes the directory, and its reply was not read.
    is_uncertain: bool,
}

/// The form in which a command sends a path with directories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// As a whole, unless the server is known to refuse that.
    Usual,
    /// As a whole from the root.
    Absolute,
    /// By a bare name, after its directory was entered.
    Bare,
}

impl Client {
    /// Returns the server's style of paths, as far as its greeting and its replies to `SYST` and `PWD` show it.
    ///
    /// Sends nothing. [`current_dir`](Self::current_dir) and queries about directories learn more. If the style does
    /// not [take paths](PathStyle::takes_paths), commands with a path are sent with a bare name after `CWD` into its
    /// directory.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let home = client.current_dir().await?;
    /// let notes = client.path_style().join(&home, &"NOTES".parse_name()?);
    /// # Ok(())
    /// # }
    /// # trait ParseName { fn parse_name(&self) -> oxftp::Result<oxftp::FileName>; }
    /// # impl ParseName for str {
    /// #     fn parse_name(&self) -> oxftp::Result<oxftp::FileName> { Ok(oxftp::FileName::new(self)?) }
    /// # }
    /// ```
    #[must_use]
    pub fn path_style(&self) -> PathStyle {
        match self.capabilities.path_style.unwrap_or_default() {
            PathStyle::Os400 if self.state.ifs_paths => PathStyle::Posix,
            style => style,
        }
    }

    /// Enters a directory, and returns its path as the server reports it (`CWD`, `PWD`).
    pub(super) async fn resolve_dir_once(&mut self, path: &RemotePath) -> Result<RemotePath> {
        self.end_renaming().await?;
        if self.state.entered_dirs.is_none() && self.state.working_dir.is_none() {
            self.query_working_dir().await?;
        }
        match self.enter_whole_or_stepwise(path).await {
            Err(error)
                if error.reply().is_some_and(may_be_about_slash)
                    && self.may_want_slash(path)
                    && matches!(self.enter_with_slash(path).await?, Entering::Inside) => {}
            entered => entered?,
        }
        let style = self.path_style();
        let home = self.state.working_dir.clone().flatten().filter(|home| style.can_reenter(home));
        if self.state.entered_dirs.is_none() {
            return Ok(match home {
                Some(home) if self.leads_to_working_dir(&home).await? => home,
                _ => path.clone(),
            });
        }
        let reported = match self.capabilities.hides_home {
            true => None,
            false => self.query_dir().await?.filter(|reported| style.can_reenter(reported)),
        };
        Ok(match (reported, home) {
            (Some(reported), _) => reported,
            (None, Some(home)) => style.join_path(&home, path),
            (None, None) => path.clone(),
        })
    }

    /// Returns a path joined to the working directory, if that is known.
    pub(super) fn join_home(&self, path: &RemotePath) -> RemotePath {
        let style = self.path_style();
        let home = self.state.working_dir.as_ref().and_then(Option::as_ref);
        match home.filter(|home| style.can_reenter(home)) {
            Some(home) => style.join_path(home, path),
            None => path.clone(),
        }
    }

    /// Returns whether `CWD` accepts the path that `PWD` has shown as the working directory, in which the session is.
    /// Only an unknown server that shows another directory than the root is asked.
    async fn leads_to_working_dir(&mut self, home: &RemotePath) -> Result<bool> {
        if home.as_bytes() == b"/" || self.server_kind() != ServerKind::Other || self.state.ifs_paths {
            return Ok(true);
        }
        let command = Command::with_path("CWD", home, self.config.encoding)?;
        match self.control.run(Exchange::new(command, &["2xx"])).await {
            Err(error) if refuses_path(&error) => {
                self.capabilities.hides_home = true;
                Ok(false)
            }
            answered => answered.map(|_| true),
        }
    }

    /// Enters a directory by one `CWD`, or by one for each name if the server refuses that.
    async fn enter_whole_or_stepwise(&mut self, path: &RemotePath) -> Result<()> {
        let whole = self.entry_steps(path);
        let names = single_names(path, &whole);
        let may_be_deep = self.capabilities.deep_paths.is_none() && names.len() > whole.len();
        match self.enter_as(path, whole).await {
            Err(error) if may_be_deep && refuses_path(&error) && self.server_kind() == ServerKind::Other => {
                self.enter_steps(&names).await.map_err(|_| error)?;
                self.capabilities.deep_paths = Some(false);
                Ok(())
            }
            entered => entered,
        }
    }

    /// Changes the working directory to a path that may have to be entered step by step.
    pub(super) async fn enter_for_good(&mut self, path: &RemotePath) -> Result<()> {
        self.enter_steps(&self.entry_steps(path)).await?;
        self.state.entered_dirs = None;
        self.state.working_dir = None;
        Ok(())
    }

    /// Returns whether a directory can be entered, and changes back. Works on every server.
    pub(crate) async fn is_directory_by_entering(&mut self, path: &RemotePath) -> Result<bool> {
        if is_here(path) {
            return Ok(true);
        }
        let entered = self.visit(path).await?;
        // On a server with bare names, the next command may be about the same directory.
        if !self.uses_bare_names() && !self.has_no_way_back() {
            self.restore_working_dir().await?;
        }
        Ok(entered)
    }

    /// Changes to a directory temporarily, and returns whether that succeeded.
    ///
    /// [`restore_working_dir`](Self::restore_working_dir) changes back. If this future is dropped, the next operation does.
    pub(crate) async fn visit(&mut self, path: &RemotePath) -> Result<bool> {
        let mut attempts = self.reconnects();
        loop {
            match Box::pin(self.visit_once(path)).await {
                Err(error) if Box::pin(self.recover(&error, &mut attempts)).await => {}
                visited => return visited,
            }
        }
    }

    async fn visit_once(&mut self, path: &RemotePath) -> Result<bool> {
        if self.uses_bare_names() {
            self.end_renaming().await?;
        } else {
            self.restore_working_dir().await?;
            self.query_working_dir().await?;
        }
        accepted(self.enter_as(path, self.entry_steps(path)).await)
    }

    /// Changes to a directory temporarily like [`visit`](Self::visit), by one `CWD` or else by one for each name of the
    /// path.
    pub(crate) async fn enter(&mut self, path: &RemotePath) -> Result<Entering> {
        if self.uses_bare_names() {
            self.end_renaming().await?;
        } else {
            self.restore_working_dir().await?;
            self.query_working_dir().await?;
        }
        if !self.can_return() && self.path_style().is_absolute(path) {
            // No command could change back to the working directory.
            return Ok(Entering::Unavailable);
        }
        let whole = self.entry_steps(path);
        let names = single_names(path, &whole);
        let may_be_deep = self.capabilities.deep_paths.is_none() && names.len() > whole.len();
        let refused = match self.enter_as(path, whole).await {
            Ok(()) => {
                if may_be_deep {
                    self.capabilities.deep_paths = Some(true);
                }
                return Ok(Entering::Inside);
            }
            Err(Error::StatusCode(refused)) if is_about_path(&refused) => refused,
            Err(error) => return Err(error),
        };
        if classify::is_unknown_command(&refused.info) {
            return Ok(Entering::Unavailable);
        }
        let refused = Error::StatusCode(refused);
        if self.may_try_from_root(path, &refused) && self.enter_from_root(path).await? {
            return Ok(Entering::Inside);
        }
        let Error::StatusCode(refused) = refused else { return Ok(Entering::Unavailable) };
        if !may_be_deep || !accepted(self.enter_steps(&names).await)? {
            return Ok(Entering::Refused(refused));
        }
        self.capabilities.deep_paths = Some(false);
        Ok(Entering::Inside)
    }

    /// Enters a directory that was refused, with a slash at its end. If that works, it is done for each directory from then
    /// on.
    pub(crate) async fn enter_with_slash(&mut self, path: &RemotePath) -> Result<Entering> {
        self.capabilities.final_slash = Some(true);
        let entering = self.enter(path).await;
        if !matches!(entering, Ok(Entering::Inside)) {
            self.capabilities.final_slash = Some(false);
        }
        entering
    }

    /// Returns whether it is worth trying to enter a directory with a slash at its end: none was entered without one.
    pub(crate) fn may_want_slash(&self, path: &RemotePath) -> bool {
        self.capabilities.final_slash.is_none() && self.with_final_slash(path).is_some()
    }

    /// Changes back to the caller's working directory, if a query has left it, and ends a pending rename.
    pub(crate) async fn restore_working_dir(&mut self) -> Result<()> {
        self.end_renaming().await?;
        let Some(entered) = &mut self.state.entered_dirs else { return Ok(()) };
        if let Some(home) = &entered.home {
            let command = Command::with_path("CWD", home, self.config.encoding)?;
            let was_uncertain = std::mem::replace(&mut entered.is_uncertain, true);
            let Err(error) = self.control.run(Exchange::new(command, &["2xx"])).await else {
                self.state.entered_dirs = None;
                return Ok(());
            };
            entered.is_uncertain = was_uncertain;
            if !refuses_path(&error) {
                return Err(error);
            }
            // `PWD` shows a path of another kind, or a path above the root of this login.
            self.capabilities.hides_home = true;
        }
        Box::pin(self.restore_by_cdup()).await
    }

    /// Prepares the session for a command with this path: enters its directory where the server wants bare names,
    /// otherwise goes to the caller's working directory. Returns the argument of the command.
    pub(crate) async fn reach(&mut self, path: &RemotePath, spelling: Spelling) -> Result<RemotePath> {
        self.end_renaming().await?;
        self.select_ifs_paths(path).await?;
        if spelling == Spelling::Bare && self.state.entered_dirs.is_none() {
            // The reply to `PWD` may show how paths are split.
            self.known_working_dir().await?;
        }
        let style = self.path_style();
        if spelling != Spelling::Bare && !self.uses_bare_names() {
            if !(path.is_absolute() && self.has_no_way_back()) {
                self.restore_working_dir().await?;
            }
            let absolute_path =
                spelling == Spelling::Absolute || self.capabilities.absolute_paths == Some(true);
            return match absolute_path {
                true => Ok(self.absolute_path(path).await?.unwrap_or_else(|| path.clone())),
                false => Ok(path.clone()),
            };
        }
        let route = style.route(path);
        if !route.directories.is_empty() {
            self.enter_as(path, route.directories).await?;
        } else if !style.is_absolute(&route.name) {
            self.restore_working_dir().await?;
        }
        Ok(route.name)
    }

    /// Returns whether commands are sent with bare names, after `CWD` into the directory.
    pub(crate) fn uses_bare_names(&self) -> bool {
        self.capabilities.bare_names || !self.path_style().takes_paths()
    }

    /// Returns whether the server may ignore the directory in the path of `STOR`, and store the file in its working directory.
    /// Not on servers that are known by their greeting.
    pub(crate) fn may_ignore_directories(&self, path: &RemotePath) -> bool {
        !self.capabilities.needs_path
            && !self.uses_bare_names()
            && self.server_kind() == ServerKind::Other
            && !self.path_style().route(path).directories.is_empty()
    }

    /// Like [`may_ignore_directories`](Self::may_ignore_directories), and no upload was found in the directory of its
    /// path yet.
    pub(crate) fn is_unproven_directory(&self, path: &RemotePath) -> bool {
        !self.capabilities.stores_by_path && self.may_ignore_directories(path)
    }

    /// Records that an upload was found in the directory of its path.
    pub(crate) fn note_stored_in_directory(&mut self, path: &RemotePath) {
        self.capabilities.stores_by_path |= self.may_ignore_directories(path);
    }

    /// Sends bare names from now on, after `CWD` into their directories; or paths again, because that did not help.
    pub(crate) fn use_bare_names(&mut self, use_bare: bool) {
        self.capabilities.bare_names = use_bare;
        self.capabilities.needs_path |= !use_bare;
    }

    /// Returns whether it is worth trying to enter the directory of a refused path. Each server is tried once for
    /// each use, and not if a path with directories has worked. A server with `MLSD` or `MLST` takes paths; at most
    /// it refuses to write to absolute ones.
    pub(crate) fn may_try_bare_name(&self, usage: PathUse, path: &RemotePath, error: &Error) -> bool {
        let Error::StatusCode(refused) = error else { return false };
        let is_about_path = matches!(refused.info.code().get(), 501 | 504 | 550 | 551 | 553)
            && !(usage == PathUse::Read && is_restart_refused(refused))
            && !classify::is_file_busy(&refused.info)
            && classify::presence(&refused.info) != classify::Presence::Present;
        let is_modern = self.listing_capabilities().mlsd.works || self.capabilities.mlst_works;
        is_about_path
            && !(is_modern && (usage == PathUse::Read || !path.is_absolute()))
            && !self.uses_bare_names()
            && !self.capabilities.paths_are_settled(usage)
            && self.server_kind() == ServerKind::Other
            && !self.path_style().route(path).directories.is_empty()
    }

    /// Returns whether the server is known to refuse relative paths.
    pub(crate) fn wants_paths_from_root(&self) -> bool {
        self.capabilities.absolute_paths == Some(true)
    }

    /// Returns a relative path as one from the root; `None` if it is absolute, or the working directory is not known.
    pub(crate) fn absolute_path<'a>(
        &'a mut self,
        path: &'a RemotePath,
    ) -> BoxFuture<'a, Result<Option<RemotePath>>> {
        Box::pin(async move {
            if path.is_empty() || path.is_absolute() {
                return Ok(None);
            }
            let home = self.known_working_dir().await?.filter(RemotePath::is_absolute);
            Ok(home.filter(|_| self.path_style().takes_paths()).map(|home| home.join_path(path)))
        })
    }

    /// Enters a directory by its path from the root after its relative path was refused. Returns whether that succeeded.
    fn enter_from_root<'a>(&'a mut self, path: &'a RemotePath) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            let Some(absolute_path) = self.absolute_path(path).await? else { return Ok(false) };
            let entered = self.enter_steps(&[absolute_path]).await;
            self.note_from_root(&entered);
            accepted(entered)
        })
    }

    /// Learns the path style from the working directory before a path from the root is tried; returns whether the server
    /// wants bare names.
    pub(super) async fn learns_bare_names(&mut self) -> Result<bool> {
        self.known_working_dir().await?;
        Ok(self.uses_bare_names())
    }

    /// Returns whether it is worth trying a refused relative path as one from the root. It is not once a relative
    /// path or one from the root has worked, or after some attempts, unless the reply names the reason.
    pub(crate) fn may_try_from_root(&self, path: &RemotePath, error: &Error) -> bool {
        let Error::StatusCode(refused) = error else { return false };
        classify::wants_absolute_path(&refused.info)
            && (self.has_absolute_attempts() || classify::demands_absolute_path(&refused.info))
            && self.is_unsettled_relative(path)
    }

    /// Returns whether the text of a refusal demands a path from the root.
    pub(crate) fn must_try_from_root(&self, path: &RemotePath, error: &Error) -> bool {
        matches!(error, Error::StatusCode(refused) if classify::demands_absolute_path(&refused.info))
            && self.is_unsettled_relative(path)
    }

    /// Returns whether it is worth trying a relative path that the server reports as missing as one from the root,
    /// like [`may_try_from_root`](Self::may_try_from_root).
    pub(super) fn may_try_missing_from_root(&self, path: &RemotePath, error: &Error) -> bool {
        let Error::StatusCode(refused) = error else { return false };
        classify::presence(&refused.info) == classify::Presence::Missing
            && self.has_absolute_attempts()
            && self.is_unsettled_relative(path)
    }

    /// Returns whether it is worth trying a name in the working directory as a path from the root after it was
    /// refused for writing. The refusal must give no other reason. It cannot mean that the file is missing: the
    /// server does not look for it there.
    pub(crate) fn may_try_written_from_root(&self, path: &RemotePath, error: &Error) -> bool {
        let Error::StatusCode(refused) = error else { return false };
        let presence = classify::presence(&refused.info);
        let is_unexplained = matches!(refused.info.code().get(), 550 | 553)
            && presence == classify::Presence::Unknown
            && !classify::says_permission(&refused.info);
        // Missing directories may have used up the other attempts.
        (is_unexplained || presence == classify::Presence::Missing)
            && self.capabilities.absolute_attempts < 2 * MAX_ABSOLUTE_ATTEMPTS
            && self.is_unsettled_relative(path)
    }

    /// Returns whether it is worth trying a relative path that was refused as one from the root, also because it is said
    /// to be missing, if the working directory is known. If that is the root, it may be another root than the one of
    /// such paths.
    pub(crate) fn may_be_from_root(&self, path: &RemotePath, error: &Error) -> bool {
        let home = self.state.working_dir.as_ref().and_then(Option::as_ref);
        let is_below_root = || home.is_some_and(|home| home.as_bytes() != b"/");
        self.may_try_from_root(path, error) || is_below_root() && self.may_try_missing_from_root(path, error)
    }

    /// Returns whether it is worth trying a relative path that was refused for this use as one from the root: some servers take
    /// only those in some commands, although `CWD` and listings take relative ones.
    pub(super) fn may_need_root(&self, usage: PathUse, path: &RemotePath, error: &Error) -> bool {
        let Error::StatusCode(refused) = error else { return false };
        let is_about_path = classify::presence(&refused.info) == classify::Presence::Missing
            || classify::is_unexplained(&refused.info)
            || classify::wants_absolute_path(&refused.info);
        is_about_path
            && self.capabilities.may_be_from_root(usage)
            && !path.is_absolute()
            && path.names_entry()
            && !self.uses_bare_names()
            && self.server_kind() == ServerKind::Other
    }

    /// Returns whether a relative path is known not to be in the root.
    pub(super) fn is_below_root(&self, path: &RemotePath) -> bool {
        let home = self.state.working_dir.as_ref().and_then(Option::as_ref);
        !path.is_absolute() && home.is_some_and(|home| home.is_absolute() && home.as_bytes() != b"/")
    }

    /// Records whether a relative path that was refused for this use has worked from the root.
    pub(super) fn note_use_from_root(&mut self, usage: PathUse, works: bool) {
        match works {
            true => self.capabilities.set_from_root(usage, true),
            false => self.capabilities.absolute_use_attempts += 1,
        }
    }

    /// Records that a path has worked for this use, so that it need not begin at the root.
    pub(super) fn note_relative_use(&mut self, usage: PathUse, path: &RemotePath) {
        if !path.is_absolute() && self.capabilities.may_be_from_root(usage) {
            self.capabilities.set_from_root(usage, false);
        }
    }

    fn has_absolute_attempts(&self) -> bool {
        self.capabilities.absolute_attempts < MAX_ABSOLUTE_ATTEMPTS
    }

    /// Returns whether a path is relative, and it is not known whether the server takes such paths.
    fn is_unsettled_relative(&self, path: &RemotePath) -> bool {
        self.capabilities.absolute_paths.is_none()
            && !is_here(path)
            && !path.is_absolute()
            && path.names_entry()
            && !self.uses_bare_names()
            && self.server_kind() == ServerKind::Other
    }

    /// Records whether a refused relative path has worked from the root.
    pub(crate) fn note_from_root<T>(&mut self, tried: &Result<T>) {
        self.capabilities.absolute_attempts += 1;
        if tried.is_ok() {
            self.capabilities.absolute_paths = Some(true);
        }
    }

    /// Records that the server takes relative paths, if this one is.
    fn note_relative(&mut self, path: &RemotePath) {
        if !path.is_absolute() && !is_here(path) && path.as_bytes() != b".." {
            self.capabilities.absolute_paths.get_or_insert(false);
        }
    }

    /// Records the result of a command that was sent with a whole path, and needs no further attempt.
    pub(crate) fn note_path_works(&mut self, usage: PathUse, path: &RemotePath) {
        self.note_relative(path);
        if !self.uses_bare_names() && !self.path_style().route(path).directories.is_empty() {
            self.capabilities.settle_paths(usage);
        }
    }

    /// Enters `steps`; if a path from the root is refused as a whole, enters one name after the other.
    async fn enter_as(&mut self, path: &RemotePath, steps: Vec<RemotePath>) -> Result<()> {
        self.select_ifs_paths(path).await?;
        let by_name = self.uses_bare_names() || self.capabilities.deep_paths == Some(false);
        let whole = steps.first().filter(|first| first.is_absolute() && by_name).cloned();
        let steps = match (&*steps, self.capabilities.absolute_paths) {
            ([step], Some(true)) => {
                vec![self.absolute_path(step).await?.unwrap_or_else(|| step.clone())]
            }
            _ => steps,
        };
        let Err(error) = self.enter_steps(&steps).await else {
            if let [step] = &*steps {
                self.note_relative(step);
            }
            return Ok(());
        };
        if let [step] = &*steps
            && self.state.entered_dirs.is_none()
            && self.may_be_from_root(step, &error)
            && self.enter_from_root(step).await?
        {
            return Ok(());
        }
        let Some(whole) = whole.filter(|_| refuses_path(&error)) else { return Err(error) };
        let mut names = single_names(&whole, std::slice::from_ref(&whole));
        if names.len() < 2 {
            return Err(error);
        }
        names.extend(steps.into_iter().skip(1));
        self.enter_steps(&names).await.map_err(|_| error)
    }

    /// Returns the directories to enter to get into a directory.
    fn entry_steps(&self, path: &RemotePath) -> Vec<RemotePath> {
        let style = self.path_style();
        // Without a way back by `CWD`, each name is undone by one `CDUP`.
        let one_by_one = self.capabilities.deep_paths == Some(false) || !self.can_return();
        match self.uses_bare_names() || one_by_one {
            _ if is_here(path) => Vec::new(),
            true => style.route_into(path),
            false => vec![path.clone()],
        }
    }

    /// Enters directories one after the other. Sends nothing for those that the session is in already.
    async fn enter_steps(&mut self, steps: &[RemotePath]) -> Result<()> {
        let is_absolute = steps.first().is_some_and(|first| self.path_style().is_absolute(first));
        let known = match &self.state.entered_dirs {
            Some(entered) if !entered.is_uncertain && steps.starts_with(&entered.steps) => {
                entered.steps.len()
            }
            Some(_) if is_absolute => 0,
            _ => {
                self.restore_working_dir().await?;
                0
            }
        };
        for step in steps.get(known..).unwrap_or_default() {
            if self.state.entered_dirs.is_none() {
                let home = self.known_working_dir().await?;
                let home = home.filter(|home| self.path_style().can_reenter(home));
                self.state.entered_dirs =
                    Some(EnteredDirectories { home, steps: Vec::new(), is_uncertain: false });
            }
            self.enter_one(step).await?;
        }
        Ok(())
    }

    /// Enters one directory, by the first argument that the server accepts.
    async fn enter_one(&mut self, step: &RemotePath) -> Result<()> {
        let style = self.path_style();
        let mut first_refusal = None;
        let with_slash = self.with_final_slash(step);
        let mut arguments = style.directory_arguments(step);
        if self.capabilities.final_slash == Some(true) {
            arguments.splice(..0, with_slash.clone()).for_each(drop);
        }
        for argument in arguments {
            let has_slash = with_slash.as_ref() == Some(&argument);
            let command = Command::with_path("CWD", &argument, self.config.encoding)?;
            let Some(entered) = &mut self.state.entered_dirs else { break };
            entered.is_uncertain = true;
            match self.control.run(Exchange::new(command, &["2xx"])).await {
                Ok(_) => {
                    if style.is_absolute(step) {
                        entered.steps.clear();
                    }
                    entered.steps.push(step.clone());
                    entered.is_uncertain = false;
                    if with_slash.is_some() {
                        self.capabilities.final_slash = Some(has_slash);
                    }
                    return Ok(());
                }
                Err(error) if refuses_path(&error) => {
                    entered.is_uncertain = false;
                    self.capabilities.lacks_cwd |= error.reply().is_some_and(classify::is_unknown_command);
                    if has_slash && self.capabilities.final_slash.is_none() {
                        // Only a server that wants a slash sees that the directory is missing.
                        let is_missing = error.reply().is_some_and(classify::is_not_found);
                        self.capabilities.final_slash = Some(is_missing);
                    }
                    first_refusal.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        if self.state.entered_dirs.as_ref().is_some_and(|entered| entered.steps.is_empty()) {
            self.state.entered_dirs = None;
        }
        Err(first_refusal.unwrap_or(Error::Unsupported { what: "directory of this name" }))
    }

    /// Returns a directory with a slash at its end, if some servers may want one there.
    pub(super) fn with_final_slash(&self, step: &RemotePath) -> Option<RemotePath> {
        let may_want = self.server_kind() == ServerKind::Other
            && self.path_style().takes_paths()
            && step.names_entry()
            && !step.as_bytes().ends_with(b"/");
        step.as_str().filter(|_| may_want).map(|step| RemotePath::from(format!("{step}/")))
    }

    /// Returns whether `CWD` leads to the caller's working directory, as far as `PWD` was asked.
    fn can_return(&self) -> bool {
        let style = self.path_style();
        match &self.state.working_dir {
            Some(home) => home.as_ref().is_some_and(|home| style.can_reenter(home)),
            None => true,
        }
    }

    /// Returns whether the session is in a directory from which nothing leads back.
    fn has_no_way_back(&self) -> bool {
        self.state.entered_dirs.as_ref().is_some_and(|entered| entered.home.is_none()) && !self.can_climb()
    }

    /// Returns whether `CDUP` leads back to the caller's working directory.
    fn can_climb(&self) -> bool {
        let style = self.path_style();
        self.state.entered_dirs.as_ref().is_some_and(|entered| {
            !entered.is_uncertain && entered.steps.iter().all(|step| is_one_level(style, step))
        })
    }

    /// Changes back by `CDUP`, once for each directory that was entered.
    async fn restore_by_cdup(&mut self) -> Result<()> {
        if !self.can_climb() {
            return self.start_again(NO_WAY_BACK).await;
        }
        while let Some(entered) = self.state.entered_dirs.as_mut().filter(|entered| !entered.steps.is_empty())
        {
            entered.is_uncertain = true;
            let up = self.control.run(Exchange::new(Command::new("CDUP"), &["2xx"])).await;
            if let Err(error) = up {
                if !refuses_path(&error) {
                    return Err(error);
                }
                let up = Command::with_path("CWD", &"..".into(), self.config.encoding)?;
                if let Err(error) = self.control.run(Exchange::new(up, &["2xx"])).await {
                    return self.start_again(error).await;
                }
            }
            if let Some(entered) = &mut self.state.entered_dirs {
                entered.steps.pop();
                entered.is_uncertain = false;
            }
        }
        self.state.entered_dirs = None;
        Ok(())
    }

    /// Opens the session again, in the caller's working directory, because nothing else leads there. Returns `error` if
    /// that is not possible, and a transient error if it may be possible later.
    async fn start_again(&mut self, error: Error) -> Result<()> {
        self.control.close();
        match self.reconnect().await {
            Err(lost) if lost.is_transient() => Err(lost),
            reconnected => reconnected.map_err(|_| error),
        }
    }

    /// Returns the caller's working directory; `None` if the server does not report it.
    pub(super) async fn known_working_dir(&mut self) -> Result<Option<RemotePath>> {
        if self.capabilities.hides_home {
            self.state.working_dir = Some(None);
        }
        match &self.state.working_dir {
            Some(known) => Ok(known.clone()),
            None => self.query_working_dir().await,
        }
    }

    /// Asks for the working directory (`PWD`) in the caller's working directory.
    async fn query_working_dir(&mut self) -> Result<Option<RemotePath>> {
        let directory = match self.capabilities.hides_home {
            true => None,
            false => self.query_dir().await?,
        };
        self.state.working_dir = Some(directory.clone());
        Ok(directory)
    }

    /// Asks for the directory that the session is in (`PWD`). Returns `None` if the server refuses, or its reply
    /// contains no path.
    async fn query_dir(&mut self) -> Result<Option<RemotePath>> {
        let commands = self.capabilities.commands.clone();
        if commands.avoids(OptionalCommand::PWD) {
            return Ok(None);
        }
        let reply = match self.exchange(Command::new("PWD"), &["2xx"]).await {
            Ok(reply) => reply,
            Err(error) if refuses_path(&error) => {
                // Some servers end the session after it.
                if error.code().is_some_and(Code::is_unsupported) {
                    commands.avoid(OptionalCommand::PWD);
                }
                return Ok(None);
            }
            Err(error) if error.is_connection_lost() || error.is_timeout() => {
                let is_avoided = commands.lost(OptionalCommand::PWD) && self.state.entered_dirs.is_none();
                return if is_avoided && self.reopen().await.is_ok() { Ok(None) } else { Err(error) };
            }
            Err(error) => return Err(error),
        };
        commands.answered(OptionalCommand::PWD);
        let directory = reply.directory(self.config.encoding).filter(|directory| !directory.is_empty());
        if let Some(directory) = &directory {
            self.learn_style(directory);
            if self.path_style() == PathStyle::RelativeOnly && self.capabilities.system.is_none() {
                self.query_system().await?;
                self.learn_style(directory);
            }
        }
        Ok(directory)
    }

    /// Learns the path style from a reply to `PWD`.
    pub(super) fn learn_style(&mut self, directory: &RemotePath) {
        if !directory.is_empty() && !self.state.ifs_paths {
            self.capabilities.path_style = self.style_of(directory).or(self.capabilities.path_style);
        }
    }

    fn style_of(&self, directory: &RemotePath) -> Option<PathStyle> {
        let greeting = self.greeting.text();
        let system = self.capabilities.system.as_deref();
        PathStyleHints { greeting: &greeting, system, directory: Some(directory) }.style()
    }

    /// Makes IBM i accept paths of its integrated file system, once, before the first such path (`SITE NAMEFMT 1`).
    async fn select_ifs_paths(&mut self, path: &RemotePath) -> Result<()> {
        if self.path_style() != PathStyle::Os400 || !path.is_absolute() || self.state.ifs_paths {
            return Ok(());
        }
        self.restore_working_dir().await?;
        self.state.ifs_paths = true;
        // The spelling of the working directory changes from now on.
        self.state.working_dir = None;
        let command = Command::with_argument("SITE", "NAMEFMT 1")?;
        match self.control.run(Exchange::new(command, &["2xx"])).await {
            Err(error) if !refuses_path(&error) => Err(error),
            _ => Ok(()),
        }
    }

    /// Ends a rename whose future was dropped between its commands. ProFTPD refuses all other commands
    /// until then.
    pub(super) async fn end_renaming(&mut self) -> Result<()> {
        let Some(from) = &self.state.pending_rename else { return Ok(()) };
        // Renaming to the same name changes nothing. A server without a pending rename refuses the command.
        let command = Command::with_path("RNTO", from, self.config.encoding)?;
        self.control.run(Exchange::new(command, &["2xx", "4xx", "5xx"])).await?;
        self.state.pending_rename = None;
        Ok(())
    }
}

/// Outcome of [`Client::enter`].
#[derive(Debug)]
pub(crate) enum Entering {
    /// The session is in the directory.
    Inside,
    /// The server refuses to enter it.
    Refused(StatusCodeError),
    /// The server has no usable working directories.
    Unavailable,
}

/// Returns whether an error is about the path, and not about the session.
pub(super) fn refuses_path(error: &Error) -> bool {
    matches!(error, Error::StatusCode(error) if is_about_path(error))
}

fn is_about_path(error: &StatusCodeError) -> bool {
    matches!(error.info.code().class(), 4 | 5)
        && !matches!(error.info.code(), Code::SERVICE_CLOSING | Code::NOT_LOGGED_IN)
}

/// Returns whether a directory may have been refused because its path has no slash at its end: the refusal says that it is
/// no directory, or states no reason.
pub(crate) fn may_be_about_slash(refused: &Reply) -> bool {
    classify::is_unexplained(refused) || classify::says_not_directory(refused)
}

fn accepted(entered: Result<()>) -> Result<bool> {
    match entered {
        Ok(()) => Ok(true),
        Err(error) if refuses_path(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Returns whether a relative path names an entry of the working directory.
pub(super) fn is_single_name(path: &RemotePath) -> bool {
    path.names_entry() && !path.as_bytes().contains(&b'/')
}

/// Returns whether a path is the working directory.
fn is_here(path: &RemotePath) -> bool {
    path.is_empty() || path.as_bytes() == b"."
}

/// Returns whether a step is one name, so that `CDUP` undoes it.
fn is_one_level(style: PathStyle, step: &RemotePath) -> bool {
    !style.is_absolute(step) && !step.as_bytes().contains(&b'/') && !matches!(step.as_bytes(), b"." | b"..")
}

/// Returns the root and the names of a path with slashes, one by one; otherwise `steps`.
fn single_names(path: &RemotePath, steps: &[RemotePath]) -> Vec<RemotePath> {
    let [step] = steps else { return steps.to_vec() };
    if step != path || !path.as_bytes().contains(&b'/') {
        return steps.to_vec();
    }
    let mut names = Vec::new();
    let mut rest = path.clone();
    while let Some(name) = rest.file_name() {
        names.push(name.into());
        rest = rest.parent().unwrap_or_default();
    }
    if !rest.is_empty() {
        names.push(rest);
    }
    names.reverse();
    names
}

/// Maximum number of relative paths that are tried from the root after a refusal, while none has worked either way.
/// Most of them do not exist.
const MAX_ABSOLUTE_ATTEMPTS: u8 = 3;

const NO_WAY_BACK: Error = Error::Unsupported { what: "way back to the working directory" };

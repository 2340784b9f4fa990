//! Metadata of one remote path: type, size, modification time.

use oxftp_proto::{Code, Entry, EntryKind, RemotePath, Reply, Timestamp, TransferType, classify, listing};

use super::{Client, FollowUp};
use crate::{Error, ListCommand, Result};

impl Client {
    /// Returns the entry of a path (`MLST`; RFC 3659, 7), from the listing of its parent if the server does
    /// not support that command.
    ///
    /// The fallback reads a whole listing. The root and the working directory have no parent to list; for
    /// them the entry only says that they are directories.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let entry = client.metadata("pub/image.iso").await?;
    /// println!("{:?} bytes, of {:?}", entry.size, entry.modified);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] with code 550, or [`Error::NotFound`] from the fallback, if the path does not
    /// exist ([`is_not_found`](Error::is_not_found)).
    pub async fn metadata(&mut self, path: impl Into<RemotePath>) -> Result<Entry> {
        let path = path.into();
        match self.stat_by_mlst(&path).await? {
            Some(entry) => Ok(entry),
            None => self.stat_by_listing(&path, FollowUp::Nothing).await,
        }
    }

    /// Returns whether a path exists (see [`metadata`](Self::metadata)).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// if !client.try_exists("upload.done").await? {
    ///     println!("not yet");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`metadata`](Self::metadata), except for a path that does not exist.
    pub async fn try_exists(&mut self, path: impl Into<RemotePath>) -> Result<bool> {
        match self.metadata(path).await {
            Ok(_) => Ok(true),
            Err(error) if is_missing(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Returns whether a path is a file (see [`metadata`](Self::metadata)).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// assert!(client.is_file("pub/readme.txt").await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`metadata`](Self::metadata), including for a path that does not exist.
    pub async fn is_file(&mut self, path: impl Into<RemotePath>) -> Result<bool> {
        Ok(self.metadata(path).await?.is_file())
    }

    /// Returns whether a path is a directory (see [`metadata`](Self::metadata)).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let target = if client.is_dir("www").await? { "www/index.html" } else { "index.html" };
    /// client.upload("index.html").to(target).write_into(true).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`metadata`](Self::metadata), including for a path that does not exist.
    pub async fn is_dir(&mut self, path: impl Into<RemotePath>) -> Result<bool> {
        Ok(self.metadata(path).await?.is_dir())
    }

    /// Returns the kind of a symbolic link's target, which listings do not show: a directory can be entered
    /// (`CWD`), a file has a size or a time (`SIZE`, `MDTM`).
    ///
    /// Returns [`EntryKind::Unknown`] for anything else, such as a dangling link.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// if client.resolve_link("current").await? == oxftp::EntryKind::Directory {
    ///     client.change_dir("current").await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the control connection.
    pub async fn resolve_link(&mut self, path: impl Into<RemotePath>) -> Result<EntryKind> {
        let path = path.into();
        if self.is_directory_by_entering(&path).await? {
            return Ok(EntryKind::Directory);
        }
        let refused = |error| match error {
            Error::StatusCode(_) | Error::Unanswered { .. } => Ok(false),
            error => Err(error),
        };
        let is_file = self.size(&path).await.map(|_| true).or_else(refused)?
            || self.modified(&path).await.map(|_| true).or_else(refused)?;
        Ok(if is_file { EntryKind::File } else { EntryKind::Unknown })
    }

    /// Returns the size of a file in bytes (`SIZE`, in binary; RFC 3659, 4).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// println!("{} bytes", client.size("image.iso").await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the server does not report it; [`Error::UnusableReply`] if the reply is not
    /// a number.
    pub async fn size(&mut self, path: impl Into<RemotePath>) -> Result<u64> {
        self.set_type(TransferType::Image).await?;
        let reply = self.path_command("SIZE", &path.into(), &["2xx"]).await?;
        parse_size(&reply).ok_or(Error::UnusableReply { command: "SIZE", reply })
    }

    /// Returns the modification time of a file in UTC (`MDTM`; RFC 3659, 3).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let modified = client.modified("image.iso").await?;
    /// println!("{modified}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] if the server does not report it; [`Error::UnusableReply`] if the reply is not
    /// a time.
    pub async fn modified(&mut self, path: impl Into<RemotePath>) -> Result<Timestamp> {
        let reply = self.path_command("MDTM", &path.into(), &["2xx"]).await?;
        Timestamp::parse_mlsx(reply.last_line().trim_ascii())
            .map_err(|_| Error::UnusableReply { command: "MDTM", reply })
    }

    /// Returns the size of a file; `None` if the server does not report it. Does not ask a server without
    /// `SIZE` again.
    pub(crate) async fn size_if_told(&mut self, path: &RemotePath) -> Result<Option<u64>> {
        if self.capabilities.no_size {
            return Ok(None);
        }
        match self.size(path).await {
            Ok(size) => Ok(Some(size)),
            Err(error) if error.is_connection_lost() || error.is_timeout() => Err(error),
            Err(error) => {
                self.capabilities.no_size = error.code().is_some_and(Code::is_unsupported);
                Ok(None)
            }
        }
    }

    /// Returns the modification time of a file; `None` if the server does not report it. Does not ask a
    /// server without `MDTM` again.
    pub(crate) async fn modified_if_told(&mut self, path: &RemotePath) -> Option<Timestamp> {
        if self.capabilities.no_mdtm {
            return None;
        }
        let told = self.modified(path).await;
        self.capabilities.no_mdtm |=
            told.as_ref().is_err_and(|error| error.code().is_some_and(Code::is_unsupported));
        told.ok()
    }

    /// Returns the modification time of a file; `None` if the server refuses to report it. Does not ask a server
    /// without `MDTM` again.
    pub(crate) async fn try_modified(&mut self, path: &RemotePath) -> Result<Option<Timestamp>> {
        if self.capabilities.no_mdtm {
            return Ok(None);
        }
        match self.modified(path).await {
            Ok(time) => Ok(Some(time)),
            Err(Error::Unanswered { .. }) => Ok(None),
            Err(error @ (Error::StatusCode(_) | Error::UnusableReply { .. })) if !self.is_broken() => {
                self.capabilities.no_mdtm = error.code().is_some_and(Code::is_unsupported);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Returns whether the server may report modification times by `MDTM`.
    pub(crate) fn may_report_times(&self) -> bool {
        !self.capabilities.no_mdtm
    }

    /// Sets the representation type, unless it is set already (`TYPE`; RFC 959, 4.1.2).
    pub(crate) async fn set_type(&mut self, wanted: TransferType) -> Result<()> {
        if self.state.transfer_type == Some(wanted) {
            return Ok(());
        }
        self.state.transfer_type = None;
        self.exchange(wanted.command(), &["2xx"]).await?;
        self.state.transfer_type = Some(wanted);
        Ok(())
    }

    /// Returns the entry of a path by `MLST`; `None` if the server does not support it.
    pub(crate) async fn stat_by_mlst(&mut self, path: &RemotePath) -> Result<Option<Entry>> {
        let by_listing = self.config.list_command.is_some_and(|command| command != ListCommand::Mlsd);
        if self.capabilities.no_mlst || by_listing {
            return Ok(None);
        }
        match self.path_command("MLST", path, &["2xx"]).await {
            Ok(reply) => self.read_mlst(reply).map(Some),
            Err(error) if error.code().is_some_and(Code::is_unsupported) => {
                self.capabilities.no_mlst |= is_unknown_command(&error);
                Ok(None)
            }
            Err(Error::Unanswered { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn read_mlst(&self, reply: Reply) -> Result<Entry> {
        // The facts are on the second line. Some servers send a single line.
        let line = reply.lines().nth(1).filter(|_| reply.lines().len() > 2).unwrap_or(reply.last_line());
        match listing::parse_mlst_line(line, self.limits()) {
            Ok(entry) => Ok(entry),
            Err(_) => Err(Error::UnusableReply { command: "MLST", reply }),
        }
    }

    /// Returns the entry of a path from the listing of its parent.
    pub(crate) async fn stat_by_listing(&mut self, path: &RemotePath, follow_up: FollowUp) -> Result<Entry> {
        let Some(name) = path.file_name() else {
            return match self.is_directory_by_entering(&or_here(path)).await? {
                true => {
                    let mut entry = Entry::new(path.as_bytes());
                    entry.kind = EntryKind::Directory;
                    Ok(entry)
                }
                false => Err(not_found(path)),
            };
        };
        let name = RemotePath::from(name);
        let Some(name) = name.to_wire(self.config.encoding) else { return Err(not_found(path)) };
        let parent = path.parent().unwrap_or_default();
        let mut entries = self.list(parent).followed_by(follow_up).stream();
        let mut found = None;
        while let Some(listed) = entries.next().await {
            let listed = listed?;
            if listed.entry().name() == &*name {
                found = Some(listed.into_entry());
            }
        }
        found.ok_or_else(|| not_found(path))
    }

    /// Returns the entry of a path to be downloaded, as [`metadata`](Self::metadata) does. A path that is missing
    /// from the listing of its parent may still exist: in drop boxes, as a name that begins with a dot, or
    /// in a directory that may not be listed. Its kind may be unknown then, and the transfer shows whether
    /// it exists.
    pub(crate) async fn look_up(
        &mut self,
        path: &RemotePath,
        may_be_directory: bool,
        follow_up: FollowUp,
    ) -> Result<Entry> {
        match self.stat_by_mlst(path).await {
            Ok(Some(entry)) => return Ok(entry),
            // Facts that cannot be parsed count as missing.
            Ok(None) | Err(Error::UnusableReply { .. }) => {}
            Err(error) => return Err(error),
        }
        match self.stat_by_listing(path, follow_up).await {
            Err(error) if leaves_open(&error) && path.file_name().is_some() => {
                self.unlisted(path, may_be_directory).await
            }
            found => found,
        }
    }

    /// Creates an entry from queries about the path itself (`CWD`, `SIZE`).
    async fn unlisted(&mut self, path: &RemotePath, may_be_directory: bool) -> Result<Entry> {
        let mut entry = Entry::new(path.as_bytes());
        entry.kind = EntryKind::Unknown;
        if may_be_directory && self.is_directory_by_entering(path).await? {
            entry.kind = EntryKind::Directory;
        } else if let Some(size) = self.size_if_told(path).await? {
            entry.kind = EntryKind::File;
            entry.size = Some(size);
        }
        Ok(entry)
    }
}

fn or_here(path: &RemotePath) -> RemotePath {
    if path.is_empty() { ".".into() } else { path.clone() }
}

/// Returns whether a path does not exist. Like aioftp, takes any 550 for that.
pub(crate) fn is_missing(error: &Error) -> bool {
    matches!(error, Error::NotFound { .. }) || error.code() == Some(Code::FILE_UNAVAILABLE)
}

/// Returns whether a server does not support a command. `501` is excluded, because it may be about one
/// path.
pub(crate) fn is_unknown_command(error: &Error) -> bool {
    error.reply().is_some_and(classify::is_unknown_command)
}

fn not_found(path: &RemotePath) -> Error {
    Error::NotFound { path: path.to_string() }
}

/// Returns whether a path may exist although this error was returned for it.
fn leaves_open(error: &Error) -> bool {
    let refused = matches!(error, Error::StatusCode(_)) && !error.is_login_refused();
    matches!(error, Error::NotFound { .. }) || refused && !error.is_connection_lost()
}

/// Parses the reply to `SIZE`: digits, and nothing else.
pub(crate) fn parse_size(reply: &Reply) -> Option<u64> {
    let text = std::str::from_utf8(reply.last_line().trim_ascii()).ok()?;
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

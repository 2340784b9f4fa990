//! Questions about one path.

use oxftp_proto::{
    Code, Entry, EntryKind, RemotePath, Reply, Timestamp, TransferType, classify, dialog::Exchange, listing,
};

use super::Client;
use crate::{Error, ListCommand, Result};

impl Client {
    /// Asks what a path is (`MLST`; RFC 3659, 7), from the listing of its parent where the server
    /// does not know that command.
    ///
    /// The fallback costs a whole listing. The root and the working directory have no parent to
    /// look in; of them it tells only that they are directories.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let entry = client.stat("pub/image.iso").await?;
    /// println!("{:?} bytes, of {:?}", entry.size, entry.modified);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] with code 550, or [`Error::NotFound`] by the fallback, when the path is
    /// not there ([`is_not_found`](Error::is_not_found)).
    pub async fn stat(&mut self, path: impl Into<RemotePath>) -> Result<Entry> {
        let path = path.into();
        match self.stat_by_mlst(&path).await? {
            Some(entry) => Ok(entry),
            None => self.stat_by_listing(&path).await,
        }
    }

    /// Tells whether a path is there (see [`stat`](Self::stat)).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// if !client.exists("upload.done").await? {
    ///     println!("not yet");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`stat`](Self::stat), but for a path that is not there.
    pub async fn exists(&mut self, path: impl Into<RemotePath>) -> Result<bool> {
        match self.stat(path).await {
            Ok(_) => Ok(true),
            Err(error) if is_missing(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Tells whether a path is a file (see [`stat`](Self::stat)).
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
    /// Those of [`stat`](Self::stat); a path that is not there is an error.
    pub async fn is_file(&mut self, path: impl Into<RemotePath>) -> Result<bool> {
        Ok(self.stat(path).await?.is_file())
    }

    /// Tells whether a path is a directory (see [`stat`](Self::stat)).
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
    /// Those of [`stat`](Self::stat); a path that is not there is an error.
    pub async fn is_dir(&mut self, path: impl Into<RemotePath>) -> Result<bool> {
        Ok(self.stat(path).await?.is_dir())
    }

    /// Finds out what a symbolic link points at, which listings do not tell: a directory can be
    /// entered (`CWD`), a file has a size or a time (`SIZE`, `MDTM`).
    ///
    /// [`EntryKind::Unknown`] when it is neither, as a link to nothing is.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// if client.resolve_link("current").await? == oxftp::EntryKind::Directory {
    ///     client.change_directory("current").await?;
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
        let refused = |error| if matches!(error, Error::StatusCode(_)) { Ok(false) } else { Err(error) };
        let is_file = self.size(&path).await.map(|_| true).or_else(refused)?
            || self.modified(&path).await.map(|_| true).or_else(refused)?;
        Ok(if is_file { EntryKind::File } else { EntryKind::Unknown })
    }

    /// Asks for the size of a file in bytes (`SIZE`, in binary; RFC 3659, 4).
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
    /// [`Error::StatusCode`] when the server does not tell; [`Error::UnusableReply`] when the
    /// answer is no number.
    pub async fn size(&mut self, path: impl Into<RemotePath>) -> Result<u64> {
        self.set_type(TransferType::Image).await?;
        let reply = self.path_command("SIZE", &path.into(), &["2xx"]).await?;
        parse_size(&reply).ok_or(Error::UnusableReply { command: "SIZE", reply })
    }

    /// Asks when a file was last modified (`MDTM`; RFC 3659, 3). The answer is in UTC.
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
    /// [`Error::StatusCode`] when the server does not tell; [`Error::UnusableReply`] when the
    /// answer is no time.
    pub async fn modified(&mut self, path: impl Into<RemotePath>) -> Result<Timestamp> {
        let reply = self.path_command("MDTM", &path.into(), &["2xx"]).await?;
        Timestamp::parse_mlsx(reply.last_line().trim_ascii())
            .map_err(|_| Error::UnusableReply { command: "MDTM", reply })
    }

    /// Asks for a size where that is known to be of use: `None` when the server does not tell.
    pub(crate) async fn size_if_told(&mut self, path: &RemotePath) -> Result<Option<u64>> {
        if self.known.no_size {
            return Ok(None);
        }
        match self.size(path).await {
            Ok(size) => Ok(Some(size)),
            Err(error) if error.is_connection_lost() || error.is_timeout() => Err(error),
            Err(error) => {
                self.known.no_size = error.code().is_some_and(Code::is_unsupported);
                Ok(None)
            }
        }
    }

    /// Asks for a time where that is known to be of use: `None` when the server does not tell.
    pub(crate) async fn modified_if_told(&mut self, path: &RemotePath) -> Option<Timestamp> {
        if self.known.no_mdtm {
            return None;
        }
        let told = self.modified(path).await;
        self.known.no_mdtm |=
            told.as_ref().is_err_and(|error| error.code().is_some_and(Code::is_unsupported));
        told.ok()
    }

    /// Sets the type of transfers where it is not set already (`TYPE`; RFC 959, 4.1.2).
    pub(crate) async fn set_type(&mut self, wanted: TransferType) -> Result<()> {
        if self.known.transfer_type == Some(wanted) {
            return Ok(());
        }
        self.known.transfer_type = None;
        self.control.run(Exchange::new(wanted.command(), &["2xx"])).await?;
        self.known.transfer_type = Some(wanted);
        Ok(())
    }

    /// Asks by `MLST`; `None` when the server does not know it.
    pub(crate) async fn stat_by_mlst(&mut self, path: &RemotePath) -> Result<Option<Entry>> {
        let by_listing = self.config.list_command.is_some_and(|command| command != ListCommand::Mlsd);
        if self.known.no_mlst || by_listing {
            return Ok(None);
        }
        match self.path_command("MLST", path, &["2xx"]).await {
            Ok(reply) => self.read_mlst(reply).map(Some),
            Err(error) if error.code().is_some_and(Code::is_unsupported) => {
                self.known.no_mlst |= is_unknown_command(&error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn read_mlst(&self, reply: Reply) -> Result<Entry> {
        match listing::parse_mlst_reply(&reply, self.limits()) {
            Ok(entry) => Ok(entry),
            Err(_) => Err(Error::UnusableReply { command: "MLST", reply }),
        }
    }

    pub(super) async fn stat_by_listing(&mut self, path: &RemotePath) -> Result<Entry> {
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
        let mut entries = self.list(parent).stream();
        let mut found = None;
        while let Some(listed) = entries.next().await {
            let listed = listed?;
            if listed.entry().name() == &*name {
                found = Some(listed.into_entry());
            }
        }
        found.ok_or_else(|| not_found(path))
    }
}

fn or_here(path: &RemotePath) -> RemotePath {
    if path.is_empty() { ".".into() } else { path.clone() }
}

/// Tells whether a path is not there as the reference does: any 550.
pub(crate) fn is_missing(error: &Error) -> bool {
    matches!(error, Error::NotFound { .. }) || error.code() == Some(Code::FILE_UNAVAILABLE)
}

/// 501 may be about this one path; the others are about the command.
pub(crate) fn is_unknown_command(error: &Error) -> bool {
    error.reply().is_some_and(classify::is_unknown_command)
}

fn not_found(path: &RemotePath) -> Error {
    Error::NotFound { path: path.to_string() }
}

/// Reads the answer to `SIZE`: digits, and nothing else.
pub(super) fn parse_size(reply: &Reply) -> Option<u64> {
    let text = std::str::from_utf8(reply.last_line().trim_ascii()).ok()?;
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

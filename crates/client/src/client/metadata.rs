//! Metadata of one remote path: type, size, modification time.

use oxftp_proto::{
    Code, Entry, EntryKind, RemotePath, Reply, Timestamp, TransferType,
    classify::{self, Presence},
    listing,
    server::ServerKind,
};

use super::{Client, DotNames, FollowUp};
use crate::{Error, ListCommand, Result, capabilities::ImageType, future::BoxFuture};

impl Client {
    /// Returns the entry of a path (`MLST`; RFC 3659, 7), from the listing of its parent if the server does
    /// not support that command.
    ///
    /// The fallback reads a whole listing. If the parent cannot be listed, or its listing may hide the name, the entry shows
    /// what queries about the path itself reveal (`CWD`, `SIZE`). The root and the working directory have no parent to list; for
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
        match self.stat_by_mlst(&path).await {
            Ok(Some(entry)) => Ok(entry),
            Ok(None) => match Box::pin(self.stat_by_listing(&path, FollowUp::Nothing)).await {
                Err(error) if path.file_name().is_some() && self.may_be_unlisted(&path, &error) => {
                    let entry = self.unlisted(&path, true).await?;
                    self.note_hidden(&path, &entry, &error);
                    if entry.kind == EntryKind::Unknown { Err(error) } else { Ok(entry) }
                }
                found => found,
            },
            Err(error) => self.confirm_by_listing(&path, error).await,
        }
    }

    /// Returns the entry of a path from the listing of its parent, or that it does not exist, if a refusal does not
    /// say whether it exists. Otherwise returns the refusal.
    ///
    /// If `MLST` has not worked on this server yet, the server may refuse it for every path.
    async fn confirm_by_listing(&mut self, path: &RemotePath, refusal: Error) -> Result<Entry> {
        let is_untried = !self.capabilities.mlst_works
            && !self.listing_capabilities().mlsd.works
            && self.server_kind() == ServerKind::Other
            && refusal.code() == Some(Code::FILE_UNAVAILABLE);
        if !is_untried && !leaves_existence_open(&refusal) {
            return Err(refusal);
        }
        let found = Box::pin(self.stat_by_listing(path, FollowUp::Nothing)).await;
        self.capabilities.no_mlst |= is_untried && found.is_ok();
        match found {
            Err(Error::NotFound { path, .. }) => Err(Error::NotFound { path, refusal: Some(refusal.into()) }),
            Err(error) if !error.is_not_found() && !error.is_connection_lost() => Err(refusal),
            found => found,
        }
    }

    /// Returns the entry of a file without a listing: `MLST`, or `SIZE` and `MDTM` on servers without it.
    ///
    /// Differs from [`metadata`](Self::metadata) on servers without `MLST`: two commands instead of a listing of the
    /// parent, which has times to the minute only. That listing is read if the server refuses `SIZE`. The entry may be
    /// that of a directory.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let entry = client.file_metadata("pub/image.iso").await?;
    /// println!("{:?} bytes, of {:?}", entry.size, entry.modified);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`metadata`](Self::metadata).
    pub async fn file_metadata(&mut self, path: impl Into<RemotePath>) -> Result<Entry> {
        let path = path.into();
        match self.stat_by_mlst(&path).await {
            Ok(Some(entry)) => return Ok(entry),
            Ok(None) => {}
            Err(error) => return self.confirm_by_listing(&path, error).await,
        }
        let Some(size) = self.size_if_reported(&path).await? else { return self.metadata(path).await };
        let mut entry = Entry::new(path.as_bytes());
        entry.kind = EntryKind::File;
        entry.size = Some(size);
        entry.modified = self.try_modified(&path).await?;
        Ok(entry)
    }

    /// Returns whether a path exists (see [`metadata`](Self::metadata)). If the reply of the server does not say why it
    /// refused, the listing of the parent decides.
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
    /// The errors of [`metadata`](Self::metadata), except for a path that does not exist. A lack of permission is an error.
    pub async fn try_exists(&mut self, path: impl Into<RemotePath>) -> Result<bool> {
        match self.metadata(path).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
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
    /// The errors of [`metadata`](Self::metadata), including for a path that does not exist.
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
    /// The errors of [`metadata`](Self::metadata), including for a path that does not exist.
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
    /// The errors of the control connection.
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
    pub(crate) async fn size_if_reported(&mut self, path: &RemotePath) -> Result<Option<u64>> {
        Ok(match self.size_answer(path).await? {
            SizeAnswer::Size(size) => Some(size),
            SizeAnswer::Missing | SizeAnswer::Unknown => None,
        })
    }

    /// Like [`size_if_reported`](Self::size_if_reported), and distinguishes a file that may be missing.
    pub(crate) async fn size_answer(&mut self, path: &RemotePath) -> Result<SizeAnswer> {
        if self.capabilities.no_size || self.converts_files() {
            return Ok(SizeAnswer::Unknown);
        }
        match self.size(path).await {
            Ok(size) => Ok(SizeAnswer::Size(size)),
            Err(error) if error.is_connection_lost() || error.is_timeout() => Err(error),
            Err(error) => {
                self.capabilities.no_size = error.code().is_some_and(Code::is_unsupported);
                let is_missing =
                    error.reply().is_some_and(|reply| classify::presence(reply) == Presence::Missing);
                Ok(if is_missing { SizeAnswer::Missing } else { SizeAnswer::Unknown })
            }
        }
    }

    /// Returns the size of a file that the server reports (`SIZE`), if it is another one than the listed size. The server is not
    /// asked if it is known, or has listed the size of another file in bytes: others list sizes in blocks.
    pub(crate) async fn size_unlike_listed(&mut self, path: &RemotePath, listed: u64) -> Result<Option<u64>> {
        let is_known = self.server_kind() != ServerKind::Other || self.listing_capabilities().mlsd.works;
        if is_known || self.capabilities.lists_bytes {
            return Ok(None);
        }
        let size = self.size_if_reported(path).await?;
        // A size that no number of blocks equals.
        self.capabilities.lists_bytes =
            size == Some(listed) && listed > 1 && !listed.is_multiple_of(SMALLEST_BLOCK);
        Ok(size.filter(|size| *size != listed))
    }

    /// Returns the modification time of a file; `None` if the server does not report it. Does not ask a
    /// server without `MDTM` again.
    pub(crate) async fn modified_if_reported(&mut self, path: &RemotePath) -> Option<Timestamp> {
        if self.capabilities.no_mdtm {
            return None;
        }
        let reported = self.modified(path).await;
        self.capabilities.no_mdtm |=
            reported.as_ref().is_err_and(|error| error.code().is_some_and(Code::is_unsupported));
        reported.ok()
    }

    /// Returns the modification time of a file; `None` if the server refuses to report it. Does not ask a server
    /// without `MDTM` again.
    pub(crate) async fn try_modified(&mut self, path: &RemotePath) -> Result<Option<Timestamp>> {
        if self.capabilities.no_mdtm {
            return Ok(None);
        }
        match self.modified(path).await {
            Ok(time) => Ok(Some(time)),
            Err(Error::Unanswered { .. }) => {
                self.capabilities.no_mdtm = true;
                Ok(None)
            }
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
        if self.state.transfer_type == Some(wanted) && !self.capabilities.repeats_type {
            return Ok(());
        }
        let image = self.capabilities.image;
        match (wanted, image) {
            (TransferType::Image, ImageType::Missing) => return Err(NO_IMAGE),
            (TransferType::Image | TransferType::Ascii, ImageType::Only) => return Ok(()),
            _ => {}
        }
        self.state.transfer_type = None;
        let command = match (wanted, image) {
            (TransferType::Image, ImageType::Local) => TransferType::Local(8).command(),
            _ => wanted.command(),
        };
        match self.exchange(command, &["2xx"]).await {
            Err(error)
                if (wanted, image) == (TransferType::Image, ImageType::Usual)
                    && error.code().is_some_and(Code::is_unsupported) =>
            {
                self.replace_image_type(error).await?;
            }
            replied => replied.map(drop)?,
        }
        self.state.transfer_type = Some(wanted);
        Ok(())
    }

    /// Sends `TYPE` before each transfer from now on, as some servers return to `TYPE A` by themselves. Returns
    /// `false` if this is the case already, or if files are to be converted.
    pub(crate) fn repeat_type(&mut self) -> bool {
        !self.converts_files()
            && self.server_kind() == ServerKind::Other
            && !std::mem::replace(&mut self.capabilities.repeats_type, true)
    }

    /// Finds the equivalent of `TYPE I` on a server that refuses it: `TYPE L 8`, or no command if it refuses every
    /// type and thus converts nothing.
    fn replace_image_type(&mut self, refused: Error) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { self.replace_image(refused).await })
    }

    async fn replace_image(&mut self, refused: Error) -> Result<()> {
        let refuses =
            |error: &Error| matches!(error, Error::StatusCode(refused) if refused.info.code().class() == 5);
        match self.exchange(TransferType::Local(8).command(), &["2xx"]).await {
            Ok(_) => {
                self.capabilities.image = ImageType::Local;
                return Ok(());
            }
            Err(error) if refuses(&error) => {}
            Err(error) => return Err(error),
        }
        match self.exchange(TransferType::Ascii.command(), &["2xx"]).await {
            Ok(_) => {
                crate::trace::debug!("{refused}: the server transfers in TYPE A only");
                self.capabilities.image = ImageType::Missing;
                Err(NO_IMAGE)
            }
            Err(error) if refuses(&error) => {
                self.capabilities.image = ImageType::Only;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Returns the entry of a path by `MLST`; `None` if the server does not support it.
    pub(crate) async fn stat_by_mlst(&mut self, path: &RemotePath) -> Result<Option<Entry>> {
        let by_listing = self.config.list_command.is_some_and(|command| command != ListCommand::Mlsd);
        if self.capabilities.no_mlst || by_listing {
            return Ok(None);
        }
        match self.path_command("MLST", path, &["2xx"]).await {
            Ok(reply) => match self.read_mlst(reply) {
                // Some servers agree to every command, or reply in the format of `LIST`; others show no types.
                Ok(entry) if entry.kind == EntryKind::Unknown => {
                    self.capabilities.no_mlst |= !self.capabilities.mlst_works;
                    Ok(None)
                }
                Err(_) if !self.capabilities.mlst_works => {
                    self.capabilities.no_mlst = true;
                    Ok(None)
                }
                read => {
                    self.capabilities.mlst_works = true;
                    read.map(Some)
                }
            },
            Err(error)
                if error.code().is_some_and(|code| {
                    let is_unclear = matches!(code.get(), 451 | 530 | 553) && !self.capabilities.mlst_works;
                    code.is_unsupported() || is_unclear
                }) =>
            {
                self.capabilities.no_mlst |= is_unknown_command(&error);
                Ok(None)
            }
            Err(Error::Unanswered { .. }) => Ok(None),
            // Some servers describe files only.
            Err(Error::StatusCode(refused)) if classify::presence(&refused.info) == Presence::Present => {
                Ok(None)
            }
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
        let style = self.path_style();
        let Some(name) = style.file_name(path) else {
            return match self.is_directory_by_entering(path).await? {
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
        let parent = style.parent(path).unwrap_or_default();
        let mut entries = self.list(&parent).followed_by(follow_up).stream();
        let mut found = None;
        let refusal = loop {
            match entries.next().await {
                None => match found {
                    Some(entry) => return Ok(entry),
                    None if entries.is_incomplete() => break Error::IncompleteListing,
                    None => return Err(not_found(path)),
                },
                Some(Ok(listed)) if listed.entry().name() == &*name => found = Some(listed.into_entry()),
                Some(Ok(_)) => {}
                Some(Err(error)) => break error,
            }
        };
        drop(entries);
        // vsftpd sends an empty listing of a missing directory, and then says that it could not be opened.
        let is_open = matches!(refusal, Error::IncompleteListing) || leaves_existence_open(&refusal);
        if is_open && parent.file_name().is_some() {
            return match Box::pin(self.metadata(parent)).await {
                Err(error) if error.is_not_found() => Err(not_found(path)),
                _ => Err(refusal),
            };
        }
        Err(refusal)
    }

    /// Returns the entry of a path to be downloaded, as [`metadata`](Self::metadata) does. A path that is missing
    /// from the listing of its parent may still exist: in drop boxes, as a name that begins with a dot, or
    /// in a directory that may not be listed. Its kind may be unknown then, and the transfer shows whether
    /// it exists.
    pub(crate) async fn stat_source(
        &mut self,
        path: &RemotePath,
        may_be_directory: bool,
        follow_up: FollowUp,
    ) -> Result<FoundEntry> {
        match self.stat_by_mlst(path).await {
            Ok(Some(entry)) => return Ok(FoundEntry { entry, is_listed: true }),
            // Facts that cannot be parsed count as missing.
            Ok(None) | Err(Error::UnusableReply { .. }) => {}
            Err(error) => {
                let entry = self.confirm_by_listing(path, error).await?;
                return Ok(FoundEntry { entry, is_listed: true });
            }
        }
        match self.stat_by_listing(path, follow_up).await {
            Err(error) if leaves_open(&error) && self.path_style().file_name(path).is_some() => {
                let entry = self.unlisted(path, may_be_directory).await?;
                self.note_hidden(path, &entry, &error);
                Ok(FoundEntry { entry, is_listed: begins_with_dot(path) || !error.is_not_found() })
            }
            found => found.map(|entry| FoundEntry { entry, is_listed: true }),
        }
    }

    /// Describes a name without a listing that shows more (`CWD`, `SIZE`, `MDTM`).
    pub(crate) async fn describe(&mut self, path: &RemotePath) -> Result<Entry> {
        let mut entry = self.unlisted(path, true).await?;
        if !entry.is_dir() {
            entry.modified = self.modified_if_reported(path).await;
            if entry.modified.is_some() {
                entry.kind = EntryKind::File;
            }
        }
        Ok(entry)
    }

    /// Creates an entry from queries about the path itself (`CWD`, `SIZE`).
    async fn unlisted(&mut self, path: &RemotePath, may_be_directory: bool) -> Result<Entry> {
        let mut entry = Entry::new(path.as_bytes());
        entry.kind = EntryKind::Unknown;
        if may_be_directory && self.is_directory_by_entering(path).await? {
            entry.kind = EntryKind::Directory;
        } else if let Some(size) = self.size_if_reported(path).await? {
            entry.kind = EntryKind::File;
            entry.size = Some(size);
        }
        Ok(entry)
    }

    /// Records that listings hide names that begin with a dot, if this one exists and is not listed.
    fn note_hidden(&self, path: &RemotePath, entry: &Entry, listing: &Error) {
        let is_unlisted = matches!(listing, Error::NotFound { .. }) && entry.kind != EntryKind::Unknown;
        if is_unlisted && begins_with_dot(path) {
            self.learn_listing(|known| known.hides_dot_names = true);
        }
    }

    /// Returns whether a path may exist although the listing of its parent failed in this way, or does not show it.
    fn may_be_unlisted(&self, path: &RemotePath, error: &Error) -> bool {
        let is_hidden = begins_with_dot(path) && self.dot_names() != DotNames::Shown;
        // Some servers send listings from a cache.
        let is_late = self.capabilities.commands.has_created() && self.server_kind() == ServerKind::Other;
        leaves_open(error) && (is_hidden || is_late || !matches!(error, Error::NotFound { .. }))
    }
}

fn begins_with_dot(path: &RemotePath) -> bool {
    path.file_name().is_some_and(|name| name.as_bytes().starts_with(b"."))
}

/// Entry of a path to be downloaded.
#[derive(Debug)]
pub(crate) struct FoundEntry {
    pub(crate) entry: Entry,
    /// `false` if the listing of the parent does not contain the path. It may still exist.
    pub(crate) is_listed: bool,
}

/// The answer of a server to a query for the size of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SizeAnswer {
    Size(u64),
    /// There is no such file.
    Missing,
    Unknown,
}

/// Returns whether a refusal does not say whether the path exists. A lack of permission is a different answer.
pub(crate) fn leaves_existence_open(error: &Error) -> bool {
    matches!(error, Error::StatusCode(refused)
        if matches!(refused.info.code().get(), 450 | 550)
            && classify::presence(&refused.info) == Presence::Unknown)
        && !error.is_permission_denied()
}

/// Returns whether a server does not support a command. `501` is excluded, because it may be about one
/// path.
pub(crate) fn is_unknown_command(error: &Error) -> bool {
    error.reply().is_some_and(classify::is_unknown_command)
}

fn not_found(path: &RemotePath) -> Error {
    Error::NotFound { path: path.to_string(), refusal: None }
}

/// Returns whether a path may exist although this error was returned for it.
fn leaves_open(error: &Error) -> bool {
    let refused = matches!(error, Error::StatusCode(_)) && !error.is_login_refused();
    matches!(error, Error::NotFound { .. } | Error::IncompleteListing)
        || refused && !error.is_connection_lost()
}

/// The error for `TYPE I` on a server that transfers in `TYPE A` only.
const NO_IMAGE: Error = Error::Unsupported { what: NO_IMAGE_TYPE };

/// The feature that a server without `TYPE I` lacks.
pub(crate) const NO_IMAGE_TYPE: &str = "binary transfers: it refuses TYPE I";

/// The smallest block in which servers list sizes.
const SMALLEST_BLOCK: u64 = 512;

/// Parses the reply to `SIZE`: its only number, which may be grouped, as in `213 1,234,567` or `213 size is 9 bytes`.
pub(crate) fn parse_size(reply: &Reply) -> Option<u64> {
    let text = reply.last_line().trim_ascii();
    let mut words = text.split(|byte| matches!(byte, b' ' | b'\t' | b':' | b'='));
    let mut with_digits = words.by_ref().filter(|word| word.iter().any(u8::is_ascii_digit));
    let number = with_digits.next().filter(|_| with_digits.next().is_none())?;
    let number = number.strip_suffix(b".").unwrap_or(number);
    let mut groups = number.split(|byte| matches!(byte, b',' | b'.' | b'\''));
    let first = groups.next().filter(|first| !first.is_empty())?;
    let rest: Vec<_> = groups.collect();
    let is_grouped = rest.is_empty() || first.len() <= 3 && rest.iter().all(|group| group.len() == 3);
    let digits = [first, &rest.concat()].concat();
    let digits = std::str::from_utf8(&digits).ok().filter(|_| is_grouped)?;
    digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_is_the_only_number_of_its_reply() {
        let size = |text: &str| parse_size(&Reply::new(Code::FILE_STATUS, [text.as_bytes()]));
        for (text, bytes) in [
            ("7", 7),
            (" 1234567 ", 1_234_567),
            ("1,234,567", 1_234_567),
            ("1.234.567", 1_234_567),
            (": 12", 12),
            ("The size is 1234 bytes.", 1234),
            ("x: 12.", 12),
        ] {
            assert_eq!(size(text), Some(bytes), "{text}");
        }
        for text in ["", "no", "-7", "+7", "a.2 12", "1,23", "1,234.5", "12kB", "1.5", "99999999999999999999"]
        {
            assert_eq!(size(text), None, "{text}");
        }
    }
}

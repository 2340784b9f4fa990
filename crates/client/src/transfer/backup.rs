//! Backups: locations to which a transfer moves the files that it replaces or deletes, on the same side.

use std::{
    collections::HashSet,
    io,
    path::{Component, Path, PathBuf, absolute},
    sync::{Mutex, PoisonError},
};

use oxftp_proto::{Encoding, FileName, RemotePath};

use super::{
    local_path::{make_all, os_bytes, os_string},
    rename::replace_by_rename,
};
use crate::{Client, Error, Result, local_fs::FileSystem};

/// Keeps the files that a transfer would replace or delete: each is first renamed, on its own side.
///
/// A file is kept in a [directory](Self::directory), under its path relative to the destination, or beside itself with a
/// [suffix](Self::suffix) appended to its name. A backup of an earlier transfer with the same name is replaced. If a file
/// cannot be renamed, it is neither replaced nor deleted ([`Error::NotBackedUp`](crate::Error::NotBackedUp)). A mirror
/// does not delete backups.
///
/// ```no_run
/// use oxftp::Backup;
///
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// client.download("photos").backup(Backup::new().directory("replaced")).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Backup {
    directory: Option<String>,
    suffix: Option<String>,
}

impl Backup {
    /// Creates backups beside the files, with the suffix `~`.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// use oxftp::Backup;
    ///
    /// client.download("photos").backup(Backup::new()).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the directory, relative to the destination or absolute. It is created when the first file is moved there.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// use oxftp::Backup;
    ///
    /// client.download("photos").backup(Backup::new().directory("replaced")).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn directory(mut self, directory: impl Into<String>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Sets the suffix of the names. Defaults to `~`, and with a [directory](Self::directory) to no suffix.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// use oxftp::Backup;
    ///
    /// client.download("photos").backup(Backup::new().suffix(".old")).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn suffix(mut self, suffix: impl Into<String>) -> Self {
        self.suffix = Some(suffix.into());
        self
    }

    fn appended(&self) -> &str {
        match (&self.suffix, &self.directory) {
            (Some(suffix), _) => suffix,
            (None, Some(_)) => "",
            (None, None) => "~",
        }
    }
}

/// The backups of one transfer.
#[derive(Debug)]
pub(crate) struct Backups<B> {
    backup: Backup,
    /// The destination of the transfer.
    base: B,
    /// Directories that were created already.
    made: Mutex<HashSet<B>>,
}

/// Backups at a destination on this machine.
pub(crate) type LocalBackups = Backups<PathBuf>;

/// Backups at a destination on a server.
pub(crate) type RemoteBackups = Backups<RemotePath>;

impl<B> Backups<B> {
    pub(crate) fn new(backup: Backup, base: B) -> Self {
        Self { backup, base, made: Mutex::default() }
    }

    /// Returns whether backups are beside their files, so that a directory does not become empty.
    pub(crate) fn are_beside(&self) -> bool {
        self.backup.directory.is_none()
    }

    /// Returns whether a name is that of a backup that is beside its file.
    fn is_beside(&self, name: &[u8]) -> bool {
        let suffix = self.backup.appended().as_bytes();
        self.backup.directory.is_none()
            && !suffix.is_empty()
            && name.len() > suffix.len()
            && name.ends_with(suffix)
    }
}

impl LocalBackups {
    /// Moves a file to its backup, and returns the backup; returns `None` if there is no file.
    pub(crate) async fn keep(&self, fs: &dyn FileSystem, target: &Path) -> Result<Option<PathBuf>> {
        match fs.metadata(target).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            found => found?,
        };
        let to = self.path_of(target);
        self.make_directory(fs, &to)
            .await
            .map_err(|error| not_backed_up(target.display(), to.display(), error))?;
        let renamed = fs.rename(target, &to).await;
        renamed.map_err(|error| not_backed_up(target.display(), to.display(), error.into()))?;
        Ok(Some(to))
    }

    /// Moves a file into the directory; a file that is there already is kept, and is an error.
    pub(crate) async fn move_to_free_name(&self, fs: &dyn FileSystem, path: &Path) -> Result<()> {
        let to = self.path_of(path);
        self.make_directory(fs, &to).await?;
        if fs.try_exists(&to).await? {
            return Err(name_taken(to.display()));
        }
        Ok(fs.rename(path, &to).await?)
    }

    /// Moves a backup back after the file that was to replace it could not be put in place.
    pub(crate) async fn restore(&self, fs: &dyn FileSystem, kept: &Path, target: &Path) {
        if !fs.try_exists(target).await.unwrap_or(true)
            && let Err(error) = fs.rename(kept, target).await
        {
            crate::trace::warn!("{} is still at {}: {error}", target.display(), kept.display());
        }
    }

    /// Returns whether a mirror must not delete an entry: it is a backup, or the directory of all.
    pub(crate) fn protects(&self, path: &Path) -> bool {
        let Some(directory) = self.directory() else {
            return path.file_name().is_some_and(|name| self.is_beside(&os_bytes(name)));
        };
        match (absolute(path), absolute(directory)) {
            (Ok(path), Ok(directory)) => path.starts_with(directory),
            _ => true,
        }
    }

    fn path_of(&self, target: &Path) -> PathBuf {
        let mut to = match self.directory() {
            Some(directory) => {
                let within =
                    target.strip_prefix(&self.base).ok().filter(|within| !within.as_os_str().is_empty());
                directory.join(within.or(target.file_name().map(Path::new)).unwrap_or(target))
            }
            None => target.to_owned(),
        };
        if let Some(name) = to.file_name() {
            let name = [&os_bytes(name), self.backup.appended().as_bytes()].concat();
            to.set_file_name(os_string(name));
        }
        to
    }

    fn directory(&self) -> Option<PathBuf> {
        let directory = self.backup.directory.as_ref()?;
        let mut path = self.base.clone();
        for component in Path::new(directory).components() {
            match component {
                // `..` is resolved here, because a sandbox of the destination rejects paths that leave it.
                Component::ParentDir if path.file_name().is_some() => drop(path.pop()),
                component => path.push(component),
            }
        }
        Some(path)
    }

    async fn make_directory(&self, fs: &dyn FileSystem, to: &Path) -> Result<()> {
        let Some(parent) = to.parent().filter(|_| self.backup.directory.is_some()) else { return Ok(()) };
        if self.made.lock().unwrap_or_else(PoisonError::into_inner).contains(parent) {
            return Ok(());
        }
        make_all(fs, parent).await?;
        self.made.lock().unwrap_or_else(PoisonError::into_inner).insert(parent.to_owned());
        Ok(())
    }
}

impl RemoteBackups {
    /// Moves a file to its backup (`RNFR`, `RNTO`), and returns that; returns `None` if there is no file.
    pub(crate) async fn keep(&self, client: &mut Client, target: &RemotePath) -> Result<Option<RemotePath>> {
        if !client.try_exists(target).await? {
            return Ok(None);
        }
        self.move_away(client, target).await.map(Some)
    }

    /// Moves a file that exists to its backup.
    pub(crate) async fn move_away(&self, client: &mut Client, target: &RemotePath) -> Result<RemotePath> {
        let to = self.path_of(target, client.encoding())?;
        let moved = async {
            self.make_directory(client, &to).await?;
            replace_by_rename(client, target, &to).await
        };
        match moved.await {
            Ok(()) => Ok(to),
            // It was moved before the session of an earlier attempt was lost.
            Err(error) if may_be_moved(&error) && self.is_moved(client, target, &to).await => Ok(to),
            Err(error) => Err(not_backed_up(target, to, error)),
        }
    }

    async fn is_moved(&self, client: &mut Client, target: &RemotePath, to: &RemotePath) -> bool {
        matches!(client.try_exists(target).await, Ok(false))
            && matches!(client.try_exists(to).await, Ok(true))
    }

    /// Moves a file into the directory; a file that is there already is kept, and is an error.
    pub(crate) async fn move_to_free_name(&self, client: &mut Client, path: &RemotePath) -> Result<()> {
        let to = self.path_of(path, client.encoding())?;
        // Some servers cannot report whether a file exists in a missing directory.
        self.make_directory(client, &to).await?;
        if client.try_exists(&to).await? {
            return Err(name_taken(to));
        }
        client.rename(path, &to).await
    }

    /// Moves a backup back after the file that was to replace it could not be put in place.
    pub(crate) async fn restore(&self, client: &mut Client, kept: &RemotePath, target: &RemotePath) {
        if !client.is_broken()
            && let Err(error) = client.rename(kept, target).await
        {
            crate::trace::warn!("{target} is still at {kept}: {error}");
        }
    }

    /// Returns whether a mirror must not delete an entry: it is a backup, or the directory of all.
    pub(crate) fn protects(&self, path: &RemotePath) -> bool {
        match self.directory() {
            Some(directory) => path == &directory || names_below(&directory, path).is_some(),
            None => path.file_name().is_some_and(|name| self.is_beside(name.as_bytes())),
        }
    }

    fn path_of(&self, target: &RemotePath, encoding: Encoding) -> Result<RemotePath> {
        let name = match target.file_name() {
            Some(name) => name,
            None => FileName::new("")?,
        };
        let appended = [name.as_bytes(), self.backup.appended().as_bytes()].concat();
        let appended = match name.as_str() {
            Some(_) => FileName::new(String::from_utf8_lossy(&appended))?,
            None => FileName::from_wire(&appended, Encoding::UTF_8)?,
        };
        let parent = target.parent().unwrap_or_default();
        let Some(directory) = self.directory() else { return Ok(parent.join_in(&appended, encoding)) };
        let within = names_below(&self.base, &parent).unwrap_or_default();
        let directory = within.iter().fold(directory, |path, name| path.join_in(name, encoding));
        Ok(directory.join_in(&appended, encoding))
    }

    fn directory(&self) -> Option<RemotePath> {
        let directory = self.backup.directory.as_ref()?;
        let (mut path, mut rest) = (self.base.clone(), directory.trim_end_matches('/'));
        while let (Some(below), true) = (rest.strip_prefix(".."), path.file_name().is_some()) {
            if !below.is_empty() && !below.starts_with('/') {
                break;
            }
            path = path.parent().unwrap_or_default();
            rest = below.trim_start_matches('/');
        }
        if rest.is_empty() { Some(path) } else { Some(path.join_path(&rest.trim_start_matches("./").into())) }
    }

    async fn make_directory(&self, client: &mut Client, to: &RemotePath) -> Result<()> {
        let Some(parent) = to.parent().filter(|_| self.backup.directory.is_some()) else { return Ok(()) };
        if self.made.lock().unwrap_or_else(PoisonError::into_inner).contains(&parent) {
            return Ok(());
        }
        client.create_dir_all(&parent).await?;
        self.made.lock().unwrap_or_else(PoisonError::into_inner).insert(parent);
        Ok(())
    }
}

/// Returns the names that lead from a directory to a path in it.
fn names_below(directory: &RemotePath, path: &RemotePath) -> Option<Vec<FileName>> {
    let mut names = Vec::new();
    let mut path = path.clone();
    while path != *directory {
        names.push(path.file_name()?);
        path = path.parent()?;
    }
    names.reverse();
    Some(names)
}

/// Returns whether a rename may have been refused because there is no file of the old name.
fn may_be_moved(error: &Error) -> bool {
    let is_old_name = matches!(error, Error::StatusCode(refused) if refused.expected == ["350"]);
    error.is_not_found() || is_old_name && !error.is_permission_denied() && !error.is_connection_lost()
}

fn name_taken(path: impl ToString) -> Error {
    let why = "the source is complete at its destination, but not moved: a file of this name is here already";
    Error::Skipped { path: path.to_string(), why }
}

fn not_backed_up(path: impl ToString, backup: impl ToString, source: Error) -> Error {
    Error::NotBackedUp { path: path.to_string(), backup: backup.to_string(), source: source.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(backup: Backup, base: &str, target: &str) -> String {
        LocalBackups::new(backup, base.into()).path_of(Path::new(target)).display().to_string()
    }

    fn remote(backup: Backup, base: &str, target: &str) -> String {
        let backups = RemoteBackups::new(backup, base.into());
        backups.path_of(&target.into(), Encoding::UTF_8).unwrap().to_string()
    }

    #[test]
    fn backup_keeps_its_path_in_the_directory() {
        let old = || Backup::new().directory("old");
        for keep in [local, remote] {
            assert_eq!(keep(old(), "d", "d/a/b"), "d/old/a/b");
            assert_eq!(keep(old(), "", "a/b"), "old/a/b");
            assert_eq!(keep(old().suffix(".1"), "d", "d/a"), "d/old/a.1");
            assert_eq!(keep(Backup::new().directory("/x/"), "/d", "/d/a/b"), "/x/a/b");
            assert_eq!(keep(Backup::new().directory("../x"), "/d/e", "/d/e/a"), "/d/x/a");
            assert_eq!(keep(Backup::new(), "d", "d/a/b"), "d/a/b~");
            assert_eq!(keep(Backup::new().suffix(".bak"), "d", "d/a"), "d/a.bak");
        }
    }

    #[test]
    fn backups_are_not_deleted() {
        let within = RemoteBackups::new(Backup::new().directory("old"), "/www".into());
        assert!(within.protects(&"/www/old".into()) && within.protects(&"/www/old/a".into()));
        assert!(!within.protects(&"/www/older".into()) && !within.protects(&"/www".into()));
        let beside = RemoteBackups::new(Backup::new(), "/www".into());
        assert!(beside.protects(&"/www/a~".into()) && !beside.protects(&"/www/~".into()));
        let here = LocalBackups::new(Backup::new().directory("old"), "www".into());
        assert!(here.protects(Path::new("www/old/a")) && !here.protects(Path::new("www/a")));
    }
}

//! Upload of a tree: the contents of a local directory, and their remote destinations.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use oxftp_proto::{Encoding, Limits, RemotePath};

use super::file::{FileUpload, UploadOptions, UploadTime};
use crate::transfer::{
    backup::RemoteBackups,
    file_progress::FileProgress,
    local_path::{os_bytes, remote_name},
    options::{Choice, Existing, FileOptions, relative_path},
    partial_name::{partial_names_of_others, refuse_partial_name},
    preserve::{make_remote_with_mode, timestamp},
    scheduler::{Found, JobHandler, pending_write::FileOutcome},
    source_removal::SourceRemover,
    symlink::{Links, MAX_SYMLINKS, dangling, follow_local, too_many_symlinks},
};
use crate::{
    Candidate, Client, Error, Location, PathEntry, Result,
    client::FollowUp,
    error::report::CopyLocations,
    local_fs::{DirEntry, FileKind, FileSystem, Metadata},
    lock::is_lock,
};

/// Upload of a tree, or of a single file.
pub(crate) struct TreeUpload {
    pub(crate) fs: Arc<dyn FileSystem>,
    pub(crate) options: FileOptions,
    pub(crate) upload: UploadOptions,
    pub(crate) backups: Option<RemoteBackups>,
    pub(crate) choice: Choice,
    /// Removes the sources; `None` if they are kept.
    pub(crate) sources: Option<SourceRemover<PathBuf>>,
    pub(crate) encoding: Encoding,
    pub(crate) limits: Limits,
    /// The order of the files depends on their sizes.
    pub(crate) needs_sizes: bool,
}

/// A local directory, and its target.
pub(crate) struct LocalDirectory {
    pub(crate) local: PathBuf,
    pub(crate) remote: RemotePath,
    pub(crate) depth: usize,
    /// Number of symbolic links that were followed on the way to it.
    pub(crate) symlinks: usize,
    /// Path relative to the root of the tree.
    pub(crate) relative: String,
}

/// A local file, and its target.
pub(crate) struct LocalFile {
    pub(crate) local: PathBuf,
    pub(crate) remote: RemotePath,
    pub(crate) size: Option<u64>,
}

impl JobHandler for TreeUpload {
    type Directory = LocalDirectory;
    type File = LocalFile;

    async fn list(
        &self,
        client: &mut Client,
        directory: &LocalDirectory,
        found: &mut Found<Self>,
    ) -> Result<()> {
        if directory.depth > self.limits.directory_depth {
            return Err(Error::Limit { what: "levels of directories", limit: self.limits.directory_depth });
        }
        let make_later = self.choice.leaves_out_empty();
        if !make_later {
            found.made |= self.make(client, directory).await?;
        }
        let mut items = self.fs.read_dir(&directory.local).await?;
        items.sort_by(|one, other| one.path.cmp(&other.path));
        if self.upload.temporary {
            leave_out_partial_names(&mut items, found);
        }
        for item in items {
            let name = item.path.display().to_string();
            if let Err(error) = self.find(item, directory, found).await {
                found.failures.push((name, error));
            }
        }
        self.leave_out_by_target(client, directory, found).await?;
        if make_later && !found.files.is_empty() {
            found.made |= self.make_with_parents(client, directory).await?;
        }
        Ok(())
    }

    async fn transfer(
        &self,
        client: &mut Client,
        file: &LocalFile,
        follow_up: FollowUp,
        progress: &FileProgress<'_>,
    ) -> Result<FileOutcome> {
        let upload = FileUpload {
            fs: &*self.fs,
            options: &self.options,
            upload: self.upload,
            backups: self.backups.as_ref(),
            time: UploadTime::Local,
            follow_up: if self.sources.is_some() { FollowUp::Nothing } else { follow_up },
            progress,
        };
        let before = self.source_to_remove(file).await?;
        let moved = upload.upload(client, &file.local, &file.remote).await?;
        if let Some(before) = before {
            self.remove_source(file, &before).await?;
        }
        Ok(FileOutcome { moved, pending_write: None })
    }

    fn is_root(&self, directory: &LocalDirectory) -> bool {
        directory.depth == 0
    }

    fn directory_name(&self, directory: &LocalDirectory) -> String {
        directory.local.display().to_string()
    }

    fn file_name(&self, file: &LocalFile) -> String {
        file.local.display().to_string()
    }

    fn size(&self, file: &LocalFile) -> Option<u64> {
        file.size
    }

    fn locations(&self, file: &LocalFile) -> Option<CopyLocations> {
        let (local, remote) = (file.local.clone(), file.remote.clone());
        Some(CopyLocations { source: Location::Local(local), target: Location::Remote(remote) })
    }
}

impl TreeUpload {
    async fn accepts(
        &self,
        item: &DirEntry,
        relative: &str,
        followed: Option<&Candidate<'_>>,
    ) -> Result<bool> {
        let Some(selection) = &self.choice.selection else { return Ok(true) };
        let candidate = match (item.kind, followed) {
            (_, Some(followed)) => Candidate { path: relative, ..*followed },
            (FileKind::Directory, None) => {
                Candidate { path: relative, is_dir: true, size: None, modified: None }
            }
            _ => Candidate { path: relative, ..candidate(&self.fs.metadata(&item.path).await?) },
        };
        Ok(selection.accepts(&candidate))
    }

    /// Excludes the files that are to be kept, and those that are to be replaced only and do not exist.
    async fn leave_out_by_target(
        &self,
        client: &mut Client,
        directory: &LocalDirectory,
        found: &mut Found<Self>,
    ) -> Result<()> {
        if self.choice.existing == Existing::Replace || found.files.is_empty() {
            return Ok(());
        }
        let there: HashSet<_> = match client.list(&directory.remote).await {
            Ok(entries) => entries.iter().map(PathEntry::name).collect(),
            Err(error) if error.is_not_found() => HashSet::new(),
            Err(error) => return Err(error),
        };
        found.files.retain(|file| {
            self.choice.existing.allows(file.remote.file_name().is_some_and(|name| there.contains(&name)))
        });
        Ok(())
    }

    /// Returns the state of a source before its upload, if it is removed after it.
    async fn source_to_remove(&self, file: &LocalFile) -> Result<Option<Metadata>> {
        match &self.sources {
            Some(_) => Ok(Some(self.fs.metadata(&file.local).await?)),
            None => Ok(None),
        }
    }

    async fn remove_source(&self, file: &LocalFile, before: &Metadata) -> Result<()> {
        match &self.sources {
            Some(sources) => sources.remove_unchanged(&*self.fs, &file.local, before).await,
            None => Ok(()),
        }
    }

    fn is_moved_into(&self, directory: &Path) -> bool {
        self.sources.as_ref().is_some_and(|sources| sources.is_into(directory))
    }

    /// Creates a directory whose parents may not have been created, because they contain no files.
    async fn make_with_parents(&self, client: &mut Client, directory: &LocalDirectory) -> Result<bool> {
        if directory.depth > 0
            && let Some(parent) = directory.remote.parent()
        {
            client.create_dir_all(parent).await?;
        }
        self.make(client, directory).await
    }

    /// Creates a directory on the server, once for each: its contents are uploaded after it. Returns whether it was
    /// missing.
    async fn make(&self, client: &mut Client, directory: &LocalDirectory) -> Result<bool> {
        let (remote, mode) = (&directory.remote, self.options.dir_mode);
        match directory.depth {
            0 if remote.is_empty() || remote.file_name().is_none() => Ok(false),
            0 => {
                if let (Some(_), Some(parent)) = (mode, remote.parent().filter(|parent| !parent.is_empty())) {
                    client.create_dir_all(parent).await?;
                    return make_remote_with_mode(client, remote, mode).await;
                }
                client.create_with_parents(remote.clone()).await
            }
            _ => make_remote_with_mode(client, remote, mode).await,
        }
    }

    async fn find(&self, item: DirEntry, directory: &LocalDirectory, found: &mut Found<Self>) -> Result<()> {
        let name = remote_name(&item.path)?;
        let relative = relative_path(&directory.relative, &name.to_string_lossy());
        let followed = match (item.kind, self.choice.links) {
            (FileKind::Symlink, Some(Links::Follow)) => follow_local(&*self.fs, &item.path).await?,
            _ => None,
        };
        if !self.accepts(&item, &relative, followed.as_ref()).await? {
            return Ok(());
        }
        let remote = directory.remote.join_in(&name, self.encoding);
        match item.kind {
            FileKind::Directory
                if is_lock(item.name().as_encoded_bytes()) || self.is_moved_into(&item.path) => {}
            FileKind::Directory => {
                let depth = directory.depth + 1;
                let symlinks = directory.symlinks;
                found.directories.push(LocalDirectory {
                    local: item.path,
                    remote,
                    depth,
                    symlinks,
                    relative,
                });
            }
            FileKind::File => {
                let size = match self.needs_sizes {
                    true => self.fs.metadata(&item.path).await.ok().map(|found| found.size),
                    false => None,
                };
                found.files.push(LocalFile { local: item.path, remote, size });
            }
            FileKind::Symlink if self.choice.links == Some(Links::Follow) => {
                let (depth, symlinks) = (directory.depth + 1, directory.symlinks + 1);
                match followed {
                    Some(followed) if !followed.is_dir => {
                        found.files.push(LocalFile { local: item.path, remote, size: followed.size });
                    }
                    Some(_) if symlinks <= MAX_SYMLINKS => {
                        let local = item.path;
                        found.directories.push(LocalDirectory { local, remote, depth, symlinks, relative });
                    }
                    Some(_) => return Err(too_many_symlinks(item.path.display().to_string())),
                    None if self.choice.skips_special => {}
                    None => return Err(dangling(item.path.display().to_string())),
                }
            }
            FileKind::Symlink if self.choice.links == Some(Links::Skip) => found.skipped_symlinks += 1,
            FileKind::Other if self.choice.skips_special => {}
            _ => {
                return Err(Error::Skipped {
                    path: item.path.display().to_string(),
                    why: "it is neither a file nor a directory",
                });
            }
        }
        Ok(())
    }
}

/// Moves the files whose names are those of other files' partial files to the failures.
fn leave_out_partial_names(items: &mut Vec<DirEntry>, found: &mut Found<TreeUpload>) {
    let names: Vec<_> = items.iter().map(|item| os_bytes(item.name())).collect();
    let partial = partial_names_of_others(names.iter().map(Vec::as_slice));
    let mut index = 0..;
    items.retain(|item| {
        let stays = index.next().is_none_or(|index| !partial.contains(&index));
        if !stays {
            let path = item.path.display().to_string();
            found.failures.push((path.clone(), refuse_partial_name(path)));
        }
        stays
    });
}

/// Returns the facts of a local file that a selection examines.
pub(crate) fn candidate(found: &Metadata) -> Candidate<'static> {
    Candidate {
        path: "",
        is_dir: found.is_dir(),
        size: found.is_file().then_some(found.size),
        modified: found.modified.and_then(timestamp),
    }
}

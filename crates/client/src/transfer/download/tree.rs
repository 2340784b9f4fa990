//! Download of a tree: the contents of a directory, and where they are written.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use oxftp_proto::{EntryKind, Limits, RemotePath, Timestamp};

use super::file::{FileDownload, RemoteFile};
use crate::transfer::{
    file_progress::FileProgress,
    local_path::{local_name, make_all, make_below},
    name_collisions::{NameCollisions, refuse_other_spelling},
    options::{Choice, Existing, FileOptions, relative_path},
    partial_name::{partial_names_of_others, refuse_partial_name},
    scheduler::{Found, JobHandler, pending_write::FileOutcome},
};
use crate::{
    Candidate, Client, Error, PathEntry, Result,
    client::FollowUp,
    list::{AncestorChain, CycleDetector, ListingFingerprint},
    local_fs::FileSystem,
};

/// Download of a tree, or of a single file.
pub(crate) struct TreeDownload {
    pub(crate) fs: Arc<dyn FileSystem>,
    pub(crate) options: FileOptions,
    pub(crate) choice: Choice,
    pub(crate) root: Root,
    pub(crate) limits: Limits,
    /// How many directories were found so far.
    pub(crate) directories: AtomicUsize,
    pub(crate) cycles: CycleDetector,
    /// Held by transfers of files whose names may collide on this file system.
    pub(crate) collision_lock: tokio::sync::Mutex<()>,
}

/// Origin of the local root of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    /// The user named it; it may be a symbolic link.
    Named,
    /// It is created in the directory that the user named; a symbolic link in its place could lead anywhere.
    Put,
}

/// A directory on the server, and its target.
pub(crate) struct RemoteDirectory {
    pub(crate) remote: RemotePath,
    pub(crate) local: PathBuf,
    pub(crate) depth: usize,
    pub(crate) ancestors: AncestorChain,
    /// Another entry of its parent may have the same name here.
    pub(crate) has_collision: bool,
    /// Path relative to the root of the tree.
    pub(crate) relative: String,
}

/// A file on the server, and its target.
pub(crate) enum DownloadTask {
    /// The user named the file.
    Named {
        path: RemotePath,
        size: Option<u64>,
        modified: Option<Timestamp>,
        mode: Option<u32>,
        target: PathBuf,
    },
    /// The file was listed. All files of a directory share the local path of the directory.
    Found { entry: PathEntry, within: Arc<Path>, has_collision: bool },
}

impl DownloadTask {
    fn path(&self) -> RemotePath {
        match self {
            Self::Named { path, .. } => path.clone(),
            Self::Found { entry, .. } => entry.path(),
        }
    }

    fn target(&self) -> Result<PathBuf> {
        Ok(match self {
            Self::Named { target, .. } => target.clone(),
            Self::Found { entry, within, .. } => within.join(local_name(&entry.name())?),
        })
    }

    fn size(&self) -> Option<u64> {
        match self {
            Self::Named { size, .. } => *size,
            Self::Found { entry, .. } => entry.exact_size(),
        }
    }

    fn modified(&self) -> Option<Timestamp> {
        match self {
            Self::Named { modified, .. } => *modified,
            Self::Found { entry, .. } => entry.modified,
        }
    }

    fn mode(&self) -> Option<u32> {
        match self {
            Self::Named { mode, .. } => *mode,
            Self::Found { entry, .. } => entry.mode,
        }
    }

    fn has_collision(&self) -> bool {
        matches!(self, Self::Found { has_collision: true, .. })
    }
}

impl JobHandler for TreeDownload {
    type Directory = RemoteDirectory;
    type File = DownloadTask;

    async fn list(
        &self,
        client: &mut Client,
        directory: &RemoteDirectory,
        found: &mut Found<Self>,
    ) -> Result<()> {
        if directory.depth > self.limits.directory_depth {
            return Err(Error::Limit { what: "levels of directories", limit: self.limits.directory_depth });
        }
        let max_directories = self.limits.tree_directories;
        if self.directories.load(Ordering::Relaxed) > max_directories {
            return Err(Error::Limit { what: "directories in a tree", limit: max_directories });
        }
        if self.cycles.predicts_cycle(&directory.ancestors) {
            return Ok(());
        }
        // A directory that may take the place of another must be refused before its files are.
        let make_later = self.choice.leaves_out_empty() && !directory.has_collision;
        if !make_later {
            self.make(directory).await?;
            found.made = true;
        }
        if self.options.preserve_mode {
            client.list_permissions().await?;
        }
        let within: Arc<Path> = directory.local.as_path().into();
        let entries = self.entries(client, &directory.remote, found).await?;
        let listing = ListingFingerprint::of(entries.iter().map(PathEntry::entry));
        let Some(parent) = self.cycles.check(&directory.ancestors, &listing) else {
            return Err(Error::CyclicTree { path: directory.remote.to_string() });
        };
        found.is_urgent = parent.is_suspect();
        let mut collisions = NameCollisions::of(entries.iter().map(|entry| entry.entry().name()));
        for entry in entries {
            let has_collision = collisions.is_one(entry.entry().name());
            if collisions.comes_again(entry.entry().name()) {
                let path = entry.path().to_string();
                found
                    .failures
                    .push((path.clone(), Error::Skipped { path, why: "the server lists its name twice" }));
            } else if !self.accepts(directory, &entry) {
                continue;
            } else if entry.is_dir() {
                match local_name(&entry.name()) {
                    Ok(name) => found.directories.push(RemoteDirectory {
                        remote: entry.path(),
                        local: within.join(name),
                        depth: directory.depth + 1,
                        ancestors: AncestorChain::of(&entry).with_parent(&parent),
                        has_collision,
                        relative: relative_path(&directory.relative, &entry.name().to_string_lossy()),
                    }),
                    Err(error) => found.failures.push((entry.path().to_string(), error.into())),
                }
            } else if matches!(entry.kind, EntryKind::File | EntryKind::Unknown) {
                found.files.push(DownloadTask::Found { entry, within: within.clone(), has_collision });
            } else {
                found.failures.push((entry.path().to_string(), not_a_file(&entry.path())));
            }
        }
        leave_out_partial_names(found);
        self.leave_out_by_target(found).await;
        if make_later && !found.files.is_empty() {
            self.make_with_parents(directory).await?;
            found.made = true;
        }
        self.directories.fetch_add(found.directories.len(), Ordering::Relaxed);
        Ok(())
    }

    async fn transfer(
        &self,
        client: &mut Client,
        file: &DownloadTask,
        follow_up: FollowUp,
        progress: &FileProgress<'_>,
    ) -> Result<FileOutcome> {
        let _alone = if file.has_collision() { Some(self.collision_lock.lock().await) } else { None };
        // A partial file of this transfer is as good as one of an earlier transfer.
        let resume = (self.options.resume || progress.has_started()) && !self.options.ascii;
        let download = FileDownload {
            fs: &self.fs,
            options: FileOptions { resume, ..self.options },
            continues_final: self.options.resume && !progress.has_started(),
            follow_up: if self.choice.remove_source { FollowUp::Nothing } else { follow_up },
            progress,
        };
        let (path, target) = (file.path(), file.target()?);
        if file.has_collision() {
            refuse_other_spelling(&*self.fs, &target).await?;
        }
        let remote =
            RemoteFile { path: &path, size: file.size(), modified: file.modified(), mode: file.mode() };
        let mut outcome = download.download(client, &remote, &target).await?;
        let alone = file.has_collision() || self.choice.remove_source;
        if let Some(write) = outcome.pending_write.take_if(|_| alone) {
            write.end().await?;
        }
        if self.choice.remove_source {
            client.remove_file(&path).await?;
        }
        Ok(outcome)
    }

    fn is_root(&self, directory: &RemoteDirectory) -> bool {
        directory.depth == 0
    }

    fn directory_name(&self, directory: &RemoteDirectory) -> String {
        directory.remote.to_string()
    }

    fn file_name(&self, file: &DownloadTask) -> String {
        file.path().to_string()
    }

    fn size(&self, file: &DownloadTask) -> Option<u64> {
        file.size()
    }
}

impl TreeDownload {
    async fn make(&self, directory: &RemoteDirectory) -> Result<()> {
        self.make_at(&directory.local, directory.depth, directory.has_collision).await
    }

    async fn make_at(&self, local: &Path, depth: usize, has_collision: bool) -> Result<()> {
        match (depth, self.root, local.parent()) {
            (0, Root::Named, _) | (0, _, None) => make_all(&*self.fs, local).await,
            (0, Root::Put, Some(parent)) => {
                make_all(&*self.fs, parent).await?;
                make_below(&*self.fs, local).await
            }
            _ if has_collision => {
                make_below(&*self.fs, local).await?;
                refuse_other_spelling(&*self.fs, local).await
            }
            _ => make_below(&*self.fs, local).await,
        }
    }

    /// Creates a directory whose parents may not have been created, because they contain no files.
    async fn make_with_parents(&self, directory: &RemoteDirectory) -> Result<()> {
        let above: Vec<_> = directory.local.ancestors().skip(1).take(directory.depth).collect();
        let levels = directory.depth.saturating_sub(above.len())..;
        for (level, local) in levels.zip(above.into_iter().rev()) {
            self.make_at(local, level, false).await?;
        }
        self.make(directory).await
    }

    fn accepts(&self, directory: &RemoteDirectory, entry: &PathEntry) -> bool {
        let Some(selection) = &self.choice.selection else { return true };
        selection.accepts(&Candidate {
            path: &relative_path(&directory.relative, &entry.name().to_string_lossy()),
            is_dir: entry.is_dir(),
            size: entry.exact_size().filter(|_| entry.is_file()),
            modified: entry.modified,
        })
    }

    /// Leaves out the files that are to be kept, or are not there to be replaced.
    async fn leave_out_by_target(&self, found: &mut Found<Self>) {
        if self.choice.existing == Existing::Replace {
            return;
        }
        let mut files = Vec::with_capacity(found.files.len());
        for file in found.files.drain(..) {
            let exists = match file.target() {
                Ok(target) => self.fs.metadata(&target).await.is_ok(),
                Err(_) => false,
            };
            if self.choice.existing.allows(exists) {
                files.push(file);
            }
        }
        found.files = files;
    }

    /// Collects the whole listing: a session that lists can do nothing else.
    async fn entries(
        &self,
        client: &mut Client,
        path: &RemotePath,
        found: &mut Found<Self>,
    ) -> Result<Vec<PathEntry>> {
        let limit = self.limits.listing_entries;
        let mut listing = client.list(path).followed_by(FollowUp::Transfer).stream();
        let mut entries = Vec::new();
        while let Some(entry) = listing.next().await {
            if entries.len() == limit {
                return Err(Error::Limit { what: "entries", limit });
            }
            entries.push(entry?);
        }
        found.failures.extend(listing.incompleteness().into_iter().map(|error| (path.to_string(), error)));
        Ok(entries)
    }
}

/// Creates the error for an entry that cannot be downloaded.
pub(crate) fn not_a_file(path: &RemotePath) -> Error {
    Error::Skipped { path: path.to_string(), why: "it is neither a file nor a directory" }
}

/// Moves the files whose names are those of other files' partial files to the failures.
fn leave_out_partial_names(found: &mut Found<TreeDownload>) {
    let names = found.files.iter().map(|file| match file {
        DownloadTask::Found { entry, .. } => entry.entry().name(),
        DownloadTask::Named { .. } => &[],
    });
    let partial = partial_names_of_others(names);
    let mut index = 0..;
    found.files.retain(|file| {
        let stays = index.next().is_none_or(|index| !partial.contains(&index));
        if !stays {
            let path = file.path().to_string();
            found.failures.push((path.clone(), refuse_partial_name(path)));
        }
        stays
    });
}

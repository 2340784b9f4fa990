//! A tree, from the server: what is in a directory, and where it goes.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use oxftp_proto::{EntryKind, Limits, RemotePath, Timestamp};

use super::{
    file::{FileDownload, RemoteFile},
    not_a_file,
};
use crate::transfer::{
    attempt::{Attempt, Transferred},
    local_path::{local_name, make_all, make_below},
    name_collisions::{NameCollisions, refuse_other_spelling},
    partial_name::{is_part_of_another, parts_of_others},
    scheduler::{Found, JobHandler, pending_write::FileOutcome},
    verify::Verify,
};
use crate::{
    Client, Error, PathEntry, Result,
    list::{AncestorChain, CycleDetector, ListingFingerprint},
    local_fs::PathIo,
};

/// How a tree is fetched.
pub(crate) struct TreeDownload {
    pub(crate) fs: Arc<dyn PathIo>,
    pub(crate) block: usize,
    pub(crate) resume: bool,
    pub(crate) ascii: bool,
    pub(crate) keep_times: bool,
    pub(crate) keep_permissions: bool,
    pub(crate) verify: Verify,
    pub(crate) sync: bool,
    pub(crate) root: Root,
    pub(crate) limits: Limits,
    /// How many directories were found so far.
    pub(crate) directories: AtomicUsize,
    pub(crate) guard: CycleDetector,
    /// Held for files that may be one and the same here.
    pub(crate) collision_lock: tokio::sync::Mutex<()>,
}

/// Whose word the local root of a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    /// The user named it, and may have named a link.
    Named,
    /// It is put into what the user named; a link in its place could lead anywhere.
    Put,
}

/// A directory on the server, and where it goes.
pub(crate) struct RemoteDirectory {
    pub(crate) remote: RemotePath,
    pub(crate) local: PathBuf,
    pub(crate) depth: usize,
    pub(crate) ancestors: AncestorChain,
    /// Something beside it may have the same name here.
    pub(crate) has_collision: bool,
}

/// A file on the server, and where it goes.
pub(crate) enum DownloadTask {
    /// The user named it.
    Named {
        path: RemotePath,
        size: Option<u64>,
        modified: Option<Timestamp>,
        mode: Option<u32>,
        target: PathBuf,
    },
    /// It was found; the local directory is shared by all that is in it.
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
        let most = self.limits.tree_directories;
        if self.directories.load(Ordering::Relaxed) > most {
            return Err(Error::Limit { what: "directories in a tree", limit: most });
        }
        if self.guard.predicts_cycle(&directory.ancestors) {
            return Ok(());
        }
        self.make(directory).await?;
        if self.keep_permissions {
            client.list_permissions().await?;
        }
        found.made = true;
        let within: Arc<Path> = directory.local.as_path().into();
        let entries = self.entries(client, &directory.remote, found).await?;
        let listing = ListingFingerprint::of(entries.iter().map(PathEntry::entry));
        let Some(parent) = self.guard.check(&directory.ancestors, &listing) else {
            return Err(Error::EndlessTree { path: directory.remote.to_string() });
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
            } else if entry.is_dir() {
                match local_name(&entry.name()) {
                    Ok(name) => found.directories.push(RemoteDirectory {
                        remote: entry.path(),
                        local: within.join(name),
                        depth: directory.depth + 1,
                        ancestors: AncestorChain::of(&entry).with_parent(&parent),
                        has_collision,
                    }),
                    Err(error) => found.failures.push((entry.path().to_string(), error.into())),
                }
            } else if matches!(entry.kind, EntryKind::File | EntryKind::Unknown) {
                found.files.push(DownloadTask::Found { entry, within: within.clone(), has_collision });
            } else {
                found.failures.push((entry.path().to_string(), not_a_file(&entry.path())));
            }
        }
        leave_out_parts_of_others(found);
        self.directories.fetch_add(found.directories.len(), Ordering::Relaxed);
        Ok(())
    }

    async fn transfer(
        &self,
        client: &mut Client,
        file: &DownloadTask,
        attempt: &Attempt<'_>,
    ) -> Result<FileOutcome> {
        let _alone = if file.has_collision() { Some(self.collision_lock.lock().await) } else { None };
        let fetching = FileDownload {
            fs: &self.fs,
            block: self.block,
            // A part file of this very transfer is as good as one of an earlier one.
            resume: (self.resume || attempt.has_begun()) && !self.ascii,
            ascii: self.ascii,
            keep_times: self.keep_times,
            keep_permissions: self.keep_permissions,
            verify: self.verify,
            sync: self.sync,
            progress: attempt,
        };
        let (path, target) = (file.path(), file.target()?);
        if file.has_collision() {
            refuse_other_spelling(&*self.fs, &target).await?;
        }
        let wanted =
            RemoteFile { path: &path, size: file.size(), modified: file.modified(), mode: file.mode() };
        let fetched = fetching.fetch(client, &wanted, &target).await?;
        let mut done = FileOutcome {
            moved: Transferred { bytes: fetched.bytes, resumed: fetched.resumed },
            pending_write: fetched.pending_write,
        };
        if let Some(pending_write) = done.pending_write.take_if(|_| file.has_collision()) {
            pending_write.end().await?;
        }
        Ok(done)
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
        let local = &directory.local;
        match (directory.depth, self.root, local.parent()) {
            (0, Root::Named, _) | (0, _, None) => make_all(&*self.fs, local).await,
            (0, Root::Put, Some(parent)) => {
                make_all(&*self.fs, parent).await?;
                make_below(&*self.fs, local).await
            }
            _ if directory.has_collision => {
                make_below(&*self.fs, local).await?;
                refuse_other_spelling(&*self.fs, local).await
            }
            _ => make_below(&*self.fs, local).await,
        }
    }

    /// Lists a directory whole: a session that lists can do nothing else meanwhile.
    async fn entries(
        &self,
        client: &mut Client,
        path: &RemotePath,
        found: &mut Found<Self>,
    ) -> Result<Vec<PathEntry>> {
        let limit = self.limits.listing_entries;
        let mut listing = client.list(path).stream();
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

/// Leaves out the files whose names are those of others' part files, and names them.
fn leave_out_parts_of_others(found: &mut Found<TreeDownload>) {
    let names = found.files.iter().map(|file| match file {
        DownloadTask::Found { entry, .. } => entry.entry().name(),
        DownloadTask::Named { .. } => &[],
    });
    let parts = parts_of_others(names);
    let mut place = 0..;
    found.files.retain(|file| {
        let stays = place.next().is_none_or(|place| !parts.contains(&place));
        if !stays {
            let path = file.path().to_string();
            found.failures.push((path.clone(), is_part_of_another(path)));
        }
        stays
    });
}

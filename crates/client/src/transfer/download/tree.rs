//! Download of a tree: the contents of a directory, and their local destinations.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use oxftp_proto::{EntryKind, FileName, Limits, RemotePath, Timestamp};

use super::file::{FileDownload, RemoteFile};
use crate::transfer::{
    backup::LocalBackups,
    file_progress::FileProgress,
    local_path::{local_name, make_all},
    name_collisions::{NameCollisions, refuse_other_spelling},
    options::{Choice, Existing, FileOptions, relative_path},
    partial_name::{partial_names_of_others, refuse_partial_name},
    preserve::make_below_with_mode,
    scheduler::{Found, JobHandler, concurrency::WorkAmount, pending_write::FileOutcome},
    source_removal::SourceRemover,
    symlink::{Links, MAX_SYMLINKS, create_symlink, dangling, refuse_outside, too_many_symlinks},
};
use crate::{
    Candidate, Client, Error, Location, PathEntry, Result,
    client::FollowUp,
    error::report::CopyLocations,
    list::{Ancestor, AncestorChain, CycleDetector, FileTable, ListingBudget, ListingFingerprint, TableFile},
    local_fs::FileSystem,
    lock::is_lock,
};

/// Download of a tree, or of a single file.
pub(crate) struct TreeDownload {
    pub(crate) fs: Arc<dyn FileSystem>,
    pub(crate) options: FileOptions,
    pub(crate) choice: Choice,
    /// Removes the sources; `None` if they are kept.
    pub(crate) sources: Option<SourceRemover<RemotePath>>,
    pub(crate) backups: Option<Arc<LocalBackups>>,
    pub(crate) root: Root,
    pub(crate) limits: Limits,
    /// The number of directories that were found so far.
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
    /// Number of symbolic links that were followed on the way to it.
    pub(crate) symlinks: usize,
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
    Found { file: TableFile, within: Arc<Path>, has_collision: bool },
}

impl DownloadTask {
    fn remote(&self) -> RemoteFile<'_> {
        match self {
            Self::Named { path, size, modified, mode, .. } => {
                RemoteFile { path, size: *size, modified: *modified, mode: *mode }
            }
            Self::Found { file: TableFile { path, size, modified, mode, .. }, .. } => {
                RemoteFile { path, size: *size, modified: *modified, mode: *mode }
            }
        }
    }

    fn target(&self) -> Result<PathBuf> {
        Ok(match self {
            Self::Named { target, .. } => target.clone(),
            Self::Found { file, within, .. } => within.join(local_name(&file.name)?),
        })
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
        // If a directory may replace another one, it must be refused before its files are.
        let make_later = self.choice.leaves_out_empty() && !directory.has_collision;
        if !make_later {
            found.made |= self.make(directory).await?;
        }
        if self.options.preserve_mode {
            client.list_permissions().await?;
        }
        let Listed { files, others, fingerprint } = self.entries(client, &directory.remote, found).await?;
        let Some(parent) = self.cycles.check(&directory.ancestors, &fingerprint) else {
            return Err(Error::CyclicTree { path: directory.remote.to_string() });
        };
        found.is_urgent = parent.is_suspect();
        let other_names = others.iter().map(|(_, entry)| entry.entry().name());
        let mut collisions = NameCollisions::of(files.names().chain(other_names.map(<[u8]>::to_vec)));
        let mut files = FoundFiles::of(files, directory.local.as_path().into());
        let mut others = others.into_iter().peekable();
        let mut links = Vec::new();
        // In the order of the listing: the first of several equal names counts.
        for index in 0..=files.table.len() {
            while let Some((_, entry)) = others.next_if(|(before, _)| *before == index) {
                if let Some(link) = self.sort_other(directory, entry, &mut collisions, &parent, found) {
                    links.push(link);
                }
            }
            self.sort_file(directory, index, &mut collisions, &mut files, found);
        }
        files.leave_out_partial_names(found);
        let mut has_files = self.add_files(files, found).await?;
        if self.choice.links == Some(Links::Follow) {
            for link in std::mem::take(&mut links) {
                has_files |= self.follow(client, directory, &link, &parent, found).await?;
            }
        }
        if make_later && (has_files || !links.is_empty()) {
            found.made |= self.make_with_parents(directory).await?;
        }
        for link in links {
            if let Err(error) = self.copy_symlink(directory, &link).await {
                found.failures.push((link.path().to_string(), error));
            }
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
        // A partial file of this transfer is equivalent to one of an earlier transfer.
        let resume = (self.options.resume || progress.has_started()) && !self.options.ascii;
        let download = FileDownload {
            fs: &self.fs,
            options: &self.options,
            resume,
            backups: self.backups.as_deref(),
            continues_final: self.options.resume && !progress.has_started(),
            follow_up: if self.sources.is_some() { FollowUp::Nothing } else { follow_up },
            progress,
        };
        let (remote, target) = (file.remote(), file.target()?);
        if file.has_collision() {
            refuse_other_spelling(&*self.fs, &target).await?;
        }
        let mut outcome = download.download(client, &remote, &target).await?;
        let alone = file.has_collision() || self.sources.is_some();
        if let Some(write) = outcome.pending_write.take_if(|_| alone) {
            write.end().await?;
        }
        if let Some(sources) = &self.sources {
            sources.remove(client, remote.path).await?;
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
        file.remote().path.to_string()
    }

    fn size(&self, file: &DownloadTask) -> Option<u64> {
        file.remote().size
    }

    fn locations(&self, file: &DownloadTask) -> Option<CopyLocations> {
        let (remote, local) = (file.remote().path.clone(), file.target().ok()?);
        Some(CopyLocations { source: Location::Remote(remote), target: Location::Local(local) })
    }
}

impl TreeDownload {
    async fn make(&self, directory: &RemoteDirectory) -> Result<bool> {
        self.make_at(&directory.local, directory.depth, directory.has_collision).await
    }

    /// Returns whether the directory was missing.
    async fn make_at(&self, local: &Path, depth: usize, has_collision: bool) -> Result<bool> {
        match (depth, self.root, local.parent()) {
            (0, Root::Named, _) | (0, _, None) => {
                let is_missing = !local.as_os_str().is_empty() && !self.fs.try_exists(local).await?;
                make_all(&*self.fs, local).await?;
                Ok(is_missing)
            }
            (0, Root::Put, Some(parent)) => {
                make_all(&*self.fs, parent).await?;
                make_below_with_mode(&*self.fs, local, self.options.dir_mode).await
            }
            _ if has_collision => {
                let is_missing = make_below_with_mode(&*self.fs, local, self.options.dir_mode).await?;
                refuse_other_spelling(&*self.fs, local).await?;
                Ok(is_missing)
            }
            _ => make_below_with_mode(&*self.fs, local, self.options.dir_mode).await,
        }
    }

    /// Creates a directory whose parents may not have been created, because they contain no files.
    async fn make_with_parents(&self, directory: &RemoteDirectory) -> Result<bool> {
        let above: Vec<_> = directory.local.ancestors().skip(1).take(directory.depth).collect();
        let levels = directory.depth.saturating_sub(above.len())..;
        for (level, local) in levels.zip(above.into_iter().rev()) {
            self.make_at(local, level, false).await?;
        }
        self.make(directory).await
    }

    fn accepts(&self, directory: &RemoteDirectory, name: &FileName, facts: Facts) -> bool {
        let Some(selection) = &self.choice.selection else { return true };
        selection.accepts(&Candidate {
            path: &relative_path(&directory.relative, &name.to_string_lossy()),
            is_dir: facts.is_dir,
            size: facts.size,
            modified: facts.modified,
        })
    }

    fn is_moved_into(&self, directory: &RemotePath) -> bool {
        self.sources.as_ref().is_some_and(|sources| sources.is_into(directory))
    }

    /// Decides about an entry that is not a file.
    fn sort_other(
        &self,
        directory: &RemoteDirectory,
        entry: PathEntry,
        collisions: &mut NameCollisions,
        parent: &Arc<Ancestor>,
        found: &mut Found<Self>,
    ) -> Option<PathEntry> {
        if entry.is_dir() && (is_lock(entry.entry().name()) || self.is_moved_into(&entry.path())) {
            return None;
        }
        let has_collision = collisions.is_one(entry.entry().name());
        let facts = Facts { is_dir: entry.is_dir(), size: None, modified: entry.modified };
        if collisions.comes_again(entry.entry().name()) {
            found.failures.push(listed_twice(&entry.path()));
        } else if entry.kind == EntryKind::Link && self.choice.links == Some(Links::Follow) {
            return Some(entry);
        } else if !self.accepts(directory, &entry.name(), facts) {
        } else if entry.kind == EntryKind::Link && self.choice.links == Some(Links::Copy) {
            return Some(entry);
        } else if entry.kind == EntryKind::Link && self.choice.links == Some(Links::Skip) {
            found.skipped_symlinks += 1;
        } else if entry.is_dir() {
            match local_name(&entry.name()) {
                Ok(name) => found.directories.push(RemoteDirectory {
                    remote: entry.path(),
                    local: directory.local.join(name),
                    depth: directory.depth + 1,
                    ancestors: AncestorChain::of(&entry).with_parent(parent),
                    has_collision,
                    symlinks: directory.symlinks,
                    relative: relative_path(&directory.relative, &entry.name().to_string_lossy()),
                }),
                Err(error) => found.failures.push((entry.path().to_string(), error.into())),
            }
        } else if entry.kind != EntryKind::Special || !self.choice.skips_special {
            found.failures.push((entry.path().to_string(), not_a_file(&entry.path())));
        }
        None
    }

    /// Adds the target of a symbolic link; returns whether it is a file to be downloaded.
    async fn follow(
        &self,
        client: &mut Client,
        directory: &RemoteDirectory,
        link: &PathEntry,
        parent: &Arc<Ancestor>,
        found: &mut Found<Self>,
    ) -> Result<bool> {
        let path = link.path();
        let name = match local_name(&link.name()) {
            Ok(name) => name,
            Err(error) => {
                found.failures.push((path.to_string(), error.into()));
                return Ok(false);
            }
        };
        let local = directory.local.join(name);
        let accepts = |facts| self.accepts(directory, &link.name(), facts);
        match client.resolve_link(&path).await? {
            EntryKind::Directory if directory.symlinks >= MAX_SYMLINKS => {
                found.failures.push((path.to_string(), too_many_symlinks(path.to_string())));
            }
            EntryKind::Directory => {
                if accepts(Facts { is_dir: true, size: None, modified: None }) {
                    found.directories.push(RemoteDirectory {
                        remote: path,
                        local,
                        depth: directory.depth + 1,
                        ancestors: AncestorChain::of(link).with_parent(parent),
                        has_collision: false,
                        symlinks: directory.symlinks + 1,
                        relative: relative_path(&directory.relative, &link.name().to_string_lossy()),
                    });
                }
            }
            EntryKind::File => {
                let size = client.size_if_reported(&path).await?;
                let modified = client.modified_if_reported(&path).await;
                let exists = self.fs.metadata(&local).await.is_ok();
                if accepts(Facts { is_dir: false, size, modified }) && self.choice.existing.allows(exists) {
                    found.files.push(DownloadTask::Named { path, size, modified, mode: None, target: local });
                    return Ok(true);
                }
            }
            _ => found.failures.push((path.to_string(), dangling(path.to_string()))),
        }
        Ok(false)
    }

    /// Creates a symbolic link like that of the server. Downloads follow none, so nothing is written through it.
    async fn copy_symlink(&self, directory: &RemoteDirectory, link: &PathEntry) -> Result<()> {
        let path = directory.local.join(local_name(&link.name())?);
        let Some(destination) = link.link_target() else {
            return Err(Error::Skipped {
                path: link.path().to_string(),
                why: "the server does not list where the symbolic link points to",
            });
        };
        refuse_outside(&path, destination, directory.depth)?;
        create_symlink(&*self.fs, &path, destination).await
    }

    /// Decides about a file, if there is one with this index.
    fn sort_file(
        &self,
        directory: &RemoteDirectory,
        index: usize,
        collisions: &mut NameCollisions,
        files: &mut FoundFiles,
        found: &mut Found<Self>,
    ) {
        let Some(name) = files.table.name(index) else { return };
        if collisions.is_one(&name) {
            let comes_again = collisions.comes_again(&name);
            files.colliding.insert(index);
            if comes_again && let Some(file) = files.table.get(index) {
                found.failures.push(listed_twice(&file.path));
                files.leave_out(index);
                return;
            }
        }
        if self.choice.selection.is_some()
            && let Some(file) = files.table.get(index)
        {
            let facts = Facts { is_dir: false, size: file.size, modified: file.modified };
            if !self.accepts(directory, &file.name, facts) {
                files.leave_out(index);
            }
        }
    }

    /// Adds the files to those that were found; returns whether there are any.
    async fn add_files(&self, mut files: FoundFiles, found: &mut Found<Self>) -> Result<bool> {
        if self.choice.existing != Existing::Replace {
            self.leave_out_by_target(&mut files).await;
        }
        files.table.check()?;
        let has_files = files.left > 0;
        found.batch = Some((files.work(), Box::new(files)));
        Ok(has_files)
    }

    /// Excludes the files that are to be kept, and those that are to be replaced only and do not exist.
    async fn leave_out_by_target(&self, files: &mut FoundFiles) {
        for index in 0..files.table.len() {
            let Some(file) = files.table.get(index).filter(|_| !files.left_out.contains(&index)) else {
                continue;
            };
            let exists = match local_name(&file.name) {
                Ok(name) => self.fs.metadata(&files.within.join(name)).await.is_ok(),
                Err(_) => false,
            };
            if !self.choice.existing.allows(exists) {
                files.leave_out(index);
            }
        }
    }

    /// Collects the whole listing: a session cannot do other work during a listing.
    async fn entries(
        &self,
        client: &mut Client,
        path: &RemotePath,
        found: &mut Found<Self>,
    ) -> Result<Listed> {
        let mut budget = ListingBudget::new(&self.limits);
        let mut listing = client.list(path).followed_by(FollowUp::Transfer).stream();
        let mut listed = Listed::default();
        while let Some(entry) = listing.next().await {
            let entry = entry?;
            listed.fingerprint.add(&entry);
            if matches!(entry.kind, EntryKind::File | EntryKind::Unknown) {
                budget.take(listed.files.memory_of(&entry))?;
                listed.files.push(&entry);
            } else {
                budget.take_entry(&entry)?;
                listed.others.push((listed.files.len(), entry));
            }
        }
        found.failures.extend(listing.incompleteness().into_iter().map(|error| (path.to_string(), error)));
        Ok(listed)
    }
}

/// The listing of one directory.
#[derive(Default)]
struct Listed {
    files: FileTable,
    /// Entries that are not files, each with the number of files before it.
    others: Vec<(usize, PathEntry)>,
    fingerprint: ListingFingerprint,
}

/// The properties of an entry that a selection examines, apart from the path.
struct Facts {
    is_dir: bool,
    size: Option<u64>,
    modified: Option<Timestamp>,
}

/// The files of one directory that are to be downloaded, in order.
struct FoundFiles {
    table: FileTable,
    within: Arc<Path>,
    left_out: HashSet<usize>,
    /// Files whose names may be the same as others on the local file system.
    colliding: HashSet<usize>,
    next: usize,
    left: usize,
}

impl FoundFiles {
    fn of(table: FileTable, within: Arc<Path>) -> Self {
        let left = table.len();
        Self { table, within, left_out: HashSet::new(), colliding: HashSet::new(), next: 0, left }
    }

    fn leave_out(&mut self, index: usize) {
        self.left -= usize::from(self.left_out.insert(index));
    }

    /// Returns the indexes of the files that are not left out.
    fn indexes(&self) -> impl Iterator<Item = usize> + Clone {
        (self.next..self.table.len()).filter(|index| !self.left_out.contains(index))
    }

    fn work(&self) -> WorkAmount {
        let sizes = self.indexes().map(|index| self.table.size(index).unwrap_or(0));
        WorkAmount { files: self.left as u64, bytes: sizes.fold(0, u64::saturating_add) }
    }

    /// Moves the files whose names are those of other files' partial files to the failures.
    fn leave_out_partial_names(&mut self, found: &mut Found<TreeDownload>) {
        let names = self.indexes().map(|index| self.table.name(index).unwrap_or_default());
        let partial = partial_names_of_others(names);
        if partial.is_empty() {
            return;
        }
        let numbered = self.indexes().enumerate();
        let refused: Vec<_> =
            numbered.filter(|(number, _)| partial.contains(number)).map(|(_, index)| index).collect();
        for index in refused {
            if let Some(file) = self.table.get(index) {
                let path = file.path.to_string();
                found.failures.push((path.clone(), refuse_partial_name(path)));
            }
            self.leave_out(index);
        }
    }
}

impl Iterator for FoundFiles {
    type Item = DownloadTask;

    fn next(&mut self) -> Option<DownloadTask> {
        let index = self.indexes().next()?;
        self.next = index + 1;
        self.left = self.left.saturating_sub(1);
        let (within, has_collision) = (self.within.clone(), self.colliding.contains(&index));
        self.table.get(index).map(|file| DownloadTask::Found { file, within, has_collision })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for FoundFiles {}

fn listed_twice(path: &RemotePath) -> (String, Error) {
    let path = path.to_string();
    (path.clone(), Error::Skipped { path, why: "the server lists its name twice" })
}

/// Creates the error for an entry that cannot be downloaded.
pub(crate) fn not_a_file(path: &RemotePath) -> Error {
    Error::Skipped { path: path.to_string(), why: "it is neither a file nor a directory" }
}

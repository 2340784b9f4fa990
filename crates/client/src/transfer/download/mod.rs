//! Downloads of files and trees.

pub(crate) mod file;
mod named;
pub(crate) mod partial_file;
mod range;
pub(crate) mod segmented;
pub(crate) mod tree;

use oxftp_proto::{Entry, EntryKind, FileName, RemotePath};
use std::{
    future::IntoFuture,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicUsize},
};

use self::{
    file::RemoteFile,
    named::NamedTarget,
    partial_file::segments_path,
    segmented::Segmented,
    tree::{DownloadTask, RemoteDirectory, Root, TreeDownload, not_a_file},
};
use super::{
    backup::{Backups, LocalBackups},
    local_path::{confined, local_name, make_all},
    options::{
        Choice, Connections, Existing, FileOptions, JobOptions, Verify, choice_setters, file_setters,
        job_setters,
    },
    partial_name::partial_path,
    scheduler::{
        Scheduler,
        admission::AdmissionGate,
        concurrency::Concurrency,
        retry::{RetryBudget, retrying},
        worker::Worker,
    },
};
use crate::{
    Candidate, Client, Error, Pool, ProgressEvent, Report, Result, Selection,
    client::{FollowUp, FoundEntry, leaves_existence_open},
    deadline::Deadline,
    future::BoxFuture,
    list::{AncestorChain, CycleDetector},
    local_fs::FileSystem,
};

impl Client {
    /// Downloads a file, or a directory with everything in it (`RETR`, `MLSD` or `LIST`).
    ///
    /// The source is put *into* the destination directory, under its own name; with
    /// [`write_into`](Download::write_into) the destination *is* the new name. Missing directories of the
    /// destination are created.
    ///
    /// A file is written under its name with [`PART_SUFFIX`](crate::PART_SUFFIX) appended, and renamed
    /// when it is complete. An interrupted download leaves the partial file, for [`resume`](Download::resume).
    ///
    /// Symbolic links and other entries that are neither files nor directories are not downloaded; the error
    /// names them. In a tree, one failure does not stop the others.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.download("/pub/readme.txt").to("downloads").await?; // downloads/readme.txt
    /// client.download("/pub").to("mirror").write_into(true).await?; // mirror/readme.txt
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::PartialFailure`] when files of a tree failed, [`Error::Stopped`] when the connection was
    /// lost before the tree was complete; for a single file its own error, such as
    /// [`Error::StatusCode`], [`Error::Data`], [`Error::SizeMismatch`] or [`Error::LocalFs`].
    #[must_use = "nothing is downloaded until it is awaited"]
    pub fn download(&mut self, source: impl Into<RemotePath>) -> Download<'_> {
        Download::new(Worker::Own(self), source.into())
    }
}

impl Pool {
    /// Downloads as [`Client::download`] does, the files of a tree over as many sessions as the pool has.
    ///
    /// Directories are listed while files are downloaded. A transient failure, such as a lost connection, is
    /// [retried](Download::retries): the file is resumed, on a new session if necessary.
    ///
    /// ```no_run
    /// use oxftp::{Order, Pool};
    ///
    /// # async fn example(pool: &Pool) -> oxftp::Result<()> {
    /// match pool.download("/pub").to("mirror").order(Order::LargestFirst).max_errors(10).await {
    ///     Err(oxftp::Error::PartialFailure { report }) => println!("{:?}", report.failures),
    ///     report => println!("{} files", report?.files),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`Client::download`] and [`Pool::client`]; [`Error::Stopped`] when a tree was started and
    /// no session is available any more.
    #[must_use = "nothing is downloaded until it is awaited"]
    pub fn download(&self, source: impl Into<RemotePath>) -> Download<'_> {
        Download::new(Worker::of(self), source.into())
    }
}

/// A download that is not started yet; awaiting it runs it.
///
/// ```no_run
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// client.download("/pub").to("mirror").write_into(true).resume(true).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Download<'c> {
    worker: Worker<'c>,
    source: RemotePath,
    destination: PathBuf,
    write_into: bool,
    recursive: bool,
    segments: usize,
    choice: Choice,
    file: FileOptions,
    job: JobOptions,
}

impl<'c> Download<'c> {
    fn new(worker: Worker<'c>, source: RemotePath) -> Self {
        Self {
            job: worker.default_options(),
            worker,
            source,
            destination: PathBuf::new(),
            write_into: false,
            recursive: true,
            segments: 1,
            choice: Choice::default(),
            file: FileOptions::default(),
        }
    }

    /// Sets the local destination. Defaults to the working directory.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.download("/pub").to("copy").await?; // copy/pub
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn to(mut self, destination: impl Into<PathBuf>) -> Self {
        self.destination = destination.into();
        self
    }

    /// Makes the destination the new name of the source. Defaults to false: the source is put into
    /// the destination.
    ///
    /// A single file is written through symbolic links of the destination, and into a device, FIFO or open file descriptor
    /// (such as `/dev/null` or `/dev/stdout`), which is never replaced. Options that need a regular file, such as
    /// [`resume`](Self::resume), are [`Error::Incompatible`] then.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.download("/pub").to("copy").write_into(true).await?; // copy
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn write_into(mut self, write_into: bool) -> Self {
        self.write_into = write_into;
        self
    }

    /// Sets the path that the source gets on this machine: short for [`to`](Self::to) and
    /// [`write_into(true)`](Self::write_into). A directory becomes a directory of this name.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.download("/pub/readme.txt").to_file("docs/about.txt").await?; // docs/about.txt
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn to_file(self, path: impl Into<PathBuf>) -> Self {
        self.to(path).write_into(true)
    }

    /// Sets the local directory into which the source is put under its own name: short for [`to`](Self::to) and
    /// [`write_into(false)`](Self::write_into).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.download("/pub/readme.txt").into_dir("docs").await?; // docs/readme.txt
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn into_dir(self, directory: impl Into<PathBuf>) -> Self {
        self.to(directory).write_into(false)
    }

    /// Downloads directories, too. Defaults to true; when false, a directory is [`Error::IsDirectory`].
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.download("readme.txt").recursive(false).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn recursive(mut self, recursive: bool) -> Self {
        self.recursive = recursive;
        self
    }

    /// Downloads a single large file in parts, over at most this many of the pool's connections at once (`REST`).
    /// Defaults to 1.
    ///
    /// With [`Connections::Auto`] it starts with one connection; a connection that makes it faster takes over half
    /// of the remaining bytes. Beside the partial file there is one with `.segments` appended to its name. It
    /// records for [`resume`](Self::resume), every second, which bytes of each part are written. It is ignored once
    /// the server's file has another size or time (`MDTM`). At the end both are queried again;
    /// [`Error::Changed`] is returned when the time differs.
    ///
    /// One connection downloads files of less than 8 MiB, files of unknown size, and files of a server that refuses
    /// `REST`, or accepts it and starts at the beginning all the same. When the server allows fewer sessions, only
    /// those are used. Trees are not affected.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// pool.download("image.iso").segments(4).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn segments(mut self, segments: usize) -> Self {
        self.segments = segments;
        self
    }

    /// Sets which files and directories of a tree are transferred, and whether a single file is. Defaults to all.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// use oxftp::Selection;
    ///
    /// let photos = Selection::new(|found| found.is_dir || found.path.ends_with(".jpg"));
    /// client.download("photos").select(photos).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn select(mut self, selection: Selection) -> Self {
        self.choice.selection = Some(selection);
        self
    }

    choice_setters! {
        /// Sets what happens to files whose names exist at the destination. Defaults to [`Existing::Replace`](crate::Existing::Replace).
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// client.download("photos").existing(oxftp::Existing::Keep).await?;
        /// # Ok(())
        /// # }
        /// ```
        existing: Existing;

        /// Keeps each local file that is replaced: it is moved to its backup just before the new one gets its name. Defaults to
        /// `None`.
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// use oxftp::Backup;
        ///
        /// client.download("photos").backup(Backup::new().suffix("~")).await?;
        /// # Ok(())
        /// # }
        /// ```
        backup: impl Into<Option<Backup>>;

        /// Sets whether each source file is removed when its copy is complete and verified. Directories are kept, and so are
        /// files that were left out. Defaults to `false`.
        ///
        /// Each file is written to the disk (as with [`sync`](Self::sync)) before its source is removed (`DELE`).
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// client.download("incoming").remove_source(true).await?;
        /// # Ok(())
        /// # }
        /// ```
        remove_source: bool;

        /// Moves each source file into this directory when its copy is complete and verified, instead of
        /// [removing](Self::remove_source) it: under its path relative to the directory that contains the source. The
        /// directory is relative to that one, or absolute, and is created. A file that it has already is kept: the source stays
        /// in its place, as a failure. What is in the directory is not transferred. Defaults to `None`.
        ///
        /// The server renames it (`RNFR`, `RNTO`).
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// client.download("incoming").move_source("done".to_owned()).await?;
        /// # Ok(())
        /// # }
        /// ```
        move_source: impl Into<Option<String>>;

        /// Sets the treatment of symbolic links in a tree. By default each is a failure
        /// ([`Error::Skipped`](crate::Error::Skipped)).
        ///
        /// A link that is created ([`Links::Copy`](crate::Links::Copy)) must be relative and point into the tree.
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// client.download("photos").links(oxftp::Links::Skip).await?;
        /// # Ok(())
        /// # }
        /// ```
        links: Links;
    }

    /// Sets whether special files, such as devices, FIFOs and sockets, are left out. By default each is a failure
    /// ([`Error::Skipped`]).
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.download("/srv").skip_special_files(true).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn skip_special_files(mut self, skip: bool) -> Self {
        self.choice.skips_special = skip;
        self
    }

    file_setters! {
        /// Resumes the partial file of an earlier download (`REST`). Defaults to false.
        ///
        /// Its last 64 KiB are downloaded again and compared. If this or another check shows that it cannot be
        /// resumed, the whole file is downloaded, and a warning is logged.
        ///
        /// A file that has its final name already is not changed if it has the size and the time of the server's
        /// (only the size where the server reports no time, `MDTM`). If it is not older than the server's, and not
        /// longer, another program may have left it incomplete: a copy of it is resumed as a partial file.
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// client.download("pub").resume(true).await?;
        /// # Ok(())
        /// # }
        /// ```
        resume: bool;

        /// Downloads text (`TYPE A`): its line ends become those of this system (see
        /// [`AsciiReader`](crate::AsciiReader)). Defaults to false: every byte stays unchanged.
        ///
        /// A truncated text is noticed only if fewer bytes arrive than the server lists. Together with
        /// [`resume`](Self::resume) or [`verify`](Self::verify) it is [`Error::Incompatible`].
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// client.download("pub").ascii(true).await?;
        /// # Ok(())
        /// # }
        /// ```
        ascii: bool;

        /// Sets the modification times of the local files to those that the server reports in UTC (`MLSD`, else
        /// `MDTM`). Defaults to false.
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// client.download("pub").preserve_times(true).await?;
        /// # Ok(())
        /// # }
        /// ```
        preserve_times: bool;

        /// Sets the permissions of the local files to those that the server lists (`UNIX.mode` of `MLSD`, or the
        /// first column of `LIST`), without the set-user-ID, set-group-ID and sticky bits. Defaults to false: the
        /// files have the permissions of any new file.
        ///
        /// A warning is logged if the server lists none, or the file system does not store them.
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// client.download("pub").preserve_mode(true).await?;
        /// # Ok(())
        /// # }
        /// ```
        preserve_mode: bool;

        /// Sets the permissions of the transferred files, independent of their sources. Defaults to `None`.
        ///
        /// On a server it is `SITE CHMOD`, and a refusal is logged as a warning.
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// client.download("pub").file_mode(Some(0o644)).await?;
        /// # Ok(())
        /// # }
        /// ```
        file_mode: Option<u32>;

        /// Sets the permissions of the directories that are created in a tree. Existing ones keep theirs. They must let
        /// the user write. Defaults to `None`.
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// client.download("pub").dir_mode(Some(0o755)).await?;
        /// # Ok(())
        /// # }
        /// ```
        dir_mode: Option<u32>;

        /// Compares each file with the server's before it gets its final name (`SIZE`, `HASH` and similar
        /// commands). Defaults to [`Verify::Auto`]: by the listed size.
        ///
        /// When the server reports no size or hash, each file is an error; the partial file is kept.
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// client.download("pub").verify(oxftp::Verify::Size).await?;
        /// # Ok(())
        /// # }
        /// ```
        verify: Verify;

        /// Waits until each file has reached the disk before it gets its final name, and until the new name has
        /// reached the disk, too (`fsync`). Defaults to false: a power failure soon after may leave an empty
        /// file, or none.
        ///
        /// It takes as long as the disk does, for each file of a tree.
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// client.download("pub").sync(true).await?;
        /// # Ok(())
        /// # }
        /// ```
        sync: bool;

        /// Sets how many bytes are moved at once, between 64 KiB and 4 MiB. Defaults to 256 KiB.
        ///
        /// ```no_run
        /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
        /// client.download("pub").block_size(1 << 20).await?;
        /// # Ok(())
        /// # }
        /// ```
        block_size: usize;
    }

    job_setters!();

    async fn run(mut self) -> Result<Report> {
        self.file.check()?;
        self.file.sync |= self.choice.source.removes();
        let deadline = Deadline::start(self.job.deadline);
        let DownloadStart { found, target, root } = deadline.run("the download", self.prepare()).await?;
        let FoundEntry { entry, is_listed } = found;
        if entry.kind == EntryKind::Special {
            return Ok(Report::default());
        }
        let target = match root {
            Root::Named if !entry.is_dir() => {
                let fs = self.worker.config().file_system.clone();
                match NamedTarget::of(&*fs, target).await? {
                    NamedTarget::File(target) => target,
                    NamedTarget::Special(path) => {
                        return match self.takes(&entry, &path).await {
                            true => deadline.run("the transfer", self.write_special(&entry, &path)).await,
                            false => Ok(Report::default()),
                        };
                    }
                }
            }
            _ => target,
        };
        if !entry.is_dir() && !self.takes(&entry, &target).await {
            return Ok(Report::default());
        }
        let handler = self.handler(&target, root, entry.is_dir());
        if entry.is_dir() {
            let directory = RemoteDirectory {
                remote: self.source,
                local: target,
                depth: 0,
                ancestors: AncestorChain::default(),
                has_collision: false,
                symlinks: 0,
                relative: String::new(),
            };
            let admission = AdmissionGate::new(&self.job, self.worker.pool());
            let workers = self.worker.with_siblings();
            let scheduler = Scheduler::new(handler, &self.job, admission, workers.len());
            return scheduler.run_tree(directory, workers, deadline).await;
        }
        self.run_file(FoundEntry { entry, is_listed }, target, handler, deadline).await
    }

    fn handler(&mut self, target: &Path, root: Root, is_dir: bool) -> TreeDownload {
        // The user chose the directory of a file, and that of a tree unless the transfer creates it.
        let is_named_tree = root == Root::Named && is_dir;
        let base = if is_named_tree { None } else { target.parent() }.unwrap_or(target);
        let beside = if is_named_tree { Some(target) } else { target.parent() }.unwrap_or(Path::new(""));
        let backup = self.choice.backup.take();
        let sources = self.source.parent().unwrap_or_else(|| self.source.clone());
        let config = self.worker.config();
        TreeDownload {
            fs: confined(&config.file_system, base),
            options: self.file.clone(),
            choice: self.choice.clone(),
            backups: backup.map(|backup| Arc::new(Backups::new(backup, beside.to_owned()))),
            sources: self.choice.source.below(sources, self.job.retries),
            root,
            limits: config.limits.clone(),
            directories: AtomicUsize::new(0),
            cycles: CycleDetector::new(&config.limits),
            collision_lock: tokio::sync::Mutex::new(()),
        }
    }

    /// Downloads a single file, over several connections if that is worthwhile.
    async fn run_file(
        mut self,
        found: FoundEntry,
        target: PathBuf,
        handler: TreeDownload,
        deadline: Deadline,
    ) -> Result<Report> {
        let (FoundEntry { entry, is_listed }, shown) = (found, self.source.to_string());
        let RemoteFile { size, modified, mode, .. } = RemoteFile::of(&self.source, &entry);
        if let Some(size) = size
            && let Some(report) =
                self.run_segmented(size, &entry, &target, handler.backups.as_deref(), deadline).await?
        {
            if let Some(sources) = &handler.sources {
                retrying!(&mut self.worker, RetryBudget::new(self.job.retries), |client| {
                    sources.remove(client, &self.source).await
                })?;
            }
            return Ok(report);
        }
        let file = DownloadTask::Named { path: self.source, size, modified, mode, target };
        let admission = AdmissionGate::of_all(&*self.job.progress);
        let transferred =
            Scheduler::new(handler, &self.job, admission, 1).run_file(file, self.worker, deadline).await;
        transferred.map_err(|error| match !is_listed && leaves_existence_open(&error) {
            true => Error::NotFound { path: shown, refusal: Some(error.into()) },
            false => error,
        })
    }

    /// Downloads a file over several connections; returns `None` if that is not worthwhile or not possible with this
    /// server.
    async fn run_segmented(
        &mut self,
        size: u64,
        entry: &Entry,
        target: &Path,
        backups: Option<&LocalBackups>,
        deadline: Deadline,
    ) -> Result<Option<Report>> {
        let at_once = self.job.connections != Connections::Auto;
        let Some(pool) = self.worker.pool() else { return Ok(None) };
        let mut max_connections = self.segments.min(pool.configured_size());
        let fs = self.worker.config().file_system.clone();
        match ExistingDownload::find(&*fs, target, self.file.resume).await? {
            ExistingDownload::Segments => max_connections = max_connections.max(1),
            ExistingDownload::WithoutPartial => return Ok(None),
            ExistingDownload::Nothing if self.file.ascii || max_connections < 2 => return Ok(None),
            ExistingDownload::Nothing if !Segmented::is_worth_it(size, at_once) => return Ok(None),
            ExistingDownload::Nothing => {}
        }
        self.worker.rest();
        let admission = match at_once {
            true => AdmissionGate::of_all(&*self.job.progress),
            false => {
                let concurrency = Concurrency::careful(max_connections);
                AdmissionGate::measuring(concurrency, pool, &*self.job.progress)
            }
        };
        let segmented = Segmented {
            pool,
            fs: &fs,
            remote: RemoteFile::of(&self.source, entry),
            size,
            target,
            max_connections,
            at_once,
            options: &self.file,
            backups,
            job: &self.job,
        };
        let outcome = deadline.run("the transfer", segmented.download(Worker::of(pool), admission)).await;
        outcome.inspect_err(|error| {
            let name = &self.source.to_string();
            self.job.progress.on_event(ProgressEvent::FileFailed { name, error });
        })
    }

    /// Determines the type of the source, and its target.
    async fn prepare(&mut self) -> Result<DownloadStart> {
        let (FoundEntry { entry, is_listed }, name) = self.stat_source().await?;
        match entry.kind {
            EntryKind::File | EntryKind::Link | EntryKind::Unknown => {}
            _ if entry.is_dir() && self.recursive => {}
            _ if entry.is_dir() => return Err(Error::IsDirectory { path: self.source.to_string() }),
            EntryKind::Special if self.choice.skips_special => {}
            _ => return Err(not_a_file(&self.source)),
        }
        let destination = std::mem::take(&mut self.destination);
        let (target, root) = match (self.write_into, name) {
            (false, Some(name)) => (destination.join(local_name(&name)?), Root::Put),
            _ => (destination, Root::Named),
        };
        if !entry.is_dir()
            && entry.kind != EntryKind::Special
            && let Some(parent) = target.parent()
        {
            make_all(&*self.worker.config().file_system, parent).await?;
        }
        Ok(DownloadStart { found: FoundEntry { entry, is_listed }, target, root })
    }

    /// Returns whether a single file is transferred.
    async fn takes(&mut self, entry: &Entry, target: &Path) -> bool {
        let name = self.source.file_name();
        let candidate = Candidate {
            path: &name.as_ref().map(|name| name.to_string_lossy()).unwrap_or_default(),
            is_dir: false,
            size: entry.exact_size().filter(|_| entry.is_file()),
            modified: entry.modified,
        };
        let existing = self.choice.existing;
        self.choice.accepts(&candidate)
            && (existing == Existing::Replace
                || existing.allows(self.worker.config().file_system.metadata(target).await.is_ok()))
    }

    /// Asks the server for the entry of the source, with its permissions if they are preserved. Also returns its name.
    async fn stat_source(&mut self) -> Result<(FoundEntry, Option<FileName>)> {
        Ok(retrying!(&mut self.worker, RetryBudget::new(self.job.retries), |client| {
            if self.file.preserve_mode {
                client.list_permissions().await?;
            }
            // If only a listing shows the entry, another transfer follows it.
            let entry = client.stat_source(&self.source, self.recursive, FollowUp::Transfer).await?;
            Ok((entry, client.path_style().file_name(&self.source)))
        })?)
    }
}

/// The source of a download, and its target.
struct DownloadStart {
    found: FoundEntry,
    target: PathBuf,
    root: Root,
}

/// The state that an earlier download or another program has left to be resumed.
enum ExistingDownload {
    /// A partial file in segments, with its status.
    Segments,
    /// A file under the final name, and no partial file.
    WithoutPartial,
    /// Nothing, or what any download can resume.
    Nothing,
}

impl ExistingDownload {
    async fn find(fs: &dyn FileSystem, target: &Path, resume: bool) -> Result<Self> {
        if !resume {
            return Ok(Self::Nothing);
        }
        let partial = partial_path(target);
        Ok(match fs.try_exists(&partial).await? {
            true if fs.try_exists(&segments_path(&partial)).await? => Self::Segments,
            false if fs.is_file(target).await? => Self::WithoutPartial,
            _ => Self::Nothing,
        })
    }
}

impl<'c> IntoFuture for Download<'c> {
    type Output = Result<Report>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let target = self.destination.display();
        let span = crate::trace::span!("download", self.worker.host(), path = self.source, target = target);
        Box::pin(crate::trace::traced(span, Box::pin(self.run())))
    }
}

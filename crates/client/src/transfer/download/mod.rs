//! Downloads of files and trees.

pub(crate) mod file;
pub(crate) mod partial;
pub(crate) mod segmented;
pub(crate) mod small_file;
pub(crate) mod tree;

use oxftp_proto::{Entry, EntryKind, RemotePath};
use std::{
    future::IntoFuture,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicUsize},
    time::{Duration, Instant},
};

use self::{
    segmented::Segmented,
    tree::{DownloadTask, RemoteDirectory, Root, TreeDownload},
};
use super::{
    BLOCK_SIZE, block_size,
    local_path::{confined, local_name, make_all},
    options::{Connections, Order},
    scheduler::{
        JobOptions, Scheduler, admission::AdmissionGate, concurrency::Concurrency, retry::RetryBudget,
        worker::Worker,
    },
    verify::Verify,
};
use crate::{
    Client, Error, Pool, Progress, Report, Result,
    deadline::{timed_out, within},
    future::BoxFuture,
    list::{AncestorChain, CycleDetector},
    progress::Silent,
};

impl Client {
    /// Downloads a file, or a directory with everything in it (`RETR`, `MLSD` or `LIST`).
    ///
    /// The source is put *into* the destination directory, under its own name; with
    /// [`write_into`](Download::write_into) the destination *is* the new name. What is missing of
    /// the destination is made.
    ///
    /// A file is written under its name with [`PART_SUFFIX`](crate::PART_SUFFIX) behind it and renamed
    /// when it is whole. An interrupted download leaves the part file, for [`resume`](Download::resume).
    ///
    /// Links and other things that are neither file nor directory are not fetched, and are named
    /// in the error. In a tree, one failure does not stop the others.
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
    /// [`Error::SomeFailed`] when files of a tree failed, [`Error::Stopped`] when the connection was
    /// lost before the tree was through; for a single file its own error, such as
    /// [`Error::StatusCode`], [`Error::Data`], [`Error::SizeMismatch`] or [`Error::PathIo`].
    #[must_use = "nothing is downloaded until it is awaited"]
    pub fn download(&mut self, source: impl Into<RemotePath>) -> Download<'_> {
        Download::new(Worker::Own(self), source.into())
    }
}

impl Pool {
    /// Downloads as [`Client::download`] does, the files of a tree over as many sessions as the pool has.
    ///
    /// Directories are listed while files are fetched. What fails for a passing reason, such as a lost
    /// connection, is [tried again](Download::retries), where it broke off and on a new session if need
    /// be.
    ///
    /// ```no_run
    /// use oxftp::{Order, Pool};
    ///
    /// # async fn example(pool: &Pool) -> oxftp::Result<()> {
    /// match pool.download("/pub").to("mirror").order(Order::LargestFirst).max_errors(10).await {
    ///     Err(oxftp::Error::SomeFailed { report }) => println!("{:?}", report.failures),
    ///     report => println!("{} files", report?.files),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Client::download`] and [`Pool::client`]; [`Error::Stopped`] when a tree was begun and
    /// no session is to be had any more.
    #[must_use = "nothing is downloaded until it is awaited"]
    pub fn download(&self, source: impl Into<RemotePath>) -> Download<'_> {
        Download::new(Worker::of(self), source.into())
    }
}

/// A download, not yet begun; awaiting it does it.
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
    block_size: usize,
    resume: bool,
    ascii: bool,
    keep_times: bool,
    keep_permissions: bool,
    verify: Verify,
    sync: bool,
    segments: usize,
    options: JobOptions,
    progress: Arc<dyn Progress>,
}

impl<'c> Download<'c> {
    fn new(worker: Worker<'c>, source: RemotePath) -> Self {
        Self {
            options: JobOptions::of(&worker),
            worker,
            source,
            destination: PathBuf::new(),
            write_into: false,
            recursive: true,
            block_size: BLOCK_SIZE,
            resume: false,
            ascii: false,
            keep_times: false,
            keep_permissions: false,
            verify: Verify::default(),
            sync: false,
            segments: 1,
            progress: Arc::new(Silent),
        }
    }

    /// Sets the local destination. Defaults to the working directory.
    #[must_use]
    pub fn to(mut self, destination: impl Into<PathBuf>) -> Self {
        self.destination = destination.into();
        self
    }

    /// Makes the destination the new name of the source. Defaults to false: the source is put into
    /// the destination.
    #[must_use]
    pub fn write_into(mut self, write_into: bool) -> Self {
        self.write_into = write_into;
        self
    }

    /// Downloads directories, too. Defaults to true; without it one is [`Error::IsDirectory`].
    #[must_use]
    pub fn recursive(mut self, recursive: bool) -> Self {
        self.recursive = recursive;
        self
    }

    /// Sets how many bytes are moved at once. Defaults to 256 KiB; small values are raised to
    /// 64 KiB and large ones lowered to 4 MiB, which nobody can observe but in time and memory.
    #[must_use]
    pub fn block_size(mut self, bytes: usize) -> Self {
        self.block_size = block_size(bytes);
        self
    }

    /// Goes on where an earlier download left its part file (`REST`). Defaults to false.
    ///
    /// A server that refuses `REST` is asked for the whole file.
    #[must_use]
    pub fn resume(mut self, resume: bool) -> Self {
        self.resume = resume;
        self
    }

    /// Gives the local files the modification times that the server tells in UTC (`MLSD`, else
    /// `MDTM`). Defaults to false.
    #[must_use]
    pub fn keep_times(mut self, keep: bool) -> Self {
        self.keep_times = keep;
        self
    }

    /// Gives the local files the permissions that the server lists (`UNIX.mode` of `MLSD`, or the first
    /// column of `LIST`), but for the set-user-ID, set-group-ID and sticky bits. Defaults to false:
    /// they are those of any new file.
    ///
    /// Where a server lists none, or the file system keeps none, that is a warning.
    #[must_use]
    pub fn keep_permissions(mut self, keep: bool) -> Self {
        self.keep_permissions = keep;
        self
    }

    /// Fetches text (`TYPE A`): its line ends become those of this system (see
    /// [`AsciiReader`](crate::AsciiReader)). Defaults to false: every byte stays as it is.
    ///
    /// What a transfer of text has cut off shows only where fewer bytes come than the server lists. With
    /// [`resume`](Self::resume) or [`verify`](Self::verify) it is [`Error::Incompatible`].
    #[must_use]
    pub fn ascii(mut self, ascii: bool) -> Self {
        self.ascii = ascii;
        self
    }

    /// Compares each file with the server's once more before it gets its final name (`SIZE`, `HASH` and
    /// its kin). Defaults to [`Verify::Auto`]: by the length that was listed.
    ///
    /// A server that tells no size or hash makes each file an error; the part file is kept.
    #[must_use]
    pub fn verify(mut self, verify: Verify) -> Self {
        self.verify = verify;
        self
    }

    /// Waits until each file has reached the disk before it gets its final name, and until that has reached it, too
    /// (`fsync`). Defaults to false: a power failure soon after may leave an empty file, or none.
    ///
    /// It takes as long as the disk does, for each file of a tree.
    #[must_use]
    pub fn sync(mut self, sync: bool) -> Self {
        self.sync = sync;
        self
    }

    /// Fetches a single large file in parts, over at most so many of the pool's connections at once (`REST`).
    /// Defaults to 1.
    ///
    /// With [`Connections::Auto`] it begins with one, and those that make it faster take over half of what is
    /// left. Beside the part file stands one with `.segments` behind its name, which tells
    /// [`resume`](Self::resume) what is written of each part, to the second; it counts for nothing once the
    /// server's file has another size or time (`MDTM`). At the end both are asked for again, and
    /// [`Error::Changed`] when the time is another.
    ///
    /// Less than 8 MiB, a file whose size is not known, and a server that takes no `REST`, or takes it and
    /// begins at the start all the same, are left to one connection; one that allows fewer sessions, to
    /// those. Trees are not affected.
    #[must_use]
    pub fn segments(mut self, most: usize) -> Self {
        self.segments = most;
        self
    }

    /// Sets which files of a tree come first. Defaults to [`Order::AsFound`].
    #[must_use]
    pub fn order(mut self, order: Order) -> Self {
        self.options.order = order;
        self
    }

    /// Sets over how many of the pool's connections the files of a tree go. Defaults to
    /// [`Connections::All`].
    #[must_use]
    pub fn connections(mut self, connections: Connections) -> Self {
        self.options.connections = connections;
        self
    }

    /// RetryBudget again so many times what fails for a passing reason, after pauses that double from a
    /// quarter of a second. Defaults to 2 over a pool, and to 0 over a client, whose connection cannot
    /// be replaced.
    #[must_use]
    pub fn retries(mut self, times: u32) -> Self {
        self.options.retries = times;
        self
    }

    /// Begins nothing more once more than this many things of a tree have failed
    /// ([`Error::Stopped`]); what runs is brought to its end. Defaults to no limit.
    #[must_use]
    pub fn max_errors(mut self, most: usize) -> Self {
        self.options.max_errors = Some(most);
        self
    }

    /// Sets a deadline for the whole ([`Error::Stopped`] or [`Error::Timeout`]). Defaults to
    /// [`Timeouts::total`](crate::Timeouts::total).
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.options.deadline = Some(deadline);
        self
    }

    /// Is told how it goes.
    #[must_use]
    pub fn progress(mut self, progress: Arc<dyn Progress>) -> Self {
        self.progress = progress;
        self
    }
}

impl<'c> IntoFuture for Download<'c> {
    type Output = Result<Report>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// Asks what the source is, and for its permissions if they are `kept`.
async fn look_at(client: &mut Client, source: &RemotePath, kept: bool, recursive: bool) -> Result<Entry> {
    if kept {
        client.list_permissions().await?;
    }
    // Where only a listing tells, another transfer follows it.
    client.expect_more(true);
    let found = client.look_up(source, recursive).await;
    client.expect_more(false);
    found
}

pub(crate) fn not_a_file(path: &RemotePath) -> Error {
    Error::Skipped { path: path.to_string(), why: "it is neither a file nor a directory" }
}

// ==== merged from tree/download/run.rs
//- A download at work.

impl Download<'_> {
    /// Text differs here and there, in its length and its hash.
    fn check(&self) -> Result<()> {
        let what = "text (ascii)";
        match (self.ascii, self.resume, self.verify) {
            (true, true, _) => Err(Error::Incompatible { what, with: "resuming" }),
            (true, _, Verify::Size | Verify::Hash) => Err(Error::Incompatible { what, with: "verifying" }),
            _ => Ok(()),
        }
    }

    pub(crate) async fn run(mut self) -> Result<Report> {
        self.check()?;
        let begun = Instant::now();
        let deadline = self.options.deadline;
        let prepared = within(deadline, self.prepare()).await;
        let (entry, target, root) = prepared.unwrap_or_else(|| Err(timed_out("the download", deadline)))?;
        let left = deadline.map(|deadline| deadline.saturating_sub(begun.elapsed()));
        // A file's own directory is the user's choice; so is that of a tree, unless the tree makes it.
        let named = root == Root::Named && entry.is_dir();
        let base = if named { None } else { target.parent() }.unwrap_or(&target);
        let work = TreeDownload {
            fs: confined(&self.worker.config().path_io, base),
            block: self.block_size,
            resume: self.resume,
            ascii: self.ascii,
            keep_times: self.keep_times,
            keep_permissions: self.keep_permissions,
            verify: self.verify,
            sync: self.sync,
            root,
            limits: self.worker.config().limits.clone(),
            directories: AtomicUsize::new(0),
            guard: CycleDetector::new(&self.worker.config().limits),
            collision_lock: tokio::sync::Mutex::new(()),
        };
        if entry.is_dir() {
            let ancestors = AncestorChain::default();
            let directory = RemoteDirectory {
                remote: self.source,
                local: target,
                depth: 0,
                ancestors,
                has_collision: false,
            };
            let admission = self.options.admission(&self.worker, &*self.progress);
            let workers = self.worker.with_siblings();
            let scheduler = Scheduler::new(work, self.options, admission, workers.len());
            return scheduler.through(directory, workers, left).await;
        }
        // The size of a link is that of its own text.
        let size = entry.exact_size().filter(|_| entry.is_file());
        if let Some(size) = size
            && let Some(report) = self.in_segments(size, &entry, &target, left).await?
        {
            return Ok(report);
        }
        let file = DownloadTask::Named {
            path: self.source,
            size,
            modified: entry.modified,
            mode: entry.mode.filter(|_| entry.is_file()),
            target,
        };
        Scheduler::new(work, self.options, AdmissionGate::of_all(&*self.progress), 1)
            .one(file, self.worker, left)
            .await
    }

    /// Fetches a file over several connections, if it is worth it and the server can.
    async fn in_segments(
        &mut self,
        size: u64,
        entry: &Entry,
        target: &Path,
        left: Option<Duration>,
    ) -> Result<Option<Report>> {
        let at_once = self.options.connections != Connections::Auto;
        let Some(pool) = self.worker.pool() else { return Ok(None) };
        let most = self.segments.min(pool.configured_size());
        if self.ascii || most < 2 || !Segmented::is_worth_it(size, at_once) {
            return Ok(None);
        }
        self.worker.rest();
        let admission = match at_once {
            true => AdmissionGate::of_all(&*self.progress),
            false => AdmissionGate::measuring(Concurrency::careful(most), pool, &*self.progress),
        };
        let fs = self.worker.config().path_io.clone();
        let job = Segmented {
            pool,
            fs: &fs,
            remote: &self.source,
            size,
            modified: entry.modified,
            target,
            most,
            at_once,
            block: self.block_size,
            resume: self.resume,
            keep_times: self.keep_times,
            keep_permissions: self.keep_permissions,
            mode: entry.mode,
            verify: self.verify,
            sync: self.sync,
            retries: self.options.retries,
            progress: &*self.progress,
        };
        let fetched = within(left, job.fetch(Worker::of(pool), admission)).await;
        let outcome = fetched.unwrap_or_else(|| Err(timed_out("the transfer", self.options.deadline)));
        outcome.inspect_err(|error| self.progress.file_failed(&self.source.to_string(), error))
    }

    /// Finds out what the source is, and where it goes.
    async fn prepare(&mut self) -> Result<(Entry, PathBuf, Root)> {
        let entry = self.stat().await?;
        match entry.kind {
            EntryKind::File | EntryKind::Link | EntryKind::Unknown => {}
            _ if entry.is_dir() && self.recursive => {}
            _ if entry.is_dir() => return Err(Error::IsDirectory { path: self.source.to_string() }),
            _ => return Err(not_a_file(&self.source)),
        }
        let destination = std::mem::take(&mut self.destination);
        let (target, root) = match (self.write_into, self.source.file_name()) {
            (false, Some(name)) => (destination.join(local_name(&name)?), Root::Put),
            _ => (destination, Root::Named),
        };
        if !entry.is_dir()
            && let Some(parent) = target.parent()
        {
            make_all(&*self.worker.config().path_io, parent).await?;
        }
        Ok((entry, target, root))
    }

    async fn stat(&mut self) -> Result<Entry> {
        let mut budget = RetryBudget::again(self.options.retries);
        loop {
            let outcome = match self.worker.client().await {
                Ok(client) => look_at(client, &self.source, self.keep_permissions, self.recursive).await,
                Err(error) => Err(error),
            };
            match outcome {
                Ok(entry) => return Ok(entry),
                Err(error) => self.worker.recover(error, &mut budget).await?,
            }
        }
    }
}

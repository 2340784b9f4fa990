//! Uploads of files and trees.

pub(crate) mod file;
pub(crate) mod tree;

use std::{
    future::IntoFuture,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use oxftp_proto::RemotePath;

use self::tree::{LocalDirectory, LocalFile, TreeUpload};
use super::{
    BLOCK_SIZE, block_size,
    local_path::remote_name,
    options::{Connections, Order},
    scheduler::{JobOptions, Scheduler, admission::AdmissionGate, retry::RetryBudget, worker::Worker},
    verify::Verify,
};
use crate::{
    Client, Error, Pool, Progress, Report, Result,
    deadline::{timed_out, within},
    error::local_fs::PathIoError,
    future::BoxFuture,
    progress::Silent,
};

impl Client {
    /// Uploads a file, or a directory with everything in it (`STOR`, `MKD`).
    ///
    /// The source is put *into* the destination directory, under its own name; with
    /// [`write_into`](Upload::write_into) the destination *is* the new name. What is missing of
    /// the destination is made.
    ///
    /// Links in a tree are not followed and, like other things that are neither file nor
    /// directory, not sent; they are named in the error. In a tree, one failure does not stop the
    /// others.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.upload("site").to("/www").await?; // /www/site/index.html
    /// client.upload("site").to("/www").write_into(true).await?; // /www/index.html
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::SomeFailed`] when files of a tree failed,
    /// [`Error::Stopped`] when the connection was lost before the tree was
    /// through; for a single file its own error, such as [`Error::PathIo`] when it
    /// is not there, [`Error::StatusCode`] when the server refuses it, or
    /// [`Error::Data`].
    #[must_use = "nothing is uploaded until it is awaited"]
    pub fn upload(&mut self, source: impl Into<PathBuf>) -> Upload<'_> {
        Upload::new(Worker::Own(self), source.into())
    }
}

impl Pool {
    /// Uploads as [`Client::upload`] does, the files of a tree over as many sessions as the pool has.
    ///
    /// A directory is made once, before anything in it is sent. What fails for a passing reason, such as
    /// a lost connection, is [tried again](Upload::retries) from its start, on a new session if need be.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// let report = pool.upload("site").to("/www").write_into(true).retries(5).await?;
    /// println!("{} files in {} directories", report.files, report.directories);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Client::upload`] and [`Pool::client`]; [`Error::Stopped`] when
    /// a tree was begun and no session is to be had any more.
    #[must_use = "nothing is uploaded until it is awaited"]
    pub fn upload(&self, source: impl Into<PathBuf>) -> Upload<'_> {
        Upload::new(Worker::of(self), source.into())
    }
}

/// An upload, not yet begun; awaiting it does it.
///
/// ```no_run
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// client.upload("site").to("/www").write_into(true).keep_times(true).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Upload<'c> {
    worker: Worker<'c>,
    source: PathBuf,
    destination: RemotePath,
    write_into: bool,
    block_size: usize,
    resume: bool,
    ascii: bool,
    temporary: bool,
    allocate: bool,
    keep_times: bool,
    keep_permissions: bool,
    verify: Verify,
    options: JobOptions,
    progress: Arc<dyn Progress>,
}

impl<'c> Upload<'c> {
    fn new(worker: Worker<'c>, source: PathBuf) -> Self {
        Self {
            options: JobOptions::of(&worker),
            worker,
            source,
            destination: RemotePath::default(),
            write_into: false,
            block_size: BLOCK_SIZE,
            resume: false,
            ascii: false,
            temporary: false,
            allocate: false,
            keep_times: false,
            keep_permissions: false,
            verify: Verify::default(),
            progress: Arc::new(Silent),
        }
    }

    /// Sets the destination on the server. Defaults to the working directory.
    #[must_use]
    pub fn to(mut self, destination: impl Into<RemotePath>) -> Self {
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

    /// Sets how many bytes are moved at once. Defaults to 256 KiB; small values are raised to
    /// 64 KiB and large ones lowered to 4 MiB, which nobody can observe but in time and memory.
    #[must_use]
    pub fn block_size(mut self, bytes: usize) -> Self {
        self.block_size = block_size(bytes);
        self
    }

    /// Goes on behind what the server has already (`SIZE`, then `REST` with `STOR`, or `APPE`).
    /// Defaults to false.
    #[must_use]
    pub fn resume(mut self, resume: bool) -> Self {
        self.resume = resume;
        self
    }

    /// Gives the files on the server the modification times of the local ones, to the second, where it
    /// lets them be set (see [`Client::set_modified`]). Defaults to false.
    #[must_use]
    pub fn keep_times(mut self, keep: bool) -> Self {
        self.keep_times = keep;
        self
    }

    /// Gives the server's files the permissions of the local ones (`SITE CHMOD`), but for the set-user-ID,
    /// set-group-ID and sticky bits. Defaults to false: the server decides.
    ///
    /// Where the server refuses, that is a warning.
    #[must_use]
    pub fn keep_permissions(mut self, keep: bool) -> Self {
        self.keep_permissions = keep;
        self
    }

    /// Sends text (`TYPE A`): the line ends of this system become those of the wire, and there those of the
    /// server (see [`AsciiWriter`](crate::AsciiWriter)). Defaults to false: every byte stays as it is.
    ///
    /// With [`resume`](Self::resume) or [`verify`](Self::verify) it is [`Error::Incompatible`].
    #[must_use]
    pub fn ascii(mut self, ascii: bool) -> Self {
        self.ascii = ascii;
        self
    }

    /// Stores each file under its name with [`PART_SUFFIX`](crate::PART_SUFFIX) behind it, and renames it
    /// once it is whole and [verified](Self::verify) (`RNFR`, `RNTO`). Until then an older file of that name
    /// stays as it is. Defaults to false, as a rename costs two more commands for each file, needs a right
    /// that drop boxes do not give, and gives a replaced file the owner and permissions of a new one.
    ///
    /// A server that does not rename over a file is told to remove it first (`DELE`). One that does not
    /// rename at all makes each file [`Error::NotRenamed`]. An upload that broke off leaves its part,
    /// where [`resume`](Self::resume) goes on; one with a wrong hash leaves none.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// use oxftp::Verify;
    ///
    /// client.upload("index.html").to("/www").temporary(true).verify(Verify::Size).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn temporary(mut self, temporary: bool) -> Self {
        self.temporary = temporary;
        self
    }

    /// Asks the server to make room for each file before it is sent (`ALLO`), which costs a round trip. Defaults to
    /// false: hardly any server needs it (see [`Client::allocate`]).
    #[must_use]
    pub fn allocate(mut self, allocate: bool) -> Self {
        self.allocate = allocate;
        self
    }

    /// Compares each file with the server's once it is stored (`SIZE`, `HASH` and its kin). Defaults to
    /// [`Verify::Auto`]: by size, where the server tells it.
    ///
    /// What differs ([`Error::StoredWrongly`]), or of what the server tells no size or hash, is an error, the latter
    /// not by default; the file on the server stays as it is. With [`temporary`](Self::temporary) it never gets its final name.
    #[must_use]
    pub fn verify(mut self, verify: Verify) -> Self {
        self.verify = verify;
        self
    }

    /// Sets which files of a tree come first. Defaults to [`Order::AsFound`]: by name, directory by
    /// directory.
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
    /// ([`Error::Stopped`]); what runs is brought to its end. Defaults to no
    /// limit.
    #[must_use]
    pub fn max_errors(mut self, most: usize) -> Self {
        self.options.max_errors = Some(most);
        self
    }

    /// Sets a deadline for the whole ([`Error::Stopped`] or
    /// [`Error::Timeout`]). Defaults to
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

    /// Text differs here and there, in its length and its hash.
    fn check(&self) -> Result<()> {
        let what = "text (ascii)";
        match (self.ascii, self.resume, self.verify) {
            (true, true, _) => Err(Error::Incompatible { what, with: "resuming" }),
            (true, _, Verify::Size | Verify::Hash) => Err(Error::Incompatible { what, with: "verifying" }),
            _ => Ok(()),
        }
    }

    async fn run(mut self) -> Result<Report> {
        self.check()?;
        let begun = Instant::now();
        let deadline = self.options.deadline;
        let prepared = within(deadline, self.prepare()).await;
        let (is_tree, target) = prepared.unwrap_or_else(|| Err(timed_out("the upload", deadline)))?;
        let left = deadline.map(|deadline| deadline.saturating_sub(begun.elapsed()));
        let config = self.worker.config();
        let work = TreeUpload {
            fs: config.path_io.clone(),
            block: self.block_size,
            resume: self.resume,
            ascii: self.ascii,
            temporary: self.temporary,
            keep_times: self.keep_times,
            keep_permissions: self.keep_permissions,
            allocate: self.allocate,
            verify: self.verify,
            encoding: config.encoding,
            limits: config.limits.clone(),
            measures: matches!(self.options.order, Order::LargestFirst | Order::SmallestFirst),
        };
        if is_tree {
            let root = LocalDirectory { local: self.source, remote: target, depth: 0 };
            let admission = self.options.admission(&self.worker, &*self.progress);
            let workers = self.worker.with_siblings();
            let scheduler = Scheduler::new(work, self.options, admission, workers.len());
            return scheduler.through(root, workers, left).await;
        }
        let file = LocalFile { local: self.source, remote: target, size: None };
        Scheduler::new(work, self.options, AdmissionGate::of_all(&*self.progress), 1)
            .one(file, self.worker, left)
            .await
    }

    /// Finds out what the source is and where it goes, and makes what a single file needs.
    async fn prepare(&mut self) -> Result<(bool, RemotePath)> {
        let (fs, encoding) = (self.worker.config().path_io.clone(), self.worker.config().encoding);
        let destination = std::mem::take(&mut self.destination);
        let target = match self.write_into {
            true => destination,
            false => destination.join_in(&remote_name(&self.source)?, encoding),
        };
        if fs.is_dir(&self.source).await? {
            return Ok((true, target));
        }
        if !fs.exists(&self.source).await? {
            let missing = std::io::ErrorKind::NotFound.into();
            return Err(PathIoError::new("open", &self.source, missing).into());
        }
        let parent = target.parent().filter(|parent| !parent.is_empty() && parent.file_name().is_some());
        if let Some(parent) = parent {
            self.make(&parent).await?;
        }
        Ok((false, target))
    }

    async fn make(&mut self, directory: &RemotePath) -> Result<()> {
        let mut budget = RetryBudget::again(self.options.retries);
        loop {
            let outcome = match self.worker.client().await {
                Ok(client) => make_unless_there(client, directory).await,
                Err(error) => Err(error),
            };
            match outcome {
                Ok(()) => return Ok(()),
                Err(error) => self.worker.recover(error, &mut budget).await?,
            }
        }
    }
}

async fn make_unless_there(client: &mut Client, directory: &RemotePath) -> Result<()> {
    match client.is_directory_by_entering(directory).await? {
        true => Ok(()),
        false => client.make_directory(directory).await,
    }
}

impl<'c> IntoFuture for Upload<'c> {
    type Output = Result<Report>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

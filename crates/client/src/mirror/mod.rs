//! Mirror: makes one directory tree equal to another.
//!
//! [`Pool::mirror_down`] makes a local tree equal to one on a server, [`Pool::mirror_up`] the reverse, and
//! [`Pool::mirror_across`] does it between two servers. [`Client::mirror_down`] and [`Client::mirror_up`] use one
//! session. [`Mirror`] is the builder that they return, [`Filter`] leaves entries out, [`Compare`] decides which
//! files are unchanged, and [`Delete`] decides whether entries that only the target has are deleted.
//!
//! Directories are compared one by one, so no tree is kept in memory.

// Modules without I/O: `filter`, `compare`, `timestamps`, and `plan`, which decides what to do in one directory. A
// `node` is an entry on either side; a `node_table` contains those of one directory. `run` compares both trees,
// `transfer` moves a file, `delete` deletes, and `finalize` does the work after all transfers. `extraneous` decides
// what may be deleted after the transfers, `same_name` finds names that a server may take for one, and `backups`
// keeps what is replaced or deleted.

mod backups;
mod compare;
mod delete;
mod direction;
mod directory_pair;
mod endpoint;
mod extraneous;
mod file_job;
mod filter;
mod finalize;
mod listing;
mod name_notes;
mod node;
mod node_selection;
mod node_table;
mod notices;
mod options;
mod plan;
mod relative_path;
mod run;
mod same_name;
mod server_clock;
mod sources;
mod step;
mod symlink;
mod timestamps;
mod transfer;
mod unconfirmed;

use std::{future::IntoFuture, path::PathBuf, sync::Mutex};

use oxftp_proto::RemotePath;

pub use self::compare::Compare;
pub use self::delete::Delete;
pub use self::filter::{Filter, FilterError};
pub use self::step::{Action, Reason, Step};
use self::{
    compare::Comparison,
    delete::DeletionBudget,
    direction::{MirrorDirection, RootState, ServerClocks},
    directory_pair::DirectoryPair,
    name_notes::NameNotes,
    notices::Notices,
    options::MirrorOptions,
    run::{Counters, Deferred, MirrorContext},
    sources::MirrorSources,
    step::StepObserver,
    unconfirmed::UnconfirmedNodes,
};
pub use crate::transfer::symlink::Links;
use crate::transfer::{
    local_path::confined,
    options::{Choice, FileOptions, JobOptions, Verify, choice_setters, file_setters, job_setters},
    scheduler::{
        Scheduler,
        admission::AdmissionGate,
        retry::{RetryBudget, retrying},
        worker::Worker,
    },
    upload::record::file_name as record_name,
};
use crate::{
    Client, Error, Pool, Report, Result, deadline::Deadline, error::report::CopyLocations, future::BoxFuture,
    list::CycleDetector,
};

impl Client {
    /// Makes a local directory equal to one on the server, as [`Pool::mirror_down`] does, over this session alone.
    ///
    /// A transient failure is not retried unless [`retries`](Mirror::retries) says so, and a lost connection ends the
    /// mirror.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let report = client.mirror_down("/pub", "copy").await?;
    /// println!("{} fetched, {} the same", report.files, report.unchanged);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`Pool::mirror_down`].
    #[must_use = "nothing is mirrored until it is awaited"]
    pub fn mirror_down(&mut self, source: impl Into<RemotePath>, target: impl Into<PathBuf>) -> Mirror<'_> {
        let direction = MirrorDirection::Down { source: source.into(), target: target.into() };
        Mirror::new(Worker::Own(self), direction)
    }

    /// Makes a directory on the server equal to a local one, as [`Pool::mirror_up`] does, over this session alone.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.mirror_up("site", "/www").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`Pool::mirror_up`].
    #[must_use = "nothing is mirrored until it is awaited"]
    pub fn mirror_up(&mut self, source: impl Into<PathBuf>, target: impl Into<RemotePath>) -> Mirror<'_> {
        let direction = MirrorDirection::Up { source: source.into(), target: target.into() };
        Mirror::new(Worker::Own(self), direction)
    }
}

impl Pool {
    /// Makes a local directory equal to one on the server (`MLSD` or `LIST`, `MDTM`, `RETR`).
    ///
    /// Downloads files that are missing or differ, over all sessions of the pool. Entries that only the target
    /// has are kept, unless [`delete`](Mirror::delete) is set. Files get the modification times of their
    /// sources, so a second mirror transfers nothing. A failure does not stop the other transfers.
    ///
    /// ```no_run
    /// use oxftp::mirror::{Delete, Filter};
    ///
    /// # async fn example(pool: &oxftp::Pool) -> Result<(), Box<dyn std::error::Error>> {
    /// let filter = Filter::new().exclude("*.tmp")?.exclude("/private/")?;
    /// let report = pool.mirror_down("/pub", "copy").filter(filter).delete(Delete::After).await?;
    /// println!("{} fetched, {} deleted, {} the same", report.files, report.deleted, report.unchanged);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::PartialFailure`] when something failed and the rest is done; [`Error::Stopped`] when the mirror
    /// could not continue; [`Error::NotFound`] or [`Error::StatusCode`] when the source does not exist;
    /// [`Error::Skipped`] when the source is not a directory; the errors of [`Pool::client`].
    #[must_use = "nothing is mirrored until it is awaited"]
    pub fn mirror_down(&self, source: impl Into<RemotePath>, target: impl Into<PathBuf>) -> Mirror<'_> {
        Mirror::new(Worker::of(self), MirrorDirection::Down { source: source.into(), target: target.into() })
    }

    /// Makes a directory on the server equal to a local one (`MLSD` or `LIST`, `MKD`, `STOR`, `MFMT`). This is
    /// [`mirror_down`](Self::mirror_down) in the other direction.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// use oxftp::mirror::Delete;
    ///
    /// pool.mirror_up("site", "/www").delete(Delete::Before).max_deletions(50).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`mirror_down`](Self::mirror_down); [`Error::LocalFs`] when the source does not exist.
    #[must_use = "nothing is mirrored until it is awaited"]
    pub fn mirror_up(&self, source: impl Into<PathBuf>, target: impl Into<RemotePath>) -> Mirror<'_> {
        Mirror::new(Worker::of(self), MirrorDirection::Up { source: source.into(), target: target.into() })
    }

    /// Makes a directory on another server equal to one on this server. The bytes of the files pass through this
    /// machine, but are not stored on it.
    ///
    /// If `other` is a clone of this pool, as many sessions again are opened for the target.
    ///
    /// ```no_run
    /// # async fn example(old: &oxftp::Pool, new: &oxftp::Pool) -> oxftp::Result<()> {
    /// old.mirror_across("/www", new, "/www").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`mirror_down`](Self::mirror_down), for either server.
    #[must_use = "nothing is mirrored until it is awaited"]
    pub fn mirror_across(
        &self,
        source: impl Into<RemotePath>,
        other: &Self,
        target: impl Into<RemotePath>,
    ) -> Mirror<'_> {
        // Workers that each hold a session and wait for another one of the same pool could deadlock.
        let other = if self.is_same(other) { other.fork() } else { other.clone() };
        let direction = MirrorDirection::Across { source: source.into(), target: target.into(), other };
        Mirror::new(Worker::of(self), direction)
    }
}

/// Builder of a mirror. Awaiting it runs the mirror.
///
/// The two trees are compared directory by directory, so memory use grows with the largest
/// directory, not with the tree. If the target has a directory where the source has a file, or the reverse, it is
/// an error, unless deletion is enabled.
///
/// Progress events also count a file that has to be compared more closely and turns out to be unchanged.
#[derive(Debug)]
pub struct Mirror<'p> {
    worker: Worker<'p>,
    direction: MirrorDirection,
    options: MirrorOptions,
    choice: Choice,
    file: FileOptions,
    job: JobOptions,
}

impl<'p> Mirror<'p> {
    fn new(worker: Worker<'p>, direction: MirrorDirection) -> Self {
        Self {
            job: worker.default_options(),
            worker,
            direction,
            options: MirrorOptions::default(),
            choice: Choice::default(),
            file: FileOptions { preserve_times: true, ..FileOptions::default() },
        }
    }

    /// Sets which entries are left out on both sides. Defaults to none.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> Result<(), Box<dyn std::error::Error>> {
    /// use oxftp::mirror::Filter;
    ///
    /// pool.mirror_down("/pub", "copy").filter(Filter::new().exclude("*.tmp")?).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.options.filter = filter;
        self
    }

    /// Sets how files are compared. Defaults to [`Compare::SizeAndTime`].
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> Result<(), Box<dyn std::error::Error>> {
    /// use oxftp::mirror::Compare;
    ///
    /// pool.mirror_down("/pub", "copy").compare(Compare::Size).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn compare(mut self, by: Compare) -> Self {
        self.options.compare = by;
        self
    }

    /// Sets whether entries that only the target has are deleted, and when. Defaults to [`Delete::Never`].
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> Result<(), Box<dyn std::error::Error>> {
    /// use oxftp::mirror::Delete;
    ///
    /// pool.mirror_down("/pub", "copy").delete(Delete::After).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn delete(mut self, delete: Delete) -> Self {
        self.options.delete = delete;
        self
    }

    /// Sets how many files and directories are deleted at most. If there are more, the report contains the failure
    /// [`Error::TooManyDeletions`]. Defaults to no limit.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> Result<(), Box<dyn std::error::Error>> {
    /// use oxftp::mirror::Delete;
    ///
    /// pool.mirror_down("/pub", "copy").delete(Delete::After).max_deletions(100).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn max_deletions(mut self, max: u64) -> Self {
        self.options.max_deletions = Some(max);
        self
    }

    /// Sets whether directories are created from which the filter excludes everything. Defaults to false.
    ///
    /// Directories that are empty at the source are always created.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> Result<(), Box<dyn std::error::Error>> {
    /// pool.mirror_down("/pub", "copy").empty_directories(true).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn empty_directories(mut self, create: bool) -> Self {
        self.options.empty_directories = create;
        self
    }

    /// Sets whether each file is uploaded under a temporary name (see
    /// [`Upload::temporary`](crate::Upload::temporary)) and renamed when it is complete and verified. Defaults to
    /// false. Downloads always have a temporary name.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> Result<(), Box<dyn std::error::Error>> {
    /// pool.mirror_up("site", "/www").temporary(true).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn temporary(mut self, temporary: bool) -> Self {
        self.options.upload.temporary = temporary;
        self
    }

    choice_setters! {
        /// Sets what happens to files and symbolic links whose names exist at the target. Defaults to [`Existing::Replace`](crate::Existing::Replace).
        ///
        /// With [`Existing::Only`](crate::Existing::Only), no directories are created either.
        ///
        /// ```no_run
        /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
        /// pool.mirror_down("/pub", "copy").existing(oxftp::Existing::Keep).await?;
        /// # Ok(())
        /// # }
        /// ```
        existing: Existing;

        /// Keeps each file of the target that is replaced or deleted: it is moved to its backup, on the side of the target.
        /// Files are then uploaded under [temporary](Self::temporary) names. Backups are not deleted. Defaults to `None`.
        ///
        /// ```no_run
        /// # async fn example(pool: &oxftp::Pool) -> Result<(), Box<dyn std::error::Error>> {
        /// use oxftp::Backup;
        ///
        /// pool.mirror_down("/pub", "copy").backup(Backup::new().suffix("~")).await?;
        /// # Ok(())
        /// # }
        /// ```
        backup: impl Into<Option<Backup>>;

        /// Sets whether each source file is removed when its copy is complete and verified. Directories and symbolic links are
        /// kept, and so are files that were left out. Defaults to `false`.
        ///
        /// The sizes are compared after each transfer, unless [`verify`](Self::verify) sets another verification, and a downloaded
        /// file is written to the disk (as with [`sync`](Self::sync)). A file that is found unchanged is removed from the source
        /// only if it was compared by hash, or by its size and a time to the second; otherwise its source is kept. A local source
        /// that changed during its upload is kept, as a failure.
        ///
        /// ```no_run
        /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
        /// pool.mirror_down("/incoming", "incoming").remove_source(true).await?;
        /// # Ok(())
        /// # }
        /// ```
        remove_source: bool;

        /// Moves each source file into this directory when its copy is complete and verified, instead of
        /// [removing](Self::remove_source) it: under its path relative to the root of the source (`RNFR`, `RNTO` on a server). The
        /// directory is relative to that root, or absolute, and is created. A file that it has already is kept: the source stays
        /// in its place, as a failure. What is in the directory is not mirrored. Defaults to `None`.
        ///
        /// ```no_run
        /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
        /// pool.mirror_down("/incoming", "incoming").move_source("done".to_owned()).await?;
        /// # Ok(())
        /// # }
        /// ```
        move_source: impl Into<Option<String>>;

        /// Sets how symbolic links at the source are handled. Defaults to [`Links::Skip`].
        ///
        /// A symbolic link in a local target is never followed. One in the place of a directory or a file is
        /// an error, or is replaced if deletion is enabled.
        ///
        /// ```no_run
        /// # async fn example(pool: &oxftp::Pool) -> Result<(), Box<dyn std::error::Error>> {
        /// use oxftp::Links;
        ///
        /// pool.mirror_down("/pub", "copy").links(Links::Follow).await?;
        /// # Ok(())
        /// # }
        /// ```
        links: Links;
    }

    file_setters! {
        /// Sets whether partial files of an earlier mirror are resumed (`REST`). The file is assumed to be
        /// unchanged since. Defaults to false. Has no effect between two servers.
        ///
        /// ```no_run
        /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
        /// pool.mirror_down("/pub", "copy").resume(true).await?;
        /// # Ok(())
        /// # }
        /// ```
        resume: bool;

        /// Sets how each file is verified after its transfer. Defaults to [`Verify::Auto`].
        ///
        /// ```no_run
        /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
        /// pool.mirror_down("/pub", "copy").verify(oxftp::Verify::Size).await?;
        /// # Ok(())
        /// # }
        /// ```
        verify: Verify;

        /// Sets whether transferred files get the permissions of their sources (`SITE CHMOD` on a server). Unchanged
        /// files keep theirs. Defaults to false.
        ///
        /// ```no_run
        /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
        /// pool.mirror_down("/pub", "copy").preserve_mode(true).await?;
        /// # Ok(())
        /// # }
        /// ```
        preserve_mode: bool;

        /// Sets the permissions of the transferred files, independent of their sources. Defaults to `None`.
        ///
        /// On a server it is `SITE CHMOD`, and a refusal is logged as a warning.
        ///
        /// ```no_run
        /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
        /// pool.mirror_down("/pub", "copy").file_mode(Some(0o644)).await?;
        /// # Ok(())
        /// # }
        /// ```
        file_mode: Option<u32>;

        /// Sets the permissions of the directories that are created in a tree. Existing ones keep theirs. They must let
        /// the user write. Defaults to `None`.
        ///
        /// ```no_run
        /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
        /// pool.mirror_down("/pub", "copy").dir_mode(Some(0o755)).await?;
        /// # Ok(())
        /// # }
        /// ```
        dir_mode: Option<u32>;

        /// Sets whether each downloaded file is flushed to disk (see [`Download::sync`](crate::Download::sync)).
        /// Defaults to false.
        ///
        /// ```no_run
        /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
        /// pool.mirror_down("/pub", "copy").sync(true).await?;
        /// # Ok(())
        /// # }
        /// ```
        sync: bool;
    }

    job_setters!();

    /// Sets whether the mirror only reports its steps to [`on_step`](Self::on_step) and changes nothing. Defaults to
    /// false.
    ///
    /// All directories are listed and all files are compared, by hash if so configured.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> Result<(), Box<dyn std::error::Error>> {
    /// pool.mirror_down("/pub", "copy").dry_run(true).on_step(|step| println!("{step}")).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.options.dry_run = dry_run;
        self
    }

    /// Sets the observer that receives each step after it is done, or with [`dry_run`](Self::dry_run), when it is
    /// planned.
    ///
    /// It is called from the task that runs the mirror, so it should return quickly.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> Result<(), Box<dyn std::error::Error>> {
    /// pool.mirror_down("/pub", "copy").on_step(|step| println!("{step}")).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn on_step(mut self, observer: impl Fn(&Step) + Send + Sync + 'static) -> Self {
        self.options.observer = Some(StepObserver::new(observer));
        self
    }

    async fn run(mut self) -> Result<Report> {
        let deadline = Deadline::start(self.job.deadline);
        let roots = deadline.run("the mirror", self.prepare_roots()).await?;
        let job = self.job.clone();
        let (context, mut worker) = self.into_context(&roots);
        let admission = AdmissionGate::new(&job, worker.pool());
        let workers = worker.again().with_siblings();
        let scheduler = Scheduler::new(&context, &job, admission, workers.len());
        let root = DirectoryPair::root(roots.target_exists);
        let scheduled = Box::pin(scheduler.run_tree(root, workers, deadline)).await;
        context.name_notes.save(&*context.fs).await;
        let report = match scheduled {
            Err(Error::Stopped { mut report, source }) => {
                context.complete(&mut report);
                return Err(Error::Stopped { report, source });
            }
            Err(Error::PartialFailure { report }) => *report,
            scheduled => scheduled?,
        };
        let mut report = finalize::finalize(&context, worker, &job, deadline, report).await;
        context.complete(&mut report);
        report.into_named_result()
    }

    async fn prepare_roots(&mut self) -> Result<RootState> {
        if self.choice.links == Some(Links::Copy) && !matches!(self.direction, MirrorDirection::Down { .. }) {
            return Err(Error::Unsupported { what: "command to create symbolic links" });
        }
        let fs = self.worker.config().file_system.clone();
        let budget = RetryBudget::new(self.job.retries);
        let (direction, dry_run) = (&self.direction, self.options.dry_run);
        let mut worker = self.worker.again();
        Ok(retrying!(&mut worker, budget, |client| direction.prepare_roots(&*fs, client, dry_run).await)?)
    }

    fn into_context(mut self, roots: &RootState) -> (MirrorContext, Worker<'p>) {
        self.options.upload.temporary |= self.choice.backup.is_some();
        // With deletions, the listings after the transfers check the names.
        self.options.upload.checks_name = self.options.delete == Delete::Never;
        let backups =
            self.choice.backup.take().map(|backup| self.direction.backups(backup)).unwrap_or_default();
        let sources = MirrorSources::new(&self.choice.source, &self.direction, self.job.retries);
        if sources.are_removed() {
            self.file.sync = true;
            if self.file.verify == Verify::Auto {
                self.file.verify = Verify::Size;
            }
        }
        let config = self.worker.config();
        let fs = match &self.direction {
            MirrorDirection::Down { target, .. } => confined(&config.file_system, target),
            _ => config.file_system.clone(),
        };
        let limits = config.limits.clone();
        let name_notes = NameNotes::new(match (&self.direction, &config.upload_records) {
            (MirrorDirection::Up { target, .. }, Some(directory)) => {
                Some(directory.join(record_name(self.worker.host(), target)).with_extension("names"))
            }
            _ => None,
        });
        let context = MirrorContext {
            direction: self.direction,
            fs,
            comparison: Comparison {
                by: self.options.compare,
                keeps_times: roots.target_keeps_times,
                asks_times: true,
            },
            deletion_budget: DeletionBudget::new(self.options.max_deletions),
            backups,
            sources,
            existing: self.choice.existing,
            links: self.choice.links.unwrap_or_default(),
            file_options: self.file,
            reconnects: self.job.retries,
            options: self.options,
            clocks: ServerClocks::default(),
            notices: Notices::default(),
            name_notes,
            unconfirmed: UnconfirmedNodes::default(),
            counters: Counters::default(),
            deferred: Mutex::new(Deferred::default()),
            source_cycles: CycleDetector::new(&limits),
            deletion_cycles: CycleDetector::new(&limits),
            limits,
            collision_lock: tokio::sync::Mutex::new(()),
        };
        (context, self.worker)
    }
}

impl<'p> IntoFuture for Mirror<'p> {
    type Output = Result<Report>;
    type IntoFuture = BoxFuture<'p, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let CopyLocations { source, target } = self.direction.roots();
        let span = crate::trace::span!("mirror", self.worker.host(), path = source, target = target);
        Box::pin(crate::trace::traced(span, Box::pin(self.run())))
    }
}

//! What is asked of a mirror.

use std::{fmt, future::IntoFuture, path::PathBuf, sync::Mutex};

use oxftp_proto::RemotePath;

use super::{
    compare::Comparison,
    delete::DeletionBudget,
    direction::{Clocks, MirrorDirection},
    filter::Filter,
    finalize,
    options::{Compare, Delete, Links},
    root::{self, Roots},
    run::{Deferred, DirectoryPair, MirrorContext, Tally},
    step::Step,
};
use crate::transfer::{
    local_path::confined,
    options::{FileOptions, JobOptions, Verify, file_setters, job_setters},
    scheduler::{
        Scheduler,
        admission::AdmissionGate,
        retry::{RetryBudget, retrying},
        worker::Worker,
    },
};
use crate::{Error, Pool, Report, Result, deadline::Deadline, future::BoxFuture, list::CycleDetector};

impl Pool {
    /// Makes a local directory like one on the server (`MLSD` or `LIST`, `MDTM`, `RETR`).
    ///
    /// What is missing or differs is fetched, over as many sessions as the pool has; what only the target
    /// has stays unless [`delete`](Mirror::delete) says otherwise. Files get the times of their sources, so
    /// that a second mirror transfers nothing. One failure does not stop the others.
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
    /// [`Error::SomeFailed`] when something failed and the rest is done; [`Error::Stopped`] when the mirror
    /// could not go on; [`Error::NotFound`] or [`Error::StatusCode`] when the source is not there,
    /// [`Error::Skipped`] when it is no directory; those of [`Pool::client`].
    #[must_use = "nothing is mirrored until it is awaited"]
    pub fn mirror_down(&self, source: impl Into<RemotePath>, target: impl Into<PathBuf>) -> Mirror<'_> {
        Mirror::new(self, MirrorDirection::Down { source: source.into(), target: target.into() })
    }

    /// Makes a directory on the server like a local one (`MLSD` or `LIST`, `MKD`, `STOR`, `MFMT`), as
    /// [`mirror_down`](Self::mirror_down) does the reverse.
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
    /// Those of [`mirror_down`](Self::mirror_down); [`Error::PathIo`] when the source is not there.
    #[must_use = "nothing is mirrored until it is awaited"]
    pub fn mirror_up(&self, source: impl Into<PathBuf>, target: impl Into<RemotePath>) -> Mirror<'_> {
        Mirror::new(self, MirrorDirection::Up { source: source.into(), target: target.into() })
    }

    /// Makes a directory on another server like one on this server; the files go through this machine, and
    /// are not kept on it.
    ///
    /// Where `other` is this very pool, sessions of their own are opened for the target: as many again.
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
    /// Those of [`mirror_down`](Self::mirror_down), for either server.
    #[must_use = "nothing is mirrored until it is awaited"]
    pub fn mirror_across(
        &self,
        source: impl Into<RemotePath>,
        other: &Self,
        target: impl Into<RemotePath>,
    ) -> Mirror<'_> {
        // A session that waits for another of the same pool may wait for ever.
        let other = if self.is_same(other) { other.twin() } else { other.clone() };
        Mirror::new(self, MirrorDirection::Across { source: source.into(), target: target.into(), other })
    }
}

/// A mirror, not yet begun; awaiting it does it.
///
/// Each directory is compared when its turn comes, so the memory that it takes grows with the largest
/// directory and not with the tree. A directory stays where a file is to be, and the reverse, unless things
/// are deleted; it is an error then.
///
/// Progress events also count a file that turns out to be unchanged only after a closer comparison.
#[derive(Debug)]
pub struct Mirror<'p> {
    pool: &'p Pool,
    route: MirrorDirection,
    filter: Filter,
    compare: Compare,
    delete: Delete,
    most_deletions: Option<u64>,
    links: Links,
    dry_run: bool,
    observer: Option<Observer>,
    file: FileOptions,
    job: JobOptions,
}

impl<'p> Mirror<'p> {
    fn new(pool: &'p Pool, route: MirrorDirection) -> Self {
        Self {
            job: Worker::of(pool).default_options(),
            pool,
            route,
            filter: Filter::new(),
            compare: Compare::default(),
            delete: Delete::default(),
            most_deletions: None,
            links: Links::default(),
            file: FileOptions { preserve_times: true, ..FileOptions::default() },
            dry_run: false,
            observer: None,
        }
    }

    /// Leaves things out, on both sides. Defaults to nothing.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// Sets by what a file is taken for changed. Defaults to [`Compare::SizeAndTime`].
    #[must_use]
    pub fn compare(mut self, by: Compare) -> Self {
        self.compare = by;
        self
    }

    /// Deletes what only the target has. Defaults to [`Delete::Never`].
    #[must_use]
    pub fn delete(mut self, delete: Delete) -> Self {
        self.delete = delete;
        self
    }

    /// Deletes at most so many files and directories; that there are more is named among the failures
    /// ([`Error::TooManyDeletions`]). Defaults to no limit.
    #[must_use]
    pub fn max_deletions(mut self, most: u64) -> Self {
        self.most_deletions = Some(most);
        self
    }

    /// Sets what becomes of symbolic links. Defaults to [`Links::Skip`].
    ///
    /// A local target is never left by a link that lies there: what is in the place of a directory or file is
    /// an error, or is replaced where things are deleted.
    #[must_use]
    pub fn links(mut self, links: Links) -> Self {
        self.links = links;
        self
    }

    file_setters! {
        /// Resumes partial files of an earlier mirror (`REST`), assuming that the source files are unchanged.
        /// Defaults to false; not between servers.
        resume: bool;

        /// Compares each file after its transfer. Defaults to [`Verify::Auto`].
        verify: Verify;

        /// Waits until each downloaded file has reached the disk (see [`Download::sync`](crate::Download::sync)).
        /// Defaults to false.
        sync: bool;
    }

    job_setters!();

    /// Finds out what would be done and does nothing of it; [`on_step`](Self::on_step) is told. Defaults to
    /// false.
    ///
    /// Everything is listed and compared, also by hash if that is asked for.
    #[must_use]
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// Is told each step: when it is done, or with [`dry_run`](Self::dry_run) when it is found.
    ///
    /// Calls come from the task that mirrors, so they should be short.
    #[must_use]
    pub fn on_step(mut self, observer: impl Fn(&Step) + Send + Sync + 'static) -> Self {
        self.observer = Some(Observer(Box::new(observer)));
        self
    }

    async fn run(self) -> Result<Report> {
        let deadline = Deadline::start(self.job.deadline);
        let roots = deadline.run("the mirror", self.look_at_roots()).await?;
        let (pool, job) = (self.pool, self.job.clone());
        let context = self.into_course(&roots);
        let workers = Worker::of(pool).with_siblings();
        let scheduler = Scheduler::new(&context, &job, AdmissionGate::new(&job, Some(pool)), workers.len());
        let root = DirectoryPair::root(roots.target_exists);
        let report = match scheduler.run_tree(root, workers, deadline).await {
            Err(Error::Stopped { mut report, source }) => {
                context.complete(&mut report);
                return Err(Error::Stopped { report, source });
            }
            Err(Error::SomeFailed { report }) => *report,
            scheduled => scheduled?,
        };
        let mut report = finalize::carry_out(&context, pool, &job, deadline, report).await;
        context.complete(&mut report);
        report.into_named_result()
    }

    async fn look_at_roots(&self) -> Result<Roots> {
        if self.links == Links::Copy && !matches!(self.route, MirrorDirection::Down { .. }) {
            return Err(Error::NotOffered { what: "way to make symbolic links" });
        }
        let fs = self.pool.config().path_io.clone();
        let (mut worker, budget) = (Worker::of(self.pool), RetryBudget::new(self.job.retries));
        Ok(retrying!(&mut worker, budget, |client| {
            root::look(&self.route, &*fs, client, self.dry_run).await
        })?)
    }

    fn into_course(self, roots: &Roots) -> MirrorContext {
        let config = self.pool.config();
        let fs = match &self.route {
            MirrorDirection::Down { target, .. } => confined(&config.path_io, target),
            _ => config.path_io.clone(),
        };
        MirrorContext {
            route: self.route,
            fs,
            limits: config.limits.clone(),
            filter: self.filter,
            comparison: Comparison { by: self.compare, keeps_times: roots.target_keeps_times },
            delete: self.delete,
            links: self.links,
            file_options: self.file,
            dry_run: self.dry_run,
            observer: self.observer,
            clocks: Clocks::default(),
            budget: DeletionBudget::new(self.most_deletions),
            tally: Tally::default(),
            later: Mutex::new(Deferred::default()),
            guard: CycleDetector::new(&config.limits),
            guard_of_removals: CycleDetector::new(&config.limits),
            collision_lock: tokio::sync::Mutex::new(()),
        }
    }
}

impl<'p> IntoFuture for Mirror<'p> {
    type Output = Result<Report>;
    type IntoFuture = BoxFuture<'p, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// Whoever is told each step.
pub(crate) struct Observer(Box<dyn Fn(&Step) + Send + Sync>);

impl Observer {
    pub(crate) fn tell(&self, step: &Step) {
        (self.0)(step);
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer").finish_non_exhaustive()
    }
}

//! A download at work.

use std::{
    path::{Path, PathBuf},
    sync::atomic::AtomicUsize,
    time::{Duration, Instant},
};

use oxftp_proto::{Entry, EntryKind};

use super::{
    super::{
        connections::Connections,
        fetch_tree::{FetchTree, RemoteDirectory, RemoteFile, Root},
        governor::Governor,
        growth::Growth,
        lane::Lane,
        local::{confined, local_name, make_all},
        segments::Segmented,
        tries::Tries,
        verify::Verify,
        walk::Walk,
    },
    Download, look_at, not_a_file,
};
use crate::{
    Error, Report, Result,
    list::{CycleGuard, Lineage},
    timeouts::{timed_out, within},
};

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

    pub(super) async fn run(mut self) -> Result<Report> {
        self.check()?;
        let begun = Instant::now();
        let deadline = self.plan.deadline;
        let prepared = within(deadline, self.prepare()).await;
        let (entry, target, root) = prepared.unwrap_or_else(|| Err(timed_out("the download", deadline)))?;
        let left = deadline.map(|deadline| deadline.saturating_sub(begun.elapsed()));
        // A file's own directory is the user's choice; so is that of a tree, unless the tree makes it.
        let named = root == Root::Named && entry.is_dir();
        let base = if named { None } else { target.parent() }.unwrap_or(&target);
        let work = FetchTree {
            fs: confined(&self.lane.config().path_io, base),
            block: self.block_size,
            resume: self.resume,
            ascii: self.ascii,
            keep_times: self.keep_times,
            keep_permissions: self.keep_permissions,
            verify: self.verify,
            sync: self.sync,
            root,
            limits: self.lane.config().limits.clone(),
            directories: AtomicUsize::new(0),
            guard: CycleGuard::new(&self.lane.config().limits),
            one_at_a_time: tokio::sync::Mutex::new(()),
        };
        if entry.is_dir() {
            let lineage = Lineage::default();
            let directory =
                RemoteDirectory { remote: self.source, local: target, depth: 0, lineage, has_twin: false };
            let governor = self.plan.governor(&self.lane, &*self.progress);
            let lanes = self.lane.with_siblings();
            let walk = Walk::new(work, self.plan, governor, lanes.len());
            return walk.through(directory, lanes, left).await;
        }
        // The size of a link is that of its own text.
        let size = entry.exact_size().filter(|_| entry.is_file());
        if let Some(size) = size
            && let Some(report) = self.in_segments(size, &entry, &target, left).await?
        {
            return Ok(report);
        }
        let file = RemoteFile::Named {
            path: self.source,
            size,
            modified: entry.modified,
            mode: entry.mode.filter(|_| entry.is_file()),
            target,
        };
        Walk::new(work, self.plan, Governor::of_all(&*self.progress), 1).one(file, self.lane, left).await
    }

    /// Fetches a file over several connections, if it is worth it and the server can.
    async fn in_segments(
        &mut self,
        size: u64,
        entry: &Entry,
        target: &Path,
        left: Option<Duration>,
    ) -> Result<Option<Report>> {
        let at_once = self.plan.connections != Connections::Auto;
        let Some(pool) = self.lane.pool() else { return Ok(None) };
        let most = self.segments.min(pool.wanted_size());
        if self.ascii || most < 2 || !Segmented::is_worth_it(size, at_once) {
            return Ok(None);
        }
        self.lane.rest();
        let governor = match at_once {
            true => Governor::of_all(&*self.progress),
            false => Governor::measuring(Growth::careful(most), pool, &*self.progress),
        };
        let fs = self.lane.config().path_io.clone();
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
            retries: self.plan.retries,
            progress: &*self.progress,
        };
        let fetched = within(left, job.fetch(Lane::of(pool), governor)).await;
        let outcome = fetched.unwrap_or_else(|| Err(timed_out("the transfer", self.plan.deadline)));
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
            make_all(&*self.lane.config().path_io, parent).await?;
        }
        Ok((entry, target, root))
    }

    async fn stat(&mut self) -> Result<Entry> {
        let mut tries = Tries::again(self.plan.retries);
        loop {
            let outcome = match self.lane.client().await {
                Ok(client) => look_at(client, &self.source, self.keep_permissions, self.recursive).await,
                Err(error) => Err(error),
            };
            match outcome {
                Ok(entry) => return Ok(entry),
                Err(error) => self.lane.recover(error, &mut tries).await?,
            }
        }
    }
}

//! A mirror at work: directory by directory, file by file.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use oxftp_proto::{FileName, Limits};

use super::{
    compare::Comparison,
    delete::{Deletion, DeletionBudget},
    direction::{Clocks, MirrorDirection, Sessions},
    filter::Filter,
    job::{self, Job},
    listing::Listing,
    node::Node,
    options::{Delete, Links},
    plan::{DirectoryPlan, PlanRules, PlannedFile, plan},
    relative_path::RelativePath,
    request::Observer,
    step::{Action, Reason, Step},
};
use crate::transfer::{
    file_progress::{FileProgress, Transferred},
    options::FileOptions,
    scheduler::{Found, JobHandler, pending_write::FileOutcome},
};
use crate::{
    Client, Error, Report, Result,
    client::FollowUp,
    list::{Ancestor, AncestorChain, CycleDetector},
    local_fs::PathIo,
};

/// What a mirror keeps to, and how far it is.
pub(crate) struct MirrorContext {
    pub(crate) route: MirrorDirection,
    pub(crate) fs: Arc<dyn PathIo>,
    pub(crate) limits: Limits,
    pub(crate) filter: Filter,
    pub(crate) comparison: Comparison,
    pub(crate) delete: Delete,
    pub(crate) links: Links,
    pub(crate) file_options: FileOptions,
    pub(crate) dry_run: bool,
    pub(crate) observer: Option<Observer>,
    pub(crate) clocks: Clocks,
    pub(crate) budget: DeletionBudget,
    pub(crate) tally: Tally,
    pub(crate) later: Mutex<Deferred>,
    /// Of the source.
    pub(crate) guard: CycleDetector,
    pub(crate) guard_of_removals: CycleDetector,
    /// Held for files that may be one and the same on this machine.
    pub(crate) collision_lock: tokio::sync::Mutex<()>,
}

/// What was done.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    directories: AtomicU64,
    files: AtomicU64,
    unchanged: AtomicU64,
}

/// What is left until all files are there.
#[derive(Debug, Default)]
pub(crate) struct Deferred {
    pub(crate) extra: Vec<(RelativePath, Node)>,
    pub(crate) links: Vec<(RelativePath, Box<[u8]>)>,
    pub(crate) failures: Vec<(String, Error)>,
}

/// A directory of both sides.
pub(crate) struct DirectoryPair {
    pub(crate) place: RelativePath,
    /// The target has it.
    pub(crate) exists: bool,
    /// How many links were followed on the way to it.
    pub(crate) links: usize,
    pub(crate) ancestors: AncestorChain,
}

impl DirectoryPair {
    pub(crate) fn root(exists: bool) -> Self {
        Self { place: RelativePath::default(), exists, links: 0, ancestors: AncestorChain::default() }
    }
}

impl JobHandler for &MirrorContext {
    type Directory = DirectoryPair;
    type File = Job;

    async fn list(
        &self,
        client: &mut Client,
        directory: &DirectoryPair,
        found: &mut Found<Self>,
    ) -> Result<()> {
        let limit = self.limits.directory_depth;
        if directory.place.depth() > limit {
            return Err(Error::Limit { what: "levels of directories", limit });
        }
        let limit = self.limits.tree_directories;
        if self.guard.found() > limit {
            return Err(Error::Limit { what: "directories in a tree", limit });
        }
        if self.guard.foresees(&directory.ancestors) {
            return Ok(());
        }
        // Without it, a single failure would be told without its name.
        found.made = true;
        let mut sessions = self.route.sessions(client).await?;
        let listed = self.compare(&mut sessions, directory, found).await;
        listed.inspect_err(|error| sessions.leave_after(error))
    }

    async fn transfer(
        &self,
        client: &mut Client,
        job: &Job,
        follow_up: FollowUp,
        progress: &FileProgress<'_>,
    ) -> Result<FileOutcome> {
        let _alone = if job.has_collision { Some(self.collision_lock.lock().await) } else { None };
        let mut sessions = self.route.sessions(client).await?;
        let moved = self.deliver(&mut sessions, job, follow_up, progress).await;
        let moved = moved.inspect_err(|error| sessions.leave_after(error))?;
        Ok(FileOutcome { moved, pending_write: None })
    }

    fn is_root(&self, directory: &DirectoryPair) -> bool {
        directory.place.depth() == 0
    }

    fn directory_name(&self, directory: &DirectoryPair) -> String {
        self.route.name(&directory.place)
    }

    fn file_name(&self, job: &Job) -> String {
        self.route.name(&job.within.below(&job.file.name))
    }

    fn size(&self, job: &Job) -> Option<u64> {
        job.file.source.size
    }
}

impl MirrorContext {
    /// Compares the two sides of a directory, makes it where it is missing, and finds what is to be done.
    async fn compare(
        &self,
        sessions: &mut Sessions<'_>,
        directory: &DirectoryPair,
        found: &mut Found<&Self>,
    ) -> Result<()> {
        let place = &directory.place;
        let mut source = self.source(sessions, place).await?;
        let Some(parent) = self.guard.judge(&directory.ancestors, &source.digest) else {
            return Err(Error::EndlessTree { path: self.route.name(place) });
        };
        let mut target = self.prepare(sessions, directory).await?;
        let whole = source.is_whole() && target.is_whole();
        found.failures.append(&mut source.failures);
        found.failures.append(&mut target.failures);
        let blocked: HashSet<FileName> = source.blocked.drain(..).chain(target.blocked.drain(..)).collect();
        let source = self.filtered(source.items, place, &blocked);
        let target = self.filtered(target.items, place, &blocked);
        let parts = if self.route.ends_here() { job::parts(&source) } else { Vec::new() };
        let mut plan = self.plan(source, target, whole);
        self.clear(sessions, place, &mut plan).await?;
        self.take(plan, parts, (directory, &parent), found);
        Ok(())
    }

    /// Plans a directory; where more may be there than was listed, nothing is deleted.
    fn plan(&self, source: Vec<Node>, target: Vec<Node>, whole: bool) -> DirectoryPlan {
        let rules = PlanRules {
            comparison: self.comparison,
            replaces: whole && self.delete != Delete::Never,
            copies_links: self.links == Links::Copy,
        };
        let names: Vec<_> = match self.route.ends_here() && !CASE_COUNTS {
            true => source.iter().map(|item| item.name.clone()).collect(),
            false => Vec::new(),
        };
        let mut plan = plan(source, target, rules);
        job::remove_twins_of(names.iter(), &mut plan.extra);
        if !whole {
            plan.extra.clear();
        }
        plan
    }

    async fn source(&self, sessions: &mut Sessions<'_>, place: &RelativePath) -> Result<Listing> {
        let mut side = self.route.source(&*self.fs, sessions, &self.clocks);
        let mut listing = side.list(place, &self.limits, FollowUp::Transfer).await?;
        if self.links == Links::Follow {
            side.follow(place, &mut listing.items).await?;
        }
        Ok(listing)
    }

    /// Lists the target, or makes it.
    async fn prepare(&self, sessions: &mut Sessions<'_>, directory: &DirectoryPair) -> Result<Listing> {
        let mut side = self.route.target(&*self.fs, sessions, &self.clocks);
        let place = &directory.place;
        if directory.exists {
            // The session of another server goes back to its pool.
            let follow_up = FollowUp::transfer_if(!matches!(self.route, MirrorDirection::Across { .. }));
            return side.list(place, &self.limits, follow_up).await;
        }
        if !self.dry_run && place.depth() > 0 {
            side.make_directory(place).await?;
        }
        self.tally.directories.fetch_add(1, Ordering::Relaxed);
        self.tell(Step::new(Action::MakeDirectory, place.relative(), Reason::Missing));
        Ok(Listing::default())
    }

    fn filtered(&self, mut items: Vec<Node>, place: &RelativePath, blocked: &HashSet<FileName>) -> Vec<Node> {
        if !blocked.is_empty() {
            items.retain(|item| !blocked.contains(&item.name));
        }
        if !self.filter.is_empty() {
            items.retain(|item| self.filter.takes(&place.below(&item.name).text(), item.kind.is_directory()));
        }
        items
    }

    /// Deletes what has to go first, and notes what goes last; what cannot go keeps its place.
    async fn clear(
        &self,
        sessions: &mut Sessions<'_>,
        place: &RelativePath,
        plan: &mut DirectoryPlan,
    ) -> Result<()> {
        let mut side = self.route.target(&*self.fs, sessions, &self.clocks);
        let tell = |step| self.tell(step);
        let fail = |name, error| self.fail(name, error);
        let removal = self.removal(&tell, &fail);
        let mut stays = HashSet::new();
        for item in std::mem::take(&mut plan.in_the_way) {
            if !removal.remove(&mut side, &place.below(&item.name), &item, Reason::InTheWay).await? {
                stays.insert(item.name);
            }
        }
        plan.give_up(&stays);
        match self.delete {
            Delete::Never => {}
            Delete::Before => {
                if self.file_options.resume {
                    // What an earlier mirror left is to be gone on with.
                    job::remove_parts_of(&plan.files, &mut plan.extra);
                }
                for item in std::mem::take(&mut plan.extra) {
                    removal.remove(&mut side, &place.below(&item.name), &item, Reason::NotInSource).await?;
                }
            }
            Delete::After => {
                let extra = std::mem::take(&mut plan.extra).into_iter();
                self.later().extra.extend(extra.map(|item| (place.below(&item.name), item)));
            }
        }
        Ok(())
    }

    fn take(
        &self,
        plan: DirectoryPlan,
        parts: Vec<Node>,
        (directory, parent): (&DirectoryPair, &Arc<Ancestor>),
        found: &mut Found<&Self>,
    ) {
        let place = &directory.place;
        found.is_urgent = parent.is_suspect();
        self.tally.unchanged.fetch_add(plan.unchanged, Ordering::Relaxed);
        for (name, why) in plan.skipped {
            self.tell(Step::new(Action::Skip, place.below(&name).relative(), why));
        }
        for (name, why) in plan.refused {
            let path = self.route.name(&place.below(&name));
            found.failures.push((path.clone(), Error::Skipped { path, why }));
        }
        for below in plan.directories {
            let links = directory.links + usize::from(below.by_link);
            let place = place.below(&below.name);
            if links > MOST_LINKS {
                let path = self.route.name(&place);
                let why = "too many links lead to it, perhaps in a circle";
                found.failures.push((path.clone(), Error::Skipped { path, why }));
                continue;
            }
            let ancestors = AncestorChain::default().below(parent);
            found.directories.push(DirectoryPair { place, exists: below.exists, links, ancestors });
        }
        let links = plan.links.into_iter().map(|(name, says)| (place.below(&name), says));
        self.later().links.extend(links);
        found.files = Job::all(place, plan.files, parts);
    }

    async fn deliver(
        &self,
        sessions: &mut Sessions<'_>,
        job: &Job,
        follow_up: FollowUp,
        progress: &FileProgress<'_>,
    ) -> Result<Transferred> {
        let (moved, changed) =
            self.deliver_one(sessions, &job.within, &job.file, follow_up, progress).await?;
        match &job.then {
            // A part file took its name.
            Some(then) if changed => {
                let (more, _) =
                    self.deliver_one(sessions, &job.within, then, FollowUp::Nothing, progress).await?;
                Ok(Transferred { bytes: moved.bytes + more.bytes, resumed: moved.resumed + more.resumed })
            }
            _ => Ok(moved),
        }
    }

    /// Transfers a file if that is needed, and tells whether it was.
    async fn deliver_one(
        &self,
        sessions: &mut Sessions<'_>,
        within: &RelativePath,
        file: &PlannedFile,
        follow_up: FollowUp,
        progress: &FileProgress<'_>,
    ) -> Result<(Transferred, bool)> {
        let place = within.below(&file.name);
        let local = self.route.local(&place)?;
        let mut delivery = self.route.delivery(&self.fs, sessions, &place, &local);
        let Some(why) = delivery.decide(file, self.comparison).await? else {
            self.tally.unchanged.fetch_add(1, Ordering::Relaxed);
            return Ok((Transferred { bytes: 0, resumed: 0 }, false));
        };
        let moved = match self.dry_run {
            true => Transferred { bytes: 0, resumed: 0 },
            false => delivery.deliver(&file.source, self.file_options, follow_up, progress).await?,
        };
        self.tally.files.fetch_add(1, Ordering::Relaxed);
        self.tell(Step { size: file.source.size, ..Step::new(Action::Transfer, place.relative(), why) });
        Ok((moved, true))
    }

    pub(crate) fn removal<'a>(
        &'a self,
        tell: &'a (dyn Fn(Step) + Sync),
        fail: &'a (dyn Fn(String, Error) + Sync),
    ) -> Deletion<'a> {
        Deletion {
            filter: &self.filter,
            limits: &self.limits,
            guard: &self.guard_of_removals,
            budget: &self.budget,
            dry_run: self.dry_run,
            tell,
            fail,
        }
    }

    pub(crate) fn tell(&self, step: Step) {
        if let Some(observer) = &self.observer {
            observer.tell(&step);
        }
    }

    pub(crate) fn fail(&self, name: String, error: Error) {
        self.later().failures.push((name, error));
    }

    pub(crate) fn later(&self) -> std::sync::MutexGuard<'_, Deferred> {
        self.later.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts what was done in the place of what was looked at.
    pub(crate) fn complete(&self, report: &mut Report) {
        report.files = self.tally.files.load(Ordering::Relaxed);
        report.directories = self.tally.directories.load(Ordering::Relaxed);
        report.unchanged = self.tally.unchanged.load(Ordering::Relaxed);
        report.deleted = self.budget.spent();
        for (name, error) in std::mem::take(&mut self.later().failures) {
            report.note(name, error);
        }
    }

    /// Counts a link as a file.
    pub(crate) fn count_link(&self) {
        self.tally.files.fetch_add(1, Ordering::Relaxed);
    }
}

/// Whether names that differ in case are those of two files on this machine.
const CASE_COUNTS: bool = !cfg!(any(windows, target_vendor = "apple"));

/// How many links are followed on the way to a directory.
const MOST_LINKS: usize = 4;

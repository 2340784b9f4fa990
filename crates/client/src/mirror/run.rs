//! Run of a mirror: compares both sides directory by directory and transfers files.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use oxftp_proto::{FileName, Limits};

use super::{
    backups::MirrorBackups,
    compare::{Compare, Comparison, Decision},
    delete::{Delete, Deletion, DeletionBudget},
    direction::{MirrorDirection, ServerClocks, SessionPair},
    directory_pair::{DirectoryPair, MissingDirectory},
    extraneous::{ExtraneousNodes, StoredNames},
    file_job::{self, FileJob, FileJobs},
    listing::{Listing, is_dot_name},
    name_notes::NameNotes,
    node::{Node, NodeFacts, NodeKind},
    node_table::NodeTable,
    notices::Notices,
    options::MirrorOptions,
    plan::{DirectoryPlan, PlanRules, PlannedFile, plan},
    relative_path::RelativePath,
    sources::{MirrorSources, is_as_listed},
    step::{Action, Reason, Step},
    unconfirmed::UnconfirmedNodes,
};
use crate::transfer::symlink::Links;
use crate::transfer::{
    file_progress::{FileProgress, Transferred},
    name_collisions::refuse_other_spelling,
    options::FileOptions,
    scheduler::{Found, JobHandler, pending_write::FileOutcome, retry::is_retryable},
};
use crate::{
    Client, Error, Existing, Report, Result, TransferredFile,
    client::FollowUp,
    error::report::CopyLocations,
    list::{Ancestor, AncestorChain, CycleDetector},
    local_fs::{FileSystem, Metadata},
};

/// Settings and state of a mirror.
pub(crate) struct MirrorContext {
    pub(crate) direction: MirrorDirection,
    pub(crate) options: MirrorOptions,
    pub(crate) fs: Arc<dyn FileSystem>,
    pub(crate) limits: Limits,
    pub(crate) comparison: Comparison,
    pub(crate) backups: MirrorBackups,
    pub(crate) sources: MirrorSources,
    pub(crate) existing: Existing,
    pub(crate) links: Links,
    pub(crate) file_options: FileOptions,
    /// The number of times that a session that is lost to a deletion is opened again.
    pub(crate) reconnects: u32,
    pub(crate) clocks: ServerClocks,
    pub(crate) notices: Notices,
    pub(crate) name_notes: NameNotes,
    pub(crate) unconfirmed: UnconfirmedNodes,
    pub(crate) deletion_budget: DeletionBudget,
    pub(crate) counters: Counters,
    pub(crate) deferred: Mutex<Deferred>,
    pub(crate) source_cycles: CycleDetector,
    pub(crate) deletion_cycles: CycleDetector,
    /// Held during the transfer of a file that may be the same file as another one on this machine.
    pub(crate) collision_lock: tokio::sync::Mutex<()>,
}

/// Counters of the report.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    directories: AtomicU64,
    files: AtomicU64,
    unchanged: AtomicU64,
}

/// Work and failures that are kept for the end of the mirror.
#[derive(Debug, Default)]
pub(crate) struct Deferred {
    pub(crate) extraneous: Vec<ExtraneousNodes>,
    /// Symbolic links to create, with the paths that they point to.
    pub(crate) symlinks: Vec<(RelativePath, Box<[u8]>)>,
    failures: Vec<(String, Error)>,
    /// The transferred files for the report; at most as many as it takes.
    transferred: Vec<TransferredFile>,
}

impl JobHandler for &MirrorContext {
    type Directory = DirectoryPair;
    type File = FileJob;

    async fn list(
        &self,
        client: &mut Client,
        directory: &DirectoryPair,
        found: &mut Found<Self>,
    ) -> Result<()> {
        let limit = self.limits.directory_depth;
        if directory.path.depth() > limit {
            return Err(Error::Limit { what: "levels of directories", limit });
        }
        let limit = self.limits.tree_directories;
        if self.source_cycles.directories_found() > limit {
            return Err(Error::Limit { what: "directories in a tree", limit });
        }
        if self.source_cycles.predicts_cycle(&directory.ancestors) {
            return Ok(());
        }
        // Without this, a single failure would be returned without its path.
        found.made = true;
        let mut sessions = self.direction.sessions(client).await?;
        let listed = self.compare(&mut sessions, directory, found).await;
        listed.inspect_err(|error| sessions.release_after(error))
    }

    async fn transfer(
        &self,
        client: &mut Client,
        job: &FileJob,
        follow_up: FollowUp,
        progress: &FileProgress<'_>,
    ) -> Result<FileOutcome> {
        let _guard = if job.has_collision { Some(self.collision_lock.lock().await) } else { None };
        if job.has_collision && self.direction.has_local_target() {
            let path = self.direction.local_path(&job.directory.join(&job.file.name))?;
            refuse_other_spelling(&*self.fs, &path).await?;
        }
        let mut sessions = self.direction.sessions(client).await?;
        let moved = Box::pin(self.transfer_job(&mut sessions, job, follow_up, progress)).await;
        let moved = moved.inspect_err(|error| sessions.release_after(error))?;
        Ok(FileOutcome { moved, pending_write: None })
    }

    fn is_root(&self, directory: &DirectoryPair) -> bool {
        directory.path.depth() == 0
    }

    fn directory_name(&self, directory: &DirectoryPair) -> String {
        self.direction.source_name(&directory.path)
    }

    fn file_name(&self, job: &FileJob) -> String {
        self.direction.source_name(&job.directory.join(&job.file.name))
    }

    fn size(&self, job: &FileJob) -> Option<u64> {
        job.file.source.size
    }
}

impl MirrorContext {
    /// Compares both sides of a directory, creates it if it is missing, and queues its files and subdirectories.
    async fn compare(
        &self,
        sessions: &mut SessionPair<'_>,
        directory: &DirectoryPair,
        found: &mut Found<&Self>,
    ) -> Result<()> {
        let path = &directory.path;
        let mut source = Box::pin(self.list_source(sessions, path)).await?;
        let Some(parent) = self.source_cycles.check(&directory.ancestors, &source.fingerprint) else {
            return Err(Error::CyclicTree { path: self.direction.source_name(path) });
        };
        let mut target = Box::pin(self.list_target(sessions, directory)).await?;
        let mut is_complete = source.is_complete() && target.is_complete();
        if is_complete && self.needs_proof(path, &source, &target) {
            match Box::pin(self.prove_source(sessions, path)).await {
                Ok(Some(proven)) if proven.fingerprint != source.fingerprint => {
                    is_complete = proven.is_complete();
                    source = proven;
                }
                Ok(_) => {}
                Err(error) if is_retryable(&error) || error.is_connection_lost() => return Err(error),
                Err(error) => {
                    found.failures.push((self.direction.source_name(path), error));
                    is_complete = false;
                }
            }
        }
        let shows_dot_names = source.shows_dot_names;
        let claims_dot_names = source.claims_dot_names && !self.notices.has_seen_dot_names();
        if !source.claims_dot_names && source.shows_dot_names {
            self.notices.see_dot_names();
        }
        if is_complete
            && source.nodes.is_empty()
            && !target.nodes.is_empty()
            && self.options.delete != Delete::Never
            && (source.is_without_data || Box::pin(self.has_unlisted(sessions, path, &target.nodes)).await?)
        {
            found.failures.push((self.direction.source_name(path), Error::IncompleteListing));
            is_complete = false;
        }
        found.failures.append(&mut source.failures);
        found.failures.append(&mut target.failures);
        let duplicates: HashSet<FileName> =
            source.duplicates.drain(..).chain(target.duplicates.drain(..)).collect();
        let listed = source.nodes.len();
        let source = self.filtered(source.nodes, path, &duplicates)?;
        let target = self.filtered_target(target.nodes, path, &duplicates, &source)?;
        if let Some(missing) = &directory.missing
            && self.needs_directory(path, &source, source.len() < listed)
        {
            self.create(sessions, missing).await?;
        }
        let part_files = match self.direction.has_local_target() || self.options.upload.temporary {
            true => file_job::part_files(&source),
            false => Vec::new(),
        };
        if self.confirms_names() {
            self.unconfirmed.learn(&source, &target);
        }
        let comparison = Comparison { asks_times: sessions.may_report_times(), ..self.comparison };
        let mut plan = self.plan(source, target, comparison, is_complete);
        plan.files.check()?;
        if !shows_dot_names
            || claims_dot_names && Box::pin(self.hides_dot_names(sessions, path, &plan)).await?
        {
            self.keep_dot_names(&mut plan);
        }
        if self.options.delete == Delete::Never {
            Box::pin(self.find_other_names(sessions, path, &mut plan, &mut found.failures)).await?;
        }
        let stored = Box::pin(self.delete_first(sessions, path, &mut plan)).await?;
        self.enqueue(plan, part_files, directory, &parent, stored, found);
        Ok(())
    }

    /// Plans a directory. If a listing is incomplete, nothing is deleted.
    fn plan(
        &self,
        source: NodeTable,
        target: NodeTable,
        comparison: Comparison,
        is_complete: bool,
    ) -> DirectoryPlan {
        let rules = PlanRules {
            comparison,
            deletes: is_complete && self.options.delete != Delete::Never,
            copies_symlinks: self.links == Links::Copy,
            removes_sources: self.sources.are_removed(),
            existing: self.existing,
        };
        plan(source, target, rules)
    }

    /// Returns whether the source may have names that its listing left out although listings by its command should show
    /// them: it is asked for each extraneous name that begins with a dot.
    async fn hides_dot_names(
        &self,
        sessions: &mut SessionPair<'_>,
        directory: &RelativePath,
        plan: &DirectoryPlan,
    ) -> Result<bool> {
        let nodes = plan.extraneous.iter().filter(|node| is_dot_name(node.name.as_bytes()));
        let nodes: Vec<_> = nodes.take(MAX_DOT_NAMES + 1).collect();
        if nodes.len() > MAX_DOT_NAMES {
            return Ok(true);
        }
        let mut source = self.direction.source(&*self.fs, sessions, &self.clocks);
        for node in nodes {
            if !source.lacks(&directory.join(&node.name), node.kind.is_directory()).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Keeps the extraneous names that a listing of the source may leave out although the source has them.
    fn keep_dot_names(&self, plan: &mut DirectoryPlan) {
        let found = plan.extraneous.len();
        plan.extraneous.retain(|node| !is_dot_name(node.name.as_bytes()));
        if plan.extraneous.len() < found {
            self.notices.dot_names();
        }
    }

    /// Returns whether the source, which is listed as empty, has one of the first files of the target (`SIZE`). Some servers list
    /// nothing and confirm that this is all.
    async fn has_unlisted(
        &self,
        sessions: &mut SessionPair<'_>,
        directory: &RelativePath,
        target: &NodeTable,
    ) -> Result<bool> {
        let mut source = self.direction.source(&*self.fs, sessions, &self.clocks);
        let files = target.iter().filter(|node| node.kind == NodeKind::File);
        for node in files.take(MAX_PROBED) {
            if source.size_if_reported(&directory.join(&node.name)).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn list_source(&self, sessions: &mut SessionPair<'_>, path: &RelativePath) -> Result<Listing> {
        if self.file_options.preserve_mode {
            self.direction.prepare_source(sessions).await?;
        }
        let mut source = self.direction.source(&*self.fs, sessions, &self.clocks);
        let mut listing = source.list(path, &self.limits, FollowUp::Transfer).await?;
        if self.links == Links::Follow {
            source.follow_symlinks(path, &mut listing.nodes).await?;
        }
        if self.sources.are_removed() {
            listing.nodes.retain(|node| {
                !node.kind.is_directory() || !self.sources.are_moved_into(&source, &path.join(&node.name))
            })?;
        }
        Ok(listing)
    }

    /// Returns whether nodes would be deleted that the listing of the source lacks, although it may be the listing of
    /// another directory. Below the root, the listings differ from that of the root, or are doubted.
    fn needs_proof(&self, path: &RelativePath, source: &Listing, target: &Listing) -> bool {
        let lacks = |name: Vec<u8>| source.nodes.find(&name).is_none();
        self.options.delete != Delete::Never && path.depth() == 0 && target.nodes.names().any(lacks)
    }

    async fn prove_source(
        &self,
        sessions: &mut SessionPair<'_>,
        path: &RelativePath,
    ) -> Result<Option<Listing>> {
        let mut source = self.direction.source(&*self.fs, sessions, &self.clocks);
        let Some(mut listing) = source.list_proven(path, &self.limits).await? else { return Ok(None) };
        if self.links == Links::Follow {
            source.follow_symlinks(path, &mut listing.nodes).await?;
        }
        Ok(Some(listing))
    }

    /// Lists the directory of the target, if it exists.
    async fn list_target(
        &self,
        sessions: &mut SessionPair<'_>,
        directory: &DirectoryPair,
    ) -> Result<Listing> {
        if directory.missing.is_some() {
            return Ok(Listing::default());
        }
        // With two servers, the session goes back to its pool.
        let follow_up = FollowUp::transfer_if(!matches!(self.direction, MirrorDirection::Across { .. }));
        let mut target = self.direction.target(&*self.fs, sessions, &self.clocks);
        let listing = target.list(&directory.path, &self.limits, follow_up).await?;
        let is_across = matches!(self.direction, MirrorDirection::Across { .. });
        let is_empty = listing.nodes.is_empty() && listing.is_complete();
        if directory.path.depth() == 0 && is_empty && !self.options.dry_run && !is_across {
            target.make_sure_of_root().await?;
        }
        Ok(listing)
    }

    /// Returns whether a directory is created for the nodes that the filter accepts. If there are only directories,
    /// their contents decide.
    fn needs_directory(&self, directory: &RelativePath, nodes: &NodeTable, leaves_out: bool) -> bool {
        let keeps_all =
            self.options.filter.is_empty() || self.options.empty_directories || directory.depth() == 0;
        keeps_all || nodes.iter().any(|node| !node.kind.is_directory()) || nodes.is_empty() && !leaves_out
    }

    /// Creates a directory that the target lacks, and those above it.
    async fn create(&self, sessions: &mut SessionPair<'_>, missing: &MissingDirectory) -> Result<()> {
        for directory in missing.with_missing_parents() {
            let mut is_created = directory.is_created.lock().await;
            if *is_created {
                continue;
            }
            let path = &directory.path;
            if let Some(name) = path.name().filter(|_| !self.options.dry_run) {
                let mut target = self.direction.target(&*self.fs, sessions, &self.clocks);
                target.create_dir(path, self.file_options.dir_mode).await?;
                if let Some(stored) = &directory.stored {
                    stored.add(name);
                }
                if self.confirms_names() {
                    self.unconfirmed.add_name(&path.parent(), name);
                }
            }
            *is_created = true;
            self.counters.directories.fetch_add(1, Ordering::Relaxed);
            self.report_step(Step::new(Action::MakeDirectory, path.to_remote_path(), Reason::Missing));
        }
        Ok(())
    }

    /// Returns the nodes of the source that are mirrored.
    fn filtered(
        &self,
        mut nodes: NodeTable,
        directory: &RelativePath,
        duplicates: &HashSet<FileName>,
    ) -> Result<NodeTable> {
        if !duplicates.is_empty() {
            nodes.retain(|node| !duplicates.contains(&node.name))?;
        }
        if !self.options.filter.is_empty() {
            nodes.retain(|node| {
                self.options.filter.accepts(&node.candidate(&directory.join(&node.name).to_text()))
            })?;
        }
        Ok(nodes)
    }

    /// Returns the nodes of the target that are compared. A node whose name is mirrored is always included,
    /// independent of its facts.
    fn filtered_target(
        &self,
        mut nodes: NodeTable,
        directory: &RelativePath,
        duplicates: &HashSet<FileName>,
        source: &NodeTable,
    ) -> Result<NodeTable> {
        if !duplicates.is_empty() {
            nodes.retain(|node| !duplicates.contains(&node.name))?;
        }
        if !self.options.filter.is_empty() {
            nodes.retain(|node| {
                let name = node.name.as_bytes();
                let accepts =
                    || self.options.filter.accepts(&node.candidate(&directory.join(&node.name).to_text()));
                !source.has_left_out(name) && (source.find(name).is_some() || accepts())
            })?;
        }
        Ok(nodes)
    }

    /// Reports the files that a server stored under another name than the given one: it answers `SIZE` for a name
    /// that it does not list. A file that has not changed since is not sent again.
    async fn find_other_names(
        &self,
        sessions: &mut SessionPair<'_>,
        directory: &RelativePath,
        plan: &mut DirectoryPlan,
        failures: &mut Vec<(String, Error)>,
    ) -> Result<()> {
        if !matches!(self.direction, MirrorDirection::Up { .. }) {
            return Ok(());
        }
        let mut kept = HashSet::new();
        if self.name_notes.are_found(&*self.fs).await {
            Box::pin(self.find_noted_names(directory, plan, &mut kept, failures)).await;
        }
        for (file, node) in plan.files.in_other_forms() {
            let path = directory.join(&file.name);
            if kept.contains(&file.name) {
                continue;
            }
            let mut target = self.direction.target(&*self.fs, sessions, &self.clocks);
            let there = target.size_if_reported(&path).await?;
            if there.is_none() || node.facts.size.is_some_and(|listed| Some(listed) != there) {
                continue;
            }
            let found = Some(node.name.to_string_lossy().into_owned());
            let path = path.to_remote_path().to_string();
            failures.push((path.clone(), Error::StoredUnderOtherName { path, found }));
            if self.comparison.by_listing(&file.source, &node.facts) == Decision::Unchanged {
                kept.insert(file.name);
                plan.unchanged += 1;
            }
        }
        plan.remove_blocked(&kept);
        Ok(())
    }

    /// Reports the files that an earlier run noted to be stored under another name, if the server still lists that name with
    /// the size of the source. They are not sent again.
    async fn find_noted_names(
        &self,
        directory: &RelativePath,
        plan: &mut DirectoryPlan,
        kept: &mut HashSet<FileName>,
        failures: &mut Vec<(String, Error)>,
    ) {
        for file in plan.files.missing().filter_map(|index| plan.files.get(index)) {
            let path = directory.join(&file.name);
            let Some(stored) = self.name_notes.stored_name(&*self.fs, &path, &file.source).await else {
                continue;
            };
            let Some(node) = plan.files.listed_at_target(&stored) else { continue };
            if node.facts.size.is_some_and(|listed| Some(listed) != file.source.size) {
                continue;
            }
            let stored = self.direction.target_name(&directory.join(&node.name));
            let error = Error::StoredElsewhere { path: self.direction.target_name(&path), stored };
            failures.push((self.direction.source_name(&path), error));
            kept.insert(file.name);
            plan.unchanged += 1;
        }
    }

    /// Deletes the nodes that must be deleted before the transfers, and defers the other extraneous nodes. A node
    /// that cannot be replaced is removed from the plan. Returns the record of the stored names, if the deferred
    /// nodes need it.
    async fn delete_first(
        &self,
        sessions: &mut SessionPair<'_>,
        directory: &RelativePath,
        plan: &mut DirectoryPlan,
    ) -> Result<Option<Arc<StoredNames>>> {
        let mut target = self.direction.target(&*self.fs, sessions, &self.clocks);
        let on_step = |step| self.report_step(step);
        let on_failure = |name, error| self.record_failure(name, error);
        let deletion = self.deletion(&on_step, &on_failure);
        let mut kept = HashSet::new();
        for node in std::mem::take(&mut plan.in_the_way) {
            let path = directory.join(&node.name);
            if !deletion.delete(&mut target, &path, &node, Reason::InTheWay).await? {
                kept.insert(node.name);
            }
        }
        plan.remove_blocked(&kept);
        match self.options.delete {
            Delete::Before => {
                if self.file_options.resume {
                    // Partial files of an earlier mirror are kept to be resumed.
                    file_job::remove_parts_of(&plan.files, &mut plan.extraneous);
                }
                for node in std::mem::take(&mut plan.extraneous).iter() {
                    let path = directory.join(&node.name);
                    deletion.delete(&mut target, &path, &node, Reason::NotInSource).await?;
                }
            }
            Delete::After if !plan.extraneous.is_empty() => {
                let stored = Arc::new(StoredNames::default());
                let extraneous = ExtraneousNodes::of_plan(plan, Arc::new(directory.clone()), stored.clone());
                self.deferred().extraneous.push(extraneous);
                return Ok(Some(stored));
            }
            Delete::Never | Delete::After => {}
        }
        Ok(None)
    }

    /// Queues the files and subdirectories of a plan, and reports its other nodes.
    fn enqueue(
        &self,
        plan: DirectoryPlan,
        part_files: Vec<Node>,
        directory: &DirectoryPair,
        parent: &Arc<Ancestor>,
        stored: Option<Arc<StoredNames>>,
        found: &mut Found<&Self>,
    ) {
        let path = &directory.path;
        found.is_urgent = parent.is_suspect();
        self.counters.unchanged.fetch_add(plan.unchanged, Ordering::Relaxed);
        if plan.rests_on_sizes {
            self.notices.sizes_alone();
        }
        for (name, why) in plan.skipped {
            self.report_step(Step::new(Action::Skip, path.join(&name).to_remote_path(), why));
        }
        for (name, why) in plan.refused {
            let path = self.direction.source_name(&path.join(&name));
            found.failures.push((path.clone(), Error::Skipped { path, why }));
        }
        for subdirectory in plan.directories {
            let links_followed = directory.links_followed + usize::from(subdirectory.via_symlink);
            let path = path.join(&subdirectory.name);
            if links_followed > MAX_LINKS_FOLLOWED {
                let path = self.direction.source_name(&path);
                let why = "too many symbolic links lead to it, possibly in a cycle";
                found.failures.push((path.clone(), Error::Skipped { path, why }));
                continue;
            }
            let ancestors = AncestorChain::default().with_parent(parent);
            let exists = subdirectory.exists;
            let missing = (!exists).then(|| {
                let above = directory.missing.clone();
                Arc::new(MissingDirectory::new(path.clone(), above, stored.clone()))
            });
            found.directories.push(DirectoryPair { path, missing, links_followed, ancestors });
        }
        let symlinks = plan.symlinks.into_iter().map(|(name, destination)| (path.join(&name), destination));
        self.deferred().symlinks.extend(symlinks);
        let jobs = FileJobs::new(Arc::new(path.clone()), stored, plan.files, part_files);
        found.batch = Some((jobs.work(), Box::new(jobs)));
    }

    async fn transfer_job(
        &self,
        sessions: &mut SessionPair<'_>,
        job: &FileJob,
        follow_up: FollowUp,
        progress: &FileProgress<'_>,
    ) -> Result<Transferred> {
        let moved =
            Box::pin(self.transfer_file(sessions, &job.directory, &job.file, follow_up, progress)).await?;
        if let Some(stored) = job.stored.as_ref().filter(|_| moved.is_some()) {
            stored.add(&job.file.name);
        }
        if moved.is_some() && self.confirms_names() {
            let is_new = job.file.decision == Decision::Transfer(Reason::Missing);
            if let Some(size) = progress.take_unconfirmed_size() {
                self.unconfirmed.add_size(&job.directory, &job.file.name, size);
            } else if is_new {
                self.unconfirmed.add_name(&job.directory, &job.file.name);
            }
        }
        match (moved, &job.part_file) {
            (None, _) => Ok(Transferred { bytes: 0, resumed: 0 }),
            (Some(moved), None) => Ok(moved),
            // The partial file was written under the name of this file.
            (Some(moved), Some(part_file)) => {
                let more = self
                    .transfer_file(sessions, &job.directory, part_file, FollowUp::Nothing, progress)
                    .await?;
                let more = more.unwrap_or(Transferred { bytes: 0, resumed: 0 });
                Ok(Transferred { bytes: moved.bytes + more.bytes, resumed: moved.resumed + more.resumed })
            }
        }
    }

    /// Transfers a file if it has changed; returns `None` if it is unchanged.
    async fn transfer_file(
        &self,
        sessions: &mut SessionPair<'_>,
        directory: &RelativePath,
        file: &PlannedFile,
        follow_up: FollowUp,
        progress: &FileProgress<'_>,
    ) -> Result<Option<Transferred>> {
        let path = directory.join(&file.name);
        let local = self.direction.local_path(&path)?;
        let before = Box::pin(self.sources.before(&*self.fs, &self.direction, &path)).await?;
        let mut transfer = self.direction.file_transfer(&self.fs, sessions, &path, &local);
        let mut why = transfer.decide(file, self.comparison, &self.notices).await?;
        if let Some(reason) = why
            && self.comparison.by == Compare::SizeAndTime
            && !self.options.dry_run
            && Box::pin(transfer.explains_time(file, reason)).await?
        {
            why = None;
        }
        let Some(why) = why else {
            self.counters.unchanged.fetch_add(1, Ordering::Relaxed);
            if self.sources.are_removed() && is_as_listed(&file.source, before.as_ref()) {
                let exact = Box::pin(transfer.exact_times(&file.source, &file.target)).await?;
                if self.comparison.proves_equality(&exact.source, &exact.target) {
                    Box::pin(self.remove_source(sessions, &path, before.as_ref())).await?;
                }
            }
            return Ok(None);
        };
        let follow_up = if self.sources.are_removed() { FollowUp::Nothing } else { follow_up };
        let moved = match self.options.dry_run {
            true => {
                self.let_steps_be_printed().await;
                Transferred { bytes: 0, resumed: 0 }
            }
            false => {
                let (options, upload) = (&self.file_options, self.options.upload);
                let moved =
                    Box::pin(transfer.run(&file.source, options, upload, &self.backups, follow_up, progress));
                self.note_name(&path, &file.source, moved.await)?
            }
        };
        self.counters.files.fetch_add(1, Ordering::Relaxed);
        self.note_transferred(&path, moved);
        let step = Step::new(Action::Transfer, path.to_remote_path(), why);
        self.report_step(Step { size: file.source.size, ..step });
        if self.sources.are_removed() {
            Box::pin(self.remove_source(sessions, &path, before.as_ref())).await?;
        }
        Ok(Some(moved))
    }

    /// Returns whether the names that this mirror stores are compared with a later listing.
    fn confirms_names(&self) -> bool {
        !self.options.dry_run && !self.direction.has_local_target()
    }

    /// Records the name under which the server stored a file, if the server does not find it by its own name.
    fn note_name(
        &self,
        path: &RelativePath,
        source: &NodeFacts,
        moved: Result<Transferred>,
    ) -> Result<Transferred> {
        match &moved {
            Ok(_) => self.name_notes.forget(path),
            Err(Error::StoredElsewhere { stored, .. }) if self.name_notes.are_kept() => {
                self.name_notes.note(path, source, stored);
            }
            Err(Error::StoredElsewhere { .. }) => self.notices.other_names(),
            Err(_) => {}
        }
        moved
    }

    /// Records a transferred file for the report.
    fn note_transferred(&self, path: &RelativePath, moved: Transferred) {
        let mut deferred = self.deferred();
        if self.options.dry_run || deferred.transferred.len() >= Report::MAX_TRANSFERRED {
            return;
        }
        if let Some(CopyLocations { source, target }) = self.direction.locations(path) {
            let Transferred { bytes, resumed } = moved;
            deferred.transferred.push(TransferredFile { source, target, bytes, resumed });
        }
    }

    /// Removes the source of a complete and verified copy, as the options say.
    async fn remove_source(
        &self,
        sessions: &mut SessionPair<'_>,
        path: &RelativePath,
        before: Option<&Metadata>,
    ) -> Result<()> {
        if !self.options.dry_run {
            let source = self.direction.source(&*self.fs, sessions, &self.clocks);
            self.sources.remove(source, path, before).await?;
        }
        self.report_step(Step::new(Action::RemoveSource, path.to_remote_path(), Reason::Copied));
        Ok(())
    }

    pub(crate) fn deletion<'a>(
        &'a self,
        on_step: &'a (dyn Fn(Step) + Sync),
        on_failure: &'a (dyn Fn(String, Error) + Sync),
    ) -> Deletion<'a> {
        Deletion {
            filter: &self.options.filter,
            limits: &self.limits,
            cycles: &self.deletion_cycles,
            budget: &self.deletion_budget,
            backups: &self.backups,
            dry_run: self.options.dry_run,
            reconnects: self.reconnects,
            on_step,
            on_failure,
        }
    }

    pub(crate) fn report_step(&self, step: Step) {
        if let Some(observer) = &self.options.observer {
            observer.notify(&step);
        }
    }

    /// Lets other futures of the task run now and then during a dry run, which waits for nothing: one of them may print
    /// the steps, of which there may be a million.
    pub(crate) async fn let_steps_be_printed(&self) {
        if self.options.dry_run {
            tokio::task::coop::consume_budget().await;
        }
    }

    pub(crate) fn record_failure(&self, name: String, error: Error) {
        self.deferred().failures.push((name, error));
    }

    pub(crate) fn deferred(&self) -> MutexGuard<'_, Deferred> {
        self.deferred.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the counters of a report, which count the compared nodes, by those of the changes. Adds the recorded
    /// failures.
    pub(crate) fn complete(&self, report: &mut Report) {
        report.files = self.counters.files.load(Ordering::Relaxed);
        report.directories = self.counters.directories.load(Ordering::Relaxed);
        report.unchanged = self.counters.unchanged.load(Ordering::Relaxed);
        report.deleted = self.deletion_budget.deleted();
        report.transferred = std::mem::take(&mut self.deferred().transferred);
        for (name, error) in std::mem::take(&mut self.deferred().failures) {
            report.note(name, error);
        }
    }

    /// Counts a symbolic link as a file.
    pub(crate) fn count_symlink(&self) {
        self.counters.files.fetch_add(1, Ordering::Relaxed);
    }
}

/// Maximum number of symbolic links that are followed on the way to a directory.
const MAX_LINKS_FOLLOWED: usize = 4;

/// Maximum number of names in one directory of which each is looked for on the server.
const MAX_DOT_NAMES: usize = 64;

/// Maximum number of files that are looked for in a directory that is listed as empty.
const MAX_PROBED: usize = 3;

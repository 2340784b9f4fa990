//! Final phase of a mirror, after all transfers: creates symbolic links and deletes extraneous nodes.

use std::sync::{Arc, Mutex, PoisonError};

use super::{
    direction::MirrorDirection,
    extraneous::ExtraneousNodes,
    node::Node,
    node_selection::NodeSelection,
    node_table::NodeTable,
    relative_path::RelativePath,
    run::MirrorContext,
    same_name::folded,
    step::{Action, Reason, Step},
    symlink,
    unconfirmed::StoredNode,
};
use crate::transfer::{
    file_progress::FileProgress,
    options::JobOptions,
    scheduler::{
        Found, JobHandler, Scheduler,
        admission::AdmissionGate,
        concurrency::WorkAmount,
        pending_write::FileOutcome,
        retry::{RetryBudget, retrying},
        worker::Worker,
    },
    stored_name::STALE_PAUSES,
};
use crate::{Client, Error, Pool, Report, Result, client::FollowUp, deadline::Deadline, progress::Silent};

/// Runs the final phase; `report` is the report of the transfers.
pub(crate) async fn finalize(
    context: &MirrorContext,
    mut worker: Worker<'_>,
    job: &JobOptions,
    deadline: Deadline,
    mut report: Report,
) -> Report {
    create_symlinks(context).await;
    let workers_of_target = match &context.direction {
        MirrorDirection::Across { other, .. } => Worker::of(other),
        _ => worker.again(),
    };
    let confirming = confirm_stored(context, workers_of_target, job, &mut report);
    if deadline.cut(Box::pin(confirming)).await.is_none() {
        crate::trace::debug!("there was no time to list what was stored");
    }
    let extraneous = std::mem::take(&mut context.deferred().extraneous);
    if extraneous.is_empty() {
        return report;
    }
    let pool = worker.pool();
    let workers = match &context.direction {
        MirrorDirection::Across { other, .. } => Worker::of(other).with_siblings(),
        _ => worker.again().with_siblings(),
    };
    let purge = DeleteExtraneous { context, pool, directories: Mutex::new(extraneous) };
    let purged = Scheduler::new(purge, job, AdmissionGate::of_all(&Silent), workers.len())
        .run_tree(Deletions::All, workers, deadline)
        .await;
    match purged {
        Ok(_) => {}
        Err(Error::PartialFailure { report: purged }) => report.failures.extend(purged.failures),
        Err(Error::Stopped { report: purged, source }) => {
            report.failures.extend(purged.failures);
            report.note("the deletion".to_owned(), *source);
        }
        Err(error) => report.note("the deletion".to_owned(), error),
    }
    report
}

/// Lists the directories of unconfirmed uploads, and reports files that the server has under another name or with
/// another size.
async fn confirm_stored(
    context: &MirrorContext,
    mut worker: Worker<'_>,
    job: &JobOptions,
    report: &mut Report,
) {
    let is_listed_later = |directory: &RelativePath| {
        let deferred = context.deferred();
        let mut listed = deferred.extraneous.iter().filter(|extraneous| extraneous.need_listing());
        listed.any(|extraneous| *extraneous.directory == *directory)
    };
    for (directory, stored) in context.unconfirmed.take() {
        let stored = context.unconfirmed.still_unconfirmed(stored, is_listed_later(&directory));
        if stored.is_empty() {
            continue;
        }
        let listed = retrying!(&mut worker, RetryBudget::new(job.retries), |client| {
            compare_stored(context, client, &directory, &stored).await
        });
        match listed {
            Ok(failures) => failures.into_iter().for_each(|(path, error)| report.note(path, error)),
            // The server has already confirmed the transfers.
            Err(error) => crate::trace::debug!("what was stored is not compared: {}", Error::from(error)),
        }
    }
}

/// Lists a directory, and compares it with what was stored in it. If a size differs, the directory is listed again after a
/// while: some servers send listings from a cache. Returns the failures, by path.
async fn compare_stored(
    context: &MirrorContext,
    client: &mut Client,
    directory: &RelativePath,
    stored: &[StoredNode],
) -> Result<Vec<(String, Error)>> {
    let mut pauses = STALE_PAUSES.into_iter();
    loop {
        let mut target = context.direction.target_over(&*context.fs, client, &context.clocks);
        let listing = target.list(directory, &context.limits, FollowUp::Nothing).await?;
        let failures = context.unconfirmed.compare(directory, stored, &listing.nodes);
        let may_be_stale = |(_, error): &(_, Error)| matches!(error, Error::UploadMismatch { .. });
        let Some(pause) = pauses.next().filter(|_| failures.iter().any(may_be_stale)) else {
            return Ok(failures);
        };
        tokio::time::sleep(pause).await;
    }
}

async fn create_symlinks(context: &MirrorContext) {
    let MirrorDirection::Down { target, .. } = &context.direction else { return };
    let symlinks = std::mem::take(&mut context.deferred().symlinks);
    for (path, destination) in symlinks {
        let created = match context.options.dry_run {
            true => Ok(()),
            false => symlink::create(&*context.fs, target, &path, &destination).await,
        };
        match created {
            Ok(()) => {
                context.count_symlink();
                context.report_step(Step::new(Action::Link, path.to_remote_path(), Reason::Missing));
            }
            Err(error) => context.record_failure(context.direction.source_name(&path), error),
        }
    }
}

/// Deletes extraneous nodes over all sessions.
struct DeleteExtraneous<'c> {
    context: &'c MirrorContext,
    /// The pool of the source; `None` if the mirror runs over one client.
    pool: Option<&'c Pool>,
    directories: Mutex<Vec<ExtraneousNodes>>,
}

/// A directory in which nodes are deleted.
enum Deletions {
    /// Stands for all directories.
    All,
    In(ExtraneousNodes),
}

/// A node to delete.
struct DeletedNode {
    directory: Arc<RelativePath>,
    node: Node,
}

/// The nodes to delete in one directory.
struct DeletedNodes {
    directory: Arc<RelativePath>,
    nodes: NodeSelection,
    next: usize,
}

impl Iterator for DeletedNodes {
    type Item = DeletedNode;

    fn next(&mut self) -> Option<DeletedNode> {
        let node = self.nodes.get(self.next)?;
        self.next += 1;
        Some(DeletedNode { directory: self.directory.clone(), node })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.nodes.len() - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for DeletedNodes {}

impl DeleteExtraneous<'_> {
    /// Returns the nodes of a directory that may be deleted. Takes a new listing if this mirror stored something there.
    async fn deletable(
        &self,
        client: &mut Client,
        extraneous: &ExtraneousNodes,
        failures: &mut Vec<(String, Error)>,
    ) -> Result<NodeSelection> {
        let context = self.context;
        if context.options.dry_run {
            return Ok(extraneous.nodes.clone());
        }
        if !extraneous.need_listing() {
            return Ok(extraneous.without_listing());
        }
        let path = &extraneous.directory;
        let mut pauses = STALE_PAUSES.into_iter().filter(|_| !context.direction.has_local_target());
        loop {
            let mut target = context.direction.target_over(&*context.fs, client, &context.clocks);
            let mut listing = target.list(path, &context.limits, FollowUp::Nothing).await?;
            if !listing.is_complete() {
                failures.append(&mut listing.failures);
                return Ok(NodeSelection::default());
            }
            let listing = Arc::new(listing.nodes);
            if let Some(nodes) = extraneous.deletable(&listing) {
                return Ok(nodes);
            }
            let mut renamed = Vec::new();
            self.report_renamed(client, extraneous, &listing, &mut renamed).await?;
            let is_lost =
                |(_, error): &(_, Error)| matches!(error, Error::StoredUnderOtherName { found: None, .. });
            let Some(pause) = pauses.next().filter(|_| renamed.iter().any(is_lost)) else {
                failures.append(&mut renamed);
                return Ok(NodeSelection::default());
            };
            // Some servers cache listings for a few seconds.
            tokio::time::sleep(pause).await;
        }
    }

    /// Reports the stored names that a listing lacks. On a case-insensitive local file system, this is only a
    /// warning: the files exist.
    async fn report_renamed(
        &self,
        client: &mut Client,
        extraneous: &ExtraneousNodes,
        listing: &NodeTable,
        failures: &mut Vec<(String, Error)>,
    ) -> Result<()> {
        let (context, path) = (self.context, &extraneous.directory);
        let is_local = context.direction.has_local_target();
        let mut lent;
        let client = match (&context.direction, self.pool) {
            (MirrorDirection::Across { .. }, Some(pool)) => {
                lent = pool.client().await?;
                &mut *lent
            }
            _ => client,
        };
        let mut source = context.direction.source_over(&*context.fs, client, &context.clocks);
        let source = source.list(path, &context.limits, FollowUp::Nothing).await?.nodes;
        for (name, found) in extraneous.renamed(&source, listing, MAX_REPORTED) {
            let path = path.join(&name).to_remote_path().to_string();
            let error = Error::StoredUnderOtherName {
                path: path.clone(),
                found: found.as_ref().map(|found| found.to_string_lossy().into_owned()),
            };
            match found.is_some_and(|found| is_local && folded(&found) == folded(&name)) {
                true => crate::trace::warn!("{error}"),
                false => failures.push((path, error)),
            }
        }
        Ok(())
    }
}

impl JobHandler for DeleteExtraneous<'_> {
    type Directory = Deletions;
    type File = DeletedNode;

    async fn list(&self, client: &mut Client, directory: &Deletions, found: &mut Found<Self>) -> Result<()> {
        found.made = true;
        match directory {
            Deletions::All => {
                let mut directories = self.directories.lock().unwrap_or_else(PoisonError::into_inner);
                found.directories =
                    std::mem::take(&mut *directories).into_iter().map(Deletions::In).collect();
            }
            Deletions::In(extraneous) => {
                let nodes = self.deletable(client, extraneous, &mut found.failures).await?;
                let work = WorkAmount { files: nodes.len() as u64, bytes: 0 };
                let directory = extraneous.directory.clone();
                found.batch = Some((work, Box::new(DeletedNodes { directory, nodes, next: 0 })));
            }
        }
        Ok(())
    }

    async fn transfer(
        &self,
        client: &mut Client,
        deleted: &DeletedNode,
        _: FollowUp,
        _: &FileProgress<'_>,
    ) -> Result<FileOutcome> {
        let DeletedNode { directory, node } = deleted;
        let context = self.context;
        context.let_steps_be_printed().await;
        let on_step = |step| context.report_step(step);
        let on_failure = |name, error| context.record_failure(name, error);
        let mut target = context.direction.target_over(&*context.fs, client, &context.clocks);
        let deletion = context.deletion(&on_step, &on_failure);
        deletion.delete(&mut target, &directory.join(&node.name), node, Reason::NotInSource).await?;
        Ok(FileOutcome::default())
    }

    fn moves_data(&self) -> bool {
        false
    }

    fn is_root(&self, directory: &Deletions) -> bool {
        matches!(directory, Deletions::All)
    }

    fn directory_name(&self, directory: &Deletions) -> String {
        match directory {
            Deletions::All => String::new(),
            Deletions::In(extraneous) => extraneous.directory.to_remote_path().to_string(),
        }
    }

    fn file_name(&self, deleted: &DeletedNode) -> String {
        deleted.directory.join(&deleted.node.name).to_remote_path().to_string()
    }

    fn size(&self, _: &DeletedNode) -> Option<u64> {
        None
    }
}

/// Maximum number of names of one directory that are reported because the target stored them under another name.
const MAX_REPORTED: usize = 64;

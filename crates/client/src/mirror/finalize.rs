//! Final phase of a mirror, after all transfers: creates symbolic links and deletes extraneous nodes.

use std::sync::{Mutex, PoisonError};

use super::{
    direction::MirrorDirection,
    run::{ExtraneousNode, MirrorContext},
    step::{Action, Reason, Step},
    symlink,
};
use crate::transfer::{
    file_progress::FileProgress,
    options::JobOptions,
    scheduler::{
        Found, JobHandler, Scheduler, admission::AdmissionGate, pending_write::FileOutcome, worker::Worker,
    },
};
use crate::{Client, Error, Pool, Report, Result, client::FollowUp, deadline::Deadline, progress::Silent};

/// Runs the final phase; `report` is the report of the transfers.
pub(crate) async fn finalize(
    context: &MirrorContext,
    pool: &Pool,
    job: &JobOptions,
    deadline: Deadline,
    mut report: Report,
) -> Report {
    create_symlinks(context).await;
    let extraneous = std::mem::take(&mut context.deferred().extraneous);
    if extraneous.is_empty() {
        return report;
    }
    let workers = match &context.direction {
        MirrorDirection::Across { other, .. } => Worker::of(other).with_siblings(),
        _ => Worker::of(pool).with_siblings(),
    };
    let purge = DeleteExtraneous { context, nodes: Mutex::new(extraneous) };
    let purged = Scheduler::new(purge, job, AdmissionGate::of_all(&Silent), workers.len())
        .run_tree((), workers, deadline)
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

async fn create_symlinks(context: &MirrorContext) {
    let MirrorDirection::Down { target, .. } = &context.direction else { return };
    let symlinks = std::mem::take(&mut context.deferred().symlinks);
    for (path, destination) in symlinks {
        let created = match context.dry_run {
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
    nodes: Mutex<Vec<ExtraneousNode>>,
}

impl JobHandler for DeleteExtraneous<'_> {
    type Directory = ();
    type File = ExtraneousNode;

    async fn list(&self, _: &mut Client, (): &(), found: &mut Found<Self>) -> Result<()> {
        let mut nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        found.made = true;
        found.files = std::mem::take(&mut *nodes);
        Ok(())
    }

    async fn transfer(
        &self,
        client: &mut Client,
        extraneous: &ExtraneousNode,
        _: FollowUp,
        _: &FileProgress<'_>,
    ) -> Result<FileOutcome> {
        let ExtraneousNode { path, node } = extraneous;
        let context = self.context;
        let on_step = |step| context.report_step(step);
        let on_failure = |name, error| context.record_failure(name, error);
        let mut target = context.direction.target_over(&*context.fs, client, &context.clocks);
        let deletion = context.deletion(&on_step, &on_failure);
        deletion.delete(&mut target, path, node, Reason::NotInSource).await?;
        Ok(FileOutcome::default())
    }

    fn is_root(&self, (): &()) -> bool {
        true
    }

    fn directory_name(&self, (): &()) -> String {
        String::new()
    }

    fn file_name(&self, extraneous: &ExtraneousNode) -> String {
        extraneous.path.to_remote_path().to_string()
    }

    fn size(&self, _: &ExtraneousNode) -> Option<u64> {
        None
    }
}

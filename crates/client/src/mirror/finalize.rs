//! What a mirror does when all files are there: links are made, and what is too much is deleted.

use super::{
    direction::MirrorDirection,
    node::Node,
    relative_path::RelativePath,
    run::MirrorContext,
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

/// Finishes a mirror that was brought to its end; the report is of the files.
pub(crate) async fn carry_out(
    context: &MirrorContext,
    pool: &Pool,
    job: &JobOptions,
    deadline: Deadline,
    mut report: Report,
) -> Report {
    make_links(context).await;
    let extra = std::mem::take(&mut context.later().extra);
    if extra.is_empty() {
        return report;
    }
    let workers = match &context.route {
        MirrorDirection::Across { other, .. } => Worker::of(other).with_siblings(),
        _ => Worker::of(pool).with_siblings(),
    };
    let purge = DeleteExtraneous { context, extra: std::sync::Mutex::new(extra) };
    let purged = Scheduler::new(purge, job, AdmissionGate::of_all(&Silent), workers.len())
        .run_tree((), workers, deadline)
        .await;
    match purged {
        Ok(_) => {}
        Err(Error::SomeFailed { report: purged }) => report.failures.extend(purged.failures),
        Err(Error::Stopped { report: purged, source }) => {
            report.failures.extend(purged.failures);
            report.note("the deletion".to_owned(), *source);
        }
        Err(error) => report.note("the deletion".to_owned(), error),
    }
    report
}

async fn make_links(context: &MirrorContext) {
    let MirrorDirection::Down { target, .. } = &context.route else { return };
    let links = std::mem::take(&mut context.later().links);
    for (place, says) in links {
        let made = match context.dry_run {
            true => Ok(()),
            false => symlink::make(&*context.fs, target, &place, &says).await,
        };
        match made {
            Ok(()) => {
                context.count_link();
                context.tell(Step::new(Action::Link, place.relative(), Reason::Missing));
            }
            Err(error) => context.fail(context.route.name(&place), error),
        }
    }
}

/// Deletes, over all sessions.
struct DeleteExtraneous<'c> {
    context: &'c MirrorContext,
    extra: std::sync::Mutex<Vec<(RelativePath, Node)>>,
}

impl JobHandler for DeleteExtraneous<'_> {
    type Directory = ();
    type File = (RelativePath, Node);

    async fn list(&self, _: &mut Client, (): &(), found: &mut Found<Self>) -> Result<()> {
        let mut extra = self.extra.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        found.made = true;
        found.files = std::mem::take(&mut *extra);
        Ok(())
    }

    async fn transfer(
        &self,
        client: &mut Client,
        (place, item): &(RelativePath, Node),
        _: FollowUp,
        _: &FileProgress<'_>,
    ) -> Result<FileOutcome> {
        let context = self.context;
        let tell = |step| context.tell(step);
        let fail = |name, error| context.fail(name, error);
        let mut side = context.route.last_side(&*context.fs, client, &context.clocks);
        context.removal(&tell, &fail).remove(&mut side, place, item, Reason::NotInSource).await?;
        Ok(FileOutcome::default())
    }

    fn is_root(&self, (): &()) -> bool {
        true
    }

    fn directory_name(&self, (): &()) -> String {
        String::new()
    }

    fn file_name(&self, (place, _): &(RelativePath, Node)) -> String {
        place.relative().to_string()
    }

    fn size(&self, _: &(RelativePath, Node)) -> Option<u64> {
        None
    }
}

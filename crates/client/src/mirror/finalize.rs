//! What a mirror does when all files are there: links are made, and what is too much is deleted.

use std::time::Duration;

use super::{
    direction::Route,
    node::Item,
    relative_path::Place,
    run::Course,
    step::{Action, Step, Why},
    symlink,
};
use crate::transfer::{
    attempt::{Attempt, Moved},
    scheduler::{Found, Plan, Walk, Work, admission::Governor, pending_write::Done, worker::Lane},
};
use crate::{Client, Error, Pool, Report, Result, progress::Silent};

/// Finishes a mirror that was brought to its end; the report is of the files.
pub(crate) async fn carry_out(
    course: &Course,
    pool: &Pool,
    plan: Plan,
    left: Option<Duration>,
    mut report: Report,
) -> Report {
    make_links(course).await;
    let extra = std::mem::take(&mut course.later().extra);
    if extra.is_empty() {
        return report;
    }
    let lanes = match &course.route {
        Route::Across { other, .. } => Lane::of(other).with_siblings(),
        _ => Lane::of(pool).with_siblings(),
    };
    let purge = Purge { course, extra: std::sync::Mutex::new(extra) };
    let purged =
        Walk::new(purge, plan, Governor::of_all(&Silent), lanes.len()).through((), lanes, left).await;
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

async fn make_links(course: &Course) {
    let Route::Down { target, .. } = &course.route else { return };
    let links = std::mem::take(&mut course.later().links);
    for (place, says) in links {
        let made = match course.dry_run {
            true => Ok(()),
            false => symlink::make(&*course.fs, target, &place, &says).await,
        };
        match made {
            Ok(()) => {
                course.count_link();
                course.tell(Step::new(Action::Link, place.relative(), Why::Missing));
            }
            Err(error) => course.fail(course.route.name(&place), error),
        }
    }
}

/// Deletes, over all sessions.
struct Purge<'c> {
    course: &'c Course,
    extra: std::sync::Mutex<Vec<(Place, Item)>>,
}

impl Work for Purge<'_> {
    type Directory = ();
    type File = (Place, Item);

    async fn list(&self, _: &mut Client, (): &(), found: &mut Found<Self>) -> Result<()> {
        let mut extra = self.extra.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        found.made = true;
        found.files = std::mem::take(&mut *extra);
        Ok(())
    }

    async fn transfer(
        &self,
        client: &mut Client,
        (place, item): &(Place, Item),
        _: &Attempt<'_>,
    ) -> Result<Done> {
        let course = self.course;
        let tell = |step| course.tell(step);
        let fail = |name, error| course.fail(name, error);
        let mut side = course.route.last_side(&*course.fs, client, &course.clocks);
        course.removal(&tell, &fail).remove(&mut side, place, item, Why::NotInSource).await?;
        Ok(Done { moved: Moved { bytes: 0, resumed: 0 }, landing: None })
    }

    fn is_root(&self, (): &()) -> bool {
        true
    }

    fn directory_name(&self, (): &()) -> String {
        String::new()
    }

    fn file_name(&self, (place, _): &(Place, Item)) -> String {
        place.relative().to_string()
    }

    fn size(&self, _: &(Place, Item)) -> Option<u64> {
        None
    }
}

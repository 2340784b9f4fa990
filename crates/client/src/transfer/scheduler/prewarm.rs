//! Sessions that are opened before there is work for them.

use std::{pin::Pin, time::Duration};

use tokio::sync::futures::Notified;

use super::{JobHandler, Scheduler, worker::Worker};

impl<H: JobHandler> Scheduler<'_, H> {
    /// Waits until a worker may have work. If the other workers take long to list, the server is far away: the worker
    /// then logs in at the same time, since that takes as long.
    pub(crate) async fn await_work(
        &self,
        number: usize,
        worker: &mut Worker<'_>,
        mut changed: Pin<&mut Notified<'_>>,
    ) {
        if worker.rest() {
            // Another worker may have left the work to this one, which was not admitted when it got the session.
            self.admission.wake();
        }
        let prewarm = async {
            if !worker.is_opening() {
                tokio::time::sleep_until(self.started + MAX_REPLY_TIMEOUT).await;
            }
            // A started login is completed: an unfinished one would keep a permit from the other workers.
            if worker.is_opening() || self.is_needed_soon(number) {
                worker.prewarm().await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            biased;
            () = changed.as_mut() => {}
            () = prewarm => {}
        }
    }

    fn is_needed_soon(&self, number: usize) -> bool {
        self.admission.may_log_in_early()
            && self.admission.may_admit(number)
            && self.lock().queue.is_listing()
    }
}

/// A nearby server lists a directory in less time.
const MAX_REPLY_TIMEOUT: Duration = Duration::from_millis(30);

//! Lanes that have nothing to do yet.

use std::{pin::Pin, time::Duration};

use tokio::sync::futures::Notified;

use super::{JobHandler, Scheduler, worker::Worker};

impl<W: JobHandler> Scheduler<'_, W> {
    /// Waits for what may let a worker go on. Where the others take long to list, the server is far away: the worker logs
    /// in meanwhile, for that takes as long.
    pub(crate) async fn stand_by(
        &self,
        number: usize,
        worker: &mut Worker<'_>,
        mut changed: Pin<&mut Notified<'_>>,
    ) {
        worker.rest();
        let far = async {
            tokio::time::sleep_until(self.begun + PATIENCE).await;
            // What was begun is brought to its end: left alone it would keep a seat from the others.
            if worker.is_opening() || self.is_needed_soon(number) {
                worker.get_ready().await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            biased;
            () = changed.as_mut() => {}
            () = far => {}
        }
    }

    fn is_needed_soon(&self, number: usize) -> bool {
        self.admission.may_admit(number) && self.lock().queue.is_listing()
    }
}

/// A directory near by is listed in less.
const PATIENCE: Duration = Duration::from_millis(30);

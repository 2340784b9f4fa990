//! Lines of the steps of a mirror, printed while it runs.

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
};

use tokio::sync::mpsc;

use crate::{failure::Result, output::Output};

/// Returns the two ends of a queue of lines.
pub(super) fn step_lines() -> (StepLines, PrintedLines) {
    let waiting = Arc::<AtomicUsize>::default();
    let (sender, receiver) = mpsc::unbounded_channel();
    (StepLines { sender, waiting: waiting.clone() }, PrintedLines { receiver, waiting })
}

/// The end of the queue that takes the lines.
pub(super) struct StepLines {
    sender: mpsc::UnboundedSender<String>,
    waiting: Arc<AtomicUsize>,
}

/// The end of the queue that prints the lines.
pub(super) struct PrintedLines {
    receiver: mpsc::UnboundedReceiver<String>,
    waiting: Arc<AtomicUsize>,
}

impl StepLines {
    pub(super) fn add(&self, line: String) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        // The receiver is gone when the program ends.
        let _ = self.sender.send(line);
    }
}

impl PrintedLines {
    /// Prints the lines that a job adds, and returns its result. The job is dropped when it ends.
    ///
    /// While [`MAX_WAITING`] lines wait, the job rests: a reader that is slower than the mirror makes the mirror slower,
    /// and does not fill the memory.
    ///
    /// # Errors
    ///
    /// The errors of stdout. If it is closed, the job stops.
    pub(super) async fn print_beside<T>(self, job: impl Future<Output = T>) -> Result<T> {
        let mut output = Output::new();
        let result = self.write_beside(job, async |line| output.line(line).await).await?;
        output.flush().await?;
        Ok(result)
    }

    async fn write_beside<T>(
        self,
        job: impl Future<Output = T>,
        mut write: impl AsyncFnMut(String) -> Result,
    ) -> Result<T> {
        let Self { mut receiver, waiting } = self;
        let writing = async {
            let mut lines = Vec::new();
            while receiver.recv_many(&mut lines, LINES_AT_ONCE).await > 0 {
                for line in lines.drain(..) {
                    write(line).await?;
                    waiting.fetch_sub(1, Ordering::Relaxed);
                }
            }
            Ok(())
        };
        let mut job = Box::pin(async { Ok(job.await) });
        let paced = poll_fn(|context| match waiting.load(Ordering::Relaxed) >= MAX_WAITING {
            true => Poll::Pending,
            false => job.as_mut().poll(context),
        });
        // The writing is polled first. While the job rests, a line is being written, which wakes this task.
        let ((), result) = tokio::try_join!(biased; writing, paced)?;
        Ok(result)
    }
}

/// Maximum number of waiting lines while the job continues.
const MAX_WAITING: usize = 10_000;

/// Number of lines that are taken from the queue at once.
const LINES_AT_ONCE: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn job_waits_for_slow_reader() {
        const LINES: usize = 5 * MAX_WAITING;
        let (lines, printed) = step_lines();
        let waiting = lines.waiting.clone();
        let (mut most, mut written) = (0, 0);

        let job = async move {
            for _ in 0..LINES / 100 {
                (0..100).for_each(|_| lines.add(String::new()));
                most = most.max(lines.waiting.load(Ordering::Relaxed));
                tokio::task::yield_now().await;
            }
            most
        };
        let write = async |_| {
            written += 1;
            tokio::task::yield_now().await;
            Ok(())
        };
        let most = printed.write_beside(job, write).await.unwrap();

        assert_eq!((written, waiting.load(Ordering::Relaxed)), (LINES, 0));
        assert!(most < MAX_WAITING + 100, "{most} lines waited");
    }
}

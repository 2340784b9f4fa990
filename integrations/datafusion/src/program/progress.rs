//! The progress of a query: the number of received bytes, on stderr.

use std::{sync::Arc, time::Duration};

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::task::JoinHandle;

use crate::FtpRegistry;

/// A line on stderr, drawn while a query runs. Not drawn if stderr is not a terminal.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    task: Option<JoinHandle<()>>,
}

impl Progress {
    /// Begins to show the bytes that the stores of the registry receive.
    pub(super) fn start(registry: &Arc<FtpRegistry>, is_shown: bool) -> Self {
        if !is_shown {
            return Self { bar: ProgressBar::hidden(), task: None };
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(ProgressStyle::default_spinner());
        bar.enable_steady_tick(PERIOD);
        let (shown, registry) = (bar.clone(), Arc::clone(registry));
        let task = tokio::spawn(async move {
            loop {
                let received = registry.received_bytes();
                let rate = received / shown.elapsed().as_secs().max(1);
                shown.set_message(format!("{} received, {}/s", HumanBytes(received), HumanBytes(rate)));
                tokio::time::sleep(PERIOD).await;
            }
        });
        Self { bar, task: Some(task) }
    }

    /// Hides the line while `write` runs, which writes to the same terminal.
    pub(super) fn suspended<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    /// Removes the line.
    pub(super) fn finish(&self) {
        if let Some(task) = &self.task {
            task.abort();
        }
        self.bar.finish_and_clear();
    }
}

const PERIOD: Duration = Duration::from_millis(200);

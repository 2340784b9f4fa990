//! Progress bar for one file.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish};
use oxftp::{Progress, ProgressEvent, escape};

use super::style::{COUNTING, DRAWN_A_SECOND, MEASURING, TICK, style};

/// Bar with name, percentage, rate and remaining time.
#[derive(Debug)]
pub(super) struct FileBar(ProgressBar);

impl FileBar {
    pub(super) fn new() -> Self {
        let target = ProgressDrawTarget::stderr_with_hz(DRAWN_A_SECOND);
        let bar = ProgressBar::with_draw_target(None, target).with_finish(ProgressFinish::AndClear);
        bar.set_style(style(COUNTING));
        bar.enable_steady_tick(TICK);
        Self(bar)
    }
}

impl Progress for FileBar {
    fn on_event(&self, event: ProgressEvent<'_>) {
        match event {
            ProgressEvent::FileStarted { name, size, offset } => {
                self.0.set_message(escape(name).into_owned());
                // The part that existed before does not count for the rate.
                self.0.set_position(offset);
                self.0.reset_eta();
                if let Some(size) = size {
                    self.0.set_length(size);
                    self.0.set_style(style(MEASURING));
                }
            }
            ProgressEvent::Advanced { bytes, .. } => self.0.inc(bytes),
            ProgressEvent::FileRetried { moved, .. } => self.0.dec(moved),
            ProgressEvent::FileFailed { name, .. } => self.0.set_message(format!("{} failed", escape(name))),
            _ => {}
        }
    }
}

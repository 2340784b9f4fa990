//! A bar that is drawn over and over.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};
use oxftp::{Error, Progress};

use super::Scope;
use crate::{terminal::escape, units::count};

/// A bar for one file, or for all files of a tree.
#[derive(Debug)]
pub(super) struct Bar {
    bar: ProgressBar,
    scope: Scope,
    files: AtomicU64,
}

impl Bar {
    pub(super) fn new(scope: Scope) -> Self {
        let target = ProgressDrawTarget::stderr_with_hz(DRAWN_A_SECOND);
        let bar = ProgressBar::with_draw_target(None, target).with_finish(ProgressFinish::AndClear);
        bar.set_style(style(COUNTING));
        if let Scope::Tree { bytes: Some(bytes) } = scope {
            bar.set_length(bytes);
            bar.set_style(style(MEASURING));
        }
        bar.enable_steady_tick(TICK);
        Self { bar, scope, files: AtomicU64::new(0) }
    }
}

impl Progress for Bar {
    fn file_started(&self, name: &str, size: Option<u64>, offset: u64) {
        self.bar.set_message(escape(name).into_owned());
        if self.scope != Scope::File {
            // What is there already will not be moved.
            if let Some(length) = self.bar.length() {
                self.bar.set_length(length.saturating_sub(offset));
            }
            return;
        }
        self.bar.set_position(offset);
        self.bar.reset_eta();
        if let Some(size) = size {
            self.bar.set_length(size);
            self.bar.set_style(style(MEASURING));
        }
    }

    fn advanced(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    fn file_retried(&self, _name: &str, offset: u64, moved: u64) {
        self.bar.dec(moved);
        if self.scope != Scope::File
            && let Some(length) = self.bar.length()
        {
            self.bar.set_length(length + offset);
        }
    }

    fn file_finished(&self, _name: &str) {
        let files = self.files.fetch_add(1, Ordering::Relaxed) + 1;
        if self.scope != Scope::File {
            self.bar.set_prefix(count(files, "file ", "files "));
        }
    }

    fn file_failed(&self, name: &str, _error: &Error) {
        self.bar.set_message(format!("{} failed", escape(name)));
    }
}

fn style(template: &str) -> ProgressStyle {
    // The templates are constants of this file; a test reads them.
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

const MEASURING: &str = "{wide_msg} {prefix}[{bar:12}] {percent:>3}% of {binary_total_bytes} {binary_bytes_per_sec:>13} {eta:>3} left";
const COUNTING: &str = "{wide_msg} {prefix}{binary_bytes:>10} {binary_bytes_per_sec:>13} {elapsed:>4}";
const DRAWN_A_SECOND: u8 = 10;
const TICK: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_understood() {
        for template in [MEASURING, COUNTING] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}

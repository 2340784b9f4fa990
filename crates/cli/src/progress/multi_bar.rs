//! Progress bars for many files: a total, and one bar per running file.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressFinish};
use oxftp::{Progress, ProgressEvent, escape};

use super::style::{COUNTING, DRAWN_A_SECOND, MEASURING, RUNNING, RUNNING_ON, TICK, style};
use crate::units::count;

/// A total bar, and above it a bar for each running file.
#[derive(Debug)]
pub(super) struct MultiBar {
    all: MultiProgress,
    sum: ProgressBar,
    /// The total grows as files are found; otherwise it was known from the start.
    grows: bool,
    running: Mutex<Running>,
}

#[derive(Debug, Default)]
struct Running {
    /// `None` for files that have no bar because there are too many.
    bars: HashMap<String, Option<ProgressBar>>,
    found: u64,
    whole: u64,
    failed: u64,
}

impl MultiBar {
    /// Draws to stderr; `bytes` is the size of all files, if it is known.
    pub(super) fn new(bytes: Option<u64>) -> Self {
        Self::drawn_on(ProgressDrawTarget::stderr_with_hz(DRAWN_A_SECOND), bytes)
    }

    fn drawn_on(target: ProgressDrawTarget, bytes: Option<u64>) -> Self {
        let all = MultiProgress::with_draw_target(target);
        let sum = all.add(ProgressBar::no_length().with_finish(ProgressFinish::AndClear));
        sum.set_style(style(if bytes.is_some() { MEASURING } else { COUNTING }));
        if let Some(bytes) = bytes {
            sum.set_length(bytes);
        }
        sum.enable_steady_tick(TICK);
        Self { all, sum, grows: bytes.is_none(), running: Mutex::default() }
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds files that were found to the total.
    fn find(&self, files: u64, bytes: u64) {
        self.running().found += files;
        if self.grows && bytes > 0 {
            if self.sum.length().is_none() {
                self.sum.set_style(style(MEASURING));
            }
            self.sum.set_length(self.sum.length().unwrap_or(0) + bytes);
        }
    }

    fn start(&self, name: &str, size: Option<u64>, offset: u64) {
        // The part that exists already is not transferred.
        if let Some(length) = self.sum.length() {
            self.sum.set_length(length.saturating_sub(offset));
        }
        let mut running = self.running();
        let shown = running.bars.values().flatten().count();
        let bar = (shown < MAX_BARS).then(|| {
            let bar = self.all.insert_before(&self.sum, ProgressBar::no_length());
            bar.set_style(style(if size.is_some() { RUNNING } else { RUNNING_ON }));
            bar.set_message(escape(name).into_owned());
            bar.set_position(offset);
            bar.reset_eta();
            size.into_iter().for_each(|size| bar.set_length(size));
            bar
        });
        running.bars.insert(name.to_owned(), bar);
    }

    /// Removes the bar of a file and updates the total.
    fn settle(&self, name: &str, settled: impl FnOnce(&mut Running)) {
        let mut running = self.running();
        if let Some(Some(bar)) = running.bars.remove(name) {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
        settled(&mut running);
        let failed = (running.failed > 0).then(|| format!(", {} failed", running.failed));
        let whole = match running.found > running.whole {
            true => format!("{} of {}", running.whole, count(running.found, "file", "files")),
            false => count(running.whole, "file", "files"),
        };
        self.sum.set_message(whole + &failed.unwrap_or_default());
    }
}

impl Progress for MultiBar {
    fn on_event(&self, event: ProgressEvent<'_>) {
        match event {
            ProgressEvent::FilesFound { files, bytes } => self.find(files, bytes),
            ProgressEvent::FileStarted { name, size, offset } => self.start(name, size, offset),
            ProgressEvent::Advanced { name, bytes } => {
                self.sum.inc(bytes);
                if let Some(Some(bar)) = name.and_then(|name| self.running().bars.get(name).cloned()) {
                    bar.inc(bytes);
                }
            }
            ProgressEvent::FileRetried { name, offset, moved } => {
                self.sum.dec(moved);
                if let Some(length) = self.sum.length() {
                    self.sum.set_length(length + offset);
                }
                self.settle(name, |_| {});
            }
            ProgressEvent::FileFinished { name } => self.settle(name, |running| running.whole += 1),
            ProgressEvent::FileFailed { name, .. } => self.settle(name, |running| running.failed += 1),
            _ => {}
        }
    }
}

/// More bars would push the total out of a small window.
const MAX_BARS: usize = 8;

#[cfg(test)]
mod tests {
    use indicatif::InMemoryTerm;

    use super::*;

    #[test]
    fn running_files_are_shown_above_the_total() {
        let terminal = InMemoryTerm::new(24, 100);
        let bars = MultiBar::drawn_on(ProgressDrawTarget::term_like(Box::new(terminal.clone())), Some(4096));
        bars.start("one", Some(1024), 0);
        bars.start("two", None, 0);
        bars.start("three", Some(1024), 0);
        bars.on_event(ProgressEvent::Advanced { name: Some("one"), bytes: 512 });
        bars.on_event(ProgressEvent::Advanced { name: Some("three"), bytes: 1024 });
        bars.on_event(ProgressEvent::FileFinished { name: "three" });
        bars.sum.force_draw();
        let shown = terminal.contents();

        let lines: Vec<_> = shown.lines().collect();
        assert!(lines[0].starts_with("  one") && lines[0].contains(" 50% of   1.00 KiB"), "{shown}");
        assert!(lines[0].contains("[======>"), "{shown}");
        assert!(lines[1].starts_with("  two"), "{shown}");
        assert!(lines[2].starts_with("1 file") && lines[2].contains("38% of   4.00 KiB"), "{shown}");
        assert_eq!(lines.len(), 3, "{shown}");
    }

    #[test]
    fn total_bar_grows_as_listings_find_files() {
        let terminal = InMemoryTerm::new(24, 100);
        let bars = MultiBar::drawn_on(ProgressDrawTarget::term_like(Box::new(terminal.clone())), None);
        bars.on_event(ProgressEvent::FilesFound { files: 2, bytes: 2048 });
        bars.start("one", Some(1024), 0);
        bars.on_event(ProgressEvent::Advanced { name: Some("one"), bytes: 1024 });
        bars.on_event(ProgressEvent::FileFinished { name: "one" });
        bars.on_event(ProgressEvent::FilesFound { files: 1, bytes: 2048 });
        bars.sum.force_draw();
        let shown = terminal.contents();

        assert!(shown.starts_with("1 of 2 files") && shown.contains("25% of   4.00 KiB"), "{shown}");
    }

    #[test]
    fn resumed_bytes_leave_the_total_retried_bytes_return() {
        let bars = MultiBar::drawn_on(ProgressDrawTarget::hidden(), Some(2000));
        bars.start("one", Some(2000), 1000);
        bars.on_event(ProgressEvent::Advanced { name: Some("one"), bytes: 500 });
        bars.on_event(ProgressEvent::FileRetried { name: "one", offset: 1000, moved: 500 });
        bars.start("one", Some(2000), 1500);
        bars.on_event(ProgressEvent::Advanced { name: Some("one"), bytes: 250 });

        assert_eq!((bars.sum.position(), bars.sum.length()), (250, Some(500)));
    }
}

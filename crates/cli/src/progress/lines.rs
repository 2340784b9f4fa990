//! Progress as lines: for logs, and for the list of jobs in a shell.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use oxftp::{Progress, ProgressEvent};

use super::Scope;
use crate::{
    terminal::print_line,
    units::{HumanBytes, HumanDuration, Throughput, count},
};

/// Prints the progress every second and at the end.
#[derive(Debug)]
pub(super) struct Lines {
    scope: Scope,
    is_silent: bool,
    state: Mutex<LineState>,
}

/// Progress of a job in the background, which is shown when the user asks for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct JobProgress(Arc<Mutex<Option<Arc<Lines>>>>);

impl JobProgress {
    /// Starts to count the next transfer of the job.
    pub(super) fn start(&self, scope: Scope) -> Arc<dyn Progress> {
        let mut lines = Lines::new(scope);
        lines.is_silent = true;
        let lines = Arc::new(lines);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(lines.clone());
        lines
    }

    /// Returns the progress of the transfer; `None` before the first file.
    pub(crate) fn line(&self) -> Option<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let state = lines.state.lock().unwrap_or_else(PoisonError::into_inner);
        (!state.name.is_empty()).then(|| state.line())
    }
}

#[derive(Debug)]
struct LineState {
    name: String,
    begun: Instant,
    last_line: Instant,
    /// Bytes that existed before.
    offset: u64,
    /// Transferred bytes.
    moved: u64,
    total: Option<u64>,
    files: u64,
}

impl Lines {
    pub(super) fn new(scope: Scope) -> Self {
        let now = Instant::now();
        let total = match scope {
            Scope::Tree { bytes } => bytes,
            Scope::File => None,
        };
        let state = LineState {
            name: String::new(),
            begun: now,
            last_line: now,
            offset: 0,
            moved: 0,
            total,
            files: 0,
        };
        Self { scope, is_silent: false, state: Mutex::new(state) }
    }

    fn change(&self, change: impl FnOnce(&mut LineState)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Progress for Lines {
    fn on_event(&self, event: ProgressEvent<'_>) {
        let single = self.scope == Scope::File;
        match event {
            ProgressEvent::FileStarted { name, size, offset } => self.change(|state| {
                name.clone_into(&mut state.name);
                if single {
                    (state.begun, state.offset, state.moved, state.total) = (Instant::now(), offset, 0, size);
                } else {
                    // The part that exists already is not transferred.
                    state.total = state.total.map(|total| total.saturating_sub(offset));
                }
            }),
            ProgressEvent::Advanced { bytes, .. } => self.change(|state| {
                state.moved += bytes;
                if !self.is_silent && state.last_line.elapsed() >= INTERVAL {
                    state.print();
                }
            }),
            ProgressEvent::FileRetried { offset, moved, .. } => self.change(|state| {
                state.moved = state.moved.saturating_sub(moved);
                if !single {
                    state.total = state.total.map(|total| total + offset);
                }
            }),
            ProgressEvent::FileFinished { .. } => self.change(|state| state.files += 1),
            ProgressEvent::FileFailed { name, .. } if !self.is_silent => {
                print_line(format_args!("{name}: failed"))
            }
            _ => {}
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        if !self.is_silent {
            self.change(|state| state.print());
        }
    }
}

impl LineState {
    fn print(&mut self) {
        self.last_line = Instant::now();
        print_line(self.line());
    }

    fn line(&self) -> String {
        let mut line = match self.files {
            0 | 1 => format!("{}: ", self.name),
            files => count(files, "file, ", "files, "),
        };
        let (done, rate) =
            (self.offset + self.moved, Throughput { bytes: self.moved, elapsed: self.begun.elapsed() });
        // Writing to a String cannot fail.
        let _ = match self.total {
            Some(total) => {
                write!(line, "{} of {}, {}/s", HumanBytes(done), HumanBytes(total), rate.per_second())
            }
            None => write!(line, "{}, {}/s", HumanBytes(done), rate.per_second()),
        };
        let left = self.total.map(|total| total.saturating_sub(done)).filter(|left| *left > 0);
        if let Some(left) = left.and_then(|left| rate.time_for(left)) {
            let _ = write!(line, ", {} left", HumanDuration(left));
        }
        line
    }
}

const INTERVAL: Duration = Duration::from_secs(1);

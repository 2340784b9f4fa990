//! Events for programs: a JSON object on a line of stdout for each (`docs/json.md`).

use std::{
    io::{self, Write},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use oxftp::{Progress, ProgressEvent};
use serde::Serialize;

use super::Scope;
use crate::{failure::Result, output};

/// Writes an event when a file starts, ends or fails, and now and then how far all of it is.
#[derive(Debug)]
pub(super) struct Events {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    begun: Instant,
    said: Instant,
    /// Bytes that went through, over all files.
    moved: u64,
    total: Option<u64>,
    files: u64,
    /// What is told of one file is told of its total, too.
    alone: bool,
}

/// An event as it is written.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub(crate) enum Event<'e> {
    Start { name: &'e str, size: Option<u64>, offset: u64 },
    Progress { bytes: u64, total: Option<u64>, files: u64, bytes_per_second: u64 },
    Done { name: &'e str },
    Error { name: Option<&'e str>, message: String, causes: Vec<String>, exit: Option<u8> },
}

impl Event<'_> {
    /// Writes the event, for whoever still reads; that it cannot be written [`all_written`] tells.
    pub(crate) fn write(&self) {
        // Texts and numbers cannot fail.
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        let mut stdout = io::stdout().lock();
        if let Err(error) = stdout.write_all(&line).and_then(|()| stdout.flush()) {
            // The first says why.
            let _ = UNWRITTEN.set(error);
        }
    }
}

/// Tells whether every event could be written: a program that waits for them would not learn of what is done.
pub(crate) fn all_written() -> Result {
    match UNWRITTEN.get() {
        None => Ok(()),
        Some(error) => Err(output::failed(io::Error::new(error.kind(), error.to_string()))),
    }
}

/// Why an event was not written.
static UNWRITTEN: OnceLock<io::Error> = OnceLock::new();

impl Events {
    pub(super) fn new(scope: Scope) -> Self {
        let now = Instant::now();
        let (total, alone) = match scope {
            Scope::Tree { bytes } => (bytes, false),
            Scope::File => (None, true),
        };
        Self { state: Mutex::new(State { begun: now, said: now, moved: 0, total, files: 0, alone }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Events {
    fn on_event(&self, event: ProgressEvent<'_>) {
        let mut state = self.state();
        match event {
            ProgressEvent::FileStarted { name, size, offset } => {
                state.total = match state.total {
                    _ if state.alone => size.map(|size| size.saturating_sub(offset)),
                    // Bytes that are there already will not be moved.
                    total => total.map(|total| total.saturating_sub(offset)),
                };
                Event::Start { name, size, offset }.write();
            }
            ProgressEvent::Advanced { bytes, .. } => {
                state.moved += bytes;
                if state.said.elapsed() >= A_WHILE {
                    state.say();
                }
            }
            ProgressEvent::FileRetried { offset, moved, .. } => {
                state.moved = state.moved.saturating_sub(moved);
                if !state.alone {
                    state.total = state.total.map(|total| total + offset);
                }
            }
            ProgressEvent::FileFinished { name } => {
                state.files += 1;
                Event::Done { name }.write();
            }
            ProgressEvent::FileFailed { name, error } => {
                let causes = crate::failure::chain(std::error::Error::source(error));
                Event::Error { name: Some(name), message: error.to_string(), causes, exit: None }.write();
            }
            _ => {}
        }
    }
}

/// The last word on how far it came.
impl Drop for Events {
    fn drop(&mut self) {
        self.state().say();
    }
}

impl State {
    fn say(&mut self) {
        self.said = Instant::now();
        let seconds = self.begun.elapsed().as_secs_f64().max(1e-6);
        let bytes_per_second = (self.moved as f64 / seconds) as u64;
        Event::Progress { bytes: self.moved, total: self.total, files: self.files, bytes_per_second }.write();
    }
}

const A_WHILE: Duration = Duration::from_millis(250);

//! Progress events for programs: one JSON object per line of stdout (`docs/json.md`).

use std::{
    io::{self, Write},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use oxftp::{Progress, ProgressEvent};
use serde::Serialize;

use super::Scope;
use crate::{
    clock,
    failure::{Exit, Failure, Result, chain},
    output,
};

/// Writes an event when a file starts, ends or fails, and the overall progress at intervals.
#[derive(Debug)]
pub(super) struct Events {
    state: Mutex<EventState>,
}

#[derive(Debug)]
struct EventState {
    begun: Instant,
    last_event: Instant,
    /// Transferred bytes of all files.
    moved: u64,
    total: Option<u64>,
    files: u64,
    /// There is one file: its size is the total.
    alone: bool,
}

/// An event as it is written, with the time.
#[derive(Debug, Serialize)]
struct Timed<'e> {
    #[serde(flatten)]
    event: &'e Event<'e>,
    time: String,
}

#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Event<'e> {
    Start {
        name: &'e str,
        size: Option<u64>,
        offset: u64,
    },
    Progress {
        bytes: u64,
        total: Option<u64>,
        files: u64,
        bytes_per_second: u64,
    },
    Done {
        name: &'e str,
        /// The new name of what was renamed.
        #[serde(skip_serializing_if = "Option::is_none")]
        to: Option<&'e str>,
    },
    Error {
        name: Option<&'e str>,
        message: String,
        causes: Vec<String>,
        exit: Option<u8>,
    },
}

impl Event<'_> {
    /// Writes the event; [`check_written`] returns an error of writing.
    fn write(&self) {
        // Serializing text and numbers cannot fail.
        let mut line = serde_json::to_vec(&Timed { event: self, time: clock::now() }).unwrap_or_default();
        line.push(b'\n');
        let mut stdout = io::stdout().lock();
        if let Err(error) = stdout.write_all(&line).and_then(|()| stdout.flush()) {
            // Keep the first error.
            let _ = UNWRITTEN.set(error);
        }
    }
}

/// Writes the event of an operand that was changed; `to` is its new name, if it was renamed.
pub(crate) fn write_done(name: &str, to: Option<&str>) {
    Event::Done { name, to }.write();
}

/// Writes the event of a failure that is not of a single file.
pub(crate) fn write_failure(failure: &Failure) {
    let Some(message) = failure.message() else { return };
    let exit = failure.exit().map(Exit::code);
    Event::Error { name: None, message, causes: failure.causes(), exit }.write();
}

/// Fails if an event could not be written: the program that reads them would miss it.
pub(crate) fn check_written() -> Result {
    match UNWRITTEN.get() {
        None => Ok(()),
        Some(error) => Err(output::failed(io::Error::new(error.kind(), error.to_string()))),
    }
}

/// Error of the first event that could not be written.
static UNWRITTEN: OnceLock<io::Error> = OnceLock::new();

impl Events {
    pub(super) fn new(scope: Scope) -> Self {
        let now = Instant::now();
        let (total, alone) = match scope {
            Scope::Tree { bytes } => (bytes, false),
            Scope::File => (None, true),
        };
        Self {
            state: Mutex::new(EventState { begun: now, last_event: now, moved: 0, total, files: 0, alone }),
        }
    }

    fn state(&self) -> MutexGuard<'_, EventState> {
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
                    // The part that exists already is not transferred.
                    total => total.map(|total| total.saturating_sub(offset)),
                };
                Event::Start { name, size, offset }.write();
            }
            ProgressEvent::Advanced { bytes, .. } => {
                state.moved += bytes;
                if state.last_event.elapsed() >= INTERVAL {
                    state.write();
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
                Event::Done { name, to: None }.write();
            }
            ProgressEvent::FileFailed { name, error } => {
                let causes = chain(std::error::Error::source(error));
                Event::Error { name: Some(name), message: error.to_string(), causes, exit: None }.write();
            }
            _ => {}
        }
    }
}

/// Writes the final progress.
impl Drop for Events {
    fn drop(&mut self) {
        self.state().write();
    }
}

impl EventState {
    fn write(&mut self) {
        self.last_event = Instant::now();
        let seconds = self.begun.elapsed().as_secs_f64().max(1e-6);
        let bytes_per_second = (self.moved as f64 / seconds) as u64;
        Event::Progress { bytes: self.moved, total: self.total, files: self.files, bytes_per_second }.write();
    }
}

const INTERVAL: Duration = Duration::from_millis(250);

//! Observer of transfers that records their files.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use oxftp::{Progress, ProgressEvent};

use super::Records;

/// Records each file, and passes all events on to a display.
#[derive(Debug)]
pub(crate) struct Observer {
    records: Arc<Records>,
    display: Arc<dyn Progress>,
    running: Mutex<HashMap<String, RunningFile>>,
}

#[derive(Debug)]
struct RunningFile {
    begun: Instant,
    bytes: u64,
}

impl Observer {
    pub(crate) fn new(records: Arc<Records>, display: Arc<dyn Progress>) -> Self {
        Self { records, display, running: Mutex::default() }
    }

    fn running(&self) -> MutexGuard<'_, HashMap<String, RunningFile>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, name: &str) -> (u64, Duration) {
        let file = self.running().remove(name);
        file.map_or((0, Duration::ZERO), |file| (file.bytes, file.begun.elapsed()))
    }
}

impl Progress for Observer {
    fn on_event(&self, event: ProgressEvent<'_>) {
        match event {
            ProgressEvent::FileStarted { name, .. } => {
                let start = || RunningFile { begun: Instant::now(), bytes: 0 };
                self.running().entry(name.to_owned()).or_insert_with(start);
            }
            ProgressEvent::Advanced { name, bytes } => {
                let mut running = self.running();
                let file = match name {
                    Some(name) => running.get_mut(name),
                    None => running.values_mut().next(),
                };
                match file {
                    Some(file) => file.bytes += bytes,
                    None => self.records.moved(bytes),
                }
            }
            ProgressEvent::FileRetried { name, moved, .. } => {
                if let Some(file) = self.running().get_mut(name) {
                    file.bytes = file.bytes.saturating_sub(moved);
                }
            }
            ProgressEvent::FileFinished { name } => {
                let known = self.running().contains_key(name);
                let (bytes, elapsed) = self.take(name);
                // A file of a mirror that is unchanged was never started.
                if known {
                    self.records.transferred(name, bytes, elapsed);
                }
            }
            ProgressEvent::FileFailed { name, error } => {
                let (bytes, elapsed) = self.take(name);
                self.records.moved(bytes);
                self.records.file_failed(name, bytes, elapsed, error.to_string());
            }
            _ => {}
        }
        self.display.on_event(event);
    }
}

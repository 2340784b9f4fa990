//! Records of a run: the result of each file, and their sums.
//!
//! [`observer`] receives the progress events of transfers, [`log_file`] writes a line for each file, and [`totals`] has
//! the sums and their formats.

mod log_file;
mod observer;
mod replace;
mod totals;

pub(crate) use observer::Observer;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use oxftp::Report;

use self::{
    log_file::{FileResult, LogFile},
    totals::{FailedName, Totals},
};
use crate::{
    args::RecordArgs,
    clock,
    failure::{Exit, Failure, Result},
    terminal::{print_line, redacted, warn},
};

/// Records of one command.
#[derive(Debug, Default)]
pub(crate) struct Records {
    verb: &'static str,
    args: RecordArgs,
    quiet: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    totals: Totals,
    log: Option<LogFile>,
    /// Messages of failed files with their numbers; the failure of their operand repeats them.
    known: HashMap<String, usize>,
}

impl Records {
    /// Creates the records that the flags ask for.
    pub(crate) fn new(verb: &'static str, args: RecordArgs, quiet: bool) -> Arc<Self> {
        Arc::new(Self { verb, args, quiet, state: Mutex::default() })
    }

    /// Returns whether anything is recorded.
    pub(crate) fn is_wanted(&self) -> bool {
        let RecordArgs { summary, log_file, summary_json, metrics } = &self.args;
        *summary || log_file.is_some() || summary_json.is_some() || metrics.is_some()
    }

    /// Returns whether one line at the end replaces the summary of each operand.
    pub(crate) fn prints_summary(&self) -> bool {
        self.args.summary && !self.quiet
    }

    /// Begins the records: opens the log file before anything is transferred.
    pub(crate) fn begin(self: &Arc<Self>) -> Result<Recording> {
        if let Some(path) = &self.args.log_file {
            let log = LogFile::open(path, self.verb);
            let log = log.map_err(|error| Failure::local(format!("cannot open the log {path:?}"), error))?;
            self.state().log = Some(log);
        }
        let begun = self.is_wanted().then(|| Begun { at: Instant::now(), time: clock::now() });
        Ok(Recording { records: self.clone(), begun })
    }

    /// Records a file that was transferred.
    pub(crate) fn transferred(&self, name: &str, bytes: u64, elapsed: Duration) {
        let mut state = self.state();
        state.totals.files += 1;
        state.totals.bytes += bytes;
        state.log(FileResult::Done { bytes, elapsed }, name);
    }

    /// Records a file or directory that was deleted.
    pub(crate) fn deleted(&self, name: &str) {
        self.state().log(FileResult::Deleted, name);
    }

    /// Records a file that failed.
    fn file_failed(&self, name: &str, bytes: u64, elapsed: Duration, message: String) {
        let mut state = self.state();
        *state.known.entry(message.clone()).or_default() += 1;
        state.fail(name, bytes, elapsed, message);
    }

    /// Counts the transferred bytes of a file that failed.
    fn moved(&self, bytes: u64) {
        self.state().totals.bytes += bytes;
    }

    /// Adds the counts of a report except files and bytes.
    pub(crate) fn add(&self, report: &Report) {
        let totals = &mut self.state().totals;
        totals.directories += report.directories;
        totals.resumed += report.resumed;
        totals.deleted += report.deleted;
        totals.unchanged += report.unchanged;
    }

    /// Records what a dry run would do.
    pub(crate) fn planned(&self, report: &Report) {
        self.add(report);
        let totals = &mut self.state().totals;
        totals.dry_run = true;
        totals.files += report.files;
    }

    /// Records a failure of an operand or of the command.
    pub(crate) fn failure(&self, failure: &Failure) {
        let Some(message) = failure.message() else { return };
        if let Some(report) = failure.report() {
            self.add(report);
        }
        let mut state = self.state();
        let mut in_tree = 0;
        for (name, error) in failure.tree_failures() {
            in_tree += 1;
            let message = error.to_string();
            if !state.take_known(&message) {
                state.fail(name, 0, Duration::ZERO, message);
            }
        }
        if in_tree > 0 && !failure.is_stopped() || state.take_known(&message) {
            return;
        }
        let (name, message) = match failure {
            Failure::Client { about: Some(about), error } => (about.clone(), error.to_string()),
            Failure::Opening { url, error, .. } => (url.to_string(), error.to_string()),
            _ => ("-".to_owned(), message),
        };
        state.fail(&name, 0, Duration::ZERO, message);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn log(&mut self, result: FileResult<'_>, name: &str) {
        if let Some(log) = &mut self.log {
            log.write(result, name);
        }
    }

    /// Returns whether a failure repeats that of a file.
    fn take_known(&mut self, message: &str) -> bool {
        let known =
            self.known.iter_mut().find(|(known, times)| **times > 0 && message.ends_with(known.as_str()));
        known.is_some_and(|(_, times)| {
            *times -= 1;
            true
        })
    }

    fn fail(&mut self, name: &str, bytes: u64, elapsed: Duration, message: String) {
        let (name, message) = (redacted(name), redacted(&message));
        self.log(FileResult::Failed { bytes, elapsed, message: &message }, &name);
        self.totals.failures.push(FailedName { name, message });
    }
}

/// Records that are being made; when it is dropped before the end, the command was interrupted.
#[derive(Debug)]
pub(crate) struct Recording {
    records: Arc<Records>,
    /// `None` if nothing is recorded, or no more.
    begun: Option<Begun>,
}

#[derive(Debug)]
struct Begun {
    at: Instant,
    time: String,
}

impl Recording {
    /// Ends the records with the outcome of the command. Returns the outcome, or the failure to write the records.
    pub(crate) fn finish(mut self, outcome: Result) -> Result {
        let Some(begun) = self.begun.take() else { return outcome };
        let Err(failure) = outcome else { return self.write(begun, None) };
        self.records.failure(&failure);
        if let Err(unwritten) = self.write(begun, failure.exit()) {
            warn(unwritten.message().unwrap_or_default());
        }
        Err(failure)
    }

    fn write(&self, begun: Begun, exit: Option<Exit>) -> Result {
        let records = &self.records;
        let mut state = records.state();
        let State { totals, log, .. } = &mut *state;
        totals.verb = records.verb;
        totals.started = begun.time;
        totals.ended = clock::now();
        totals.elapsed = begun.at.elapsed();
        totals.exit = exit.map_or(0, Exit::code);
        if records.prints_summary() {
            print_line(&*totals);
        }
        let mut written = log.take().map_or(Ok(()), LogFile::finish);
        if let Some(path) = &records.args.summary_json {
            written = written.and(replace::content(path, &totals.json()));
        }
        if let Some(path) = &records.args.metrics {
            written = written.and(replace::content(path, &totals.metrics()));
        }
        written
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if let Some(begun) = self.begun.take()
            && let Err(unwritten) = self.write(begun, Some(Exit::Interrupted))
        {
            warn(unwritten.message().unwrap_or_default());
        }
    }
}

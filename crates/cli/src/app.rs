//! State that every command receives.

use std::{io::IsTerminal, sync::Arc};

use oxftp::{Progress, RemotePath};

use crate::{
    args::{Global, RecordArgs, When},
    failure::FailureCollector,
    progress::{self, JobProgress, ProgressMode, Scope},
    records::{Observer, Records},
    settings::Settings,
    terminal::Terminal,
};

/// Values of the global flags, the settings and the environment.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) terminal: Terminal,
    progress: ProgressMode,
    /// Set for a job in the background of a shell.
    job: Option<JobProgress>,
    /// The directory that printed paths are relative to; empty to print them as they are in URLs.
    directory: RemotePath,
    pub(crate) records: Arc<Records>,
    pub(crate) settings: Settings,
}

impl App {
    /// Creates the state of the command `verb`; `records` are its flags for records, if it has some.
    pub(crate) fn new(
        global: &Global,
        events: bool,
        verb: &'static str,
        records: Option<&RecordArgs>,
        settings: Settings,
    ) -> Self {
        let records = Records::new(verb, records.cloned().unwrap_or_default(), global.quiet);
        let is_terminal = std::io::stderr().is_terminal();
        choose_colour(global.color);
        let bookmarks = settings.bookmarks().iter().map(|(name, _)| name.to_string()).collect();
        let terminal = Terminal::new(is_terminal && !global.quiet && !records.prints_summary())
            .with_bookmarks(bookmarks);
        let terminal = if events { terminal.on_failure(progress::write_failure) } else { terminal };
        let progress = if events { ProgressMode::Events } else { progress_mode(global, is_terminal) };
        Self { terminal, progress, job: None, directory: RemotePath::default(), records, settings }
    }

    /// Counts the progress of transfers for the list of jobs, instead of showing it.
    pub(crate) fn in_background(self, job: JobProgress) -> Self {
        Self { job: Some(job), ..self }
    }

    /// Prints paths relative to this directory.
    pub(crate) fn in_directory(self, directory: RemotePath) -> Self {
        Self { directory, ..self }
    }

    /// Returns the path of an operand as it is printed.
    pub(crate) fn shown<'p>(&self, path: &'p [u8]) -> &'p [u8] {
        let directory = self.directory.as_bytes();
        let below = path.strip_prefix(directory).filter(|_| !directory.is_empty());
        let below =
            below.and_then(|below| if directory == b"/" { Some(below) } else { below.strip_prefix(b"/") });
        below.filter(|below| !below.is_empty()).unwrap_or(path)
    }

    /// Returns a collector that reports each failure of `operands` operands on the terminal.
    pub(crate) fn collect_failures(&self, operands: usize) -> FailureCollector<'_> {
        FailureCollector::new(operands, |failure| {
            self.records.failure(failure);
            self.terminal.failure(failure);
        })
    }

    /// Writes an event for a path that a command changed, if the flags ask for events; `to` is its new path.
    pub(crate) fn report_changed(&self, path: &RemotePath, to: Option<&RemotePath>) {
        if self.progress == ProgressMode::Events {
            progress::write_done(&path.to_string(), to.map(RemotePath::to_string).as_deref());
        }
    }

    /// Starts the display of a transfer, and records its files if the flags ask for that.
    pub(crate) fn start_progress(&self, scope: Scope) -> Arc<dyn Progress> {
        let display = match &self.job {
            Some(job) if self.progress == ProgressMode::Off => progress::start_in_background(job, scope),
            _ => progress::start(self.progress, scope),
        };
        match self.records.is_wanted() {
            true => Arc::new(Observer::new(self.records.clone(), display)),
            false => display,
        }
    }
}

/// With `-v` the protocol log is shown without a bar: both would write to the same lines.
fn progress_mode(global: &Global, is_terminal: bool) -> ProgressMode {
    match global.progress {
        When::Never => ProgressMode::Off,
        When::Always if is_terminal => ProgressMode::Bar,
        When::Always => ProgressMode::Lines,
        When::Auto if is_terminal && !global.quiet && global.verbose == 0 => ProgressMode::Bar,
        When::Auto => ProgressMode::Off,
    }
}

fn choose_colour(when: When) {
    match when {
        When::Always => anstream::ColorChoice::Always.write_global(),
        When::Never => anstream::ColorChoice::Never.write_global(),
        When::Auto => {}
    }
}

//! Line editor: editing, history, completion.

use std::{
    io,
    path::{Path, PathBuf},
    sync::mpsc,
    time::Duration,
};

use oxftp::redact_password;
use rustyline::{
    CompletionType, Config, Context, Editor, Helper, Highlighter, Hinter, Validator,
    completion::{Completer, Pair},
    error::ReadlineError,
    history::{FileHistory, History},
};
use tokio::{sync::mpsc as async_mpsc, task::JoinHandle};

use crate::{
    failure::{Failure, Result},
    state_directory::state_directory,
};

/// Reads lines from a terminal on another thread.
pub(super) struct LineEditor {
    ask: async_mpsc::UnboundedSender<CompletionRequest>,
    pub(super) requests: async_mpsc::UnboundedReceiver<CompletionRequest>,
    remembered: Vec<String>,
    /// The number of these lines that are in the history file already.
    kept: usize,
    history: Option<PathBuf>,
}

/// Request for the completions at the cursor; the shell answers it.
pub(super) struct CompletionRequest {
    /// Line up to the cursor.
    pub(super) before: String,
    pub(super) answer: mpsc::Sender<(usize, Vec<Pair>)>,
}

/// Input of the user.
pub(super) enum Input {
    Line(String),
    /// Ctrl-C: the line is discarded.
    Cancelled,
    /// Ctrl-D, or the terminal was closed.
    Eof,
}

impl LineEditor {
    pub(super) fn new() -> Self {
        let (ask, requests) = async_mpsc::unbounded_channel();
        let history = state_directory().map(|state| state.join("history"));
        let mut earlier = FileHistory::new();
        if let Some(path) = &history {
            // The file does not exist before the first use.
            let _ = earlier.load(path);
        }
        let remembered: Vec<String> = earlier.iter().cloned().collect();
        Self { ask, requests, kept: remembered.len(), remembered, history }
    }

    /// Starts to read a line.
    ///
    /// Each line has a new editor, because an editor that exists catches the signal of Ctrl-C, also during commands.
    pub(super) fn read(&mut self, prompt: String) -> JoinHandle<Result<Input>> {
        let (completer, remembered) = (RemoteCompleter(self.ask.clone()), self.remembered.clone());
        tokio::task::spawn_blocking(move || {
            read(&prompt, completer, &remembered)
                .map_err(|error| Failure::local("cannot read from the terminal", io::Error::other(error)))
        })
    }

    /// Adds a line to the history, unless it may contain a password.
    pub(super) fn remember(&mut self, line: &str) {
        let again = self.remembered.last().is_some_and(|last| last == line);
        if !line.trim().is_empty() && !again && redact_password(line) == line {
            self.remembered.push(line.to_owned());
        }
    }

    fn keep(&mut self, path: &Path) -> rustyline::Result<()> {
        path.parent().map(std::fs::create_dir_all).transpose()?;
        let mut lines = FileHistory::new();
        for line in self.remembered.iter().skip(self.kept) {
            lines.add(line)?;
        }
        lines.append(path)
    }
}

/// Writes the history file.
impl Drop for LineEditor {
    fn drop(&mut self) {
        if let Some(path) = self.history.take() {
            // Ignored: without a writable home directory there is no history.
            let _ = self.keep(&path);
        }
    }
}

fn read(prompt: &str, completer: RemoteCompleter, remembered: &[String]) -> rustyline::Result<Input> {
    let config = Config::builder().completion_type(CompletionType::List).build();
    let mut lines = Editor::<RemoteCompleter, FileHistory>::with_config(config)?;
    lines.set_helper(Some(completer));
    for line in remembered {
        lines.add_history_entry(line)?;
    }
    match lines.readline(prompt) {
        Ok(line) => Ok(Input::Line(line)),
        Err(ReadlineError::Interrupted) => Ok(Input::Cancelled),
        Err(ReadlineError::Eof) => Ok(Input::Eof),
        Err(error) => Err(error),
    }
}

/// Requests completions from the shell, which has the connection to the server.
#[derive(Helper, Highlighter, Hinter, Validator)]
pub(super) struct RemoteCompleter(async_mpsc::UnboundedSender<CompletionRequest>);

impl Completer for RemoteCompleter {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (answer, answered) = mpsc::channel();
        let before = line.get(..at).unwrap_or(line).to_owned();
        let asked = self.0.send(CompletionRequest { before, answer });
        let answered = asked.ok().and_then(|()| answered.recv_timeout(TIMEOUT).ok());
        Ok(answered.unwrap_or((at, Vec::new())))
    }
}

/// Maximum wait after the tab key.
const TIMEOUT: Duration = Duration::from_secs(10);

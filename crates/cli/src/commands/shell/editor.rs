//! The line that is being typed: editing, history, completion.

use std::{
    io,
    path::{Path, PathBuf},
    sync::mpsc,
    time::Duration,
};

use rustyline::{
    CompletionType, Config, Context, Editor as Lines, Helper, Highlighter, Hinter, Validator,
    completion::{Completer, Pair},
    error::ReadlineError,
    history::{FileHistory, History},
};
use tokio::{sync::mpsc as asynchronous, task::JoinHandle};

use crate::{
    args::without_password,
    failure::{Failure, Result},
};

/// Reads lines from a terminal, on a thread of its own.
pub(super) struct Editor {
    ask: asynchronous::UnboundedSender<Question>,
    pub(super) questions: asynchronous::UnboundedReceiver<Question>,
    remembered: Vec<String>,
    /// How many of those the file has already.
    kept: usize,
    history: Option<PathBuf>,
}

/// What may stand where the cursor is; the shell answers.
pub(super) struct Question {
    /// The line up to the cursor.
    pub(super) before: String,
    pub(super) answer: mpsc::Sender<(usize, Vec<Pair>)>,
}

/// What the user typed.
pub(super) enum Typed {
    Line(String),
    /// Ctrl-C: the line is dropped.
    Dropped,
    /// Ctrl-D, or the terminal is gone.
    End,
}

impl Editor {
    pub(super) fn new() -> Self {
        let (ask, questions) = asynchronous::unbounded_channel();
        let history = history_path();
        let mut earlier = FileHistory::new();
        if let Some(path) = &history {
            // There is none before the first time.
            let _ = earlier.load(path);
        }
        let remembered: Vec<String> = earlier.iter().cloned().collect();
        Self { ask, questions, kept: remembered.len(), remembered, history }
    }

    /// Starts to read a line.
    ///
    /// Each has an editor of its own, since one that lives takes the signals that Ctrl-C sends to commands.
    pub(super) fn read(&mut self, prompt: String) -> JoinHandle<Result<Typed>> {
        let (asker, remembered) = (Asker(self.ask.clone()), self.remembered.clone());
        tokio::task::spawn_blocking(move || {
            read(&prompt, asker, &remembered)
                .map_err(|error| Failure::local("cannot read from the terminal", io::Error::other(error)))
        })
    }

    /// Remembers a line, unless there may be a password in it.
    pub(super) fn remember(&mut self, line: &str) {
        let again = self.remembered.last().is_some_and(|last| last == line);
        if !line.trim().is_empty() && !again && without_password(line) == line {
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

/// Lines are kept for the next time.
impl Drop for Editor {
    fn drop(&mut self) {
        if let Some(path) = self.history.take() {
            // A home that cannot be written has no history.
            let _ = self.keep(&path);
        }
    }
}

fn read(prompt: &str, asker: Asker, remembered: &[String]) -> rustyline::Result<Typed> {
    let config = Config::builder().completion_type(CompletionType::List).build();
    let mut lines = Lines::<Asker, FileHistory>::with_config(config)?;
    lines.set_helper(Some(asker));
    for line in remembered {
        lines.add_history_entry(line)?;
    }
    match lines.readline(prompt) {
        Ok(line) => Ok(Typed::Line(line)),
        Err(ReadlineError::Interrupted) => Ok(Typed::Dropped),
        Err(ReadlineError::Eof) => Ok(Typed::End),
        Err(error) => Err(error),
    }
}

/// Asks the shell what may stand at the cursor, since only it knows the server.
#[derive(Helper, Highlighter, Hinter, Validator)]
pub(super) struct Asker(asynchronous::UnboundedSender<Question>);

impl Completer for Asker {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (answer, answered) = mpsc::channel();
        let before = line.get(..at).unwrap_or(line).to_owned();
        let asked = self.0.send(Question { before, answer });
        let answered = asked.ok().and_then(|()| answered.recv_timeout(PATIENCE).ok());
        Ok(answered.unwrap_or((at, Vec::new())))
    }
}

/// Gives `oxftp/history` below `XDG_STATE_HOME`, else below `~/.local/state`.
fn history_path() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = state.or_else(|| Some(std::env::home_dir()?.join(".local/state")))?;
    Some(state.join("oxftp").join("history"))
}

/// Who presses the tab key waits no longer.
const PATIENCE: Duration = Duration::from_secs(10);

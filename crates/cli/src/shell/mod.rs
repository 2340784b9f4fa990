//! `shell`: runs commands over connections that stay open.
//!
//! A command of the shell is a command of the program with paths instead of URLs ([`translate`]), or built into the
//! shell ([`builtins`]). [`command_line`] parses lines, [`editor`] reads them from a terminal, and [`complete`]
//! completes words.

mod builtins;
mod command_line;
mod complete;
mod directory_cache;
mod editor;
mod globs;
mod jobs;
mod operands;
mod run;
mod translate;
mod working_dir;

use std::{io::IsTerminal, pin::pin};

use clap::CommandFactory;
use futures_util::future::poll_immediate;
use oxftp::escape;
use tokio::{signal, time};

use self::{
    directory_cache::DirectoryCache,
    editor::{Input, LineEditor},
    jobs::BackgroundJobs,
    working_dir::WorkingDir,
};
use crate::{
    args::{ConnectionArgs, ShellArgs},
    commands::Cli,
    failure::Result,
    session::{self, ConnectionCache, Passwords},
    settings::Settings,
    terminal::print_line,
};

pub(crate) async fn run(args: ShellArgs, settings: &Settings) -> Result {
    let cache = ConnectionCache::default();
    let shell = cache.scope(async {
        let mut shell = run::until_ctrl_c(Shell::new(&args, settings, cache.clone())).await?;
        match &args.commands {
            Some(commands) => shell.run_all(commands.lines()).await,
            None if std::io::stdin().is_terminal() => shell.interact().await,
            None => shell.read_stdin().await,
        }
    });
    let outcome = tokio::task::LocalSet::new().run_until(shell).await;
    cache.quit().await;
    outcome
}

/// State of a shell: server, directory, jobs.
struct Shell {
    cwd: WorkingDir,
    connection: ConnectionArgs,
    /// Connection and output flags that the shell was started with.
    flags: Vec<String>,
    /// All commands and flags of the program.
    cli: clap::Command,
    cache: ConnectionCache,
    directories: DirectoryCache,
    jobs: BackgroundJobs,
    interactive: bool,
    /// The user was warned about running jobs.
    warned: bool,
    sourcing: usize,
    /// Files are transferred as text, after `ascii`.
    text: bool,
}

/// The next step after a command.
enum Flow {
    Continue,
    Leave,
}

impl Shell {
    /// Logs in, so that errors show at once.
    async fn new(args: &ShellArgs, settings: &Settings, cache: ConnectionCache) -> Result<Self> {
        // From now on Ctrl-C interrupts a command, not the program.
        let _ = poll_immediate(pin!(signal::ctrl_c())).await;
        let url = session::url(&args.url)?;
        let credentials = Passwords::of(&args.connection.login)?.credentials(&url).await?;
        let mut cli = settings.preset(Cli::command()).args_override_self(true);
        cli.build();
        let mut shell = Self {
            cwd: WorkingDir::new(&url, &credentials),
            connection: args.connection.clone(),
            flags: own_flags(&cli),
            cli,
            cache,
            directories: DirectoryCache::default(),
            jobs: BackgroundJobs::default(),
            interactive: args.commands.is_none() && std::io::stdin().is_terminal(),
            warned: false,
            sourcing: 0,
            text: false,
        };
        let start = url.path();
        shell.change_directory(&start.to_string_lossy()).await?;
        Ok(shell)
    }

    /// Runs lines from a terminal; failures are reported without ending the shell.
    async fn interact(&mut self) -> Result {
        let mut editor = LineEditor::new();
        loop {
            for ended in self.jobs.take_ended().await {
                self.directories.clear();
                print_line(&ended);
                self.report(ended.outcome);
            }
            // A command that Ctrl-C interrupted did not decrement it.
            self.sourcing = 0;
            match self.read_line(&mut editor).await? {
                Input::Eof => return run::until_ctrl_c(self.wait_for_all()).await.or(Ok(())),
                Input::Cancelled => {}
                Input::Line(line) => match self.run_line(&line).await {
                    Ok(Flow::Leave) => return Ok(()),
                    Ok(Flow::Continue) => {}
                    Err(failure) => self.report(Err(failure)),
                },
            }
        }
    }

    fn report(&self, outcome: Result) {
        if let Err(failure) = outcome {
            crate::terminal::Terminal::new(true).failure(&failure);
        }
    }

    async fn read_line(&mut self, editor: &mut LineEditor) -> Result<Input> {
        let prompt = format!("{}:{}> ", escape(&self.cwd.shown), escape(&self.cwd.directory));
        let mut reading = editor.read(prompt);
        loop {
            tokio::select! {
                read = &mut reading => {
                    let typed = read.unwrap_or(Ok(Input::Eof))?;
                    if let Input::Line(line) = &typed {
                        editor.remember(line);
                    }
                    return Ok(typed);
                }
                Some(request) = editor.requests.recv() => {
                    let found = time::timeout(TIMEOUT, self.complete(&request.before)).await;
                    // The editor may have stopped waiting.
                    let _ = request.answer.send(found.unwrap_or((request.before.len(), Vec::new())));
                }
            }
        }
    }
}

/// Returns the flags that the shell was started with, except those of `shell` itself.
fn own_flags(cli: &clap::Command) -> Vec<String> {
    let words = crate::argv::read().into_iter().skip(1).filter_map(|word| word.into_string().ok());
    let Some(shell) = cli.find_subcommand("shell") else { return Vec::new() };
    let classified = operands::classify(shell, words.collect(), |word| word.as_str());
    let mut flags = classified.flags.into_iter().peekable();
    let mut kept = Vec::new();
    while let Some(flag) = flags.next() {
        match flag.as_str() {
            "-c" | "--commands" => drop(flags.next()),
            own if own.starts_with("--commands=") || (own.starts_with("-c") && !own.starts_with("--")) => {}
            _ => kept.push(flag),
        }
    }
    kept
}

const TIMEOUT: time::Duration = time::Duration::from_secs(8);

//! `shell`: commands, one after the other, over connections that stay open.
//!
//! A command of the shell is one of the program's with paths for URLs ([`translate`]), or the shell's own
//! ([`builtins`]). [`words`] takes lines apart, [`editor`] reads them from a terminal, [`complete`] says what
//! may stand at the cursor.

mod builtins;
mod complete;
mod editor;
mod globs;
mod jobs;
mod names;
mod operands;
mod place;
mod run;
mod translate;
mod words;

use std::{io::IsTerminal, pin::pin};

use clap::CommandFactory;
use futures_util::future::poll_immediate;
use tokio::{signal, time};

use self::{
    editor::{Editor, Typed},
    jobs::Jobs,
    names::Names,
    place::Place,
};
use crate::{
    args::{Cli, ConnectionArgs, ShellArgs},
    failure::Result,
    session::{self, Keeper, Passwords},
    settings::Settings,
    terminal::{escape, say},
};

pub(crate) async fn run(args: ShellArgs, settings: &Settings) -> Result {
    let keeper = Keeper::default();
    let shell = keeper.scope(async {
        let mut shell = run::until_ctrl_c(Shell::new(&args, settings, keeper.clone())).await?;
        match &args.commands {
            Some(commands) => shell.run_all(commands.lines()).await,
            None if std::io::stdin().is_terminal() => shell.talk().await,
            None => shell.read_stdin().await,
        }
    });
    let outcome = tokio::task::LocalSet::new().run_until(shell).await;
    keeper.quit().await;
    outcome
}

/// A place on a server, and what is known and done there.
struct Shell {
    place: Place,
    connection: ConnectionArgs,
    /// The flags of connections and output that the shell was started with.
    flags: Vec<String>,
    /// All verbs and flags of the program.
    cli: clap::Command,
    keeper: Keeper,
    names: Names,
    jobs: Jobs,
    interactive: bool,
    /// The user was told that jobs still run.
    warned: bool,
    sourcing: usize,
}

/// Whether there is more to do.
enum Flow {
    Continue,
    Leave,
}

impl Shell {
    /// Logs in, so that what is wrong shows at once.
    async fn new(args: &ShellArgs, settings: &Settings, keeper: Keeper) -> Result<Self> {
        // From now on Ctrl-C ends a command, and not the program.
        let _ = poll_immediate(pin!(signal::ctrl_c())).await;
        let url = session::url(&args.url)?;
        let credentials = Passwords::of(&args.connection.login)?.credentials(&url).await?;
        let mut cli = settings.preset(Cli::command()).args_override_self(true);
        cli.build();
        let mut shell = Self {
            place: Place::new(&url, &credentials),
            connection: args.connection.clone(),
            flags: own_flags(&cli),
            cli,
            keeper,
            names: Names::default(),
            jobs: Jobs::default(),
            interactive: args.commands.is_none() && std::io::stdin().is_terminal(),
            warned: false,
            sourcing: 0,
        };
        let start = url.path();
        shell.change_directory(&start.to_string_lossy()).await?;
        Ok(shell)
    }

    /// Talks with somebody at a terminal; what fails is told, and the next line may do better.
    async fn talk(&mut self) -> Result {
        let mut editor = Editor::new();
        loop {
            for ended in self.jobs.take_ended().await {
                self.names.forget();
                say(&ended);
                self.tell(ended.outcome);
            }
            // What Ctrl-C broke off did not count down.
            self.sourcing = 0;
            match self.read_line(&mut editor).await? {
                Typed::End => return run::until_ctrl_c(self.wait_for_all()).await.or(Ok(())),
                Typed::Dropped => {}
                Typed::Line(line) => match self.run_line(&line).await {
                    Ok(Flow::Leave) => return Ok(()),
                    Ok(Flow::Continue) => {}
                    Err(failure) => self.tell(Err(failure)),
                },
            }
        }
    }

    fn tell(&self, outcome: Result) {
        if let Err(failure) = outcome {
            crate::terminal::Terminal::new(true).failure(&failure);
        }
    }

    async fn read_line(&mut self, editor: &mut Editor) -> Result<Typed> {
        let prompt = format!("{}:{}> ", escape(&self.place.shown), escape(&self.place.directory));
        let mut reading = editor.read(prompt);
        loop {
            tokio::select! {
                read = &mut reading => {
                    let typed = read.unwrap_or(Ok(Typed::End))?;
                    if let Typed::Line(line) = &typed {
                        editor.remember(line);
                    }
                    return Ok(typed);
                }
                Some(question) = editor.questions.recv() => {
                    let found = time::timeout(PATIENCE, self.complete(&question.before)).await;
                    // Nobody may wait for it any more.
                    let _ = question.answer.send(found.unwrap_or((question.before.len(), Vec::new())));
                }
            }
        }
    }
}

/// Gives the flags that the shell was started with, but for its own.
fn own_flags(cli: &clap::Command) -> Vec<String> {
    let words = crate::words::own().into_iter().skip(1).filter_map(|word| word.into_string().ok());
    let Some(shell) = cli.find_subcommand("shell") else { return Vec::new() };
    let sorted = operands::sort(shell, words.collect(), |word| word.as_str());
    let mut flags = sorted.flags.into_iter().peekable();
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

const PATIENCE: time::Duration = time::Duration::from_secs(8);

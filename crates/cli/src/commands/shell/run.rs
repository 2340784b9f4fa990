//! Lines and commands, run one after the other.

use std::{fs, path::Path};

use clap::FromArgMatches;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    signal,
};

use super::{Flow, Shell, builtins, translate, words};
use crate::{
    app::App,
    args::{Cli, explain},
    failure::{Exit, Failure, Result},
    settings::Settings,
    terminal::say,
};

impl Shell {
    /// Runs lines of stdin as they come, up to the first that fails.
    pub(super) async fn read_stdin(&mut self) -> Result {
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        loop {
            let line =
                async { lines.next_line().await.map_err(|error| Failure::local("cannot read stdin", error)) };
            let Some(line) = until_ctrl_c(line).await? else {
                return until_ctrl_c(self.wait_for_all()).await;
            };
            if let Flow::Leave = self.run_line(&line).await? {
                return Ok(());
            }
        }
    }

    /// Runs lines up to the first that fails: the next may rely on what it was to do.
    pub(super) async fn run_all(&mut self, lines: impl Iterator<Item = &str>) -> Result {
        for line in lines {
            if let Flow::Leave = self.run_line(line).await? {
                return Ok(());
            }
        }
        until_ctrl_c(self.wait_for_all()).await
    }

    pub(super) async fn source(&mut self, path: &Path) -> Result {
        let text = fs::read_to_string(path)
            .map_err(|error| Failure::local(format!("cannot read {path:?}"), error))?;
        if self.sourcing == MOST_SOURCED {
            return Err(Failure::Usage(format!("{path:?} is sourced from within itself too often")));
        }
        self.sourcing += 1;
        let outcome = self.run_all(text.lines()).await;
        self.sourcing -= 1;
        outcome
    }

    pub(super) async fn run_line(&mut self, line: &str) -> Result<Flow> {
        if let Some(command) = line.trim_start().strip_prefix('!') {
            return builtins::run_system("sh", &["-c", command]).await.map(|()| Flow::Continue);
        }
        let (commands, open) = words::split(line);
        if open {
            return Err(Failure::Usage("a quote is not closed".to_owned()));
        }
        for command in commands {
            if let Flow::Leave = self.run_command(&command).await? {
                return Ok(Flow::Leave);
            }
        }
        Ok(Flow::Continue)
    }

    /// Runs a command until it is done or Ctrl-C breaks it off.
    async fn run_command(&mut self, command: &words::Command) -> Result<Flow> {
        until_ctrl_c(Box::pin(self.do_command(command))).await
    }

    async fn do_command(&mut self, command: &words::Command) -> Result<Flow> {
        if let Some(done) = self.built_in(&command.texts()).await {
            return done;
        }
        self.warned = false;
        let words = self.translate(command).await?;
        let Some(work) = self.work(&words)? else { return Ok(Flow::Continue) };
        if !words.get(1).is_some_and(|verb| translate::only_asks(verb)) {
            self.names.forget();
        }
        if command.background {
            let number = self.jobs.start(command.texts().join(" "), work);
            say(format_args!("[{number}]"));
            return Ok(Flow::Continue);
        }
        work.await.map(|()| Flow::Continue)
    }

    /// Reads words as the program would, and gives what they want done; nothing where help was wanted.
    fn work(&self, words: &[String]) -> Result<Option<impl Future<Output = Result> + use<>>> {
        let parsed = self.cli.clone().try_get_matches_from(words);
        let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
            Ok(cli) => cli,
            Err(error) => {
                let words: Vec<_> = words.iter().map(Into::into).collect();
                explain(&error, &words);
                return if error.use_stderr() { Err(Failure::Named(Exit::Usage)) } else { Ok(None) };
            }
        };
        let app = App::new(&cli.global, cli.verb.tells_events(), Settings::default());
        let keeper = self.keeper.clone();
        Ok(Some(async move { keeper.scope(Box::pin(crate::commands::run(cli.verb, &app))).await }))
    }
}

/// Does something until it is done or Ctrl-C breaks it off.
pub(super) async fn until_ctrl_c<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        biased;
        _ = signal::ctrl_c() => Err(Failure::Interrupted),
        outcome = work => outcome,
    }
}

/// A file that sources itself ends here.
const MOST_SOURCED: usize = 8;

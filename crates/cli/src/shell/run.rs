//! Execution of lines and commands.

use std::{fs, path::Path};

use clap::FromArgMatches;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    signal,
};

use super::{
    Flow, Shell, command_line,
    command_line::{Condition, ShellCommand, ShellLine},
    translate,
};
use crate::{
    app::App,
    args::When,
    commands::Cli,
    failure::{Exit, Failure, Result},
    progress::JobProgress,
    settings::Settings,
    terminal::print_line,
    usage_error,
};

impl Shell {
    /// Runs lines from stdin up to the first failure.
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

    /// Runs lines up to the first failure: later lines may depend on the one that failed.
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
        if self.sourcing == MAX_SOURCE_DEPTH {
            return Err(Failure::Usage(format!("{path:?} sources itself too many times")));
        }
        self.sourcing += 1;
        let outcome = self.run_all(text.lines()).await;
        self.sourcing -= 1;
        outcome
    }

    pub(super) async fn run_line(&mut self, line: &str) -> Result<Flow> {
        let ShellLine { commands, is_open, problem } = command_line::split(line);
        if is_open {
            return Err(Failure::Usage("unclosed quote".to_owned()));
        }
        if let Some(problem) = problem {
            return Err(Failure::Usage(problem));
        }
        let mut failed = None;
        for command in commands {
            match (command.condition, failed.take()) {
                (Condition::Always, Some(failure)) => return Err(failure),
                (Condition::AfterSuccess, Some(failure)) => {
                    failed = Some(failure);
                    continue;
                }
                (Condition::AfterFailure, None) => continue,
                (Condition::AfterFailure, Some(Failure::Interrupted)) => return Err(Failure::Interrupted),
                (Condition::AfterFailure, Some(failure)) => self.report(Err(failure)),
                (Condition::Always | Condition::AfterSuccess, None) => {}
            }
            match self.run_command(&command).await {
                Ok(Flow::Leave) => return Ok(Flow::Leave),
                Ok(Flow::Continue) => {}
                Err(failure) => failed = Some(failure),
            }
        }
        failed.map_or(Ok(Flow::Continue), Err)
    }

    /// Runs a command until it is done or the user presses Ctrl-C.
    async fn run_command(&mut self, command: &ShellCommand) -> Result<Flow> {
        until_ctrl_c(Box::pin(self.execute(command))).await
    }

    async fn execute(&mut self, command: &ShellCommand) -> Result<Flow> {
        if let Some(done) = self.built_in(&command.texts()).await {
            return done;
        }
        self.warned = false;
        let words = self.translate(command).await?;
        let progress = command.background.then(JobProgress::default);
        let Some(work) = self.work(&words, &command.texts(), progress.clone())? else {
            return Ok(Flow::Continue);
        };
        if !translate::is_read_only(&words) {
            self.directories.clear();
        }
        if let Some(progress) = progress {
            let number = self.jobs.start(command.texts().join(" "), progress, work);
            print_line(format_args!("[{number}]"));
            return Ok(Flow::Continue);
        }
        work.await.map(|()| Flow::Continue)
    }

    /// Parses words like a command line and returns the work to do; `None` if help was printed.
    ///
    /// In the background it shows no progress and no summary: they would overwrite the prompt.
    fn work(
        &self,
        words: &[String],
        typed: &[&str],
        background: Option<JobProgress>,
    ) -> Result<Option<impl Future<Output = Result> + use<>>> {
        let parsed = self.cli.clone().try_get_matches_from(words);
        let mut cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
            Ok(cli) => cli,
            Err(error) => {
                let words: Vec<_> = words.iter().map(Into::into).collect();
                let is_failure = error.use_stderr();
                usage_error::report(error, &words);
                return if is_failure { Err(Failure::AlreadyReported(Exit::Usage)) } else { Ok(None) };
            }
        };
        if background.is_some() {
            cli.global.quiet = true;
            cli.global.progress = When::Never;
        }
        let (name, records) = cli.verb.records();
        let app = App::new(&cli.global, cli.verb.prints_events(), name, records, Settings::default());
        let app = match background {
            Some(progress) => app.in_background(progress),
            None => app,
        };
        // Paths are printed as they were typed: relative to the current directory, or whole.
        let app = match typed.iter().any(|word| word.starts_with('/') || word.contains("://")) {
            true => app,
            false => app.in_directory(self.cwd.directory.as_str().into()),
        };
        let cache = self.cache.clone();
        Ok(Some(async move { cache.scope(Box::pin(crate::commands::run(cli.verb, &app))).await }))
    }
}

/// Runs the work until it is done or the user presses Ctrl-C.
pub(super) async fn until_ctrl_c<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        biased;
        _ = signal::ctrl_c() => Err(Failure::Interrupted),
        outcome = work => outcome,
    }
}

/// Limits files that source themselves.
const MAX_SOURCE_DEPTH: usize = 8;

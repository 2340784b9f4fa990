//! Built-in commands of the shell.

use std::{env, io, path::Path};

use oxftp::RemotePath;

use super::{Flow, Shell};
use crate::{
    argv::VARIABLE,
    commands::support::diagnose,
    failure::{Exit, Failure, Result},
    output::Output,
    session::{self, Session},
    terminal::{print_error, print_line},
};

/// Names of all built-in commands, for help and completion.
pub(super) const NAMES: [&str; 15] = [
    "bye", "cd", "exit", "help", "jobs", "kill", "lcd", "lls", "lpwd", "mget", "mput", "pwd", "quit",
    "source", "wait",
];

impl Shell {
    /// Runs a built-in command; returns `None` for any other.
    pub(super) async fn built_in(&mut self, words: &[&str]) -> Option<Result<Flow>> {
        let done = match words {
            ["exit" | "quit" | "bye"] => return Some(self.leave()),
            ["cd"] => self.change_directory("~").await,
            ["cd", path] => self.change_directory(path).await,
            ["pwd"] => print(&self.cwd.directory).await,
            ["lcd"] => self.change_local("~"),
            ["lcd", path] => self.change_local(path),
            ["lpwd"] => print(&env::current_dir().unwrap_or_default().display().to_string()).await,
            ["lls", words @ ..] => run_system("ls", words).await,
            ["jobs"] => print(self.jobs.to_string().trim_end()).await,
            ["wait"] => self.wait_for_all().await,
            ["wait", number] => self.wait_for(number).await,
            ["kill", number] => self.kill(number).await,
            ["source", path] => Box::pin(self.source(Path::new(path))).await,
            ["help" | "?"] => print(&self.help()).await,
            ["help" | "?", ..] => Err(Failure::Usage(HELP_USAGE.to_owned())),
            [
                name @ ("cd" | "pwd" | "lcd" | "lpwd" | "jobs" | "kill" | "source" | "exit" | "quit" | "bye"),
                ..,
            ] => Err(Failure::Usage(format!("wrong arguments for {name}: use help to see them"))),
            _ => return None,
        };
        Some(done.map(|()| Flow::Continue))
    }

    /// Changes the directory.
    ///
    /// The session enters it for a moment, so that the server reports its full path.
    pub(super) async fn change_directory(&mut self, path: &str) -> Result {
        let wanted = self.cwd.path(path);
        let url = session::url(&self.cwd.url(path))?;
        let mut session = Session::new(self.connection.clone())?;
        let client = session.client(&url).await?;
        let failed = |error| Failure::about(&url, error);
        if self.cwd.home.is_empty() {
            let home = client.current_dir().await.map_err(failed)?;
            self.cwd.home = home.to_string_lossy().into_owned();
        }
        let wanted = if wanted.is_empty() { self.cwd.home.clone() } else { wanted };
        if let Err(error) = client.change_dir(RemotePath::from(wanted)).await {
            return Err(diagnose::explained(client, &url, error).await);
        }
        let entered = client.current_dir().await.map_err(failed)?;
        // The next command expects the session to be in the login directory.
        client.change_dir(RemotePath::from(self.cwd.home.as_str())).await.map_err(failed)?;
        let left = std::mem::replace(&mut self.cwd.directory, entered.to_string_lossy().into_owned());
        self.cwd.previous = left;
        Ok(())
    }

    fn change_local(&self, path: &str) -> Result {
        if !self.jobs.is_empty() {
            let why = "jobs are running in this directory: use wait or kill before lcd";
            return Err(Failure::Usage(why.to_owned()));
        }
        let home = || env::home_dir().ok_or_else(|| io::ErrorKind::NotFound.into());
        let target = if path == "~" { home() } else { Ok(path.into()) };
        let changed = target.and_then(env::set_current_dir);
        changed.map_err(|error| Failure::local(format!("cannot enter {path:?}"), error))
    }

    fn leave(&mut self) -> Result<Flow> {
        if self.interactive && !self.jobs.is_empty() && !std::mem::replace(&mut self.warned, true) {
            print_line("jobs are still running: use wait or kill, or exit again to leave");
            return Ok(Flow::Continue);
        }
        Ok(Flow::Leave)
    }

    async fn wait_for(&mut self, number: &str) -> Result {
        let ended = self.jobs.wait(Some(job_number(number)?)).await;
        let ended = ended.ok_or_else(|| no_such_job(number))?;
        self.directories.clear();
        print_line(&ended);
        ended.outcome
    }

    pub(super) async fn wait_for_all(&mut self) -> Result {
        let mut outcome = Ok(());
        while let Some(ended) = self.jobs.wait(None).await {
            self.directories.clear();
            print_line(&ended);
            outcome = outcome.and(ended.outcome);
        }
        outcome
    }

    async fn kill(&mut self, number: &str) -> Result {
        match self.jobs.kill(job_number(number)?).await {
            true => Ok(()),
            false => Err(no_such_job(number)),
        }
    }

    fn help(&self) -> String {
        let mut help = String::from(HELP);
        for verb in
            self.cli.get_subcommands().filter(|verb| super::translate::verb(verb.get_name()).is_some())
        {
            let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
            help += &format!("\n  {:<10} {about}", verb.get_name());
        }
        help
    }
}

/// Runs a system command with the terminal.
pub(super) async fn run_system(program: &str, words: &[&str]) -> Result {
    let mut command = tokio::process::Command::new(program);
    let status = command.args(words).env_remove(VARIABLE).status().await;
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::local(format!("{program} failed"), io::Error::other(status.to_string()))),
        Err(error) => Err(Failure::local(format!("cannot run {program}"), error)),
    }
}

async fn print(text: &str) -> Result {
    let mut output = Output::new();
    if !text.is_empty() {
        for line in text.lines() {
            let line = output.displayable(line.as_bytes()).into_owned();
            output.line(line).await?;
        }
    }
    output.flush().await
}

fn job_number(word: &str) -> Result<usize> {
    let digits = word.trim_start_matches('%');
    digits
        .parse()
        .map_err(|_| Failure::Usage(format!("{word:?} is not the number of a job: use jobs for a list")))
}

fn no_such_job(number: &str) -> Failure {
    print_error(&format!("no job {number}"), &[]);
    Failure::AlreadyReported(Exit::NotFound)
}

const HELP_USAGE: &str = "usage: help (no arguments); for one command: get --help";

const HELP: &str = "Commands of the shell:
  cd [DIR]   change the directory on the server; cd - goes back, cd alone to the login directory
  pwd        print the directory on the server
  lcd        change the local directory; lpwd and lls print and list it
  COMMAND &  run a command in the background; jobs, wait [N] and kill N control such jobs
  source     run the commands in a file
  ! COMMAND  run a system command
  exit       leave the shell
Commands of the program, with paths instead of URLs (COMMAND --help shows their flags):";

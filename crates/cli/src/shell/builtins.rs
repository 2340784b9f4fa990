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
pub(super) const NAMES: [&str; 24] = [
    "ascii",
    "binary",
    "bye",
    "cd",
    "cdup",
    "delete",
    "exit",
    "help",
    "mdelete",
    "open",
    "prompt",
    "user",
    "jobs",
    "kill",
    "limit-rate",
    "lcd",
    "lls",
    "lpwd",
    "mget",
    "mput",
    "pwd",
    "quit",
    "source",
    "wait",
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
            ["limit-rate"] => print(&self.cache.shown_limit(&self.connection.network.limit_rate)).await,
            ["limit-rate", rate] | ["set", "limit-rate", rate] => self.limit_rate(rate),
            ["jobs"] => print(self.jobs.to_string().trim_end()).await,
            ["wait"] => self.wait_for_all().await,
            ["wait", number] => self.wait_for(number).await,
            ["kill", number] => self.kill(number).await,
            ["source", path] => Box::pin(self.source(Path::new(path))).await,
            ["help" | "?"] => print(&self.help()).await,
            ["help" | "?", name] => self.help_of(name).await,
            ["help" | "?", ..] => Err(Failure::Usage(HELP_USAGE.to_owned())),
            ["!", command] => run_system("sh", &["-c", command]).await,
            ["cdup"] => self.change_directory("..").await,
            ["binary" | "image" | "bin"] => self.transfer_text(false),
            ["ascii"] => self.transfer_text(true),
            // Scripts for other clients set these; they mean nothing here.
            ["hash" | "prompt" | "bell" | "verbose" | "passive" | "tick", ..] => Ok(()),
            ["user", name, ..] => self.accept_login(name),
            ["open", host, ..] => self.accept_host(host),
            ["append" | "reget" | "restart" | "proxy" | "account", ..] => Err(refused(words)),
            [
                name @ ("cd" | "pwd" | "lcd" | "lpwd" | "jobs" | "kill" | "source" | "exit" | "quit" | "bye"),
                ..,
            ] => Err(Failure::Usage(match *name {
                "cd" | "lcd" => format!("{name} takes one directory"),
                "kill" | "source" => format!("{name} takes one argument: use help to see it"),
                _ => format!("{name} takes no arguments"),
            })),
            _ => return None,
        };
        Some(done.map(|()| Flow::Continue))
    }

    /// Changes the directory.
    ///
    /// The session enters it for a moment, so that the server reports its full path.
    pub(super) async fn change_directory(&mut self, path: &str) -> Result {
        let url = session::url(&self.cwd.url(path))?;
        let mut session = Session::new(self.connection.clone())?;
        let client = session.client(&url).await?;
        let failed = |error| Failure::about(&url, error);
        if self.cwd.home.is_none() {
            let home = client.resolve_dir("").await.map_err(failed)?;
            self.cwd.home = Some(home.to_string_lossy().into_owned());
            self.cwd.style = client.path_style();
        }
        let wanted = RemotePath::from(self.cwd.path(path));
        let entered = match client.resolve_dir(wanted).await {
            Ok(entered) => entered,
            Err(error) => return Err(diagnose::explained(client, &url, error).await),
        };
        self.cwd.style = client.path_style();
        let left = std::mem::replace(&mut self.cwd.directory, entered.to_string_lossy().into_owned());
        self.cwd.previous = left;
        Ok(())
    }

    /// Changes the rate limit of all commands, also of those in the background.
    fn limit_rate(&self, rate: &str) -> Result {
        let limit = rate.parse().map_err(|why| Failure::Usage(format!("limit-rate {rate}: {why}")))?;
        self.cache.set_limit(self.connection.network.limit_rate.clone(), limit);
        Ok(())
    }

    fn transfer_text(&mut self, text: bool) -> Result {
        self.text = text;
        Ok(())
    }

    /// Accepts the login of a script for another client, if it is that of the shell.
    fn accept_login(&self, name: &str) -> Result {
        match self.cwd.shown.rsplit_once('@').is_some_and(|(user, _)| user == name) {
            true => Ok(()),
            false => Err(Failure::UsageWithHint {
                what: format!("the shell is logged in as {}", self.cwd.shown),
                hint: "start the shell with this user: oxftp shell --user NAME URL".to_owned(),
            }),
        }
    }

    fn accept_host(&self, host: &str) -> Result {
        let name = host.rsplit_once("://").map_or(host, |(_, rest)| rest).trim_end_matches('/');
        let here = self.cwd.shown.rsplit_once('@').map_or("", |(_, host)| host);
        match here == name || here.rsplit_once(':').is_some_and(|(here, _)| here == name) {
            true => Ok(()),
            false => Err(Failure::UsageWithHint {
                what: format!("the shell is connected to {here}"),
                hint: "use one shell for each server: oxftp shell URL".to_owned(),
            }),
        }
    }

    /// Prints the help of one command.
    async fn help_of(&self, name: &str) -> Result {
        let described = super::translate::verb(name).and_then(|known| self.cli.find_subcommand(known.verb));
        let text = match described {
            Some(verb) => verb.clone().render_long_help().to_string(),
            None => {
                match HELP.lines().find(|line| line.trim_start().split([' ', ';']).next() == Some(name)) {
                    Some(line) => line.trim_start().to_owned(),
                    None if NAMES.contains(&name) => format!("{name}: use help for a list of the commands"),
                    None => {
                        return Err(Failure::Usage(format!("unknown command {name:?}: use help for a list")));
                    }
                }
            }
        };
        print(&text).await?;
        match name {
            "mirror" => print("In the shell: mirror REMOTE [LOCAL] downloads; mirror -R LOCAL [REMOTE] and mirror ./LOCAL REMOTE upload").await,
            "put" => print("In the shell: put LOCAL... uploads into the current directory; put LOCAL NEW-NAME names the upload").await,
            _ => Ok(()),
        }
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

/// Returns the failure of a command of other clients that would do something else here.
fn refused(words: &[&str]) -> Failure {
    Failure::UsageWithHint {
        what: format!("the shell has no command {:?}", words.first().copied().unwrap_or_default()),
        hint: "get -c and put -c resume, and raw sends FTP commands".to_owned(),
    }
}

const HELP_USAGE: &str = "usage: help, or help COMMAND";

const HELP: &str = "Commands of the shell:
  cd [DIR]   change the directory on the server; cd - goes back, cd alone to the login directory
  pwd        print the directory on the server
  lcd        change the local directory; lpwd and lls print and list it
  COMMAND &  run a command in the background; jobs, wait [N] and kill N control such jobs
  limit-rate RATE
             limit the transfer rate of all commands from now on, also in the background; off ends that
  source     run the commands in a file
  ! COMMAND  run a system command
  ascii      transfer text from now on, with converted line ends; binary ends that
  exit       leave the shell
Commands of the program, with paths instead of URLs (COMMAND --help shows their flags):";

//! A scheduler and executors, each a process, with the client.

use std::{
    path::Path,
    process::{Output, Stdio},
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

pub(crate) const SCHEDULER: &str = env!("CARGO_BIN_EXE_oxftp-ballista-scheduler");
pub(crate) const EXECUTOR: &str = env!("CARGO_BIN_EXE_oxftp-ballista-executor");
pub(crate) const CLIENT: &str = env!("CARGO_BIN_EXE_oxftp-ballista-sql");

/// A scheduler with two executors, which end when dropped. Unless the URL names a user, they log in as `scheduler`,
/// `executor1` and `executor2`.
pub(crate) struct Cluster {
    pub(crate) scheduler: String,
    pub(crate) executors: Vec<Part>,
    arguments: Vec<String>,
    password: Option<String>,
    _scheduler: Part,
    // A killed executor leaves its directory there.
    _work_directory: TempDir,
}

/// A process of a cluster.
pub(crate) struct Part {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Cluster {
    /// Starts the processes with a password in the environment, and waits until all have registered.
    pub(crate) async fn start(password: &str) -> Self {
        Self::start_with(&[], Some(password)).await
    }

    /// Starts the processes with arguments of logins.
    pub(crate) async fn start_with(arguments: &[&str], password: Option<&str>) -> Self {
        let own = ["--listen", "127.0.0.1:0", "--executor-timeout", "4"];
        let mut process = Part::start(SCHEDULER, &[&own[..], arguments].concat(), "scheduler", password);
        let scheduler = process.line().await;
        let work_directory = tempfile::tempdir().unwrap();
        let own = ["--scheduler", &scheduler, "--heartbeat", "1", "--work-dir", text(work_directory.path())];
        let mut executors: Vec<_> = ["executor1", "executor2"]
            .map(|user| Part::start(EXECUTOR, &[&own[..], arguments].concat(), user, password))
            .into();
        for executor in &mut executors {
            assert_eq!(executor.line().await, format!("registered with {scheduler}"));
        }
        Self {
            scheduler,
            executors,
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
            password: password.map(str::to_owned),
            _scheduler: process,
            _work_directory: work_directory,
        }
    }

    /// Starts the client, with the logins of the executors.
    pub(crate) fn start_client(&self, sql: &str) -> Child {
        let mut command = command(CLIENT, self.password.as_deref());
        command.args(["--scheduler", &self.scheduler, "--format", "csv"]).args(&self.arguments).arg(sql);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Runs statements with the client.
    pub(crate) async fn run(&self, sql: &str) -> Output {
        self.start_client(sql).wait_with_output().await.unwrap()
    }

    /// Runs a query that succeeds; returns the rows as CSV, without the names of columns.
    pub(crate) async fn query(&self, sql: &str) -> String {
        let output = self.run(sql).await;
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && stderr.is_empty(), "{sql}\n{stderr}");
        rows(&output)
    }
}

impl Part {
    fn start(program: &str, arguments: &[&str], user: &str, password: Option<&str>) -> Self {
        let mut command = command(program, password);
        command.args(arguments).env("OXFTP_USER", user).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    async fn line(&mut self) -> String {
        self.lines.next_line().await.unwrap().expect("the program prints a line once it has started")
    }

    /// Kills the process, and waits for its end.
    pub(crate) async fn kill(&mut self) {
        self.process.kill().await.unwrap();
    }
}

/// Returns a command without the environment's logins.
pub(crate) fn command(program: &str, password: Option<&str>) -> Command {
    let mut command = Command::new(program);
    command
        .env_remove("OXFTP_USER")
        .env_remove("OXFTP_PASSWORD")
        .env_remove("OXFTP_CA_FILE")
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    if let Some(password) = password {
        command.env("OXFTP_PASSWORD", password);
    }
    command
}

/// Returns the rows of CSV without the names of columns.
pub(crate) fn rows(output: &Output) -> String {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.split_once('\n').map(|(_, rows)| rows.to_owned()).unwrap_or_default()
}

/// Returns the path as text.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

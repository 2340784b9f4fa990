//! Helpers of all tests: a server, a working directory, and runs of the program.

#![allow(dead_code, reason = "each test binary uses some of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot prepare fails, here as in its body")]

pub(crate) mod console;
pub(crate) mod fixtures;
pub(crate) mod table;

use std::{
    ffi::OsStr,
    fs,
    io::Write,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use oxftp_testing::servers::{Protection, ServerKind, ServerOptions, TestServer, available};
use tempfile::TempDir;

/// A server and a local working directory.
pub(crate) struct Site {
    pub(crate) server: TestServer,
    home: TempDir,
}

impl Site {
    pub(crate) fn new(protection: Protection) -> Self {
        Self::on(ServerKind::Embedded, protection).unwrap()
    }

    /// Starts a server; returns `None` if it is not installed.
    pub(crate) fn on(kind: ServerKind, protection: Protection) -> Option<Self> {
        Self::with(kind, ServerOptions::new(protection))
    }

    /// Starts a server with options; returns `None` if it is not installed.
    pub(crate) fn with(kind: ServerKind, options: ServerOptions) -> Option<Self> {
        // Servers run in separate threads or processes; this runtime only starts them.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let server = available(runtime.block_on(kind.start_with(options)))?;
        Some(Self { server, home: tempfile::tempdir().unwrap() })
    }

    pub(crate) fn plain() -> Self {
        Self::new(Protection::Plain)
    }

    /// Returns the URL of a path on the server, with the user and without the password.
    pub(crate) fn url(&self, path: &str) -> String {
        let (user, host, port) = (self.server.user(), self.server.host(), self.server.port());
        format!("{}://{user}@{host}:{port}/{path}", self.scheme())
    }

    pub(crate) fn scheme(&self) -> &'static str {
        match self.server.protection() {
            Protection::Plain => "ftp",
            Protection::Explicit => "ftpes",
            Protection::Implicit => "ftps",
        }
    }

    /// Returns a path in the working directory.
    pub(crate) fn here(&self, path: &str) -> PathBuf {
        self.home.path().join(path)
    }

    /// Returns a path in the served directory.
    pub(crate) fn there(&self, path: &str) -> PathBuf {
        self.server.root().join(path)
    }

    /// Creates a file on the server.
    pub(crate) fn write_remote(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.there(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Returns a command in the working directory, with the password and the certificate.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = oxftp(words);
        command.current_dir(self.home.path()).env("OXFTP_PASSWORD", self.server.password());
        if let Some(pem) = self.server.ca_pem() {
            let ca = self.here(".ca.pem");
            fs::write(&ca, pem).unwrap();
            command.arg("--tls-ca").arg(ca);
        }
        command
    }

    /// Creates a private file in the working directory and returns its path.
    pub(crate) fn keep(&self, path: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.here(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        path.display().to_string()
    }

    /// Runs the program, and fails if the password is printed.
    pub(crate) fn run(&self, words: &[&str]) -> Run {
        let run = run(&mut self.command(words));
        run.hides(self.server.password());
        run
    }

    /// Runs the program successfully and returns its stdout.
    pub(crate) fn succeed(&self, words: &[&str]) -> String {
        let run = self.run(words);
        assert_eq!(run.code, Some(0), "{words:?}: {}", run.stderr);
        run.stdout()
    }
}

/// Returns a command without settings and variables of the user.
pub(crate) fn oxftp(words: &[impl AsRef<OsStr>]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oxftp"));
    for variable in ["OXFTP_PASSWORD", "OXFTP_CONFIG", "NO_COLOR", "CLICOLOR_FORCE", "RUST_LOG"] {
        command.env_remove(variable);
    }
    for proxy in ["ftp_proxy", "FTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"] {
        command.env_remove(proxy);
    }
    // These directories do not exist.
    command.env("XDG_CONFIG_HOME", "/nonexistent").env("HOME", "/nonexistent");
    // No directory can be created in it. Records of other tests must not be found.
    command.env("XDG_STATE_HOME", "/dev/null");
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Run {
    finish(command, &[])
}

/// Runs a command to its end, with input.
pub(crate) fn run_with_input(command: &mut Command, input: &[u8]) -> Run {
    finish(command.stdin(Stdio::piped()), input)
}

/// Runs a command to its end. One that takes longer than [`MAX_RUN`] is killed with its children, and fails the test.
fn finish(command: &mut Command, input: &[u8]) -> Run {
    command.process_group(0);
    let mut child = command.spawn().unwrap();
    let writer = child.stdin.take().map(|mut stdin| {
        let input = input.to_vec();
        // The program may close the pipe; the test checks its messages.
        thread::spawn(move || drop(stdin.write_all(&input)))
    });
    let group = rustix::process::Pid::from_child(&child);
    let (end, ended) = mpsc::channel::<()>();
    let watch = thread::spawn(move || {
        let is_late = ended.recv_timeout(MAX_RUN) == Err(RecvTimeoutError::Timeout);
        if is_late {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        is_late
    });
    let output = child.wait_with_output().unwrap();
    drop(end);
    let is_late = watch.join().unwrap();
    if let Some(writer) = writer {
        writer.join().unwrap();
    }
    let run = Run::from(output);
    assert!(!is_late, "{command:?} took longer than {MAX_RUN:?}: {}{}", run.stdout(), run.stderr);
    run
}

/// More than any run of a test takes.
const MAX_RUN: Duration = Duration::from_secs(300);

/// Exit code and output of a run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!stderr.contains("panicked"), "{stderr}");
        Self { code: output.status.code(), stdout: output.stdout, stderr }
    }
}

impl Run {
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap()
    }

    /// Fails if the secret was printed.
    pub(crate) fn hides(&self, secret: &str) {
        assert!(!self.stderr.contains(secret), "stderr shows the secret: {}", self.stderr);
        assert!(!String::from_utf8_lossy(&self.stdout).contains(secret), "stdout shows the secret");
    }

    /// Returns the lines of stderr that begin with this label.
    pub(crate) fn labelled(&self, label: &str) -> Vec<&str> {
        self.stderr.lines().filter(|line| line.starts_with(label)).collect()
    }
}

/// Returns the lines, sorted.
pub(crate) fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    lines
}

/// Returns pseudo-random bytes.
pub(crate) fn content(length: usize) -> Vec<u8> {
    (0..length as u64).map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}

/// Waits until the condition is true; fails after 30 seconds.
pub(crate) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !so() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Sends SIGINT, as Ctrl-C does.
pub(crate) fn interrupt(child: &Child) {
    let process = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
}

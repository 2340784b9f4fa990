//! Processes of the servers: start, readiness, log.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::ports::ReservedPort;
use super::process_group::ProcessGroup;
use super::{Protection, ServerKind, ServerOptions, Unavailable};

/// The command line of a server.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) environment: Vec<(&'static str, OsString)>,
}

/// The process of a server, with all its children.
#[derive(Debug)]
pub(crate) struct ServerProcess {
    // The pipe to the watchdog is the stdin of the child.
    child: Child,
    launch: Launch,
    protection: Protection,
    directory: PathBuf,
    address: SocketAddr,
    _port: ReservedPort,
}

impl ServerProcess {
    /// Runs the command that `plan` returns for a free port, and tries another port if the server does not answer.
    pub(crate) async fn start(
        kind: ServerKind,
        options: &ServerOptions,
        directory: &Path,
        plan: impl Fn(SocketAddr) -> Launch,
    ) -> Result<Self, Unavailable> {
        let mut failure = String::new();
        for _ in 0..ATTEMPTS {
            let port =
                ReservedPort::take(host(options)).map_err(|error| kind.unavailable(error.to_string()))?;
            let address = SocketAddr::new(host(options), port.number());
            let launch = plan(address);
            let child = spawn(&launch, directory).map_err(|error| kind.unavailable(error.to_string()))?;
            let (directory, protection) = (directory.to_owned(), options.protection);
            let mut process = Self { child, launch, protection, directory, address, _port: port };
            match process.answers().await {
                Ok(()) => return Ok(process),
                Err(error) => failure = format!("{error}; log: {}", process.log().trim()),
            }
        }
        Err(kind.unavailable(failure))
    }

    /// Kills it with all its sessions, and starts it again at the same port; when this returns, it accepts connections.
    pub(crate) async fn kill_and_restart(&mut self) -> io::Result<()> {
        self.kill();
        self.child = spawn(&self.launch, &self.directory)?;
        self.answers().await
    }

    fn kill(&mut self) {
        let group = ProcessGroup(self.child.id());
        group.kill();
        let _ = self.child.wait();
        group.wait();
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns its log files, and its output to stdout and stderr.
    pub(crate) fn log(&self) -> String {
        let Ok(entries) = fs::read_dir(&self.directory) else { return String::new() };
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
        paths.sort();
        let read = |path: &PathBuf| fs::read(path).unwrap_or_default();
        paths.iter().map(|path| String::from_utf8_lossy(&read(path)).into_owned()).collect()
    }

    async fn answers(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + START_DEADLINE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return Err(io::Error::other(format!("it exited immediately with {status}")));
            }
            match timeout(START_DEADLINE, greeting(self.address, self.protection)).await {
                Ok(Ok(())) => return Ok(()),
                _ => sleep(Duration::from_millis(10)).await,
            }
        }
        Err(io::Error::new(ErrorKind::TimedOut, "it does not answer"))
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(launch: &Launch, directory: &Path) -> io::Result<Child> {
    let output = File::create(directory.join("output.log"))?;
    Command::new("sh")
        .arg("-c")
        .arg(WATCHED)
        .arg(directory)
        .arg(&launch.program)
        .args(&launch.arguments)
        .envs(launch.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(directory)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn()
}

/// Waits for the greeting; with implicit TLS, only for the connection, because the greeting is encrypted.
async fn greeting(address: SocketAddr, protection: Protection) -> io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    if protection == Protection::Implicit {
        return Ok(());
    }
    let mut code = [0; 3];
    stream.read_exact(&mut code).await?;
    if &code == b"220" { Ok(()) } else { Err(ErrorKind::InvalidData.into()) }
}

fn host(options: &ServerOptions) -> IpAddr {
    if options.ipv6 { Ipv6Addr::LOCALHOST.into() } else { Ipv4Addr::LOCALHOST.into() }
}

/// Starts a watchdog in the process group, and then executes the server.
///
/// The watchdog reads from a pipe that the test process holds open. When that process ends, for whatever reason, the
/// watchdog kills the whole group and removes the directory.
/// `$0` is the directory, `$@` the server.
const WATCHED: &str = r#"
exec 3<&0 </dev/null
(read -r _ <&3; kill -KILL $$; rm -rf -- "$0"; kill -KILL 0) &
exec 3<&- "$@"
"#;

const ATTEMPTS: usize = 5;
const START_DEADLINE: Duration = Duration::from_secs(20);

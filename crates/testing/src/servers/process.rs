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

use super::group::ProcessGroup;
use super::ports::ReservedPort;
use super::{Protection, ServerKind, ServerOptions, Unavailable};

/// How to run a server.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) environment: Vec<(&'static str, OsString)>,
}

/// A server's process, with all it forks.
#[derive(Debug)]
pub(crate) struct ServerProcess {
    // The pipe to its watchdog is the child's stdin.
    child: Child,
    launch: Launch,
    protection: Protection,
    directory: PathBuf,
    address: SocketAddr,
    _port: ReservedPort,
}

impl ServerProcess {
    /// Runs what `plan` gives for a free port, until one answers there.
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
                Err(error) => failure = format!("{error}; its log: {}", process.log().trim()),
            }
        }
        Err(kind.unavailable(failure))
    }

    /// Kills it with all its sessions, and runs it again at the same port; when this returns, it answers.
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

    /// What it wrote into its log files, and to stdout and stderr.
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
                return Err(io::Error::other(format!("it ended at once, with {status}")));
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

/// An implicit server greets inside TLS: there it must do that it takes connections.
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

/// Becomes the server, after leaving a watchdog in its process group.
///
/// The watchdog reads from a pipe whose other end the test process holds, and which therefore ends with
/// it, however it ends: then everything in the group is killed, and the directory removed.
/// `$0` is the directory, `$@` the server.
const WATCHED: &str = r#"
exec 3<&0 </dev/null
(read -r _ <&3; kill -KILL $$; rm -rf -- "$0"; kill -KILL 0) &
exec 3<&- "$@"
"#;

const ATTEMPTS: usize = 5;
const START_DEADLINE: Duration = Duration::from_secs(20);

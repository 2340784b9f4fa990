use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::player::{Standing, play};
use super::step::Step;

/// A running script; it stops when dropped.
///
/// If the test panics meanwhile, stderr tells where the script stands.
#[derive(Debug)]
pub struct ScriptedServer {
    address: SocketAddr,
    standing: Standing,
    finish: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<Played, String>>,
}

impl ScriptedServer {
    pub(super) async fn start(host: IpAddr, steps: Vec<Step>) -> Self {
        let listener = TcpListener::bind((host, 0)).await.expect("there is a free loopback port");
        let address = listener.local_addr().expect("a listener has an address");
        let standing = Standing::default();
        let (finish, finished) = oneshot::channel();
        let task = tokio::spawn(play(listener, host, steps, standing.clone(), finished));
        Self { address, standing, finish: Some(finish), task }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for the script's end, at most ten seconds, and tells what came of it.
    ///
    /// # Panics
    ///
    /// If something came that the script does not expect, or did not come that it does.
    pub async fn done(mut self) -> Played {
        let finish = self.finish.take();
        // The script may have failed before.
        let _ = finish.map(|finish| finish.send(()));
        match timeout(DEADLINE, &mut self.task).await {
            Ok(Ok(Ok(played))) => played,
            Ok(Ok(Err(failure))) => panic!("{failure}"),
            Ok(Err(error)) => panic!("the scripted server failed: {error}"),
            Err(_) => panic!("the script stands still at {}", self.standing.words()),
        }
    }
}

impl Drop for ScriptedServer {
    #[expect(clippy::print_stderr, reason = "the test runner shows it with the panic")]
    fn drop(&mut self) {
        self.task.abort();
        if std::thread::panicking() && self.finish.is_some() {
            eprintln!("--- scripted server: {}", self.standing.words());
        }
    }
}

/// What a script saw that was played to its end.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Played {
    /// Whence the control connection came.
    pub control_peer: SocketAddr,
    /// The other ends of the data connections, in order.
    pub data_peers: Vec<SocketAddr>,
    /// The data connections that were read to their end, in order.
    pub transfers: Vec<Transfer>,
}

/// What came over a data connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transfer {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// How it ended.
    pub ending: Ending,
}

/// How the client ended a data connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Regularly: what came is all there is.
    Eof,
    /// By a reset: nobody can take what came for the whole.
    Reset,
}

const DEADLINE: Duration = Duration::from_secs(10);

//! A running script.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::played::Played;
use super::player::{Position, play};
use super::step::Step;

/// A running script; it stops when dropped.
///
/// If the test panics before its end, the position in the script is printed to stderr.
#[derive(Debug)]
pub struct ScriptedServer {
    address: SocketAddr,
    position: Position,
    finish: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<Played, String>>,
}

impl ScriptedServer {
    pub(super) async fn start(host: IpAddr, steps: Vec<Step>) -> Self {
        let listener = TcpListener::bind((host, 0)).await.expect("there is a free loopback port");
        let address = listener.local_addr().expect("a listener has an address");
        let position = Position::default();
        let (finish, finished) = oneshot::channel();
        let task = tokio::spawn(play(listener, host, steps, position.clone(), finished));
        Self { address, position, finish: Some(finish), task }
    }

    /// Returns the address it listens at.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for the end of the script, at most ten seconds, and returns its result.
    ///
    /// # Panics
    ///
    /// If the client sent unexpected input, or did not send expected input.
    pub async fn done(mut self) -> Played {
        let finish = self.finish.take();
        // The script may have failed already.
        let _ = finish.map(|finish| finish.send(()));
        match timeout(DEADLINE, &mut self.task).await {
            Ok(Ok(Ok(played))) => played,
            Ok(Ok(Err(failure))) => panic!("{failure}"),
            Ok(Err(error)) => panic!("the scripted server failed: {error}"),
            Err(_) => panic!("the script is stuck at {}", self.position.text()),
        }
    }
}

impl Drop for ScriptedServer {
    #[expect(clippy::print_stderr, reason = "the test runner shows it with the panic")]
    fn drop(&mut self) {
        self.task.abort();
        if std::thread::panicking() && self.finish.is_some() {
            eprintln!("--- scripted server: {}", self.position.text());
        }
    }
}

const DEADLINE: Duration = Duration::from_secs(10);

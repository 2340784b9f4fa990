//! Series of scripts at one address.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::Script;
use super::{played::Played, server::ScriptedServer};

/// Several scripts at one address, one per client; they stop when dropped.
///
/// Control connections are forwarded; data connections go directly to the port of each script.
#[derive(Debug)]
pub struct ScriptedSeries {
    address: SocketAddr,
    servers: Vec<ScriptedServer>,
    task: JoinHandle<()>,
}

impl ScriptedSeries {
    pub(super) async fn start(scripts: impl IntoIterator<Item = Script>) -> Self {
        let mut servers = Vec::new();
        for script in scripts {
            servers.push(script.start().await);
        }
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("there is a free loopback port");
        let address = listener.local_addr().expect("a listener has an address");
        let addresses: Vec<_> = servers.iter().map(ScriptedServer::address).collect();
        let task = tokio::spawn(forward(listener, addresses));
        Self { address, servers, task }
    }

    /// Returns the address it listens at.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for the end of all scripts, at most ten seconds each, and returns their results.
    ///
    /// # Panics
    ///
    /// If a client sent unexpected input, or did not send expected input.
    pub async fn done(mut self) -> Vec<Played> {
        let mut played = Vec::new();
        for server in std::mem::take(&mut self.servers) {
            played.push(server.done().await);
        }
        played
    }
}

impl Drop for ScriptedSeries {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Forwards each client to the next script, one after the other, so that none overtakes another.
async fn forward(listener: TcpListener, scripts: Vec<SocketAddr>) {
    let mut forwarding = JoinSet::new();
    for script in scripts {
        let Ok((mut client, _)) = listener.accept().await else { return };
        let Ok(mut server) = TcpStream::connect(script).await else { return };
        // Either may be closed already; the script then fails.
        let _ = client.set_nodelay(true).and_then(|()| server.set_nodelay(true));
        forwarding.spawn(async move {
            let _ = copy_bidirectional(&mut client, &mut server).await;
        });
    }
    drop(listener);
    while forwarding.join_next().await.is_some() {}
}

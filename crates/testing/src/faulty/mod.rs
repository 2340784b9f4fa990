//! A network that fails: TCP relays that delay, cut, stall and reset what goes through them.
//!
//! A [`FaultyNetwork`] is asked for a way to an address and gives another one, on loopback, where one
//! connection is taken and passed on. What becomes of it is its [`Fate`], which follows from the network's
//! seed. A connector that asks for ways needs no rewriting of replies, so TLS goes through, too.

mod fate;
mod random;
mod relay;

pub use fate::{Fate, Fault, Line};
pub use random::Random;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A network whose first connections fail, and whose later ones are only slow.
///
/// All of them end when it is dropped.
#[derive(Debug, Clone)]
pub struct FaultyNetwork(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    random: Random,
    troubled: usize,
    /// What goes wrong with each data connection, where that is not left to the seed.
    of_data: Option<Fault>,
    /// What was given to each connection, in the order in which they were opened.
    fates: Vec<Fate>,
    relays: JoinSet<()>,
}

impl FaultyNetwork {
    /// Makes a network from a seed, in which so many connections are in trouble.
    pub fn new(seed: u64, troubled: usize) -> Self {
        let state = State {
            random: Random::new(seed),
            troubled,
            of_data: None,
            fates: Vec::new(),
            relays: JoinSet::new(),
        };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Makes a network in which this happens to each data connection, on its way to the client, and nothing to
    /// any other.
    pub fn of_data(fault: Fault) -> Self {
        let network = Self::new(0, 0);
        network.lock().of_data = Some(fault);
        network
    }

    /// Gives a way to an address, for one connection.
    ///
    /// # Errors
    ///
    /// What the system says of a new loopback listener; and
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) where that is the connection's fate.
    pub async fn way_to(&self, target: SocketAddr, line: Line) -> io::Result<SocketAddr> {
        let fate = self.next_fate(line);
        if fate.fault == Fault::Refuse {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        self.lock().relays.spawn(pass_on(listener, target, fate));
        Ok(address)
    }

    /// What was given to each connection so far.
    pub fn fates(&self) -> Vec<Fate> {
        self.lock().fates.clone()
    }

    /// Tells whether a transfer may have been ended, on its way to the client, in the server's name: without
    /// TLS and without knowing how long it is, nobody can tell that from its real end.
    pub fn may_have_forged_an_end(&self) -> bool {
        let ends = |fate: &Fate| fate.to_client && matches!(fate.fault, Fault::Cut(_) | Fault::HalfClose(_));
        self.lock().fates.iter().any(ends)
    }

    fn next_fate(&self, line: Line) -> Fate {
        let mut state = self.lock();
        let troubled = state.fates.len() < state.troubled;
        let fate = match state.of_data {
            Some(fault) => Fate::alone(if line == Line::Data { fault } else { Fault::None }),
            None => Fate::draw(&mut state.random, line, troubled),
        };
        state.fates.push(fate);
        fate
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn pass_on(listener: TcpListener, target: SocketAddr, fate: Fate) {
    let Ok((client, _)) = listener.accept().await else { return };
    drop(listener);
    let Ok(server) = TcpStream::connect(target).await else { return };
    // Either may be gone; the relay finds out.
    let _ = client.set_nodelay(true).and_then(|()| server.set_nodelay(true));
    relay::run(client, server, fate).await;
}

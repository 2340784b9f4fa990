//! Fault injection: TCP relays that delay, cut, stall and reset connections.
//!
//! A [`FaultyNetwork`] returns the loopback address of a relay for each connection. The relay accepts one connection and
//! forwards it to the target. Its [`FaultPlan`] follows from the seed of the network. A connector that asks for relays
//! needs no rewriting of replies, so TLS works, too.

mod fault_plan;
mod random;
mod relay;

pub use fault_plan::{ConnectionKind, FaultPlan, NetworkFault};
pub use random::Random;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A network whose first connections have faults, and whose later ones are only slow.
///
/// All connections end when it is dropped.
#[derive(Debug, Clone)]
pub struct FaultyNetwork(Arc<Mutex<NetworkState>>);

#[derive(Debug)]
struct NetworkState {
    random: Random,
    faulty: usize,
    /// The fault of each data connection; `None` if the seed decides.
    data_fault: Option<NetworkFault>,
    /// Faults of each connection, in the order of opening.
    plans: Vec<FaultPlan>,
    relays: JoinSet<()>,
}

impl FaultyNetwork {
    /// Creates a network from a seed, in which this many connections have faults.
    pub fn new(seed: u64, faulty: usize) -> Self {
        let state = NetworkState {
            random: Random::new(seed),
            faulty,
            data_fault: None,
            plans: Vec::new(),
            relays: JoinSet::new(),
        };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Creates a network in which each data connection has this fault, in the direction to the client, and other
    /// connections have none.
    pub fn with_data_fault(fault: NetworkFault) -> Self {
        let network = Self::new(0, 0);
        network.lock().data_fault = Some(fault);
        network
    }

    /// Starts a relay for one connection to `target`, and returns its address.
    ///
    /// # Errors
    ///
    /// Any error of the new loopback listener, and [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) if that is
    /// the fault of the connection.
    pub async fn relay_to(&self, target: SocketAddr, kind: ConnectionKind) -> io::Result<SocketAddr> {
        let plan = self.next_plan(kind);
        if plan.fault == NetworkFault::Refuse {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        self.lock().relays.spawn(accept_and_relay(listener, target, plan));
        Ok(address)
    }

    /// Returns the faults of each connection so far.
    pub fn plans(&self) -> Vec<FaultPlan> {
        self.lock().plans.clone()
    }

    /// Returns whether a download may have been truncated in a way that the client cannot detect: without TLS and without
    /// a known size, such an end of file looks like the real one.
    pub fn may_have_truncated_silently(&self) -> bool {
        let ends = |plan: &FaultPlan| {
            plan.to_client && matches!(plan.fault, NetworkFault::Cut(_) | NetworkFault::HalfClose(_))
        };
        self.lock().plans.iter().any(ends)
    }

    fn next_plan(&self, kind: ConnectionKind) -> FaultPlan {
        let mut state = self.lock();
        let faulty = state.plans.len() < state.faulty;
        let plan = match state.data_fault {
            Some(fault) => {
                FaultPlan::only(if kind == ConnectionKind::Data { fault } else { NetworkFault::None })
            }
            None => FaultPlan::random(&mut state.random, kind, faulty),
        };
        state.plans.push(plan);
        plan
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, NetworkState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn accept_and_relay(listener: TcpListener, target: SocketAddr, plan: FaultPlan) {
    let Ok((client, _)) = listener.accept().await else { return };
    drop(listener);
    let Ok(server) = TcpStream::connect(target).await else { return };
    // Either may be closed already; the relay then fails.
    let _ = client.set_nodelay(true).and_then(|()| server.set_nodelay(true));
    relay::run(client, server, plan).await;
}

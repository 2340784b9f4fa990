//! Proxies to go through, in process, on free loopback ports.
//!
//! Each counts its tunnels and keeps their targets, so that a test can tell that control *and* data went
//! through it. They speak `CONNECT` only: no client under test listens through a proxy.

mod http;
mod socks4a;
mod socks5;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// Which language a proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyKind {
    /// SOCKS version 5 (RFC 1928), with user and password (RFC 1929) if a login is set.
    Socks5,
    /// SOCKS version 4, with host names (4a); a login's password is not asked for.
    Socks4a,
    /// HTTP `CONNECT` (RFC 9110, 9.3.6), with Basic authentication if a login is set.
    Http,
}

/// A running proxy; it and all its tunnels end when it is dropped.
#[derive(Debug)]
pub struct TestProxy {
    address: SocketAddr,
    rules: Arc<Rules>,
    task: JoinHandle<()>,
}

impl TestProxy {
    /// Starts a proxy that lets anybody through.
    ///
    /// # Errors
    ///
    /// What the system says of a new loopback listener.
    pub async fn start(kind: ProxyKind) -> io::Result<Self> {
        Self::start_with(kind, None).await
    }

    /// Starts a proxy that lets this user through.
    ///
    /// # Errors
    ///
    /// What the system says of a new loopback listener.
    pub async fn start_with_login(kind: ProxyKind, user: &str, password: &str) -> io::Result<Self> {
        Self::start_with(kind, Some((user.to_owned(), password.to_owned()))).await
    }

    async fn start_with(kind: ProxyKind, login: Option<(String, String)>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let rules = Arc::new(Rules { kind, login, targets: Mutex::default(), refusals: Mutex::default() });
        let task = tokio::spawn(accept(listener, Arc::clone(&rules)));
        Ok(Self { address, rules, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its tunnels went, as the clients named it (`localhost:2121`), in order.
    pub fn targets(&self) -> Vec<String> {
        self.rules.targets.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many tunnels it opened so far.
    pub fn tunnels(&self) -> usize {
        self.targets().len()
    }

    /// How many clients it refused so far: a wrong login, or a target that does not answer.
    pub fn refusals(&self) -> usize {
        *self.rules.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for TestProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What all connections of one proxy share.
#[derive(Debug)]
struct Rules {
    kind: ProxyKind,
    login: Option<(String, String)>,
    targets: Mutex<Vec<String>>,
    refusals: Mutex<usize>,
}

impl Rules {
    async fn open(&self, target: &str) -> io::Result<TcpStream> {
        let outside = TcpStream::connect(target).await?;
        self.targets.lock().unwrap_or_else(PoisonError::into_inner).push(target.to_owned());
        Ok(outside)
    }
}

async fn accept(listener: TcpListener, rules: Arc<Rules>) {
    // Dropped with this task, the set ends every tunnel.
    let mut tunnels = JoinSet::new();
    while let Ok((inside, _)) = listener.accept().await {
        tunnels.spawn(serve(inside, Arc::clone(&rules)));
        while tunnels.try_join_next().is_some() {}
    }
}

async fn serve(mut inside: TcpStream, rules: Arc<Rules>) {
    let opened = match rules.kind {
        ProxyKind::Socks5 => socks5::open(&mut inside, &rules).await,
        ProxyKind::Socks4a => socks4a::open(&mut inside, &rules).await,
        ProxyKind::Http => http::open(&mut inside, &rules).await,
    };
    match opened {
        // How a tunnel ended is between its ends.
        Ok(mut outside) => drop(copy_bidirectional(&mut inside, &mut outside).await),
        Err(_) => *rules.refusals.lock().unwrap_or_else(PoisonError::into_inner) += 1,
    }
}

fn refused(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

async fn read_bytes(inside: &mut TcpStream, count: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; count];
    inside.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// Reads until `end`, which is not part of the answer.
async fn read_until(inside: &mut TcpStream, end: &[u8]) -> io::Result<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(end) {
        // Byte by byte: what follows is the tunnel's.
        bytes.push(inside.read_u8().await?);
    }
    bytes.truncate(bytes.len() - end.len());
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

//! In-process proxies on free loopback ports.
//!
//! Each counts its tunnels and records their targets, so a test can check that the control *and* the data connections
//! went through it. They support `CONNECT` only: no client under test listens through a proxy.

mod http;
mod socks4a;
mod socks5;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// The protocol of a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyKind {
    /// SOCKS version 5 (RFC 1928), with user and password (RFC 1929) if a login is set.
    Socks5,
    /// SOCKS version 4, with host names (4a); it has a user name but no password.
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
    /// Starts a proxy without authentication.
    ///
    /// # Errors
    ///
    /// Any error of the new loopback listener.
    pub async fn start(kind: ProxyKind) -> io::Result<Self> {
        Self::start_with(kind, None).await
    }

    /// Starts a proxy that requires this login.
    ///
    /// # Errors
    ///
    /// Any error of the new loopback listener.
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

    /// Returns the address it listens at.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the targets of its tunnels as the clients named them (`localhost:2121`), in order.
    pub fn targets(&self) -> Vec<String> {
        self.rules.targets.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns the number of tunnels opened so far.
    pub fn tunnels(&self) -> usize {
        self.targets().len()
    }

    /// Returns the number of refused clients: wrong logins and unreachable targets.
    pub fn refusals(&self) -> usize {
        *self.rules.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for TestProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The state shared by all connections of one proxy.
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
    // When this task is dropped, the set ends every tunnel.
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
        // An error of a tunnel concerns only its two ends.
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

/// Reads until `end`, which is not part of the result.
async fn read_until(inside: &mut TcpStream, end: &[u8]) -> io::Result<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(end) {
        // Byte by byte: the bytes after `end` belong to the tunnel.
        bytes.push(inside.read_u8().await?);
    }
    bytes.truncate(bytes.len() - end.len());
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

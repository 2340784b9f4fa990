//! Data connections of a script.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::played::{Ending, Transfer};
use super::step::{Expected, PassiveMode, quoted};

pub(super) struct Data {
    host: IpAddr,
    next: NextConnection,
    open: Option<TcpStream>,
    /// Listeners to which the client must not connect.
    decoys: Vec<std::net::TcpListener>,
    /// Ports that stay bound, so that connections to them are refused.
    dead_ports: Vec<TcpSocket>,
    foreign: Vec<TcpStream>,
    pub(super) peers: Vec<SocketAddr>,
}

/// The way in which the next data connection is opened.
enum NextConnection {
    None,
    Listening(TcpListener),
    Remote(SocketAddr),
}

impl Data {
    pub(super) fn new(host: IpAddr) -> Self {
        Self {
            host,
            next: NextConnection::None,
            open: None,
            decoys: Vec::new(),
            dead_ports: Vec::new(),
            foreign: Vec::new(),
            peers: Vec::new(),
        }
    }

    /// Listens, and returns the reply with the address.
    pub(super) async fn listen(&mut self, how: PassiveMode) -> Result<String, String> {
        let (at, named) = match how {
            PassiveMode::PasvAt(address) => (address.into(), Some(address)),
            PassiveMode::PasvNaming(address) => (self.host, Some(address)),
            PassiveMode::Pasv => (self.host, own_ipv4(self.host)),
            PassiveMode::Epsv | PassiveMode::Dead => (self.host, None),
        };
        let port = if matches!(how, PassiveMode::Dead) {
            self.bind_dead_port()?
        } else {
            self.bind_port(at).await?
        };
        if let PassiveMode::PasvNaming(address) = how {
            let decoy =
                std::net::TcpListener::bind((address, port)).map_err(context("cannot bind the decoy"))?;
            decoy.set_nonblocking(true).map_err(context("cannot bind the decoy"))?;
            self.decoys.push(decoy);
        }
        Ok(match named {
            Some(address) => entering_passive_mode(address, port),
            None => format!("229 Entering Extended Passive Mode (|||{port}|)\r\n"),
        })
    }

    /// Stores the address at which the client listens.
    pub(super) fn connect_back(&mut self, line: &[u8]) -> Result<(), String> {
        let address = parse_address(line).ok_or_else(|| format!("{} contains no address", quoted(line)))?;
        self.next = NextConnection::Remote(address);
        Ok(())
    }

    /// Connects from another address of this machine; see [`check`](Self::check).
    pub(super) async fn foreign_connection(&mut self) -> Result<(), String> {
        let NextConnection::Remote(address) = self.next else {
            return Err("the client does not listen".into());
        };
        let connected = async {
            let socket = TcpSocket::new_v4()?;
            socket.bind((FOREIGN_ADDRESS, 0).into())?;
            socket.connect(address).await
        };
        self.foreign.push(connected.await.map_err(context("the foreign connection failed"))?);
        Ok(())
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.stream().await?.write_all(bytes).await.map_err(context("sending data failed"))
    }

    pub(super) async fn read(&mut self, count: usize) -> Result<(), String> {
        let mut bytes = vec![0; count];
        self.stream().await?.read_exact(&mut bytes).await.map(drop).map_err(context("reading data failed"))
    }

    /// Waits until the client has shut down its side.
    pub(super) async fn expect_end_of_sending(&mut self) -> Result<(), String> {
        match self.stream().await?.read(&mut [0]).await.map_err(context("reading data failed"))? {
            0 => Ok(()),
            _ => Err("the client sent data".into()),
        }
    }

    /// Reads to the end, and returns the received bytes.
    pub(super) async fn receive(&mut self, expected: &Expected) -> Result<Transfer, String> {
        let mut bytes = Vec::new();
        let ended = self.stream().await?.read_to_end(&mut bytes).await;
        self.open = None;
        let ending = match ended {
            Ok(_) => Ending::Eof,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ending::Reset,
            Err(error) => return Err(context("reading data failed")(error)),
        };
        let transfer = Transfer { bytes, ending };
        match (expected, ending) {
            (Expected::Anything, _) | (Expected::ToReset, Ending::Reset) => Ok(transfer),
            (Expected::ToReset, Ending::Eof) => Err("the data connection was closed, not reset".into()),
            (Expected::Exactly(_), Ending::Reset) => Err("the data connection was reset".into()),
            (Expected::Exactly(expected), _) if *expected == transfer.bytes => Ok(transfer),
            (Expected::Exactly(expected), _) => {
                Err(format!("received data {}, expected {}", quoted(&transfer.bytes), quoted(expected)))
            }
        }
    }

    pub(super) async fn close(&mut self) -> Result<(), String> {
        // A client that aborted has closed its side already.
        let _ = self.stream().await?.shutdown().await;
        self.open = None;
        Ok(())
    }

    pub(super) async fn end_sending(&mut self) -> Result<(), String> {
        self.stream().await?.shutdown().await.map_err(context("shutting down failed"))
    }

    pub(super) async fn reset(&mut self) -> Result<(), String> {
        let stream = self.stream().await?;
        reset_on_close(stream);
        self.open = None;
        Ok(())
    }

    /// Fails if the client connected to a decoy, or sent data to a foreign connection.
    pub(super) async fn check(&mut self) -> Result<(), String> {
        if self.decoys.iter().any(|decoy| decoy.accept().is_ok()) {
            return Err("the client connected to an address that is not the server's".into());
        }
        for foreign_connection in &mut self.foreign {
            let mut bytes = Vec::new();
            // A close and a reset both reject it.
            let _ = foreign_connection.read_to_end(&mut bytes).await;
            if !bytes.is_empty() {
                return Err(format!("the client sent {} to a foreign connection", quoted(&bytes)));
            }
        }
        Ok(())
    }

    async fn bind_port(&mut self, at: IpAddr) -> Result<u16, String> {
        let listener = TcpListener::bind((at, 0)).await.map_err(context("cannot bind a data port"))?;
        let port = listener.local_addr().map_err(context("cannot bind a data port"))?.port();
        self.next = NextConnection::Listening(listener);
        Ok(port)
    }

    fn bind_dead_port(&mut self) -> Result<u16, String> {
        let taken = || {
            let socket = if self.host.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
            socket.bind((self.host, 0).into())?;
            let port = socket.local_addr()?.port();
            io::Result::Ok((socket, port))
        };
        let (socket, port) = taken().map_err(context("cannot bind a dead port"))?;
        self.dead_ports.push(socket);
        self.next = NextConnection::None;
        Ok(port)
    }

    /// Returns the data connection; opens it if necessary.
    async fn stream(&mut self) -> Result<&mut TcpStream, String> {
        let stream = match self.open.take() {
            Some(stream) => stream,
            None => self.connect().await?,
        };
        Ok(self.open.insert(stream))
    }

    async fn connect(&mut self) -> Result<TcpStream, String> {
        let (stream, peer) = match std::mem::replace(&mut self.next, NextConnection::None) {
            // After a reset, `peer_addr` would fail, so the address of `accept` is kept.
            NextConnection::Listening(listener) => {
                listener.accept().await.map_err(context("no data connection"))?
            }
            NextConnection::Remote(address) => {
                (TcpStream::connect(address).await.map_err(context("no data connection"))?, address)
            }
            NextConnection::None => return Err("no data connection was negotiated".into()),
        };
        self.peers.push(peer);
        Ok(stream)
    }
}

/// Makes closing the connection reset it.
pub(super) fn reset_on_close(stream: &TcpStream) {
    // An error means that the connection is closed already.
    let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

pub(super) fn context(what: &'static str) -> impl Fn(io::Error) -> String {
    move |error| format!("{what}: {error}")
}

fn own_ipv4(host: IpAddr) -> Option<Ipv4Addr> {
    match host {
        IpAddr::V4(address) => Some(address),
        // Servers on IPv6 reply with this address.
        IpAddr::V6(_) => Some(Ipv4Addr::UNSPECIFIED),
    }
}

fn entering_passive_mode(address: Ipv4Addr, port: u16) -> String {
    let [a, b, c, d] = address.octets();
    let [high, low] = port.to_be_bytes();
    format!("227 Entering Passive Mode ({a},{b},{c},{d},{high},{low})\r\n")
}

/// Parses `EPRT |1|127.0.0.1|1075|` and `PORT 127,0,0,1,4,51`.
fn parse_address(line: &[u8]) -> Option<SocketAddr> {
    let line = std::str::from_utf8(line).ok()?;
    if let Some(rest) = line.strip_prefix("EPRT |") {
        let mut parts = rest.split('|');
        let (family, address, port) = (parts.next()?, parts.next()?, parts.next()?);
        let address: IpAddr = address.parse().ok()?;
        let matches = family == if address.is_ipv4() { "1" } else { "2" };
        return matches.then_some(SocketAddr::new(address, port.parse().ok()?));
    }
    let numbers: Option<Vec<u8>> =
        line.strip_prefix("PORT ")?.split(',').map(|number| number.parse().ok()).collect();
    let [a, b, c, d, high, low] = numbers?[..] else { return None };
    Some(SocketAddr::from(([a, b, c, d], u16::from_be_bytes([high, low]))))
}

const FOREIGN_ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eprt_and_port_addresses_are_parsed() {
        assert_eq!(parse_address(b"EPRT |1|127.0.0.1|1075|"), Some(([127, 0, 0, 1], 1075).into()));
        assert_eq!(parse_address(b"EPRT |2|::1|1075|"), "[::1]:1075".parse().ok());
        assert_eq!(parse_address(b"PORT 127,0,0,1,4,51"), Some(([127, 0, 0, 1], 1075).into()));
        for line in [&b"EPRT |2|127.0.0.1|1075|"[..], b"PORT 1,2,3", b"PORT 1,2,3,4,5,256", b"NOOP"] {
            assert_eq!(parse_address(line), None);
        }
    }
}

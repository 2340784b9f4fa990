//! The data half of a script: where it is to be opened, and what goes over it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::server::{Ending, Transfer};
use super::step::{Listening, Reading, shown};

pub(super) struct Data {
    host: IpAddr,
    place: Place,
    open: Option<TcpStream>,
    /// Where a client has no business.
    decoys: Vec<std::net::TcpListener>,
    /// Ports that stay taken, so that nobody answers there.
    dead: Vec<TcpSocket>,
    strangers: Vec<TcpStream>,
    pub(super) peers: Vec<SocketAddr>,
}

/// Where the next data connection is to be had.
enum Place {
    NotAgreed,
    Here(TcpListener),
    There(SocketAddr),
}

impl Data {
    pub(super) fn new(host: IpAddr) -> Self {
        Self {
            host,
            place: Place::NotAgreed,
            open: None,
            decoys: Vec::new(),
            dead: Vec::new(),
            strangers: Vec::new(),
            peers: Vec::new(),
        }
    }

    /// Listens, and gives the reply that says where.
    pub(super) async fn listen(&mut self, how: Listening) -> Result<String, String> {
        let (at, named) = match how {
            Listening::PasvAt(address) => (address.into(), Some(address)),
            Listening::PasvNaming(address) => (self.host, Some(address)),
            Listening::Pasv => (self.host, own_ipv4(self.host)),
            Listening::Epsv | Listening::Dead => (self.host, None),
        };
        let port =
            if matches!(how, Listening::Dead) { self.take_dead_port()? } else { self.take_port(at).await? };
        if let Listening::PasvNaming(address) = how {
            let decoy = std::net::TcpListener::bind((address, port)).map_err(told("no decoy"))?;
            decoy.set_nonblocking(true).map_err(told("no decoy"))?;
            self.decoys.push(decoy);
        }
        Ok(match named {
            Some(address) => entering_passive_mode(address, port),
            None => format!("229 Entering Extended Passive Mode (|||{port}|)\r\n"),
        })
    }

    /// Keeps where the client says that it listens.
    pub(super) fn connect_back(&mut self, line: &[u8]) -> Result<(), String> {
        let address = told_address(line).ok_or_else(|| format!("{} names no address", shown(line)))?;
        self.place = Place::There(address);
        Ok(())
    }

    /// Connects from another address of this machine; see [`check`](Self::check).
    pub(super) async fn stranger(&mut self) -> Result<(), String> {
        let Place::There(address) = self.place else { return Err("the client does not listen".into()) };
        let connected = async {
            let socket = TcpSocket::new_v4()?;
            socket.bind((STRANGER, 0).into())?;
            socket.connect(address).await
        };
        self.strangers.push(connected.await.map_err(told("a stranger cannot connect"))?);
        Ok(())
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.stream().await?.write_all(bytes).await.map_err(told("data cannot be sent"))
    }

    pub(super) async fn read(&mut self, count: usize) -> Result<(), String> {
        let mut bytes = vec![0; count];
        self.stream().await?.read_exact(&mut bytes).await.map(drop).map_err(told("data cannot be read"))
    }

    /// Waits until the client has ended its side.
    pub(super) async fn expect_end_of_sending(&mut self) -> Result<(), String> {
        match self.stream().await?.read(&mut [0]).await.map_err(told("data cannot be read"))? {
            0 => Ok(()),
            _ => Err("the client sent data".into()),
        }
    }

    /// Reads to the end, and tells what came.
    pub(super) async fn receive(&mut self, wanted: &Reading) -> Result<Transfer, String> {
        let mut bytes = Vec::new();
        let ended = self.stream().await?.read_to_end(&mut bytes).await;
        self.open = None;
        let ending = match ended {
            Ok(_) => Ending::Eof,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ending::Reset,
            Err(error) => return Err(told("data cannot be read")(error)),
        };
        let transfer = Transfer { bytes, ending };
        match (wanted, ending) {
            (Reading::Anything, _) | (Reading::ToReset, Ending::Reset) => Ok(transfer),
            (Reading::ToReset, Ending::Eof) => Err("the data connection was closed, not reset".into()),
            (Reading::Exactly(_), Ending::Reset) => Err("the data connection was reset".into()),
            (Reading::Exactly(wanted), _) if *wanted == transfer.bytes => Ok(transfer),
            (Reading::Exactly(wanted), _) => {
                Err(format!("{} came as data, not {}", shown(&transfer.bytes), shown(wanted)))
            }
        }
    }

    pub(super) async fn close(&mut self) -> Result<(), String> {
        // A client that broke off has closed its side already.
        let _ = self.stream().await?.shutdown().await;
        self.open = None;
        Ok(())
    }

    pub(super) async fn reset(&mut self) -> Result<(), String> {
        let stream = self.stream().await?;
        reset_on_close(stream);
        self.open = None;
        Ok(())
    }

    /// Fails if the client connected where it should not, or talked with strangers.
    pub(super) async fn check(&mut self) -> Result<(), String> {
        if self.decoys.iter().any(|decoy| decoy.accept().is_ok()) {
            return Err("the client connected to an address that is not the server's".into());
        }
        for stranger in &mut self.strangers {
            let mut bytes = Vec::new();
            // Closed or reset: both send it away.
            let _ = stranger.read_to_end(&mut bytes).await;
            if !bytes.is_empty() {
                return Err(format!("a stranger was sent {}", shown(&bytes)));
            }
        }
        Ok(())
    }

    async fn take_port(&mut self, at: IpAddr) -> Result<u16, String> {
        let listener = TcpListener::bind((at, 0)).await.map_err(told("no data port"))?;
        let port = listener.local_addr().map_err(told("no data port"))?.port();
        self.place = Place::Here(listener);
        Ok(port)
    }

    fn take_dead_port(&mut self) -> Result<u16, String> {
        let taken = || {
            let socket = if self.host.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
            socket.bind((self.host, 0).into())?;
            let port = socket.local_addr()?.port();
            io::Result::Ok((socket, port))
        };
        let (socket, port) = taken().map_err(told("no dead port"))?;
        self.dead.push(socket);
        self.place = Place::NotAgreed;
        Ok(port)
    }

    /// Gives the data connection, opened now if it is not yet.
    async fn stream(&mut self) -> Result<&mut TcpStream, String> {
        let stream = match self.open.take() {
            Some(stream) => stream,
            None => self.connect().await?,
        };
        Ok(self.open.insert(stream))
    }

    async fn connect(&mut self) -> Result<TcpStream, String> {
        let (stream, peer) = match std::mem::replace(&mut self.place, Place::NotAgreed) {
            // A connection that was reset meanwhile has no peer to be asked for any more.
            Place::Here(listener) => listener.accept().await.map_err(told("no data connection"))?,
            Place::There(address) => {
                (TcpStream::connect(address).await.map_err(told("no data connection"))?, address)
            }
            Place::NotAgreed => return Err("no data connection was agreed on".into()),
        };
        self.peers.push(peer);
        Ok(stream)
    }
}

/// Makes the close of a connection a reset.
pub(super) fn reset_on_close(stream: &TcpStream) {
    // Failing means that the connection is gone already.
    let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

pub(super) fn told(what: &'static str) -> impl Fn(io::Error) -> String {
    move |error| format!("{what}: {error}")
}

fn own_ipv4(host: IpAddr) -> Option<Ipv4Addr> {
    match host {
        IpAddr::V4(address) => Some(address),
        // What servers on IPv6 say for want of anything better.
        IpAddr::V6(_) => Some(Ipv4Addr::UNSPECIFIED),
    }
}

fn entering_passive_mode(address: Ipv4Addr, port: u16) -> String {
    let [a, b, c, d] = address.octets();
    let [high, low] = port.to_be_bytes();
    format!("227 Entering Passive Mode ({a},{b},{c},{d},{high},{low})\r\n")
}

/// Reads `EPRT |1|127.0.0.1|1075|` and `PORT 127,0,0,1,4,51`.
fn told_address(line: &[u8]) -> Option<SocketAddr> {
    let line = std::str::from_utf8(line).ok()?;
    if let Some(rest) = line.strip_prefix("EPRT |") {
        let mut parts = rest.split('|');
        let (family, address, port) = (parts.next()?, parts.next()?, parts.next()?);
        let address: IpAddr = address.parse().ok()?;
        let right = family == if address.is_ipv4() { "1" } else { "2" };
        return right.then_some(SocketAddr::new(address, port.parse().ok()?));
    }
    let numbers: Option<Vec<u8>> =
        line.strip_prefix("PORT ")?.split(',').map(|number| number.parse().ok()).collect();
    let [a, b, c, d, high, low] = numbers?[..] else { return None };
    Some(SocketAddr::from(([a, b, c, d], u16::from_be_bytes([high, low]))))
}

const STRANGER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eprt_and_port_addresses_are_parsed() {
        assert_eq!(told_address(b"EPRT |1|127.0.0.1|1075|"), Some(([127, 0, 0, 1], 1075).into()));
        assert_eq!(told_address(b"EPRT |2|::1|1075|"), "[::1]:1075".parse().ok());
        assert_eq!(told_address(b"PORT 127,0,0,1,4,51"), Some(([127, 0, 0, 1], 1075).into()));
        for line in [&b"EPRT |2|127.0.0.1|1075|"[..], b"PORT 1,2,3", b"PORT 1,2,3,4,5,256", b"NOOP"] {
            assert_eq!(told_address(line), None);
        }
    }
}

//! TLS front: terminates TLS on control connections, before libunftp.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Terminates TLS on a control connection, and returns the plain connection for libunftp.
///
/// libunftp does not support implicit TLS, and after `AUTH TLS` it sometimes takes the first bytes of the
/// handshake for a command (0.24.0: it keeps reading until an internal message arrives). Therefore both are
/// done here. Because libunftp needs a socket, a loopback connection is between the two.
pub(crate) async fn take_off_tls(
    mut outside: TcpStream,
    config: Arc<ServerConfig>,
    implicit: bool,
) -> io::Result<TcpStream> {
    if !implicit {
        await_auth(&mut outside).await?;
    }
    let local = outside.local_addr()?.ip();
    let outside = TlsAcceptor::from(config).accept(outside).await?;
    let listener = TcpListener::bind((local, 0)).await?;
    let inside = TcpStream::connect(listener.local_addr()?).await?;
    let accepted = accept_from(&listener, inside.local_addr()?).await?;
    tokio::spawn(join(outside, inside, implicit));
    Ok(accepted)
}

/// Sends the greeting, and replies to commands until the client requests TLS.
async fn await_auth(control: &mut TcpStream) -> io::Result<()> {
    control.write_all(GREETING).await?;
    loop {
        let line = read_line(control).await?;
        let command = line.to_ascii_uppercase();
        match command.split(' ').next() {
            Some("AUTH") if matches!(command.as_str(), "AUTH TLS" | "AUTH SSL") => break,
            Some("AUTH") => control.write_all(b"504 Only AUTH TLS.\r\n").await?,
            Some("FEAT") => control.write_all(FEATURES).await?,
            Some("NOOP") => control.write_all(b"200 Nothing done.\r\n").await?,
            Some("QUIT") => {
                control.write_all(b"221 Goodbye.\r\n").await?;
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            _ => control.write_all(b"534 TLS is required: AUTH TLS first.\r\n").await?,
        }
    }
    control.write_all(b"234 TLS starts now.\r\n").await
}

/// Reads no further than the line, because TLS may follow.
async fn read_line(control: &mut TcpStream) -> io::Result<String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        if line.len() == LONGEST_LINE {
            return Err(io::ErrorKind::InvalidData.into());
        }
        line.push(control.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}

async fn accept_from(listener: &TcpListener, wanted: SocketAddr) -> io::Result<TcpStream> {
    loop {
        let (stream, peer) = listener.accept().await?;
        if peer == wanted {
            stream.set_nodelay(true)?;
            return Ok(stream);
        }
    }
}

async fn join(mut outside: TlsStream<TcpStream>, mut inside: TcpStream, greet: bool) -> io::Result<()> {
    inside.set_nodelay(true)?;
    if !greet {
        // The client has already received the greeting.
        read_line(&mut inside).await?;
    }
    copy_bidirectional(&mut outside, &mut inside).await?;
    Ok(())
}

const GREETING: &[u8] = b"220 oxftp's throw-away server\r\n";
const FEATURES: &[u8] = b"211-Extensions supported:\r\n AUTH TLS\r\n PBSZ\r\n PROT\r\n UTF8\r\n211 END\r\n";
const LONGEST_LINE: usize = 4096;

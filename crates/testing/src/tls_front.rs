//! TLS from the first byte on, before a server that knows none: control connections of scripts.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use oxftp_serve::certificates::Identity;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, crypto::aws_lc_rs};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// Takes TLS off each connection, and passes on what is in it; stops when dropped.
#[derive(Debug)]
pub struct TlsFront {
    address: SocketAddr,
    task: JoinHandle<()>,
}

/// How a front answers the offer of protocols (ALPN; RFC 7301).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alpn {
    /// It does not know of it.
    Unknown,
    /// It selects `ftp`, if that was offered.
    Ftp,
    /// It is there for `http/1.1`, and refuses others.
    Http,
    /// It selects `ftq`, whatever was offered: as somebody does who misleads. TLS 1.2.
    Misleading,
}

impl TlsFront {
    /// Starts one before `server` that shows this certificate.
    ///
    /// # Panics
    ///
    /// If the system has no free loopback port.
    pub async fn start(server: SocketAddr, identity: &Identity, alpn: Alpn) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("there is a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let acceptor = TlsAcceptor::from(Arc::new(config(identity, alpn)));
        let task = tokio::spawn(async move {
            while let Ok((outside, _)) = listener.accept().await {
                // A client that refuses what it is shown is the test's matter.
                let _ = pass_on(outside, server, &acceptor, alpn).await;
            }
        });
        Self { address, task }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass_on(
    outside: TcpStream,
    server: SocketAddr,
    acceptor: &TlsAcceptor,
    alpn: Alpn,
) -> io::Result<()> {
    let meddled = Meddled { stream: outside, meddle: alpn == Alpn::Misleading };
    let mut outside = acceptor.accept(meddled).await?;
    let mut inside = TcpStream::connect(server).await?;
    inside.set_nodelay(true)?;
    copy_bidirectional(&mut outside, &mut inside).await.map(drop)
}

fn config(identity: &Identity, alpn: Alpn) -> ServerConfig {
    let versions = if alpn == Alpn::Misleading { vec![&TLS12] } else { vec![&TLS13, &TLS12] };
    let certificate = CertificateDer::from_pem_slice(identity.certificate_pem().as_bytes());
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem().as_bytes());
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&versions)
        .expect("the provider knows both")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.expect("it was just made")], key.expect("it was just made"))
        .expect("key and certificate belong together");
    config.alpn_protocols = match alpn {
        Alpn::Unknown => Vec::new(),
        Alpn::Ftp | Alpn::Misleading => vec![b"ftp".to_vec()],
        Alpn::Http => vec![b"http/1.1".to_vec()],
    };
    config
}

/// A connection on which somebody changes the protocol that the server selects.
struct Meddled {
    stream: TcpStream,
    meddle: bool,
}

impl AsyncRead for Meddled {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Meddled {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let selected = bytes.windows(SELECTED.len()).position(|window| window == SELECTED);
        let Some(at) = selected.filter(|_| self.meddle) else {
            return Pin::new(&mut self.stream).poll_write(cx, bytes);
        };
        let mut changed = bytes.to_vec();
        changed[at + SELECTED.len() - 1] = b'q';
        Pin::new(&mut self.stream).poll_write(cx, &changed)
    }

    // rustls writes all of a last alert, or the first of its buffers only.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.meddle {
            return self.poll_write(cx, buffers.first().map_or(&[], |first| first));
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A list of one protocol, as the ServerHello has it.
const SELECTED: &[u8] = b"\x00\x04\x03ftp";

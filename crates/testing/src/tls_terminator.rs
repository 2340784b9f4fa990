//! TLS terminator: accepts implicit TLS and forwards plain text to a scripted server.

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

/// Accepts TLS connections and forwards their content to a plain server; stops when dropped.
#[derive(Debug)]
pub struct TlsTerminator {
    address: SocketAddr,
    task: JoinHandle<()>,
}

/// The server's answer to the ALPN offer of the client (RFC 7301).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alpn {
    /// It does not support ALPN.
    Unknown,
    /// It selects `ftp` if that was offered.
    Ftp,
    /// It supports only `http/1.1`, and refuses other protocols.
    Http,
    /// It selects `ftq`, whatever was offered, as an attacker could. TLS 1.2 only.
    Tampered,
}

impl TlsTerminator {
    /// Starts a terminator for `server` with this certificate.
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
                // A client that refuses the certificate is checked by the test.
                let _ = forward(outside, server, &acceptor, alpn).await;
            }
        });
        Self { address, task }
    }

    /// Returns the address it listens at.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for TlsTerminator {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn forward(
    outside: TcpStream,
    server: SocketAddr,
    acceptor: &TlsAcceptor,
    alpn: Alpn,
) -> io::Result<()> {
    let tampered = TamperedStream { stream: outside, tamper: alpn == Alpn::Tampered };
    let mut outside = acceptor.accept(tampered).await?;
    let mut inside = TcpStream::connect(server).await?;
    inside.set_nodelay(true)?;
    copy_bidirectional(&mut outside, &mut inside).await.map(drop)
}

fn config(identity: &Identity, alpn: Alpn) -> ServerConfig {
    let versions = if alpn == Alpn::Tampered { vec![&TLS12] } else { vec![&TLS13, &TLS12] };
    let certificate = CertificateDer::from_pem_slice(identity.certificate_pem().as_bytes());
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem().as_bytes());
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&versions)
        .expect("the provider supports both versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.expect("it was just generated")],
            key.expect("it was just generated"),
        )
        .expect("the key matches the certificate");
    config.alpn_protocols = match alpn {
        Alpn::Unknown => Vec::new(),
        Alpn::Ftp | Alpn::Tampered => vec![b"ftp".to_vec()],
        Alpn::Http => vec![b"http/1.1".to_vec()],
    };
    config
}

/// A connection on which the ALPN protocol selected by the server is changed.
struct TamperedStream {
    stream: TcpStream,
    tamper: bool,
}

impl AsyncRead for TamperedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for TamperedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let selected = bytes.windows(SELECTED.len()).position(|window| window == SELECTED);
        let Some(at) = selected.filter(|_| self.tamper) else {
            return Pin::new(&mut self.stream).poll_write(cx, bytes);
        };
        let mut changed = bytes.to_vec();
        changed[at + SELECTED.len() - 1] = b'q';
        Pin::new(&mut self.stream).poll_write(cx, &changed)
    }

    // rustls accepts a partial write, so only the first buffer is written.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.tamper {
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

/// A list of one protocol, as encoded in the ServerHello.
const SELECTED: &[u8] = b"\x00\x04\x03ftp";

//! A minimal control connection that can log in: these tests check the servers, not the client.

use std::io;
use std::sync::Arc;

use oxftp_testing::servers::{Protection, TestServer};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ProtocolVersion, RootCertStore};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub(crate) enum ControlConnection {
    Plain(BufReader<TcpStream>),
    Encrypted(Box<BufReader<TlsStream<TcpStream>>>),
}

impl ControlConnection {
    pub(crate) async fn open(server: &TestServer) -> Self {
        Self::try_open(server, true).await.unwrap()
    }

    pub(crate) async fn log_in(server: &TestServer) -> Self {
        Self::try_log_in(server, true).await.unwrap()
    }

    pub(crate) async fn try_log_in(server: &TestServer, with_certificate: bool) -> io::Result<Self> {
        let mut control = Self::try_open(server, with_certificate).await?;
        let user_reply = control.try_send(&format!("USER {}", server.user())).await?;
        let reply = control.try_send(&format!("PASS {}", server.password())).await?;
        if reply.starts_with("230") {
            Ok(control)
        } else {
            Err(io::Error::other(format!("{user_reply}{reply}")))
        }
    }

    pub(crate) async fn send(&mut self, command: &str) -> String {
        self.try_send(command).await.unwrap()
    }

    pub(crate) fn tls_version(&self) -> Option<ProtocolVersion> {
        match self {
            Self::Plain(_) => None,
            Self::Encrypted(stream) => stream.get_ref().get_ref().1.protocol_version(),
        }
    }

    async fn try_open(server: &TestServer, with_certificate: bool) -> io::Result<Self> {
        let stream = TcpStream::connect(server.address()).await?;
        let mut control = match server.protection() {
            Protection::Implicit => Self::encrypt(stream, server, with_certificate).await?,
            _ => Self::Plain(BufReader::new(stream)),
        };
        let greeting = control.reply().await?;
        assert!(greeting.starts_with("220"), "{greeting}");
        if server.protection() != Protection::Explicit {
            return Ok(control);
        }
        let reply = control.try_send("AUTH TLS").await?;
        assert!(reply.starts_with("234"), "{reply}");
        let Self::Plain(stream) = control else { unreachable!("AUTH comes before TLS") };
        Self::encrypt(stream.into_inner(), server, with_certificate).await
    }

    async fn encrypt(stream: TcpStream, server: &TestServer, with_certificate: bool) -> io::Result<Self> {
        let connector = TlsConnector::from(Arc::new(client_config(server, with_certificate)));
        let name = ServerName::try_from(server.host()).unwrap();
        let stream = connector.connect(name, stream).await?;
        Ok(Self::Encrypted(Box::new(BufReader::new(stream))))
    }

    async fn try_send(&mut self, command: &str) -> io::Result<String> {
        let line = format!("{command}\r\n");
        match self {
            Self::Plain(stream) => stream.write_all(line.as_bytes()).await?,
            Self::Encrypted(stream) => stream.write_all(line.as_bytes()).await?,
        }
        self.reply().await
    }

    /// Returns the last line of a reply.
    async fn reply(&mut self) -> io::Result<String> {
        loop {
            let mut line = String::new();
            let read = match self {
                Self::Plain(stream) => stream.read_line(&mut line).await?,
                Self::Encrypted(stream) => stream.read_line(&mut line).await?,
            };
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let last =
                line.as_bytes().get(3) == Some(&b' ') && line.as_bytes()[..3].iter().all(u8::is_ascii_digit);
            if last {
                return Ok(line);
            }
        }
    }
}

fn client_config(server: &TestServer, with_certificate: bool) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(server.ca_pem().unwrap().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    if !with_certificate {
        return builder.with_no_client_auth();
    }
    let identity = server.client_identity().unwrap();
    let certificate = CertificateDer::from_pem_slice(identity.certificate_pem().as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem().as_bytes()).unwrap();
    builder.with_client_auth_cert(vec![certificate], key).unwrap()
}

//! The embedded server, tested over its sockets.

#![allow(clippy::unwrap_used, reason = "a test that cannot prepare fails, here as in its body")]

use std::net::{Ipv6Addr, TcpListener as StdListener};
use std::path::Path;
use std::sync::Arc;

use oxftp_serve::{ServeError, ServeOptions, Server, TlsVersions};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ProtocolVersion, RootCertStore};
use tempfile::{TempDir, tempdir};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

#[tokio::test]
async fn default_server_is_read_only() {
    let (directory, server) = serve(|options| options).await;
    std::fs::write(directory.path().join("there"), "content").unwrap();
    let mut control = connect(&server).await;
    log_in(&mut control, "anyone", "anything").await;

    let data = passive(&mut control, &server).await;
    assert_eq!(say(&mut control, "RETR there").await, "150");
    assert_eq!(read_all(data).await, b"content");
    assert_eq!(reply(&mut control).await, "226");

    assert_eq!(say(&mut control, "MKD made").await, "550");
    assert_eq!(say(&mut control, "DELE there").await, "550");
    assert_eq!(say(&mut control, "RNFR there").await, "350");
    assert_eq!(say(&mut control, "RNTO here").await, "550");
    assert_eq!(names(directory.path()), ["there"]);
}

#[tokio::test]
async fn writable_server_accepts_uploads() {
    let (directory, server) = serve(|options| options.writable(true)).await;
    let mut control = connect(&server).await;
    log_in(&mut control, "anyone", "anything").await;

    let mut data = passive(&mut control, &server).await;
    assert_eq!(say(&mut control, "STOR new").await, "150");
    data.write_all(b"content").await.unwrap();
    drop(data);

    assert_eq!(reply(&mut control).await, "226");
    assert_eq!(std::fs::read(directory.path().join("new")).unwrap(), b"content");
}

#[tokio::test]
async fn login_requires_user_and_password() {
    let (_directory, server) = serve(|options| options.user("me", "secret")).await;

    for (user, password, code) in [("me", "secret", "230"), ("me", "wrong", "530"), ("you", "secret", "530")]
    {
        let mut control = connect(&server).await;
        assert_eq!(say(&mut control, &format!("USER {user}")).await, "331");
        assert_eq!(say(&mut control, &format!("PASS {password}")).await, code);
    }
}

#[tokio::test]
async fn explicit_tls_is_required_and_trusted() {
    let (_directory, server) = serve(|options| options.tls(true)).await;
    let mut control = connect(&server).await;
    assert_eq!(say(&mut control, "USER me").await, "534");
    assert_eq!(say(&mut control, "AUTH KERBEROS").await, "504");
    assert_eq!(say(&mut control, "NOOP").await, "200");
    assert_eq!(say(&mut control, "AUTH TLS").await, "234");

    let mut control = BufReader::new(encrypt(control.into_inner(), &server).await);

    log_in(&mut control, "me", "").await;
    assert_eq!(say(&mut control, "PBSZ 0").await, "200");
    assert_eq!(say(&mut control, "PROT P").await, "200");
    let data = passive(&mut control, &server).await;
    assert_eq!(say(&mut control, "LIST").await, "150");
    assert_eq!(read_all(encrypt(data, &server).await).await, b"");
    assert_eq!(reply(&mut control).await, "226");
}

#[tokio::test]
async fn tls_handshake_is_no_command() {
    let (_directory, server) = serve(|options| options.tls(true)).await;

    // Without the front, libunftp fails in about one of fifty handshakes.
    for _ in 0..300 {
        let mut control = connect(&server).await;
        assert_eq!(say(&mut control, "AUTH TLS").await, "234");
        encrypt(control.into_inner(), &server).await;
    }
}

#[tokio::test]
async fn implicit_tls_starts_with_first_byte() {
    let (_directory, server) =
        serve(|options| options.implicit_tls().tls_versions(TlsVersions::Only12)).await;
    let stream = TcpStream::connect(server.address()).await.unwrap();

    let mut control = BufReader::new(encrypt(stream, &server).await);

    assert_eq!(control.get_ref().get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_2));
    assert_eq!(reply(&mut control).await, "220");
    log_in(&mut control, "me", "").await;
    assert_eq!(say(&mut control, "PROT P").await, "200");
    let data = passive(&mut control, &server).await;
    assert_eq!(say(&mut control, "LIST").await, "150");
    assert_eq!(read_all(encrypt(data, &server).await).await, b"");
    assert_eq!(reply(&mut control).await, "226");
}

#[tokio::test]
async fn server_listens_on_the_given_address() {
    let (_directory, server) = serve(|options| options.bind((Ipv6Addr::LOCALHOST, 0))).await;

    assert_eq!(server.address().ip(), Ipv6Addr::LOCALHOST);
    connect(&server).await;
}

#[tokio::test]
async fn stopping_ends_sessions_and_frees_the_port() {
    let (_directory, server) = serve(|options| options).await;
    let address = server.address();
    let mut control = connect(&server).await;

    server.stop().await;

    assert_eq!(control.read(&mut [0]).await.unwrap_or(0), 0);
    StdListener::bind(address).unwrap();
}

#[tokio::test]
async fn missing_directory_is_named_in_error() {
    let missing = tempdir().unwrap().path().join("missing");

    let error = Server::start(ServeOptions::new(&missing)).await.unwrap_err();

    assert!(matches!(&error, ServeError::Root { path, .. } if *path == missing));
    assert!(error.to_string().contains("missing"));
}

#[tokio::test]
async fn port_in_use_is_named_in_error() {
    let taken = StdListener::bind("127.0.0.1:0").unwrap();
    let options = ServeOptions::new(".").bind(taken.local_addr().unwrap());

    let error = Server::start(options).await.unwrap_err();

    assert!(matches!(error, ServeError::Listen { address, .. } if address == taken.local_addr().unwrap()));
}

async fn serve(tune: impl FnOnce(ServeOptions) -> ServeOptions) -> (TempDir, Server) {
    let directory = tempdir().unwrap();
    let server = Server::start(tune(ServeOptions::new(directory.path()))).await.unwrap();
    (directory, server)
}

async fn connect(server: &Server) -> BufReader<TcpStream> {
    let mut control = BufReader::new(TcpStream::connect(server.address()).await.unwrap());
    assert_eq!(reply(&mut control).await, "220");
    control
}

async fn log_in<S: AsyncRead + AsyncWrite + Unpin>(control: &mut BufReader<S>, user: &str, password: &str) {
    assert_eq!(say(control, &format!("USER {user}")).await, "331");
    assert_eq!(say(control, &format!("PASS {password}")).await, "230");
}

async fn passive<S: AsyncRead + AsyncWrite + Unpin>(
    control: &mut BufReader<S>,
    server: &Server,
) -> TcpStream {
    control.write_all(b"EPSV\r\n").await.unwrap();
    let line = line(control).await;
    let port = line.split('|').nth(3).unwrap().parse::<u16>().unwrap();
    TcpStream::connect((server.address().ip(), port)).await.unwrap()
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(control: &mut BufReader<S>, command: &str) -> String {
    control.write_all(format!("{command}\r\n").as_bytes()).await.unwrap();
    reply(control).await
}

/// Returns the code of a reply; all replies read here have one line.
async fn reply<S: AsyncRead + Unpin>(control: &mut BufReader<S>) -> String {
    line(control).await[..3].to_owned()
}

async fn line<S: AsyncRead + Unpin>(control: &mut BufReader<S>) -> String {
    let mut line = String::new();
    control.read_line(&mut line).await.unwrap();
    line
}

async fn encrypt(stream: TcpStream, server: &Server) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(server.ca_pem().unwrap().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap()
}

/// Reads to a clean end: over TLS, an end without `close_notify` is an error.
async fn read_all(mut data: impl AsyncRead + Unpin) -> Vec<u8> {
    let mut bytes = Vec::new();
    data.read_to_end(&mut bytes).await.unwrap();
    bytes
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

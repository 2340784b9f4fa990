//! TLS session resumption: every data connection resumes the session of its control connection.
//!
//! Servers that require this refuse other connections (`522`, `425`). With TLS 1.3, rustls uses one ticket per
//! connection. vsftpd sends a new ticket on each connection, which an upload must read explicitly; ProFTPD sends two in
//! total.

use oxftp::{Client, TlsConfig, TlsVersion};
use oxftp_testing::servers::{Protection, ServerKind, ServerOptions, TestServer, TlsVersions, available};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::{builder_with, content, login_with};

#[tokio::test]
async fn vsftpd_resumes_900_sessions_with_tls13() {
    resumes_everything(ServerKind::Vsftpd, TlsVersion::Tls13).await;
}

#[tokio::test]
async fn vsftpd_resumes_900_sessions_with_tls12() {
    resumes_everything(ServerKind::Vsftpd, TlsVersion::Tls12).await;
}

#[tokio::test]
async fn proftpd_resumes_900_sessions_with_tls13() {
    resumes_everything(ServerKind::ProFtpd, TlsVersion::Tls13).await;
}

#[tokio::test]
async fn proftpd_resumes_900_sessions_with_tls12() {
    resumes_everything(ServerKind::ProFtpd, TlsVersion::Tls12).await;
}

#[tokio::test]
async fn refused_transfers_use_no_tls_ticket() {
    for kind in [ServerKind::Vsftpd, ServerKind::ProFtpd] {
        let Some(server) = reusing(kind).await else { continue };
        let mut client = login_with(builder_with(&server, |tls| tls), &server).await;
        for _ in 0..20 {
            client.download_stream("missing").await.unwrap_err();
        }

        client.list("").await.unwrap();

        assert_eq!(client.tls_counts().full, 1, "{}", server.name());
    }
}

#[tokio::test]
async fn sessions_resume_with_client_certificate() {
    for kind in [ServerKind::Vsftpd, ServerKind::ProFtpd] {
        let mut options = ServerOptions::new(Protection::Explicit);
        options.require_session_reuse = true;
        options.require_client_certificate = true;
        let Some(server) = available(kind.start_with(options).await) else { continue };
        let identity = server.client_identity().unwrap();
        let shown = |tls: TlsConfig| {
            tls.client_certificate_pem(identity.certificate_pem(), identity.key_pem()).unwrap()
        };
        let mut client = login_with(builder_with(&server, shown), &server).await;

        for _ in 0..20 {
            client.list("").await.unwrap();
        }

        let counts = client.tls_counts();
        assert_eq!((counts.full, counts.resumed), (1, 20), "{}", server.name());
    }
}

#[tokio::test]
async fn missing_client_certificate_is_refused() {
    let mut options = ServerOptions::new(Protection::Explicit);
    options.require_client_certificate = true;
    for kind in ServerKind::ALL {
        let Some(server) = available(kind.start_with(options.clone()).await) else { continue };
        let connected = builder_with(&server, |tls| tls).connect((server.host(), server.port())).await;
        connected.expect_err(server.name());
    }
}

async fn reusing(kind: ServerKind) -> Option<TestServer> {
    let mut options = ServerOptions::new(Protection::Explicit);
    options.tls = TlsVersions::Any;
    options.require_session_reuse = true;
    available(kind.start_with(options).await)
}

async fn resumes_everything(kind: ServerKind, version: TlsVersion) {
    let Some(server) = reusing(kind).await else { return };
    let builder = builder_with(&server, |tls| tls.min_version(version).max_version(version));
    let mut client = login_with(builder, &server).await;
    let bytes = content(3000);

    for number in 0..TIMES {
        upload(&mut client, &format!("file {number}"), &bytes[..number * 10]).await;
    }
    for number in 0..TIMES {
        assert_eq!(download(&mut client, &format!("file {number}")).await, bytes[..number * 10]);
    }
    for _ in 0..TIMES {
        assert_eq!(client.list("").await.unwrap().len(), TIMES);
    }

    let counts = client.tls_counts();
    assert_eq!(
        (counts.full, counts.resumed),
        (1, 3 * TIMES as u64),
        "only the control connection has a full handshake"
    );
    client.quit().await.unwrap();
}

async fn upload(client: &mut Client, path: &str, bytes: &[u8]) {
    let mut stream = client.upload_stream(path).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream.finish().await.unwrap();
}

async fn download(client: &mut Client, path: &str) -> Vec<u8> {
    let mut stream = client.download_stream(path).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    stream.finish().await.unwrap();
    bytes
}

const TIMES: usize = 300;

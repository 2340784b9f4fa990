//! `TlsSession`: TLS for programs that speak FTP themselves.

use std::sync::Arc;

use oxftp::{
    TlsConfig, TlsSession,
    connect::{Connector, Target, TcpConnector},
};
use oxftp_testing::certificates::Authority;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

#[tokio::test]
async fn data_connection_resumes_tls_session_of_control() {
    let authority = Authority::new("tests").unwrap();
    let identity = authority.server(&["127.0.0.1"]).unwrap();
    let certificate = CertificateDer::from_pem_slice(identity.certificate_pem().as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem().as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.unwrap().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let mut tls = acceptor.accept(socket).await.unwrap();
            tls.write_all(b"hello").await.unwrap();
            tls.shutdown().await.unwrap();
            let _ = tls.read(&mut [0]).await;
        }
    });

    let tls = TlsConfig::new().root_certificates_pem(authority.pem()).unwrap();
    let session = TlsSession::new(&tls, "127.0.0.1").unwrap();
    for is_data in [false, true] {
        let target = Target::Control { host: "127.0.0.1", port };
        let socket = TcpConnector::new().connect(target).await.unwrap();
        let secured = if is_data { session.data(socket).await } else { session.control(socket).await };
        let mut text = String::new();
        secured.unwrap().read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "hello");
    }
    assert_eq!((session.counts().full, session.counts().resumed), (1, 1));
}

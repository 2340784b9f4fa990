//! `CCC`: reverts the control connection to plain text after the login.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use oxftp::{Client, Credentials, Error, Result, TlsConfig};
use oxftp_testing::{certificates::Authority, scripted::Script};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::common::scripts::{assert_in_sync, builder, play, with_sync_check};

/// The behaviour of a server after its `200` reply to `CCC`.
#[derive(Clone, Copy, PartialEq)]
enum AfterCcc {
    /// It sends `close_notify`, and waits for that of the client.
    CloseNotify,
    /// It sends `close_notify`, and an attacker adds this text.
    CloseNotifyAnd(&'static str),
    /// It sends another reply within TLS.
    Reply,
    /// It closes the connection without `close_notify`.
    Close,
    /// It does nothing.
    Nothing,
}

/// Connects with implicit TLS to a server that accepts `CCC` and then behaves like this.
async fn cleared(after_ccc: AfterCcc) -> (Result<()>, Client, JoinHandle<()>) {
    let authority = Authority::new("tests").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let acceptor = acceptor(&authority);
    let server = tokio::spawn(async move {
        let tls = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
        serve(tls, after_ccc).await;
    });
    let tls = TlsConfig::new().root_certificates_pem(authority.pem()).unwrap();
    let deadline = Duration::from_millis(if after_ccc == AfterCcc::Nothing { 200 } else { 5000 });
    let builder = builder().socket_timeout(deadline).implicit_tls(tls);
    let mut client = builder.connect(address).await.unwrap();
    (client.clear_command_channel().await, client, server)
}

fn acceptor(authority: &Authority) -> TlsAcceptor {
    let identity = authority.server(&["127.0.0.1"]).unwrap();
    let certificate = CertificateDer::from_pem_slice(identity.certificate_pem().as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem().as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.unwrap().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn serve(tls: TlsStream<TcpStream>, after_ccc: AfterCcc) {
    let mut tls = BufReader::new(tls);
    tls.write_all(b"220 ready\r\n").await.unwrap();
    for expected in ["PBSZ 0\r\n", "PROT P\r\n", "CCC\r\n"] {
        let mut line = String::new();
        tls.read_line(&mut line).await.unwrap();
        assert_eq!(line, expected);
        tls.write_all(b"200 ok\r\n").await.unwrap();
    }
    tls.flush().await.unwrap();
    let mut tls = tls.into_inner();
    match after_ccc {
        AfterCcc::CloseNotify => continue_in_plain(tls, b"").await,
        AfterCcc::CloseNotifyAnd(words) => continue_in_plain(tls, words.as_bytes()).await,
        AfterCcc::Reply => {
            tls.write_all(b"200 again\r\n").await.unwrap();
            let _ = tls.read(&mut [0; 64]).await;
        }
        AfterCcc::Close => {}
        AfterCcc::Nothing => while matches!(tls.get_mut().0.read(&mut [0; 64]).await, Ok(1..)) {},
    }
}

/// Ends TLS on both sides, sends these bytes directly after `close_notify`, and answers one `PWD`.
async fn continue_in_plain(mut tls: TlsStream<TcpStream>, words: &[u8]) {
    let mut bytes = Vec::new();
    tls.get_mut().1.send_close_notify();
    tls.get_mut().1.write_tls(&mut bytes).unwrap();
    bytes.extend_from_slice(words);
    tls.get_mut().0.write_all(&bytes).await.unwrap();
    let (mut socket, mut connection) = tls.into_inner();
    let ended = read_record(&mut socket, &mut connection).await;
    assert!(ended, "the client sent no close_notify");
    let mut socket = BufReader::new(socket);
    let mut line = String::new();
    if socket.read_line(&mut line).await.unwrap() > 0 {
        assert_eq!(line, "PWD\r\n");
        socket.write_all(b"257 \"/in/step\"\r\n").await.unwrap();
    }
}

/// Reads exactly one TLS record; returns whether it was `close_notify`.
async fn read_record(socket: &mut TcpStream, connection: &mut rustls::ServerConnection) -> bool {
    let mut record = vec![0; 5];
    socket.read_exact(&mut record).await.unwrap();
    record.resize(5 + usize::from(u16::from_be_bytes([record[3], record[4]])), 0);
    socket.read_exact(&mut record[5..]).await.unwrap();
    connection.read_tls(&mut record.as_slice()).unwrap();
    connection.process_new_packets().unwrap().peer_has_closed()
}

#[tokio::test]
async fn commands_are_plain_after_close_notify_both_ways() {
    let (cleared, mut client, server) = cleared(AfterCcc::CloseNotify).await;

    cleared.unwrap();
    assert!(!client.is_encrypted());
    assert_in_sync(&mut client).await;
    server.await.unwrap();
}

#[tokio::test]
async fn text_injection_after_close_notify_is_no_reply() {
    for words in ["257 \"/of/an/attacker\"\r\n", "257 \"/of/"] {
        let (_cleared, mut client, server) = cleared(AfterCcc::CloseNotifyAnd(words)).await;

        let answer = client.current_dir().await;

        assert!(answer.is_err() || answer.is_ok_and(|path| path == "/in/step".into()));
        drop(client);
        server.await.unwrap();
    }
}

#[tokio::test]
async fn server_that_continues_tls_breaks_client() {
    let (cleared, client, _server) = cleared(AfterCcc::Reply).await;

    assert!(matches!(cleared, Err(Error::Control(_) | Error::Desynchronised { .. })), "{cleared:?}");
    assert!(client.is_broken());
}

#[tokio::test]
async fn close_without_close_notify_breaks_client() {
    let (cleared, client, _server) = cleared(AfterCcc::Close).await;

    assert!(matches!(cleared, Err(Error::Control(_))), "{cleared:?}");
    assert!(client.is_broken());
}

#[tokio::test]
async fn missing_close_notify_is_timeout() {
    let (cleared, client, _server) = cleared(AfterCcc::Nothing).await;

    assert!(matches!(cleared, Err(Error::Timeout { .. })), "{cleared:?}");
    assert!(client.is_broken());
}

#[tokio::test]
async fn no_password_is_sent_after_ccc() {
    let (_cleared, mut client, _server) = cleared(AfterCcc::CloseNotify).await;

    let login = client.login(Credentials::new("ann", "hunter2")).await;

    assert!(matches!(login, Err(Error::ControlNotEncrypted)), "{login:?}");
    assert_in_sync(&mut client).await;
}

#[tokio::test]
async fn ccc_on_plain_session_does_nothing() {
    let (server, mut client) = play(with_sync_check(Script::new())).await;

    client.clear_command_channel().await.unwrap();

    assert_in_sync(&mut client).await;
    server.done().await;
}

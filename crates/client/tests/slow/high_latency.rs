//! High latency: commands that are sent together save round trips.

use std::{fmt, fs, io, time::Duration};

use oxftp::{
    Connections, Credentials, Pool, TlsConfig,
    connect::{BoxSocket, Connector, Target, TcpConnector},
    local_fs::BoxFuture,
};
use oxftp_testing::{
    certificates::{Authority, Identity},
    scripted::Script,
    servers::TestServer,
    tls_terminator::{Alpn, TlsTerminator},
};
use tokio::sync::Mutex;

use crate::common::scripts;
use crate::common::scripts::{assert_in_sync, get, with_sync_check};
use crate::common::{breaking_connector::BreakingConnector, builder, embedded, pool_with};

/// Opens no data connection before this many sessions exist.
#[derive(Debug)]
struct DelayedDataConnector {
    inner: BreakingConnector,
    sessions: usize,
}

impl Connector for DelayedDataConnector {
    fn connect<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, io::Result<BoxSocket>> {
        Box::pin(async move {
            while matches!(target, Target::Data { .. }) && self.inner.sessions() < self.sessions {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            self.inner.connect(target).await
        })
    }
}

async fn listed_by_pool(sessions: usize, connections: Connections) -> usize {
    let server = embedded().await;
    fs::create_dir(server.root().join("tree")).unwrap();
    fs::write(server.root().join("tree/file"), "x").unwrap();
    let local = tempfile::tempdir().unwrap();
    let inner = BreakingConnector::default();
    let pool = slow_pool(&server, DelayedDataConnector { inner: inner.clone(), sessions });

    pool.download("tree").to(local.path()).connections(connections).await.unwrap();

    assert_eq!(fs::read_to_string(local.path().join("tree/file")).unwrap(), "x");
    inner.sessions()
}

fn slow_pool(server: &TestServer, connector: DelayedDataConnector) -> Pool {
    pool_with(builder(server).connector(connector), server).size(8)
}

#[tokio::test]
async fn prewarm_opens_sessions_during_listing() {
    assert_eq!(listed_by_pool(8, Connections::All).await, 8);
}

#[tokio::test]
async fn prewarm_with_auto_connections_opens_first_step_only() {
    assert_eq!(listed_by_pool(4, Connections::Auto).await, 4);
}

#[tokio::test]
async fn refused_prewarm_session_does_not_stop_transfer() {
    let local = tempfile::tempdir().unwrap();
    let tree = Script::new().login().expect("MLST d").reply(scripts::mlst_dir()).type_image();
    let tree = scripts::send_file(tree, "MLSD d", "type=file;size=1; a\r\n");
    let tree = scripts::send_file(tree, "RETR d/a", "a").expect("QUIT");
    let refused = Script::new().greeting("421 There are too many connections from your internet address.");
    let server = Script::start_each([tree, refused.close()]).await;
    let connector = DelayedDataConnector { inner: BreakingConnector::default(), sessions: 2 };
    let builder = scripts::builder().connector(connector).pipelining(oxftp::Pipelining::Off);
    let pool = Pool::new(builder, server.address(), Credentials::anonymous()).size(2);

    pool.download("d").to(local.path()).await.unwrap();
    pool.close().await;

    assert_eq!(fs::read_to_string(local.path().join("d/a")).unwrap(), "a");
    server.done().await;
}

/// Adds TLS to a scripted server, including its data connections.
struct Encrypting {
    identity: Identity,
    fronts: Mutex<Vec<TlsTerminator>>,
}

impl fmt::Debug for Encrypting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Encrypting")
    }
}

impl Connector for Encrypting {
    fn connect<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, io::Result<BoxSocket>> {
        Box::pin(async move {
            let (Target::Data { port, .. } | Target::Control { port, .. }) = target else {
                return Err(io::ErrorKind::Unsupported.into());
            };
            let front = TlsTerminator::start(([127, 0, 0, 1], port).into(), &self.identity, Alpn::Ftp).await;
            let port = front.address().port();
            self.fronts.lock().await.push(front);
            TcpConnector::new().connect(Target::Data { host: "127.0.0.1", address: None, port }).await
        })
    }
}

/// Downloads a file over TLS from a server with this greeting that plays `transfer` after `150`.
async fn fetched_over_tls(greeting: &str, transfer: impl FnOnce(Script) -> Script) -> Vec<u8> {
    let authority = Authority::new("tests").unwrap();
    let identity = authority.server(&["localhost", "127.0.0.1"]).unwrap();
    let connector = Encrypting { identity, fronts: Mutex::default() };
    let script = Script::new().greeting(greeting).expect("PBSZ 0").expect("PROT P");
    let script = script.reply("200 ok").reply("200 ok").type_image();
    let script = transfer(scripts::open_transfer(script, "RETR x")).reply("226 done");
    let server = with_sync_check(script).start().await;
    let tls = TlsConfig::new().root_certificates_pem(authority.pem()).unwrap();
    let builder = scripts::builder().implicit_tls(tls).connector(connector);
    let mut client = builder.connect(server.address()).await.unwrap();

    let content = get(&mut client, "x").await.unwrap();

    assert_in_sync(&mut client).await;
    server.done().await;
    content
}

#[tokio::test]
async fn vsftpd_gets_close_notify_before_it_sends() {
    let script = |script: Script| script.expect_end_of_sending().data("content");

    assert_eq!(fetched_over_tls("220 (vsFTPd 3.0.3)", script).await, b"content");
}

#[tokio::test]
async fn pbsz_and_prot_are_pipelined() {
    assert_eq!(fetched_over_tls("220 ready", |script| script.data("content")).await, b"content");
}

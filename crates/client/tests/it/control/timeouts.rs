//! Timeouts: which error a stalled server causes.

use std::{io, time::Duration};

use oxftp::{
    Client, ClientBuilder, Error, Timeouts,
    connect::{BoxSocket, Connector, Target, TcpConnector},
    local_fs::BoxFuture,
};
use oxftp_testing::scripted::Script;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::scripts::{assert_in_sync, get, mlst_file, open_transfer, play_with, with_sync_check};

const SHORT: Duration = Duration::from_millis(200);

/// Returns a builder with long timeouts, except for those that `set` makes [`SHORT`].
fn builder(set: impl FnOnce(&mut Timeouts)) -> ClientBuilder {
    let mut timeouts = Timeouts::all(Duration::from_secs(30));
    set(&mut timeouts);
    Client::builder().timeouts(timeouts)
}

/// Never opens a data connection; opens the control connection only if configured.
#[derive(Debug)]
struct StalledConnector {
    control: bool,
}

impl Connector for StalledConnector {
    fn connect<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, io::Result<BoxSocket>> {
        Box::pin(async move {
            match target {
                Target::Control { .. } if self.control => TcpConnector::new().connect(target).await,
                _ => std::future::pending().await,
            }
        })
    }
}

#[tokio::test]
async fn unresponsive_host_is_connect_timeout() {
    let builder =
        builder(|timeouts| timeouts.connect = Some(SHORT)).connector(StalledConnector { control: false });

    let error = builder.connect("192.0.2.1").await.unwrap_err();

    assert!(matches!(error, Error::Connect { .. }), "{error}");
    assert!(error.is_timeout(), "{error}");
}

#[tokio::test]
async fn missing_greeting_is_timeout() {
    let server = Script::new().no_greeting().stall().start().await;

    let error =
        builder(|timeouts| timeouts.command = Some(SHORT)).connect(server.address()).await.unwrap_err();

    assert!(matches!(error, Error::Timeout { deadline, .. } if deadline == SHORT), "{error}");
    server.done().await;
}

#[tokio::test]
async fn missing_reply_is_timeout_and_breaks_client() {
    let script = Script::new().expect("SITE A").stall();
    let (server, mut client) = play_with(builder(|timeouts| timeouts.command = Some(SHORT)), script).await;

    let first = client.command("SITE A").expect("2xx").await.unwrap_err();
    // The reply is outstanding, so the next command waits for it until the timeout.
    let second = client.current_dir().await.unwrap_err();

    assert!(matches!(first, Error::Timeout { .. }), "{first}");
    assert!(matches!(second, Error::Timeout { .. }), "{second}");
    assert!(client.is_broken());
    server.done().await;
}

#[tokio::test]
async fn partial_reply_is_timeout() {
    let script = Script::new().expect("SITE A").bytes("211-begun\r\n and ").stall();
    let (server, mut client) = play_with(builder(|timeouts| timeouts.command = Some(SHORT)), script).await;

    let error = client.command("SITE A").expect("2xx").await.unwrap_err();

    assert!(matches!(error, Error::Timeout { .. }), "{error}");
    server.done().await;
}

#[tokio::test]
async fn data_connect_timeout_keeps_client_usable() {
    let script = Script::new().type_image().passive().pasv();
    let builder =
        builder(|timeouts| timeouts.data_connect = Some(SHORT)).connector(StalledConnector { control: true });
    let (server, mut client) = play_with(builder, with_sync_check(script)).await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert!(matches!(error, Error::DataConnect(_)), "{error}");
    assert!(error.is_timeout(), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn active_mode_accept_timeout() {
    let script = Script::new().type_image().expect_start("EPRT ").reply("200 ok").expect("RETR a");
    let builder = builder(|timeouts| timeouts.data_connect = Some(SHORT)).active(oxftp::ActiveMode::new());
    let (server, mut client) =
        play_with(builder, with_sync_check(script.reply("150 here").reply("226 was there"))).await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert!(error.is_timeout(), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn stalled_download_is_timeout() {
    let script = open_transfer(Script::new().type_image(), "RETR a").send("abc").stall();
    let (server, mut client) = play_with(builder(|timeouts| timeouts.data_idle = Some(SHORT)), script).await;

    let mut stream = client.download_stream("a").await.unwrap();
    let error = stream.read_to_end(&mut Vec::new()).await.unwrap_err();

    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(stream.transferred(), 3);
    server.done().await;
}

#[tokio::test]
async fn stalled_upload_is_timeout() {
    let script = open_transfer(Script::new().type_image(), "STOR a").read(1).stall();
    let (server, mut client) = play_with(builder(|timeouts| timeouts.data_idle = Some(SHORT)), script).await;

    let mut stream = client.upload_stream("a").await.unwrap();
    // More than any socket buffer holds.
    let error = stream.write_all(&vec![0; 256 << 20]).await.unwrap_err();

    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    server.done().await;
}

/// Waiting for a late reply of the server is limited by the timeouts, too.
#[tokio::test]
async fn stalled_download_ends_within_configured_timeouts() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(6)).type_image();
    let script = open_transfer(script, "RETR a").send("abc").stall();
    let (server, mut client) = play_with(Client::builder().socket_timeout(SHORT), script).await;

    let download = client.download("a").to(local.path()).into_future();
    let outcome = tokio::time::timeout(Duration::from_secs(5), download).await;

    let error = outcome.expect("both timeouts of 200 ms have expired").unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(std::fs::read(local.path().join("a.oxftp.part")).unwrap(), b"abc");
    server.done().await;
}

#[tokio::test]
async fn stalled_listing_ends_within_configured_timeouts() {
    let script = open_transfer(Script::new().type_image(), "MLSD").send("type=file; a\r\ntype").stall();
    let (server, mut client) = play_with(Client::builder().socket_timeout(SHORT), script).await;

    let mut entries = client.list("").stream();
    entries.next().await.unwrap().unwrap();
    let outcome = tokio::time::timeout(Duration::from_secs(5), entries.next()).await;

    let error = outcome.expect("both timeouts of 200 ms have expired").unwrap().unwrap_err();
    assert!(error.is_timeout(), "{error}");
    server.done().await;
}

#[tokio::test]
async fn missing_final_reply_is_timeout() {
    let script = open_transfer(Script::new().type_image(), "RETR a").data("abc").stall();
    let (server, mut client) = play_with(builder(|timeouts| timeouts.completion = Some(SHORT)), script).await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert!(matches!(error, Error::Timeout { .. }), "{error}");
    server.done().await;
}

#[tokio::test]
async fn missing_abort_reply_timeout_breaks_client() {
    let script = open_transfer(Script::new().type_image(), "RETR a").send("abc").expect("ABOR").stall();
    let (server, mut client) = play_with(builder(|timeouts| timeouts.command = Some(SHORT)), script).await;

    let stream = client.download_stream("a").await.unwrap();
    let error = stream.abort().await.unwrap_err();

    assert!(matches!(error, Error::Timeout { .. }), "{error}");
    assert!(client.is_broken());
    server.done().await;
}

#[tokio::test]
async fn total_timeout_limits_whole_operation() {
    let local = tempfile::tempdir().unwrap();
    let (server, mut client) =
        play_with(builder(|timeouts| timeouts.total = Some(SHORT)), Script::new().expect("MLST a").stall())
            .await;

    let error = client.download("a").to(local.path()).await.unwrap_err();

    assert!(matches!(error, Error::Timeout { deadline, .. } if deadline == SHORT), "{error}");
    server.done().await;
}

#[tokio::test]
async fn quit_respects_command_timeout() {
    let (server, client) =
        play_with(builder(|timeouts| timeouts.command = Some(SHORT)), Script::new().expect("QUIT").stall())
            .await;

    let error = client.quit().await.unwrap_err();

    assert!(error.is_timeout(), "{error}");
    server.done().await;
}

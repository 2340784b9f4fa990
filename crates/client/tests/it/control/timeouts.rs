//! Deadlines: a server that falls silent is an error, and which.

use std::{io, time::Duration};

use oxftp::{
    Client, ClientBuilder, Error, Timeouts,
    connect::{BoxSocket, Connector, Target, TcpConnector},
    path_io::BoxFuture,
};
use oxftp_testing::scripted::Script;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::scripts::{check_in_step, get, in_step, mlst_file, opening, play_to};

const SHORT: Duration = Duration::from_millis(200);

/// Long deadlines, but for what `set` makes [`SHORT`].
fn builder(set: impl FnOnce(&mut Timeouts)) -> ClientBuilder {
    let mut timeouts = Timeouts::all(Duration::from_secs(30));
    set(&mut timeouts);
    Client::builder().timeouts(timeouts)
}

/// Opens the control connection, if at all, and never a data connection.
#[derive(Debug)]
struct Stalling {
    control: bool,
}

impl Connector for Stalling {
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
    let builder = builder(|timeouts| timeouts.connect = Some(SHORT)).connector(Stalling { control: false });

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
    let (server, mut client) = play_to(builder(|timeouts| timeouts.command = Some(SHORT)), script).await;

    let first = client.command("SITE A").expect("2xx").await.unwrap_err();
    // The answer is still owed, so the next command waits for it, in vain.
    let second = client.current_directory().await.unwrap_err();

    assert!(matches!(first, Error::Timeout { .. }), "{first}");
    assert!(matches!(second, Error::Timeout { .. }), "{second}");
    assert!(client.is_broken());
    server.done().await;
}

#[tokio::test]
async fn partial_reply_is_timeout() {
    let script = Script::new().expect("SITE A").bytes("211-begun\r\n and ").stall();
    let (server, mut client) = play_to(builder(|timeouts| timeouts.command = Some(SHORT)), script).await;

    let error = client.command("SITE A").expect("2xx").await.unwrap_err();

    assert!(matches!(error, Error::Timeout { .. }), "{error}");
    server.done().await;
}

#[tokio::test]
async fn data_connect_timeout_keeps_client_usable() {
    let script = Script::new().type_image().passive().pasv();
    let builder =
        builder(|timeouts| timeouts.data_connect = Some(SHORT)).connector(Stalling { control: true });
    let (server, mut client) = play_to(builder, in_step(script)).await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert!(matches!(error, Error::DataConnect(_)), "{error}");
    assert!(error.is_timeout(), "{error}");
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn active_mode_accept_timeout() {
    let script = Script::new().type_image().expect_start("EPRT ").reply("200 ok").expect("RETR a");
    let builder = builder(|timeouts| timeouts.data_connect = Some(SHORT)).active(oxftp::ActiveMode::new());
    let (server, mut client) =
        play_to(builder, in_step(script.reply("150 here").reply("226 was there"))).await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert!(error.is_timeout(), "{error}");
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn stalled_download_is_timeout() {
    let script = opening(Script::new().type_image(), "RETR a").send("abc").stall();
    let (server, mut client) = play_to(builder(|timeouts| timeouts.data_idle = Some(SHORT)), script).await;

    let mut stream = client.download_stream("a").await.unwrap();
    let error = stream.read_to_end(&mut Vec::new()).await.unwrap_err();

    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(stream.transferred(), 3);
    server.done().await;
}

#[tokio::test]
async fn stalled_upload_is_timeout() {
    let script = opening(Script::new().type_image(), "STOR a").read(1).stall();
    let (server, mut client) = play_to(builder(|timeouts| timeouts.data_idle = Some(SHORT)), script).await;

    let mut stream = client.upload_stream("a").await.unwrap();
    // More than any socket buffers.
    let error = stream.write_all(&vec![0; 256 << 20]).await.unwrap_err();

    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    server.done().await;
}

/// What the server may still have to say gets no more time than the user grants.
#[tokio::test]
async fn stalled_download_ends_within_configured_timeouts() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(6)).type_image();
    let script = opening(script, "RETR a").send("abc").stall();
    let (server, mut client) = play_to(Client::builder().socket_timeout(SHORT), script).await;

    let download = client.download("a").to(local.path()).into_future();
    let outcome = tokio::time::timeout(Duration::from_secs(5), download).await;

    let error = outcome.expect("two deadlines of 200 ms are long over").unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(std::fs::read(local.path().join("a.oxftp.part")).unwrap(), b"abc");
    server.done().await;
}

#[tokio::test]
async fn stalled_listing_ends_within_configured_timeouts() {
    let script = opening(Script::new().type_image(), "MLSD").send("type=file; a\r\ntype").stall();
    let (server, mut client) = play_to(Client::builder().socket_timeout(SHORT), script).await;

    let mut entries = client.list("").stream();
    entries.next().await.unwrap().unwrap();
    let outcome = tokio::time::timeout(Duration::from_secs(5), entries.next()).await;

    let error = outcome.expect("two deadlines of 200 ms are long over").unwrap().unwrap_err();
    assert!(error.is_timeout(), "{error}");
    server.done().await;
}

#[tokio::test]
async fn missing_final_reply_is_timeout() {
    let script = opening(Script::new().type_image(), "RETR a").data("abc").stall();
    let (server, mut client) = play_to(builder(|timeouts| timeouts.completion = Some(SHORT)), script).await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert!(matches!(error, Error::Timeout { .. }), "{error}");
    server.done().await;
}

#[tokio::test]
async fn missing_abort_reply_timeout_breaks_client() {
    let script = opening(Script::new().type_image(), "RETR a").send("abc").expect("ABOR").stall();
    let (server, mut client) = play_to(builder(|timeouts| timeouts.command = Some(SHORT)), script).await;

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
        play_to(builder(|timeouts| timeouts.total = Some(SHORT)), Script::new().expect("MLST a").stall())
            .await;

    let error = client.download("a").to(local.path()).await.unwrap_err();

    assert!(matches!(error, Error::Timeout { deadline, .. } if deadline == SHORT), "{error}");
    server.done().await;
}

#[tokio::test]
async fn quit_respects_command_timeout() {
    let (server, client) =
        play_to(builder(|timeouts| timeouts.command = Some(SHORT)), Script::new().expect("QUIT").stall())
            .await;

    let error = client.quit().await.unwrap_err();

    assert!(error.is_timeout(), "{error}");
    server.done().await;
}

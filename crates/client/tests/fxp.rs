//! Transfers between two servers.
//!
//! The clients come from 127.0.0.2, the servers are at 127.0.0.1: to each server the other one is a
//! stranger, as it is on a network.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod scripts;

use std::{
    fs,
    pin::pin,
    task::{Context, Poll},
    time::Duration,
};

use common::{content, login_by};
use oxftp::{Client, Error, Timeouts, connect::TcpConnector, fxp};
use oxftp_testing::{
    scripted::{Script, ScriptedServer},
    servers::{Protection, ServerKind, ServerOptions, TestServer, available},
};
use scripts::{check_in_step, in_step, play};

async fn server(kind: ServerKind, protection: Protection, foreign_addresses: bool) -> Option<TestServer> {
    let mut options = ServerOptions::new(protection);
    options.foreign_addresses = foreign_addresses;
    // The session of the control connection is this client's, and the other server has none.
    options.require_session_reuse = false;
    available(kind.start_with(options).await)
}

async fn login(server: &TestServer) -> Client {
    let from_elsewhere = TcpConnector::new().bind("127.0.0.2".parse().unwrap());
    let builder = common::builder(server).connector(from_elsewhere);
    let mut timeouts = Timeouts::all(Duration::from_secs(20));
    timeouts.total = Some(Duration::from_secs(30));
    login_by(builder.timeouts(timeouts), server).await
}

fn lay(server: &TestServer, name: &str, bytes: &[u8]) {
    fs::write(server.root().join(name), bytes).unwrap();
    server.hand_over().unwrap();
}

/// Fails unless commands, replies and data belong together.
async fn check_working(client: &mut Client) {
    client.command("NOOP").expect("200").await.unwrap();
    client.list("").await.unwrap();
}

/// Copies from each to each, and looks at what arrived.
async fn goes_both_ways(one: &TestServer, other: &TestServer) {
    let bytes = content(700_000);
    for (from, to) in [(one, other), (other, one)] {
        let (mut source, mut target) = (login(from).await, login(to).await);
        for (name, bytes) in [("a file", &bytes[..]), ("empty", b"")] {
            lay(from, name, bytes);
            let summary = fxp(&mut source, name, &mut target, "copy").await;
            let summary = summary.unwrap_or_else(|error| {
                panic!("{error:?}\n{}\n{}", from.log(), to.log());
            });
            assert_eq!(summary.transferred, bytes.len() as u64);
            assert!(fs::read(to.root().join("copy")).unwrap() == bytes, "{} to {}", from.name(), to.name());
            assert!(!to.root().join("copy.oxftp.part").exists());
        }
        check_working(&mut source).await;
        check_working(&mut target).await;
        target.remove_file("copy").await.unwrap();
    }
}

async fn between(one: ServerKind, other: ServerKind) {
    let servers = (server(one, Protection::Plain, true).await, server(other, Protection::Plain, true).await);
    if let (Some(one), Some(other)) = servers {
        goes_both_ways(&one, &other).await;
    }
}

#[tokio::test]
async fn files_go_between_vsftpd_and_proftpd() {
    between(ServerKind::Vsftpd, ServerKind::ProFtpd).await;
}

#[tokio::test]
async fn files_go_between_vsftpd_and_pure_ftpd() {
    between(ServerKind::Vsftpd, ServerKind::PureFtpd).await;
}

#[tokio::test]
async fn files_go_between_vsftpd_and_pyftpdlib() {
    between(ServerKind::Vsftpd, ServerKind::Pyftpdlib).await;
}

#[tokio::test]
async fn files_go_between_proftpd_and_pure_ftpd() {
    between(ServerKind::ProFtpd, ServerKind::PureFtpd).await;
}

#[tokio::test]
async fn files_go_between_proftpd_and_pyftpdlib() {
    between(ServerKind::ProFtpd, ServerKind::Pyftpdlib).await;
}

#[tokio::test]
async fn files_go_between_pure_ftpd_and_pyftpdlib() {
    between(ServerKind::PureFtpd, ServerKind::Pyftpdlib).await;
}

#[tokio::test]
async fn files_go_encrypted_where_a_server_begins_the_handshake() {
    for protection in [Protection::Explicit, Protection::Implicit] {
        let servers = (
            server(ServerKind::ProFtpd, protection, true).await,
            server(ServerKind::ProFtpd, protection, true).await,
        );
        if let (Some(one), Some(other)) = servers {
            goes_both_ways(&one, &other).await;
            assert!(one.log().contains("SSCN ON") || other.log().contains("SSCN ON"));
        }
    }
}

#[tokio::test]
async fn servers_that_forbid_it_are_an_error_and_both_clients_work_on() {
    for kind in [ServerKind::Vsftpd, ServerKind::ProFtpd] {
        let servers =
            (server(kind, Protection::Plain, false).await, server(kind, Protection::Plain, false).await);
        let (Some(one), Some(other)) = servers else { continue };
        let (mut source, mut target) = (login(&one).await, login(&other).await);
        lay(&one, "file", &content(100_000));

        let error = fxp(&mut source, "file", &mut target, "copy").await.unwrap_err();

        assert!(matches!(error, Error::StatusCode(_)), "{error}");
        check_working(&mut source).await;
        check_working(&mut target).await;
    }
}

#[tokio::test]
async fn a_source_that_is_not_there_leaves_the_target_as_it_was() {
    let servers = (
        server(ServerKind::Vsftpd, Protection::Plain, true).await,
        server(ServerKind::ProFtpd, Protection::Plain, true).await,
    );
    let (Some(one), Some(other)) = servers else { return };
    for (from, to) in [(&one, &other), (&other, &one)] {
        let (mut source, mut target) = (login(from).await, login(to).await);
        lay(to, "kept", b"kept");

        let error = fxp(&mut source, "missing", &mut target, "kept").await.unwrap_err();

        assert_eq!(error.code().map(|code| code.get()), Some(550), "{error}");
        assert_eq!(fs::read(to.root().join("kept")).unwrap(), b"kept");
        check_working(&mut source).await;
        check_working(&mut target).await;
    }
}

#[tokio::test]
async fn a_target_that_is_refused_stops_the_source() {
    for (from, to) in [(ServerKind::Vsftpd, ServerKind::ProFtpd), (ServerKind::ProFtpd, ServerKind::Vsftpd)] {
        let servers =
            (server(from, Protection::Plain, true).await, server(to, Protection::Plain, true).await);
        let (Some(from), Some(to)) = servers else { continue };
        let (mut source, mut target) = (login(&from).await, login(&to).await);
        // More than all the buffers on the way hold.
        lay(&from, "file", &content(20_000_000));

        let error = fxp(&mut source, "file", &mut target, "no/such/directory").await.unwrap_err();

        assert!(matches!(error.code().map(|code| code.get()), Some(550 | 553)), "{error}");
        check_working(&mut source).await;
        check_working(&mut target).await;
    }
}

#[tokio::test]
async fn data_that_cannot_be_protected_do_not_go() {
    let plain = server(ServerKind::Pyftpdlib, Protection::Plain, true).await;
    let encrypted = server(ServerKind::Pyftpdlib, Protection::Explicit, true).await;
    let (Some(plain), Some(encrypted)) = (plain, encrypted) else { return };
    for (from, to) in [(&plain, &encrypted), (&encrypted, &plain), (&encrypted, &encrypted)] {
        let (mut source, mut target) = (login(from).await, login(to).await);
        lay(from, "file", b"secret");

        let error = fxp(&mut source, "file", &mut target, "copy").await.unwrap_err();

        assert!(matches!(error, Error::NotOffered { .. }), "{error}");
        assert!(!to.root().join("copy").exists());
        check_working(&mut source).await;
        check_working(&mut target).await;
    }
}

#[tokio::test]
async fn a_dropped_transfer_leaves_clients_that_work_or_are_broken() {
    let servers = (
        server(ServerKind::ProFtpd, Protection::Plain, true).await,
        server(ServerKind::ProFtpd, Protection::Plain, true).await,
    );
    let (Some(one), Some(other)) = servers else { return };
    lay(&one, "file", &content(200_000));
    let (mut source, mut target) = (login(&one).await, login(&other).await);
    for polls in 1..1000 {
        let completed = {
            let mut transfer = pin!(fxp(&mut source, "file", &mut target, "copy"));
            let mut left = polls;
            std::future::poll_fn(|context: &mut Context<'_>| {
                left -= 1;
                match transfer.as_mut().poll(context) {
                    Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
                    Poll::Pending if left == 0 => Poll::Ready(None),
                    Poll::Pending => Poll::Pending,
                }
            })
            .await
        };
        for (client, server) in [(&mut source, &one), (&mut target, &other)] {
            let worked = client.command("NOOP").expect("").await;
            match worked {
                Ok(reply) => assert_eq!(reply.code().get(), 200, "after {polls} polls: {reply}"),
                Err(error) if client.is_broken() => drop(error),
                Err(error) => panic!("after {polls} polls: {error}"),
            }
            if client.is_broken() {
                *client = login(server).await;
            }
            check_working(client).await;
        }
        if let Some(outcome) = completed {
            outcome.unwrap();
            return;
        }
    }
    panic!("the transfer never completed");
}

fn asked_for_size(script: Script) -> Script {
    script.type_image().expect("SIZE a").reply("213 4")
}

/// What is left of a copy that failed is removed.
fn removing(script: Script) -> Script {
    script.expect("DELE b.oxftp.part").reply("250 gone")
}

async fn two(from: Script, to: Script) -> [(ScriptedServer, Client); 2] {
    [play(in_step(from)).await, play(in_step(to)).await]
}

#[tokio::test]
async fn the_source_listens_where_the_target_refuses_to() {
    let from = asked_for_size(Script::new()).passive().expect("RETR a").reply("150 here").data("data");
    let to = Script::new().type_image().expect("EPSV").reply("502 no").expect("PASV").reply("502 no");
    let to = to.connect_back_by_port().expect("STOR b.oxftp.part").reply("150 here").expect_data("data");
    let to = to.reply("226 done").expect("SIZE b.oxftp.part").reply("213 4");
    let to = to.expect("RNFR b.oxftp.part").reply("350 go").expect("RNTO b").reply("250 done");
    let [(one, mut source), (other, mut target)] = two(from.reply("226 done"), to).await;

    let summary = fxp(&mut source, "a", &mut target, "b").await.unwrap();

    assert_eq!(summary.transferred, 4);
    check_in_step(&mut source).await;
    check_in_step(&mut target).await;
    one.done().await;
    other.done().await;
}

#[tokio::test]
async fn a_failure_at_the_source_stops_the_target_and_is_what_is_told() {
    let from = asked_for_size(Script::new()).connect_back_by_port().expect("RETR a").reply("150 here");
    let from = from.send("da").reset_data().reply("451 disk error");
    let to =
        Script::new().type_image().passive().expect("STOR b.oxftp.part").reply("150 here").expect("ABOR");
    let to = to.reply("426 broken off").reply("226 aborted").expect("NOOP").reply("200 ok");
    let [(one, mut source), (other, mut target)] = two(from, removing(to)).await;

    let error = fxp(&mut source, "a", &mut target, "b").await.unwrap_err();

    assert!(error.to_string().contains("disk error"), "{error}");
    check_in_step(&mut source).await;
    check_in_step(&mut target).await;
    one.done().await;
    other.done().await;
}

#[tokio::test]
async fn a_source_that_tells_a_size_and_refuses_to_send_costs_the_target_nothing() {
    let from = asked_for_size(Script::new()).connect_back_by_port().expect("RETR a").reply("550 locked");
    let to = Script::new().type_image().passive().expect("STOR b.oxftp.part").reply("150 here");
    let to = to.expect("ABOR").reply("426 broken off").reply("226 aborted").expect("NOOP").reply("200 ok");
    let [(one, mut source), (other, mut target)] = two(from, removing(to)).await;

    let error = fxp(&mut source, "a", &mut target, "b").await.unwrap_err();

    assert!(error.to_string().contains("locked"), "{error}");
    check_in_step(&mut source).await;
    check_in_step(&mut target).await;
    one.done().await;
    other.done().await;
}

#[tokio::test]
async fn a_failure_at_the_target_stops_the_source_and_is_what_is_told() {
    let from = asked_for_size(Script::new()).connect_back_by_port().expect("RETR a").reply("150 here");
    let from = from.send("da").expect("ABOR").reply("426 broken off").reply("226 aborted");
    let from = from.expect("NOOP").reply("200 ok");
    let to = Script::new().type_image().passive().expect("STOR b.oxftp.part").reply("150 here").read(2);
    let to = to.reply("452 disk full").passive();
    let [(one, mut source), (other, mut target)] = two(from, removing(to)).await;

    let error = fxp(&mut source, "a", &mut target, "b").await.unwrap_err();

    assert!(error.to_string().contains("disk full"), "{error}");
    check_in_step(&mut source).await;
    check_in_step(&mut target).await;
    one.done().await;
    other.done().await;
}

#[tokio::test]
async fn a_target_that_ends_up_shorter_than_the_source_is_an_error() {
    let from = asked_for_size(Script::new()).connect_back_by_port().expect("RETR a").reply("150 here");
    let from = from.data("dat").reply("226 done");
    let to =
        Script::new().type_image().passive().expect("STOR b.oxftp.part").reply("150 here").expect_data("dat");
    let to = to.reply("226 done").expect("SIZE b.oxftp.part").reply("213 3");
    let [(one, mut source), (other, mut target)] = two(from, removing(to)).await;

    let error = fxp(&mut source, "a", &mut target, "b").await.unwrap_err();

    assert!(matches!(error, Error::SizeMismatch { expected: 4, transferred: 3 }), "{error}");
    check_in_step(&mut source).await;
    check_in_step(&mut target).await;
    one.done().await;
    other.done().await;
}

#[tokio::test]
async fn the_address_that_a_reply_names_is_not_the_one_that_is_told() {
    let to = Script::new().type_image().expect("EPSV").reply("500 what?");
    let to = to.expect("PASV").reply("227 Entering Passive Mode (192,0,2,7,4,51)");
    let from = asked_for_size(Script::new()).expect("PORT 127,0,0,1,4,51").reply("421 bye").close();
    let (one, mut source) = play(from).await;
    let (other, mut target) = play(in_step(removing(to))).await;

    let error = fxp(&mut source, "a", &mut target, "b").await.unwrap_err();

    assert!(error.is_connection_lost() && source.is_broken(), "{error}");
    check_in_step(&mut target).await;
    one.done().await;
    other.done().await;
}

//! Transfers between two servers (FXP).
//!
//! The clients connect from 127.0.0.2, and the servers are at 127.0.0.1. To each server the other one is a foreign
//! host, as on a real network.

use std::{
    fs,
    pin::pin,
    task::{Context, Poll},
    time::Duration,
};

use oxftp::{Client, Error, Timeouts, connect::TcpConnector, fxp};
use oxftp_testing::servers::{Protection, ServerKind, ServerOptions, TestServer, available};

use crate::common;
use crate::common::{content, login_with};

async fn server(kind: ServerKind, protection: Protection, foreign_addresses: bool) -> Option<TestServer> {
    let mut options = ServerOptions::new(protection);
    options.foreign_addresses = foreign_addresses;
    // The TLS session of the control connection belongs to the client; the other server cannot resume it.
    options.require_session_reuse = false;
    available(kind.start_with(options).await)
}

async fn login(server: &TestServer) -> Client {
    let from_elsewhere = TcpConnector::new().bind("127.0.0.2".parse().unwrap());
    let builder = common::builder(server).connector(from_elsewhere);
    let mut timeouts = Timeouts::all(Duration::from_secs(20));
    timeouts.total = Some(Duration::from_secs(30));
    login_with(builder.timeouts(timeouts), server).await
}

fn create_file(server: &TestServer, name: &str, bytes: &[u8]) {
    fs::write(server.root().join(name), bytes).unwrap();
    server.hand_over().unwrap();
}

/// Fails unless commands, replies and data are in sync.
async fn assert_in_sync(client: &mut Client) {
    client.command("NOOP").expect("200").await.unwrap();
    client.list("").await.unwrap();
}

/// Copies files in both directions, and checks them.
async fn copy_both_ways(one: &TestServer, other: &TestServer) {
    let bytes = content(700_000);
    for (from, to) in [(one, other), (other, one)] {
        let (mut source, mut target) = (login(from).await, login(to).await);
        for (name, bytes) in [("a file", &bytes[..]), ("empty", b"")] {
            create_file(from, name, bytes);
            let summary = fxp(&mut source, name, &mut target, "copy").await;
            let summary = summary.unwrap_or_else(|error| {
                panic!("{error:?}\n{}\n{}", from.log(), to.log());
            });
            assert_eq!(summary.transferred, bytes.len() as u64);
            assert!(fs::read(to.root().join("copy")).unwrap() == bytes, "{} to {}", from.name(), to.name());
            assert!(!to.root().join("copy.oxftp.part").exists());
        }
        assert_in_sync(&mut source).await;
        assert_in_sync(&mut target).await;
        target.remove_file("copy").await.unwrap();
    }
}

async fn copy_between(one: ServerKind, other: ServerKind) {
    let servers = (server(one, Protection::Plain, true).await, server(other, Protection::Plain, true).await);
    if let (Some(one), Some(other)) = servers {
        copy_both_ways(&one, &other).await;
    }
}

#[tokio::test]
async fn fxp_between_vsftpd_and_proftpd() {
    copy_between(ServerKind::Vsftpd, ServerKind::ProFtpd).await;
}

#[tokio::test]
async fn fxp_between_vsftpd_and_pure_ftpd() {
    copy_between(ServerKind::Vsftpd, ServerKind::PureFtpd).await;
}

#[tokio::test]
async fn fxp_between_vsftpd_and_pyftpdlib() {
    copy_between(ServerKind::Vsftpd, ServerKind::Pyftpdlib).await;
}

#[tokio::test]
async fn fxp_between_proftpd_and_pure_ftpd() {
    copy_between(ServerKind::ProFtpd, ServerKind::PureFtpd).await;
}

#[tokio::test]
async fn fxp_between_proftpd_and_pyftpdlib() {
    copy_between(ServerKind::ProFtpd, ServerKind::Pyftpdlib).await;
}

#[tokio::test]
async fn fxp_between_pure_ftpd_and_pyftpdlib() {
    copy_between(ServerKind::PureFtpd, ServerKind::Pyftpdlib).await;
}

#[tokio::test]
async fn fxp_is_encrypted_with_sscn() {
    for protection in [Protection::Explicit, Protection::Implicit] {
        let servers = (
            server(ServerKind::ProFtpd, protection, true).await,
            server(ServerKind::ProFtpd, protection, true).await,
        );
        if let (Some(one), Some(other)) = servers {
            copy_both_ways(&one, &other).await;
            assert!(one.log().contains("SSCN ON") || other.log().contains("SSCN ON"));
        }
    }
}

#[tokio::test]
async fn forbidden_fxp_is_error_and_keeps_clients_usable() {
    for kind in [ServerKind::Vsftpd, ServerKind::ProFtpd] {
        let servers =
            (server(kind, Protection::Plain, false).await, server(kind, Protection::Plain, false).await);
        let (Some(one), Some(other)) = servers else { continue };
        let (mut source, mut target) = (login(&one).await, login(&other).await);
        create_file(&one, "file", &content(100_000));

        let error = fxp(&mut source, "file", &mut target, "copy").await.unwrap_err();

        assert!(matches!(error, Error::StatusCode(_)), "{error}");
        assert_in_sync(&mut source).await;
        assert_in_sync(&mut target).await;
    }
}

#[tokio::test]
async fn missing_fxp_source_keeps_target_unchanged() {
    let servers = (
        server(ServerKind::Vsftpd, Protection::Plain, true).await,
        server(ServerKind::ProFtpd, Protection::Plain, true).await,
    );
    let (Some(one), Some(other)) = servers else { return };
    for (from, to) in [(&one, &other), (&other, &one)] {
        let (mut source, mut target) = (login(from).await, login(to).await);
        create_file(to, "kept", b"kept");

        let error = fxp(&mut source, "missing", &mut target, "kept").await.unwrap_err();

        assert_eq!(error.code().map(|code| code.get()), Some(550), "{error}");
        assert_eq!(fs::read(to.root().join("kept")).unwrap(), b"kept");
        assert_in_sync(&mut source).await;
        assert_in_sync(&mut target).await;
    }
}

#[tokio::test]
async fn refused_fxp_target_aborts_source() {
    for (from, to) in [(ServerKind::Vsftpd, ServerKind::ProFtpd), (ServerKind::ProFtpd, ServerKind::Vsftpd)] {
        let servers =
            (server(from, Protection::Plain, true).await, server(to, Protection::Plain, true).await);
        let (Some(from), Some(to)) = servers else { continue };
        let (mut source, mut target) = (login(&from).await, login(&to).await);
        // More than all buffers on the way hold.
        create_file(&from, "file", &content(20_000_000));

        let error = fxp(&mut source, "file", &mut target, "no/such/directory").await.unwrap_err();

        assert!(matches!(error.code().map(|code| code.get()), Some(550 | 553)), "{error}");
        assert_in_sync(&mut source).await;
        assert_in_sync(&mut target).await;
    }
}

#[tokio::test]
async fn fxp_without_encryption_is_refused_with_tls() {
    let plain = server(ServerKind::Pyftpdlib, Protection::Plain, true).await;
    let encrypted = server(ServerKind::Pyftpdlib, Protection::Explicit, true).await;
    let (Some(plain), Some(encrypted)) = (plain, encrypted) else { return };
    for (from, to) in [(&plain, &encrypted), (&encrypted, &plain), (&encrypted, &encrypted)] {
        let (mut source, mut target) = (login(from).await, login(to).await);
        create_file(from, "file", b"secret");

        let error = fxp(&mut source, "file", &mut target, "copy").await.unwrap_err();

        assert!(matches!(error, Error::Unsupported { .. }), "{error}");
        assert!(!to.root().join("copy").exists());
        assert_in_sync(&mut source).await;
        assert_in_sync(&mut target).await;
    }
}

#[tokio::test]
async fn cancelled_fxp_keeps_clients_usable_or_broken() {
    let servers = (
        server(ServerKind::ProFtpd, Protection::Plain, true).await,
        server(ServerKind::ProFtpd, Protection::Plain, true).await,
    );
    let (Some(one), Some(other)) = servers else { return };
    create_file(&one, "file", &content(200_000));
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
            let worked = client.command("NOOP").expect("xxx").await;
            match worked {
                Ok(reply) => assert_eq!(reply.code().get(), 200, "after {polls} polls: {reply}"),
                Err(error) if client.is_broken() => drop(error),
                Err(error) => panic!("after {polls} polls: {error}"),
            }
            if client.is_broken() {
                *client = login(server).await;
            }
            assert_in_sync(client).await;
        }
        if let Some(outcome) = completed {
            outcome.unwrap();
            return;
        }
    }
    panic!("the transfer never completed");
}

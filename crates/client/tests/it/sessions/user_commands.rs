//! Commands of the user: after each login, and around each file.

use std::sync::Arc;

use oxftp::{ClientBuilder, Error};
use oxftp_testing::{
    fragile::{Fault, Fragile},
    memory::{MemoryServer, ServerBehaviour},
};

use super::*;

fn with_files(files: usize) -> Fragile {
    (0..files).fold(Fragile::new(), |server, number| server.file(&format!("/d/{number}"), "data"))
}

#[tokio::test]
async fn on_login_is_sent_on_every_session() {
    let server = with_files(1).on_nth("PWD", 1, Fault::HangUp).start();
    let builder = builder().on_login("SITE UMASK 022").on_login("-SITE NAMEFMT 1");
    let pool = Pool::new(builder.clone(), server.address(), Credentials::anonymous());
    let sessions = (pool.client().await.unwrap(), pool.client().await.unwrap());
    let mut alone = builder.reconnects(1).connect(server.address()).await.unwrap();
    alone.login(Credentials::anonymous()).await.unwrap();

    alone.current_dir().await.unwrap();

    assert_eq!((server.count("SITE UMASK"), server.count("SITE NAMEFMT")), (4, 4));
    drop(sessions);
}

#[tokio::test]
async fn refused_on_login_command_hides_its_secret() {
    for (command, shown) in [("SITE NAMEFMT 1", "SITE NAMEFMT 1"), ("SITE PSWD old hidden", "SITE PSWD ***")]
    {
        let server = with_files(0).start();
        let mut client = builder().on_login(command).connect(server.address()).await.unwrap();

        let error = client.login(Credentials::anonymous()).await.unwrap_err();

        assert!(matches!(&error, Error::CommandRefused { command, .. } if command == shown), "{error:?}");
        assert_eq!(error.code().map(|code| code.get()), Some(500));
        assert!(!error.is_transient());
    }
}

#[tokio::test]
async fn command_injection_by_line_break_is_never_sent() {
    let server = with_files(0).start();
    let mut client = builder().on_login("NOOP\r\nDELE x").connect(server.address()).await.unwrap();

    let error = client.login(Credentials::anonymous()).await.unwrap_err();

    assert!(matches!(error, Error::InvalidCommand(_)), "{error:?}");
    assert_eq!((server.count("NOOP"), server.count("DELE")), (0, 0));
}

#[tokio::test]
async fn commands_surround_each_file() {
    let server = with_files(3).start();
    let builder = builder().before_transfer("SITE UMASK 022").after_transfer("-SITE DONE");
    let pool = Pool::new(builder, server.address(), Credentials::anonymous()).size(1);
    let local = tempfile::tempdir().unwrap();

    pool.download("/d").to(local.path()).write_into(true).await.unwrap();
    pool.upload(local.path()).to("/up").write_into(true).await.unwrap();

    let order: Vec<_> = server
        .commands()
        .into_iter()
        .map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "))
        .filter(|line| line.starts_with("SITE") || line.starts_with("RETR") || line.starts_with("STOR"))
        .map(|line| line.get(..6).unwrap_or_default().to_owned())
        .collect();
    assert_eq!(order.len(), 18, "{order:?}");
    for file in order.chunks(3) {
        assert_eq!((&*file[0], &*file[2]), ("SITE U", "SITE D"), "{order:?}");
    }
}

#[tokio::test]
async fn type_of_user_moves_files_only() {
    for (command, is_on_login) in [("TYPE E", false), ("TYPE L 8", true)] {
        let server = with_files(2).start();
        let builder = match is_on_login {
            true => builder().on_login(command),
            false => builder().before_transfer(command),
        };
        let pool = Pool::new(builder, server.address(), Credentials::anonymous()).size(1);
        let local = tempfile::tempdir().unwrap();

        pool.download("/d").to(local.path()).write_into(true).await.unwrap();
        pool.upload(local.path()).to("/up").write_into(true).await.unwrap();
        pool.list("/up").await.unwrap();

        let mut current = String::new();
        let mut moved = 0;
        for line in server.commands() {
            let verb = line.split(' ').next().unwrap();
            match verb {
                "TYPE" => current.clone_from(&line),
                "RETR" | "STOR" => {
                    moved += 1;
                    assert_eq!(current, command, "{line}");
                }
                "LIST" | "MLSD" => assert_eq!(current, "TYPE I", "{line}"),
                _ => {}
            }
        }
        assert_eq!(moved, 4);
    }
}

#[tokio::test]
async fn sizes_of_converted_files_may_differ() {
    let server = MemoryServer::start(ServerBehaviour::default()).await;
    server.add_file("a", "content", 0);
    server.change(|behaviour| {
        behaviour.facts_line = Arc::new(|name, _| format!("type=file;size=99; {name}"));
    });
    let local = tempfile::tempdir().unwrap();
    let download = |builder: ClientBuilder| {
        let (address, target) = (server.address(), local.path().join("a"));
        async move {
            let mut client = builder.connect(address).await?;
            client.login(Credentials::anonymous()).await?;
            client.download("a").to(target).write_into(true).await
        }
    };
    server.change(|behaviour| behaviour.refused = vec!["SIZE", "MLST"]);

    assert!(matches!(download(builder()).await, Err(Error::SizeMismatch { .. })));
    download(builder().on_login("TYPE E")).await.unwrap();
    assert_eq!(std::fs::read(local.path().join("a")).unwrap(), b"content");
}

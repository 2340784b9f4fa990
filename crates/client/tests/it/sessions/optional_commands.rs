//! Optional commands that hang or end a session: they are sent once, and replaced.

use std::path::Path;

use oxftp::{Utf8, mirror::Delete};
use oxftp_testing::fragile::{Fault, Fragile};

use super::*;

/// The optional commands of downloads and uploads, each with a fault of the server at that command.
fn faults() -> Vec<(&'static str, Fault)> {
    let commands = ["MLST", "MLSD", "EPSV", "FEAT", "SIZE", "MDTM", "MFMT", "CLNT", "OPTS"];
    let fault = |number| match number % 4 {
        0 => Fault::HangUp,
        1 => Fault::Silence,
        2 => Fault::ReplyAndHangUp("421 bye".to_owned()),
        _ => Fault::ReplyAndHangUp("221 Goodbye".to_owned()),
    };
    let numbered = commands.into_iter().enumerate();
    numbered.flat_map(|(number, command)| [(command, fault(number)), (command, fault(number + 2))]).collect()
}

fn server_with_files() -> Fragile {
    (0..6).fold(Fragile::new(), |server, number| {
        server.file(&format!("/d/{number}"), format!("content {number}"))
    })
}

fn files_below(path: &Path) -> usize {
    std::fs::read_dir(path).unwrap().count()
}

#[tokio::test]
async fn optional_command_that_ends_sessions_is_sent_once() {
    let cases =
        faults().into_iter().flat_map(|(command, fault)| [1, 4].map(|size| (command, fault.clone(), size)));
    let check = async |(command, fault, size): (&str, Fault, usize)| {
        let server = server_with_files().on(command, fault.clone()).start();
        let builder = builder().client_name("test").utf8(Utf8::Ask);
        let pool = Pool::new(builder, server.address(), Credentials::anonymous()).size(size);
        let local = tempfile::tempdir().unwrap();

        let down = pool.download("/d").to(local.path()).write_into(true).preserve_times(true).retries(0);
        let down = down.await.unwrap();
        let up = pool.upload(local.path()).to("/up").write_into(true).preserve_times(true).retries(0);
        let up = up.await.unwrap();

        assert_eq!((down.files, up.files), (6, 6), "{command} {fault:?}");
        assert_eq!(files_below(local.path()), 6);
        assert_eq!(server.content("/up/3").as_deref(), Some(&b"content 3"[..]));
        assert!(server.count(command) <= 1, "{command} {fault:?}: {:?}", server.commands());
    };
    futures_util::future::join_all(cases.map(check)).await;
}

#[tokio::test]
async fn timeout_of_time_query_does_not_stop_downloads() {
    let server = server_with_files().without(&["MLST", "MLSD"]).on("MDTM", Fault::Silence).start();
    let local = tempfile::tempdir().unwrap();
    let pool = pool(&server, 3);

    let download = pool.download("/d").to(local.path()).write_into(true);
    let report = download.preserve_times(true).retries(0).await.unwrap();

    assert_eq!((report.files, server.count("MDTM")), (6, 1));
}

#[tokio::test]
async fn server_that_ends_sessions_at_unknown_commands_works() {
    let unknown =
        ["FEAT", "SYST", "MLST", "MLSD", "EPSV", "SIZE", "MDTM", "MFMT", "CLNT", "OPTS", "SITE UTIME"];
    let server = unknown.into_iter().fold(server_with_files(), |server, verb| server.on(verb, Fault::HangUp));
    let server = server.start();
    let mut client = client(&server).await;
    let local = tempfile::tempdir().unwrap();

    client.download("/d").to(local.path()).write_into(true).preserve_times(true).await.unwrap();
    client.upload(local.path()).to("/up").write_into(true).preserve_times(true).await.unwrap();
    let found = client.list("/up").await.unwrap();

    assert_eq!(found.len(), 6);
    assert!(client.metadata("/up/1").await.unwrap().is_file());
    for verb in unknown {
        assert!(server.count(verb) <= 1, "{verb}: {:?}", server.commands());
    }
}

#[tokio::test]
async fn working_directory_survives_a_replaced_session() {
    let server = server_with_files().on("MLSD", Fault::HangUp).start();
    let mut client = client(&server).await;
    client.change_dir("/d").await.unwrap();

    let found = client.list("").await.unwrap();

    assert_eq!((found.len(), server.connections()), (6, 2));
}

#[tokio::test]
async fn second_client_of_a_builder_knows_the_command() {
    let server = server_with_files().on("MLST", Fault::HangUp).start();
    let builder = builder();

    for _ in 0..2 {
        let mut client = builder.clone().connect(server.address()).await.unwrap();
        client.login(Credentials::anonymous()).await.unwrap();
        assert!(client.metadata("/d/1").await.unwrap().is_file());
    }

    assert_eq!(server.count("MLST"), 1);
}

#[tokio::test]
async fn explicit_query_is_an_error_when_unanswered() {
    let server = server_with_files().on("SIZE", Fault::HangUp).start();
    let mut client = client(&server).await;

    for _ in 0..2 {
        let error = client.size("/d/1").await.unwrap_err();
        assert!(matches!(error, oxftp::Error::Unanswered { command: "SIZE" }), "{error:?}");
    }

    assert_eq!(server.count("SIZE"), 1);
    client.current_dir().await.unwrap();
}

#[tokio::test]
async fn one_lost_session_does_not_abolish_a_command() {
    let server = server_with_files().on_nth("MLSD", 2, Fault::HangUp).start();
    let pool = pool(&server, 1);
    pool.client().await.unwrap().list("/d").await.unwrap();
    pool.client().await.unwrap().list("/d").await.unwrap_err();

    pool.client().await.unwrap().list("/d").await.unwrap();

    assert_eq!((server.count("MLSD"), server.count("LIST")), (3, 0));
}

/// Reads the start of a file, and ends the transfer there.
async fn read_start(pool: &Pool, ends: bool) -> oxftp::Result<()> {
    use tokio::io::AsyncReadExt;

    let mut session = pool.client().await?;
    let mut stream = session.download_stream("/d/big").await?;
    let mut start = [0; 10];
    stream.read_exact(&mut start).await.map_err(oxftp::Error::Control)?;
    if ends {
        let _ = stream.abort().await;
    }
    Ok(())
}

/// Each wait for a reply to `ABOR` would take a second.
#[tokio::test]
async fn unanswered_abort_costs_one_timeout() {
    for ends in [true, false] {
        let server = Fragile::new().file("/d/big", vec![b'x'; 30_000]).on("ABOR", Fault::Stall).start();
        let pool = pool(&server, 1);

        for _ in 0..4 {
            read_start(&pool, ends).await.unwrap();
        }
        pool.client().await.unwrap().noop().await.unwrap();

        // The end of a stream that is dropped is answered without ABOR.
        assert_eq!((server.count("ABOR"), server.connections()), if ends { (1, 5) } else { (0, 1) });
    }
}

/// The server becomes silent when its data connection is closed early.
#[tokio::test]
async fn unanswered_end_of_stream_costs_one_timeout() {
    let server = Fragile::new().file("/d/big", vec![b'x'; 30_000]).on("RETR", Fault::StallAfterwards).start();
    let pool = pool(&server, 1);
    let begun = tokio::time::Instant::now();

    for _ in 0..6 {
        read_start(&pool, false).await.unwrap();
    }
    pool.client().await.unwrap().noop().await.unwrap();

    assert_eq!(server.connections(), 7);
    assert!(begun.elapsed() < 5 * DEADLINE, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn client_reconnects_instead_of_abort() {
    use tokio::io::AsyncReadExt;

    let server = Fragile::new().file("/d/big", vec![b'x'; 30_000]).on("ABOR", Fault::Stall).start();
    let mut client = builder().reconnects(1).connect(server.address()).await.unwrap();
    client.login(Credentials::anonymous()).await.unwrap();
    client.change_dir("/d").await.unwrap();

    for _ in 0..3 {
        let mut stream = client.download_stream("big").await.unwrap();
        stream.read_exact(&mut [0; 10]).await.unwrap();
        let _ = stream.abort().await;
        assert_eq!(client.size("big").await.unwrap(), 30_000);
    }

    assert_eq!(server.count("ABOR"), 1);
}

#[tokio::test]
async fn mirror_continues_without_pwd() {
    for fault in [Fault::HangUp, Fault::Silence, Fault::ReplyAndHangUp("500 unknown".to_owned())] {
        let server = server_with_files().on("PWD", fault.clone()).start();
        let local = tempfile::tempdir().unwrap();
        let pool = pool(&server, 3);

        let down = pool.mirror_down("d", local.path()).delete(Delete::After).retries(1).await.unwrap();
        let up = pool.mirror_up(local.path(), "up").delete(Delete::After).retries(1).await.unwrap();

        assert_eq!((down.files, up.files, server.count("PWD")), (6, 6, 1), "{fault:?}");
        assert_eq!(server.content("/up/3").as_deref(), Some(&b"content 3"[..]));
    }
}

//! Hostile servers: memory is bounded, errors are clear, and nothing is written outside the destination.

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use oxftp::{Error, Limits, Pipelining};
use oxftp_testing::scripted::Script;

use crate::common::scripts::{
    assert_in_sync, builder, enter, get, leave, mlst_dir, mlst_file, open_transfer, play, play_with,
    send_file, with_sync_check,
};

fn limits(set: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    set(&mut limits);
    limits
}

#[tokio::test]
async fn endless_reply_line_is_refused() {
    let (server, mut client) = play_with(
        builder().limits(limits(|limits| limits.reply_line = 1000)),
        Script::new().expect("NOOP").bytes(vec![b'2'; 100_000]),
    )
    .await;

    let error = client.command("NOOP").expect("2xx").await.unwrap_err();

    assert!(matches!(error, Error::Protocol(_)), "{error}");
    assert!(client.is_broken());
    server.done().await;
}

#[tokio::test]
async fn endless_multiline_reply_is_refused() {
    let lines = "200-more\r\n".repeat(1000);
    let (server, mut client) = play_with(
        builder().limits(limits(|limits| limits.reply_lines = 100)),
        Script::new().expect("NOOP").bytes(lines),
    )
    .await;

    let error = client.command("NOOP").expect("2xx").await.unwrap_err();

    assert!(matches!(error, Error::Protocol(_)), "{error}");
    assert!(client.is_broken());
    server.done().await;
}

#[tokio::test]
async fn endless_preliminary_replies_are_refused() {
    let replies = "150 soon\r\n".repeat(1000);
    let (server, mut client) = play(Script::new().expect("PWD").bytes(replies)).await;

    let error = client.current_dir().await.unwrap_err();

    assert!(matches!(error, Error::Limit { .. }), "{error}");
    assert!(client.is_broken());
    server.done().await;
}

#[tokio::test]
async fn endless_preliminary_replies_to_transfer_are_refused() {
    let replies = "150 soon\r\n".repeat(1000);
    let script = open_transfer(Script::new().type_image(), "RETR a").close_data().bytes(replies);
    let (server, mut client) = play(script).await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert!(matches!(error, Error::Limit { .. }), "{error}");
    server.done().await;
}

#[tokio::test]
async fn endless_preliminary_replies_to_raw_command_are_refused() {
    let replies = "150 soon\r\n".repeat(1000);
    let (server, mut client) = play(Script::new().expect("SITE A").bytes(replies)).await;

    let error = client.command("SITE A").wait("1xx").expect("2xx").await.unwrap_err();

    assert!(matches!(error, Error::Limit { .. }), "{error}");
    server.done().await;
}

#[tokio::test]
async fn endless_preliminary_replies_to_cancelled_command_are_refused() {
    let replies = "150 soon\r\n".repeat(1000);
    let (server, mut client) = play(Script::new().expect("SITE A").bytes(replies)).await;

    client.command("SITE A").send().await.unwrap();
    let error = client.current_dir().await.unwrap_err();

    assert!(matches!(error, Error::Limit { .. }), "{error}");
    assert!(client.is_broken());
    server.done().await;
}

#[tokio::test]
async fn endless_greeting_is_refused() {
    let greeting = "120 soon\r\n".repeat(1000);
    let server = Script::new().no_greeting().bytes(greeting).start().await;

    let error = builder().connect(server.address()).await.unwrap_err();

    assert!(matches!(error, Error::Limit { .. }), "{error}");
    server.done().await;
}

#[tokio::test]
async fn listing_beyond_entry_limit_is_refused() {
    let lines: String = (0..100).map(|number| format!("type=file; {number}\r\n")).collect();
    let script = send_file(Script::new().type_image(), "MLSD", lines);
    let (server, mut client) =
        play_with(builder().limits(limits(|limits| limits.listing_entries = 10)), with_sync_check(script))
            .await;

    let error = client.list("").await.unwrap_err();

    assert!(matches!(error, Error::Limit { limit: 10, .. }), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

/// Plays nested directories, each with one subdirectory.
fn endless(script: Script, root: &str, levels: usize) -> Script {
    let paths = std::iter::successors(Some(root.to_owned()), |path| Some(format!("{path}/d")));
    let lines = "type=dir; d\r\n";
    paths.take(levels).enumerate().fold(script, |script, (level, path)| {
        let script = send_file(script, &format!("MLSD {path}"), lines);
        // The first listing that repeats the one above is confirmed.
        if level == 1 { leave(send_file(enter(script, &path), "MLSD", lines)) } else { script }
    })
}

#[tokio::test]
async fn endless_directories_are_refused() {
    let script = endless(Script::new().type_image(), "r", 4);
    let (server, mut client) =
        play_with(builder().limits(limits(|limits| limits.directory_depth = 3)), with_sync_check(script))
            .await;

    let error = client.list("r").recursive().await.unwrap_err();

    assert!(matches!(error, Error::Limit { limit: 3, .. }), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn download_of_endless_directories_is_refused() {
    let local = tempfile::tempdir().unwrap();
    let script = endless(Script::new().expect("MLST r").reply(mlst_dir()).type_image(), "r", 4);
    let builder = builder().limits(limits(|limits| limits.directory_depth = 3));
    let (server, mut client) = play_with(builder.pipelining(Pipelining::Off), with_sync_check(script)).await;

    let error = client.download("r").to(local.path()).await.unwrap_err();

    let Error::PartialFailure { report } = error else { panic!("{error:?}") };
    assert_eq!((report.directories, report.failures.len()), (4, 1));
    assert!(matches!(report.failures[0].error, Error::Limit { limit: 3, .. }), "{report:?}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn removal_of_endless_directories_removes_nothing() {
    let script = endless(Script::new().expect("MLST r").reply(mlst_dir()).type_image(), "r", 4);
    let (server, mut client) =
        play_with(builder().limits(limits(|limits| limits.directory_depth = 3)), with_sync_check(script))
            .await;

    let error = client.remove_dir_all("r").await.unwrap_err();

    assert!(matches!(error, Error::Limit { limit: 3, .. }), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn listed_names_cause_no_command_injection() {
    let lines = "type=file; a\rDELE b\r\ntype=dir; c\0d\r\ntype=file; e\r\n";
    let script = Script::new().expect("MLST r").reply(mlst_dir()).type_image();
    let script = send_file(script, "MLSD r", lines).expect("DELE r/e").reply("250 ok");
    let (server, mut client) = play(script.expect("RMD r").reply("550 not empty")).await;

    // An entry with an unusable name cannot be removed, so the directory stays.
    client.remove_dir_all("r").await.unwrap_err();

    server.done().await;
}

#[tokio::test]
async fn entries_with_unusable_names_are_reported_on_removal() {
    let lines = "type=file; ../a\r\ntype=file; ..\r\ntype=file; c\u{7}d\r\n";
    let script = Script::new().expect("MLST r").reply(mlst_dir()).type_image();
    let script = send_file(script, "MLSD r", lines).expect("RMD r").reply("250 gone all the same");
    let (server, mut client) = play(script).await;

    let error = client.remove_dir_all("r").await.unwrap_err();

    let Error::PartialFailure { report } = error else { panic!("{error:?}") };
    assert_eq!(report.failures.len(), 3, "{report:?}");
    server.done().await;
}

#[tokio::test]
async fn working_directory_causes_no_command_injection() {
    let script = Script::new().expect("MKD x").reply("550 exists").expect("PWD").reply("257 \"/a\rDELE b\"");
    let (server, mut client) = play(script.expect("CWD x").reply("250 ok")).await;

    let error = client.create_dir_if_missing("x").await.unwrap_err();

    assert!(matches!(error, Error::InvalidCommand(_) | Error::UnusableReply { .. }), "{error}");
    server.done().await;
}

#[tokio::test]
async fn replies_without_value_are_errors() {
    let script = Script::new().expect("PWD").reply("257 no quotes").type_image();
    let script =
        script.expect("SIZE a").reply("213 99999999999999999999999").expect("SIZE a").reply("213 -1");
    let (server, mut client) =
        play(with_sync_check(script.expect("MDTM a").reply("213 20209999999999"))).await;

    assert!(matches!(client.current_dir().await.unwrap_err(), Error::UnusableReply { command: "PWD", .. }));
    for _ in 0..2 {
        assert!(matches!(client.size("a").await.unwrap_err(), Error::UnusableReply { command: "SIZE", .. }));
    }
    assert!(matches!(client.modified("a").await.unwrap_err(), Error::UnusableReply { command: "MDTM", .. }));

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn passive_reply_without_usable_port_is_error() {
    for (epsv, pasv) in [
        ("229 (|||0|)", "227 (127,0,0,1,0,0)"),
        ("229 (|||70000|)", "227 (127,0,0,1,256,1)"),
        ("229 ()", "227 (1,2,3)"),
        ("229 (|||-1|)", "227 =127,0,0,1"),
    ] {
        let script = Script::new().type_image().expect("EPSV").reply(epsv).expect("PASV").reply(pasv);
        // Active mode is tried, as passive mode has never worked.
        let script = script.expect_start("EPRT ").reply("500 no").expect_start("PORT ").reply("500 no");
        let (server, mut client) = play(with_sync_check(script)).await;

        let error = get(&mut client, "a").await.unwrap_err();

        assert!(matches!(error, Error::DataConnect(_)), "{epsv} {pasv}: {error}");
        assert_in_sync(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn pasv_address_cannot_redirect_client() {
    let script =
        Script::new().type_image().expect("EPSV").reply("500 no").pasv_naming(Ipv4Addr::new(127, 0, 0, 9));
    let (server, mut client) =
        play(script.expect("RETR a").reply("150 here").data("x").reply("226 done")).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"x");

    // The script fails if the client connected to the other address.
    server.done().await;
}

#[tokio::test]
async fn claimed_size_allocates_nothing() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(u64::MAX)).type_image();
    let script = send_file(script, "RETR a", "tiny").expect("SIZE a").reply(format!("213 {}", u64::MAX));
    let (server, mut client) = play(script).await;

    let error = client.download("a").to(local.path()).await.unwrap_err();

    assert!(matches!(error, Error::SizeMismatch { expected: u64::MAX, transferred: 4 }), "{error}");
    server.done().await;
}

#[tokio::test]
async fn endless_small_file_is_aborted() {
    let local = tempfile::tempdir().unwrap();
    for (size, name) in [(1000, "small"), (100_000, "large")] {
        let script = Script::new().expect(format!("MLST {name}")).reply(mlst_file(size)).type_image();
        let script = open_transfer(script, &format!("RETR {name}")).send(vec![b'x'; 400_000]);
        let script = script.expect("ABOR").close_data().reply("426 broken off").reply("226 aborted");
        let script = script.expect("NOOP").reply("200 ok");
        let little = limits(|limits| limits.grown_bytes = 100_000);
        let (server, mut client) = play_with(builder().limits(little), with_sync_check(script)).await;

        let error = client.download(name).to(local.path()).await.unwrap_err();

        let most = 2 * size + 100_000;
        assert!(
            matches!(error, Error::SizeMismatch { expected, transferred } if (expected, transferred) == (size, most)),
            "{error}"
        );
        assert!(!local.path().join(name).exists());
        assert_in_sync(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn unnamed_source_path_downloads_into_destination() {
    for source in ["..", "d/..", "/"] {
        let local = tempfile::tempdir().unwrap();
        let script = Script::new().expect(format!("MLST {source}")).reply(mlst_dir()).type_image();
        let script = send_file(script, &format!("MLSD {source}"), "type=dir; ..\r\ntype=file;size=1; a\r\n");
        let slash = if source.ends_with('/') { "" } else { "/" };
        let (server, mut client) = play(send_file(script, &format!("RETR {source}{slash}a"), "x")).await;

        client.download(source).to(local.path().join("in/ner")).await.unwrap();

        assert_eq!(std::fs::read(local.path().join("in/ner/a")).unwrap(), b"x", "{source}");
        server.done().await;
    }
}

/// Plays nested directories, each with two subdirectories.
fn branching(script: Script, directories: &[&str]) -> Script {
    directories.iter().fold(script, |script, path| {
        send_file(script, &format!("MLSD {path}"), "type=dir; a\r\ntype=dir; b\r\n")
    })
}

#[tokio::test]
async fn endlessly_wide_tree_is_refused() {
    let few = || {
        let few = limits(|limits| limits.tree_directories = 3);
        builder().limits(few).pipelining(Pipelining::Off)
    };
    let root = || Script::new().expect("MLST r").reply(mlst_dir()).type_image();

    let script = branching(Script::new().type_image(), &["r", "r/a"]);
    let (server, mut client) = play_with(few(), with_sync_check(script)).await;
    let error = client.list("r").recursive().await.unwrap_err();
    assert!(matches!(error, Error::Limit { limit: 3, .. }), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;

    let local = tempfile::tempdir().unwrap();
    let (server, mut client) = play_with(few(), with_sync_check(branching(root(), &["r", "r/a"]))).await;
    let Err(Error::PartialFailure { report }) = client.download("r").to(local.path()).await else { panic!() };
    assert!(report.failures.iter().all(|failure| matches!(failure.error, Error::Limit { limit: 3, .. })));
    assert_in_sync(&mut client).await;
    server.done().await;

    let (server, mut client) = play_with(few(), with_sync_check(branching(root(), &["r", "r/a"]))).await;
    let error = client.remove_dir_all("r").await.unwrap_err();
    assert!(matches!(error, Error::Limit { limit: 3, .. }), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn endless_unparsable_listing_is_refused() {
    let script = open_transfer(Script::new().type_image(), "MLSD").send("what?\r\n".repeat(100_000)).stall();
    let (server, mut client) =
        play_with(builder().limits(limits(|limits| limits.listing_bytes = 10_000)), script).await;

    let error = client.list("").await.unwrap_err();

    assert!(matches!(error, Error::Limit { limit: 10_000, .. }), "{error}");
    server.done().await;
}

#[tokio::test]
async fn slow_reply_bytes_do_not_extend_timeout() {
    let deadline = Duration::from_millis(300);
    let drip = Script::new().expect("PWD").drip(format!("257 {}", "z".repeat(200)), deadline / 10);
    let (_server, mut client) = play_with(builder().socket_timeout(deadline), drip).await;
    let started = Instant::now();

    let error = client.current_dir().await.unwrap_err();

    assert!(matches!(error, Error::Timeout { .. }), "{error}");
    assert!(started.elapsed() < deadline * 15, "{:?}", started.elapsed());
}

//! Metadata of one path: `MLST`, `SIZE`, `MDTM`.

use oxftp::{EntryKind, Error};
use oxftp_testing::scripted::Script;

use crate::common::scripts::{assert_in_sync, play, send_file, with_sync_check};

const UNIX: &str =
    "total 4\r\n-rw-r--r-- 1 ann staff 5 Jan  2  2020 a b\r\ndrwxr-xr-x 2 ann staff 9 Jan  2  2020 sub\r\n";

fn refusing(script: Script, command: &str, refusal: &str) -> Script {
    script.passive().expect(command).reply(refusal)
}

#[tokio::test]
async fn stat_uses_mlst() {
    let script = Script::new()
        .expect("MLST /a b")
        .reply("250-Listing\r\n type=file;size=5;modify=20200102030405; /a b\r\n250 End");
    let (server, mut client) = play(script).await;

    let entry = client.metadata("/a b").await.unwrap();

    assert_eq!((entry.kind, entry.size), (EntryKind::File, Some(5)));
    assert!(entry.modified.is_some());
    server.done().await;
}

#[tokio::test]
async fn stat_accepts_facts_on_single_line() {
    let (server, mut client) = play(Script::new().expect("MLST a").reply("250 type=dir; a")).await;

    assert!(client.metadata("a").await.unwrap().is_dir());

    server.done().await;
}

#[tokio::test]
async fn stat_of_missing_path_is_not_found() {
    // A server that has never answered MLST may refuse it for every path.
    let script = Script::new().expect("MLST a").reply("550 no such file").type_image();
    let script = send_file(script, "MLSD", "type=file; b\r\n");
    let script = script.expect("MLST a").reply("550 no such file");
    let (server, mut client) = play(with_sync_check(script)).await;

    assert!(client.metadata("a").await.unwrap_err().is_not_found());
    assert!(!client.try_exists("a").await.unwrap());

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn stat_without_mlst_lists_the_parent() {
    let script = Script::new().expect("MLST /pub/a b").reply("500 what?").type_image();
    let script = refusing(script, "MLSD /pub", "500 what?");
    let script = send_file(send_file(script, "LIST /pub", UNIX), "LIST /pub", UNIX);
    let (server, mut client) = play(script).await;

    let entry = client.metadata("/pub/a b").await.unwrap();
    let missing = client.metadata("/pub/c").await.unwrap_err();

    assert_eq!((entry.kind, entry.size), (EntryKind::File, Some(5)));
    assert!(missing.is_not_found(), "{missing}");
    server.done().await;
}

#[tokio::test]
async fn stat_of_root_needs_no_mlst() {
    let script = Script::new().expect("MLST /").reply("500 what?").expect("PWD").reply("257 \"/home\"");
    let script = script.expect("CWD /").reply("250 ok").expect("CWD /home").reply("250 ok");
    let (server, mut client) = play(with_sync_check(script)).await;

    assert!(client.metadata("/").await.unwrap().is_dir());

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn mlst_reply_without_facts_is_error() {
    let script = Script::new().expect("MLST a").reply("250 type=file; a").expect("MLST b").reply("250 ok");
    let (server, mut client) = play(with_sync_check(script)).await;

    assert!(client.metadata("a").await.unwrap().is_file());
    let error = client.metadata("b").await.unwrap_err();

    assert!(matches!(error, Error::UnusableReply { command: "MLST", .. }), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn size_and_mdtm_are_sent_in_binary_mode() {
    let script = Script::new().type_image().expect("SIZE a").reply("213 5000000000");
    let script = script.expect("MDTM a").reply("213 20200102030405.678").expect("SIZE b").reply("213 many");
    let (server, mut client) = play(script).await;

    assert_eq!(client.size("a").await.unwrap(), 5_000_000_000);
    assert_eq!(client.modified("a").await.unwrap().to_unix(0), 1_577_934_245);
    assert!(matches!(client.size("b").await.unwrap_err(), Error::UnusableReply { command: "SIZE", .. }));

    server.done().await;
}

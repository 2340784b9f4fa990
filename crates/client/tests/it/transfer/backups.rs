//! Backups of files that a transfer replaces.

use std::fs;

use oxftp::{Backup, Error};
use oxftp_testing::scripted::Script;

use crate::common::scripts::{assert_in_sync, play, with_sync_check};

/// Plays the upload of `hello` to the temporary file of `a`, and the query whether there is an `a`.
fn stored() -> Script {
    let script = Script::new().type_image().passive().expect_start("STOR a.").reply("150 here");
    let script = script.expect_data("hello").reply("226 done").expect_start("SIZE a.").reply("213 5");
    script.expect("MLST a").reply("250-It\r\n type=file;size=3; a\r\n250 End")
}

fn local_file() -> (tempfile::TempDir, std::path::PathBuf) {
    let local = tempfile::tempdir().unwrap();
    let path = local.path().join("a");
    fs::write(&path, b"hello").unwrap();
    (local, path)
}

#[tokio::test]
async fn refused_backup_keeps_the_file() {
    let (_local, path) = local_file();
    let script = stored().expect("RNFR a").reply("550 denied");
    let (server, mut client) = play(with_sync_check(script)).await;

    let error = client.upload(&path).backup(Backup::new()).await.unwrap_err();

    let Error::NotBackedUp { path, backup, .. } = &error else { panic!("{error:?}") };
    assert_eq!((path.as_str(), backup.as_str()), ("a", "a~"));
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn backup_returns_when_new_file_is_not_renamed() {
    let (_local, path) = local_file();
    let renamed = |script: Script, from: &str, to: &str, reply: &str| {
        script
            .expect_start(format!("RNFR {from}"))
            .reply("350 go on")
            .expect(format!("RNTO {to}"))
            .reply(reply)
    };
    let script = renamed(stored(), "a", "a.old", "250 renamed");
    let script = renamed(script, "a.", "a", "451 try later");
    let (server, mut client) = play(with_sync_check(renamed(script, "a.old", "a", "250 renamed"))).await;

    let error = client.upload(&path).backup(Backup::new().suffix(".old")).await.unwrap_err();

    assert!(matches!(error, Error::NotRenamed { .. }), "{error:?}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

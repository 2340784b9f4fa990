//! Uploads under a temporary name.

use std::{fs, path::PathBuf};

use oxftp::{Error, Verify};
use oxftp_testing::scripted::Script;
use tempfile::TempDir;

use crate::common;
use crate::common::login;
use crate::common::scripts::{assert_in_sync, play, with_sync_check};
use crate::fixture::failed_names;

fn local_file(content: &[u8]) -> (TempDir, PathBuf) {
    let local = tempfile::tempdir().unwrap();
    let path = local.path().join("a");
    fs::write(&path, content).unwrap();
    (local, path)
}

/// Plays the upload of `hello` to the temporary file of `a`.
fn stored() -> Script {
    let script = Script::new().type_image().passive().expect_start("STOR a.").reply("150 here");
    script.expect_data("hello").reply("226 done")
}

fn sized(script: Script) -> Script {
    script.expect_start("SIZE a.").reply("213 5")
}

fn renaming(script: Script, answer: &str) -> Script {
    script.expect_start("RNFR a.").reply("350 go on").expect("RNTO a").reply(answer)
}

fn renaming_older(script: Script, answer: &str) -> Script {
    let script = script.expect("MLST a").reply("250-Facts:\r\n type=file;size=3; a\r\n250 End");
    script.expect("RNFR a").reply("350 go on").expect_start("RNTO a.").reply(answer)
}

#[tokio::test]
async fn rename_over_existing_keeps_old_file_until_replaced() {
    let (_local, path) = local_file(b"hello");
    let script = renaming_older(renaming(sized(stored()), "553 a exists"), "250 renamed");
    let script = renaming(script, "250 renamed").expect_start("DELE a.").reply("250 gone");
    let (server, mut client) = play(with_sync_check(script)).await;

    client.upload(&path).temporary(true).await.unwrap();

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn refused_rename_restores_name_of_old_file() {
    let (_local, path) = local_file(b"hello");
    let script = renaming_older(renaming(sized(stored()), "553 denied"), "250 renamed");
    let script = renaming(renaming(script, "553 denied"), "250 renamed");
    let (server, mut client) = play(with_sync_check(script)).await;

    let error = client.upload(&path).temporary(true).await.unwrap_err();

    assert!(matches!(error, Error::NotRenamed { .. }), "{error:?}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn rename_over_directory_leaves_it() {
    let (_local, path) = local_file(b"hello");
    let script = renaming(sized(stored()), "550 denied").expect("MLST a");
    let script = script.reply("250-Facts:\r\n type=dir; a\r\n250 End");
    let (server, mut client) = play(with_sync_check(script)).await;

    let error = client.upload(&path).temporary(true).await.unwrap_err();

    assert!(matches!(error, Error::NotRenamed { .. }), "{error:?}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn failed_rename_error_names_temporary_file() {
    for refuse in [
        |script: Script| script.expect_start("RNFR a.").reply("502 no such verb"),
        |script| renaming_older(renaming(script, "550 denied"), "550 denied"),
        |script| renaming(script, "451 try later"),
    ] {
        let (_local, path) = local_file(b"hello");
        let (server, mut client) = play(with_sync_check(refuse(sized(stored())))).await;

        let error = client.upload(&path).temporary(true).await.unwrap_err();

        let Error::NotRenamed { path, temporary, source } = &error else { panic!("{error:?}") };
        assert_eq!(path, "a");
        assert!(temporary.starts_with("a.") && temporary.ends_with(oxftp::PART_SUFFIX), "{temporary}");
        assert!(matches!(**source, Error::StatusCode(_)), "{source}");
        assert_in_sync(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn upload_with_wrong_size_is_not_renamed() {
    let (_local, path) = local_file(b"hello");
    let script = stored().expect_start("SIZE a.").reply("213 4");
    let (server, mut client) = play(with_sync_check(script)).await;

    let error = client.upload(&path).temporary(true).verify(Verify::Size).await.unwrap_err();

    assert!(matches!(error, Error::SizeMismatch { expected: 4, transferred: 5 }), "{error:?}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn upload_with_wrong_hash_keeps_the_target() {
    let (_local, path) = local_file(b"hello");
    let script = stored().expect("FEAT").reply("211-Features:\r\n XMD5\r\n211 End");
    let script = script.expect_start("XMD5 \"a.").reply("250 00000000000000000000000000000000");
    let script = script.expect_start("DELE a.").reply("250 gone");
    let (server, mut client) = play(with_sync_check(script)).await;

    let error = client.upload(&path).temporary(true).verify(Verify::Hash).await.unwrap_err();

    assert!(matches!(error, Error::HashMismatch { .. }), "{error:?}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn file_named_like_partial_is_not_uploaded() {
    let local = tempfile::tempdir().unwrap();
    for name in ["a", "a.oxftp.part", "b.oxftp.part"] {
        fs::write(local.path().join(name), name).unwrap();
    }
    let server = common::embedded().await;
    let mut client = login(&server).await;

    let error = client.upload(local.path()).to("d").write_into(true).temporary(true).await.unwrap_err();

    assert_eq!(failed_names(&error), [local.path().join("a.oxftp.part").display().to_string()]);
    assert_eq!(common::local_files::files(server.root()), ["d/a", "d/b.oxftp.part"]);
    assert_eq!(fs::read(server.root().join("d/a")).unwrap(), b"a");
}

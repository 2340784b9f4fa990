//! Uploads that have another name until they are whole.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod scripts;

use std::{fs, path::PathBuf, sync::Arc};

use common::{bench::failed_names, builder, content, login, login_by};
use oxftp::{Error, Progress, ProgressEvent, Verify};
use oxftp_testing::{
    scripted::Script,
    server_tests,
    servers::TestServer,
    tree::{TreeOptions, compare_trees, make_tree},
};
use scripts::{check_in_step, in_step, play, taking};
use tempfile::TempDir;
use tokio::sync::Notify;

server_tests! {
    a_whole_upload_replaces_the_file_of_its_name,
    an_upload_that_broke_off_leaves_the_target_and_goes_on_in_its_part,
    a_tree_goes_up_under_temporary_names,
}

async fn a_whole_upload_replaces_the_file_of_its_name(server: &TestServer) {
    let (_local, path) = local_file(&content(100_000));
    lay(server, b"old");
    let mut client = login(server).await;

    client.upload(&path).temporary(true).verify(Verify::Size).preserve_times(true).await.unwrap();

    assert!(fs::read(server.root().join("a")).unwrap() == content(100_000));
    assert!(!server.root().join("a.oxftp.part").exists());
}

/// Tells when the first bytes are on their way.
#[derive(Debug, Default)]
struct Begun(Notify);

impl Progress for Begun {
    fn on_event(&self, event: ProgressEvent<'_>) {
        if let ProgressEvent::Advanced { .. } = event {
            self.0.notify_one();
        }
    }
}

async fn an_upload_that_broke_off_leaves_the_target_and_goes_on_in_its_part(server: &TestServer) {
    let (_local, path) = local_file(&content(2_000_000));
    lay(server, b"old");
    let mut client = login_by(builder(server).write_limit(300_000), server).await;
    let begun = Arc::new(Begun::default());
    {
        let upload = client.upload(&path).temporary(true).progress(begun.clone());
        tokio::select! {
            outcome = upload => panic!("{outcome:?}"),
            () = begun.0.notified() => {}
        }
    }
    // The server is done with it then.
    let _ = client.settle().await;

    assert_eq!(fs::read(server.root().join("a")).unwrap(), b"old");
    assert!(server.root().join("a.oxftp.part").exists());
    let report = login(server).await.upload(&path).temporary(true).resume(true).await.unwrap();
    assert!(report.resumed > 0, "{report:?}");
    assert!(fs::read(server.root().join("a")).unwrap() == content(2_000_000));
    assert!(!server.root().join("a.oxftp.part").exists());
}

async fn a_tree_goes_up_under_temporary_names(server: &TestServer) {
    let local = tempfile::tempdir().unwrap();
    make_tree(local.path(), &TreeOptions::fit_for(server.kind(), 30)).unwrap();
    let mut client = login(server).await;

    client.upload(local.path()).to("tree").write_into(true).temporary(true).await.unwrap();

    compare_trees(local.path(), &server.root().join("tree")).unwrap();
}

fn local_file(content: &[u8]) -> (TempDir, PathBuf) {
    let local = tempfile::tempdir().unwrap();
    let path = local.path().join("a");
    fs::write(&path, content).unwrap();
    (local, path)
}

fn lay(server: &TestServer, content: &[u8]) {
    fs::write(server.root().join("a"), content).unwrap();
    server.hand_over().unwrap();
}

/// The upload of `hello` to `a`, as far as its part.
fn stored() -> Script {
    taking(Script::new().type_image(), "STOR a.oxftp.part", "hello")
}

fn sized(script: Script) -> Script {
    script.expect("SIZE a.oxftp.part").reply("213 5")
}

fn renaming(script: Script, answer: &str) -> Script {
    script.expect("RNFR a.oxftp.part").reply("350 go on").expect("RNTO a").reply(answer)
}

#[tokio::test]
async fn a_server_that_does_not_rename_over_a_file_is_told_to_remove_it_first() {
    let (_local, path) = local_file(b"hello");
    let script = renaming(sized(stored()), "553 a exists").expect("DELE a").reply("250 gone");
    let (server, mut client) = play(in_step(renaming(script, "250 renamed"))).await;

    client.upload(&path).temporary(true).await.unwrap();

    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_server_that_does_not_rename_is_an_error_that_says_where_the_upload_is() {
    for refuse in [
        |script: Script| script.expect("RNFR a.oxftp.part").reply("502 no such verb"),
        |script| renaming(script, "550 denied").expect("DELE a").reply("550 denied"),
        |script| renaming(script, "451 try later"),
    ] {
        let (_local, path) = local_file(b"hello");
        let (server, mut client) = play(in_step(refuse(sized(stored())))).await;

        let error = client.upload(&path).temporary(true).await.unwrap_err();

        let Error::NotRenamed { path, temporary, source } = &error else { panic!("{error:?}") };
        assert_eq!((&**path, &**temporary), ("a", "a.oxftp.part"));
        assert!(matches!(**source, Error::StatusCode(_)), "{source}");
        check_in_step(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn an_upload_with_another_length_never_gets_its_name() {
    let (_local, path) = local_file(b"hello");
    let script = stored().expect("SIZE a.oxftp.part").reply("213 4");
    let (server, mut client) = play(in_step(script)).await;

    let error = client.upload(&path).temporary(true).verify(Verify::Size).await.unwrap_err();

    assert!(matches!(error, Error::SizeMismatch { expected: 4, transferred: 5 }), "{error:?}");
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn an_upload_with_another_hash_is_removed_and_the_target_stays() {
    let (_local, path) = local_file(b"hello");
    let script = stored().expect("FEAT").reply("211-Features:\r\n XMD5\r\n211 End");
    let script = script.expect("XMD5 \"a.oxftp.part\"").reply("250 00000000000000000000000000000000");
    let script = script.expect("DELE a.oxftp.part").reply("250 gone");
    let (server, mut client) = play(in_step(script)).await;

    let error = client.upload(&path).temporary(true).verify(Verify::Hash).await.unwrap_err();

    assert!(matches!(error, Error::HashMismatch { .. }), "{error:?}");
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_file_with_the_name_of_anothers_part_is_named_and_not_sent() {
    let local = tempfile::tempdir().unwrap();
    for name in ["a", "a.oxftp.part", "b.oxftp.part"] {
        fs::write(local.path().join(name), name).unwrap();
    }
    let server = common::bench::embedded().await;
    let mut client = login(&server).await;

    let error = client.upload(local.path()).to("d").write_into(true).temporary(true).await.unwrap_err();

    assert_eq!(failed_names(&error), [local.path().join("a.oxftp.part").display().to_string()]);
    assert_eq!(common::bench::files(server.root()), ["d/a", "d/b.oxftp.part"]);
    assert_eq!(fs::read(server.root().join("d/a")).unwrap(), b"a");
}

//! Times and permissions: set in whichever way the server has.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod scripts;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, UNIX_EPOCH},
};

use common::{builder, login, login_by};
use oxftp::{Client, Error, ListCommand, Timestamp, Zone};
use oxftp_testing::{
    scripted::Script,
    server_tests,
    servers::{ServerKind, TestServer},
};
use scripts::{check_in_step, in_step, play};

server_tests! {
    files_of_a_downloaded_tree_have_the_times_of_the_servers_files,
    a_time_that_is_set_is_the_files_time,
    a_time_is_refused_for_what_is_not_there,
    permissions_that_are_set_are_the_files_permissions,
}

fn time(text: &str) -> Timestamp {
    Timestamp::parse_mlsx(text.as_bytes()).unwrap()
}

fn lay(server: &TestServer, name: &str) {
    fs::write(server.root().join(name), b"x").unwrap();
    server.hand_over().unwrap();
}

fn seconds(path: &Path) -> u64 {
    let modified = fs::metadata(path).unwrap().modified().unwrap();
    modified.duration_since(UNIX_EPOCH).unwrap().as_secs()
}

async fn a_time_that_is_set_is_the_files_time(server: &TestServer) {
    let mut client = login(server).await;
    for name in ["one file", "other"] {
        lay(server, name);
    }
    if server.kind() == ServerKind::Embedded {
        for _ in 0..2 {
            let refused = client.set_modified("one file", time("20200102030405")).await.unwrap_err();
            assert!(matches!(refused, Error::NotOffered { .. }), "{refused}");
        }
        return;
    }

    client.set_modified("one file", time("20200102030405")).await.unwrap();
    let east = time("20200102040506").with_zone(Zone::Offset(3600));
    client.set_modified("other", east).await.unwrap();

    assert_eq!(seconds(&server.root().join("one file")), 1_577_934_245);
    assert_eq!(seconds(&server.root().join("other")), 1_577_934_306);
    client.command("NOOP").expect("200").await.unwrap();
}

/// Where the listing tells no zone, each file is asked about.
async fn files_of_a_downloaded_tree_have_the_times_of_the_servers_files(server: &TestServer) {
    fs::create_dir(server.root().join("tree")).unwrap();
    for name in ["a b", "c"] {
        lay(server, &format!("tree/{name}"));
        let file = fs::File::options().write(true).open(server.root().join("tree").join(name)).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(1_577_934_245)).unwrap();
    }
    let mut client = login_by(builder(server).list_command(ListCommand::List), server).await;
    let local = tempfile::tempdir().unwrap();

    client.download("tree").to(local.path()).preserve_times(true).await.unwrap();

    for name in ["a b", "c"] {
        assert_eq!(seconds(&local.path().join("tree").join(name)), 1_577_934_245, "{name}");
    }
    client.command("NOOP").expect("200").await.unwrap();
}

#[tokio::test]
async fn the_time_of_a_file_is_asked_for_while_the_data_connection_is_opened() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST a").reply("250-Listing\r\n type=file;size=1; a\r\n250 End");
    let script = script.type_image().passive().expect("MDTM a").reply("213 20200102030405");
    let script = script.expect("RETR a").reply("150 here").data("x").reply("226 done");
    let (server, mut client) = play(in_step(script)).await;

    client.download("a").to(local.path()).preserve_times(true).await.unwrap();

    assert_eq!(seconds(&local.path().join("a")), 1_577_934_245);
    check_in_step(&mut client).await;
    server.done().await;
}

async fn a_time_is_refused_for_what_is_not_there(server: &TestServer) {
    let mut client = login(server).await;

    let refused = client.set_modified("missing", time("20200102030405")).await.unwrap_err();

    assert!(refused.code().is_some_and(|code| code.get() == 550), "{refused}");
    client.command("NOOP").expect("200").await.unwrap();
}

async fn permissions_that_are_set_are_the_files_permissions(server: &TestServer) {
    let mut client = login(server).await;
    lay(server, "a file");
    let set = client.set_permissions("a file", 0o640).await;

    if matches!(server.kind(), ServerKind::Vsftpd | ServerKind::Embedded) {
        // vsftpd does so for real logins alone.
        assert!(matches!(set, Err(Error::StatusCode(_))), "{set:?}");
    } else {
        set.unwrap();
        let mode = fs::metadata(server.root().join("a file")).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o640);
    }
    client.command("NOOP").expect("200").await.unwrap();
}

/// A server that lists these features and no `MFMT`.
fn listing(features: &str) -> Script {
    Script::new().expect("FEAT").reply(format!("211-Features:\r\n {features}\r\n211 End"))
}

async fn set(client: &mut Client) -> oxftp::Result<()> {
    client.set_modified("x y", time("20200102030405")).await
}

#[tokio::test]
async fn every_way_is_tried_once_and_the_one_that_works_is_kept() {
    let script = listing("MDTM")
        .expect("MDTM 20200102030405 x y")
        .reply("550 no such file")
        .expect("SITE UTIME x y 20200102030405 20200102030405 20200102030405 UTC")
        .reply("501 what?")
        .expect("SITE UTIME 20200102030405 x y")
        .reply("501 what?")
        .expect("SITE UTIME 202001020304 x y")
        .reply("200 done")
        .expect("MDTM x y")
        .reply("213 20200102030400")
        .expect("SITE UTIME 202001020304 x y")
        .reply("200 done");
    let (server, mut client) = play(in_step(script)).await;

    set(&mut client).await.unwrap();
    set(&mut client).await.unwrap();

    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_success_that_changes_nothing_leads_to_the_next_way() {
    let script = listing("MFMT")
        .expect("MFMT 20200102030405 x y")
        .reply("213 Modify=20200102030405; x y")
        .expect("MDTM x y")
        .reply("213 20261123000000")
        .expect("MDTM 20200102030405 x y")
        .reply("213 done")
        .expect("MDTM x y")
        .reply("213 20200102030404");
    let (server, mut client) = play(in_step(script)).await;

    set(&mut client).await.unwrap();

    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_server_that_does_not_tell_times_is_believed() {
    let script = listing("MFMT")
        .expect("MFMT 20200102030405 x y")
        .reply("213 fine")
        .expect("MDTM x y")
        .reply("502 no")
        .expect("MFMT 20200102030405 x y")
        .reply("213 fine");
    let (server, mut client) = play(in_step(script)).await;

    set(&mut client).await.unwrap();
    set(&mut client).await.unwrap();

    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_refusal_for_lack_of_permission_is_told_and_not_taken_for_a_lack_of_the_command() {
    let script = || {
        listing("MDTM")
            .expect("MDTM 20200102030405 x y")
            .reply("550 Permission denied")
            .expect_start("SITE UTIME x y ")
            .reply("500 what?")
            .expect("SITE UTIME 20200102030405 x y")
            .reply("500 what?")
            .expect("SITE UTIME 202001020304 x y")
            .reply("500 what?")
            .expect("MFMT 20200102030405 x y")
            .reply("500 what?")
            .expect("MDTM x y")
            .reply("213 20261123000000")
    };
    let (server, mut client) = play(in_step(script())).await;

    let refused = set(&mut client).await.unwrap_err();

    assert!(refused.is_permission_denied(), "{refused}");
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn permissions_are_octal() {
    let script = Script::new()
        .expect("SITE CHMOD 644 x y")
        .reply("200 done")
        .expect("SITE CHMOD 4750 x y")
        .reply("200 done")
        .expect("SITE CHMOD 007 x y")
        .reply("202 superfluous");
    let (server, mut client) = play(in_step(script)).await;

    for mode in [0o100_644, 0o4750, 0o7] {
        client.set_permissions("x y", mode).await.unwrap();
    }

    check_in_step(&mut client).await;
    server.done().await;
}

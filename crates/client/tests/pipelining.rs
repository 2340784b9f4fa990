//! The next transfer's passive command, sent before the present transfer is answered.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod scripts;

use std::path::Path;

use common::bench::{failed_names, files, lay};
use oxftp::{Client, Error, Pipelining, Report, Result, Verify};
use oxftp_testing::scripted::Script;
use scripts::{builder, check_in_step, in_step, mlst_dir, opening, play, play_to};

/// A script in which a directory with these files is listed; behind it, the next `EPSV` is not answered yet.
fn listing(names: &[&str]) -> Script {
    let lines = names.iter().map(|name| format!("type=file;size=1; {name}\r\n")).collect::<String>();
    let script = Script::new().expect("MLST d").reply(mlst_dir()).type_image();
    opening(script, "MLSD d").data(lines).expect("EPSV").reply("226 done").listen()
}

/// A whole transfer, at whose end the server waits and hears nothing.
fn patient(script: Script, command: &str, data: &str) -> Script {
    opening(script, command).data(data).quiet().reply("226 done")
}

async fn download(client: &mut Client, into: &Path) -> Result<Report> {
    client.download("d").to(into).write_into(true).await
}

#[tokio::test]
async fn the_next_file_is_asked_for_before_the_present_one_is_answered() {
    let local = tempfile::tempdir().unwrap();
    let script = listing(&["a", "b"]).expect("RETR d/a").reply("150 here").data("a");
    let script = script.expect("EPSV").reply("226 done").listen();
    let script = script.expect("RETR d/b").reply("150 here").data("b").reply("226 done");
    let (server, mut client) = play(in_step(script)).await;

    download(&mut client, local.path()).await.unwrap();

    assert_eq!(files(local.path()), ["a", "b"]);
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_server_that_answers_the_next_command_first_is_understood() {
    let local = tempfile::tempdir().unwrap();
    let script = listing(&["a", "b"]).expect("RETR d/a").reply("150 here").data("a");
    let script = script.passive().reply("226 done");
    let script = script.expect("RETR d/b").reply("150 here").data("b").reply("226 done");
    let (server, mut client) = play(in_step(script)).await;

    download(&mut client, local.path()).await.unwrap();

    assert_eq!(files(local.path()), ["a", "b"]);
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_failure_is_told_of_the_file_that_failed_and_the_next_one_goes_on() {
    let local = tempfile::tempdir().unwrap();
    let script = listing(&["a", "b"]).expect("RETR d/a").reply("150 here").data("");
    let script = script.expect("EPSV").reply("551 disk error").listen();
    let script = script.expect("RETR d/b").reply("150 here").data("b").reply("226 done");
    let (server, mut client) = play(in_step(script)).await;

    let error = download(&mut client, local.path()).await.unwrap_err();

    assert_eq!(failed_names(&error), ["d/a"]);
    assert_eq!(files(local.path()), ["b"]);
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_server_that_refuses_what_comes_early_is_asked_again_in_time_and_never_early_again() {
    let local = tempfile::tempdir().unwrap();
    let script = listing(&["a", "b", "c"]).expect("RETR d/a").reply("150 here").data("a");
    let script = script.expect("EPSV").reply("450 transfer in progress").reply("226 done");
    let script = patient(patient(script, "RETR d/b", "b"), "RETR d/c", "c");
    let (server, mut client) = play(in_step(script)).await;

    download(&mut client, local.path()).await.unwrap();

    assert_eq!(files(local.path()), ["a", "b", "c"]);
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn the_next_directory_of_a_tree_is_asked_for_before_the_present_listing_is_answered() {
    let lines = ["a", "b"].map(|name| format!("type=dir; {name}\r\n")).concat();
    let script = opening(Script::new().type_image(), "MLSD d").data(lines).quiet().reply("226 done");
    let script =
        opening(script, "MLSD d/a").data("type=file; x\r\n").expect("EPSV").reply("226 done").listen();
    let script = script.expect("MLSD d/b").reply("150 here").data("type=file; y\r\n").quiet();
    let (server, mut client) = play(in_step(script.reply("226 done"))).await;

    let entries = client.list("d").recursive().await.unwrap();

    let found: Vec<_> = entries.iter().map(|entry| entry.path().to_string()).collect();
    assert_eq!(found, ["d/a", "d/b", "d/a/x", "d/b/y"]);
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_time_that_no_listing_tells_is_asked_for_along_with_the_next_port() {
    let local = tempfile::tempdir().unwrap();
    let lines = ["a", "b"].map(|name| format!("-rw-r--r-- 1 ann staff 1 Jan  2 03:04 {name}\r\n")).concat();
    let script = Script::new().expect("MLST d").reply(mlst_dir()).type_image();
    let script =
        script.passive().expect("MLSD d").reply("500 what?").passive().expect("LIST d").reply("150 here");
    let script = script.data(lines).expect("EPSV").reply("226 done").listen();
    let script = script.expect("RETR d/a").reply("150 here").data("a").expect("MDTM d/a").expect("EPSV");
    let script = script.reply("226 done").reply("213 20200102030405").listen().expect("MDTM d/b");
    let script = script.reply("213 20200102030406").expect("RETR d/b").reply("150 here").data("b");
    let (server, mut client) = play(in_step(script.reply("226 done"))).await;

    client.download("d").to(local.path()).write_into(true).preserve_times(true).await.unwrap();

    let modified = |name| std::fs::metadata(local.path().join(name)).unwrap().modified().unwrap();
    assert_eq!(modified("b").duration_since(modified("a")).unwrap().as_secs(), 1);
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn the_size_of_an_upload_is_asked_for_along_with_the_next_port() {
    for (size, whole) in [("213 1", true), ("213 0", false), ("550 moved away", true)] {
        let local = tempfile::tempdir().unwrap();
        lay(local.path(), "a", "a");
        lay(local.path(), "b", "b");
        let script =
            Script::new().greeting("220 (vsFTPd 3.0.3)").expect("MKD d").reply("257 made").type_image();
        let script = opening(script, "STOR d/a").expect_data("a").expect("SIZE d/a").expect("EPSV");
        let script = script.reply("226 done").reply(size).listen();
        let script = script.expect("STOR d/b").reply("150 here").expect_data("b").reply("226 done");
        let (server, mut client) = play(script.expect("SIZE d/b").reply("213 1")).await;

        let outcome = client.upload(local.path()).to("d").write_into(true).await;

        assert_eq!(outcome.is_ok(), whole, "{size}");
        server.done().await;
    }
}

#[tokio::test]
async fn a_server_that_closes_before_it_tells_a_size_has_the_file_all_the_same() {
    for greeting in ["220 ready", "220 (vsFTPd 3.0.3)"] {
        let local = tempfile::tempdir().unwrap();
        lay(local.path(), "a", "a");
        lay(local.path(), "b", "b");
        let script = Script::new().greeting(greeting).expect("MKD d").reply("257 made").type_image();
        let script = opening(script, "STOR d/a").expect_data("a");
        let (server, mut client) = play(script.reply("226 done").close()).await;

        let error = client.upload(local.path()).to("d").write_into(true).await.unwrap_err();

        let Error::Stopped { report, .. } = error else { panic!("{error}") };
        assert_eq!(report.files, 1, "{greeting}");
        server.done().await;
    }
}

#[tokio::test]
async fn an_upload_to_a_server_that_is_not_known_to_wait_is_answered_first() {
    let table = [("220 ready", false), ("220 (vsFTPd 3.0.3)", true)];
    for (greeting, early) in table {
        let local = tempfile::tempdir().unwrap();
        lay(local.path(), "a", "a");
        lay(local.path(), "b", "b");
        let script = Script::new().greeting(greeting).expect("MKD d").reply("257 made").type_image();
        let script = opening(script, "STOR d/a").expect_data("a");
        let script = match early {
            true => script.expect("EPSV").reply("226 done").listen(),
            false => script.quiet().reply("226 done").passive(),
        };
        let script = script.expect("STOR d/b").reply("150 here").expect_data("b").reply("226 done");
        let (server, mut client) = play(script).await;

        client.upload(local.path()).to("d").write_into(true).verify(Verify::Nothing).await.unwrap();

        server.done().await;
    }
}

#[tokio::test]
async fn with_pipelining_off_every_reply_is_awaited() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST d").reply(mlst_dir()).type_image();
    let script = patient(script, "MLSD d", "type=file;size=1; a\r\ntype=file;size=1; b\r\n");
    let script = patient(patient(script, "RETR d/a", "a"), "RETR d/b", "b");
    let (server, mut client) = play_to(builder().pipelining(Pipelining::Off), script).await;

    download(&mut client, local.path()).await.unwrap();

    assert_eq!(files(local.path()), ["a", "b"]);
    server.done().await;
}

#[tokio::test]
async fn a_command_sent_early_in_vain_does_not_put_the_client_out_of_step() {
    let local = tempfile::tempdir().unwrap();
    let script = listing(&[]);
    let (server, mut client) = play(in_step(script)).await;

    download(&mut client, local.path()).await.unwrap();

    check_in_step(&mut client).await;
    server.done().await;
}

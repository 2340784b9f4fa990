//! Pipelining: the passive command of the next transfer is sent before the final reply of the current one.

use std::path::Path;

use oxftp::{Client, Error, Pipelining, Report, Result, Verify};
use oxftp_testing::scripted::Script;

use crate::common::local_files::{create_file, files};
use crate::common::scripts::{
    assert_in_sync, builder, enter, leave, mlst_dir, open_transfer, play, play_with, send_file,
    with_sync_check,
};
use crate::fixture::failed_names;

/// Plays the listing of a directory with these files; the next `EPSV` is not answered yet.
fn listing(names: &[&str]) -> Script {
    let lines = names.iter().map(|name| format!("type=file;size=1; {name}\r\n")).collect::<String>();
    let script = Script::new().expect("MLST d").reply(mlst_dir()).type_image();
    open_transfer(script, "MLSD d").data(lines).expect("EPSV").reply("226 done").listen()
}

/// Plays a complete transfer, at whose end the server expects no further command.
fn send_file_and_expect_silence(script: Script, command: &str, data: &str) -> Script {
    open_transfer(script, command).data(data).quiet().reply("226 done")
}

async fn download(client: &mut Client, into: &Path) -> Result<Report> {
    client.download("d").to(into).write_into(true).await
}

#[tokio::test]
async fn next_epsv_is_pipelined_before_final_reply() {
    let local = tempfile::tempdir().unwrap();
    let script = listing(&["a", "b"]).expect("RETR d/a").reply("150 here").data("a");
    let script = script.expect("EPSV").reply("226 done").listen();
    let script = script.expect("RETR d/b").reply("150 here").data("b").reply("226 done");
    let (server, mut client) = play(with_sync_check(script)).await;

    download(&mut client, local.path()).await.unwrap();

    assert_eq!(files(local.path()), ["a", "b"]);
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn out_of_order_pipelined_replies_are_understood() {
    let local = tempfile::tempdir().unwrap();
    let script = listing(&["a", "b"]).expect("RETR d/a").reply("150 here").data("a");
    let script = script.passive().reply("226 done");
    let script = script.expect("RETR d/b").reply("150 here").data("b").reply("226 done");
    let (server, mut client) = play(with_sync_check(script)).await;

    download(&mut client, local.path()).await.unwrap();

    assert_eq!(files(local.path()), ["a", "b"]);
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn pipelined_failure_belongs_to_its_own_file() {
    let local = tempfile::tempdir().unwrap();
    let script = listing(&["a", "b"]).expect("RETR d/a").reply("150 here").data("");
    let script = script.expect("EPSV").reply("551 disk error").listen();
    let script = script.expect("RETR d/b").reply("150 here").data("b").reply("226 done");
    let (server, mut client) = play(with_sync_check(script)).await;

    let error = download(&mut client, local.path()).await.unwrap_err();

    assert_eq!(failed_names(&error), ["d/a"]);
    assert_eq!(files(local.path()), ["b"]);
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn refused_pipelined_command_is_repeated_without_pipelining() {
    let local = tempfile::tempdir().unwrap();
    let script = listing(&["a", "b", "c"]).expect("RETR d/a").reply("150 here").data("a");
    let script = script.expect("EPSV").reply("450 transfer in progress").reply("226 done");
    let script =
        send_file_and_expect_silence(send_file_and_expect_silence(script, "RETR d/b", "b"), "RETR d/c", "c");
    let (server, mut client) = play(with_sync_check(script)).await;

    download(&mut client, local.path()).await.unwrap();

    assert_eq!(files(local.path()), ["a", "b", "c"]);
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn next_directory_is_pipelined_before_listing_ends() {
    let lines = ["a", "b"].map(|name| format!("type=dir; {name}\r\n")).concat();
    let script = open_transfer(Script::new().type_image(), "MLSD d").data(lines).quiet().reply("226 done");
    let script =
        open_transfer(script, "MLSD d/a").data("type=file; x\r\n").expect("EPSV").reply("226 done").listen();
    let script = script.expect("MLSD d/b").reply("150 here").data("type=file; y\r\n").quiet();
    let (server, mut client) = play(with_sync_check(script.reply("226 done"))).await;

    let entries = client.list("d").recursive().await.unwrap();

    let found: Vec<_> = entries.iter().map(|entry| entry.path().to_string()).collect();
    assert_eq!(found, ["d/a", "d/b", "d/a/x", "d/b/y"]);
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn missing_time_is_pipelined_with_next_epsv() {
    let local = tempfile::tempdir().unwrap();
    let names = ["0", "a", "b"];
    let lines = names.map(|name| format!("-rw-r--r-- 1 ann staff 1 Jan  2 03:04 {name}\r\n")).concat();
    let script = Script::new().expect("MLST d").reply(mlst_dir()).type_image();
    let script =
        script.passive().expect("MLSD d").reply("500 what?").passive().expect("LIST d").reply("150 here");
    let script = script.data(lines).expect("EPSV").reply("226 done").listen();
    // The first time, it is not known whether the server answers the command.
    let script = script.expect("MDTM d/0").reply("213 20200102030405");
    let script =
        script.expect("RETR d/0").reply("150 here").data("0").expect("EPSV").reply("226 done").listen();
    let script = script.expect("RETR d/a").reply("150 here").data("a").expect("MDTM d/a").expect("EPSV");
    let script = script.reply("226 done").reply("213 20200102030405").listen().expect("MDTM d/b");
    let script = script.reply("213 20200102030406").expect("RETR d/b").reply("150 here").data("b");
    let (server, mut client) = play(with_sync_check(script.reply("226 done"))).await;

    client.download("d").to(local.path()).write_into(true).preserve_times(true).await.unwrap();

    let modified = |name| std::fs::metadata(local.path().join(name)).unwrap().modified().unwrap();
    assert_eq!(modified("b").duration_since(modified("a")).unwrap().as_secs(), 1);
    assert_in_sync(&mut client).await;
    server.done().await;
}

/// The server executes the first of the commands that arrive together, and drops the others.
#[tokio::test]
async fn dropped_pipelined_epsv_is_sent_again() {
    let local = tempfile::tempdir().unwrap();
    let names = ["0", "a", "b"];
    let lines = names.map(|name| format!("-rw-r--r-- 1 ann staff 1 Jan  2 03:04 {name}\r\n")).concat();
    let script = Script::new().expect("MLST d").reply(mlst_dir()).type_image();
    let script =
        script.passive().expect("MLSD d").reply("500 what?").passive().expect("LIST d").reply("150 here");
    let script = script.data(lines).expect("EPSV").reply("226 done").listen();
    let script = script.expect("MDTM d/0").reply("213 20200102030405");
    let script =
        script.expect("RETR d/0").reply("150 here").data("0").expect("EPSV").reply("226 done").listen();
    let script = script.expect("RETR d/a").reply("150 here").data("a").expect("MDTM d/a").expect("EPSV");
    let script =
        script.reply("226 done").reply("213 20200102030405").expect("PWD").reply("257 \"/\"").passive();
    let script = script.expect("MDTM d/b").reply("213 20200102030406").expect("RETR d/b").reply("150 here");
    let (server, mut client) = play(with_sync_check(script.data("b").reply("226 done"))).await;

    client.download("d").to(local.path()).write_into(true).preserve_times(true).await.unwrap();

    assert_eq!(std::fs::read(local.path().join("b")).unwrap(), b"b");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn upload_size_is_pipelined_with_next_epsv() {
    for (size, whole) in [("213 1", true), ("213 2", false)] {
        let local = tempfile::tempdir().unwrap();
        create_file(local.path(), "a", "a");
        create_file(local.path(), "b", "b");
        create_file(local.path(), "0", "0");
        let script =
            Script::new().greeting("220 (vsFTPd 3.0.3)").expect("MKD d").reply("257 made").type_image();
        // The first time, it is not known whether the server answers the command.
        let script = open_transfer(script, "STOR d/0").expect_data("0").quiet().reply("226 done");
        let script = script.expect("SIZE d/0").reply("213 1");
        let script = open_transfer(script, "STOR d/a").expect_data("a").expect("SIZE d/a").expect("EPSV");
        let script = script.reply("226 done").reply(size).listen();
        let script = script.expect("STOR d/b").reply("150 here").expect_data("b").reply("226 done");
        let (server, mut client) = play(script.expect("SIZE d/b").reply("213 1")).await;

        let outcome = client.upload(local.path()).to("d").write_into(true).await;

        assert_eq!(outcome.is_ok(), whole, "{size}");
        server.done().await;
    }
}

#[tokio::test]
async fn close_before_size_reply_keeps_uploaded_file() {
    for greeting in ["220 ready", "220 (vsFTPd 3.0.3)"] {
        let local = tempfile::tempdir().unwrap();
        create_file(local.path(), "a", "a");
        create_file(local.path(), "b", "b");
        let script = Script::new().greeting(greeting).expect("MKD d").reply("257 made").type_image();
        let script = open_transfer(script, "STOR d/a").expect_data("a");
        let (server, mut client) = play(script.reply("226 done").close()).await;

        let error = client.upload(local.path()).to("d").write_into(true).await.unwrap_err();

        let Error::Stopped { report, .. } = error else { panic!("{error}") };
        assert_eq!(report.files, 1, "{greeting}");
        server.done().await;
    }
}

#[tokio::test]
async fn upload_to_unknown_server_is_not_pipelined() {
    let table = [("220 ready", false), ("220 (vsFTPd 3.0.3)", true)];
    for (greeting, early) in table {
        let local = tempfile::tempdir().unwrap();
        create_file(local.path(), "a", "a");
        create_file(local.path(), "b", "b");
        let script = Script::new().greeting(greeting).expect("MKD d").reply("257 made").type_image();
        let script = open_transfer(script, "STOR d/a").expect_data("a");
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
async fn pipelining_off_awaits_every_reply() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().expect("MLST d").reply(mlst_dir()).type_image();
    let script =
        send_file_and_expect_silence(script, "MLSD d", "type=file;size=1; a\r\ntype=file;size=1; b\r\n");
    let script =
        send_file_and_expect_silence(send_file_and_expect_silence(script, "RETR d/a", "a"), "RETR d/b", "b");
    let (server, mut client) = play_with(builder().pipelining(Pipelining::Off), script).await;

    download(&mut client, local.path()).await.unwrap();

    assert_eq!(files(local.path()), ["a", "b"]);
    server.done().await;
}

#[tokio::test]
async fn unused_pipelined_command_keeps_sync() {
    let local = tempfile::tempdir().unwrap();
    // The directory is entered to confirm that it is empty.
    let script = send_file(send_file(enter(listing(&[]), "d"), "MLSD", ""), "LIST", "");
    let (server, mut client) = play(with_sync_check(leave(script))).await;

    download(&mut client, local.path()).await.unwrap();

    assert_in_sync(&mut client).await;
    server.done().await;
}

//! Listing quirks of servers that no RFC describes.

use oxftp::{Encoding, EntryKind, ListCommand, RemotePath, ServerZone};
use oxftp_testing::scripted::Script;

use crate::common::scripts;
use crate::common::scripts::{
    assert_in_sync, builder, enter, leave, paths, play, play_with, send_file, with_sync_check,
};

const UNIX: &str = "-rw-r--r-- 1 ann staff 5 Jan  2  2020 a\r\n";

fn refusing(script: Script, command: &str, refusal: &str) -> Script {
    script.passive().expect(command).reply(refusal)
}

#[tokio::test]
async fn unparsable_mlsd_is_not_used_again() {
    let script = send_file(Script::new().type_image(), "MLSD", "what\r\never\r\n");
    let script = send_file(send_file(script, "LIST", UNIX), "LIST sub", UNIX.replace(" a\r", " b\r"));
    let (server, mut client) = play(script).await;

    assert_eq!(paths(&client.list("").await.unwrap()), ["a"]);
    assert_eq!(paths(&client.list("sub").await.unwrap()), ["sub/b"]);

    server.done().await;
}

#[tokio::test]
async fn list_is_used_after_internal_mlsd_error() {
    let script = refusing(Script::new().type_image(), "MLSD x", "451 internal error");
    let (server, mut client) = play(send_file(script, "LIST x", UNIX)).await;

    assert_eq!(paths(&client.list("x").await.unwrap()), ["x/a"]);

    server.done().await;
}

#[tokio::test]
async fn refusal_reporting_empty_is_an_empty_listing() {
    for refusal in ["450 No files found", "550 No members found.", "550 Directory is empty"] {
        let script = refusing(Script::new().type_image(), "MLSD x", refusal);
        let script = leave(refusing(enter(script, "x"), "MLSD", refusal));
        let (server, mut client) = play(with_sync_check(script)).await;

        assert!(client.list("x").await.unwrap().is_empty(), "{refusal}");

        assert_in_sync(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn refused_path_with_spaces_is_listed_after_cwd() {
    let script = refusing(Script::new().type_image(), "MLSD my dir", "500 what?");
    let script = refusing(script, "LIST my dir", "550 my: no such file")
        .expect("PWD")
        .reply("257 \"/home\"")
        .expect("CWD my dir")
        .reply("250 ok");
    let script = send_file(script, "LIST", UNIX).expect("CWD /home").reply("250 ok");
    let (server, mut client) = play(with_sync_check(script)).await;

    assert_eq!(paths(&client.list("my dir").await.unwrap()), ["my dir/a"]);

    assert_in_sync(&mut client).await;
    server.done().await;
}

/// Pure-FTPd lists the part of the path before the space, which does not exist.
#[tokio::test]
async fn empty_listing_with_spaces_is_repeated_after_cwd() {
    let script = send_file(Script::new().type_image(), "LIST my dir", "")
        .expect("PWD")
        .reply("257 \"/home\"")
        .expect("CWD my dir")
        .reply("250 ok");
    let script = send_file(script, "LIST", UNIX).expect("CWD /home").reply("250 ok");
    let (server, mut client) = play(with_sync_check(script)).await;

    let listed = client.list("my dir").raw_command(ListCommand::List).await.unwrap();

    assert_eq!(paths(&listed), ["my dir/a"]);
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn cancelled_listing_after_cwd_restores_directory() {
    let script = refusing(Script::new().type_image(), "LIST my dir", "550 my: no such file")
        .expect("PWD")
        .reply("257 \"/home\"")
        .expect("CWD my dir")
        .reply("250 ok");
    let lines = UNIX.repeat(40);
    let script = scripts::open_transfer(script, "LIST").send(lines).reply("426 broken off");
    let script = script.expect("CWD /home").reply("250 ok");
    let (server, mut client) = play(with_sync_check(script)).await;

    client.list("my dir").raw_command(ListCommand::List).stream().next().await.unwrap().unwrap();

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn stat_lists_without_a_data_connection() {
    let replies = [
        "213-Status follows:\r\ntotal 4\r\n-rw-r--r-- 1 ann staff 5 Jan  2  2020 a\r\n213 End",
        "212-Listing\r\n212--rw-r--r-- 1 ann staff 5 Jan  2  2020 a\r\n212 End",
        "211-Listing\r\n -rw-r--r-- 1 ann staff 5 Jan  2  2020 a\r\n211 End",
    ];
    for reply in replies {
        let script = Script::new().expect("STAT /pub").reply(reply).expect("STAT .").reply(reply);
        let (server, mut client) = play(script).await;

        let listed = client.list("/pub").raw_command(ListCommand::Stat).await.unwrap();
        assert_eq!(paths(&listed), ["/pub/a"], "{reply}");
        assert_eq!(client.list("").raw_command(ListCommand::Stat).await.unwrap().len(), 1);

        server.done().await;
    }
}

#[tokio::test]
async fn self_entry_of_directory_is_omitted() {
    let lines = "drwxr-xr-x 2 o g 9 Jan  2  2020 ./\r\ndrwxr-xr-x 2 o g 9 Jan  2  2020 /pub\r\n\
                 drwxr-xr-x 2 o g 9 Jan  2  2020 pub\r\n";
    let script = send_file(Script::new().type_image(), "LIST /pub", lines);
    // The listing of the root would show this name, too.
    let script = leave(send_file(enter(script, "/pub"), "LIST", lines));
    let (server, mut client) = play(script).await;

    let listed = client.list("/pub").raw_command(ListCommand::List).await.unwrap();

    assert_eq!(paths(&listed), ["/pub/pub"]);
    server.done().await;
}

#[tokio::test]
async fn unparsable_lines_are_counted_and_kept() {
    let lines = format!("{UNIX}what is this\r\n");
    let (server, mut client) = play(send_file(Script::new().type_image(), "LIST", lines)).await;

    let mut entries = client.list("").raw_command(ListCommand::List).stream();
    while let Some(entry) = entries.next().await {
        assert_eq!(entry.unwrap().raw(), UNIX.trim_end().as_bytes());
    }

    assert_eq!((entries.unparsed(), entries.unparsed_samples()), (1, &[b"what is this".to_vec()][..]));
    drop(entries);
    server.done().await;
}

#[tokio::test]
async fn syst_is_sent_once() {
    for (reply, system) in [("215 Windows_NT", "Windows_NT"), ("502 no", "")] {
        let (server, mut client) = play(with_sync_check(Script::new().expect("SYST").reply(reply))).await;

        assert_eq!(client.system().await.unwrap(), system);
        assert_eq!(client.system().await.unwrap(), system);

        assert_in_sync(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn mixed_encoding_names_round_trip() {
    let lines = [b"type=file; K\xc3\xa4se\r\n".as_slice(), b"type=file; K\xe4se\r\n"].concat();
    let script = send_file(Script::new().type_image(), "MLSD", lines)
        .expect(b"DELE K\xc3\xa4se")
        .reply("250 ok")
        .expect(b"DELE K\xe4se")
        .reply("250 ok");
    let latin1: Encoding = "latin1".parse().unwrap();
    let (server, mut client) = play_with(builder().encoding(latin1), script).await;

    let listed = client.list("").await.unwrap();
    assert!(listed.iter().all(|found| found.name().as_str() == Some("Käse")), "{listed:?}");
    for found in &listed {
        client.remove_file(found.path()).await.unwrap();
    }

    server.done().await;
}

#[tokio::test]
async fn server_time_zone_is_measured_from_listed_file() {
    let lines = "-rw-r--r-- 1 ann staff 5 2020-01-02 05:30 a\r\ndrwxr-xr-x 2 o g 9 2020-01-02 06:30 d\r\n";
    let script =
        send_file(Script::new().type_image(), "LIST", lines).expect("MDTM a").reply("213 20200102000012");
    let (server, mut client) = play(send_file(script, "LIST", lines)).await;

    let zone = client.measure_server_zone("").await.unwrap();
    assert_eq!(zone, Some("+05:30".parse::<ServerZone>().unwrap()));
    let listed = client.list("").raw_command(ListCommand::List).await.unwrap();
    assert_eq!(listed[0].modified.unwrap().to_string(), "2020-01-02T05:30+05:30");

    server.done().await;
}

#[tokio::test]
async fn configured_time_zone_applies_to_listed_times() {
    let lines = "-rw-r--r-- 1 ann staff 5 2020-07-02 05:30 a\r\n";
    let zone: ServerZone = "Europe/Berlin".parse().unwrap();
    let script = send_file(Script::new().type_image(), "LIST", lines);
    let (server, mut client) = play_with(builder().server_zone(zone), script).await;

    let listed = client.list("").raw_command(ListCommand::List).await.unwrap();

    assert_eq!(listed[0].modified.unwrap().to_string(), "2020-07-02T05:30+02:00");
    server.done().await;
}

#[tokio::test]
async fn symlinks_are_resolved_on_request() {
    let enter_directory = |script: Script, path: &str, reply: &str| {
        script.expect("PWD").reply("257 \"/\"").expect(format!("CWD {path}")).reply(reply)
    };
    let script = enter_directory(Script::new(), "to-dir", "250 ok").expect("CWD /").reply("250 ok");
    let script =
        enter_directory(script, "to-file", "550 no").type_image().expect("SIZE to-file").reply("213 5");
    let script = enter_directory(script, "to-nothing", "550 no").expect("SIZE to-nothing").reply("550 no");
    let (server, mut client) = play(script.expect("MDTM to-nothing").reply("550 no")).await;

    let mut resolved = Vec::new();
    for path in ["to-dir", "to-file", "to-nothing"] {
        resolved.push(client.resolve_link(RemotePath::from(path)).await.unwrap());
    }

    assert_eq!(resolved, [EntryKind::Directory, EntryKind::File, EntryKind::Unknown]);
    server.done().await;
}

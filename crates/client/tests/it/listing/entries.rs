//! Listings: commands, entries and their order.

use oxftp::{Entry, EntryKind, Error, Limits, ListCommand, ParserOrder, Timestamp, listing::ListingError};
use oxftp_testing::scripted::Script;

use crate::common::scripts;
use crate::common::scripts::{
    assert_in_sync, builder, enter, leave, mlst_file, open_transfer, paths, play, play_with,
    refuse_to_enter_at_all, send_file, with_sync_check,
};

const UNIX: &str =
    "total 4\r\n-rw-r--r-- 1 ann staff 5 Jan  2  2020 a b\r\ndrwxr-xr-x 2 ann staff 9 Jan  2  2020 sub\r\n";

fn mlsd(script: Script, path: &str, data: &str) -> Script {
    send_file(script, format!("MLSD {path}").trim_end(), data)
}

fn refusing(script: Script, command: &str, refusal: &str) -> Script {
    script.passive().expect(command).reply(refusal)
}

#[tokio::test]
async fn unknown_mlsd_falls_back_to_list_permanently() {
    for refusal in ["500 what?", "502 no", "504 not like that"] {
        let script = refusing(Script::new().type_image(), "MLSD /pub", refusal);
        let script = send_file(send_file(script, "LIST /pub", UNIX), "LIST /other", UNIX);
        let (server, mut client) = play(script).await;

        assert_eq!(paths(&client.list("/pub").await.unwrap()), ["/pub/a b", "/pub/sub"]);
        assert_eq!(paths(&client.list("/other").await.unwrap()), ["/other/a b", "/other/sub"]);

        server.done().await;
    }
}

#[tokio::test]
async fn refused_mlsd_path_falls_back_to_list_once() {
    let script = refusing(Script::new().type_image(), "MLSD x", "451 internal error");
    let script = mlsd(send_file(script, "LIST x", UNIX), "other", "type=file; c\r\n");
    let (server, mut client) = play(script).await;

    assert_eq!(client.list("x").await.unwrap().len(), 2);
    assert_eq!(paths(&client.list("other").await.unwrap()), ["other/c"]);

    server.done().await;
}

#[tokio::test]
async fn other_listing_refusal_is_error() {
    let script = refusing(Script::new().type_image(), "MLSD x", "550 no such directory");
    let script = refusing(refuse_to_enter_at_all(script, "x"), "LIST x", "550 no such directory");
    let script = script.expect("MLST x").reply("550 no");
    let (server, mut client) = play(with_sync_check(script)).await;

    assert!(client.list("x").await.unwrap_err().is_not_found());

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn configured_list_command_is_the_only_one() {
    let script = send_file(Script::new().type_image(), "LIST", UNIX);
    let script = refusing(script, "MLSD", "500 what?");
    let (server, mut client) = play(with_sync_check(script)).await;

    assert_eq!(client.list("").raw_command(ListCommand::List).await.unwrap().len(), 2);
    let error = client.list("").raw_command(ListCommand::Mlsd).await.unwrap_err();

    assert_eq!(error.code().map(|code| code.get()), Some(500));
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn empty_path_sends_no_argument_but_dot_does() {
    let script = mlsd(mlsd(Script::new().type_image(), "", "type=file; a\r\n"), ".", "type=file; a\r\n");
    let (server, mut client) = play(script).await;

    assert_eq!(paths(&client.list("").await.unwrap()), ["a"]);
    client.list(".").await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn unparsable_lines_do_not_lose_other_entries() {
    let lines =
        "type=file; a\r\ngibberish\r\n\r\ntype=dir;size=; b\r\n;\r\ntype=file;size=x; c\nno type here\r\n";
    let (server, mut client) = play(mlsd(Script::new().type_image(), "", lines)).await;

    let found = paths(&client.list("").lenient().await.unwrap());

    assert!(found.contains(&"a".to_owned()) && found.contains(&"b".to_owned()), "{found:?}");
    server.done().await;
}

#[tokio::test]
async fn last_line_without_line_ending_counts() {
    let (server, mut client) =
        play(mlsd(Script::new().type_image(), "", "type=file; a\r\ntype=file; b")).await;

    assert_eq!(paths(&client.list("").await.unwrap()), ["a", "b"]);

    server.done().await;
}

#[tokio::test]
async fn spaces_around_names_are_kept() {
    let (server, mut client) =
        play(mlsd(Script::new().type_image(), "", "type=file;  a \r\ntype=file; ;=\r\n")).await;

    assert_eq!(paths(&client.list("").await.unwrap()), [" a ", ";="]);

    server.done().await;
}

#[tokio::test]
async fn dot_and_dot_dot_are_omitted() {
    let lines = "type=cdir; /pub\r\ntype=pdir; /\r\ntype=dir; .\r\ntype=dir; ..\r\ntype=file; a\r\n";
    let (server, mut client) = play(mlsd(Script::new().type_image(), "/pub", lines)).await;

    assert_eq!(paths(&client.list("/pub").await.unwrap()), ["/pub/a"]);

    server.done().await;
}

#[tokio::test]
async fn path_traversal_names_are_refused_and_reported() {
    let lines = "type=file; ../../etc/passwd\r\ntype=file; /etc/shadow\r\ntype=file; a\r\ntype=dir; b/c\r\n";
    let (server, mut client) = play(mlsd(Script::new().type_image(), "", lines)).await;

    let mut entries = client.list("").stream();
    let mut found = Vec::new();
    while let Some(entry) = entries.next().await {
        found.push(entry.unwrap().path().to_string());
    }

    assert_eq!(found, ["a"]);
    let refused: Vec<_> = entries.invalid_names().iter().map(ToString::to_string).collect();
    assert_eq!(refused.len(), 3, "{refused:?}");
    assert!(refused[0].contains("../../etc/passwd"), "{refused:?}");
    server.done().await;
}

fn starred(line: &[u8], _: Timestamp) -> Result<Entry, ListingError> {
    match line.strip_prefix(b"* ") {
        Some(name) => Ok(Entry::new(name)),
        None if line.ends_with(b"a b") => Ok(Entry::new("custom")),
        None => Err(ListingError::not_understood(line, "no star")),
    }
}

#[tokio::test]
async fn custom_parser_runs_first_or_last() {
    let lines = format!("{UNIX}* star\r\n");
    for (order, expected) in [(ParserOrder::First, "custom"), (ParserOrder::Last, "a b")] {
        let script = send_file(Script::new().type_image(), "LIST", lines.clone());
        let (server, mut client) = play_with(builder().list_parser(starred, order), script).await;

        let entries = client.list("").raw_command(ListCommand::List).await.unwrap();

        assert_eq!(paths(&entries), [expected, "sub", "star"]);
        server.done().await;
    }
}

#[tokio::test]
async fn tree_is_listed_breadth_first() {
    let script = mlsd(Script::new().type_image(), "/t", "type=dir; d1\r\ntype=file; f\r\ntype=dir; d2\r\n");
    let script = mlsd(script, "/t/d1", "type=dir; deep\r\ntype=file; x\r\n");
    let script = mlsd(mlsd(script, "/t/d2", "type=file; y\r\n"), "/t/d1/deep", "type=file; z\r\n");
    let (server, mut client) = play(script).await;

    let found = paths(&client.list("/t").recursive().await.unwrap());

    assert_eq!(found, ["/t/d1", "/t/f", "/t/d2", "/t/d1/deep", "/t/d1/x", "/t/d2/y", "/t/d1/deep/z"]);
    server.done().await;
}

#[tokio::test]
async fn tree_listing_does_not_follow_symlinks() {
    let lines = "type=OS.unix=slink:/; round\r\ntype=file; f\r\n";
    let (server, mut client) = play(mlsd(Script::new().type_image(), "", lines)).await;

    let entries = client.list("").recursive().await.unwrap();

    assert_eq!(paths(&entries), ["round", "f"]);
    assert_eq!(entries[0].kind, EntryKind::Link);
    server.done().await;
}

#[tokio::test]
async fn refused_subdirectory_does_not_end_lazy_listing() {
    let script = mlsd(Script::new().type_image(), "", "type=dir; shut\r\ntype=dir; open\r\n");
    let script = refuse_to_enter_at_all(refusing(script, "MLSD shut", "550 permission denied"), "shut");
    let script = mlsd(script, "open", "type=file; x\r\n");
    let (server, mut client) = play(script).await;

    let mut entries = client.list("").recursive().stream();
    let (mut found, mut failed) = (Vec::new(), 0);
    while let Some(entry) = entries.next().await {
        match entry {
            Ok(entry) => found.push(entry.path().to_string()),
            Err(error) => {
                assert!(error.is_permission_denied(), "{error}");
                failed += 1;
            }
        }
    }

    assert_eq!((found, failed), (vec!["shut".into(), "open".into(), "open/x".into()], 1));
    server.done().await;
}

#[tokio::test]
async fn first_entry_arrives_before_listing_ends() {
    let script =
        open_transfer(Script::new().type_image(), "MLSD").send("type=file; first\r\ntype=fi").stall();
    let (server, mut client) = play(script).await;

    let mut entries = client.list("").stream();

    assert_eq!(entries.next().await.unwrap().unwrap().path(), "first".into());
    server.done().await;
}

#[tokio::test]
async fn cancelled_lazy_listing_keeps_client_usable() {
    let script = open_transfer(Script::new().type_image(), "MLSD")
        .send("type=file; first\r\n")
        .reply("426 broken off");
    let (server, mut client) = play(with_sync_check(script)).await;

    client.list("").stream().next().await.unwrap().unwrap();

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn truncated_listing_error_carries_server_reply() {
    let script = open_transfer(Script::new().type_image(), "MLSD")
        .data("type=file; first\r\n")
        .reply("426 out of sorts");
    let (server, mut client) = play(with_sync_check(script)).await;

    let error = client.list("").await.unwrap_err();

    assert!(error.to_string().contains("out of sorts"), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn reset_listing_is_error() {
    let script = open_transfer(Script::new().type_image(), "MLSD").send("type=file; first\r\n").reset_data();
    let (server, mut client) = play(with_sync_check(script.reply("426 reset"))).await;

    assert!(client.list("").await.is_err());

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn refusal_to_list_empty_directory_lists_nothing() {
    for reply in ["450 No files found", "550 No files found."] {
        let script = refusing(Script::new().type_image(), "MLSD empty", reply);
        let script = leave(refusing(enter(script, "empty"), "MLSD", reply));
        let (server, mut client) = play(with_sync_check(script)).await;

        assert!(client.list("empty").await.unwrap().is_empty());

        assert_in_sync(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn listing_a_file_is_empty_despite_echo() {
    let script =
        send_file(Script::new().type_image(), "LIST a", "-rw-r--r-- 1 ann staff 5 Jan  2  2020 a\r\n");
    let script = script.expect("PWD").reply("257 \"/\"").expect("CWD a").reply("550 not a directory");
    let (server, mut client) = play(script).await;

    assert!(client.list("a").raw_command(ListCommand::List).await.unwrap().is_empty());

    server.done().await;
}

#[tokio::test]
async fn directory_with_file_of_same_name_is_listed() {
    let script = mlsd(Script::new().type_image(), "a", "type=file; a\r\n");
    let script = script.expect("PWD").reply("257 \"/home\"").expect("CWD a").reply("250 ok");
    let (server, mut client) = play(with_sync_check(script.expect("CWD /home").reply("250 ok"))).await;

    assert_eq!(paths(&client.list("a").await.unwrap()), ["a/a"]);

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn listing_a_file_is_empty_despite_refusal() {
    let script = refusing(Script::new().type_image(), "MLSD a", "550 not a directory");
    let script = refuse_to_enter_at_all(script, "a");
    let script = refusing(script, "LIST a", "550 not a directory");
    let (server, mut client) = play(script.expect("MLST a").reply(mlst_file(5))).await;

    assert!(client.list("a").await.unwrap().is_empty());

    server.done().await;
}

#[tokio::test]
async fn overlong_listing_line_is_limit_error() {
    let mut limits = Limits::default();
    limits.listing_line = 100;
    for end in ["\r\n", ""] {
        let line = format!("type=file; {}{end}", "x".repeat(200));
        let script = mlsd(Script::new().type_image(), "", &line);
        let (server, mut client) = play_with(builder().limits(limits.clone()), with_sync_check(script)).await;

        let error = client.list("").await.unwrap_err();

        assert!(matches!(error, Error::Limit { limit: 100, .. }), "{error}");
        assert_in_sync(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn vsftpd_lists_dot_files_without_unknown_commands() {
    let script = Script::new().greeting("220 (vsFTPd 3.0.3)").type_image();
    let lines = format!("drwxr-xr-x 2 ann staff 9 Jan  2  2020 .\r\n{UNIX}");
    let (server, mut client) =
        play_with(builder().list_all(true), send_file(script, "LIST -a x", lines)).await;

    assert_eq!(client.list("x").await.unwrap().len(), 2);

    server.done().await;
}

#[tokio::test]
async fn removal_never_follows_symlinks_and_starts_deepest() {
    let script = Script::new().expect("MLST t").reply(scripts::mlst_dir()).type_image();
    let script = mlsd(script, "t", "type=OS.unix=slink:/; round\r\ntype=dir; d\r\ntype=file; f\r\n");
    let script = script.expect("DELE t/round").reply("250 ok").expect("DELE t/f").reply("250 ok");
    let script = mlsd(script, "t/d", "type=file; x\r\n").expect("DELE t/d/x").reply("250 ok");
    let script = script.expect("RMD t/d").reply("250 ok").expect("RMD t").reply("250 ok");
    let (server, mut client) = play(script).await;

    let report = client.remove_dir_all("t").await.unwrap();

    assert_eq!((report.files, report.directories), (3, 2));
    server.done().await;
}

//! Transfers: when one is whole, and what is left when it is not.

use oxftp::Error;
use oxftp_testing::scripted::{Ending, Script};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::scripts::{check_in_step, get, in_step, mlst_file, opening, play, put, sending, taking};

fn retr() -> Script {
    opening(Script::new().type_image(), "RETR a")
}

fn stor() -> Script {
    opening(Script::new().type_image(), "STOR a")
}

fn code(error: &Error) -> Option<u16> {
    error.code().map(|code| code.get())
}

#[tokio::test]
async fn bytes_go_down_and_up_unchanged() {
    let all: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let script = sending(Script::new().type_image(), "RETR a", all.clone());
    let script = taking(taking(script, "STOR b", all.clone()), "APPE c", all.clone());
    let (server, mut client) = play(script).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), all);
    put(&mut client, "b", &all).await.unwrap();
    let mut stream = client.append_stream("c").await.unwrap();
    stream.write_all(&all).await.unwrap();
    let summary = stream.finish().await.unwrap();

    assert_eq!((summary.transferred, summary.reply.text()), (100_000, "done".into()));
    server.done().await;
}

#[tokio::test]
async fn an_empty_upload_ends_regularly() {
    let (server, mut client) = play(taking(Script::new().type_image(), "STOR a", "")).await;

    put(&mut client, "a", b"").await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn offsets_are_sent_before_the_command() {
    let script = Script::new().type_image().passive().expect("REST 5000000000").reply("350 ok");
    let script = script.expect("RETR a").reply("150 here").data("tail").reply("226 done");
    let (server, mut client) = play(script).await;

    let mut tail = String::new();
    let mut stream = client.download_stream("a").offset(5_000_000_000).await.unwrap();
    stream.read_to_string(&mut tail).await.unwrap();
    stream.finish().await.unwrap();

    assert_eq!(tail, "tail");
    server.done().await;
}

#[tokio::test]
async fn a_missing_preliminary_reply_is_no_obstacle() {
    let script = Script::new().type_image().passive().expect("RETR a").reply("226 done").data("down");
    let script = script.passive().expect("STOR b").reply("226 done").expect_data("up");
    let (server, mut client) = play(in_step(script)).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"down");
    put(&mut client, "b", b"up").await.unwrap();

    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_final_reply_may_overtake_the_data() {
    let (server, mut client) = play(in_step(retr().send("be").reply("226 done").data("hind"))).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"behind");

    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn preliminary_replies_during_a_transfer_are_waited_past() {
    let script = retr().data("data").reply("150 still here").reply("110 restart marker").reply("226 done");
    let (server, mut client) = play(in_step(script)).await;

    assert_eq!(get(&mut client, "a").await.unwrap(), b"data");

    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn cut_data_are_an_error_with_the_servers_words() {
    let (server, mut client) = play(in_step(retr().data("half").reply("426 disk gone"))).await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert_eq!(code(&error), Some(426));
    assert!(error.to_string().contains("disk gone"), "{error}");
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_full_disk_is_told_though_all_data_were_sent() {
    let (server, mut client) = play(in_step(stor().receive().reply("452 no space"))).await;

    let error = put(&mut client, "a", b"data").await.unwrap_err();

    assert!(error.to_string().contains("no space"), "{error}");
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn an_upload_that_the_server_breaks_off_tells_its_words() {
    let (server, mut client) = play(in_step(stor().read(10).reset_data().reply("552 quota exceeded"))).await;

    let error = put(&mut client, "a", &vec![0; 64 << 20]).await.unwrap_err();

    assert!(error.to_string().contains("quota exceeded"), "{error}");
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_reset_is_an_error_whatever_the_server_says_of_it() {
    for reply in ["426 reset", "226 Transfer complete"] {
        let (server, mut client) = play(in_step(retr().send("half").reset_data().reply(reply))).await;

        assert!(get(&mut client, "a").await.is_err(), "{reply}");

        check_in_step(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn a_broken_download_leaves_its_part_and_nothing_under_its_name() {
    for reply in ["426 reset", "226 Transfer complete"] {
        let local = tempfile::tempdir().unwrap();
        let script = Script::new().expect("MLST a").reply(mlst_file(100)).type_image();
        let script = opening(script, "RETR a").send("half").reset_data().reply(reply);
        let (server, mut client) = play(in_step(script)).await;

        client.download("a").to(local.path()).await.unwrap_err();

        assert!(!local.path().join("a").exists());
        assert!(local.path().join("a.oxftp.part").exists());
        check_in_step(&mut client).await;
        server.done().await;
    }
}

#[tokio::test]
async fn a_download_shorter_than_the_file_is_an_error_and_leaves_its_part() {
    let local = tempfile::tempdir().unwrap();
    let script =
        sending(Script::new().expect("MLST a").reply(mlst_file(100)).type_image(), "RETR a", "short");
    let (server, mut client) = play(in_step(script.expect("SIZE a").reply("213 100"))).await;

    let error = client.download("a").to(local.path()).await.unwrap_err();

    assert!(matches!(error, Error::SizeMismatch { expected: 100, transferred: 5 }), "{error}");
    assert!(!local.path().join("a").exists());
    assert_eq!(std::fs::read(local.path().join("a.oxftp.part")).unwrap(), b"short");
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_download_longer_than_the_file_is_an_error_too() {
    let local = tempfile::tempdir().unwrap();
    let script = sending(Script::new().expect("MLST a").reply(mlst_file(1)).type_image(), "RETR a", "long");
    let (server, mut client) = play(script.expect("SIZE a").reply("502 no")).await;

    let error = client.download("a").to(local.path()).await.unwrap_err();

    assert!(matches!(error, Error::SizeMismatch { expected: 1, transferred: 4 }), "{error}");
    server.done().await;
}

#[tokio::test]
async fn a_file_that_grew_since_it_was_listed_is_whole() {
    let local = tempfile::tempdir().unwrap();
    let script = sending(Script::new().expect("MLST a").reply(mlst_file(2)).type_image(), "RETR a", "grown");
    let (server, mut client) = play(script.expect("SIZE a").reply("213 5")).await;

    client.download("a").to(local.path()).await.unwrap();

    assert_eq!(std::fs::read(local.path().join("a")).unwrap(), b"grown");
    server.done().await;
}

#[tokio::test]
async fn a_refused_download_touches_nothing_here() {
    let local = tempfile::tempdir().unwrap();
    std::fs::write(local.path().join("a"), "old").unwrap();
    let script = Script::new().expect("MLST a").reply(mlst_file(2)).type_image().passive();
    let (server, mut client) = play(script.expect("RETR a").reply("550 no permission")).await;

    let error = client.download("a").to(local.path()).await.unwrap_err();

    assert!(error.is_permission_denied(), "{error}");
    assert_eq!(std::fs::read(local.path().join("a")).unwrap(), b"old");
    assert!(!local.path().join("a.oxftp.part").exists());
    server.done().await;
}

/// libunftp announces a transfer before it looks for the file.
#[tokio::test]
async fn a_download_refused_after_its_announcement_leaves_nothing() {
    let local = tempfile::tempdir().unwrap();
    let found = Script::new().expect("MLST a").reply(mlst_file(1)).type_image();
    let (server, mut client) = play(opening(found, "RETR a").close_data().reply("550 no such file")).await;

    let error = client.download("a").to(local.path()).await.unwrap_err();

    assert!(error.is_not_found(), "{error}");
    assert_eq!(std::fs::read_dir(local.path()).unwrap().count(), 0);
    server.done().await;
}

#[tokio::test]
async fn finishing_before_the_end_is_unfinished() {
    let (server, mut client) = play(in_step(retr().data("abc").reply("226 done"))).await;

    let mut stream = client.download_stream("a").await.unwrap();
    stream.read_exact(&mut [0; 2]).await.unwrap();
    let error = stream.finish().await.unwrap_err();

    assert!(matches!(error, Error::Unfinished { received: 2 }), "{error}");
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn finishing_with_all_bytes_read_needs_no_read_of_the_end() {
    let (server, mut client) = play(in_step(retr().data("abc").reply("226 done"))).await;

    let mut stream = client.download_stream("a").await.unwrap();
    stream.read_exact(&mut [0; 3]).await.unwrap();
    let summary = stream.finish().await.unwrap();

    assert_eq!(summary.transferred, 3);
    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn other_masks_decide_how_a_transfer_ends() {
    let script = retr().data("").reply("226 not yet").reply("250 done");
    let (server, mut client) = play(script).await;

    let stream = client.download_stream("a").await.unwrap();
    let summary = stream.finish_expecting(&["250"], &["1xx", "226"]).await.unwrap();

    assert_eq!(summary.reply.code().get(), 250);
    server.done().await;
}

#[tokio::test]
async fn a_dropped_download_leaves_the_next_command_its_own_answer() {
    let (server, mut client) = play(in_step(retr().send("abc").reply("426 broken off"))).await;

    let mut stream = client.download_stream("a").await.unwrap();
    stream.read_exact(&mut [0]).await.unwrap();
    drop(stream);

    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn what_a_dropped_transfer_was_answered_can_be_asked_for() {
    let (server, mut client) = play(retr().send("abc").reply("426 broken off")).await;

    drop(client.download_stream("a").await.unwrap());
    let settled = client.settle().await.unwrap();

    assert_eq!(settled.iter().map(|reply| reply.code().get()).collect::<Vec<_>>(), [426]);
    server.done().await;
}

#[tokio::test]
async fn a_dropped_upload_is_reset_so_that_no_server_takes_it_for_whole() {
    let (server, mut client) = play(in_step(stor().read(4).expect_reset().reply("426 broken off"))).await;

    let mut stream = client.upload_stream("a").await.unwrap();
    stream.write_all(b"half").await.unwrap();
    drop(stream);

    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn an_upload_dropped_before_its_first_byte_is_reset_too() {
    let (server, mut client) = play(in_step(stor().expect_reset().reply("426 broken off"))).await;

    drop(client.upload_stream("a").await.unwrap());

    check_in_step(&mut client).await;
    assert_eq!(server.done().await.transfers[0].bytes, b"");
}

#[tokio::test]
async fn an_append_that_is_dropped_is_reset_too() {
    let script = opening(Script::new().type_image(), "APPE a").expect_reset().reply("426 broken off");
    let (server, mut client) = play(in_step(script)).await;

    let mut stream = client.append_stream("a").await.unwrap();
    stream.write_all(b"half").await.unwrap();
    drop(stream);

    check_in_step(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn a_client_that_is_dropped_with_its_upload_resets_it() {
    let (server, mut client) = play(stor().read(4).expect_reset()).await;

    let mut stream = client.upload_stream("a").await.unwrap();
    stream.write_all(b"half").await.unwrap();
    drop(stream);
    drop(client);

    server.done().await;
}

#[tokio::test]
async fn an_upload_whose_finish_is_dropped_was_whole_already() {
    let (server, mut client) = play(in_step(stor().receive().reply("226 done"))).await;

    let mut stream = client.upload_stream("a").await.unwrap();
    stream.write_all(b"whole").await.unwrap();
    let mut finish = Box::pin(stream.finish());
    let finished =
        std::future::poll_fn(|cx| std::task::Poll::Ready(finish.as_mut().poll(cx).is_ready())).await;
    assert!(!finished, "the server cannot have answered yet");
    drop(finish);

    check_in_step(&mut client).await;
    let played = server.done().await;
    assert_eq!((&*played.transfers[0].bytes, played.transfers[0].ending), (&b"whole"[..], Ending::Eof));
}

#[tokio::test]
async fn a_control_connection_lost_during_a_transfer_is_an_error() {
    let (server, mut client) = play(retr().data("data").close()).await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert!(matches!(error, Error::Closed { .. }), "{error}");
    assert!(client.is_broken());
    server.done().await;
}

#[tokio::test]
async fn a_goodbye_during_a_transfer_has_its_words() {
    let (server, mut client) = play(retr().data("data").reply("421 idle too long").close()).await;

    let error = get(&mut client, "a").await.unwrap_err();

    assert!(error.to_string().contains("idle too long"), "{error}");
    assert!(error.is_connection_lost(), "{error}");
    server.done().await;
}

#[tokio::test]
async fn any_command_that_moves_data_can_be_sent() {
    let (server, mut client) = play(sending(Script::new().type_image(), "NLST -a /pub", "a\r\nb\r\n")).await;

    let mut names = String::new();
    let mut stream = client.data_command("NLST -a /pub").await.unwrap();
    stream.read_to_string(&mut names).await.unwrap();
    stream.finish().await.unwrap();

    assert_eq!(names, "a\r\nb\r\n");
    server.done().await;
}

#[tokio::test]
async fn a_data_command_with_a_line_break_sends_nothing() {
    let (server, mut client) = play(in_step(Script::new())).await;

    assert!(matches!(client.data_command("NLST\r\nDELE x").await.unwrap_err(), Error::InvalidCommand(_)));

    check_in_step(&mut client).await;
    server.done().await;
}

//! Raw commands, and the assignment of replies to commands.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::mpsc,
    thread,
};

use oxftp::{Client, Error};
use oxftp_testing::scripted::Script;

use crate::common::scripts::{assert_in_sync, builder, play, with_sync_check};

fn code(reply: &oxftp::Reply) -> u16 {
    reply.code().get()
}

#[tokio::test]
async fn unexplained_521_is_no_existing_directory() {
    let script = Script::new().expect("MKD a/b").reply("521 parent missing");
    let at_root = "257 \"/\" is current";
    let script = script.expect("PWD").reply(at_root).expect("CWD a/b").reply("550 no");
    let script = script.expect("PWD").reply(at_root).expect("CWD a").reply("550 no");
    let script = script.expect("MKD a").reply("257 made");
    let script = script.expect("MKD a/b").reply("257 made");
    let (server, mut client) = play(script).await;

    client.create_dir_all("a/b").await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn create_dir_reports_an_existing_directory() {
    let script = Script::new().expect("MKD a").reply("257 \"a\" created").expect("MKD a").reply("521 exists");
    let (server, mut client) = play(script).await;

    client.create_dir("a").await.unwrap();
    let error = client.create_dir("a").await.unwrap_err();

    assert!(matches!(error, Error::StatusCode(_)), "{error}");
    server.done().await;
}

#[tokio::test]
async fn noop_accepts_any_final_reply() {
    let script = Script::new().expect("NOOP").reply("200 zzz").expect("NOOP").reply("502 unknown");
    let (server, mut client) = play(script).await;

    client.noop().await.unwrap();
    client.noop().await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn passive_address_is_that_of_the_reply() {
    let script =
        Script::new().expect("PASV").reply("227 Entering (10,0,0,7,8,1)").expect("PASV").reply("227 no");
    let (server, mut client) = play(script).await;

    assert_eq!(client.passive_address().await.unwrap().to_string(), "10.0.0.7:2049");
    let error = client.passive_address().await.unwrap_err();
    assert!(matches!(error, Error::UnusableReply { command: "PASV", .. }), "{error}");
    server.done().await;
}

#[tokio::test]
async fn any_of_several_masks_matches() {
    let script = Script::new().expect("SITE A").reply("213 a").expect("SITE B").reply("350 b");
    let (server, mut client) = play(script).await;

    let first = client.command("SITE A").expect("2xx").expect("350").await.unwrap();
    let second = client.command("SITE B").expect("2xx").expect("350").await.unwrap();

    assert_eq!((code(&first), code(&second)), (213, 350));
    server.done().await;
}

#[tokio::test]
async fn unexpected_reply_error_carries_reply_and_masks() {
    let (server, mut client) =
        play(with_sync_check(Script::new().expect("SITE A").reply("550-no\r\n550 way"))).await;

    let error = client.command("SITE A").expect("2xx").expect("350").await.unwrap_err();

    let Error::StatusCode(error) = error else { panic!("{error}") };
    assert_eq!(error.expected, ["2xx", "350"]);
    assert_eq!(error.received.iter().map(|code| code.get()).collect::<Vec<_>>(), [550]);
    assert_eq!(error.info.text(), "no\nway");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn replies_matching_wait_mask_are_skipped() {
    let script = Script::new().expect("SITE SLOW").reply("150 a").reply("250 b").reply("226 c");
    let (server, mut client) = play(with_sync_check(script)).await;

    let reply = client.command("SITE SLOW").wait("1xx").wait("250").expect("2xx").await.unwrap();

    assert_eq!(code(&reply), 226);
    // Two final replies to one command are one too many, but `wait("250")` requested it.
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn command_without_expected_masks_reports_refusal() {
    let replies = ["550 no", "450 busy", "120 wait\r\n550 no", "502 what?", "421 bye"];
    for reply in replies {
        let (server, mut client) = play(Script::new().expect("DELE nope").reply(reply)).await;
        let error = client.command("DELE nope").await.unwrap_err();
        assert!(matches!(error, Error::StatusCode(_)), "{reply}: {error}");
        server.done().await;
    }
    let script = Script::new().expect("DELE nope").reply("120 wait\r\n550 no");
    let (server, mut client) = play(with_sync_check(script)).await;
    let error = client.command("DELE nope").wait("1xx").await.unwrap_err();
    assert_eq!(error.code().map(|code| code.get()), Some(550), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn command_without_masks_returns_final_reply() {
    let script = Script::new().expect("SITE A").reply("150 wait").reply("226 done");
    let script = script.expect("SITE B").reply("350 more").expect("SITE C").reply("550 no");
    let (server, mut client) = play(with_sync_check(script)).await;

    let done = client.command("SITE A").await.unwrap();
    let more = client.command("SITE B").await.unwrap();
    let refused = client.command("SITE C").expect("xxx").await.unwrap();

    assert_eq!([code(&done), code(&more), code(&refused)], [226, 350, 550]);
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn invalid_mask_is_refused_before_sending() {
    let (server, mut client) = play(with_sync_check(Script::new())).await;

    for mask in ["", "abc", "ok", "O50", "2 0", "2xxx", "2xx "] {
        for outcome in [
            client.command("DELE nope").expect(mask).await,
            client.command("DELE nope").expect("2xx").expect(mask).await,
            client.command("DELE nope").wait(mask).expect("2xx").await,
        ] {
            let error = outcome.unwrap_err();
            assert!(
                matches!(&error, Error::InvalidMask(invalid) if invalid.mask == mask),
                "{mask:?}: {error}"
            );
        }
    }
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn nothing_removes_root_or_working_directory() {
    let (server, mut client) = play(with_sync_check(Script::new())).await;

    for path in
        ["", "/", "//", ".", "./", "..", "a/..", "/a/..", "a/../", "a/b/../../.", "../..", "/.", "/.."]
    {
        for outcome in [
            client.remove_dir_all(path).await.map(drop),
            client.remove_dir(path).await,
            client.remove_file(path).await,
        ] {
            let error = outcome.unwrap_err();
            assert!(matches!(error, Error::NothingToRemove { .. }), "{path:?}: {error}");
            assert!(!error.is_not_found() && !error.is_transient(), "{path:?}: {error}");
        }
    }
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn preliminary_reply_without_wait_mask_is_the_reply() {
    let (server, mut client) = play(Script::new().expect("SITE A").reply("150 a").reply("226 b")).await;

    let first = client.command("SITE A").expect("1xx").await.unwrap();
    let second = client.read_reply().await.unwrap();

    assert_eq!((code(&first), code(&second)), (150, 226));
    server.done().await;
}

#[tokio::test]
async fn sent_command_reads_no_reply() {
    let (server, mut client) = play(with_sync_check(Script::new().expect("SITE A").reply("213 a"))).await;

    client.command("SITE A").send().await.unwrap();
    let reply = client.read_reply().await.unwrap();

    assert_eq!(reply.text(), "a");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn restart_support_is_checked_and_reset() {
    let script = Script::new().expect("REST 1").reply("350 ok").expect("REST 0").reply("350 ok");
    let script = script.expect("REST 1").reply("502 no");
    let (server, mut client) = play(with_sync_check(script)).await;

    client.check_restart().await.unwrap();
    let error = client.check_restart().await.unwrap_err();

    assert_eq!(error.code().map(|code| code.get()), Some(502), "{error}");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn unread_reply_does_not_answer_next_command() {
    let script = Script::new().expect("SITE A").reply("213 a").expect("SITE B").reply("213 b");
    let (server, mut client) = play(script).await;

    client.command("SITE A").send().await.unwrap();
    let reply = client.command("SITE B").expect("2xx").await.unwrap();
    let settled = client.settle().await.unwrap();

    assert_eq!(reply.text(), "b");
    assert_eq!(settled.iter().map(oxftp::Reply::text).collect::<Vec<_>>(), ["a"]);
    server.done().await;
}

#[tokio::test]
async fn command_injection_is_refused_before_sending() {
    let (server, mut client) = play(with_sync_check(Script::new())).await;

    for line in ["NOOP\r\nDELE x", "NOOP\n", "NOOP\r", "NOOP\0", "", "  "] {
        let error = client.command(line).expect("2xx").await.unwrap_err();
        assert!(matches!(error, Error::InvalidCommand(_)), "{line:?}: {error}");
        assert!(client.command(line).send().await.is_err(), "{line:?}");
    }
    for path in ["x\r\nDELE y", "x\0"] {
        assert!(matches!(client.remove_file(path).await.unwrap_err(), Error::InvalidCommand(_)));
    }

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn reply_may_arrive_byte_by_byte() {
    let script = Script::new().expect("SITE A").reply_byte_by_byte("213-one\r\n 213 two\r\n213 three");
    let (server, mut client) = play(with_sync_check(script)).await;

    let reply = client.command("SITE A").expect("2xx").await.unwrap();

    assert_eq!(reply.text(), "one\n 213 two\nthree");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn one_command_reads_one_reply_of_two() {
    let script = Script::new().expect("SITE A").bytes("120 wait\r\n213 a\r\n");
    let (server, mut client) = play(with_sync_check(script)).await;

    let reply = client.command("SITE A").wait("1xx").expect("2xx").await.unwrap();

    assert_eq!(reply.text(), "a");
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn unsolicited_reply_answers_no_command() {
    // Nothing may be sent afterwards either: the end of the script checks that.
    let (server, mut client) = play(Script::new().no_greeting().bytes("220 ready\r\n226 surprise\r\n")).await;

    let error = client.command("PWD").expect("2xx").await.unwrap_err();

    assert!(matches!(&error, Error::Desynchronised { text } if text.contains("surprise")), "{error}");
    assert!(client.is_broken());
    assert!(matches!(client.command("PWD").expect("2xx").await.unwrap_err(), Error::Broken { .. }));
    server.done().await;
}

#[tokio::test]
async fn second_reply_answers_no_command() {
    let script = Script::new().expect("SITE A").bytes("200 a\r\n200 again\r\n");
    let (server, mut client) = play(script.expect("SITE B").reply("500 no")).await;

    client.command("SITE A").expect("2xx").await.unwrap();
    let error = client.command("SITE B").expect("2xx").await.unwrap_err();

    assert!(matches!(&error, Error::StatusCode(refused) if refused.info.text() == "no"), "{error}");
    server.done().await;
}

#[tokio::test]
async fn second_reply_with_value_answers_no_command() {
    let script = Script::new().expect("SITE A").bytes("200 a\r\n213 5\r\n");
    let (server, mut client) = play(script).await;

    client.command("SITE A").expect("2xx").await.unwrap();
    let error = client.command("SIZE x").expect("2xx").await.unwrap_err();

    assert!(matches!(error, Error::Desynchronised { .. }), "{error}");
    server.done().await;
}

#[tokio::test]
async fn second_end_of_transfer_answers_no_pipelined_command() {
    let script = Script::new().expect("RETR x").reply("150 here").bytes("226 a\r\n226 b\r\n");
    let script =
        script.expect("SITE A").reply("200 a").expect("EPSV").bytes("226 late\r\n229 ok (|||22|)\r\n");
    let (server, mut client) = play(script).await;

    client.command("RETR x").wait("1xx").expect("2xx").await.unwrap();
    client.command("SITE A").expect("2xx").await.unwrap();
    // Only the reply to the transfer before may be repeated.
    client.command("EPSV").expect("229").await.unwrap_err();

    drop(server);
}

#[tokio::test]
async fn partial_unsolicited_reply_is_detected() {
    let (server, mut client) = play(Script::new().no_greeting().bytes("220 ready\r\n22")).await;

    let error = client.command("PWD").expect("2xx").await.unwrap_err();

    assert!(matches!(error, Error::Desynchronised { .. }), "{error}");
    server.done().await;
}

/// The runtime detects received bytes only when it runs. A program that computes between two commands must not take a
/// reply that arrived in between as the reply to the second command.
#[tokio::test]
async fn unsolicited_reply_during_busy_thread_is_detected() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (surprise_sender, surprise_receiver) = mpsc::channel();
    let (hear_end, ended) = mpsc::channel::<()>();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap());
        stream.write_all(b"220 ready\r\n").unwrap();
        lines.read_line(&mut String::new()).unwrap();
        stream.write_all(b"200 fine\r\n").unwrap();
        // Wait until the client has read the reply.
        ended.recv().unwrap();
        stream.write_all(b"257 \"/surprise\"\r\n").unwrap();
        surprise_sender.send(()).unwrap();
        let _ = ended.recv();
    });
    let mut client = builder().connect(address).await.unwrap();
    client.command("NOOP").expect("2xx").await.unwrap();

    hear_end.send(()).unwrap();
    surprise_receiver.recv().unwrap();
    let answer = client.current_dir().await;

    assert!(matches!(answer, Err(Error::Desynchronised { .. })), "{answer:?}");
    drop(hear_end);
    server.join().unwrap();
}

#[tokio::test]
async fn reply_421_text_stays_in_later_errors() {
    let (server, mut client) = play(Script::new().expect("PWD").reply("421 shutting down").close()).await;

    let first = client.current_dir().await.unwrap_err();
    let later = client.current_dir().await.unwrap_err();

    assert!(first.is_connection_lost(), "{first}");
    assert!(matches!(&later, Error::Closed { reply: Some(_) }), "{later}");
    for error in [first, later] {
        assert_eq!(error.reply().map(oxftp::Reply::text).as_deref(), Some("shutting down"));
    }
    server.done().await;
}

#[tokio::test]
async fn unsolicited_421_is_closed_error_with_text() {
    let (server, mut client) =
        play(Script::new().no_greeting().bytes("220 ready\r\n421 idle too long\r\n")).await;

    let error = client.current_dir().await.unwrap_err();

    assert!(
        matches!(&error, Error::Closed { reply: Some(reply) } if reply.text() == "idle too long"),
        "{error}"
    );
    assert!(client.is_broken());
    server.done().await;
}

/// A server closes after `421`; a client that checks for the end of the connection first misses the reply.
#[tokio::test]
async fn reply_421_text_survives_closed_connection() {
    let (server, mut client) =
        play(Script::new().no_greeting().bytes("220 ready\r\n421 idle too long\r\n").close()).await;
    // Wait for the end of the connection to arrive.
    server.done().await;
    tokio::task::yield_now().await;

    let error = client.current_dir().await.unwrap_err();

    assert!(
        matches!(&error, Error::Closed { reply: Some(reply) } if reply.text() == "idle too long"),
        "{error}"
    );
}

#[tokio::test]
async fn truncated_reply_is_error() {
    for half in ["200 half", "200-first\r\n second\r\n", "2"] {
        let (server, mut client) = play(Script::new().expect("NOOP").bytes(half).close()).await;

        let error = client.command("NOOP").expect("2xx").await.unwrap_err();

        assert!(matches!(error, Error::Closed { reply: None }), "{half:?}: {error}");
        assert!(client.is_broken());
        server.done().await;
    }
}

#[tokio::test]
async fn reset_control_connection_stays_an_error() {
    let (server, mut client) = play(Script::new().expect("NOOP").reset()).await;

    let error = client.command("NOOP").expect("2xx").await.unwrap_err();

    assert!(matches!(error, Error::Control(_)), "{error}");
    assert!(client.command("NOOP").expect("2xx").await.unwrap_err().is_connection_lost());
    server.done().await;
}

#[tokio::test]
async fn unparsable_reply_breaks_the_connection() {
    let (server, mut client) = play(Script::new().expect("NOOP").bytes("<html>\r\n")).await;

    let error = client.command("NOOP").expect("2xx").await.unwrap_err();

    assert!(matches!(error, Error::Protocol(_)), "{error}");
    assert!(client.is_broken());
    server.done().await;
}

#[tokio::test]
async fn terminal_injection_in_errors_is_escaped() {
    let (server, mut client) = play(Script::new().expect("NOOP").reply("550 \u{1b}[2Jgone\u{7}")).await;

    let error = client.command("NOOP").expect("2xx").await.unwrap_err();

    assert!(!error.to_string().contains(char::is_control), "{error:?}");
    server.done().await;
}

#[tokio::test]
async fn cancelled_command_leaves_next_its_own_reply() {
    // Polled once, it has sent its line; the reply is outstanding.
    let script = Script::new().expect("SITE A").reply("213 a");
    let (server, mut client) = play(with_sync_check(script)).await;

    poll_once(client.command("SITE A").expect("2xx")).await;

    assert_in_sync(&mut client).await;
    server.done().await;
}

async fn poll_once<T: IntoFuture>(work: T) {
    let mut work = Box::pin(work.into_future());
    let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(work.as_mut().poll(cx).is_ready())).await;
    assert!(!polled, "the reply cannot have arrived yet");
}

#[tokio::test]
async fn cwd_pwd_and_mkd_work() {
    let script = Script::new()
        .expect("CWD /a b")
        .reply("250 ok")
        .expect("CDUP")
        .reply("200 ok")
        .expect("CDUP")
        .reply("250 ok")
        .expect("PWD")
        .reply("257 \"/say \"\"hi\"\"\" is current")
        .expect("RNFR a")
        .reply("350 to?")
        .expect("RNTO b")
        .reply("250 ok");
    let (server, mut client) = play(script).await;

    client.change_dir("/a b").await.unwrap();
    client.change_dir("..").await.unwrap();
    client.change_to_parent_dir().await.unwrap();
    assert_eq!(client.current_dir().await.unwrap(), "/say \"hi\"".into());
    client.rename("a", "b").await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn refused_rnfr_sends_no_rnto() {
    let script = Script::new().expect("RNFR a").reply("550 no such file");
    // Whether the path may have to begin at the root depends on the working directory.
    let script = script.expect("PWD").reply("257 \"/\"");
    let (server, mut client) = play(with_sync_check(script)).await;

    assert!(client.rename("a", "b").await.unwrap_err().is_not_found());

    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn feat_is_sent_once() {
    let (server, mut client) =
        play(Script::new().expect("FEAT").reply("211-Features\r\n SIZE\r\n MDTM\r\n211 End")).await;

    client.features().await.unwrap();
    client.features().await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn server_without_feat_has_no_features() {
    let (server, mut client) = play(Script::new().expect("FEAT").reply("500 what?")).await;

    client.features().await.unwrap();
    client.features().await.unwrap();

    server.done().await;
}

/// The type is public, so a client can be stored in a struct and moved to a task.
#[tokio::test]
async fn client_can_move_to_another_task() {
    let (server, client) = play(with_sync_check(Script::new())).await;

    let moved: tokio::task::JoinHandle<Client> = tokio::spawn(async move {
        let mut client = client;
        assert_in_sync(&mut client).await;
        client
    });

    assert!(!moved.await.unwrap().is_broken());
    server.done().await;
}

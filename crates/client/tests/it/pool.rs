//! Pool: sessions are opened, reused, replaced, refused and closed.

use std::time::Duration;

use oxftp::{Credentials, Error, Pool, Timeouts};
use oxftp_testing::scripted::Script;

use crate::common;
use crate::common::scripts;
use crate::common::scripts::{open_transfer, paths, receive_file, send_file};
use crate::common::{builder, counting_connector::CountingConnector, pool_with};

/// Starts a pool whose sessions play these scripts, one each.
async fn start_pool<const N: usize>(scripts: [Script; N]) -> (oxftp_testing::scripted::ScriptedSeries, Pool) {
    let server = Script::start_each(scripts).await;
    let pool = Pool::new(scripts::builder(), server.address(), Credentials::anonymous());
    (server, pool)
}

fn logged_in() -> Script {
    Script::new().login()
}

/// Replies of servers at their connection limit, after connecting and at login.
fn connection_limit_replies() -> [Script; 3] {
    let at_password = |reply: &str| {
        Script::new().expect("USER anonymous").reply("331 more").expect("PASS anon@").reply(reply).close()
    };
    [
        Script::new().greeting("421 There are too many connections from your internet address.").close(),
        at_password("530 Sorry, the maximum number of allowed clients (1) already connected."),
        at_password("421 Too many users logged in for this account."),
    ]
}

#[tokio::test]
async fn dead_idle_session_is_replaced() {
    let dead = logged_in().expect("NOOP").reply("421 timeout").close();
    let (server, pool) = start_pool([dead, logged_in().expect("PWD").reply("257 \"/\"")]).await;
    let pool = pool.check_after(Duration::ZERO);
    drop(pool.client().await.unwrap());

    pool.client().await.unwrap().current_dir().await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn connection_limit_waits_for_a_free_session() {
    for refusal in connection_limit_replies() {
        let (server, pool) = start_pool([logged_in(), refusal]).await;
        let held = pool.client().await.unwrap();

        let (lent, ()) = tokio::join!(pool.client(), async {
            while pool.limit() > 1 {
                tokio::task::yield_now().await;
            }
            drop(held);
        });

        assert!(lent.is_ok(), "{lent:?}");
        assert_eq!(pool.limit(), 1);
        drop(lent);
        server.done().await;
    }
}

/// Servers without room for a further session that do not say so.
fn silent_connection_limits() -> [Script; 4] {
    [
        Script::new().greeting("221 Goodbye").close(),
        Script::new().greeting("500 no").close(),
        Script::new().no_greeting().close(),
        Script::new().no_greeting().stall(),
    ]
}

/// Returns a session once the pool knows that the server is full, at the latest after two seconds.
async fn release_when_full(pool: &Pool, held: oxftp::PooledClient) {
    for _ in 0..400 {
        if pool.limit() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(held);
}

fn impatient_pool(server: std::net::SocketAddr) -> Pool {
    let builder = scripts::builder().socket_timeout(Duration::from_millis(300));
    Pool::new(builder, server, Credentials::anonymous())
}

#[tokio::test]
async fn silent_connection_limit_waits_for_open_session() {
    for refusal in silent_connection_limits() {
        let shown = format!("{refusal:?}");
        let server = Script::start_each([logged_in(), refusal]).await;
        let pool = impatient_pool(server.address());
        let held = pool.client().await.unwrap();

        let (lent, ()) = tokio::join!(pool.client(), release_when_full(&pool, held));

        assert!(lent.is_ok(), "{shown}: {lent:?}");
    }
}

#[tokio::test]
async fn refused_second_connection_waits_for_open_session() {
    let server = Script::start_each([logged_in()]).await;
    let pool = impatient_pool(server.address());
    let held = pool.client().await.unwrap();

    let (lent, ()) = tokio::join!(pool.client(), release_when_full(&pool, held));

    assert!(lent.is_ok(), "{lent:?}");
}

/// Starts a pool whose last session takes long to log in, and is asked for its directory.
async fn start_pool_with_slow_login(
    others: impl IntoIterator<Item = Script>,
) -> (oxftp_testing::scripted::ScriptedSeries, CountingConnector, Pool) {
    let slow = Script::new().expect("USER anonymous").drip("331 more\r\n", Duration::from_millis(20));
    let slow = asked_for_directory(slow.expect("PASS anon@").reply("230 in"));
    let server = Script::start_each(others.into_iter().chain([slow])).await;
    let connections = CountingConnector::default();
    let builder = scripts::builder().connector(connections.clone());
    let pool = Pool::new(builder, server.address(), Credentials::anonymous());
    (server, connections, pool)
}

fn asked_for_directory(script: Script) -> Script {
    script.expect("PWD").reply("257 \"/\"")
}

async fn has_begun_logins(connections: &CountingConnector, logins: usize) {
    while connections.verb("USER") < logins {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn begun_login_is_kept_when_another_session_serves() {
    let first = asked_for_directory(asked_for_directory(logged_in()));
    let (server, connections, pool) = start_pool_with_slow_login([first]).await;
    let held = pool.client().await.unwrap();

    let (served, ()) = tokio::join!(pool.client(), async {
        has_begun_logins(&connections, 2).await;
        drop(held);
    });
    served.unwrap().current_dir().await.unwrap();
    let (mut one, mut other) = (pool.client().await.unwrap(), pool.client().await.unwrap());

    one.current_dir().await.unwrap();
    other.current_dir().await.unwrap();
    server.done().await;
}

#[tokio::test]
async fn begun_login_is_kept_after_cancel() {
    let (server, connections, pool) = start_pool_with_slow_login([]).await;
    let pool = pool.size(1);

    tokio::select! {
        lent = pool.client() => panic!("the login was too fast: {lent:?}"),
        () = has_begun_logins(&connections, 1) => {}
    }

    pool.client().await.unwrap().current_dir().await.unwrap();
    server.done().await;
}

#[tokio::test]
async fn first_failed_connection_is_no_connection_limit() {
    for refusal in silent_connection_limits() {
        let server = Script::start_each([refusal.clone(), refusal]).await;
        let pool = impatient_pool(server.address());

        let (one, other) = tokio::join!(pool.client(), pool.client());

        for error in [one.unwrap_err(), other.unwrap_err()] {
            assert!(!matches!(error, Error::TooManySessions { .. }), "{error:?}");
        }
        assert_eq!(pool.limit(), Pool::DEFAULT_SIZE);
    }
}

#[tokio::test]
async fn connection_limit_of_zero_reports_server_reply() {
    for refusal in connection_limit_replies() {
        let (server, pool) = start_pool([refusal]).await;

        let error = pool.client().await.unwrap_err();

        assert!(matches!(error, Error::TooManySessions { .. }), "{error:?}");
        assert!(error.is_transient() && error.reply().is_some());
        server.done().await;
    }
}

#[tokio::test]
async fn refused_login_is_not_a_connection_limit() {
    let refused = Script::new().expect("USER anonymous").reply("530 Login incorrect.");
    let (server, pool) = start_pool([refused]).await;

    let error = pool.client().await.unwrap_err();

    assert!(error.is_login_refused(), "{error:?}");
    assert_eq!(pool.limit(), Pool::DEFAULT_SIZE);
    server.done().await;
}

#[tokio::test]
async fn later_sessions_share_learned_capabilities() {
    let old = |script: Script| send_file(script, "LIST d", "-rw-r--r-- 1 a b 1 Jan 1 2020 x\r\n");
    let first = logged_in().type_image().passive().expect("MLSD d").reply("500 what?");
    let (server, pool) = start_pool([old(first), old(logged_in().type_image())]).await;
    let mut one = pool.client().await.unwrap();
    assert_eq!(paths(&one.list("d").await.unwrap()), ["d/x"]);
    drop(one);

    let (_held, mut other) = (pool.client().await.unwrap(), pool.client().await.unwrap());

    assert_eq!(paths(&other.list("d").await.unwrap()), ["d/x"]);
    server.done().await;
}

#[tokio::test]
async fn session_with_changed_directory_is_not_reused() {
    let elsewhere = logged_in().expect("CWD d").reply("250 there").expect("QUIT").reply("221 bye");
    let (server, pool) = start_pool([elsewhere, logged_in().expect("PWD").reply("257 \"/\"")]).await;
    pool.client().await.unwrap().change_dir("d").await.unwrap();

    pool.client().await.unwrap().current_dir().await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn closing_pool_quits_idle_then_returned_sessions() {
    let script = || logged_in().expect("QUIT").reply("221 bye");
    let (server, pool) = start_pool([script(), script()]).await;
    let (rests, lent) = (pool.client().await.unwrap(), pool.client().await.unwrap());
    drop(rests);

    pool.close().await;
    drop(lent);

    assert!(matches!(pool.client().await, Err(Error::PoolClosed)));
    server.done().await;
}

#[tokio::test]
async fn waiting_caller_gets_error_when_pool_closes() {
    let (server, pool) = start_pool([logged_in().expect("QUIT").reply("221 bye")]).await;
    let pool = pool.size(1);
    let held = pool.client().await.unwrap();

    let (lent, ()) = tokio::join!(pool.client(), pool.close());

    assert!(matches!(lent, Err(Error::PoolClosed)));
    drop(held);
    server.done().await;
}

#[tokio::test]
async fn waiting_callers_get_sessions_in_order() {
    let (server, pool) = start_pool([logged_in()]).await;
    let pool = pool.size(1);
    let held = pool.client().await.unwrap();
    let served = std::sync::Mutex::new(Vec::new());
    let wait = async |number: usize| {
        let client = pool.client().await.unwrap();
        served.lock().unwrap().push(number);
        drop(client);
    };

    // All callers wait, in this order, before the session is returned.
    tokio::join!(wait(0), wait(1), wait(2), wait(3), async { drop(held) });

    assert_eq!(*served.lock().unwrap(), [0, 1, 2, 3]);
    server.done().await;
}

#[tokio::test]
async fn added_session_is_used_first() {
    let (server, pool) = start_pool([logged_in().expect("PWD").reply("257 \"/\"")]).await;
    let mut client = scripts::builder().connect(server.address()).await.unwrap();
    client.login(Credentials::anonymous()).await.unwrap();

    pool.add(client);

    pool.client().await.unwrap().current_dir().await.unwrap();
    server.done().await;
}

#[tokio::test]
async fn all_sessions_share_one_throttle() {
    let server = common::embedded().await;
    std::fs::write(server.root().join("a"), common::content(150_000)).unwrap();
    // A session that waits gains credit for later.
    let start = std::time::Instant::now();
    let pool = pool_with(builder(&server).read_limit(1_000_000), &server);
    let (mut one, mut other) = (pool.client().await.unwrap(), pool.client().await.unwrap());

    let (first, second) = tokio::join!(scripts::get(&mut one, "a"), scripts::get(&mut other, "a"));

    // Both take 0.3 s, slightly less because the first bytes are sent at once; a busy machine is slower.
    assert!(start.elapsed() >= Duration::from_millis(200));
    assert_eq!((first.unwrap().len(), second.unwrap().len()), (150_000, 150_000));
}

#[tokio::test]
async fn concurrent_downloads_share_one_session() {
    let server = common::embedded().await;
    let pool = pool_with(builder(&server), &server).size(1);
    let target = tempfile::tempdir().unwrap();
    let jobs = ["a", "b", "c"].map(|name| {
        std::fs::write(server.root().join(name), name).unwrap();
        let (pool, target) = (pool.clone(), target.path().to_owned());
        tokio::spawn(async move { pool.download(name).to(target).await.map(|report| report.files) })
    });

    for job in jobs {
        let done = tokio::time::timeout(Duration::from_secs(20), job).await;
        assert_eq!(done.expect("the jobs pass on the session for ever").unwrap().unwrap(), 1);
    }
    assert_eq!(std::fs::read_dir(target.path()).unwrap().count(), 3);
}

#[tokio::test]
async fn upload_to_closed_data_connection_is_repeated() {
    for text in ["text", ""] {
        let closed = logged_in().type_image().passive().expect("STOR a").close_data().reply("150 go").stall();
        let whole = receive_file(logged_in().type_image(), "STOR a", text);
        let whole = whole.expect("SIZE a").reply(format!("213 {}", text.len()));
        let server = Script::start_each([closed, whole]).await;
        let mut timeouts = Timeouts::default();
        timeouts.completion = Some(Duration::from_millis(200));
        let builder = scripts::builder().timeouts(timeouts);
        let pool = Pool::new(builder, server.address(), Credentials::anonymous());

        pool.write("a", text).await.unwrap();

        server.done().await;
    }
}

#[tokio::test]
async fn read_without_data_and_final_reply_is_repeated() {
    let sized = || logged_in().type_image().expect("SIZE a").reply("213 4");
    let nothing = open_transfer(sized(), "RETR a").close_data().stall();
    let whole = send_file(sized(), "RETR a", "text");
    let server = Script::start_each([nothing, whole]).await;
    let mut timeouts = Timeouts::default();
    timeouts.completion = Some(Duration::from_millis(200));
    let builder = scripts::builder().timeouts(timeouts);
    let pool = Pool::new(builder, server.address(), Credentials::anonymous());

    assert_eq!(pool.read("a").await.unwrap(), "text");

    server.done().await;
}

/// A session on which a range of the file was read, and whose next passive command was sent without `ABOR`.
fn range_ended(greeting: &str, final_reply: &str) -> Script {
    let script = open_transfer(Script::new().greeting(greeting).login().type_image(), "RETR file");
    script.send("0123456789").expect("EPSV").close_data().reply(final_reply)
}

#[tokio::test]
async fn range_of_pool_is_ended_without_abor() {
    for (greeting, final_reply) in [
        ("220 (vsFTPd 3.0.3)", "426 Failure writing network stream."),
        ("220 ProFTPD Server ready", "226 Transfer complete"),
    ] {
        let script = range_ended(greeting, final_reply).listen().expect("REST 4").reply("350 go");
        let script = script.expect("RETR file").reply("150 here").send("456789");
        let script = script.expect("EPSV").reply("426 cut").listen().expect("DELE file").reply("250 gone");
        let (server, pool) = start_pool([script]).await;

        assert_eq!(pool.read_range("file", 0..3).await.unwrap(), "012", "{greeting}");
        assert_eq!(pool.read_range("file", 4..6).await.unwrap(), "45", "{greeting}");
        pool.client().await.unwrap().remove_file("file").await.unwrap();

        server.done().await;
    }
}

/// A server may send `150` in place of the final reply to a download.
#[tokio::test]
async fn passive_reply_ends_range_without_final_reply() {
    let ended = |script: Script| {
        script.send("0123456789").expect("EPSV").close_data().reply("150 0.000 seconds").listen()
    };
    let first = Script::new().greeting("220 (vsFTPd 3.0.3)").login().type_image();
    let second = ended(open_transfer(first, "RETR file")).expect("REST 4").reply("350 go");
    let script = ended(second.expect("RETR file").reply("150 here"));
    let (server, pool) = start_pool([script.expect("DELE file").reply("250 gone")]).await;

    assert_eq!(pool.read_range("file", 0..3).await.unwrap(), "012");
    assert_eq!(pool.read_range("file", 4..6).await.unwrap(), "01");
    pool.client().await.unwrap().remove_file("file").await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn refused_passive_after_closed_range_is_repeated() {
    let script = range_ended("220 ProFTPD Server ready", "450 transfer in progress").reply("426 cut");
    let script = open_transfer(script, "RETR other").send("abcdef").expect("EPSV").close_data();
    let script = script.reply("450 busy").reply("426 cut").expect("DELE file").reply("250 gone");
    let (server, pool) = start_pool([script]).await;

    assert_eq!(pool.read_range("file", 0..3).await.unwrap(), "012");
    assert_eq!(pool.read_range("other", 0..2).await.unwrap(), "ab");
    pool.client().await.unwrap().remove_file("file").await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn range_on_unknown_server_is_aborted() {
    let script = open_transfer(logged_in().type_image(), "RETR file").send("0123456789").expect("ABOR");
    let script =
        script.close_data().reply("426 cut").reply("226 aborted").expect("NOOP").reply("200 ok").passive();
    let script = script.expect("RETR other").reply("150 here").data("ab").reply("226 done");
    let (server, pool) = start_pool([script]).await;

    assert_eq!(pool.read_range("file", 0..3).await.unwrap(), "012");
    assert_eq!(pool.read_range("other", 0..9).await.unwrap(), "ab");

    server.done().await;
}

#[tokio::test]
async fn second_preliminary_reply_of_aborted_range_ends_it() {
    let script = open_transfer(logged_in().type_image(), "RETR file").send("0123456789").expect("ABOR");
    // Pure-FTPd sends 150 in place of 426.
    let script = script.close_data().reply("150 0.000 seconds").reply("226 aborted").expect("NOOP");
    let script = script.reply("200 ok").expect("DELE file").reply("250 gone");
    let (server, pool) = start_pool([script]).await;

    assert_eq!(pool.read_range("file", 0..3).await.unwrap(), "012");
    pool.client().await.unwrap().remove_file("file").await.unwrap();

    server.done().await;
}

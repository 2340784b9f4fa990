//! Servers with room for few sessions: the transfer falls back to what works, and loses nothing.

use std::sync::{Arc, Mutex};

use oxftp::{Error, ProgressEvent};
use oxftp_testing::{
    fragile::{Fragile, Refusal},
    memory::{MemoryServer, ServerBehaviour},
};

use super::*;

fn server(refusal: Refusal, limit: usize) -> FragileServer {
    let files = (0..20)
        .fold(Fragile::new(), |server, number| server.file(&format!("/d/{number}"), vec![b'x'; 50_000]));
    files.sessions(limit, refusal).start()
}

/// The ways in which servers have no room for a further session.
fn refusals() -> Vec<Refusal> {
    let greetings =
        ["221 busy", "421 too many", "500 no", "", "530 full"].map(|line| Refusal::Greeting(line.into()));
    let at_login = ["530 Login incorrect", "421 full", "500 no"].map(|line| Refusal::AtLogin(line.into()));
    let others = [Refusal::Silence, Refusal::HangUp, Refusal::EndsOldest];
    greetings.into_iter().chain(at_login).chain(others).collect()
}

#[tokio::test]
async fn session_limit_of_one_loses_no_file() {
    let check = async |refusal: Refusal| {
        let server = server(refusal.clone(), 1);
        let local = tempfile::tempdir().unwrap();
        let notes = Arc::new(Mutex::new(Vec::new()));
        let seen = notes.clone();
        let note = move |event: ProgressEvent<'_>| {
            if let ProgressEvent::ConnectionsLimited { connections } = event {
                seen.lock().unwrap().push(connections);
            }
        };
        let pool = pool(&server, 4);

        let download = pool.download("/d").to(local.path()).write_into(true).retries(0);
        let report =
            download.progress(Arc::new(note)).await.unwrap_or_else(|error| panic!("{refusal:?}: {error:?}"));

        assert_eq!(report.files, 20, "{refusal:?}");
        for entry in std::fs::read_dir(local.path()).unwrap() {
            assert_eq!(entry.unwrap().metadata().unwrap().len(), 50_000, "{refusal:?}");
        }
        (refusal, pool.limit(), notes.lock().unwrap().clone())
    };

    for (refusal, limit, notes) in futures_util::future::join_all(refusals().into_iter().map(check)).await {
        // A silent server may still be waited for when the work is done. That one session was ended for another may be noticed
        // after the limit was reported, or when no work is left.
        if !matches!(refusal, Refusal::Silence | Refusal::EndsOldest) {
            assert_eq!((limit, notes.len()), (1, 1), "{refusal:?}");
        }
    }
}

/// The first file takes so long that both further sessions are refused meanwhile, and as many files are left as workers wait.
#[tokio::test]
async fn refused_sessions_leave_no_worker_waiting() {
    let server = server(Refusal::Greeting("421 Too many connections".into()), 1);
    let local = tempfile::tempdir().unwrap();
    for (name, bytes) in [("a", 32 << 20), ("b", 1), ("c", 1)] {
        std::fs::write(local.path().join(name), vec![b'x'; bytes]).unwrap();
    }
    let pool = pool(&server, 16);

    let upload = pool.upload(local.path()).to("/up").write_into(true).connections(oxftp::Connections::Auto);
    let report = tokio::time::timeout(Duration::from_secs(60), upload.into_future()).await;

    assert_eq!(report.expect("the job hangs").unwrap().files, 3);
}

#[tokio::test]
async fn idle_session_is_lent_while_another_is_opened() {
    let server = server(Refusal::Silence, 1);
    let pool = pool(&server, 2);
    let held = pool.client().await.unwrap();
    let mut waiting = Box::pin(pool.client());
    while server.connections() < 2 {
        assert!(futures_util::future::poll_immediate(&mut waiting).await.is_none());
        tokio::task::yield_now().await;
    }

    drop(held);

    let lent = waiting.await.unwrap();
    assert!(!lent.is_broken());
    assert_eq!(pool.limit(), 2, "the other connection was given up before its time");
}

#[tokio::test]
async fn login_that_ends_another_session_lowers_the_limit() {
    let server = server(Refusal::EndsOldest, 1);
    let pool = pool(&server, 2);
    let mut first = pool.client().await.unwrap();
    let second = pool.client().await.unwrap();

    first.current_dir().await.unwrap_err();
    drop(first);

    assert_eq!(pool.limit(), 1);
    drop(second);
    pool.client().await.unwrap().current_dir().await.unwrap();
    assert_eq!(server.connections(), 2);
}

/// The first session is lost after a listing, as on servers that end each session then, and opens itself again.
#[tokio::test]
async fn reopened_session_may_end_another_of_its_pool() {
    let server = server(Refusal::EndsOldest, 1);
    let pool = pool(&server, 2);
    let mut first = pool.client().await.unwrap();
    first.list("/d").await.unwrap();
    let mut second = pool.client().await.unwrap();

    first.current_dir().await.unwrap();
    second.current_dir().await.unwrap_err();
    drop(second);

    assert_eq!((server.count("USER"), pool.limit()), (3, 1));
}

#[tokio::test]
async fn refused_first_login_is_no_session_limit() {
    let server = server(Refusal::AtLogin("530 Login incorrect".into()), 0);

    let error = pool(&server, 4).client().await.unwrap_err();

    assert!(error.is_login_refused() && !matches!(error, Error::TooManySessions { .. }), "{error:?}");
}

#[tokio::test]
async fn session_limit_of_two_uses_both_sessions() {
    let server = server(Refusal::HangUp, 2);
    let local = tempfile::tempdir().unwrap();
    let pool = pool(&server, 8);

    let report = pool.download("/d").to(local.path()).write_into(true).retries(0).await.unwrap();

    assert_eq!((report.files, server.most_sessions()), (20, 2));
}

#[tokio::test]
async fn costly_login_is_not_repeated_for_little_work() {
    let files = (0..12).fold(Fragile::new(), |server, number| {
        server.file(&format!("/d/{}/{number}", number % 3), vec![b'x'; 5_000])
    });
    // Far longer than the files take, also beside all other tests.
    let server = files.login_delay(Duration::from_secs(5)).start();
    let local = tempfile::tempdir().unwrap();
    let patient = Client::builder().timeouts(Timeouts::all(10 * DEADLINE));
    let pool = Pool::new(patient, server.address(), Credentials::anonymous()).size(16);

    let download = pool.download("/d").to(local.path()).write_into(true);
    let report = download.connections(oxftp::Connections::Auto).await.unwrap();

    assert_eq!((report.files, server.count("USER")), (12, 1));
}

/// The device logs a further session in, and then serves the older one only.
#[tokio::test]
async fn session_without_replies_lowers_the_limit() {
    let behaviour = ServerBehaviour { ignores_further_sessions: true, ..ServerBehaviour::default() };
    let server = MemoryServer::start(behaviour).await;
    let local = tempfile::tempdir().unwrap();
    for number in 0..20 {
        std::fs::write(local.path().join(number.to_string()), "content").unwrap();
    }
    let pool = Pool::new(builder(), server.address(), Credentials::anonymous()).size(4);

    pool.upload(local.path()).to("d").write_into(true).retries(0).await.unwrap();

    assert_eq!(server.paths().len(), 21);
}

//! Greeting and login.

use oxftp::{Client, Credentials, Error, Result};
use oxftp_testing::scripted::Script;

use crate::common::scripts::{builder, play};

async fn connect(script: Script) -> Result<Client> {
    let server = script.start().await;
    let client = builder().connect(server.address()).await;
    server.done().await;
    client
}

/// Logs in with an account, and returns the code of the reply.
async fn login(script: Script) -> Result<u16> {
    let (server, mut client) = play(script).await;
    let reply = client.login(Credentials::new("ann", "hunter2").account("tank")).await;
    server.done().await;
    reply.map(|reply| reply.code().get())
}

fn requests_password() -> Script {
    Script::new().expect("USER ann").reply("331 password?").expect("PASS hunter2")
}

#[tokio::test]
async fn delayed_greeting_is_awaited() {
    let client = connect(Script::new().greeting("120 in a minute\r\n220 now")).await.unwrap();

    assert_eq!(client.greeting().text(), "now");
}

#[tokio::test]
async fn multiline_greeting_is_kept_whole() {
    let client =
        connect(Script::new().greeting("220-Welcome\r\n to the\r\n220-archive\r\n220 ready")).await.unwrap();

    assert_eq!(client.greeting().text(), "Welcome\n to the\narchive\nready");
}

#[tokio::test]
async fn full_server_error_carries_reply() {
    let error = connect(Script::new().greeting("421 too many users").close()).await.unwrap_err();

    assert_eq!(error.code().map(|code| code.get()), Some(421));
    assert!(error.to_string().contains("too many users"), "{error}");
    assert!(error.is_connection_lost() && error.is_transient());
}

#[tokio::test]
async fn greeting_of_230_makes_login_superfluous() {
    for refusal in ["500 what?", "502 no users", "503 you are in", "530 Already logged in."] {
        let script = Script::new().greeting("230 you are in").expect("USER ann").reply(refusal);
        assert_eq!(login(script).await.unwrap(), 230, "{refusal}");
        let script = Script::new().expect("USER ann").reply(refusal);
        assert!(login(script).await.is_err(), "{refusal}");
    }
    let script = requests_password().greeting("230 you are a guest").reply("232 in as ann");
    assert_eq!(login(script).await.unwrap(), 232);
}

#[tokio::test]
async fn greeting_of_230_hides_no_refused_login() {
    let script = Script::new().greeting("230 in").expect("USER ann").reply("530 Login incorrect.");
    assert!(login(script).await.unwrap_err().is_login_refused());
    let script = requests_password().greeting("230 in").reply("503 you are in");
    assert!(login(script).await.is_err());
}

#[tokio::test]
async fn greeting_of_230_counts_for_first_login() {
    let script = Script::new().greeting("230 in").expect("USER ann").reply("503 you are in");
    let (server, mut client) = play(script.expect("USER ann").reply("503 you are in")).await;

    client.login(Credentials::new("ann", "hunter2")).await.unwrap();
    let again = client.login(Credentials::new("ann", "hunter2")).await;

    assert!(again.is_err());
    server.done().await;
}

#[tokio::test]
async fn greeting_of_other_protocol_is_refused() {
    let error = connect(Script::new().greeting("SSH-2.0-OpenSSH_9.6")).await.unwrap_err();

    assert!(matches!(error, Error::Protocol(_)), "{error}");
}

#[tokio::test]
async fn close_without_greeting_is_closed_error() {
    let error = connect(Script::new().no_greeting().close()).await.unwrap_err();

    assert!(matches!(error, Error::Closed { reply: None }), "{error}");
}

#[tokio::test]
async fn closed_port_is_connect_error() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();

    let error = builder().connect(nobody).await.unwrap_err();

    assert!(matches!(error, Error::Connect { port, .. } if port == nobody.port()));
}

#[tokio::test]
async fn user_without_password_is_logged_in() {
    assert_eq!(login(Script::new().expect("USER ann").reply("230 in")).await.unwrap(), 230);
}

#[tokio::test]
async fn every_login_success_code_is_accepted() {
    for ending in ["230 in", "232 in by certificate", "202 not needed"] {
        let code = login(requests_password().reply(ending)).await.unwrap();
        assert!(ending.starts_with(&code.to_string()));
    }
}

#[tokio::test]
async fn acct_is_sent_when_requested() {
    let after_password = requests_password().reply("332 account?").expect("ACCT tank").reply("230 in");
    let at_once = Script::new().expect("USER ann").reply("332 account?").expect("ACCT tank").reply("230 in");

    assert_eq!(login(after_password).await.unwrap(), 230);
    assert_eq!(login(at_once).await.unwrap(), 230);
}

#[tokio::test]
async fn anonymous_login_is_the_default() {
    let (server, mut client) = play(Script::new().login()).await;

    client.login(Credentials::default()).await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn repeated_password_request_is_error() {
    let error = login(requests_password().reply("331 once more")).await.unwrap_err();

    assert!(error.is_login_refused(), "{error}");
}

#[tokio::test]
async fn refused_noaccount_is_error() {
    let script = requests_password().reply("332 account?").expect("ACCT noaccount").reply("530 no");
    let (server, mut client) = play(script).await;

    let error = client.login(Credentials::new("ann", "hunter2")).await.unwrap_err();

    assert!(error.is_login_refused(), "{error}");
    server.done().await;
}

#[tokio::test]
async fn refused_login_carries_reply_and_allows_retry() {
    let script = requests_password().reply("530 no").expect("USER bob").reply("230 in");
    let (server, mut client) = play(script).await;

    let error = client.login(Credentials::new("ann", "hunter2")).await.unwrap_err();
    client.login(Credentials::new("bob", "")).await.unwrap();

    assert!(error.is_login_refused(), "{error}");
    server.done().await;
}

#[tokio::test]
async fn errors_contain_no_secrets() {
    let endings = [
        requests_password().reply("530 no"),
        requests_password().reply("331 again"),
        requests_password().reply("332 account?").expect("ACCT tank").reply("532 no"),
        requests_password().close(),
        requests_password().bytes("gibberish\r\n"),
        requests_password().reply("530-PASS hunter2\r\n530 not: hunter2, hunter2"),
        requests_password().bytes("PASS hunter2\r\n"),
        requests_password().bytes("hunter2".repeat(10_000)),
        requests_password().reply("332 after hunter2?").expect("ACCT tank").reply("532 not tank"),
    ];
    for script in endings {
        let error = login(script).await.unwrap_err();
        let shown =
            format!("{error} {error:?} {:?}", std::error::Error::source(&error).map(ToString::to_string));
        assert!(!shown.contains("hunter2") && !shown.contains("tank"), "{shown}");
    }
}

#[tokio::test]
async fn credentials_with_command_injection_are_refused() {
    let credentials = [
        Credentials::new("ann\r\nDELE x", "p"),
        Credentials::new("ann", "p\nDELE x"),
        Credentials::new("ann", "p\0"),
    ];
    for bad in credentials {
        let (server, mut client) = play(Script::new()).await;

        let error = client.login(bad).await.unwrap_err();

        assert!(matches!(error, Error::InvalidCommand(_)), "{error}");
        server.done().await;
    }
}

#[tokio::test]
async fn quit_is_sent_before_close() {
    let (server, client) = play(Script::new().expect("QUIT").reply("221 bye").close()).await;

    client.quit().await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn session_logs_in_runs_body_and_quits() {
    let script = Script::new().login().expect("PWD").reply("257 \"/home\"").expect("QUIT").reply("221 bye");
    let server = script.start().await;
    let url = format!("ftp://{}/", server.address()).parse().unwrap();

    let directory = Client::session(url, async |client| client.current_dir().await).await.unwrap();

    assert_eq!(directory, "/home".into());
    server.done().await;
}

#[tokio::test]
async fn session_body_error_wins_over_quit_error() {
    let script =
        Script::new().login().expect("CWD nowhere").reply("550 no such directory").expect("QUIT").close();
    let server = script.start().await;

    let session = builder().session(server.address(), Credentials::anonymous(), async |client| {
        client.change_dir("nowhere").await
    });

    assert!(session.await.unwrap_err().is_not_found());
    server.done().await;
}

#[tokio::test]
async fn session_reports_quit_error() {
    let server = Script::new().login().expect("QUIT").reply("500 never").start().await;

    let session = builder().session(server.address(), Credentials::anonymous(), async |_| Ok::<_, Error>(()));

    assert!(matches!(session.await.unwrap_err(), Error::StatusCode(_)));
    server.done().await;
}

#[tokio::test]
async fn password_echoed_after_login_is_redacted() {
    let script = requests_password().reply("230 in").expect("DELE x").reply("550 x: not yours, hunter2");
    let (server, mut client) = play(script).await;
    client.login(Credentials::new("ann", "hunter2")).await.unwrap();

    let error = client.remove_file("x").await.unwrap_err();

    assert_eq!(error.to_string(), "the server answered 550 x: not yours, *** (to DELE x)");
    server.done().await;
}

#[tokio::test]
async fn path_containing_password_text_is_not_redacted() {
    let script = requests_password().reply("230 in").expect("PWD").reply("257 \"/home/hunter2\"");
    let (server, mut client) = play(script).await;
    client.login(Credentials::new("ann", "hunter2")).await.unwrap();

    assert_eq!(client.current_dir().await.unwrap(), "/home/hunter2".into());

    server.done().await;
}

#[tokio::test]
async fn password_in_raw_command_is_redacted() {
    let (server, mut client) = play(Script::new().expect("PASS hunter2").reply("530 not: hunter2")).await;

    let error = client.command("PASS hunter2").expect("2xx").await.unwrap_err();

    assert_eq!(error.to_string(), "the server answered 530 not: *** (to PASS ***)");
    server.done().await;
}

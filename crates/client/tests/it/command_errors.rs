//! Errors name the command, and with it the path.

use oxftp::{Code, Credentials, Error};
use oxftp_testing::scripted::Script;

use crate::common::scripts::{assert_in_sync, play, with_sync_check};

#[tokio::test]
async fn error_names_command_and_path() {
    let script = Script::new().expect("DELE a.txt").reply("550 File not found");
    // The path may have to begin at the root.
    let script = script.expect("PWD").reply("257 \"/\" is current");
    let (server, mut client) = play(with_sync_check(script)).await;

    let error = client.remove_file("a.txt").await.unwrap_err();

    assert_eq!(error.to_string(), "the server answered 550 File not found (to DELE a.txt)");
    let Error::StatusCode(refused) = error else { panic!("{error:?}") };
    assert_eq!(refused.info.command(), Some("DELE a.txt"));
    assert_in_sync(&mut client).await;
    server.done().await;
}

#[tokio::test]
async fn error_of_transfer_names_its_command() {
    let script = Script::new().type_image().passive().expect("RETR a").reply("150 here").data("x");
    let (server, mut client) = play(script.reply("451 disk error")).await;

    let mut stream = client.download_stream("a").await.unwrap();
    tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut Vec::new()).await.unwrap();
    let error = stream.finish().await.unwrap_err();

    assert_eq!(error.to_string(), "the server answered 451 disk error (to RETR a)");
    server.done().await;
}

#[tokio::test]
async fn error_of_login_hides_the_password() {
    let script = Script::new().expect("USER me").reply("331 more").expect("PASS secret").reply("530 no");
    let (server, mut client) = play(script).await;

    let error = client.login(Credentials::new("me", "secret")).await.unwrap_err();

    assert_eq!(error.to_string(), "the server answered 530 no (to PASS ***)");
    assert_eq!(error.code(), Some(Code::NOT_LOGGED_IN));
    assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    server.done().await;
}

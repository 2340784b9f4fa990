//! IBM i: libraries, and paths of the integrated file system.

use oxftp::Pipelining;
use oxftp_testing::{
    memory::{PathArgument, ServerBehaviour},
    scripted::Script,
};

use super::{bare, whole_session};
use crate::common::scripts::{builder, get, play_with, send_file};

/// Names of libraries are the same in every directory.
fn libraries() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "QTCP at as400.example.com.",
        system: "OS/400 is the remote operating system. The TCP/IP version is \"V7R3M0\".",
        home: "QGPL",
        reads_path: Some(|PathArgument { verb, directory, argument }| match argument {
            "QGPL" if verb == "CWD" => Some("QGPL".to_owned()),
            _ => bare(directory, argument, &['/']),
        }),
        shows_directory: |directory| format!("\"{directory}\" is current library."),
        ..ServerBehaviour::list_only()
    }
}

const GREETING: &str = "220 QTCP at as400.example.com.";

#[tokio::test]
async fn whole_session_works_in_library() {
    let commands = whole_session(libraries(), "", "QGPL/").await;

    assert!(commands.iter().all(|line| !line.contains('/')), "{commands:?}");
}

#[tokio::test]
async fn ifs_path_is_preceded_by_namefmt() {
    let script = Script::new().greeting(GREETING).expect("PWD").reply("257 \"QGPL\" is current library.");
    let script = script.expect("SITE NAMEFMT 1").reply("250 Now using naming format \"1\".");
    let script = script.type_image();
    let script = send_file(send_file(script, "RETR /home/ann/a", "one"), "RETR /home/ann/b", "two");
    let script = script.expect("PWD").reply("257 \"/QSYS.LIB/QGPL.LIB\" is current directory.");
    let (server, mut client) = play_with(builder().pipelining(Pipelining::Off), script).await;

    assert_eq!(client.current_dir().await.unwrap(), "QGPL".into());
    assert_eq!(get(&mut client, "/home/ann/a").await.unwrap(), b"one");
    assert_eq!(get(&mut client, "/home/ann/b").await.unwrap(), b"two");
    assert_eq!(client.current_dir().await.unwrap(), "/QSYS.LIB/QGPL.LIB".into());

    server.done().await;
}

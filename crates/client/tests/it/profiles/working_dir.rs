//! Replies to `PWD` in other forms: the client finds its way back without sending them to `CWD` blindly.

use oxftp::EntryKind;
use oxftp_testing::{
    memory::{PathArgument, ServerBehaviour},
    scripted::Script,
};

use super::{bare, start, whole_session};
use crate::common::scripts::{get, play, send_file};

fn shows(shows_directory: fn(&str) -> String) -> ServerBehaviour {
    ServerBehaviour {
        home: "home/ann",
        // A path that is not absolute would lead somewhere else.
        reads_path: Some(|PathArgument { verb, directory, argument }| match argument.strip_prefix('/') {
            Some(path) => Some(path.to_owned()),
            None if verb == "CWD" => bare(directory, argument, &['/', '\\', '"']),
            None => Some(format!("{directory}/{argument}")),
        }),
        shows_directory,
        ..ServerBehaviour::list_only()
    }
}

#[tokio::test]
async fn whole_session_works_with_empty_pwd() {
    let commands = whole_session(shows(|_| "\"\"".to_owned()), "", "home/ann/").await;

    assert!(commands.iter().all(|line| line != "CWD"), "{commands:?}");
}

#[tokio::test]
async fn whole_session_works_with_unquoted_pwd() {
    whole_session(shows(|directory| format!("/{directory} is current directory")), "", "home/ann/").await;
}

#[tokio::test]
async fn whole_session_works_with_relative_pwd() {
    let relative = |directory: &str| format!("\"{}\"", directory.trim_start_matches("home/"));
    whole_session(shows(relative), "", "home/ann/").await;
}

#[tokio::test]
async fn whole_session_works_without_pwd() {
    let mut behaviour = shows(|_| String::new());
    behaviour.refused.push("PWD");
    whole_session(behaviour, "", "home/ann/").await;
}

#[tokio::test]
async fn vos_paths_are_entered_step_by_step() {
    let behaviour = ServerBehaviour {
        home: "Sales/Jones",
        reads_path: Some(|PathArgument { directory, argument, .. }| {
            match argument.strip_prefix("%s1#d01>") {
                Some(path) => Some(path.replace('>', "/")),
                None => bare(directory, argument, &['/', '>']),
            }
        }),
        shows_directory: |directory| {
            format!("\"%s1#d01>{}\" is current directory", directory.replace('/', ">"))
        },
        ..ServerBehaviour::list_only()
    };
    whole_session(behaviour, "", "Sales/Jones/").await;
}

#[tokio::test]
async fn empty_pwd_is_not_sent_back() {
    let script = Script::new().expect("PWD").reply("257 \"\"").expect("CWD a").reply("250 in");
    let script = script.expect("CDUP").reply("250 up").type_image();
    let (server, mut client) = play(send_file(script, "RETR b", "one")).await;

    assert_eq!(client.resolve_link("a").await.unwrap(), EntryKind::Directory);
    assert_eq!(get(&mut client, "b").await.unwrap(), b"one");

    server.done().await;
}

#[tokio::test]
async fn session_without_way_back_is_opened_again() {
    let (server, mut client) = start(shows(|_| "\"\"".to_owned())).await;
    server.add_file("pub/a", "one", 0);
    server.add_file("home/ann/a", "two", 0);

    assert_eq!(client.resolve_link("/pub").await.unwrap(), EntryKind::Directory);
    assert_eq!(get(&mut client, "/pub/a").await.unwrap(), b"one");
    assert_eq!(server.commands().iter().filter(|line| line.starts_with("PASS")).count(), 1);
    assert_eq!(get(&mut client, "a").await.unwrap(), b"two");

    assert_eq!(server.commands().iter().filter(|line| line.starts_with("PASS")).count(), 1);
}

#[tokio::test]
async fn resolved_directory_is_reported_by_the_server() {
    for (shown, expected) in [
        ("\"/home/ann/x\"", "/home/ann/x"),
        ("/home/ann/x is here", "/home/ann/x"),
        ("\"\"", "x"),
        ("\"x\"", "x"),
    ] {
        let first = shown.replace("/x", "");
        let script = Script::new().expect("PWD").reply(format!("257 {first}"));
        let script = if shown == "\"x\"" { script.expect("SYST").reply("215 UNIX") } else { script };
        let script = script.expect("CWD x").reply("250 in").expect("PWD").reply(format!("257 {shown}"));
        let (server, mut client) = play(script).await;

        let resolved = client.resolve_dir("x").await.unwrap();

        assert_eq!(resolved, expected.into());
        server.done().await;
    }
}

#[tokio::test]
async fn mlsd_answered_by_mere_consent_leads_to_list() {
    for reply in ["200 OK", "220 ok"] {
        let replies: &[(&str, &str)] = match reply {
            "200 OK" => &[("MLSD", "200 OK"), ("FEAT", "402 Command not implemented")],
            _ => &[("MLSD", "220 ok"), ("FEAT", "402 Command not implemented")],
        };
        let (server, mut client) = start(ServerBehaviour { replies, ..ServerBehaviour::default() }).await;
        server.add_file("a", "one", 0);

        assert_eq!(client.list("").await.unwrap().len(), 1, "{reply}");
        assert!(!client.features().await.unwrap().contains("MLST"));
    }
}

#[tokio::test]
async fn missing_directory_is_entered_from_root() {
    let behaviour = ServerBehaviour {
        home: "home/ann",
        reads_path: Some(|PathArgument { directory, argument, .. }| match argument {
            "." => Some(directory.to_owned()),
            _ => Some(argument.strip_prefix('/')?.to_owned()),
        }),
        ..ServerBehaviour::list_only()
    };
    let (server, mut client) = start(behaviour).await;
    server.add_file("home/ann/pub/a", "one", 0);
    let local = tempfile::tempdir().unwrap();

    client.download("pub").to(local.path()).await.unwrap();

    assert_eq!(std::fs::read(local.path().join("pub/a")).unwrap(), b"one");
}

#[tokio::test]
async fn login_directory_is_known_without_cwd() {
    for directory in ["", "."] {
        let (server, mut client) = start(ServerBehaviour::list_only()).await;
        server.add_file("a", "one", 0);
        let local = tempfile::tempdir().unwrap();

        client.download(directory).to(local.path().join("d")).write_into(true).await.unwrap();

        assert_eq!(std::fs::read(local.path().join("d/a")).unwrap(), b"one");
        let commands = server.commands();
        assert!(!commands.iter().any(|line| line.starts_with("CWD") || line == "PWD"), "{commands:?}");
    }
}

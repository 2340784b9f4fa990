//! Servers that take bare names only, although their paths have slashes.

use oxftp::{Client, Credentials, Pipelining, Pool};
use oxftp_testing::{
    memory::{ListedPath, MemoryServer, PathArgument, ServerBehaviour},
    scripted::Script,
};

use super::{bare, create_tree, start, whole_session};
use crate::common::scripts::{builder, get, play, play_with, put, send_file};

/// `CWD` takes absolute paths and single names, all other commands take single names.
fn bare_names() -> ServerBehaviour {
    ServerBehaviour {
        home: "home/ann",
        reads_path: Some(|PathArgument { verb, directory, argument }| match argument.strip_prefix('/') {
            Some(path) if verb == "CWD" => Some(path.to_owned()),
            Some(_) => None,
            None => bare(directory, argument, &['/']),
        }),
        ..ServerBehaviour::list_only()
    }
}

/// Absolute paths are refused, except in `CWD`; relative ones work.
fn relative_only() -> ServerBehaviour {
    ServerBehaviour {
        home: "home/ann",
        reads_path: Some(|PathArgument { verb, directory, argument }| match argument.strip_prefix('/') {
            Some(path) => (verb == "CWD").then(|| path.to_owned()),
            None => Some(format!("{directory}/{argument}")),
        }),
        ..ServerBehaviour::list_only()
    }
}

/// Paths work for transfers and listings. Directories and files are created, removed and renamed by single names.
fn bare_changes() -> ServerBehaviour {
    ServerBehaviour {
        home: "home/ann",
        reads_path: Some(|PathArgument { verb, directory, argument }| match argument.strip_prefix('/') {
            _ if matches!(verb, "MKD" | "DELE" | "RMD" | "RNFR" | "RNTO") => {
                bare(directory, argument, &['/'])
            }
            Some(path) => Some(path.to_owned()),
            None => Some(format!("{directory}/{argument}")),
        }),
        ..ServerBehaviour::list_only()
    }
}

#[tokio::test]
async fn whole_session_works_with_bare_changes() {
    whole_session(bare_changes(), "", "home/ann/").await;
}

#[tokio::test]
async fn file_is_removed_by_bare_name_after_upload() {
    let (server, mut client) = start(bare_changes()).await;
    server.add_file("home/ann/a/b", "one", 0);

    put(&mut client, "a/c", b"two").await.unwrap();
    client.rename("a/b", "a/d").await.unwrap();
    client.remove_file("a/c").await.unwrap();
    client.remove_file("a/d").await.unwrap();
    client.remove_dir("a").await.unwrap();

    assert_eq!(server.content("home/ann/a/c"), None);
    assert_eq!(server.content("home/ann/a/d"), None);
}

#[tokio::test]
async fn missing_file_is_removed_by_absolute_path() {
    let script = Script::new().expect("DELE a").reply("550 No such file or directory.");
    let script = script.expect("PWD").reply("257 \"/home/ann\" is current");
    let script = script.expect("DELE /home/ann/a").reply("250 deleted");
    let (server, mut client) = play(script).await;

    client.remove_file("a").await.unwrap();

    server.done().await;
}

#[tokio::test]
async fn whole_session_works_with_bare_names() {
    whole_session(bare_names(), "", "home/ann/").await;
}

#[tokio::test]
async fn whole_session_works_with_absolute_paths() {
    whole_session(bare_names(), "/home/ann", "home/ann/").await;
}

#[tokio::test]
async fn whole_session_works_where_absolute_paths_are_refused() {
    whole_session(relative_only(), "/home/ann", "home/ann/").await;
}

#[tokio::test]
async fn refused_path_is_entered_once_and_remembered() {
    let (server, mut client) = start(bare_names()).await;
    server.add_file("home/ann/a/b", "one", 0);
    server.add_file("home/ann/a/c", "two", 0);

    assert_eq!(get(&mut client, "a/b").await.unwrap(), b"one");
    assert_eq!(get(&mut client, "a/c").await.unwrap(), b"two");
    put(&mut client, "a/d", b"three").await.unwrap();
    assert_eq!(client.size("a/d").await.unwrap(), 5);
    assert_eq!(client.current_dir().await.unwrap(), "/home/ann".into());

    assert_eq!(server.content("home/ann/a/d").as_deref(), Some("three"));
    let commands: Vec<_> = server.commands().into_iter().skip(2).filter(|line| line != "EPSV").collect();
    let expected = [
        "TYPE I",
        "RETR a/b",
        "PWD",
        "CWD a",
        "RETR b",
        "RETR c",
        "STOR d",
        "SIZE d",
        "CWD /home/ann",
        "PWD",
    ];
    assert_eq!(commands, expected);
}

/// Refuses a download of `path`.
fn refused(script: Script, path: &str) -> Script {
    script.passive().expect(format!("RETR {path}")).reply("550 first refusal")
}

async fn refusal(client: &mut Client, path: &str) -> String {
    get(client, path).await.unwrap_err().to_string()
}

#[tokio::test]
async fn missing_file_costs_one_attempt_per_session() {
    let script = refused(Script::new().type_image(), "d/missing");
    let script = script.expect("PWD").reply("257 \"/\"").expect("CWD d").reply("550 no such directory");
    let (server, mut client) = play(refused(refused(script, "d/missing"), "e/f/missing")).await;

    for path in ["d/missing", "d/missing", "e/f/missing"] {
        assert!(refusal(&mut client, path).await.contains("550 first refusal"));
    }

    server.done().await;
}

#[tokio::test]
async fn missing_file_error_is_the_first_refusal() {
    let script = refused(Script::new().type_image(), "d/missing");
    let script = script.expect("PWD").reply("257 \"/\"").expect("CWD d").reply("250 in");
    let script = script.passive().expect("RETR missing").reply("550 second refusal");
    let script = script.expect("CWD /").reply("250 back");
    let (server, mut client) = play(refused(script, "d/missing")).await;

    for _ in 0..2 {
        assert!(refusal(&mut client, "d/missing").await.contains("550 first refusal"));
    }

    server.done().await;
}

#[tokio::test]
async fn working_path_or_bare_name_needs_no_attempt() {
    let builder = builder().pipelining(Pipelining::Off);
    let script = refused(send_file(refused(Script::new().type_image(), "x"), "RETR d/a", "a"), "d/missing");
    let (server, mut client) = play_with(builder, script).await;

    refusal(&mut client, "x").await;
    get(&mut client, "d/a").await.unwrap();
    refusal(&mut client, "d/missing").await;

    server.done().await;
}

#[tokio::test]
async fn known_posix_server_is_never_entered() {
    let script = refused(Script::new().greeting("220 (vsFTPd 3.0.3)").type_image(), "d/missing");
    let (server, mut client) = play(script).await;

    refusal(&mut client, "d/missing").await;

    server.done().await;
}

#[tokio::test]
async fn rename_into_other_directory_is_explained() {
    let (server, mut client) = start(bare_names()).await;
    server.add_file("home/ann/a/b", "one", 0);
    server.add_file("home/ann/c/x", "two", 0);
    get(&mut client, "a/b").await.unwrap();

    let error = client.rename("a/b", "c/b").await.unwrap_err();

    assert!(error.to_string().contains("rename into another directory"), "{error}");
    client.rename("a/b", "a/renamed").await.unwrap();
    assert_eq!(server.content("home/ann/a/renamed").as_deref(), Some("one"));
}

/// `STOR` ignores the directory of its path, and stores the file in the working directory.
fn stores_in_working_dir() -> ServerBehaviour {
    ServerBehaviour { home: "home/ann", stores_in_working_dir: true, ..ServerBehaviour::list_only() }
}

/// Once this ended with success, and the files were in the wrong directory.
#[tokio::test]
async fn upload_stored_in_working_dir_is_sent_again() {
    whole_session(stores_in_working_dir(), "", "home/ann/").await;
}

#[tokio::test]
async fn mirror_stored_in_working_dir_is_sent_again() {
    for refused in [&[][..], &["SIZE"]] {
        let mut behaviour = stores_in_working_dir();
        behaviour.refused.extend(refused);
        let server = MemoryServer::start(behaviour).await;
        let local = tempfile::tempdir().unwrap();
        create_tree(local.path());
        let pool = Pool::new(builder(), server.address(), Credentials::anonymous()).size(2);

        pool.mirror_up(local.path().join("T"), "U").await.unwrap();

        for (path, content) in [("NOTES", "notes"), ("SUB/MENU", "menu"), ("SUB/DEEP/LIST", "list")] {
            assert_eq!(server.content(&format!("home/ann/U/{path}")).as_deref(), Some(content), "{path}");
        }
    }
}

/// A file of the same name and size in the working directory, and a listing from a cache: once this ended with an error.
#[tokio::test]
async fn cached_listing_is_no_upload_stored_elsewhere() {
    let mut behaviour = ServerBehaviour { shows_uploads_late: true, ..ServerBehaviour::list_only() };
    behaviour.refused.push("SIZE");
    let server = MemoryServer::start(behaviour).await;
    server.add_file("NOTES", "notes", 0);
    server.add_file("T/older", "older", 0);
    let local = tempfile::tempdir().unwrap();
    create_tree(local.path());
    let pool = Pool::new(builder(), server.address(), Credentials::anonymous()).size(1);

    pool.upload(local.path().join("T/NOTES")).to("T/NOTES").write_into(true).await.unwrap();

    assert_eq!(server.content("T/NOTES").as_deref(), Some("notes"));
}

/// `CWD` takes directories with a slash at their end only, and `LIST` ignores its path.
#[tokio::test]
async fn directory_is_entered_with_final_slash() {
    let (server, mut client) = start(ServerBehaviour {
        reads_path: Some(|PathArgument { verb, directory, argument }| {
            let is_whole = verb != "CWD" || argument.ends_with('/');
            let below = || format!("{directory}/{argument}");
            let path = argument.strip_prefix('/').map_or_else(below, str::to_owned);
            is_whole.then(|| path.trim_end_matches('/').to_owned())
        }),
        listed_paths: &[("LIST", ListedPath::Ignored)],
        ..ServerBehaviour::list_only()
    })
    .await;
    server.add_file("above", "zero", 0);
    server.add_file("d/a", "one", 0);
    server.add_file("d/e/b", "two", 0);

    let entries = client.list("d").recursive().await.unwrap();

    let mut names: Vec<_> = entries.iter().map(|found| found.name().to_string()).collect();
    names.sort();
    assert_eq!(names, ["a", "b", "e"]);
    assert_eq!(get(&mut client, "d/e/b").await.unwrap(), b"two");
}

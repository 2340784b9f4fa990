//! z/OS: data sets, members and prefixes.

use oxftp_testing::{
    memory::{PathArgument, ServerBehaviour},
    scripted::Script,
};

use super::{start, whole_session};
use crate::common::{
    local_files::files,
    scripts::{get, play, send_file},
};

/// Reads `'A.B'`, `'A.B(C)'`, `'A.'` and bare names.
fn read(PathArgument { directory, argument, .. }: PathArgument<'_>) -> Option<String> {
    if argument.contains('/') {
        return None;
    }
    let member = |text: &str| text.trim_end_matches('.').replace(['.', '('], "/").replace(')', "");
    match argument.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
        Some(inside) => Some(member(inside)),
        None if argument == ".." => None,
        None => Some(format!("{directory}/{}", argument.replace('(', "/").replace(')', ""))),
    }
}

fn z_os(greeting: &'static str) -> ServerBehaviour {
    ServerBehaviour {
        greeting,
        system: "MVS is the operating system of this server. FTP Server is running on z/OS.",
        home: "ANN",
        reads_path: Some(read),
        shows_directory: |directory| match directory {
            "ANN" => "\"'ANN.'\" is working directory.".to_owned(),
            other => format!("\"'{}'\" partitioned data set is working directory.", other.replace('/', ".")),
        },
        ..ServerBehaviour::list_only()
    }
    .listing(|name, item| {
        let organization = if item.is_directory() { "PO" } else { "PS" };
        format!("VOL001 3390   2020/01/02  1   15  FB      80 27920  {organization}  {name}")
    })
}

const GREETING: &str = "FTPD1 IBM FTP CS V2R4 at MVS1.EXAMPLE.COM, 10:00:00 on 2020-01-02.";

#[tokio::test]
async fn whole_session_works_on_z_os() {
    let commands = whole_session(z_os(GREETING), "", "ANN/").await;

    assert!(commands.iter().all(|line| !line.contains('/')), "{commands:?}");
}

#[tokio::test]
async fn whole_session_works_with_quoted_prefix() {
    whole_session(z_os("ready"), "'ANN.'", "ANN/").await;
}

#[tokio::test]
async fn quoted_data_set_is_downloaded_as_tree() {
    for greeting in [GREETING, "ready"] {
        let (server, mut client) = start(z_os(greeting)).await;
        server.add_file("ANN/SRC/MENU", "menu", 0);
        server.add_file("ANN/SRC/LIST", "list", 0);
        let local = tempfile::tempdir().unwrap();

        client.download("'ANN.SRC'").to(local.path()).await.unwrap();
        client.download("'ANN.SRC(MENU)'").to(local.path()).await.unwrap();

        assert_eq!(files(local.path()), ["MENU", "SRC/LIST", "SRC/MENU"]);
        let commands = server.commands();
        assert!(commands.iter().all(|line| !line.contains('/')), "{commands:?}");
    }
}

#[tokio::test]
async fn z_os_members_are_read_by_every_spelling() {
    let (server, mut client) = start(z_os(GREETING)).await;
    server.add_file("ANN/SRC/MENU", "menu", 0);

    for path in ["'ANN.SRC(MENU)'", "SRC(MENU)", "SRC/MENU", "'ANN.'/SRC/MENU", "'ANN.SRC'/MENU"] {
        assert_eq!(get(&mut client, path).await.unwrap(), b"menu", "{path}");
    }
    assert_eq!(client.current_dir().await.unwrap(), "'ANN.'".into());
}

#[tokio::test]
async fn unix_paths_are_sent_from_their_directory() {
    let script = Script::new().greeting(format!("220 {GREETING}")).expect("PWD").reply("257 \"'ANN.'\"");
    let script = script.expect("CWD /u/ann").reply("250 in").type_image();
    let script = send_file(script, "RETR notes", "notes");
    let (server, mut client) =
        play(script.expect("CWD 'ANN.'").reply("250 back").expect("NOOP").reply("200 ok")).await;

    assert_eq!(get(&mut client, "/u/ann/notes").await.unwrap(), b"notes");
    assert_eq!(client.command("NOOP").expect("2xx").await.unwrap().text(), "ok");

    server.done().await;
}

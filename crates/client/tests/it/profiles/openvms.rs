//! OpenVMS: `DISK:[DIR.SUB]NAME.EXT;1`.

use oxftp_testing::memory::{PathArgument, ServerBehaviour};

use super::{bare, start, whole_session};
use crate::common::{local_files::files, scripts::get};

const SEPARATORS: [char; 6] = ['/', '[', ']', ':', ';', '.'];

fn folder(path: &str) -> String {
    format!("DKA0:[{}]", path.replace('/', "."))
}

/// Reads `DKA0:[A.B]` and `[.B]`.
fn read_folder(directory: &str, argument: &str) -> Option<String> {
    let inside = argument.strip_suffix(']')?;
    match (inside.strip_prefix("DKA0:["), inside.strip_prefix("[.")) {
        (Some(whole), _) => Some(whole.replace('.', "/")),
        (_, Some(below)) => Some(format!("{directory}/{}", below.replace('.', "/"))),
        _ => None,
    }
}

fn read(argument: PathArgument<'_>, takes_names: bool) -> Option<String> {
    let PathArgument { verb, directory, argument } = argument;
    match verb {
        "CWD" | "MKD" | "RMD" => read_folder(directory, argument)
            .or_else(|| bare(directory, argument, &SEPARATORS).filter(|_| takes_names)),
        // All versions, or one.
        "DELE" => bare(directory, argument.strip_suffix(";*").or(argument.strip_suffix(";1"))?, &SEPARATORS),
        _ => match argument.strip_suffix(";1").unwrap_or(argument).split_once(']') {
            Some((above, name)) => bare(&read_folder(directory, &format!("{above}]"))?, name, &SEPARATORS),
            None => bare(directory, argument.strip_suffix(";1").unwrap_or(argument), &SEPARATORS),
        },
    }
}

fn open_vms(greeting: &'static str) -> ServerBehaviour {
    ServerBehaviour {
        greeting,
        system: "VMS OpenVMS V8.4",
        home: "ANN",
        reads_path: Some(|argument| read(argument, false)),
        shows_directory: |directory| format!("\"{}\" is current directory.", folder(directory)),
        ..ServerBehaviour::list_only()
    }
    .listing(|name, item| {
        let name = if item.is_directory() { format!("{name}.DIR") } else { name.to_owned() };
        format!("{name};1          1/4        2-JAN-2020 10:00:00  [STAFF,ANN]  (RWED,RWED,RE,)")
    })
}

const GREETING: &str = "node.example.com FTP Server (Version 5.7) Ready, OpenVMS.";

#[tokio::test]
async fn whole_session_works_on_openvms() {
    let commands = whole_session(open_vms(GREETING), "", "ANN/").await;

    assert!(commands.iter().all(|line| line == "CWD" || !line.contains('/')), "{commands:?}");
}

#[tokio::test]
async fn whole_session_works_without_telling_greeting() {
    whole_session(open_vms("ready"), "DKA0:[ANN]", "ANN/").await;
}

#[tokio::test]
async fn whole_session_works_with_plain_directory_names() {
    let behaviour = ServerBehaviour {
        reads_path: Some(|argument| match argument.argument.starts_with("[.") {
            true => None,
            false => read(argument, true),
        }),
        ..open_vms(GREETING)
    };
    whole_session(behaviour, "", "ANN/").await;
}

#[tokio::test]
async fn vms_version_is_dropped_from_local_name() {
    let (server, mut client) = start(open_vms(GREETING)).await;
    server.add_file("ANN/NOTES", "notes", 0);
    let local = tempfile::tempdir().unwrap();

    client.download("DKA0:[ANN]NOTES;1").to(local.path()).await.unwrap();

    assert_eq!(files(local.path()), ["NOTES"]);
}

#[tokio::test]
async fn vms_file_is_read_by_its_whole_name() {
    let (server, mut client) = start(open_vms(GREETING)).await;
    server.add_file("ANN/SUB/NOTES", "notes", 0);

    for path in ["DKA0:[ANN.SUB]NOTES", "[.SUB]NOTES", "SUB/NOTES;1", "DKA0:[ANN]/SUB/NOTES"] {
        assert_eq!(get(&mut client, path).await.unwrap(), b"notes", "{path}");
    }
    assert_eq!(client.current_dir().await.unwrap(), "DKA0:[ANN]".into());
}

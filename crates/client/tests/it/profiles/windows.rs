//! Windows: backslashes and drives.

use oxftp_testing::memory::{PathArgument, ServerBehaviour};

use super::{bare, start, whole_session};
use crate::common::scripts::get;

/// Reads `C:\a\b` and bare names.
fn read(PathArgument { directory, argument, .. }: PathArgument<'_>) -> Option<String> {
    match argument.strip_prefix("C:\\") {
        Some(path) if !path.contains('/') => Some(path.replace('\\', "/")),
        Some(_) => None,
        None => bare(directory, argument, &['/', '\\', ':']),
    }
}

fn windows() -> ServerBehaviour {
    ServerBehaviour {
        system: "Windows_NT",
        home: "Users/ann",
        reads_path: Some(read),
        shows_directory: |directory| {
            format!("\"C:\\{}\" is current directory.", directory.replace('/', "\\"))
        },
        ..ServerBehaviour::list_only()
    }
    .listing(|name, item| match item.is_directory() {
        true => format!("01-02-20  10:00AM       <DIR>          {name}"),
        false => format!("01-02-20  10:00AM       {:>14} {name}", item.size()),
    })
}

#[tokio::test]
async fn whole_session_works_with_backslashes() {
    let commands = whole_session(windows(), "", "Users/ann/").await;

    // The first refusal leads to `PWD`, which shows the style.
    let with_slash: Vec<_> = commands.iter().filter(|line| line.contains('/')).collect();
    assert_eq!(with_slash, ["STOR T/NOTES"], "{commands:?}");
}

#[tokio::test]
async fn whole_session_works_on_a_drive() {
    whole_session(windows(), "C:\\Users\\ann", "Users/ann/").await;
}

#[tokio::test]
async fn windows_paths_are_read_by_every_spelling() {
    let (server, mut client) = start(windows()).await;
    server.add_file("Users/ann/a/b", "one", 0);
    client.current_dir().await.unwrap();

    for path in ["a/b", "a\\b", "C:\\Users\\ann\\a\\b", "C:\\Users\\ann/a/b"] {
        assert_eq!(get(&mut client, path).await.unwrap(), b"one", "{path}");
    }
    assert_eq!(client.current_dir().await.unwrap(), "C:\\Users\\ann".into());
}

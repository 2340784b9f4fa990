//! MPE/iX: `FILE.GROUP.ACCOUNT`.

use oxftp_testing::memory::{PathArgument, ServerBehaviour};

use super::{bare, whole_session};

/// Reads `FILE.GROUP.ACCOUNT`, `GROUP.ACCOUNT` and bare names.
fn read(PathArgument { directory, argument, .. }: PathArgument<'_>) -> Option<String> {
    let parts: Vec<_> = argument.split('.').collect();
    match parts[..] {
        _ if argument.contains('/') => None,
        [file, group, account] => Some(format!("{account}/{group}/{file}")),
        [group, account] => Some(format!("{account}/{group}")),
        _ => bare(directory, argument, &['/', '.']),
    }
}

fn mpe() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "HP ARPA FTP Server [A0009F08] (C) Hewlett-Packard Co. [PASV SUPPORT]",
        system: "MPE/iX system",
        home: "SYS/PUB",
        reads_path: Some(read),
        shows_directory: |directory| match directory.split_once('/') {
            Some((account, group)) => format!("\"{group}.{account}\" is the current group."),
            None => format!("\"{directory}\""),
        },
        ..ServerBehaviour::list_only()
    }
}

#[tokio::test]
async fn whole_session_works_on_mpe() {
    let commands = whole_session(mpe(), "", "SYS/PUB/").await;

    assert!(commands.iter().all(|line| !line.contains('/')), "{commands:?}");
}

#[tokio::test]
async fn whole_session_works_in_named_group() {
    whole_session(mpe(), "PUB.SYS", "SYS/PUB/").await;
}

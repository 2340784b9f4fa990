//! Servers whose paths have no slashes, or that do not report the working directory.

use std::{fs, path::Path};

use oxftp_testing::memory::{MemoryServer, PathArgument, ServerBehaviour};
use tokio::runtime::Runtime;

use crate::common::{oxftp, run};

/// Reads `'A.B'`, `'A.B(C)'`, `'A.'` and bare names.
fn read_data_set(PathArgument { directory, argument, .. }: PathArgument<'_>) -> Option<String> {
    let names = |text: &str| text.trim_end_matches('.').replace(['.', '('], "/").replace(')', "");
    let inside = argument.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
    match inside {
        _ if argument.contains('/') => None,
        Some(inside) => Some(names(inside)),
        None => Some(format!("{directory}/{argument}")),
    }
}

fn z_os() -> ServerBehaviour {
    ServerBehaviour {
        greeting: "FTPD1 IBM FTP CS V2R4 at MVS1.EXAMPLE.COM, 10:00:00 on 2020-01-02.",
        home: "ANN",
        reads_path: Some(read_data_set),
        shows_directory: |directory| match directory {
            "ANN" => "\"'ANN.'\" is working directory.".to_owned(),
            other => format!("\"'{}'\" is working directory.", other.replace('/', ".")),
        },
        ..ServerBehaviour::list_only()
    }
    .listing(|name, item| {
        let organization = if item.is_directory() { "PO" } else { "PS" };
        format!("VOL001 3390   2020/01/02  1   15  FB      80 27920  {organization}  {name}")
    })
}

/// Enters single names only, and says nothing of the working directory.
fn without_pwd() -> ServerBehaviour {
    ServerBehaviour {
        home: "home",
        reads_path: Some(|PathArgument { directory, argument, .. }| {
            (!argument.contains('/') && argument != "..").then(|| format!("{directory}/{argument}"))
        }),
        shows_directory: |_| "\"\"".to_owned(),
        ..ServerBehaviour::list_only()
    }
}

/// Runs the program in `local`; `@` in its words stands for the URL of the server.
fn run_on(server: &MemoryServer, local: &Path, words: &[&str]) -> String {
    let url = format!("ftp://{}", server.address());
    let words: Vec<_> = words.iter().map(|word| word.replace('@', &url)).collect();
    let run = run(oxftp(&words).current_dir(local));
    assert_eq!(run.code, Some(0), "{} {:?}", run.stderr, server.commands());
    run.stdout()
}

#[test]
fn shell_joins_paths_of_data_sets() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(MemoryServer::start(z_os()));
    server.add_file("ANN/SRC/MENU", "menu", 0);
    let local = tempfile::tempdir().unwrap();
    fs::write(local.path().join("LIST"), "list").unwrap();

    let commands =
        "pwd; ls; cd SRC; pwd; get MENU; put LIST; ls; cd ..; pwd; rm SRC/LIST; cd \"'ANN.SRC'\"; ls";
    let printed = run_on(&server, local.path(), &["shell", "@", "-c", commands]);

    let lines = ["'ANN.'", "SRC", "'ANN.SRC'", "LIST", "MENU", "'ANN.'", "MENU"];
    assert_eq!(printed.lines().map(|line| line.trim_end_matches('/')).collect::<Vec<_>>(), lines);
    assert_eq!(fs::read(local.path().join("MENU")).unwrap(), b"menu");
    let commands = server.commands();
    assert!(commands.iter().all(|line| !line.contains('/')), "{commands:?}");
}

#[test]
fn data_set_in_url_is_downloaded_with_members() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(MemoryServer::start(z_os()));
    server.add_file("ANN/SRC/MENU", "menu", 0);
    let local = tempfile::tempdir().unwrap();

    run_on(&server, local.path(), &["get", "-r", "@/%27ANN.SRC%27"]);
    run_on(&server, local.path(), &["get", "@/%27ANN.SRC(MENU)%27"]);

    assert_eq!(fs::read(local.path().join("SRC/MENU")).unwrap(), b"menu");
    assert_eq!(fs::read(local.path().join("MENU")).unwrap(), b"menu");
    let commands = server.commands();
    assert!(commands.iter().all(|line| !line.contains('/')), "{commands:?}");
}

#[test]
fn shell_changes_directory_without_pwd() {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(MemoryServer::start(without_pwd()));
    server.add_file("home/a/b/c", "content", 0);
    let local = tempfile::tempdir().unwrap();

    let printed =
        run_on(&server, local.path(), &["shell", "@", "-c", "cd a; cd b; pwd; get c; cd ..; ls; cd; ls"]);

    assert_eq!(printed.lines().map(|line| line.trim_end_matches('/')).collect::<Vec<_>>(), ["a/b", "b", "a"]);
    assert_eq!(fs::read(local.path().join("c")).unwrap(), b"content");
}

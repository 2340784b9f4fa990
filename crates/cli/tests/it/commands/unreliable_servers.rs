//! Servers with incomplete listings, and servers that abort transfers.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use oxftp_testing::{
    scripted::{Script, ScriptedServer},
    tree_server::{Answer, Request, RunningTreeServer, TreeServer},
};

use crate::common::{Run, oxftp, run, sorted};

fn script() -> Script {
    Script::new().login()
}

fn sending(script: Script, command: &str, data: &str) -> Script {
    script.passive().expect(command).reply("150 here").data(data).reply("226 done")
}

/// Answers `MLSD` and `MLST` as unknown.
fn without_mlsd(request: &Request<'_>) -> Option<Answer> {
    matches!(request.verb, "MLSD" | "MLST").then(|| Answer::reply("500 what?"))
}

async fn answer(script: Script, words: &[&str], here: &Path) -> (Run, ScriptedServer) {
    let server = script.start().await;
    (run_against(server.address(), words, here).await, server)
}

/// Runs the program; `@` is the URL of the login directory.
async fn run_against(address: SocketAddr, words: &[&str], here: &Path) -> Run {
    let url = format!("ftp://{address}/");
    let words: Vec<_> = words.iter().map(|word| word.replace('@', &url)).collect();
    let here = here.to_owned();
    let running = tokio::task::spawn_blocking(move || {
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        run(oxftp(&words).current_dir(here))
    });
    running.await.unwrap()
}

#[tokio::test]
async fn unlisted_empty_directory_is_empty() {
    let deviation = |request: &Request<'_>| match request.verb {
        "LIST" => Some(Answer::lines("total 0\r\n")),
        _ => without_mlsd(request),
    };
    let server = TreeServer::of(["d/"]).deviating(deviation).start().await;

    let run = run_against(server.address(), &["ls", "@d"], Path::new(".")).await;

    assert_eq!((run.code, run.stdout(), &*run.stderr), (Some(0), "".into(), ""));
}

#[tokio::test]
async fn unknown_path_exits_with_6() {
    let deviation = |request: &Request<'_>| match request.verb {
        "LIST" => Some(Answer::lines("")),
        _ => without_mlsd(request),
    };
    let server = TreeServer::of([]).deviating(deviation).start().await;

    let run = run_against(server.address(), &["ls", "@d"], Path::new(".")).await;

    assert_eq!(run.code, Some(6), "{}", run.stderr);
}

#[tokio::test]
async fn unparsed_listing_exits_with_11_and_quotes_it() {
    let deviation = |request: &Request<'_>| match request.verb {
        "LIST" => Some(Answer::lines("/bin/ls: d: \x1b[2JPermission\r\nand more\r\n")),
        _ => without_mlsd(request),
    };
    let server = TreeServer::of(["d/"]).deviating(deviation).start().await;

    let run = run_against(server.address(), &["ls", "@d"], Path::new(".")).await;

    assert_eq!(run.code, Some(11), "{}", run.stderr);
    assert!(run.stderr.contains("cannot parse 2 lines of the listing"), "{}", run.stderr);
    assert!(run.stderr.contains("/bin/ls: d:") && !run.stderr.contains('\x1b'), "{}", run.stderr);
}

#[tokio::test]
async fn aborted_listing_exits_with_8() {
    let script = script().type_image().passive().expect("MLSD d").reply("150 here");
    let script = script.data("type=file; a\r\ntype=fi").reply("226 done").expect("QUIT").reply("221 bye");

    let (run, _server) = answer(script, &["ls", "@d"], Path::new(".")).await;

    assert_eq!((run.code, run.stdout()), (Some(8), "a\n".into()), "{}", run.stderr);
}

#[tokio::test]
async fn truncated_listing_exits_with_8() {
    let script = script().type_image().passive().expect("MLSD d").reply("150 here");
    let script = script.data("").reply("226 Transfer done (but failed to open directory).");

    let (run, _server) = answer(script.expect("QUIT").reply("221 bye"), &["ls", "@d"], Path::new(".")).await;

    assert_eq!(run.code, Some(8), "{}", run.stderr);
}

#[tokio::test]
async fn connection_reset_in_a_file_exits_with_8() {
    let script = script().type_image().passive().expect("RETR a").reply("150 here");
    let script = script.send("half").reset_data().reply("226 done").stall();

    let (run, _server) = answer(script, &["cat", "@a"], Path::new(".")).await;

    assert_eq!(run.code, Some(8), "{}", run.stderr);
}

#[tokio::test]
async fn empty_range_exits_with_8_without_file() {
    let here = tempfile::tempdir().unwrap();
    let script = script().type_image().passive().expect("REST 20").reply("350 from there");
    let script = script.expect("RETR a").reply("150 here").data("").reply("226 done");

    let (run, _server) = answer(script.stall(), &["get", "--range", "20-30", "@a"], here.path()).await;

    assert_eq!(run.code, Some(8), "{}", run.stderr);
    assert!(run.stderr.contains("ends before byte 20"), "{}", run.stderr);
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn unparsed_lines_in_a_tree_exit_with_1() {
    let here = tempfile::tempdir().unwrap();
    let script = script().expect("MLST d").reply("250-x\r\n type=dir; d\r\n250 End").type_image();
    let listed = "type=file;size=5;modify=20240102030405; a\r\nwhat is this\r\n";
    let script = sending(sending(script, "MLSD d", listed), "RETR d/a", "data!");

    let (run, _server) = answer(script.stall(), &["get", "-r", "-j1", "@d"], here.path()).await;

    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(run.labelled("error:")[0].contains("d: cannot parse 1 line of the listing"), "{}", run.stderr);
    assert_eq!(fs::read(here.path().join("d/a")).unwrap(), b"data!");
}

#[tokio::test]
async fn file_missing_in_listings_is_downloaded() {
    let here = tempfile::tempdir().unwrap();
    let deviation = |request: &Request<'_>| match request.verb {
        "LIST" => Some(Answer::lines("")),
        _ => without_mlsd(request),
    };
    let server = TreeServer::of(["a"]).deviating(deviation).start().await;

    let run = run_against(server.address(), &["get", "@a"], here.path()).await;

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(fs::read(here.path().join("a")).unwrap(), b"a");
}

#[tokio::test]
async fn tree_with_dot_names_is_downloaded_and_removed() {
    let here = tempfile::tempdir().unwrap();
    let files = ["t/", "t/.htaccess", "t/.git/", "t/.git/config", "t/index"];
    let server = TreeServer::of(files).deviating(without_mlsd).start().await;

    let fetched = run_against(server.address(), &["get", "-r", "@t"], here.path()).await;
    let removed = run_against(server.address(), &["rm", "-r", "@t"], here.path()).await;

    assert_eq!(fetched.code, Some(0), "{}", fetched.stderr);
    assert_eq!(fs::read(here.path().join("t/.git/config")).unwrap(), b"t/.git/config");
    assert_eq!(fs::read(here.path().join("t/.htaccess")).unwrap(), b"t/.htaccess");
    assert_eq!((removed.code, server.paths().len()), (Some(0), 0), "{}", removed.stderr);
}

/// A server with a directory that may not be listed, and files below it that may be read.
fn server_with_locked_directory() -> TreeServer {
    TreeServer::of(["a/", "a/x", "locked/", "locked/y", "z/", "z/w"]).deviating(|request| {
        let is_locked = request.resolve(request.argument.trim_start_matches("-a ")) == "/locked";
        match request.verb {
            "CWD" | "LIST" if is_locked => Some(Answer::reply("550 Permission denied.")),
            _ => without_mlsd(request),
        }
    })
}

#[tokio::test]
async fn walks_continue_after_unlisted_directory() {
    let server = server_with_locked_directory().start().await;
    for (words, expected) in [
        (&["find", "@"][..], &["a", "a/x", "locked", "z", "z/w"][..]),
        (&["ls", "-R", "@"], &["a", "a/x", "locked", "z", "z/w"]),
        (&["du", "@"], &["3\ta", "0\tlocked", "3\tz", "6\t."]),
        (
            &["tree", "@"],
            &[".", "├── a", "│   └── x", "├── locked", "└── z", "    └── w", "", "3 directories, 2 files"],
        ),
    ] {
        let run = run_against(server.address(), words, Path::new(".")).await;

        let mut lines: Vec<_> = expected.to_vec();
        lines.sort_unstable();
        assert_eq!((run.code, sorted(&run.stdout())), (Some(1), lines), "{words:?} {}", run.stderr);
        assert_eq!(run.labelled("error:").len(), 1, "{}", run.stderr);
    }
}

#[tokio::test]
async fn stat_works_below_unlisted_directory() {
    let server = server_with_locked_directory().start().await;

    let run = run_against(server.address(), &["stat", "@locked/y", "@a"], Path::new(".")).await;
    let missing = run_against(server.address(), &["stat", "@locked/nothing"], Path::new(".")).await;

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout().contains("type     file\nsize     8\n"), "{}", run.stdout());
    assert_ne!(missing.code, Some(0), "{}", missing.stdout());
}

/// Starts a server with `d/kept` and `d/moved`, where the second is missing from all listings of `d` but the first, or from its
/// transfer.
async fn losing_moved_file(vanishes_at: &'static str) -> RunningTreeServer {
    let listings = AtomicUsize::new(0);
    let server = TreeServer::of(["d/", "d/kept", "d/moved"]).deviating(move |request| {
        let is_listing =
            request.verb == "MLSD" && (request.argument.ends_with('d') || request.directory == "/d");
        let is_moved = request.argument.ends_with("moved");
        match request.verb {
            "MLSD" if is_listing && listings.fetch_add(1, Ordering::Relaxed) > 0 && vanishes_at == "MLSD" => {
                Some(Answer::lines("type=file;size=6;modify=20240102030405; kept\r\n"))
            }
            "RETR" if is_moved => Some(Answer::reply("550 No such file or directory")),
            "SIZE" | "MDTM" if is_moved && vanishes_at == "MLSD" => {
                Some(Answer::reply("550 No such file or directory"))
            }
            _ => None,
        }
    });
    server.start().await
}

/// The file is listed at the first look, and is gone at the second or at its transfer.
#[tokio::test]
async fn file_that_vanishes_during_stable_is_left_out() {
    for (vanishes_at, code) in [("MLSD", 0), ("RETR", 1)] {
        let (server, local) = (losing_moved_file(vanishes_at).await, tempfile::tempdir().unwrap());

        let run = run_against(server.address(), &["get", "-r", "--stable", "1", "@d"], local.path()).await;

        assert_eq!(run.code, Some(code), "{vanishes_at}: {}", run.stderr);
        let names = fs::read_dir(local.path().join("d")).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(names.collect::<Vec<_>>(), ["kept"], "{vanishes_at}");
    }
}

#[tokio::test]
async fn vanished_single_file_of_stable_exits_with_6() {
    let (server, local) = (losing_moved_file("MLSD").await, tempfile::tempdir().unwrap());

    let run = run_against(server.address(), &["get", "--stable", "1", "@d/moved"], local.path()).await;

    assert_eq!(run.code, Some(6), "{}", run.stderr);
    assert_eq!(fs::read_dir(local.path()).unwrap().count(), 0);
}

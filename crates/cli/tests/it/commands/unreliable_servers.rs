//! Servers with incomplete listings, and servers that abort transfers.

use std::{fs, path::Path};

use oxftp_testing::scripted::{Script, ScriptedServer};

use crate::common::{Run, oxftp, run};

fn script() -> Script {
    Script::new().login()
}

fn sending(script: Script, command: &str, data: &str) -> Script {
    script.passive().expect(command).reply("150 here").data(data).reply("226 done")
}

/// A server that supports only `LIST`, with this listing of `d`.
fn listing(data: &str) -> Script {
    let script = script().type_image().passive().expect("MLSD d").reply("500 what?");
    sending(script, "LIST d", data)
}

async fn answer(script: Script, words: &[&str], here: &Path) -> (Run, ScriptedServer) {
    let server = script.start().await;
    let url = format!("ftp://{}/", server.address());
    let words: Vec<_> = words.iter().map(|word| word.replace('@', &url)).collect();
    let here = here.to_owned();
    let running = tokio::task::spawn_blocking(move || {
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        run(oxftp(&words).current_dir(here))
    });
    (running.await.unwrap(), server)
}

#[tokio::test]
async fn unlisted_empty_directory_is_empty() {
    let script = listing("total 0\r\n").expect("MLST d").reply("500 what?");
    let script = sending(script, "LIST", "").expect("PWD").reply("257 \"/\"").expect("CWD d").reply("250 in");
    let script = script.expect("CWD /").reply("250 back").expect("QUIT").reply("221 bye");

    let (run, server) = answer(script, &["ls", "@d"], Path::new(".")).await;

    assert_eq!((run.code, run.stdout(), &*run.stderr), (Some(0), "".into(), ""));
    server.done().await;
}

#[tokio::test]
async fn unknown_path_exits_with_6() {
    let script = listing("").expect("MLST d").reply("500 what?");
    let script = sending(script, "LIST", "").expect("PWD").reply("257 \"/\"").expect("CWD d").reply("550 no");
    let script = script.expect("SIZE d").reply("550 no").expect("MDTM d").reply("550 no").stall();

    let (run, _server) = answer(script, &["ls", "@d"], Path::new(".")).await;

    assert_eq!(run.code, Some(6), "{}", run.stderr);
}

#[tokio::test]
async fn unparsed_listing_exits_with_11_and_quotes_it() {
    let script = listing("/bin/ls: d: \x1b[2JPermission\r\nand more\r\n").expect("QUIT").reply("221 bye");

    let (run, _server) = answer(script, &["ls", "@d"], Path::new(".")).await;

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
    let script = script().expect("MLST a").reply("500 what?").type_image().passive();
    let script =
        sending(script.expect("MLSD").reply("500 what?"), "LIST", "").expect("SIZE a").reply("213 5");
    let script = script.passive().expect("MDTM a").reply("213 20240102030405");

    let script = script.expect("RETR a").reply("150 here").data("data!").reply("226 done").stall();
    let (run, _server) = answer(script, &["get", "--pipelining", "off", "@a"], here.path()).await;

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(fs::read(here.path().join("a")).unwrap(), b"data!");
}

//! Ctrl-C, and readers that close the pipe.

use std::{fs, io::Read, process::Stdio};

use crate::common::{Run, Site, content, interrupt, until};

#[test]
fn interrupted_download_can_be_resumed() {
    let site = Site::plain();
    let bytes = content(4 << 20);
    site.write_remote("big", &bytes);
    let part = site.here("big.oxftp.part");

    // At this rate the transfer would take a quarter of an hour.
    let slow = ["get", "--limit-rate", "4k", &site.url("big")];
    let child = site.command(&slow).spawn().unwrap();
    until("the part file", || part.exists());
    interrupt(&child);
    let run = Run::from(child.wait_with_output().unwrap());

    assert_eq!(run.code, Some(130), "{}", run.stderr);
    assert!(part.exists() && !site.here("big").exists());
    site.succeed(&["get", "-c", &site.url("big")]);
    assert_eq!(fs::read(site.here("big")).unwrap(), bytes);
    assert!(!part.exists());
}

#[test]
fn interruption_while_connecting_exits_with_130() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ftp://{}/", silent.local_addr().unwrap());

    let child = crate::common::oxftp(&["ls", &url]).spawn().unwrap();
    let (_held, _) = silent.accept().unwrap();
    interrupt(&child);
    let run = Run::from(child.wait_with_output().unwrap());

    assert_eq!(run.code, Some(130), "{}", run.stderr);
}

#[test]
fn closed_pipe_ends_cat_quietly() {
    let site = Site::plain();
    site.write_remote("big", content(16 << 20));

    let mut child = site.command(&["cat", &site.url("big")]).spawn().unwrap();
    let mut first = [0; 1000];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let run = Run::from(child.wait_with_output().unwrap());

    assert_eq!(first.as_slice(), content(1000));
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
}

#[test]
fn closed_pipe_ends_ls_quietly() {
    let site = Site::plain();
    for index in 0..2000 {
        site.write_remote(&format!("{index} {}", "n".repeat(100)), "");
    }

    let mut child = site.command(&["ls", &site.url("")]).spawn().unwrap();
    drop(child.stdout.take());
    let run = Run::from(child.wait_with_output().unwrap());

    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
}

#[test]
fn closed_pipe_ends_parse_listing_quietly() {
    let mut child = crate::common::oxftp(&["parse-listing"]).stdin(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    let lines = b"type=file;size=1; x\r\n".repeat(10_000);
    // The program ends before it has read everything.
    let _ = std::io::Write::write_all(&mut stdin, &lines);
    drop(stdin);
    let run = Run::from(child.wait_with_output().unwrap());

    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
}

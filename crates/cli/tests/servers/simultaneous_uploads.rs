//! Two runs of the program that upload to one name of a real server at the same time.

use std::fs;

use oxftp_testing::servers::{Protection, ServerKind};

use crate::common::{Run, Site};

/// Makes an upload take about a second.
const RATE: &str = "1m";

/// Uploads two files of different sizes to one name at the same time; returns both runs, and the file on the server.
fn upload_twice(site: &Site, option: &str) -> ([Run; 2], Vec<u8>) {
    let _ = fs::remove_file(site.there("target"));
    let url = site.url("target");
    let runs = ["one", "other"]
        .map(|name| site.command(&["put", option, "--limit-rate", RATE, name, &url]).spawn().unwrap());
    let runs = runs.map(|run| Run::from(run.wait_with_output().unwrap()));
    (runs, fs::read(site.there("target")).unwrap_or_default())
}

/// Runs a test on each server that there is.
fn on_each_server(test: impl Fn(&Site, &[Vec<u8>; 2])) {
    for kind in [ServerKind::Vsftpd, ServerKind::ProFtpd, ServerKind::PureFtpd, ServerKind::Pyftpdlib] {
        let Some(site) = Site::on(kind, Protection::Plain) else { continue };
        let contents = [vec![b'1'; 900_000], vec![b'2'; 1_100_000]];
        fs::write(site.here("one"), &contents[0]).unwrap();
        fs::write(site.here("other"), &contents[1]).unwrap();
        test(&site, &contents);
    }
}

fn entries(site: &Site) -> usize {
    fs::read_dir(site.there("")).unwrap().count()
}

#[test]
fn remote_lock_of_racing_processes_has_one_holder() {
    on_each_server(|site, contents| {
        let before = entries(site);
        for _ in 0..4 {
            let (runs, found) = upload_twice(site, "--remote-lock");

            assert!(contents.contains(&found), "{} bytes of both files", found.len());
            for run in &runs {
                assert!(matches!(run.code, Some(0 | 12)), "{:?}: {}", run.code, run.stderr);
            }
            assert!(runs.iter().any(|run| run.code == Some(0)), "no run had the lock");
            assert_eq!(entries(site), before + 1, "a lock was left");
        }
    });
}

#[test]
fn temporary_names_of_simultaneous_uploads_keep_whole_files() {
    on_each_server(|site, contents| {
        let before = entries(site);
        let (runs, found) = upload_twice(site, "--temp-name");

        for run in runs {
            assert_eq!(run.code, Some(0), "{}", run.stderr);
        }
        assert!(contents.contains(&found), "{} bytes of both files", found.len());
        assert_eq!(entries(site), before + 1, "a temporary name was left");
    });
}

//! Simultaneous runs of the program that download to the same place.

use std::{
    fs,
    process::{Child, Output},
    thread::sleep,
    time::Duration,
};

use crate::common::{Run, Site, content, until};

const SIZE: usize = 6_000_000;

/// Makes a download take about two seconds.
const RATE: &str = "3m";

fn with_file() -> (Site, Vec<u8>) {
    let site = Site::plain();
    let bytes = content(SIZE);
    site.write_remote("big", &bytes);
    (site, bytes)
}

/// Starts a slow download, and waits until its partial file has some bytes.
fn start(site: &Site) -> Child {
    let child = site.command(&["get", "--limit-rate", RATE, &site.url("big")]).spawn().unwrap();
    let part = site.here("big.oxftp.part");
    until("the partial file", || fs::metadata(&part).is_ok_and(|found| found.len() > 100_000));
    child
}

/// Fails unless the run names the process that is writing, and has an exit code of its own.
fn assert_in_use(run: &Run, first: u32) {
    assert_eq!(run.code, Some(12), "{}", run.stderr);
    let held = format!("another download is writing big.oxftp.part (process {first})");
    assert!(run.stderr.contains(&held), "{}", run.stderr);
}

#[test]
fn simultaneous_runs_leave_one_whole_file() {
    for options in [&[][..], &["-c"], &["--segments", "4"]] {
        let (site, bytes) = with_file();
        let first = start(&site);

        let url = site.url("big");
        let second = site.run(&[&["get", &*url], options].concat());
        assert!(!site.here("big").exists());
        let process = first.id();
        let first = Run::from(first.wait_with_output().unwrap());

        assert_in_use(&second, process);
        assert_eq!(first.code, Some(0), "{}", first.stderr);
        assert!(fs::read(site.here("big")).unwrap() == bytes);
        assert!(!site.here("big.oxftp.part").exists());
    }
}

#[test]
fn partial_file_of_killed_run_is_reused() {
    for resumed in [false, true] {
        let (site, bytes) = with_file();
        let mut first = start(&site);
        let url = site.url("big");
        assert_in_use(&site.run(&["get", &url]), first.id());
        first.kill().unwrap();
        first.wait().unwrap();
        assert!(site.here("big.oxftp.part").exists() && !site.here("big").exists());

        match resumed {
            true => site.succeed(&["get", "-c", &url]),
            false => site.succeed(&["get", &url]),
        };

        assert!(fs::read(site.here("big")).unwrap() == bytes);
        assert!(!site.here("big.oxftp.part").exists());
    }
}

#[test]
fn killed_simultaneous_runs_never_truncate_a_file() {
    for round in 0..6_u64 {
        let (site, bytes) = with_file();
        let url = site.url("big");
        let slow = ["get", "-c", "--limit-rate", RATE, &url];
        let mut runs: Vec<Child> = (0..3)
            .map(|_| {
                sleep(Duration::from_millis(70 * round));
                site.command(&slow).spawn().unwrap()
            })
            .collect();
        sleep(Duration::from_millis(150 * round));
        runs[round as usize % 3].kill().unwrap();

        while runs.iter_mut().any(|run| run.try_wait().unwrap().is_none()) {
            if let Ok(found) = fs::read(site.here("big")) {
                assert!(found == bytes, "{} bytes under the final name", found.len());
            }
            sleep(Duration::from_millis(20));
        }
        let outputs = runs.into_iter().map(|run| run.wait_with_output().unwrap());
        for Output { status, stderr, .. } in outputs {
            let stderr = String::from_utf8_lossy(&stderr);
            assert!(matches!(status.code(), None | Some(0 | 12)), "{status}: {stderr}");
            if status.success() {
                assert!(fs::read(site.here("big")).unwrap() == bytes);
            }
        }
        site.succeed(&["get", "-c", &url]);
        assert!(fs::read(site.here("big")).unwrap() == bytes);
        assert!(!site.here("big.oxftp.part").exists());
    }
}

#[test]
fn simultaneous_mirrors_leave_whole_files() {
    let site = Site::plain();
    let size = |number: usize| if number.is_multiple_of(10) { 700_000 } else { number * 997 };
    for number in 0..50 {
        site.write_remote(&format!("tree/{number}"), content(size(number)));
    }
    let url = site.url("tree/");
    let words = ["mirror", "--limit-rate", RATE, &url, "copy"];

    let runs = [0; 3].map(|_| site.command(&words).spawn().unwrap());
    let mut successful = 0;
    for run in runs {
        let run = Run::from(run.wait_with_output().unwrap());
        assert!(matches!(run.code, Some(0 | 1)), "{}", run.stderr);
        successful += u32::from(run.code == Some(0));
    }

    for number in 0..50 {
        assert!(fs::read(site.here(&format!("copy/{number}"))).unwrap() == content(size(number)), "{number}");
    }
    assert_eq!(fs::read_dir(site.here("copy")).unwrap().count(), 50, "{successful} runs succeeded");
}

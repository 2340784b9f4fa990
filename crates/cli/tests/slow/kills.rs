//! Transfers that are killed at random moments and resumed until they are complete.
//!
//! `OXFTP_KILLS` sets the number of kills per test: 3 by default, 50 before a release.

use std::{
    fs,
    hash::{BuildHasher, RandomState},
    path::Path,
    process::Child,
    time::Duration,
};

use crate::common::{Run, Site, content};

/// Two segments and a few bytes.
const SIZE: usize = 9 * 1024 * 1024 + 5;

/// Makes a transfer take two seconds on any machine.
const RATE: &str = "4500k";

fn kills() -> u32 {
    std::env::var("OXFTP_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(3)
}

/// Kills the process at a random moment; returns whether it was still running.
fn kill_at_random(mut child: Child) -> bool {
    let most_ms = 1500;
    let moment = RandomState::new().hash_one(child.id()) % most_ms;
    // The moment must be random.
    std::thread::sleep(Duration::from_millis(moment));
    let running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    running
}

/// Kills and resumes runs repeatedly, and fails if a file with the final name is ever incomplete. Returns how many kills
/// hit a running process.
fn kill_and_resume(site: &Site, words: &[&str], target: &Path, is_final: impl Fn(&[u8]) -> bool) -> u32 {
    let slow: Vec<_> = words.iter().copied().chain(["--limit-rate", RATE]).collect();
    let bytes = content(SIZE);
    let mut in_time = 0;
    let mut killed = 0;
    while killed < kills() {
        in_time += u32::from(kill_at_random(site.command(&slow).spawn().unwrap()));
        killed += 1;
        if let Ok(found) = fs::read(target) {
            assert!(is_final(&found), "{} bytes under the final name", found.len());
        }
        if killed % 2 == 0 || killed == kills() {
            let run = Run::from(site.command(words).output().unwrap());
            assert_eq!(run.code, Some(0), "{}", run.stderr);
            assert!(fs::read(target).unwrap() == bytes, "after {killed} kills");
            fs::remove_file(target).unwrap();
        }
    }
    in_time
}

#[test]
fn killed_download_resumes_until_complete() {
    let site = Site::plain();
    let bytes = content(SIZE);
    site.write_remote("big", &bytes);

    let words = ["get", "-c", &site.url("big")];
    let in_time = kill_and_resume(&site, &words, &site.here("big"), |found| found == bytes);

    assert!(in_time > 0);
}

#[test]
fn killed_segmented_download_resumes_until_complete() {
    let site = Site::plain();
    let bytes = content(SIZE);
    site.write_remote("big", &bytes);

    let words = ["get", "-c", "--segments", "4", &site.url("big")];
    let in_time = kill_and_resume(&site, &words, &site.here("big"), |found| found == bytes);

    assert!(in_time > 0);
    assert!(!site.here("big.oxftp.part").exists() && !site.here("big.oxftp.part.segments").exists());
}

#[test]
fn killed_upload_resumes_until_complete() {
    let site = Site::plain();
    let bytes = content(SIZE);
    fs::write(site.here("big"), &bytes).unwrap();

    let words = ["put", "-c", "big", &site.url("big")];
    // An upload has its final name from the start: the file must be a prefix of the source.
    let in_time = kill_and_resume(&site, &words, &site.there("big"), |found| bytes.starts_with(found));

    assert!(in_time > 0);
}

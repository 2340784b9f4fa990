//! Large parts are gone on with only if they are parts of the file that is there now.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::fs;

use common::{bench::Bench, content};
use oxftp::{Report, Verify};

const SIZE: usize = 3 << 20;
const PART: usize = 2 << 20;

/// A server with a file, and a part of it here.
async fn begun(there: &[u8], here: &[u8]) -> Bench {
    let bench = Bench::new().await;
    fs::write(bench.server.root().join("big"), there).unwrap();
    fs::write(bench.here("big.oxftp.part"), here).unwrap();
    bench
}

async fn resume(bench: &mut Bench) -> Report {
    bench.client.download("big").to(bench.local.path()).resume(true).await.unwrap()
}

fn check(bench: &Bench, expected: &[u8]) {
    assert!(fs::read(bench.here("big")).unwrap() == expected, "the file is another");
    let left: Vec<_> =
        fs::read_dir(bench.local.path()).unwrap().map(|item| item.unwrap().file_name()).collect();
    assert_eq!(left, ["big"]);
}

/// The note that a download leaves beside its part, for a file of this size.
fn note(bench: &Bench, size: usize) {
    fs::write(
        bench.here("big.oxftp.part.origin"),
        format!("oxftp: a part of size={size};modify=20200101000000;\n"),
    )
    .unwrap();
}

#[tokio::test]
async fn a_part_whose_end_is_the_servers_is_gone_on_with() {
    let whole = content(SIZE);
    let mut bench = begun(&whole, &whole[..PART]).await;

    let report = resume(&mut bench).await;

    assert_eq!((report.bytes, report.resumed), ((SIZE - PART) as u64, PART as u64));
    check(&bench, &whole);
}

#[tokio::test]
async fn a_part_that_is_already_whole_is_gone_on_with() {
    let whole = content(SIZE);
    let mut bench = begun(&whole, &whole).await;

    let report = resume(&mut bench).await;

    assert_eq!((report.bytes, report.resumed), (0, SIZE as u64));
    check(&bench, &whole);
}

#[tokio::test]
async fn a_part_whose_end_is_another_is_begun_anew() {
    let whole = content(SIZE);
    let mut part = whole[..PART].to_vec();
    part[PART - 1] ^= 1;
    let mut bench = begun(&whole, &part).await;

    let report = resume(&mut bench).await;

    assert_eq!((report.bytes, report.resumed), (SIZE as u64, 0));
    check(&bench, &whole);
}

#[tokio::test]
async fn a_part_that_is_noted_to_be_of_another_file_is_begun_anew() {
    // Only its beginning is another, which no comparison of ends can see.
    let whole = content(SIZE);
    let mut part = whole[..PART].to_vec();
    part[0] ^= 1;
    let mut bench = begun(&whole, &part).await;
    note(&bench, SIZE + 1);

    let report = resume(&mut bench).await;

    assert_eq!(report.resumed, 0);
    check(&bench, &whole);
}

#[tokio::test]
async fn a_file_that_only_has_the_name_of_a_note_stays() {
    let whole = content(SIZE);
    // The first goes on, the second begins anew.
    for part in [&whole[..PART], &whole[1..PART]] {
        let mut bench = begun(&whole, part).await;
        fs::write(bench.here("big.oxftp.part.origin"), "mine").unwrap();

        resume(&mut bench).await;

        assert_eq!(fs::read(bench.here("big.oxftp.part.origin")).unwrap(), b"mine");
    }
}

#[tokio::test]
async fn a_download_that_breaks_leaves_a_note_of_what_its_part_is_of() {
    let whole = content(SIZE);
    let mut bench = begun(&whole, b"").await;
    // All is fetched, and cannot be verified.
    bench.client.download("big").to(bench.local.path()).verify(Verify::Hash).await.unwrap_err();
    let noted = fs::read_to_string(bench.here("big.oxftp.part.origin")).unwrap();
    let changed: Vec<_> = whole.iter().map(|byte| !byte).chain([1]).collect();
    fs::write(bench.server.root().join("big"), &changed).unwrap();
    let report = resume(&mut bench).await;

    assert!(noted.contains(&format!("size={SIZE};modify=")), "{noted}");
    assert_eq!(report.resumed, 0);
    check(&bench, &changed);
}

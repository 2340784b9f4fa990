//! Large partial files are resumed only if they belong to the current version of the remote file.

use std::fs;

use oxftp::{Report, Verify};

use crate::common::content;
use crate::fixture::Fixture;

const SIZE: usize = 3 << 20;
const PART: usize = 2 << 20;

/// Starts a server with a file, and creates a local partial file.
async fn started(there: &[u8], here: &[u8]) -> Fixture {
    let fixture = Fixture::new().await;
    fs::write(fixture.server.root().join("big"), there).unwrap();
    fs::write(fixture.local_path("big.oxftp.part"), here).unwrap();
    fixture
}

async fn resume(fixture: &mut Fixture) -> Report {
    fixture.client.download("big").to(fixture.local.path()).resume(true).await.unwrap()
}

fn check(fixture: &Fixture, expected: &[u8]) {
    assert!(fs::read(fixture.local_path("big")).unwrap() == expected, "the file is another");
    let left: Vec<_> =
        fs::read_dir(fixture.local.path()).unwrap().map(|item| item.unwrap().file_name()).collect();
    assert_eq!(left, ["big"]);
}

/// Writes the resume token that a download leaves next to its partial file, for a file of this size.
fn note(fixture: &Fixture, size: usize) {
    fs::write(
        fixture.local_path("big.oxftp.part.origin"),
        format!("oxftp: a part of size={size};modify=20200101000000;\n"),
    )
    .unwrap();
}

#[tokio::test]
async fn matching_partial_file_end_is_resumed() {
    let whole = content(SIZE);
    let mut fixture = started(&whole, &whole[..PART]).await;

    let report = resume(&mut fixture).await;

    assert_eq!((report.bytes, report.resumed), ((SIZE - PART) as u64, PART as u64));
    check(&fixture, &whole);
}

#[tokio::test]
async fn complete_partial_file_is_resumed() {
    let whole = content(SIZE);
    let mut fixture = started(&whole, &whole).await;

    let report = resume(&mut fixture).await;

    assert_eq!((report.bytes, report.resumed), (0, SIZE as u64));
    check(&fixture, &whole);
}

#[tokio::test]
async fn differing_partial_file_end_restarts_download() {
    let whole = content(SIZE);
    let mut part = whole[..PART].to_vec();
    part[PART - 1] ^= 1;
    let mut fixture = started(&whole, &part).await;

    let report = resume(&mut fixture).await;

    assert_eq!((report.bytes, report.resumed), (SIZE as u64, 0));
    check(&fixture, &whole);
}

#[tokio::test]
async fn resume_token_of_other_file_restarts_download() {
    // Only the beginning differs, which a comparison of the ends cannot detect.
    let whole = content(SIZE);
    let mut part = whole[..PART].to_vec();
    part[0] ^= 1;
    let mut fixture = started(&whole, &part).await;
    note(&fixture, SIZE + 1);

    let report = resume(&mut fixture).await;

    assert_eq!(report.resumed, 0);
    check(&fixture, &whole);
}

#[tokio::test]
async fn user_file_at_token_path_is_kept() {
    let whole = content(SIZE);
    // The first is resumed, the second starts from the beginning.
    for part in [&whole[..PART], &whole[1..PART]] {
        let mut fixture = started(&whole, part).await;
        fs::write(fixture.local_path("big.oxftp.part.origin"), "mine").unwrap();

        resume(&mut fixture).await;

        assert_eq!(fs::read(fixture.local_path("big.oxftp.part.origin")).unwrap(), b"mine");
    }
}

#[tokio::test]
async fn broken_download_leaves_resume_token() {
    let whole = content(SIZE);
    let mut fixture = started(&whole, b"").await;
    // The whole file is downloaded and cannot be verified.
    fixture.client.download("big").to(fixture.local.path()).verify(Verify::Hash).await.unwrap_err();
    let noted = fs::read_to_string(fixture.local_path("big.oxftp.part.origin")).unwrap();
    let changed: Vec<_> = whole.iter().map(|byte| !byte).chain([1]).collect();
    fs::write(fixture.server.root().join("big"), &changed).unwrap();
    let report = resume(&mut fixture).await;

    assert!(noted.contains(&format!("size={SIZE};modify=")), "{noted}");
    assert_eq!(report.resumed, 0);
    check(&fixture, &changed);
}

//! Incomplete listings: the listed files are fetched, and the incompleteness is reported.

use oxftp::{Error, Report};
use oxftp_testing::scripted::Script;

use crate::common::scripts::{mlst_dir, open_transfer, play, send_file};

const FILE: &str = "type=file;size=5;modify=20240102030405; a\r\n";

fn rooted() -> Script {
    Script::new().expect("MLST r").reply(mlst_dir()).type_image()
}

/// Downloads the tree `r`, whose file is complete, and returns the report with one failure.
async fn failed(script: Script) -> Box<Report> {
    let local = tempfile::tempdir().unwrap();
    let (server, mut client) = play(script).await;

    let error = client.download("r").to(local.path()).await.unwrap_err();

    assert_eq!(std::fs::read(local.path().join("r/a")).unwrap(), b"data!");
    server.done().await;
    let Error::PartialFailure { report } = error else { panic!("{error:?}") };
    assert_eq!((report.files, report.failures.len()), (1, 1), "{report:?}");
    assert_eq!(report.failures[0].name, "r");
    report
}

#[tokio::test]
async fn unparsable_listing_lines_fail_the_tree() {
    let script = send_file(rooted(), "MLSD r", format!("what is this\r\n{FILE}and\x1b[2J this\r\n"));

    let report = failed(send_file(script, "RETR r/a", "data!")).await;

    let error = &report.failures[0].error;
    assert!(
        matches!(error, Error::UnparsedListing { count: 2, sample } if sample == "what is this"),
        "{error:?}"
    );
    assert_eq!(error.to_string(), "cannot parse 2 lines of the listing, for example \"what is this\"");
}

#[tokio::test]
async fn listing_reported_as_truncated_fails_the_tree() {
    let ends = [
        "226 Transfer done (but failed to open directory).",
        "226-Options: -l\r\n226 Output truncated to 1 matches",
    ];
    for end in ends {
        let script = open_transfer(rooted(), "MLSD r").data(FILE).reply(end);

        let report = failed(send_file(script, "RETR r/a", "data!")).await;

        assert!(matches!(report.failures[0].error, Error::IncompleteListing), "{end}");
    }
}

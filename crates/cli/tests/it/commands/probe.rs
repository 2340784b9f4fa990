//! `probe` tells of every server what it is and what works on it.

use oxftp_testing::servers::Protection;
use serde_json::Value;

use crate::common::{Site, oxftp, run};

#[test]
fn the_page_says_what_to_set() {
    let site = Site::plain();
    site.lay("pub/file", "x");

    let page = site.succeed(&["probe", &site.url("pub")]);

    for line in [
        "server ",
        "login       works",
        "TLS         none",
        "EPSV        works",
        "format      unix",
        "advice ",
    ] {
        assert!(page.lines().any(|shown| shown.starts_with(line)), "{line}: {page}");
    }
}

#[test]
fn a_refused_login_is_5_and_still_shows_what_was_found() {
    let site = Site::new(Protection::Explicit);

    let run = run(site.command(&["probe", &site.url("")]).env("OXFTP_PASSWORD", "not-it"));

    assert_eq!(run.code, Some(5), "{}", run.stderr);
    let page = run.stdout();
    assert!(page.contains("login       does not work: 530") && page.contains("TLS         TLSv1"), "{page}");
    run.hides("not-it");
}

#[test]
fn a_directory_that_is_not_there_is_told_as_refused() {
    let site = Site::plain();

    let found = site.succeed(&["probe", "--json", &site.url("missing")]);

    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found["listings"][0]["works"], false, "{found}");
    assert_eq!(found["pipelining"], true, "{found}");
}

#[test]
fn nobody_who_answers_is_3_and_prints_nothing() {
    let run = run(&mut oxftp(&["probe", "ftp://127.0.0.1:1/"]));
    assert_eq!((run.code, run.stdout.len()), (Some(3), 0), "{}", run.stderr);
}

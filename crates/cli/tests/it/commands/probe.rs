//! `probe`.

use oxftp_testing::servers::Protection;
use serde_json::Value;

use crate::common::{Site, oxftp, run};

#[test]
fn probe_page_recommends_flags() {
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
fn probe_with_refused_login_prints_findings() {
    let site = Site::new(Protection::Explicit);

    let run = run(site.command(&["probe", &site.url("")]).env("OXFTP_PASSWORD", "not-it"));

    assert_eq!(run.code, Some(5), "{}", run.stderr);
    let page = run.stdout();
    assert!(page.contains("login       does not work: 530") && page.contains("TLS         TLSv1"), "{page}");
    run.hides("not-it");
}

#[test]
fn probe_of_missing_directory_reports_refusal() {
    let site = Site::plain();

    let found = site.succeed(&["probe", "--json", &site.url("missing")]);

    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found["listings"][0]["works"], false, "{found}");
    assert_eq!(found["pipelining"], true, "{found}");
}

#[test]
fn probe_without_server_exits_with_3() {
    let run = run(&mut oxftp(&["probe", "ftp://127.0.0.1:1/"]));
    assert_eq!((run.code, run.stdout.len()), (Some(3), 0), "{}", run.stderr);
}

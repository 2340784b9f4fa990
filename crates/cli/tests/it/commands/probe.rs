//! `probe`.

use oxftp_testing::{
    memory::{MemoryServer, ServerBehaviour},
    profiles,
    servers::Protection,
};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::common::{Site, oxftp, run};

#[test]
fn probe_page_recommends_flags() {
    let site = Site::plain();
    site.write_remote("pub/file", "x");

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
fn probe_shows_paths_and_unanswered_commands() {
    let runtime = Runtime::new().unwrap();
    let behaviour = (profiles::find("fanuc_robot").unwrap().behaviour)();
    let replies = &[("EPSV", "!"), ("SIZE", "502 Not implemented")];
    let server = runtime.block_on(MemoryServer::start(ServerBehaviour { replies, ..behaviour }));
    server.add_file("NOTES", "notes", 1_600_000_000);

    let run = run(&mut oxftp(&["probe", &format!("ftp://{}/", server.address()), "--timeout", "10"]));

    let page = run.stdout();
    for line in ["paths       relative only", "dot names   unknown", "unanswered  EPSV"] {
        assert!(page.lines().any(|shown| shown == line), "{line}: {page}");
    }
    let refused = page.lines().find(|line| line.starts_with("refused")).unwrap();
    assert!(refused.contains("SIZE: 502 Not implemented") && refused.contains("MDTM: 500"), "{page}");
    assert!(page.contains("the style of paths is relative only") && page.contains("--no-epsv"), "{page}");
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

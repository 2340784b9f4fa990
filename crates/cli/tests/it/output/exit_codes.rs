//! Exit codes and messages of failures.

use std::{fs, net::TcpListener};

use oxftp_testing::servers::Protection;

use crate::common::{Site, oxftp, run};

#[test]
fn missing_file_exits_with_6_and_the_reply() {
    let site = Site::plain();
    site.write_remote("there", "x");

    for verb in ["get", "cat", "stat", "ls", "rm"] {
        let run = site.run(&[verb, &site.url("missing")]);

        assert_eq!(run.code, Some(6), "{verb}: {}", run.stderr);
        assert_eq!(run.labelled("error:").len(), 1, "{}", run.stderr);
        assert!(run.labelled("error:")[0].contains("/missing"), "{}", run.stderr);
        assert!(run.stderr.contains("550") || run.stderr.contains("450"), "{}", run.stderr);
    }
    assert_eq!(fs::read_dir(site.here("")).unwrap().count(), 0);
}

#[test]
fn partial_failure_exits_with_1() {
    let site = Site::plain();
    site.write_remote("one", "1");
    site.write_remote("two", "2");

    let run = site.run(&["get", &site.url("one"), &site.url("missing"), &site.url("two")]);

    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(run.stderr.contains("/missing") && !run.stderr.contains("/one"), "{}", run.stderr);
    assert_eq!(fs::read(site.here("one")).unwrap(), b"1");
    assert_eq!(fs::read(site.here("two")).unwrap(), b"2");
}

#[test]
fn urls_of_one_server_share_a_connection() {
    let site = Site::plain();
    for name in ["a", "b", "c"] {
        site.write_remote(name, name);
    }

    let run = site.run(&["-v", "cat", &site.url("a"), &site.url("b"), &site.url("c")]);

    assert_eq!(run.stdout(), "abc");
    assert_eq!(run.stderr.matches("> USER").count(), 1, "{}", run.stderr);
}

#[test]
fn wrong_password_exits_with_5() {
    let site = Site::plain();

    let run = run(site.command(&["ls", &site.url("")]).env("OXFTP_PASSWORD", "not-it"));

    assert_eq!(run.code, Some(5), "{}", run.stderr);
    assert!(run.labelled("error:")[0].contains("530"), "{}", run.stderr);
    run.hides("not-it");
}

#[test]
fn unreachable_server_exits_with_3() {
    // The port was free before, and no process listens on it.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();

    let run = run(&mut oxftp(&["ls", &format!("ftp://127.0.0.1:{port}/")]));

    assert_eq!(run.code, Some(3), "{}", run.stderr);
    assert!(
        run.stderr.contains(&format!("127.0.0.1:{port}")) && run.stderr.contains("refused"),
        "{}",
        run.stderr
    );
}

#[test]
fn silent_server_timeout_exits_with_10() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ftp://{}/", silent.local_addr().unwrap());

    let run = run(&mut oxftp(&["ls", "--timeout", "0.2", &url]));

    assert_eq!(run.code, Some(10), "{}", run.stderr);
}

#[test]
fn untrusted_certificate_exits_with_4_and_a_hint() {
    for protection in [Protection::Explicit, Protection::Implicit] {
        let site = Site::new(protection);

        let run = run(oxftp(&["ls", &site.url("")]).env("OXFTP_PASSWORD", site.server.password()));

        assert_eq!(run.code, Some(4), "{}", run.stderr);
        let hint = run.labelled("hint:").join("\n");
        assert!(hint.contains("--tls-ca") && hint.contains("--insecure"), "{}", run.stderr);
        run.hides(site.server.password());
    }
}

#[test]
fn insecure_accepts_any_certificate() {
    let site = Site::new(Protection::Explicit);
    site.write_remote("file", "x");

    let run = run(oxftp(&["ls", "--insecure", &site.url("")]).env("OXFTP_PASSWORD", site.server.password()));

    assert_eq!((run.code, run.stdout().as_str()), (Some(0), "file\n"), "{}", run.stderr);
}

#[test]
fn server_that_requires_tls_has_a_hint() {
    let site = Site::new(Protection::Explicit);
    let plain = site.url("").replace("ftpes://", "ftp://");

    let run = run(oxftp(&["ls", &plain]).env("OXFTP_PASSWORD", site.server.password()));

    assert_eq!(run.code, Some(5), "{}", run.stderr);
    assert!(run.labelled("hint:").join("").contains("ftpes://"), "{}", run.stderr);
    run.hides(site.server.password());
}

#[test]
fn usage_error_exits_with_2() {
    for words in [
        &[][..],
        &["frobnicate"],
        &["ls"],
        &["ls", "example.org/x"],
        &["ls", "http://example.org/"],
        &["ls", "ftp://h/", "--tls-min", "1.1"],
        &["ls", "ftp://h/", "--proxy", "gopher://h"],
        &["get", "-o", "x", "ftp://h/a", "ftp://h/b"],
        &["put", "a", "b", "ftp://h/name"],
        &["put", "-", "ftp://h/dir/"],
        &["serve", ".", "--bind", "0.0.0.0:0"],
    ] {
        let run = run(&mut oxftp(words));
        assert_eq!(run.code, Some(2), "{words:?}: {}", run.stderr);
        assert!(!run.stderr.is_empty() && run.stdout.is_empty(), "{words:?}");
    }
}

#[test]
fn directory_without_recursive_flag_has_a_hint() {
    let site = Site::plain();
    site.write_remote("dir/file", "x");
    fs::create_dir(site.here("local")).unwrap();

    for words in [&["get", &site.url("dir")], &["get", &site.url("dir/")], &["rm", &site.url("dir")]] {
        let run = site.run(words);
        assert_ne!(run.code, Some(0), "{words:?}");
        assert!(run.labelled("hint:").join("").contains("-r"), "{words:?}: {}", run.stderr);
    }
    let put = site.run(&["put", "local", &site.url("")]);
    assert_ne!(put.code, Some(0));
    assert!(put.labelled("hint:").join("").contains("-r"), "{}", put.stderr);
    assert!(site.there("dir/file").exists() && !site.here("dir").exists() && !site.there("local").exists());
}

#[test]
fn local_error_exits_with_9() {
    let site = Site::plain();
    site.write_remote("x", "x");
    fs::write(site.here("in the way"), "").unwrap();

    for words in [
        &["put", "missing", &site.url("x")][..],
        &["get", "-d", "in the way", &site.url("x")],
        &["ls", "--password-file", "missing", &site.url("")],
    ] {
        let run = site.run(words);
        assert_eq!(run.code, Some(9), "{words:?}: {}", run.stderr);
    }
    assert_eq!(fs::read(site.there("x")).unwrap(), b"x");
}

#[test]
fn read_only_server_exits_with_7() {
    use oxftp_serve::{ServeOptions, Server};
    let home = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(Server::start(ServeOptions::new(home.path()))).unwrap();

    let run = run(oxftp(&["mkdir", &format!("ftp://{}/x", server.address())]).current_dir(home.path()));

    assert_eq!(run.code, Some(7), "{}", run.stderr);
}

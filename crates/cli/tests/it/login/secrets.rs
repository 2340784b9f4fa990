//! Passwords from all sources work and are never printed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use oxftp_testing::{
    proxies::{ProxyKind, TestProxy},
    servers::{Protection, ServerKind},
};

use crate::common::{Site, oxftp, run, run_with_input};

#[test]
fn password_from_url_environment_file_or_stdin() {
    let site = Site::plain();
    site.write_remote("file", "x");
    let (user, password, port) = (site.server.user(), site.server.password(), site.server.port());
    fs::write(site.here("pw"), format!("{password}\n")).unwrap();
    let file = site.here("pw").display().to_string();
    let bare = format!("ftp://localhost:{port}/");

    let runs = [
        run(&mut oxftp(&["ls", "-v", &format!("ftp://{user}:{password}@localhost:{port}/")])),
        run(oxftp(&["ls", "-v", &site.url("")]).env("OXFTP_PASSWORD", password)),
        run(oxftp(&["ls", "-v", "--user", user, &bare]).env("OXFTP_PASSWORD", password)),
        run(&mut oxftp(&["ls", "-v", "--user", user, "--password-file", &file, &bare])),
        run_with_input(&mut oxftp(&["ls", "-v", "--password-file", "-", &site.url("")]), b"sesame\r\nmore"),
    ];

    for run in runs {
        assert_eq!((run.code, run.stdout().as_str()), (Some(0), "file\n"), "{}", run.stderr);
        assert!(run.stderr.contains("> PASS"), "{}", run.stderr);
        run.hides(password);
    }
}

#[test]
fn no_usage_error_shows_a_password() {
    for words in [
        &["probe", "ftp://me:hush-hush@h/", "ftp://me:hush-hush@h/2"][..],
        &["ls", "ftp://me:hush-hush@h:port/"],
        &["ls", "ftp://me:hush-hush/@h/"],
        &["ls", "gopher://me:hush-hush@h/"],
        &["ls", "me:hush-hush@h/x"],
        &["ls", "ftp://h/", "--proxy", "gopher://me:hush-hush@h"],
        &["ls", "ftp://h/", "--proxy=socks5://me:hush-hush@h:port"],
        &["ls", "--nonsense=ftp://me:hush-hush@h/"],
        &["frobnicate", "ftp://me:hush-hush@h/"],
        &["ftp://me:hush-hush@h/"],
        &["get", "-o", "x", "ftp://me:hush-hush@h/a", "ftp://me:hush-hush@h/b"],
        &["get", "-o", "ftp://me:hush-hush@h/a", "ftp://h/b"],
        &["get", "-d", "ftps://me:hush-hush@h/a", "ftp://h/b"],
        &["put", "ftp://me:hush-hush@h/a", "ftp://h/b"],
        &["get", "--lock=ftp://me:hush-hush@h/a", "ftp://h/b"],
        &["get", "--output=ftp://me:hush-hush@h/a", "ftp://h/b"],
        &["get", "-oftp://me:hush-hush@h/a", "ftp://h/b"],
        &["get", "--log-file", "ftp://me:hush-hush@h/a", "ftp://h/b"],
        &["mirror", "--backup-dir", "ftp://me:hush-hush@h/a", "ftp://h/b", "b"],
        &["put", "--move-to", "ftp://me:hush-hush@h/a", "b", "ftp://h/b"],
        &["man", "ftp://me:hush-hush@h/a"],
    ] {
        let run = run(&mut oxftp(words));
        assert_eq!(run.code, Some(2), "{words:?}: {}", run.stderr);
        run.hides("hush-hush");
    }
}

/// A URL with a password as the value of every flag and in place of every positional argument.
#[test]
fn no_verb_shows_a_password_of_any_argument() {
    const SECRET: &str = "ftp://me:hush-hush@127.0.0.1:1/x";
    let help = |verb: &str| run(&mut oxftp(&[verb, "--help"])).stdout();
    let here = tempfile::tempdir().unwrap();
    let hides = |words: &[&str]| {
        let mut command = oxftp(words);
        command.current_dir(here.path()).env("HOME", here.path()).env_remove("OXFTP_PASSWORD");
        run_with_input(&mut command, b"").hides("hush-hush");
    };
    let general = value_flags(&help("ls"));
    let mut tried = 0;
    for verb in verbs() {
        let text = help(&verb);
        let mut flags = value_flags(&text);
        if verb != "ls" {
            flags.retain(|flag| !general.contains(flag));
        }
        for flag in &flags {
            // With and without the words that the verb needs, as one word and as two.
            hides(&["-vv", &verb, &format!("{flag}={SECRET}"), SECRET]);
            hides(&[&verb, flag, SECRET]);
        }
        hides(&[&verb, "--no-such-flag", SECRET]);
        hides(&[&verb, &format!("--no-such-flag={SECRET}")]);
        hides(&["-vv", &verb, "--retries", "0", SECRET]);
        hides(&["-vv", &verb, "--retries", "0", SECRET, SECRET]);
        hides(&[&verb, "--retries", "0", SECRET, "there", SECRET]);
        hides(&[&verb, "--json", "--user", "me:hush-hush", "ftp://127.0.0.1:1/x"]);
        hides(&[&verb, "@none:hush-hush@h/x"]);
        tried += flags.len() + 7;
    }
    assert!(tried > 250, "only {tried} command lines");
    assert_eq!(paths_with(here.path(), "ftp:"), Vec::<PathBuf>::new());
}

/// Returns the paths below a directory that contain this text.
fn paths_with(directory: &Path, text: &str) -> Vec<PathBuf> {
    let paths = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let below = paths.flat_map(|path| match path.is_dir() {
        true => [paths_with(&path, text), vec![path]].concat(),
        false => vec![path],
    });
    below.filter(|path| path.to_string_lossy().contains(text)).collect()
}

/// Returns the verbs that end by themselves with such arguments.
fn verbs() -> Vec<String> {
    let help = run(&mut oxftp(&["--help"])).stdout();
    let groups = help.lines().take_while(|line| !line.starts_with("Options"));
    let verbs = groups.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let verbs = verbs.filter(|verb| !verb.is_empty() && !["demo", "help"].contains(verb));
    verbs.map(ToOwned::to_owned).collect()
}

/// Returns the long flags of a help text that take a value.
fn value_flags(help: &str) -> Vec<String> {
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    let flags = lines.filter_map(|line| {
        let (flag, rest) = line.get(line.find("--")?..)?.split_once(' ')?;
        rest.starts_with('<').then(|| flag.to_owned())
    });
    flags.collect()
}

#[test]
fn no_failure_shows_a_password() {
    let site = Site::new(Protection::Explicit);
    let port = site.server.port();
    for (words, code) in [
        (&["-vv", "ls", &format!("ftpes://me:hush-hush@localhost:{port}/")][..], 4),
        (&["-vv", "ls", "--insecure", &format!("ftpes://me:hush-hush@localhost:{port}/")], 5),
        (&["-vv", "ls", &format!("ftp://me:hush-hush@localhost:{port}/")], 5),
        (&["-vv", "ls", "ftp://me:hush-hush@localhost:1/"], 3),
        (&["-vv", "cat", "--proxy", "http://me:hush-hush@localhost:1/", "ftp://localhost/x"], 3),
    ] {
        let run = run(&mut oxftp(words));
        assert_eq!(run.code, Some(code), "{words:?}: {}", run.stderr);
        run.hides("hush-hush");
    }
}

#[test]
fn socks_proxy_carries_all_connections() {
    goes_through(ProxyKind::Socks5, "socks5");
    goes_through(ProxyKind::Socks4a, "socks4a");
}

#[test]
fn http_proxy_carries_all_connections() {
    goes_through(ProxyKind::Http, "http");
}

fn goes_through(kind: ProxyKind, scheme: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime.block_on(ServerKind::Embedded.start(Protection::Plain)).unwrap();
    let proxy = runtime.block_on(TestProxy::start_with_login(kind, "guest", "hush-hush")).unwrap();
    fs::write(server.root().join("file"), "through").unwrap();
    let url = format!("ftp://{}@localhost:{}/file", server.user(), server.port());
    let named = format!("{scheme}://guest:hush-hush@{}", proxy.address());

    let run = run(oxftp(&["-vv", "cat", "--proxy", &named, &url]).env("OXFTP_PASSWORD", server.password()));

    assert_eq!((run.code, run.stdout().as_str()), (Some(0), "through"), "{scheme}: {}", run.stderr);
    assert!(proxy.tunnels() >= 2, "control and data go through {scheme}");
    run.hides("hush-hush");
    run.hides(server.password());
}

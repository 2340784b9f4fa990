//! The settings file and the environment: defaults of flags, bookmarks, proxies, colour.

use std::fs;

use oxftp_testing::{
    proxies::{ProxyKind, TestProxy},
    servers::{Protection, ServerKind},
};

use crate::common::{Site, oxftp, run};

#[test]
fn bookmark_works_in_every_verb() {
    let site = Site::plain();
    site.write_remote("pub/deep/file", "content");
    fs::write(site.here("up"), "up").unwrap();
    let config = site.here("kept/config.toml").display().to_string();
    let on = |words: &[&str]| site.succeed(&[&["--config", config.as_str()], words].concat());

    on(&["bookmark", "add", "work", &site.url("pub/")]);
    assert_eq!(on(&["bookmark", "list"]), format!("work\t{}\n", site.url("pub/")));
    assert_eq!(on(&["ls", "@work"]), "deep\n");
    assert_eq!(on(&["cat", "@work/deep/file"]), "content");
    on(&["put", "up", "@work/deep/"]);
    assert_eq!(fs::read(site.there("pub/deep/up")).unwrap(), b"up");
    on(&["bookmark", "remove", "work"]);
    let gone = site.run(&["--config", &config, "ls", "@work/deep"]);
    assert_eq!(gone.code, Some(2), "{}", gone.stderr);
    assert!(gone.stderr.contains("\"work\"") && gone.stderr.contains("bookmark add"), "{}", gone.stderr);
    assert_eq!(site.run(&["--config", &config, "bookmark", "remove", "work"]).code, Some(6));
}

#[test]
fn bookmark_rejects_passwords_and_other_schemes() {
    let site = Site::plain();
    for (name, url) in
        [("a", "ftp://me:hush-hush@h/"), ("a", "http://h/"), ("a/b", "ftp://h/"), ("", "ftp://h/")]
    {
        let run = site.run(&["--config", "new", "bookmark", "add", name, url]);
        assert_eq!(run.code, Some(2), "{name} {url}: {}", run.stderr);
        run.hides("hush-hush");
    }
    assert!(!site.here("new").exists());
}

#[test]
fn password_in_the_settings_is_never_shown() {
    let site = Site::plain();
    site.keep("config", "[bookmarks]\nwork = 'ftp://me:hush-hush@localhost:1/'\n[defaults]\nproxy = 'http://u:hush-hush@localhost:1'\n");

    for words in [
        &["bookmark", "list"][..],
        &["bookmark", "list", "--json"],
        &["ls", "@work"],
        &["-vv", "ls", "@work/x"],
        &["ls", "--help"],
    ] {
        let run = site.run(&[&["--config", "config"], words].concat());
        run.hides("hush-hush");
    }
}

#[test]
fn command_line_overrides_defaults() {
    let site = Site::plain();
    site.write_remote("file", "x");
    site.keep(
        "config",
        format!(
            "[defaults]\nuser = '{}'\nprogress = 'always'\nretries = 0\nquiet = true\n",
            site.server.user()
        ),
    );
    let url = format!("ftp://localhost:{}/file", site.server.port());

    let shown = site.run(&["--config", "config", "get", &url]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    assert!(shown.stderr.contains("1 B of 1 B"), "{}", shown.stderr);
    let not = site.run(&["--config", "config", "get", "--progress", "never", &url]);
    assert_eq!((not.code, not.stderr.as_str()), (Some(0), ""));
    assert_eq!(site.run(&["--config", "config", "ls", "--user", "somebody-else", &url]).code, Some(5));
}

#[test]
fn settings_file_from_flag_environment_or_home() {
    let site = Site::plain();
    let config = "[bookmarks]\nhere = 'ftp://h/'\n";
    let flag = site.keep("flag", config);
    site.keep("xdg/oxftp/config.toml", config);
    site.keep("home/.config/oxftp/config.toml", config);
    let list = |words: &[&str], variable: &str, value: &str| {
        run(oxftp(&[words, &["bookmark", "list"]].concat())
            .env_remove("XDG_CONFIG_HOME")
            .env(variable, value))
        .stdout()
    };

    let shown = "here\tftp://h/\n";
    assert_eq!(list(&["--config", &flag], "HOME", "/nonexistent"), shown);
    assert_eq!(list(&[], "OXFTP_CONFIG", &flag), shown);
    assert_eq!(list(&[], "XDG_CONFIG_HOME", &site.here("xdg").display().to_string()), shown);
    assert_eq!(list(&[], "HOME", &site.here("home").display().to_string()), shown);
    assert_eq!(list(&[], "HOME", "/nonexistent"), "");
    assert_eq!(run(&mut oxftp(&["--config", "/nonexistent/x", "ls", "ftp://h/"])).code, Some(9));
}

#[test]
fn unknown_settings_key_is_reported_with_line() {
    let site = Site::plain();
    let config = site.keep("config.toml", "[defaults]\ntimeout = 5\nspeed = 9\n");

    let run = site.run(&["--config", &config, "ls", &site.url("")]);

    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("config.toml:3: \"speed\" cannot be set here"), "{}", run.stderr);
}

#[test]
fn proxy_from_environment_honours_no_proxy() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime.block_on(ServerKind::Embedded.start(Protection::Plain)).unwrap();
    // An empty listing would be compared with another one.
    fs::write(server.root().join("file"), "").unwrap();
    let proxy = runtime.block_on(TestProxy::start_with_login(ProxyKind::Http, "guest", "hush-hush")).unwrap();
    let url = format!("ftp://{}@localhost:{}/", server.user(), server.port());
    let through = format!("http://guest:hush-hush@{}", proxy.address());
    let tunnels = |words: &[&str], set: &[(&str, &str)]| {
        let before = proxy.tunnels();
        let mut command = oxftp(&[&["ls"], words, &[url.as_str()]].concat());
        let run = run(command.env("OXFTP_PASSWORD", server.password()).envs(set.iter().copied()));
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        run.hides("hush-hush");
        proxy.tunnels() - before
    };

    assert_eq!(tunnels(&[], &[("ftp_proxy", &through)]), 2, "control and data");
    assert_eq!(tunnels(&[], &[("all_proxy", &through), ("no_proxy", "example.org")]), 2);
    assert_eq!(tunnels(&[], &[("ftp_proxy", &through), ("no_proxy", "example.org,localhost")]), 0);
    assert_eq!(tunnels(&["--proxy", "none"], &[("ftp_proxy", &through)]), 0);
    assert_eq!(tunnels(&["--proxy", &through], &[("ftp_proxy", "http://localhost:1")]), 2);
}

#[test]
fn color_flag_overrides_no_color() {
    let shown =
        |words: &[&str], variable: &str| run(oxftp(words).env(variable, "1")).stderr.contains('\u{1b}');
    let failing = ["ls", "ftp://localhost:1/"];

    assert!(shown(&failing, "CLICOLOR_FORCE"));
    assert!(!shown(&failing, "NO_COLOR"));
    assert!(shown(&["--color", "always", "ls", "ftp://localhost:1/"], "NO_COLOR"));
    assert!(!shown(&["--color", "never", "ls", "ftp://localhost:1/"], "CLICOLOR_FORCE"));
}

#[test]
fn settings_hold_flags_by_host_and_bookmark() {
    let site = Site::plain();
    for path in ["pub/a.log", "pub/b.txt", "pub/.c"] {
        site.write_remote(path, "x");
    }
    let url = site.url("pub");
    let config = format!(
        "[defaults]\nexclude = ['*.log']\n[hosts.'{}']\nall = true\n[bookmarks]\nlogs = {{ url = '{url}', include = ['*.log'], exclude = [] }}\nplain = '{url}'\n",
        site.server.host()
    );
    site.keep("config", config);
    let on = |words: &[&str]| site.succeed(&[&["--config", "config"], words].concat());

    assert_eq!(on(&["ls", "@plain"]), ".c\nb.txt\n");
    assert_eq!(on(&["ls", "--no-all", "@plain"]), "b.txt\n");
    assert_eq!(on(&["ls", "--all=false", "@plain"]), "b.txt\n");
    assert_eq!(on(&["ls", "@logs"]), "a.log\n");
    assert_eq!(on(&["find", "@logs"]), "a.log\n");
    assert_eq!(on(&["get", "-r", "-o", "got", "@plain"]), "");
    assert!(site.here("got/b.txt").exists() && !site.here("got/a.log").exists());
    assert_eq!(on(&["config", "check"]), "config: correct, 1 default, 1 host, 2 bookmarks\n");
    // Changing the URL keeps the flags.
    on(&["bookmark", "add", "logs", &format!("{url}/")]);
    assert_eq!(on(&["ls", "@logs"]), "a.log\n");

    site.keep("wrong", "[defaults]\nretries = 2\njobs = 'many'\n");
    let run = site.run(&["--config", "wrong", "config", "check"]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("wrong:3: "), "{}", run.stderr);
}

#[test]
fn password_command_is_run_for_the_password() {
    let site = Site::plain();
    site.write_remote("a", "x");
    let password = site.server.password().to_owned();
    let url = site.url("");
    let ls =
        |command: &str| run(oxftp(&["ls", "--password-command", command, &url]).env("SECRET", &password));

    let listed =
        ls("echo \"$SECRET\"; echo more; test \"$OXFTP_HOST\" = localhost -o \"$OXFTP_HOST\" = 127.0.0.1");
    assert_eq!((listed.code, listed.stdout().as_str()), (Some(0), "a\n"), "{}", listed.stderr);
    for (command, words) in [("exit 3", "the password command failed"), ("true", "it printed no password")] {
        let failed = ls(command);
        assert_eq!(failed.code, Some(9), "{command}: {}", failed.stderr);
        assert!(failed.stderr.contains(words), "{command}: {}", failed.stderr);
    }
}

#[test]
fn proxy_without_a_scheme_is_an_http_proxy() {
    let run = run(&mut oxftp(&["ls", "--proxy", "127.0.0.1:1", "ftp://h/"]));
    assert_eq!(run.code, Some(3), "{}", run.stderr);
    assert!(!run.stderr.contains("cannot be used"), "{}", run.stderr);
}

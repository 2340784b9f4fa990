//! Completion of bookmarks and paths on servers by the scripts for shells.

#![cfg(unix)]

use std::{
    fs,
    net::TcpListener,
    process::Command,
    time::{Duration, Instant},
};

use crate::common::{Site, oxftp, run, until};

/// Runs the completion function of bash for a line, and returns the replies.
fn complete(site: &Site, line: &str) -> Vec<String> {
    let script = site.here("completion.bash");
    if !script.exists() {
        fs::write(&script, run(&mut oxftp(&["completions", "bash"])).stdout).unwrap();
    }
    let program = env!("CARGO_BIN_EXE_oxftp");
    let text = format!(
        "source '{}'; COMP_LINE=$1; COMP_POINT=${{#1}}; COMP_WORDS=('{program}'); COMP_CWORD=1; _oxftp_words; \
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        script.display()
    );
    let mut command = Command::new("bash");
    command.args(["-c", &text, "bash", line]);
    command.env("COMP_WORDBREAKS", " \t\n\"'@><=;|&(:").env("HOME", site.here(""));
    command.env("XDG_CACHE_HOME", site.here("cache")).env("XDG_CONFIG_HOME", site.here("config"));
    command.env("OXFTP_PASSWORD", site.server.password()).env_remove("OXFTP_CONFIG");
    let completed = run(command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()));
    assert_eq!(completed.stderr, "", "{line}");
    completed.stdout().lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Completes until the server has answered.
fn complete_at_last(site: &Site, line: &str) -> Vec<String> {
    let mut found = Vec::new();
    until("names of the server", || {
        found = complete(site, line);
        !found.is_empty()
    });
    found
}

fn site() -> Site {
    let site = Site::plain();
    for path in ["pub/report 1%.txt", "pub/reports/x", "pub/other", "pub/.hidden"] {
        site.write_remote(path, "x");
    }
    let bookmarks =
        format!("[bookmarks]\nwork = '{}'\nworld = 'ftp://h/'\nhome = 'ftp://h/'\n", site.url("pub"));
    site.keep("config/oxftp/config.toml", bookmarks);
    site
}

#[test]
fn bash_completes_bookmarks_and_remote_paths() {
    let site = site();
    let (user, port) = (site.server.user(), site.server.port());

    assert_eq!(complete(&site, "oxftp ls @wo"), ["@work/", "@world/"]);
    assert_eq!(
        complete_at_last(&site, "oxftp ls -l @work/re"),
        ["@work/report%201%25.txt ", "@work/reports/"]
    );
    let url = format!("oxftp get --retries 1 ftp://{user}@localhost:{port}/pub/report%20");
    // bash replaces what follows the last colon.
    assert_eq!(complete_at_last(&site, &url), [format!("{port}/pub/report%201%25.txt ")]);
    assert_eq!(complete_at_last(&site, "oxftp ls @work/.h"), ["@work/.hidden "]);
    assert!(complete(&site, "oxftp ls @nothing/x").is_empty());
}

#[test]
fn completion_does_not_wait_for_a_silent_server() {
    let site = site();
    // The connection is established, but no greeting is sent.
    let silent = TcpListener::bind("localhost:0").unwrap();
    let line = format!("oxftp ls ftp://me@localhost:{}/pub/", silent.local_addr().unwrap().port());
    complete(&site, "oxftp ls @wo");
    let begun = Instant::now();

    assert!(complete(&site, &line).is_empty());

    // Without a server it takes 100 ms; the rest is for busy machines.
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn completion_cache_hides_names_from_others() {
    use std::os::unix::fs::PermissionsExt;

    let site = site();
    complete_at_last(&site, "oxftp ls @work/");

    let directory = site.here("cache/oxftp/completions");
    assert_eq!(fs::metadata(&directory).unwrap().permissions().mode() & 0o777, 0o700);
    let password = site.server.password();
    for entry in fs::read_dir(directory).unwrap() {
        assert!(!fs::read_to_string(entry.unwrap().path()).unwrap().contains(password));
    }
}

//! `mirror`.

use std::{
    fs,
    path::Path,
    process::Child,
    thread,
    time::{Duration, Instant},
};

use oxftp_testing::{
    memory::{MemoryServer, ServerBehaviour},
    servers::Protection,
    tree::{TreeOptions, compare_trees, make_tree},
};

use crate::common::{Site, content, sorted};

/// Creates a local file.
fn write(site: &Site, path: &str, content: &str) {
    let path = site.here(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

#[test]
fn second_mirror_of_equal_trees_does_nothing() {
    let site = Site::new(Protection::Explicit);
    fs::create_dir(site.here("tree")).unwrap();
    make_tree(&site.here("tree"), &TreeOptions::new(60)).unwrap();

    site.succeed(&["mirror", "tree", &site.url("up")]);
    site.succeed(&["mirror", "-j", "2", &site.url("up"), "down"]);

    compare_trees(&site.here("tree"), &site.there("up")).unwrap();
    compare_trees(&site.here("tree"), &site.here("down")).unwrap();
    assert_eq!(site.succeed(&["mirror", "-n", "--delete", "tree", &site.url("up")]), "");
    assert_eq!(site.succeed(&["mirror", "--dry-run", "--delete", &site.url("up"), "down"]), "");
}

#[test]
fn dry_run_prints_steps_and_changes_nothing() {
    let site = Site::plain();
    write(&site, "tree/same/changed", "abc");
    write(&site, "tree/new/x", "x");
    site.write_remote("copy/same/changed", "abcde");
    site.write_remote("copy/old", "");

    let plan = site.succeed(&["mirror", "-n", "--delete", "tree", &site.url("copy")]);

    let expected = [
        "delete old  (not in the source)",
        "mkdir new  (missing)",
        "put new/x  (missing)",
        "put same/changed  (size differs: 3, 5)",
    ];
    assert_eq!(sorted(&plan), expected);
    assert_eq!(fs::read(site.there("copy/same/changed")).unwrap(), b"abcde");
    assert!(site.there("copy/old").exists() && !site.there("copy/new").exists());
}

#[test]
fn mirror_json_prints_finished_steps() {
    let site = Site::plain();
    site.write_remote("tree/a \"b\"", "abc");
    write(&site, "copy/a \"b\"", "x");

    let steps = site.succeed(&["mirror", "--json", &site.url("tree"), "copy"]);

    let expected =
        r#"{"event":"step","action":"get","path":"a \"b\"","why":"size","size":3,"target_size":1,"time":""#;
    assert!(steps.starts_with(expected), "{steps}");
    assert_eq!(steps.lines().count(), 1);
    assert_eq!(fs::read(site.here("copy/a \"b\"")).unwrap(), b"abc");
}

#[test]
fn dry_run_exit_code_reports_differences() {
    let site = Site::plain();
    site.write_remote("tree/a", "x");
    let url = site.url("tree");
    let dry = ["mirror", "-n", "--exit-code", &url, "copy"];

    assert_eq!(site.run(&dry).code, Some(1));
    site.succeed(&["mirror", &url, "copy"]);
    assert_eq!(site.run(&dry).code, Some(0));
    assert_eq!(site.run(&["mirror", "--exit-code", &url, "copy"]).code, Some(2));
}

#[cfg(unix)]
#[test]
fn skipped_symlinks_are_counted_once() {
    let site = Site::plain();
    write(&site, "tree/a", "x");
    for name in ["one", "two"] {
        std::os::unix::fs::symlink("a", site.here("tree").join(name)).unwrap();
    }

    let run = site.run(&["mirror", "tree", &site.url("up")]);
    let followed = site.run(&["mirror", "--links", "follow", "tree", &site.url("up")]);

    assert_eq!((run.code, followed.code), (Some(0), Some(0)));
    let links = |stderr: &str| stderr.lines().filter(|line| line.contains("link")).count();
    assert!(run.stderr.contains("warning: 2 symbolic links skipped"), "{}", run.stderr);
    assert_eq!((links(&run.stderr), links(&followed.stderr)), (1, 0));
}

#[test]
fn included_files_bring_no_empty_directories() {
    let site = Site::plain();
    for file in ["a/x.txt", "b/x.log"] {
        site.write_remote(&format!("tree/{file}"), file);
    }

    site.succeed(&["mirror", "--include", "*.txt", &site.url("tree"), "some"]);
    site.succeed(&["mirror", "--include", "*.txt", "--empty-dirs", &site.url("tree"), "all"]);

    assert!(site.here("some/a/x.txt").exists() && !site.here("some/b").exists());
    assert!(site.here("all/b").is_dir() && !site.here("all/b/x.log").exists());
}

/// Starts a server that knows neither `MDTM` nor `MFMT`.
fn list_only() -> (tokio::runtime::Runtime, MemoryServer) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime.block_on(MemoryServer::start(ServerBehaviour::list_only()));
    (runtime, server)
}

fn now() -> i64 {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    since_epoch.as_secs().try_into().unwrap()
}

#[test]
fn missing_times_are_reported_once() {
    let ((_runtime, server), site) = (list_only(), Site::plain());
    for file in ["a", "b", "sub/c"] {
        write(&site, &format!("tree/{file}"), "x");
    }
    let now = oxftp::Timestamp::from_unix(now(), 0).unwrap();
    let time = format!("{:02}:{:02}", now.hour(), now.minute());
    let today = format!("{}-{:02}-{:02} {time}", now.year(), now.month(), now.day());
    server.change(|behaviour| {
        behaviour.list_line = ServerBehaviour::list_only()
            .listing(move |name, item| match item.is_directory() {
                true => format!("drwxr-xr-x 1 ann staff 0 {today} {name}"),
                false => format!("-rw-r--r-- 1 ann staff {} {today} {name}", item.size()),
            })
            .list_line;
    });
    let url = format!("ftp://{}/up", server.address());

    let first = site.run(&["mirror", "tree", &url]);
    let second = site.run(&["mirror", "tree", &url]);

    assert_eq!((first.code, second.code), (Some(0), Some(0)), "{} {}", first.stderr, second.stderr);
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines(&first.stderr).len(), 1, "{}", first.stderr);
    assert!(first.stderr.contains("the times of uploaded files are not preserved"), "{}", first.stderr);
    assert_eq!(lines(&second.stderr).len(), 1, "{}", second.stderr);
    assert!(second.stderr.contains("files of the same size count as unchanged"), "{}", second.stderr);
}

#[test]
fn filter_rules_apply_in_order_excluded_files_stay() {
    let site = Site::plain();
    for file in ["a.log", "keep.log", "cache/x", "sub/b.txt"] {
        site.write_remote(&format!("tree/{file}"), file);
    }
    write(&site, "copy/other.log", "stays");
    write(&site, "copy/other.txt", "goes");
    fs::write(site.here("rules"), "# what is made again\n*.log\n").unwrap();

    let flags = ["--include", "keep.log", "--exclude-from", "rules", "--exclude", "cache/"];
    site.succeed(&[&["mirror", "--delete"], &flags[..], &[&site.url("tree"), "copy"]].concat());

    let mut found: Vec<_> = fs::read_dir(site.here("copy")).unwrap().map(|item| item.unwrap()).collect();
    found.sort_by_key(fs::DirEntry::file_name);
    let names: Vec<_> = found.iter().map(|item| item.file_name().into_string().unwrap()).collect();
    assert_eq!(names, ["keep.log", "other.log", "sub"]);
}

#[test]
fn max_delete_limit_is_an_error() {
    let site = Site::plain();
    fs::create_dir(site.there("tree")).unwrap();
    for number in 0..5 {
        write(&site, &format!("copy/{number}"), "");
    }

    let run = site.run(&["mirror", "--delete", "--max-delete", "2", &site.url("tree"), "copy"]);

    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(run.labelled("error:")[0].contains("deletion limit of 2 reached"), "{}", run.stderr);
    assert_eq!(fs::read_dir(site.here("copy")).unwrap().count(), 3);
}

#[test]
fn mirror_between_two_servers() {
    let (from, to) = (Site::plain(), Site::new(Protection::Explicit));
    fs::create_dir(from.there("tree")).unwrap();
    make_tree(&from.there("tree"), &TreeOptions::new(30)).unwrap();
    // Both servers have the same password.
    let ca = from.here("ca.pem");
    fs::write(&ca, to.server.ca_pem().unwrap()).unwrap();

    let words = ["mirror", "--tls-ca", "ca.pem", &from.url("tree"), &to.url("copy")];
    from.succeed(&words);

    compare_trees(&from.there("tree"), &to.there("copy")).unwrap();
    let again = [&["mirror", "-n"], &words[1..]].concat();
    assert_eq!(from.succeed(&again), "");
}

#[test]
fn invalid_mirror_arguments_are_refused() {
    let site = Site::plain();
    let url = site.url("tree");
    for words in [
        &["mirror", "a", "b"][..],
        &["mirror", &url],
        &["mirror", "--max-delete", "3", &url, "b"],
        &["mirror", "--newer", "--size-only", &url, "b"],
        &["mirror", "--exclude", "[", &url, "b"],
        &["mirror", "--exclude-from", "missing", &url, "b"],
    ] {
        let run = site.run(words);
        assert_eq!(run.code, Some(2), "{words:?}: {}", run.stderr);
    }
}

#[test]
fn mirror_of_missing_source_deletes_nothing() {
    let site = Site::plain();
    site.write_remote("file", "x");
    write(&site, "copy/kept", "x");

    for (source, code) in [("file", 8), ("missing", 6)] {
        let run = site.run(&["mirror", "--delete", &site.url(source), "copy"]);
        assert_eq!(run.code, Some(code), "{}", run.stderr);
    }
    let run = site.run(&["mirror", "--delete", "missing", &site.url("")]);
    assert_eq!(run.code, Some(9), "{}", run.stderr);

    assert!(site.here("copy/kept").exists() && site.there("file").exists());
}

#[test]
fn killed_mirror_is_finished_by_the_next() {
    let rounds = std::env::var("OXFTP_KILLS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(6);
    let site = Site::plain();
    create_many(&site.here("tree"));
    create_many(&site.there("tree"));
    let (up, down) = (site.url("up"), site.url("tree"));
    let (mut killed, mut round) = (0, 0);

    while killed < rounds {
        let words = if round % 2 == 0 { ["tree", &up] } else { [&down, "down"] };
        let mut child =
            site.command(&["mirror", "--delete", "--limit-rate", "3M", words[0], words[1]]).spawn().unwrap();
        // A different moment each time, soon after the start.
        if dies_within(&mut child, Duration::from_millis(40 + round * 37 % 400)) {
            // The mirror was complete: remove a file, so that there is something to interrupt.
            let _ = fs::remove_dir_all(site.there("up"));
            let _ = fs::remove_dir_all(site.here("down"));
        } else {
            killed += 1;
        }
        round += 1;
        no_file_is_cut(&site.here("tree"), &site.here("down"));
    }

    site.succeed(&["mirror", "--delete", "tree", &up]);
    site.succeed(&["mirror", "--delete", &down, "down"]);
    compare_trees(&site.here("tree"), &site.there("up")).unwrap();
    compare_trees(&site.there("tree"), &site.here("down")).unwrap();
}

fn create_many(root: &Path) {
    for number in 0..60 {
        let directory = root.join(format!("{}", number % 6));
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join(format!("file {number}")), content(number * 1500)).unwrap();
    }
}

/// Kills a run after this time; returns whether it had ended before.
fn dies_within(child: &mut Child, time: Duration) -> bool {
    let end = Instant::now() + time;
    while Instant::now() < end {
        if child.try_wait().unwrap().is_some() {
            return true;
        }
        thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    false
}

/// Fails if a file with its final name is incomplete.
fn no_file_is_cut(source: &Path, copy: &Path) {
    for number in 0..60 {
        let name = format!("{}/file {number}", number % 6);
        if let Ok(bytes) = fs::read(copy.join(&name)) {
            assert!(bytes == fs::read(source.join(&name)).unwrap(), "{name} is cut");
        }
    }
}

#[test]
fn mirror_checksum_without_server_support_has_hint() {
    let site = Site::plain();
    for path in ["a", "b"] {
        site.write_remote(&format!("tree/{path}"), "1");
        site.keep(&format!("tree/{path}"), "1");
    }

    let run = site.run(&["mirror", "-n", "--checksum", "tree", &site.url("tree")]);

    let hints = run.labelled("hint: ");
    assert!(hints.len() == 1 && hints[0].contains("use --size-only"), "{}", run.stderr);
}

#[test]
fn negated_pattern_in_exclude_file_is_refused() {
    let site = Site::plain();
    let rules = site.keep("rules", "*.o\n!keep.o\n");

    let run = site.run(&["mirror", "-n", "--exclude-from", &rules, &site.url(""), "here"]);

    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("write '+ GLOB' to include"), "{}", run.stderr);
}

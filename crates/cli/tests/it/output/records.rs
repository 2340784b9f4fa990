//! Records of transfers: summary, log file, summary as JSON, metrics.

use std::fs;

use serde_json::Value;

use crate::common::{Site, content, run, run_with_input};

/// Returns the fields of each line of a log, without the time.
fn log(site: &Site, path: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(site.here(path)).unwrap();
    assert!(text.ends_with('\n'), "{text}");
    let lines = text.lines().map(|line| {
        let fields: Vec<_> = line.split('\t').map(str::to_owned).collect();
        assert!(fields[0].ends_with('Z') && fields[0].contains('T'), "{line}");
        fields[1..].to_vec()
    });
    let mut lines: Vec<_> = lines.collect();
    lines.sort();
    lines
}

#[test]
fn summary_is_one_line_without_a_terminal() {
    let site = Site::plain();
    site.write_remote("tree/one", content(3000));
    site.write_remote("tree/sub/two", "22");
    fs::write(site.here("up"), "up").unwrap();

    let trees = site.run(&["get", "-r", "--summary", &site.url("tree")]);
    let several = site.run(&["get", "--summary", "-d", "in", &site.url("tree/one"), &site.url("none")]);
    let put = site.run(&["put", "--summary", "up", &site.url("up")]);
    let mirror = site.run(&["mirror", "--summary", &site.url("tree"), "tree"]);
    let dry = site.run(&["mirror", "-n", "--summary", &site.url("tree"), "other"]);
    let mut rcat = site.command(&["rcat", "--summary", &site.url("new")]);
    let rcat = run_with_input(&mut rcat, b"1234");

    assert!(trees.stderr.starts_with("get: 2 files, 2 directories created, 2.9 KiB in "), "{}", trees.stderr);
    let last = several.stderr.lines().rfind(|line| line.starts_with("get: ")).unwrap();
    assert!(last.starts_with("get: 1 file, ") && last.ends_with(", 1 failure"), "{}", several.stderr);
    assert!(put.stderr.starts_with("put: 1 file, 2 B in "), "{}", put.stderr);
    assert!(
        mirror.stderr.contains("mirror: 0 files, 0 B in ") && mirror.stderr.contains("2 unchanged"),
        "{}",
        mirror.stderr
    );
    assert_eq!(dry.stderr, "mirror: would transfer 2 files, 2 directories created\n");
    assert!(rcat.stderr.starts_with("rcat: 1 file, 4 B in "), "{}", rcat.stderr);
    for run in [&trees, &put, &mirror, &rcat] {
        assert_eq!((run.code, run.stderr.lines().count()), (Some(0), 1), "{}", run.stderr);
    }
    assert_eq!(site.run(&["get", "-r", &site.url("tree")]).stderr, "");
    assert_eq!(site.run(&["get", "-q", "--summary", "-r", &site.url("tree")]).stderr, "");
}

#[test]
fn settings_turn_summaries_on() {
    let site = Site::plain();
    site.write_remote("one", "1");
    let settings = site.keep("settings.toml", "[defaults]\nsummary = true\n");

    let on = site.run(&["--config", &settings, "get", &site.url("one")]);
    let off = site.run(&["--config", &settings, "get", "--no-summary", &site.url("one")]);

    assert!(on.stderr.starts_with("get: 1 file, 1 B in "), "{}", on.stderr);
    assert_eq!((off.code, off.stderr.as_str()), (Some(0), ""));
}

#[test]
fn log_file_has_a_line_for_each_file() {
    let site = Site::plain();
    site.write_remote("tree/one", content(3000));
    site.write_remote("tree/two", "22");
    site.write_remote("odd\tname", "x");
    fs::create_dir_all(site.here("copy")).unwrap();
    fs::write(site.here("copy/old"), "").unwrap();

    site.succeed(&["mirror", "--delete", "--log-file", "log", &site.url("tree"), "copy"]);
    site.succeed(&["mirror", "--delete", "--log-file", "log", &site.url("tree"), "copy"]);
    assert_eq!(site.run(&["get", "--log-file", "log", &site.url("missing")]).code, Some(6));

    let lines = log(&site, "log");
    let seen: Vec<Vec<&str>> =
        lines.iter().map(|line| [0, 1, 2, 4].map(|field| line[field].as_str()).to_vec()).collect();
    let missing = site.url("missing");
    assert_eq!(
        seen,
        [
            vec!["get", "failed", "0", &missing],
            vec!["mirror", "deleted", "0", "old"],
            vec!["mirror", "done", "2", "tree/two"],
            vec!["mirror", "done", "3000", "tree/one"],
        ]
    );
    assert!(lines[0][5].contains("does not exist"), "{lines:?}");
    site.succeed(&["get", "--log-file", "odd", &site.url("odd%09name")]);
    assert_eq!(log(&site, "odd")[0].len(), 5);
}

#[test]
fn log_file_is_shared_by_simultaneous_runs() {
    let site = Site::plain();
    for number in 0..40 {
        site.write_remote(&format!("tree/a long name of the file with the number {number}"), "x");
    }
    let url = site.url("tree");
    let runs: Vec<_> = (0..4)
        .map(|number| {
            let to = format!("copy{number}");
            site.command(&["get", "-r", "--log-file", "log", "-d", &to, &url]).spawn().unwrap()
        })
        .collect();
    for run in runs {
        assert!(run.wait_with_output().unwrap().status.success());
    }

    let lines = log(&site, "log");
    assert_eq!(lines.len(), 160);
    assert!(lines.iter().all(|line| line.len() == 5 && line[1] == "done"), "{lines:?}");
}

#[test]
fn log_hides_passwords_and_must_be_writable() {
    let site = Site::plain();
    let url = site.url("none").replace('@', ":hunter2-secret@");

    let refused = run(site
        .command(&["get", "--log-file", "log", "--summary-json", "sums", &url])
        .env_remove("OXFTP_PASSWORD"));
    let unwritable = site.run(&["get", "--log-file", "missing/log", &site.url("none")]);

    assert_eq!(refused.code, Some(5), "{}", refused.stderr);
    for path in ["log", "sums"] {
        let text = fs::read_to_string(site.here(path)).unwrap();
        assert!(!text.contains("hunter2") && text.contains("none"), "{text}");
    }
    assert_eq!(unwritable.code, Some(9));
    assert!(unwritable.stderr.contains("cannot open the log"), "{}", unwritable.stderr);
}

#[test]
fn summary_json_and_metrics_are_replaced() {
    let site = Site::plain();
    site.write_remote("tree/one", content(3000));
    fs::write(site.here("sums"), "old").unwrap();
    let words = ["get", "-r", "--summary-json", "sums", "--metrics", "oxftp.prom"];

    let run = site.run(&[&words[..], &[&site.url("tree"), &site.url("none")]].concat());

    assert_eq!(run.code, Some(1));
    let sums: Value = serde_json::from_str(&fs::read_to_string(site.here("sums")).unwrap()).unwrap();
    assert_eq!(
        (&sums["verb"], &sums["files"], &sums["bytes"], &sums["exit"]),
        (&"get".into(), &1.into(), &3000.into(), &1.into())
    );
    assert_eq!(sums["failures"].as_array().unwrap().len(), 1, "{sums}");
    assert!(sums["failures"][0]["name"].as_str().unwrap().ends_with("/none"), "{sums}");
    let metrics = fs::read_to_string(site.here("oxftp.prom")).unwrap();
    for line in ["oxftp_last_run_bytes{command=\"get\"} 3000", "oxftp_last_run_failures{command=\"get\"} 1"] {
        assert!(metrics.lines().any(|found| found == line), "{metrics}");
    }
    let left = fs::read_dir(site.here(""))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".tmp"));
    assert_eq!(left.count(), 0);
}

#[test]
fn records_of_a_shell_command_are_written() {
    let site = Site::plain();
    site.write_remote("one", "1");

    site.succeed(&["shell", "-c", "get --log-file log one; get --log-file log none || pwd", &site.url("")]);

    let lines = log(&site, "log");
    let results: Vec<_> = lines.iter().map(|line| line[1].as_str()).collect();
    assert_eq!(results, ["done", "failed"], "{lines:?}");
}

#[test]
fn summary_json_goes_to_stdout() {
    let site = Site::plain();
    site.write_remote("one", "1");
    let out = site.succeed(&["get", "--summary-json", "-", &site.url("one")]);
    let sums: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(sums["files"], 1);
}

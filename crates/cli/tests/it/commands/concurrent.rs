//! Concurrent transfers and retries.

use std::{fs, net::SocketAddr};

use oxftp_testing::{
    scripted::Script,
    servers::Protection,
    tree::{TreeOptions, compare_trees, make_tree},
};

use crate::common::{Run, Site, content, oxftp, run};

/// Returns the lines of the protocol log that contain this text.
fn said(run: &Run, what: &str) -> usize {
    run.stderr.lines().filter(|line| line.contains(what)).count()
}

#[test]
fn trees_transfer_with_any_connections_and_order() {
    let site = Site::new(Protection::Explicit);
    fs::create_dir(site.here("tree")).unwrap();
    make_tree(&site.here("tree"), &TreeOptions::new(80)).unwrap();
    for (jobs, order) in [("1", "found"), ("2", "largest"), ("4", "smallest"), ("8", "name")] {
        let up = format!("up{jobs}");

        site.succeed(&["put", "-r", "-j", jobs, "--order", order, "-d", &up, "tree", &site.url("")]);
        site.succeed(&[
            "get",
            "-r",
            "-j",
            jobs,
            "--order",
            order,
            "-o",
            &up,
            &site.url(&format!("{up}/tree")),
        ]);

        compare_trees(&site.here("tree"), &site.there(&format!("{up}/tree"))).unwrap();
        compare_trees(&site.here("tree"), &site.here(&up)).unwrap();
    }
}

#[test]
fn several_urls_download_concurrently() {
    let site = Site::plain();
    let urls: Vec<String> = (0..12).map(|number| site.url(&format!("file {number}"))).collect();
    for number in 0..12 {
        site.write_remote(&format!("file {number}"), content(1000 * number));
    }
    let words: Vec<&str> =
        ["get", "-v", "-j", "3"].into_iter().chain(urls.iter().map(String::as_str)).collect();

    let run = site.run(&words);

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    // A login may be given up for a session that has become idle.
    assert!(said(&run, "> USER") >= 2, "{}", run.stderr);
    for number in 0..12 {
        assert_eq!(fs::read(site.here(&format!("file {number}"))).unwrap(), content(1000 * number));
    }
}

#[test]
fn urls_of_names_in_other_case_download_sequentially() {
    let site = Site::plain();
    let (first, last) = (content(400_000), vec![7; 300_000]);
    site.write_remote("a/same", &first);
    site.write_remote("b/SAME", &last);

    site.succeed(&["get", &site.url("a/same"), &site.url("b/SAME")]);

    assert!(fs::read(site.here("same")).unwrap() == first);
    assert!(fs::read(site.here("SAME")).unwrap() == last);
}

#[test]
fn concurrent_uploads_report_each_failure() {
    let site = Site::plain();
    fs::create_dir(site.here("tree")).unwrap();
    fs::write(site.here("tree/inner"), "inner").unwrap();
    fs::write(site.here("one"), content(100_000)).unwrap();

    let run = site.run(&["put", "-r", "tree", "missing", "one", &site.url("into/")]);

    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert_eq!(run.labelled("error:").len(), 1, "{}", run.stderr);
    assert!(run.labelled("error:")[0].contains("missing"), "{}", run.stderr);
    assert_eq!(fs::read(site.there("into/tree/inner")).unwrap(), b"inner");
    assert_eq!(fs::read(site.there("into/one")).unwrap(), content(100_000));
}

#[test]
fn progress_line_covers_all_files() {
    let site = Site::plain();
    site.write_remote("one", content(300_000));
    site.write_remote("two", content(100_000));

    let run = site.run(&["get", "--progress", "always", &site.url("one"), &site.url("two")]);

    let last = run.stderr.lines().last().unwrap_or_default();
    assert!(last.starts_with("2 files, 390.6 KiB, "), "{}", run.stderr);
}

#[test]
fn single_file_is_queried_once() {
    let site = Site::plain();
    site.write_remote("x", "x");

    let run = site.run(&["get", "-v", &site.url("x")]);

    assert_eq!(said(&run, "> MLST") + said(&run, "> LIST") + said(&run, "> MLSD"), 1, "{}", run.stderr);
}

#[test]
fn large_file_downloads_in_segments_on_request() {
    let site = Site::new(Protection::Explicit);
    let bytes = content(17 << 20);
    site.write_remote("big", &bytes);

    let run = site.run(&["get", "-v", "--segments", "3", &site.url("big")]);

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!((said(&run, "> USER"), said(&run, "> REST") >= 2), (3, true), "{}", run.stderr);
    assert!(fs::read(site.here("big")).unwrap() == bytes);
    assert_eq!(fs::read_dir(site.here(".")).unwrap().count(), 2, "the file and the certificate");
}

#[test]
fn segments_belong_to_one_file() {
    for words in [["--segments", "0", "u"], ["--segments", "x", "u"], ["-r", "--segments=2", "u"]] {
        let run = run(oxftp(&["get"]).args(words));

        assert_eq!(run.code, Some(2), "{}", run.stderr);
    }
}

/// Runs the program while a server plays these scripts, one per connection.
fn run_against(scripts: Vec<Script>, words: impl FnOnce(SocketAddr) -> Vec<String>) -> Run {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let server = Script::start_each(scripts).await;
        let words = words(server.address());
        let run = tokio::task::spawn_blocking(move || run(&mut oxftp(&words))).await.unwrap();
        server.done().await;
        run
    })
}

fn full() -> Script {
    Script::new().greeting("421 There are too many connections from your internet address.").close()
}

#[test]
fn connection_limit_is_retried() {
    let answers = Script::new().login().expect("MLST f").reply("250-It\r\n type=file;size=1; f\r\n250 End");
    let answers = answers.expect("QUIT").reply("221 bye");

    let run = run_against(vec![full(), answers], |server| vec!["stat".into(), format!("ftp://{server}/f")]);

    assert_eq!(run.code, Some(0), "{}", run.stderr);
}

#[test]
fn zero_retries_disable_retry() {
    let run = run_against(vec![full()], |server| {
        ["stat", "--retries", "0"].map(Into::into).into_iter().chain([format!("ftp://{server}/f")]).collect()
    });

    assert_eq!(run.code, Some(3), "{}", run.stderr);
}

#[test]
fn unfinished_tree_reports_failures_with_causes() {
    let local = tempfile::tempdir().unwrap();
    let script = Script::new().login().expect("MLST d").reply("250-It\r\n type=dir; d\r\n250 End");
    let script = script.type_image().passive().expect("MLSD d").reply("150 here");
    let script = script
        .data("type=file;size=1;modify=20200102030405; a\r\ntype=file;size=1;modify=20200102030405; b\r\n")
        .reply("226 done");
    let script = script.passive().expect("RETR d/a").reply("421 bye").close();
    let target = local.path().display().to_string();

    let run = run_against(vec![script], |server| {
        let url = format!("ftp://{server}/d");
        ["get", "-r", "-j1", "--retries", "0", "-d", &target, &url].map(Into::into).into()
    });

    assert_eq!(run.code, Some(3), "{}", run.stderr);
    assert!(run.labelled("error:")[0].contains("d/a: ") && run.stderr.contains("421"), "{}", run.stderr);
    assert!(run.stderr.contains("is incomplete") && run.stderr.contains("caused by:"), "{}", run.stderr);
}

//! Basic function of the verbs with the embedded server.

use std::fs;

use oxftp_testing::servers::Protection;
use serde_json::Value;

use crate::common::{Site, content, run, run_with_input, sorted};

#[test]
fn ls_hides_dot_files_by_default() {
    let site = Site::plain();
    site.write_remote("pub/b c.txt", "1");
    site.write_remote("pub/.hidden", "2");
    site.write_remote("pub/é/inner", "3");

    assert_eq!(sorted(&site.succeed(&["ls", &site.url("pub")])), ["b c.txt", "é"]);
    assert_eq!(sorted(&site.succeed(&["ls", "-a", &site.url("pub")])), [".hidden", "b c.txt", "é"]);
}

#[test]
fn recursive_ls_prints_relative_paths() {
    let site = Site::plain();
    site.write_remote("pub/a/b/c", "1");

    assert_eq!(sorted(&site.succeed(&["ls", "-R", &site.url("pub")])), ["a", "a/b", "a/b/c"]);
    assert_eq!(sorted(&site.succeed(&["ls", "-R", &site.url("")])), ["pub", "pub/a", "pub/a/b", "pub/a/b/c"]);
}

#[test]
fn ls_of_a_file_shows_the_file() {
    let site = Site::plain();
    site.write_remote("pub/readme", "12345");

    assert!(site.succeed(&["ls", &site.url("pub/readme")]).contains("readme"));
    assert!(site.succeed(&["ls", "-l", &site.url("pub/readme")]).contains(" 5 "));
}

#[test]
fn ls_of_an_empty_directory_prints_nothing() {
    let site = Site::plain();
    fs::create_dir(site.there("empty")).unwrap();

    assert_eq!(site.succeed(&["ls", &site.url("empty")]), "");
    assert_eq!(site.succeed(&["ls", &site.url("empty/")]), "");
}

#[test]
fn ls_json_prints_one_object_per_entry() {
    let site = Site::plain();
    site.write_remote("pub/a.txt", "12345");
    fs::create_dir(site.there("pub/dir")).unwrap();

    let listing = site.succeed(&["ls", "--json", &site.url("pub")]);

    let entries: Vec<Value> = listing.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let file = entries.iter().find(|entry| entry["name"] == "a.txt").unwrap();
    assert_eq!((&file["type"], &file["size"]), (&Value::from("file"), &Value::from(5)));
    assert!(file["modified"].as_str().unwrap().starts_with("20"));
    for key in ["path", "mode", "owner", "group", "link_target"] {
        assert!(file.get(key).is_some(), "{key} is missing in {file}");
    }
    assert!(entries.iter().any(|entry| entry["name"] == "dir" && entry["type"] == "dir"));
}

#[test]
fn transfers_are_verified_on_request() {
    let site = Site::plain();
    fs::write(site.here("x"), content(50_000)).unwrap();

    site.succeed(&["put", "-t", "--verify", "size", "x", &site.url("y")]);
    site.succeed(&["get", "--verify", "size", &site.url("y")]);

    assert_eq!(fs::read(site.here("y")).unwrap(), content(50_000));
    for words in [
        &["get", "--verify", "size", "-o", "-", &site.url("y")][..],
        &["put", "--verify", "size", "-", &site.url("z")],
        &["put", "-t", "-", &site.url("z")],
        &["get", "--verify", "colour", &site.url("y")],
    ] {
        assert_eq!(site.run(words).code, Some(2), "{words:?}");
    }
}

#[test]
fn find_applies_all_criteria() {
    let site = Site::plain();
    site.write_remote("pub/a.log", content(2000));
    site.write_remote("pub/sub/b.log", "1");
    site.write_remote("pub/sub/c.txt", content(3000));
    let find = |words: &[&str]| {
        let url = site.url("pub");
        sorted(&site.succeed(&[&["find"], words, &[url.as_str()]].concat())).join(" ")
    };

    assert_eq!(find(&[]), "a.log sub sub/b.log sub/c.txt");
    assert_eq!(find(&["--name", "*.log"]), "a.log sub/b.log");
    assert_eq!(find(&["--type", "d"]), "sub");
    assert_eq!(find(&["--type", "f,d", "--name", "?*b*"]), "sub");
    assert_eq!(find(&["--larger", "1k"]), "a.log sub/c.txt");
    assert_eq!(find(&["--larger", "1k", "--name", "*.log"]), "a.log");
    assert_eq!(find(&["--newer", "2020-01-01", "--type", "f"]), "a.log sub/b.log sub/c.txt");
    assert_eq!(find(&["--newer", "2999-01-01"]), "");
}

#[test]
fn find_of_a_missing_path_fails() {
    let site = Site::plain();

    let run = site.run(&["find", &site.url("nowhere")]);

    assert_eq!((run.code, run.stdout.len()), (Some(6), 0), "{}", run.stderr);
}

#[test]
fn find_of_a_file_finds_it() {
    let site = Site::plain();
    site.write_remote("pub/a.log", "1");

    assert_eq!(site.succeed(&["find", &site.url("pub/a.log")]), "pub/a.log\n");
    assert_eq!(site.succeed(&["find", "--name", "*.txt", &site.url("pub/a.log")]), "");
}

#[test]
fn get_keeps_the_time_and_is_quiet() {
    for protection in [Protection::Plain, Protection::Explicit, Protection::Implicit] {
        let site = Site::new(protection);
        site.write_remote("pub/data.bin", content(300_000));

        let run = site.run(&["get", &site.url("pub/data.bin")]);

        assert_eq!((run.code, run.stderr.as_str(), run.stdout.len()), (Some(0), "", 0));
        assert_eq!(fs::read(site.here("data.bin")).unwrap(), content(300_000));
        let time = |path| fs::metadata(path).unwrap().modified().unwrap();
        let (there, here) = (time(site.there("pub/data.bin")), time(site.here("data.bin")));
        let apart = there.duration_since(here).unwrap_or_else(|later| later.duration());
        assert!(apart.as_secs() < 2, "{apart:?}");
        assert!(!site.here("data.bin.oxftp.part").exists());
    }
}

#[test]
fn get_writes_to_output_file_or_directory() {
    let site = Site::plain();
    site.write_remote("pub/x", "content");
    let url = site.url("pub/x");

    site.succeed(&["get", "-o", "renamed", &url]);
    site.succeed(&["get", "-d", "deep/er", &url]);

    assert_eq!(fs::read(site.here("renamed")).unwrap(), b"content");
    assert_eq!(fs::read(site.here("deep/er/x")).unwrap(), b"content");
    assert_eq!(site.succeed(&["get", "-o", "-", &url]), "content");
}

#[test]
fn get_resumes_after_the_partial_file() {
    let site = Site::plain();
    site.write_remote("x", content(500_000));
    fs::write(site.here("x.oxftp.part"), content(200_000)).unwrap();

    let run = site.run(&["get", "-c", "-v", &site.url("x")]);

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    // The last 64 KiB of the partial file are compared.
    assert!(run.stderr.contains("REST 134464"), "{}", run.stderr);
    assert_eq!(fs::read(site.here("x")).unwrap(), content(500_000));
}

#[test]
fn uploaded_tree_downloads_byte_for_byte() {
    use oxftp_testing::{
        servers::ServerKind,
        tree::{TreeOptions, compare_trees, make_tree},
    };
    let site = Site::new(Protection::Explicit);
    fs::create_dir(site.here("tree")).unwrap();
    make_tree(&site.here("tree"), &TreeOptions::fit_for(ServerKind::Embedded, 60)).unwrap();

    site.succeed(&["put", "-r", "tree", &site.url("up/")]);
    site.succeed(&["get", "-r", "-d", "back", &site.url("up/tree")]);
    site.succeed(&["get", "-r", "-o", "named", &site.url("up/tree")]);

    compare_trees(&site.here("tree"), &site.there("up/tree")).unwrap();
    compare_trees(&site.here("tree"), &site.here("back/tree")).unwrap();
    compare_trees(&site.here("tree"), &site.here("named")).unwrap();

    site.succeed(&["rm", "-r", &site.url("up/tree")]);
    assert!(!site.there("up/tree").exists());
}

#[test]
fn put_of_dot_uploads_directory_contents() {
    let site = Site::plain();
    fs::create_dir_all(site.here("tree/sub")).unwrap();
    fs::write(site.here("tree/sub/file"), "x").unwrap();

    let run = run(site.command(&["put", "-r", ".", &site.url("up/")]).current_dir(site.here("tree")));

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(fs::read(site.there("up/sub/file")).unwrap(), b"x");
}

#[test]
fn put_url_is_directory_or_new_name() {
    let site = Site::plain();
    fs::write(site.here("one"), "1").unwrap();
    fs::write(site.here("two"), "2").unwrap();

    site.succeed(&["put", "one", "two", &site.url("dir/")]);
    site.succeed(&["put", "one", &site.url("named")]);
    site.succeed(&["put", "-d", "elsewhere", "two", &site.url("")]);

    for (path, expected) in [("dir/one", b"1"), ("dir/two", b"2"), ("named", b"1"), ("elsewhere/two", b"2")] {
        assert_eq!(fs::read(site.there(path)).unwrap(), expected, "{path}");
    }
}

#[test]
fn put_reads_stdin_and_cat_concatenates() {
    let site = Site::new(Protection::Explicit);
    let bytes = content(200_000);

    let run = run_with_input(&mut site.command(&["put", "-", &site.url("piped")]), &bytes);
    site.write_remote("more", "and more");

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(fs::read(site.there("piped")).unwrap(), bytes);
    let cat = site.run(&["cat", &site.url("piped"), &site.url("more")]);
    assert_eq!(cat.stdout, [bytes.as_slice(), b"and more"].concat());
}

#[test]
fn put_resumes_after_the_existing_part() {
    let site = Site::plain();
    fs::write(site.here("x"), content(300_000)).unwrap();
    site.write_remote("x", content(100_000));

    let run = site.run(&["put", "-c", "-v", "x", &site.url("")]);

    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("REST 100000"), "{}", run.stderr);
    assert_eq!(fs::read(site.there("x")).unwrap(), content(300_000));
}

#[test]
fn rm_removes_directories_only_with_recursive() {
    let site = Site::plain();
    site.write_remote("dir/file", "x");
    site.write_remote("file", "x");

    site.succeed(&["rm", &site.url("file")]);
    let refused = site.run(&["rm", &site.url("dir")]);

    assert!(!site.there("file").exists());
    assert_ne!(refused.code, Some(0));
    assert!(refused.labelled("hint:").iter().any(|hint| hint.contains("-r")), "{}", refused.stderr);
    assert!(site.there("dir/file").exists());
    site.succeed(&["rm", "-r", &site.url("dir")]);
    assert!(!site.there("dir").exists());
}

#[test]
fn rm_force_ignores_missing_files() {
    let site = Site::plain();

    assert_eq!(site.run(&["rm", &site.url("missing")]).code, Some(6));
    assert_eq!(site.run(&["rm", "-r", &site.url("missing")]).code, Some(6));
    site.succeed(&["rm", "-f", &site.url("missing")]);
    site.succeed(&["rm", "-rf", &site.url("missing")]);
}

#[test]
fn mkdir_creates_parents_only_with_flag() {
    let site = Site::plain();

    site.succeed(&["mkdir", &site.url("one")]);
    site.succeed(&["mkdir", "-p", &site.url("a/b/c")]);
    site.succeed(&["mkdir", "-p", &site.url("a/b/c")]);

    assert!(site.there("one").is_dir());
    assert!(site.there("a/b/c").is_dir());
    assert_ne!(site.run(&["mkdir", &site.url("one")]).code, Some(0));
    assert_ne!(site.run(&["mkdir", &site.url("x/y")]).code, Some(0));
}

#[test]
fn mv_renames() {
    let site = Site::plain();
    site.write_remote("dir/old name", "x");

    site.succeed(&["mv", &site.url("dir/old%20name"), "dir/new name"]);

    assert!(!site.there("dir/old name").exists());
    assert_eq!(fs::read(site.there("dir/new name")).unwrap(), b"x");
}

#[test]
fn stat_prints_type_and_size() {
    let site = Site::plain();
    site.write_remote("dir/file", "12345");

    let text = site.succeed(&["stat", &site.url("dir/file"), &site.url("dir")]);
    let json = site.succeed(&["stat", "--json", &site.url("dir/file")]);

    assert!(text.contains("file") && text.contains('5') && text.contains("dir"), "{text}");
    let entry: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&entry["name"], &entry["type"], &entry["size"]), (&"file".into(), &"file".into(), &5.into()));
}

#[test]
fn raw_prints_whole_replies_and_fails_on_refusal() {
    let site = Site::plain();

    let replies = site.succeed(&["raw", &site.url(""), "NOOP", "FEAT"]);
    let refused = site.run(&["raw", &site.url(""), "XYZZY", "NOOP"]);

    assert!(replies.starts_with("200 "), "{replies}");
    assert!(replies.lines().count() > 3, "{replies}");
    assert!(replies.lines().all(|line| line.starts_with("200 ") || line.starts_with("211 ")), "{replies}");
    assert_ne!(refused.code, Some(0));
    assert!(refused.stdout().lines().any(|line| line.starts_with("50")), "{refused:?}");
}

#[test]
fn help_and_version_go_to_stdout() {
    for verb in
        ["ls", "get", "put", "cat", "rm", "mkdir", "mv", "stat", "raw", "parse-listing", "serve", "demo"]
    {
        let help = run(&mut crate::common::oxftp(&[verb, "--help"]));
        assert_eq!(help.code, Some(0), "{verb}");
        assert!(help.stdout().contains("Example: oxftp"), "{verb} shows no example");
    }
    assert!(run(&mut crate::common::oxftp(&["--version"])).stdout().starts_with("oxftp "));
}

#[test]
fn summary_counts_only_directories_that_were_created() {
    let site = Site::plain();
    site.keep("www/a/b/c.txt", "1");
    let (www, copy) = (site.here("www"), site.here("copy"));
    let (www, copy) = (www.to_str().unwrap(), copy.to_str().unwrap());

    let up = ["put", "-r", "--summary", www, &site.url("")];
    let down = ["get", "-r", "--summary", "-d", copy, &site.url("www")];

    for words in [&up[..], &down] {
        let first = site.run(words);
        assert!(first.stderr.contains("1 file, 3 directories created, "), "{words:?}: {}", first.stderr);
        let second = site.run(words);
        assert!(second.stderr.contains("1 file, 1 B in "), "{words:?}: {}", second.stderr);
    }
}

#[test]
fn mirror_and_check_name_a_missing_local_directory() {
    let site = Site::plain();

    for verb in ["mirror", "check"] {
        let run = site.run(&[verb, "no-such-directory", &site.url("target")]);

        assert_eq!(run.code, Some(9), "{}", run.stderr);
        assert!(run.stderr.starts_with("error: cannot list \"no-such-directory\"\n"), "{}", run.stderr);
    }
}

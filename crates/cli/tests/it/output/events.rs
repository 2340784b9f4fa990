//! Progress events follow the schema in `docs/events.schema.json` and are complete.

use std::fs;

use serde_json::Value;

use crate::common::{Run, Site, content, run};

/// Parses the events of a run and validates each against the schema.
fn events(run: &Run) -> Vec<Value> {
    let schema = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/events.schema.json"));
    let schema = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    let events = run.stdout().lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Value>>();
    for event in &events {
        schema.validate(event).unwrap_or_else(|error| panic!("{event}: {error}"));
    }
    events
}

fn of_kind<'e>(events: &'e [Value], kind: &str) -> Vec<&'e Value> {
    events.iter().filter(|event| event["event"] == kind).collect()
}

fn names(events: &[Value], kind: &str) -> Vec<String> {
    let mut names: Vec<_> =
        of_kind(events, kind).iter().map(|event| event["name"].as_str().unwrap().to_owned()).collect();
    names.sort_unstable();
    names
}

#[test]
fn tree_events_cover_every_file_and_byte() {
    let site = Site::plain();
    site.write_remote("tree/one", content(300_000));
    site.write_remote("tree/sub/two", content(1000));

    let down = site.run(&["get", "-r", "--json", &site.url("tree")]);
    let up = site.run(&["put", "-r", "--json", "tree", &site.url("copy/")]);

    for run in [&down, &up] {
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
        let events = events(run);
        assert_eq!(names(&events, "start").len(), 2, "{events:?}");
        assert_eq!(names(&events, "start"), names(&events, "done"));
        let last = events.last().unwrap();
        assert_eq!(
            (&last["event"], &last["bytes"], &last["files"]),
            (&"progress".into(), &301_000.into(), &2.into())
        );
    }
    assert_eq!(events(&up).last().unwrap()["total"], 301_000);
}

#[test]
fn resumed_download_reports_its_offset() {
    let site = Site::plain();
    site.write_remote("x", content(300_000));
    fs::write(site.here("x.oxftp.part"), content(200_000)).unwrap();

    let events = events(&site.run(&["get", "-c", "--json", &site.url("x")]));

    assert_eq!((&events[0]["offset"], &events[0]["size"]), (&200_000.into(), &300_000.into()), "{events:?}");
    let last = events.last().unwrap();
    assert_eq!((&last["bytes"], &last["total"]), (&100_000.into(), &100_000.into()), "{events:?}");
}

#[test]
fn progress_events_are_rate_limited() {
    let site = Site::plain();
    site.write_remote("x", content(3_000_000));

    let begun = std::time::Instant::now();
    let events = events(&site.run(&["get", "--json", "--limit-rate", "2M", &site.url("x")]));
    let quarters = begun.elapsed().as_millis() / 250;

    let sent = of_kind(&events, "progress").len();
    assert!(
        (2..=quarters as usize + 1).contains(&sent),
        "{sent} in {quarters} quarters of a second: {events:?}"
    );
}

#[test]
fn error_event_has_its_exit_code() {
    let site = Site::plain();
    site.write_remote("there", "x");

    let missing = site.run(&["get", "--json", &site.url("missing")]);
    let refused = run(site.command(&["get", "--json", &site.url("x")]).env("OXFTP_PASSWORD", "not-it"));
    let some = site.run(&["get", "--json", &site.url("there"), &site.url("missing")]);

    for (run, exit) in [(&missing, 6), (&refused, 5), (&some, 6)] {
        let events = events(run);
        let errors = of_kind(&events, "error");
        assert!(
            errors.iter().any(
                |error| error["exit"] == exit && error["message"].as_str().unwrap().contains("localhost")
            ),
            "{events:?}"
        );
        assert!(run.stderr.contains("error:"), "the terminal shows it, too: {}", run.stderr);
    }
    assert_eq!(names(&events(&some), "done"), ["there"]);
    refused.hides("not-it");
}

#[test]
fn events_and_data_cannot_share_stdout() {
    let site = Site::plain();
    assert_eq!(site.run(&["get", "--json", "-o", "-", &site.url("x")]).code, Some(2));
}

#[test]
fn mirror_events_follow_the_schema() {
    let site = Site::plain();
    site.write_remote("tree/new/a", "abc");
    site.write_remote("tree/conflict", "x");
    fs::create_dir_all(site.here("copy/conflict")).unwrap();
    fs::write(site.here("copy/old"), "").unwrap();

    let dry = site.run(&["mirror", "-n", "--json", &site.url("tree"), "nowhere"]);
    let failed = site.run(&["mirror", "--json", &site.url("tree"), "copy"]);

    assert_eq!((dry.code, failed.code), (Some(0), Some(1)));
    let paths: Vec<_> = events(&dry).iter().map(|event| event["path"].as_str().unwrap().to_owned()).collect();
    assert!(paths.contains(&".".to_owned()), "{paths:?}");
    let events = events(&failed);
    assert_eq!(of_kind(&events, "step").len(), 2, "{events:?}");
    let errors = of_kind(&events, "error");
    assert!(errors[0]["name"].as_str().unwrap().ends_with("tree/conflict"), "{errors:?}");
    assert_eq!((&errors[1]["name"], &errors[1]["exit"]), (&Value::Null, &1.into()));
}

#[test]
fn json_of_changes_follows_the_schema() {
    let site = Site::plain();
    for name in ["a", "b", "tree/c"] {
        site.write_remote(name, "x");
    }
    let url = |name: &str| site.url(name);
    let changed = |words: &[&str]| {
        let run = site.run(words);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{words:?}");
        let events = events(&run);
        assert_eq!(of_kind(&events, "done").len(), events.len(), "{events:?}");
        (names(&events, "done").join(" "), events[0]["to"].clone())
    };

    assert_eq!(changed(&["mkdir", "--json", &url("new"), &url("old")]).0, "new old");
    assert_eq!(changed(&["rmdir", "--json", &url("old")]).0, "old");
    assert_eq!(changed(&["mv", "--json", &url("a"), "new/"]), ("a".to_owned(), "new/a".into()));
    assert_eq!(changed(&["touch", "--json", &url("empty")]).0, "empty");
    assert_eq!(changed(&["rm", "--json", &url("b")]), ("b".to_owned(), Value::Null));
    assert_eq!(changed(&["rm", "-r", "--json", "--include", "c", &url("tree")]).0, "tree/c");
    let some = site.run(&["rm", "--json", &url("empty"), &url("missing")]);
    let events = events(&some);
    assert_eq!((some.code, names(&events, "done").join(" ")), (Some(1), "empty".to_owned()));
    assert_eq!(of_kind(&events, "error")[0]["exit"], 6);
}

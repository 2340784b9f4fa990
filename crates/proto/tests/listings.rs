//! Whole listings of each format, in `listings/FORMAT/`, with snapshots of their entries.
//!
//! `INSTA_UPDATE=always cargo test -p oxftp-proto --test listings` updates the snapshots; review the changes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use oxftp_proto::{
    Entry, Timestamp,
    listing::{Format, ListingParser, Outcome},
};

#[test]
fn every_listing_matches_its_snapshot() {
    for (format, file) in listings() {
        let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read(&file).unwrap();
        insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!(format!("{format}-{stem}"), shown(&text, &read(&text, &every_format())));
        });
    }
}

#[test]
fn format_of_every_listing_is_detected() {
    for (format, file) in listings() {
        let text = fs::read(&file).unwrap();
        assert_eq!(read(&text, &every_format()), read(&text, &[format]), "{}", file.display());
    }
}

#[test]
fn single_line_parses_as_in_its_listing() {
    for (format, file) in listings() {
        let text = fs::read(&file).unwrap();
        for (line, outcome) in lines(&text).zip(read(&text, &[format])) {
            let Outcome::Entry(entry) = outcome else { continue };
            if entry.raw() != line {
                continue; // It is spread over two lines.
            }
            let alone = read(line, &[format]);
            let Some(Outcome::Entry(alone)) = alone.first() else {
                panic!("{} in {}", line.escape_ascii(), file.display())
            };
            assert_eq!((alone.name(), alone.kind, alone.size), (entry.name(), entry.kind, entry.size));
        }
    }
}

/// A client takes a listing for truncated if its last line cannot be read.
#[test]
fn truncated_line_without_name_is_no_entry() {
    for (format, file) in listings().into_iter().filter(|(_, file)| is_usual(file)) {
        for outcome in read(&fs::read(&file).unwrap(), &[format]) {
            let Outcome::Entry(entry) = outcome else { continue };
            let line = entry.raw();
            let target = entry.link_target().filter(|_| format == Format::Unix);
            let name = entry.name().len() + target.map_or(0, |target| " -> ".len() + target.len());
            for truncated in (1..line.len() - name).map(|end| &line[..end]) {
                let outcomes = read(truncated, &[format]);
                assert!(!matches!(outcomes[..], [Outcome::Entry(_)]), "{}", truncated.escape_ascii());
            }
        }
    }
}

/// However short the last line of a truncated listing is, the lines before it keep their format and names.
#[test]
fn truncated_last_line_keeps_the_format() {
    for (_, file) in listings() {
        let text = fs::read(&file).unwrap();
        let whole = read(&text, &every_format());
        // Every third byte: each column is cut somewhere.
        for end in (1..text.len()).step_by(3) {
            let truncated = read(&text[..end], &every_format());
            let terminated = truncated.len() - 1;
            let names =
                |outcomes: &[Outcome]| -> Vec<_> { outcomes[..terminated].iter().map(name_of).collect() };
            assert_eq!(names(&truncated), names(&whole), "{} to byte {end}", file.display());
            if let (true, Some(name)) = (is_usual(&file), name_of(&truncated[terminated])) {
                let whole = name_of(&whole[terminated]).unwrap();
                // A link may be cut behind its name.
                assert!(
                    whole.starts_with(name.trim_end_matches([' ', '-', '>'])),
                    "{}: {name} of {whole}",
                    file.display()
                );
            }
        }
    }
}

fn name_of(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Entry(entry) => Some(escaped(entry.name())),
        _ => None,
    }
}

/// Returns whether a file shows what servers print today.
fn is_usual(file: &Path) -> bool {
    const STEMS: [&str; 7] = ["gnu", "wide", "languages", "encodings", "rfc3659", "pure-ftpd", "iis"];
    file.file_stem().is_some_and(|stem| STEMS.iter().any(|known| stem == *known))
}

#[test]
fn every_format_has_a_listing() {
    let mut found: Vec<_> = listings().into_iter().map(|(format, _)| format).collect();
    found.dedup();
    assert_eq!(found.len(), Format::all().count(), "{found:?}");
}

/// `docs/listings.md` shows lines of each format, and all of them must be parsed.
#[test]
fn documented_listing_lines_are_parsed() {
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/listings.md")).unwrap();
    let mut shown = Vec::new();
    for section in text.split("\n## ").filter(|section| section.contains("```text")) {
        let name = section.lines().next().unwrap().rsplit("(`").next().unwrap();
        let format: Format = name.trim_end_matches("`)").parse().unwrap();
        let lines = section.split("```").nth(1).unwrap().trim_start_matches("text\n");
        let outcomes = read(lines.as_bytes(), &[format]);
        assert!(!outcomes.contains(&Outcome::Unparsed), "{format}: {outcomes:?}");
        assert!(outcomes.iter().any(|outcome| matches!(outcome, Outcome::Entry(_))), "{format}");
        shown.push(format);
    }
    assert_eq!(shown.len(), Format::all().count(), "{shown:?}");
}

fn listings() -> Vec<(Format, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/listings");
    let paths =
        |folder: &Path| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let mut listings = Vec::new();
    for folder in paths(&root) {
        let format = folder.file_name().unwrap().to_str().unwrap().parse().unwrap();
        listings.extend(paths(&folder).into_iter().map(|file| (format, file)));
    }
    listings.sort_by_key(|(format, file): &(Format, PathBuf)| (format.to_string(), file.clone()));
    listings
}

fn every_format() -> Vec<Format> {
    Format::all().collect()
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// Parses a listing as of 1 May 2024.
fn read(text: &[u8], formats: &[Format]) -> Vec<Outcome> {
    let mut parser = ListingParser::of(formats, Timestamp::from_date(2024, 5, 1).unwrap());
    let last = lines(text).count() - 1;
    for (number, line) in lines(text).enumerate() {
        if number == last && !text.ends_with(b"\n") {
            parser.push_unterminated(line);
        } else {
            parser.push(line);
        }
    }
    parser.finish();
    std::iter::from_fn(|| parser.pop()).collect()
}

/// Writes each line and its result.
fn shown(text: &[u8], outcomes: &[Outcome]) -> String {
    let mut shown = String::new();
    assert_eq!(lines(text).count(), outcomes.len(), "each line has one outcome");
    for (line, outcome) in lines(text).zip(outcomes) {
        let described = match outcome {
            Outcome::Entry(entry) => describe(entry),
            Outcome::NoEntry => "no entry".to_owned(),
            _ => "NOT UNDERSTOOD".to_owned(),
        };
        writeln!(shown, "|{}|\n  {described}", escaped(line)).unwrap();
    }
    shown
}

fn describe(entry: &Entry) -> String {
    let mut described = format!("{} [{}]", entry.kind.as_str(), escaped(entry.name()));
    if let Some(target) = entry.link_target() {
        write!(described, " -> [{}]", escaped(target)).unwrap();
    }
    for (what, value) in [
        ("size", entry.size.map(|size| size.to_string())),
        ("modified", entry.modified.map(|time| time.to_string())),
        ("mode", entry.mode.map(|mode| format!("{mode:04o}"))),
        ("links", entry.links.map(|links| links.to_string())),
        ("owner", entry.owner().map(|owner| format!("[{owner}]"))),
        ("group", entry.group().map(|group| format!("[{group}]"))),
    ] {
        if let Some(value) = value {
            write!(described, " {what} {value}").unwrap();
        }
    }
    described
}

/// Writes bytes as UTF-8 if valid, else escaped.
fn escaped(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.escape_ascii().to_string(),
    }
}

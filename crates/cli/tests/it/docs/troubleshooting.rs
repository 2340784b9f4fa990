//! `docs/troubleshooting.md` explains every message and hint in the sources.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Messages for programmers, which no user of the program sees.
const FOR_PROGRAMS: [&str; 9] = [
    "needs the feature",
    "the file system violates the rule",
    "the dialog received an unexpected event",
    "not a reply code",
    "not a mask of reply codes",
    "is not a date of a listing",
    "is not a mode of nine letters",
    "is none of crc32, md5, sha-1, sha-256 and sha-512",
    "the connection pool is closed",
];

#[test]
fn every_error_of_the_crates_is_explained() {
    let errors = rust_files(&["proto/src", "client/src", "serve/src", "cli/src"])
        .flat_map(|source| literals_after(&source, "#[error("))
        .collect::<Vec<_>>();
    assert!(errors.len() > 50, "only {} are found", errors.len());

    let missing = unexplained(errors);

    assert!(missing.is_empty(), "docs/troubleshooting.md lacks\n{}", missing.join("\n"));
}

#[test]
fn every_failure_of_the_program_is_explained() {
    let failures = rust_files(&["cli/src"]).flat_map(|source| {
        let marks = ["Usage(", "usage(", "Failure::local(", "let why =", "let text =", "warn(format_args!("];
        marks.map(|mark| literals_after(&source, mark)).concat()
    });
    let failures: Vec<_> = failures.collect();
    assert!(failures.len() > 30, "only {} are found", failures.len());

    let missing = unexplained(failures);

    assert!(missing.is_empty(), "docs/troubleshooting.md lacks\n{}", missing.join("\n"));
}

#[test]
fn every_hint_is_explained() {
    let hints = fs::read_to_string(crates().join("cli/src/failure/hints.rs")).unwrap();
    let advice = ["Some(", "then_some(", "=> ", "=> {"]
        .map(|mark| literals_after(without_tests(&hints), mark))
        .concat();
    let beside = rust_files(&["cli/src"]).flat_map(|source| literals_after(&source, "hint: "));
    let hints: Vec<_> = advice.into_iter().chain(beside).collect();
    assert!(hints.len() > 20, "only {} are found", hints.len());

    let missing = unexplained(hints);

    assert!(missing.is_empty(), "docs/troubleshooting.md lacks\n{}", missing.join("\n"));
}

#[test]
fn message_is_identified_by_its_constant_part() {
    assert_eq!(
        piece("{path} on the server differs from the uploaded file"),
        "on the server differs from the uploaded file"
    );
    assert_eq!(piece("the server wants TLS: ftpes:// turns it on"), "the server wants TLS");
    assert_eq!(literals_after("f(\n  \"a \\\n   b\", \"c\") f(\"d e\")", "f("), ["a b", "d e"]);
}

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns the messages that the page does not contain.
fn unexplained(messages: Vec<String>) -> Vec<String> {
    let page = fs::read_to_string(crates().join("../docs/troubleshooting.md")).unwrap();
    let wanted =
        messages.into_iter().filter(|message| !FOR_PROGRAMS.iter().any(|known| message.contains(known)));
    wanted.filter(|message| !page.contains(piece(message))).collect()
}

/// Returns the identifying part of a message: the first constant part of three words, else the longest part.
fn piece(message: &str) -> &str {
    let constant = message.split('{').map(|part| part.split_once('}').map_or(part, |(_, after)| after));
    let pieces = constant.flat_map(|part| part.split([':', ';', '"', '(', '[', ']'])).map(str::trim);
    let telling = pieces.clone().find(|piece| piece.split(' ').count() > 2);
    telling.or_else(|| pieces.max_by_key(|piece| piece.len())).unwrap_or(message)
}

fn rust_files(directories: &[&str]) -> impl Iterator<Item = String> {
    let files = directories.iter().flat_map(|directory| sources(&crates().join(directory)));
    files
        .collect::<Vec<_>>()
        .into_iter()
        .map(|path| without_tests(&fs::read_to_string(path).unwrap()).to_owned())
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let (directories, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let below = directories.iter().flat_map(|directory| sources(directory));
    below.chain(files.into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs"))).collect()
}

fn without_tests(source: &str) -> &str {
    source.split("#[cfg(test)]").next().unwrap()
}

/// Returns the string literals after each mark, also within `format!(` and `vec![`.
fn literals_after(source: &str, mark: &str) -> Vec<String> {
    let between = ["format!(", "vec!["];
    source
        .split(mark)
        .skip(1)
        .filter_map(|rest| {
            let rest = between
                .iter()
                .fold(rest.trim_start(), |rest, word| rest.trim_start_matches(word).trim_start());
            literal(rest.strip_prefix('"')?)
        })
        .filter(|text| text.contains(' '))
        .collect()
}

/// Parses a string literal up to its quote; after a backslash at the end of a line, it continues at the next word.
fn literal(rest: &str) -> Option<String> {
    let mut text = String::new();
    let mut characters = rest.chars().peekable();
    loop {
        match characters.next()? {
            '"' => return Some(text),
            '\\' if characters.next_if_eq(&'\n').is_some() => {
                while characters.next_if(|next| next.is_whitespace()).is_some() {}
            }
            '\\' => text.extend(characters.next()),
            character => text.push(character),
        }
    }
}

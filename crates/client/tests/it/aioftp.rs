//! `docs/aioftp.md`: every name of aioftp's client has a row, and every counterpart has an example and a test.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// aioftp's API is not part of this repository, so the test is skipped if it is missing.
#[test]
#[expect(clippy::print_stderr, reason = "a skipped comparison must be visible")]
fn every_reference_name_has_a_row() {
    let Ok(reference) = fs::read_to_string(repository().join("../shared/reference/client-api.txt")) else {
        eprintln!("skipped: the reference is missing");
        return;
    };
    let names = reference_names(&reference);
    assert!(names.len() > 60, "only {} names are read: {names:?}", names.len());
    let rows: String = rows(&page()).map(|(theirs, _)| theirs).collect();
    let known = words(&rows);

    let missing: Vec<_> = names.iter().filter(|name| !known.contains(name.as_str())).collect();

    assert!(missing.is_empty(), "docs/aioftp.md has no row for {missing:?}");
}

#[test]
fn every_counterpart_appears_in_compiled_example() {
    let page = page();
    let shown = examples(&page);
    let shown = words(&shown);

    let missing: Vec<_> = counterparts(&page).filter(|name| !shown.contains(name.as_str())).collect();

    assert!(missing.is_empty(), "docs/aioftp.md shows no example of {missing:?}");
}

#[test]
fn every_counterpart_is_used_by_a_test() {
    let tested = tests();
    let tested = words(&tested);

    let missing: Vec<_> = counterparts(&page()).filter(|name| !tested.contains(name.as_str())).collect();

    assert!(missing.is_empty(), "no test uses {missing:?}");
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page() -> String {
    fs::read_to_string(repository().join("docs/aioftp.md")).unwrap()
}

/// Returns the names of classes, methods and parameters: lines like `static parse_pasv_response(s)` and
/// `• encoding (str) – description`.
fn reference_names(reference: &str) -> BTreeSet<String> {
    let declared = reference.lines().filter(|line| !line.starts_with([' ', '>']) && line.contains('('));
    let declared = declared.filter_map(|line| {
        let before = line.split('(').next()?;
        let name = before.trim_start_matches("static ").trim_start_matches("class aioftp.");
        is_name(name).then_some(name)
    });
    let parameters = reference.lines().filter_map(|line| line.trim().strip_prefix("• ")?.split(' ').next());
    declared.chain(parameters).filter(|name| is_name(name)).map(ToOwned::to_owned).collect()
}

fn is_name(text: &str) -> bool {
    let name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    !text.is_empty() && text.chars().all(name)
}

/// Returns both cells of each row with two cells.
fn rows(page: &str) -> impl Iterator<Item = (&str, &str)> {
    page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "))
}

/// Returns the names in the right-hand cells: the last word of each `Client::metadata` and `.offset(n)`.
fn counterparts(page: &str) -> impl Iterator<Item = String> {
    let cells =
        rows(page).filter(|(_, ours)| !ours.starts_with("none") && !ours.starts_with("no counterpart"));
    let codes = cells.flat_map(|(_, ours)| ours.split('`').skip(1).step_by(2));
    codes.filter_map(last_name).map(ToOwned::to_owned)
}

fn last_name(code: &str) -> Option<&str> {
    let called = code.split(['(', '{', '=', ' ']).next()?;
    let name = called.rsplit(['.', ':']).next()?;
    (code.contains("::") || code.starts_with('.')).then_some(name).filter(|name| is_name(name))
}

/// Returns the Rust code blocks of the page, which are compiled as doctests of `src/lib.rs`.
fn examples(page: &str) -> String {
    let blocks = page.split("```").skip(1).step_by(2);
    blocks.filter(|block| block.starts_with("rust")).collect()
}

/// Returns the source of all tests: integration tests and unit tests.
fn tests() -> String {
    let over_sockets = sources(&repository().join("crates/client/tests"))
        .into_iter()
        .filter(|path| !path.ends_with("aioftp.rs"))
        .map(|path| fs::read_to_string(path).unwrap());
    let under_code = ["crates/client/src", "crates/proto/src"].into_iter().flat_map(|crate_source| {
        sources(&repository().join(crate_source)).into_iter().map(|path| tests_of(&path))
    });
    over_sockets.chain(under_code).collect()
}

/// Returns the unit tests of a file: all of a test file; in other files, everything after the `cfg(test)` attribute.
fn tests_of(path: &Path) -> String {
    let source = fs::read_to_string(path).unwrap();
    if path.ends_with("tests.rs") || path.ends_with("contract.rs") {
        return source;
    }
    source.split_once("#[cfg(test)]").map(|(_, tests)| tests.to_owned()).unwrap_or_default()
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let (directories, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let below = directories.iter().flat_map(|directory| sources(directory));
    below.chain(files.into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs"))).collect()
}

fn words(text: &str) -> BTreeSet<&str> {
    text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_').collect()
}

//! Flags and verbs in the tables of the guide exist.

use std::{collections::BTreeSet, fs, path::Path};

#[test]
fn every_flag_in_the_tables_exists() {
    let known = flags_of_all_verbs();
    for page in ["coming-from.md", "troubleshooting.md", "recipes.md", "verbs.md", "tasks.md"] {
        let advised = advice(page).into_iter().flat_map(|code| flags(&code));

        let unknown: Vec<_> = advised.filter(|flag| !known.contains(flag)).collect();

        assert!(unknown.is_empty(), "{page} advises {unknown:?}");
    }
}

#[test]
fn every_verb_in_the_tables_exists() {
    let help = crate::common::run(&mut crate::common::oxftp(&["--help"])).stdout();
    let verbs = verbs(&help);
    let named = advice("coming-from.md").into_iter().chain(advice("tasks.md"));
    let named = named.filter_map(|code| Some(code.strip_prefix("oxftp ")?.split(' ').next()?.to_owned()));

    let unknown: Vec<_> = named.filter(|verb| !verbs.contains(verb)).collect();

    assert!(verbs.len() > 20 && unknown.is_empty(), "{unknown:?}");
}

/// Returns the code in the last cells of the tables of a page.
fn advice(page: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(page);
    let text = fs::read_to_string(path).unwrap();
    let cells =
        text.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.rsplit(" | ").next());
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(ToOwned::to_owned).collect()
}

fn flags_of_all_verbs() -> BTreeSet<String> {
    let help = crate::common::run(&mut crate::common::oxftp(&["--help"])).stdout();
    let helps = verbs(&help)
        .into_iter()
        .map(|verb| crate::common::run(&mut crate::common::oxftp(&[verb.as_str(), "--help"])).stdout());
    helps.flat_map(|help| flags(&help)).collect()
}

/// Returns the verbs in the groups of the help.
fn verbs(help: &str) -> BTreeSet<String> {
    let groups = help.lines().take_while(|line| !line.starts_with("Options"));
    // Lines with more indentation continue a description.
    let named = groups.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    named.filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect()
}

/// Returns the long flags in a text, without their values.
fn flags(text: &str) -> Vec<String> {
    let words = text.split(|character: char| character.is_whitespace() || "[],;`'\"(".contains(character));
    let flags = words.filter(|word| word.starts_with("--") && word.len() > 3);
    let name = |word: &str| {
        word[2..].chars().take_while(|&letter| letter.is_ascii_lowercase() || letter == '-').collect()
    };
    flags.map(name).collect()
}

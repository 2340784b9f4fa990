//! The public API of the library: the committed list of its items, and an example for each method.
//!
//! The sources are read as text. In the library, `pub` is written only for what the crate exports. The list has no
//! implementations of traits; a change of one is seen in the diff of the source.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

#[test]
fn public_api_is_as_listed() {
    let api = public_api();
    let list = repository().join("crates/client/public-api.txt");
    if std::env::var_os("OXFTP_UPDATE_API").is_some() {
        fs::write(&list, &api).unwrap();
    }
    let listed = fs::read_to_string(&list).unwrap_or_default();

    let changed: Vec<_> = api
        .lines()
        .filter(|line| !listed.lines().any(|known| known == *line))
        .map(|line| format!("+ {line}"))
        .chain(
            listed
                .lines()
                .filter(|line| !api.lines().any(|new| new == *line))
                .map(|line| format!("- {line}")),
        )
        .collect();
    assert!(
        changed.is_empty(),
        "the public API has changed; if that is meant, run this test with OXFTP_UPDATE_API=1:\n{}",
        changed.join("\n")
    );
}

#[test]
fn every_public_method_has_an_example() {
    let mut without = Vec::new();
    for (file, source) in sources() {
        for item in items(&source).iter().filter(|item| is_method(&item.signature)) {
            if !item.doc.contains("```") {
                without.push(format!("{file}: {}", item.signature));
            }
        }
    }
    assert!(without.is_empty(), "methods without an example:\n{}", without.join("\n"));
}

/// `send.rs` asserts `Send`, `Sync`, `Unpin` and `'static`; it fails to compile where one of them is lost.
#[test]
fn every_public_future_and_type_is_asserted_send() {
    let asserted = fs::read_to_string(repository().join("crates/client/tests/it/send.rs")).unwrap();
    let is_asserted = |name: &str, before: &[&str], after: &[&str]| {
        asserted.match_indices(name).any(|(at, _)| {
            let (head, tail) = (&asserted[..at], &asserted[at + name.len()..]);
            before.iter().any(|end| head.ends_with(end)) && after.iter().any(|start| tail.starts_with(start))
        })
    };
    let mut missing = Vec::new();
    for (file, source) in sources() {
        for item in items(&source) {
            let signature = item.signature.strip_prefix("pub ").unwrap_or(&item.signature);
            let name = |rest: &str| {
                rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("").to_owned()
            };
            let is_missing = if let Some(rest) = signature.strip_prefix("async fn ") {
                !is_asserted(&name(rest), &[".", "::"], &["(", "::<"])
            } else if let Some(rest) = signature.strip_prefix("struct ").or(signature.strip_prefix("enum ")) {
                !is_asserted(&name(rest), &[" ", "::", "<"], &[",", "<", ">"])
            } else {
                false
            };
            if is_missing {
                missing.push(format!("{file}: {signature}"));
            }
        }
    }
    assert!(missing.is_empty(), "not in crates/client/tests/it/send.rs:\n{}", missing.join("\n"));
}

fn is_method(signature: &str) -> bool {
    let words = signature.strip_prefix("pub ").unwrap_or_default();
    let is_method = ["fn ", "async fn ", "const fn "].iter().any(|start| words.starts_with(start));
    // A method of the blocking API refers to the example of the asynchronous one.
    is_method && !signature.contains('$')
}

fn public_api() -> String {
    let mut list = BTreeMap::new();
    for (file, source) in sources() {
        for item in items(&source) {
            let within = if item.within.is_empty() { String::new() } else { format!("{} :: ", item.within) };
            let signature = item.signature.trim_end_matches(" $blocking");
            list.insert(format!("{file}: {within}{signature}"), ());
        }
    }
    list.into_keys().map(|line| line + "\n").collect()
}

/// An item that is written with `pub`.
struct Item {
    /// The `impl` that it is in, or the type of a field or a variant.
    within: String,
    signature: String,
    doc: String,
}

fn items(source: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let (mut within, mut doc, mut in_enum, mut in_rows) = (String::new(), String::new(), false, false);
    let mut is_listed_by_row = false;
    let mut lines = source.lines().peekable();
    while let Some(line) = lines.next() {
        let text = line.trim_start();
        if text.starts_with("#[cfg(test)]") || text.starts_with("mod tests") {
            break;
        }
        if text.starts_with("///") {
            doc.push_str(text);
            doc.push('\n');
            continue;
        }
        // A macro that gets the documentation of its methods from rows.
        is_listed_by_row |= text.starts_with("$(#[") && text.ends_with(")*");
        if text.starts_with("#[") || text.starts_with("$(#[") {
            continue;
        }
        if line.starts_with('}') {
            (within, in_enum) = (String::new(), false);
        }
        // Rows of which a macro makes methods.
        in_rows = (in_rows && text != "}")
            || ["choice_setters! {", "file_setters! {", "methods! {"].contains(&text);
        if in_rows && text.ends_with(';') {
            let signature = match text.contains('(') {
                true => format!("pub fn {text} $blocking"),
                false => format!("pub fn {text}"),
            };
            items.push(Item { within: within.clone(), signature, doc: std::mem::take(&mut doc) });
        }
        let is_start =
            line.starts_with("impl") || line.starts_with("macro_rules!") || line.starts_with("pub trait");
        let is_item = text.starts_with("pub ") && !text.starts_with("pub use");
        let is_variant =
            in_enum && line.starts_with("    ") && line.as_bytes().get(4).is_some_and(u8::is_ascii_uppercase);
        if is_start || is_item || is_variant {
            let signature = signature(line, &mut lines);
            if line.starts_with("pub enum") || line.starts_with("pub struct") || is_start {
                within = signature.strip_prefix("pub ").unwrap_or(&signature).to_owned();
                in_enum = line.starts_with("pub enum");
            }
            let is_row = std::mem::take(&mut is_listed_by_row) && !signature.contains('$');
            if (is_item || is_variant) && !is_row {
                let within = if line.starts_with(' ') { within.clone() } else { String::new() };
                items.push(Item { within, signature, doc: std::mem::take(&mut doc) });
            }
        }
        doc.clear();
    }
    items
}

/// Reads on to the end of a signature, and returns it on one line.
fn signature<'s>(first: &'s str, lines: &mut std::iter::Peekable<impl Iterator<Item = &'s str>>) -> String {
    let mut text = first.trim().to_owned();
    while !text.contains(['{', ';']) && !text.ends_with(',') && !text.ends_with(')')
        || text.ends_with('(')
        || text.matches('(').count() > text.matches(')').count()
    {
        let Some(next) = lines.next() else { break };
        text.push(' ');
        text.push_str(next.trim());
    }
    let end = text.find(['{', ';']).unwrap_or(text.len());
    let text = text[..end].trim().trim_end_matches(',');
    text.replace("( ", "(").replace(", )", ")")
}

/// Returns the sources of the library with their paths.
fn sources() -> Vec<(String, String)> {
    let root = repository().join("crates/client/src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let shown = |file: &Path| file.strip_prefix(&root).unwrap().display().to_string();
    files.iter().map(|file| (shown(file), fs::read_to_string(file).unwrap())).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            collect(&entry, files);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            files.push(entry);
        }
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

//! Trees of files with names that trip parsers, and comparing such trees.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::servers::ServerKind;

/// Names that are hard for clients, servers, listings, shells and globs; all are UTF-8.
pub fn hard_names() -> Vec<OsString> {
    HARD.iter().map(OsString::from).chain([OsString::from("n".repeat(200)), long_non_ascii()]).collect()
}

/// Names with bytes that are not UTF-8, one with the byte that telnet takes for a command.
pub fn non_utf8_names() -> Vec<OsString> {
    [b"latin \xe9".as_slice(), b"\x80\xa4", b"telnet \xff\xff byte"]
        .map(|name| OsStr::from_bytes(name).to_owned())
        .into()
}

/// What a tree is to hold.
#[derive(Debug, Clone)]
pub struct TreeOptions {
    /// How many files; a tenth of them are empty.
    pub files: usize,
    /// Names that are not UTF-8, too.
    pub non_utf8: bool,
    /// Only names that this server takes; see [`ServerKind::refuses_file`].
    pub fit_for: Option<ServerKind>,
}

impl TreeOptions {
    /// A tree of this many files, with all hard names that are UTF-8.
    pub fn new(files: usize) -> Self {
        Self { files, non_utf8: false, fit_for: None }
    }

    /// A tree of this many files, with all hard names that this server takes.
    pub fn fit_for(server: ServerKind, files: usize) -> Self {
        Self { files, non_utf8: true, fit_for: Some(server) }
    }

    fn names(&self) -> Vec<OsString> {
        let odd = if self.non_utf8 { non_utf8_names() } else { Vec::new() };
        hard_names().into_iter().chain(odd).collect()
    }

    fn takes_file(&self, name: &OsStr) -> bool {
        self.fit_for.is_none_or(|server| server.refuses_file(name).is_none())
    }

    fn takes_directory(&self, name: &OsStr) -> bool {
        self.fit_for.is_none_or(|server| server.refuses_directory(name).is_none())
    }
}

/// Makes a tree in `directory`, the same at every call: hard names for files and nested directories,
/// small contents that tell the file's path, empty files, an empty directory.
///
/// # Errors
///
/// What the file system says.
pub fn make_tree(directory: &Path, options: &TreeOptions) -> io::Result<()> {
    let names = options.names();
    let files: Vec<&OsString> = names.iter().filter(|name| options.takes_file(name)).collect();
    let folders = folders(&names, options);
    for folder in &folders {
        fs::create_dir_all(directory.join(folder))?;
    }
    fs::create_dir_all(directory.join("empty folder"))?;
    for index in 0..options.files {
        let folder = &folders[index % folders.len()];
        let path = folder.join(file_name(&files, index / folders.len()));
        fs::write(directory.join(&path), content(&path, index))?;
    }
    Ok(())
}

/// The top directory first, then one for each name, each third inside the one before.
///
/// They stand in directories of their own, so that none is in the way of a file.
fn folders(names: &[OsString], options: &TreeOptions) -> Vec<PathBuf> {
    let mut folders = vec![PathBuf::new()];
    for (index, name) in names.iter().filter(|name| options.takes_directory(name)).enumerate() {
        let parent = if index % 3 == 2 { folders[index].join("inside") } else { PathBuf::from("folders") };
        folders.push(parent.join(name));
    }
    folders
}

/// Hard names first, plain ones when those are used up.
fn file_name(names: &[&OsString], index: usize) -> OsString {
    match names.get(index) {
        Some(name) => (*name).clone(),
        None => OsString::from(format!("file {index}.txt")),
    }
}

fn content(path: &Path, index: usize) -> Vec<u8> {
    if index % 10 == 9 {
        return Vec::new();
    }
    let mut content = format!("{index}\r\n").into_bytes();
    content.extend(path.as_os_str().as_bytes().repeat(1 + index % 7));
    // Every byte value, so that a text mode or an encoding shows.
    content.extend(0..=255u8);
    content
}

fn long_non_ascii() -> OsString {
    // 66 letters of three bytes each, and two of one: 200 bytes.
    OsString::from("語".repeat(66) + "ab")
}

/// One thing in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A directory.
    Directory,
    /// A file with its bytes.
    File(Vec<u8>),
    /// A symbolic link with its target.
    Link(PathBuf),
}

impl std::fmt::Display for Entry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Directory => formatter.write_str("a directory"),
            Self::File(content) => write!(formatter, "a file of {} bytes", content.len()),
            Self::Link(target) => write!(formatter, "a link to {target:?}"),
        }
    }
}

/// Reads a whole tree: paths below `directory`, and what is there.
///
/// # Errors
///
/// What the file system says.
pub fn snapshot(directory: &Path) -> io::Result<BTreeMap<PathBuf, Entry>> {
    let mut entries = BTreeMap::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(folder) = waiting.pop() {
        for found in fs::read_dir(directory.join(&folder))? {
            let found = found?;
            let path = folder.join(found.file_name());
            let entry = read_entry(&found.path())?;
            if entry == Entry::Directory {
                waiting.push(path.clone());
            }
            entries.insert(path, entry);
        }
    }
    Ok(entries)
}

fn read_entry(path: &Path) -> io::Result<Entry> {
    let kind = path.symlink_metadata()?.file_type();
    Ok(match (kind.is_dir(), kind.is_symlink()) {
        (true, _) => Entry::Directory,
        (_, true) => Entry::Link(fs::read_link(path)?),
        _ => Entry::File(fs::read(path)?),
    })
}

/// Compares two trees byte for byte.
///
/// # Errors
///
/// A list of the differences, a line for each.
pub fn compare_trees(left: &Path, right: &Path) -> Result<(), String> {
    let read = |tree: &Path| snapshot(tree).map_err(|error| format!("{}: {error}", tree.display()));
    let (left_entries, right_entries) = (read(left)?, read(right)?);
    let mut differences = String::new();
    for (path, entry) in &left_entries {
        match right_entries.get(path) {
            Some(other) if other == entry => {}
            Some(other) => line(&mut differences, path, &difference(entry, other)),
            None => line(&mut differences, path, &format!("{entry} is only in {}", left.display())),
        }
    }
    for (path, entry) in right_entries.iter().filter(|(path, _)| !left_entries.contains_key(*path)) {
        line(&mut differences, path, &format!("{entry} is only in {}", right.display()));
    }
    if differences.is_empty() { Ok(()) } else { Err(differences) }
}

fn line(differences: &mut String, path: &Path, what: &str) {
    writeln!(differences, "{path:?}: {what}").expect("a string takes all");
}

fn difference(left: &Entry, right: &Entry) -> String {
    let (Entry::File(left_bytes), Entry::File(right_bytes)) = (left, right) else {
        return format!("{left} became {right}");
    };
    let same = left_bytes.iter().zip(right_bytes).take_while(|(left, right)| left == right).count();
    format!("{left} became {right}, different from byte {same} on")
}

const HARD: [&str; 34] = [
    " leading blank",
    "trailing blank ",
    "  two  blanks  inside  and  around  ",
    "-dash",
    "-la",
    "--help",
    "it's",
    "say \"hello\"",
    "a;b; type=dir; size=1;",
    "100%",
    "%41%2F",
    "#hash",
    "what?",
    "star*",
    "[bracket]",
    "{brace,other}",
    "back\\slash",
    "a -> b",
    "total 5",
    "...",
    "..hidden",
    ".dot",
    "~tilde",
    "tab\there",
    "caf\u{e9}",
    "cafe\u{301}",
    "日本語",
    "😀 grin",
    "Ünï",
    "226 Transfer complete.",
    "drwxr-xr-x 2 root root 4096 Jan  1 00:00 sub",
    "$HOME `id` & | < > ! ()",
    "C:",
    "CON",
];

#[cfg(test)]
mod tests {
    use tempfile::tempdir;

    use super::*;

    #[test]
    fn tree_is_deterministic() {
        let (left, right) = (tempdir().unwrap(), tempdir().unwrap());
        let options = TreeOptions { files: 300, non_utf8: true, fit_for: None };

        make_tree(left.path(), &options).unwrap();
        make_tree(right.path(), &options).unwrap();

        compare_trees(left.path(), right.path()).unwrap();
        let entries = snapshot(left.path()).unwrap();
        assert_eq!(entries.values().filter(|entry| matches!(entry, Entry::File(_))).count(), 300);
    }

    #[test]
    fn tree_contains_every_difficult_name() {
        let directory = tempdir().unwrap();

        make_tree(directory.path(), &TreeOptions::new(hard_names().len() * 40)).unwrap();

        for name in hard_names() {
            assert!(directory.path().join(&name).is_file(), "{name:?}");
        }
    }

    #[test]
    fn long_names_have_200_bytes() {
        assert_eq!(hard_names().iter().filter(|name| name.len() == 200).count(), 2);
    }

    #[test]
    fn every_difference_is_listed() {
        let (left, right) = (tempdir().unwrap(), tempdir().unwrap());
        fs::write(left.path().join("gone"), "1").unwrap();
        fs::write(left.path().join("changed"), "12").unwrap();
        fs::write(right.path().join("changed"), "1x").unwrap();
        fs::create_dir(right.path().join("new")).unwrap();

        let differences = compare_trees(left.path(), right.path()).unwrap_err();

        let lines: Vec<&str> = differences.lines().collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(
            lines[0],
            r#""changed": a file of 2 bytes became a file of 2 bytes, different from byte 1 on"#
        );
        assert!(lines[1].starts_with(r#""gone": a file of 1 bytes is only in"#));
        assert!(lines[2].starts_with(r#""new": a directory is only in"#));
    }
}

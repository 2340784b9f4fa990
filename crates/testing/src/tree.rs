//! File trees with names that are difficult for parsers, and the comparison of such trees.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::servers::ServerKind;

/// Returns names that are difficult for clients, servers, listings, shells and globs; all are UTF-8.
pub fn difficult_names() -> Vec<OsString> {
    DIFFICULT.iter().map(OsString::from).chain([OsString::from("n".repeat(200)), long_non_ascii()]).collect()
}

/// Returns names that are not UTF-8; one contains the byte 0xFF, which starts a telnet command.
pub fn non_utf8_names() -> Vec<OsString> {
    [b"latin \xe9".as_slice(), b"\x80\xa4", b"telnet \xff\xff byte"]
        .map(|name| OsStr::from_bytes(name).to_owned())
        .into()
}

/// The contents of a tree.
#[derive(Debug, Clone)]
pub struct TreeOptions {
    /// The number of files; a tenth of them are empty.
    pub files: usize,
    /// `true` to include names that are not UTF-8.
    pub non_utf8: bool,
    /// Restricts the names to those that this server accepts; see [`ServerKind::refuses_file`].
    pub fit_for: Option<ServerKind>,
}

impl TreeOptions {
    /// Creates options for this many files, with all difficult names that are UTF-8.
    pub fn new(files: usize) -> Self {
        Self { files, non_utf8: false, fit_for: None }
    }

    /// Creates options for this many files, with all difficult names that this server accepts.
    pub fn fit_for(server: ServerKind, files: usize) -> Self {
        Self { files, non_utf8: true, fit_for: Some(server) }
    }

    fn names(&self) -> Vec<OsString> {
        let odd = if self.non_utf8 { non_utf8_names() } else { Vec::new() };
        difficult_names().into_iter().chain(odd).collect()
    }

    fn accepts_file(&self, name: &OsStr) -> bool {
        self.fit_for.is_none_or(|server| server.refuses_file(name).is_none())
    }

    fn accepts_directory(&self, name: &OsStr) -> bool {
        self.fit_for.is_none_or(|server| server.refuses_directory(name).is_none())
    }
}

/// Creates a tree in `directory`; it is the same at every call.
///
/// It has difficult names for files and nested directories, small contents that include the path of the file, empty
/// files and an empty directory.
///
/// # Errors
///
/// Any error of the file system.
pub fn make_tree(directory: &Path, options: &TreeOptions) -> io::Result<()> {
    let names = options.names();
    let files: Vec<&OsString> = names.iter().filter(|name| options.accepts_file(name)).collect();
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

/// Returns the top directory first, then one per name, every third of them inside the previous one.
///
/// They are in separate directories, so none has the path of a file.
fn folders(names: &[OsString], options: &TreeOptions) -> Vec<PathBuf> {
    let mut folders = vec![PathBuf::new()];
    for (index, name) in names.iter().filter(|name| options.accepts_directory(name)).enumerate() {
        let parent = if index % 3 == 2 { folders[index].join("inside") } else { PathBuf::from("folders") };
        folders.push(parent.join(name));
    }
    folders
}

/// Returns the difficult names first, then plain ones.
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
    // Every byte value, to detect a text mode or a change of encoding.
    content.extend(0..=255u8);
    content
}

fn long_non_ascii() -> OsString {
    // 66 characters of three bytes each, and two of one byte: 200 bytes.
    OsString::from("語".repeat(66) + "ab")
}

/// One entry of a tree.
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

/// Reads a whole tree: the paths below `directory` and their entries.
///
/// # Errors
///
/// Any error of the file system.
pub fn snapshot(directory: &Path) -> io::Result<BTreeMap<PathBuf, Entry>> {
    let mut entries = BTreeMap::new();
    let mut pending = vec![PathBuf::new()];
    while let Some(folder) = pending.pop() {
        for found in fs::read_dir(directory.join(&folder))? {
            let found = found?;
            let path = folder.join(found.file_name());
            let entry = read_entry(&found.path())?;
            if entry == Entry::Directory {
                pending.push(path.clone());
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
/// A list of the differences, one line each.
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
    writeln!(differences, "{path:?}: {what}").expect("writing to a string cannot fail");
}

fn difference(left: &Entry, right: &Entry) -> String {
    let (Entry::File(left_bytes), Entry::File(right_bytes)) = (left, right) else {
        return format!("{left} became {right}");
    };
    let same = left_bytes.iter().zip(right_bytes).take_while(|(left, right)| left == right).count();
    format!("{left} became {right}, different from byte {same} on")
}

const DIFFICULT: [&str; 34] = [
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

        make_tree(directory.path(), &TreeOptions::new(difficult_names().len() * 40)).unwrap();

        for name in difficult_names() {
            assert!(directory.path().join(&name).is_file(), "{name:?}");
        }
    }

    #[test]
    fn long_names_have_200_bytes() {
        assert_eq!(difficult_names().iter().filter(|name| name.len() == 200).count(), 2);
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

//! Lines about the directories below the listed one: some servers list the whole tree, as `ls -R` does, or by paths.

use std::collections::HashSet;

use oxftp_proto::Entry;

use super::summary::hash;

/// Recognizes the lines of a listing that are not about the listed directory itself. Those directories are listed as well, so
/// nothing is lost without these lines.
#[derive(Debug, Default)]
pub(super) struct NestedLines {
    /// Hashes of the names of the directories that the listing has shown.
    directories: HashSet<u64>,
    /// The last line was empty.
    after_blank: bool,
    /// The lines since the heading of another directory are about that one.
    has_begun: bool,
}

impl NestedLines {
    /// Returns whether a line is part of the listing of a directory below, as in the output of `ls -R`: after an empty line and
    /// the path of a directory with a colon.
    pub(super) fn begins_at(&mut self, line: &[u8]) -> bool {
        let is_heading = self.after_blank && self.is_heading(line);
        self.has_begun |= is_heading;
        self.after_blank = line.is_empty();
        self.has_begun
    }

    /// Returns whether the line begins such a listing if it has the name of a directory that the listing has shown.
    pub(super) fn may_begin_at(&self, line: &[u8]) -> bool {
        self.after_blank && !self.has_begun && line.ends_with(b":")
    }

    fn is_heading(&self, line: &[u8]) -> bool {
        let name =
            line.strip_suffix(b":").and_then(|path| path.rsplit(|byte| matches!(byte, b'/' | b'\\')).next());
        name.is_some_and(|name| self.directories.contains(&hash(name)))
    }

    /// Returns whether an entry is in a directory that the listing of `path` has shown.
    pub(super) fn contains(&mut self, entry: &Entry, path: &[u8]) -> bool {
        let name = entry.name();
        if !name.contains(&b'/') {
            if entry.is_dir() {
                self.directories.insert(hash(name));
            }
            return false;
        }
        let name = name.strip_prefix(b"./").unwrap_or(name);
        let below = name.strip_prefix(path).filter(|_| !path.is_empty()).unwrap_or(name);
        let mut names = below.strip_prefix(b"/").unwrap_or(below).splitn(2, |byte| *byte == b'/');
        let (first, rest) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
        !rest.is_empty() && self.directories.contains(&hash(first))
    }
}

#[cfg(test)]
mod tests {
    use oxftp_proto::EntryKind;

    use super::*;

    fn entry(name: &str, kind: EntryKind) -> Entry {
        let mut entry = Entry::new(name);
        entry.kind = kind;
        entry
    }

    #[test]
    fn entry_below_listed_directory_is_nested() {
        let mut nested = NestedLines::default();
        for (name, kind, is_nested) in [
            ("sub/early", EntryKind::File, false),
            ("sub", EntryKind::Directory, false),
            ("sub/a", EntryKind::File, true),
            ("./sub/a", EntryKind::File, true),
            ("pub/sub/deep/a", EntryKind::File, true),
            ("other/a", EntryKind::File, false),
            ("/etc/a", EntryKind::File, false),
            ("sub/", EntryKind::Directory, false),
            ("a", EntryKind::File, false),
        ] {
            assert_eq!(nested.contains(&entry(name, kind), b"pub"), is_nested, "{name}");
        }
    }

    #[test]
    fn listing_of_tree_ends_at_first_heading() {
        let mut nested = NestedLines::default();
        for (line, is_nested) in [
            (".:", false),
            ("total 2", false),
            ("drwxr-xr-x 2 0 0 0 Jan 1 2020 sub", false),
            ("", false),
            ("note:", false),
            ("", false),
            ("./sub:", true),
            ("-rw-r--r-- 1 0 0 0 Jan 1 2020 a", true),
            ("", true),
        ] {
            assert_eq!(nested.begins_at(line.as_bytes()), is_nested, "{line}");
            nested.contains(&entry("sub", EntryKind::Directory), b"");
        }
    }
}

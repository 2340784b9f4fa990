//! Summary of a listing, and whether it is that of the requested directory.
//!
//! Some servers interpret the argument of `MLSD` and `LIST` as a pattern, as options, or as several names. Others
//! ignore it and list the working directory, or list nothing. All of them reply `226`.

use oxftp_proto::{Entry, EntryKind, RemotePath};

use crate::capabilities::listing::{LastListing, ListCommandCapabilities, NameFrame};

/// Kind of a path, by what servers may take it for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PathClass {
    /// Nothing but a path.
    Plain,
    /// Several names.
    Blank,
    /// A pattern, options, or a home directory.
    Special,
}

impl PathClass {
    pub(super) fn of(path: &RemotePath) -> Self {
        let bytes = path.as_bytes();
        if bytes.starts_with(b"-")
            || bytes.starts_with(b"~")
            || bytes.iter().any(|byte| SPECIAL.contains(byte))
        {
            Self::Special
        } else if bytes.contains(&b' ') || bytes.contains(&b'\t') {
            Self::Blank
        } else {
            Self::Plain
        }
    }
}

/// Properties of a listing, apart from the entries themselves.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ListingSummary {
    /// Number of entries, without the directory itself and its parent.
    pub(super) entries: u64,
    /// It shows the directory itself or its parent, as `.`, `..` or by the facts `cdir` and `pdir`.
    pub(super) shows_itself: bool,
    /// It shows a name that begins with a dot.
    pub(super) dot_names: bool,
    /// It shows the type of an entry.
    pub(super) kinds: bool,
    /// Number of entries whose names begin or end with a blank.
    blank_edges: u64,
    /// Number of entries whose names are between quotes.
    quoted: u64,
    /// Number of executable files.
    executables: u64,
    /// Number of executable files whose names end with an asterisk.
    marked: u64,
    /// It shows a directory with the name of the listed one, or of a directory above it.
    shows_own_path: bool,
    /// The first entry has the name of the listed directory.
    first: OwnName,
    /// Sum of the hashes of all names.
    pub(super) names: u64,
}

/// The kind of the entry that has the name of the listed directory, if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum OwnName {
    #[default]
    No,
    File,
    Directory,
}

/// The reason why a listing may not be that of the requested directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ambiguity {
    /// It is empty.
    Empty,
    /// Its only entry is a file with the name of the path: the path may be that file.
    File,
    /// Its only entry is a directory with the name of the path. vsftpd shows this with `LIST` for a directory that it may
    /// not open.
    Itself,
    /// It may be that of the first part of the path, up to a blank.
    Blank,
    /// It may be that of the working directory, or of a directory above.
    Foreign,
}

impl ListingSummary {
    /// Adds an entry of the listing of `path`, which is given in the form that was sent.
    pub(super) fn note(&mut self, entry: &Entry, path: &[u8]) {
        self.kinds |= entry.kind != EntryKind::Unknown;
        if is_self_or_parent(entry) {
            self.shows_itself = true;
            return;
        }
        let name = entry.name();
        self.entries += 1;
        self.blank_edges += u64::from(name.trim_ascii() != name);
        self.quoted += u64::from(entry.is_quoted());
        if entry.is_executable() {
            self.executables += 1;
            self.marked += u64::from(name.ends_with(b"*"));
        }
        self.names = self.names.wrapping_add(hash(name).rotate_left(u32::from(entry.is_dir())));
        self.dot_names |= name.starts_with(b".");
        self.shows_own_path |= entry.is_dir() && path.split(|byte| *byte == b'/').any(|part| part == name);
        if self.entries == 1 {
            self.first = own_name(entry, path);
        }
    }

    /// Returns what may surround the names: each is between quotes, or begins or ends with a blank, as if the column of names
    /// were padded; or those of executable files are marked.
    pub(super) fn name_frame(&self) -> NameFrame {
        match self.entries {
            0 => NameFrame::Nothing,
            entries if self.quoted == entries => NameFrame::Quotes,
            entries if self.blank_edges == entries => NameFrame::Blanks,
            _ if self.marked > 0 && self.marked == self.executables => NameFrame::Marks,
            _ => NameFrame::Nothing,
        }
    }

    /// Returns whether the entries so far may be no more than the path itself.
    pub(super) fn may_be_itself(&self) -> bool {
        self.entries == 1 && self.first != OwnName::No && !self.shows_itself
    }

    /// Returns why the listing of a path, at this depth of a tree, may be wrong.
    pub(super) fn ambiguity(
        &self,
        path: &RemotePath,
        depth: usize,
        known: &ListCommandCapabilities,
    ) -> Option<Ambiguity> {
        let class = PathClass::of(path);
        if self.entries == 0 {
            let is_known = match class {
                PathClass::Plain => self.shows_itself || known.is_empty_trusted,
                PathClass::Blank => self.shows_itself && known.honours_blanks == Some(true),
                PathClass::Special => false,
            };
            return (!is_known).then_some(Ambiguity::Empty);
        }
        match self.first {
            OwnName::File if self.may_be_itself() && depth == 0 => return Some(Ambiguity::File),
            OwnName::Directory if self.may_be_itself() && !known.shows_contents => {
                return Some(Ambiguity::Itself);
            }
            _ => {}
        }
        let is_foreign = || self.shows_own_path || self.repeats_directory_above(path, known);
        match class {
            PathClass::Blank if known.honours_blanks.is_none() => Some(Ambiguity::Blank),
            PathClass::Plain if !known.is_faithful && !is_here(path) && is_foreign() => {
                Some(Ambiguity::Foreign)
            }
            _ => None,
        }
    }

    /// Returns whether the previous listing was the same, and was that of the working directory or of a directory
    /// above the path.
    fn repeats_directory_above(&self, path: &RemotePath, known: &ListCommandCapabilities) -> bool {
        let bytes = path.as_bytes();
        let above = |end: usize| bytes.get(..end).unwrap_or_default();
        let slashes = (0..bytes.len()).filter(|at| bytes.get(*at) == Some(&b'/'));
        known.last.is_some_and(|last| {
            last.names == self.names
                && slashes.chain([0]).any(|end| hash_path(above(end)) == last.path)
                && last.path != hash_path(bytes)
        })
    }

    /// Returns whether this listing of a plain path shows that the server honours the path: it is not that of the
    /// working directory, which would show the first part of a relative path, and differs from the previous one.
    pub(super) fn proves_paths(&self, path: &RemotePath, known: &ListCommandCapabilities) -> bool {
        let differs = known
            .last
            .is_some_and(|last| last.names != self.names && last.path != hash_path(path.as_bytes()));
        let is_hidden = path.as_bytes().starts_with(b".");
        self.entries > 0 && !self.shows_own_path && (differs || !path.is_absolute() && !is_hidden)
    }

    /// Returns whether the listing may be that of any directory: the path is plain and begins at the root, and
    /// nothing has shown that the server honours such paths.
    pub(super) fn leaves_open(&self, path: &RemotePath, known: &ListCommandCapabilities) -> bool {
        PathClass::of(path) == PathClass::Plain
            && path.is_absolute()
            && self.entries > 0
            && !known.is_faithful
            && !self.proves_paths(path, known)
    }

    /// Returns the hashes of this listing.
    pub(super) fn listing_of(&self, path: &RemotePath) -> LastListing {
        LastListing { path: hash_path(path.as_bytes()), names: self.names }
    }
}

/// Returns whether an entry is the listed directory itself or its parent.
pub(super) fn is_self_or_parent(entry: &Entry) -> bool {
    matches!(entry.kind, EntryKind::CurrentDirectory | EntryKind::ParentDirectory)
        || entry.is_dir() && matches!(entry.name(), b"./" | b"../")
}

/// Hashes a name as FNV-1a does, but eight bytes at once: a listing may have millions of names. The server gains nothing
/// by a collision.
pub(super) fn hash(name: &[u8]) -> u64 {
    let mut hash = name.len() as u64;
    for chunk in name.chunks(8) {
        let mut word = [0; 8];
        word.iter_mut().zip(chunk).for_each(|(into, byte)| *into = *byte);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(FNV_PRIME).rotate_left(29);
    }
    hash.wrapping_mul(FNV_PRIME)
}

const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

fn hash_path(path: &[u8]) -> u64 {
    let mut path = path;
    while let [rest @ .., b'/'] = path {
        path = rest;
    }
    hash(path)
}

/// Returns whether a path is that of the working directory.
fn is_here(path: &RemotePath) -> bool {
    path.as_bytes().split(|byte| *byte == b'/').all(|part| matches!(part, b"." | b"")) && !path.is_absolute()
}

fn own_name(entry: &Entry, path: &[u8]) -> OwnName {
    let name = entry.name();
    let is_own = !path.is_empty()
        && (name == path || path.rsplit(|byte| *byte == b'/').find(|part| !part.is_empty()) == Some(name));
    match is_own {
        true if entry.is_file() => OwnName::File,
        true if entry.is_dir() => OwnName::Directory,
        _ => OwnName::No,
    }
}

/// Bytes of patterns, and the backslash that quotes them.
const SPECIAL: &[u8] = b"[]*?{}\\";

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(name: &str) -> Entry {
        let mut entry = Entry::new(name);
        entry.kind = EntryKind::Directory;
        entry
    }

    fn file(name: &str) -> Entry {
        let mut entry = Entry::new(name);
        entry.kind = EntryKind::File;
        entry
    }

    fn this_directory() -> Entry {
        let mut entry = Entry::new(".");
        entry.kind = EntryKind::CurrentDirectory;
        entry
    }

    fn summary(path: &str, entries: &[Entry]) -> ListingSummary {
        let mut summary = ListingSummary::default();
        entries.iter().for_each(|entry| summary.note(entry, path.as_bytes()));
        summary
    }

    fn ambiguity(path: &str, entries: &[Entry], known: &ListCommandCapabilities) -> Option<Ambiguity> {
        summary(path, entries).ambiguity(&path.into(), 0, known)
    }

    #[test]
    fn paths_are_classed_by_characters() {
        for (path, class) in [
            ("pub/a.b_c-d", PathClass::Plain),
            ("a/-b", PathClass::Plain),
            ("my dir", PathClass::Blank),
            ("-a", PathClass::Special),
            ("~ann", PathClass::Special),
            ("[one]", PathClass::Special),
            ("a/what?", PathClass::Special),
            ("a b/*", PathClass::Special),
        ] {
            assert_eq!(PathClass::of(&path.into()), class, "{path}");
        }
    }

    #[test]
    fn empty_listing_is_doubted_unless_proven() {
        let mut known = ListCommandCapabilities::default();
        let (empty, opened) = (&[][..], &[this_directory()][..]);
        for path in ["d", "my dir", "[d]"] {
            assert_eq!(ambiguity(path, empty, &known), Some(Ambiguity::Empty), "{path}");
        }
        assert_eq!(ambiguity("d", opened, &known), None);
        assert_eq!(ambiguity("my dir", opened, &known), Some(Ambiguity::Empty));

        known.is_empty_trusted = true;
        known.honours_blanks = Some(true);
        assert_eq!(ambiguity("d", empty, &known), None);
        assert_eq!(ambiguity("my dir", opened, &known), None);
        assert_eq!(ambiguity("my dir", empty, &known), Some(Ambiguity::Empty));
        assert_eq!(ambiguity("[d]", opened, &known), Some(Ambiguity::Empty));
    }

    #[test]
    fn directory_with_only_itself_is_doubted() {
        let mut known = ListCommandCapabilities { is_faithful: true, ..ListCommandCapabilities::default() };
        assert_eq!(ambiguity("a/locked", &[directory("locked")], &known), Some(Ambiguity::Itself));
        assert_eq!(ambiguity("a/locked/", &[directory("locked")], &known), Some(Ambiguity::Itself));
        assert_eq!(ambiguity("a/locked", &[directory("a/locked")], &known), Some(Ambiguity::Itself));
        assert_eq!(ambiguity("x", &[file("x")], &known), Some(Ambiguity::File));
        assert_eq!(summary("x", &[file("x")]).ambiguity(&"x".into(), 1, &known), None);
        assert_eq!(ambiguity("locked", &[this_directory(), directory("locked")], &known), None);
        assert_eq!(ambiguity("locked", &[directory("locked"), file("b")], &known), None);

        known.shows_contents = true;
        assert_eq!(ambiguity("a/locked", &[directory("locked")], &known), None);
    }

    #[test]
    fn listing_that_shows_its_own_path_is_doubted() {
        let mut known = ListCommandCapabilities::default();
        let entries = [file("x"), directory("Reports")];
        assert_eq!(ambiguity("Reports", &entries, &known), Some(Ambiguity::Foreign));
        assert_eq!(ambiguity("Reports/2024", &entries, &known), Some(Ambiguity::Foreign));
        assert_eq!(ambiguity("other", &entries, &known), None);

        known.is_faithful = true;
        assert_eq!(ambiguity("Reports", &entries, &known), None);
    }

    #[test]
    fn listing_of_directory_above_is_doubted() {
        let entries = [file("x"), directory("y")];
        let after = |path: &str| ListCommandCapabilities {
            last: Some(summary(path, &entries).listing_of(&path.into())),
            ..ListCommandCapabilities::default()
        };
        for (path, last, expected) in [
            ("b", "", Some(Ambiguity::Foreign)),
            ("a/b", "a", Some(Ambiguity::Foreign)),
            ("/a/b/c", "/a/", Some(Ambiguity::Foreign)),
            ("b", "a", None),
            ("a", "a/b", None),
            (".", "", None),
        ] {
            assert_eq!(ambiguity(path, &entries, &after(last)), expected, "{path} after {last}");
            assert_eq!(ambiguity(path, &entries[1..], &after(last)), None, "{path} after {last}");
        }
    }

    #[test]
    fn paths_are_honoured_if_listings_differ() {
        let entries = [file("x"), directory("y")];
        let after_root = ListCommandCapabilities {
            last: Some(summary("", &entries).listing_of(&"".into())),
            ..ListCommandCapabilities::default()
        };
        let unknown = ListCommandCapabilities::default();
        let proves = |path: &str, known| summary(path, &entries[1..]).proves_paths(&path.into(), known);
        assert!(proves("/b", &after_root) && proves("b", &unknown));
        assert!(!proves("/b", &unknown) && !proves("y", &after_root));
    }
}

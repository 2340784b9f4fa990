//! Listing entry: one parsed line of a listing.

use std::borrow::Cow;

use crate::Timestamp;

/// One file, directory or link of a listing.
///
/// Only fields that the server sent are set; a parser never invents a size or a time. The texts are slices of
/// [`Entry::raw`], so that an entry needs one allocation, and a listing of millions of entries little more
/// memory than its lines.
#[derive(Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Entry {
    /// File, directory, link or something else.
    pub kind: EntryKind,
    /// Size in bytes; see also [`Entry::exact_size`].
    pub size: Option<u64>,
    /// Time of the last change of the content.
    pub modified: Option<Timestamp>,
    /// Unix permission bits, `0o000` to `0o7777`.
    pub mode: Option<u32>,
    /// Number of hard links.
    pub links: Option<u32>,
    /// The line, followed by texts that are not part of it.
    bytes: Box<[u8]>,
    line_end: u32,
    name: Span,
    link_target: Span,
    owner: Span,
    group: Span,
    rounded: bool,
    /// The name ends in a version of OpenVMS.
    has_version: bool,
    /// The text before the name consists of facts.
    has_facts: bool,
}

impl Entry {
    /// Creates an entry from a name, for custom parsers. The other fields are set afterwards.
    ///
    /// ```
    /// use oxftp_proto::{Entry, EntryKind};
    ///
    /// let mut entry = Entry::new("readme").with_owner("ann");
    /// entry.kind = EntryKind::File;
    /// assert_eq!(entry.name(), b"readme");
    /// assert_eq!(entry.owner().as_deref(), Some("ann"));
    /// ```
    #[must_use]
    pub fn new(name: impl AsRef<[u8]>) -> Self {
        let mut entry = Self::default();
        entry.name = entry.keep(name.as_ref());
        entry
    }

    /// Stores the line that the entry was parsed from, see [`Entry::raw`].
    #[must_use]
    pub fn with_raw(self, line: &[u8]) -> Self {
        let [name, target, owner, group] =
            [Some(self.name()), self.link_target(), self.text(self.owner), self.text(self.group)];
        let columns = Columns {
            name: name.unwrap_or_default(),
            name_type: None,
            link_target: target,
            owner,
            group,
            kind: self.kind,
            size: self.size,
            modified: self.modified,
            mode: self.mode,
            links: self.links,
            facts: b"",
            rounded: self.rounded,
            has_version: self.has_version,
        };
        Self::of_line(line, &columns)
    }

    /// Sets the owner, a name or a number.
    #[must_use]
    pub fn with_owner(mut self, owner: impl AsRef<str>) -> Self {
        self.owner = self.keep(owner.as_ref().as_bytes());
        self
    }

    /// Sets the group, a name or a number.
    #[must_use]
    pub fn with_group(mut self, group: impl AsRef<str>) -> Self {
        self.group = self.keep(group.as_ref().as_bytes());
        self
    }

    /// Sets the target of a symbolic link.
    #[must_use]
    pub fn with_link_target(mut self, target: impl AsRef<[u8]>) -> Self {
        self.link_target = self.keep(target.as_ref());
        self
    }

    /// Returns the name as the server spells it: bytes, including blanks. For `MLST` it is a whole path.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        self.text(self.name).unwrap_or_default()
    }

    /// Removes the path of the listed directory from the name, as some servers show it, and returns whether there was one:
    /// `pub/a.txt` in the listing of `pub` becomes `a.txt`, and so do `./a.txt` and `/home/ann/pub/a.txt`.
    pub fn drop_directory(&mut self, directory: &[u8]) -> bool {
        let directory = directory.strip_suffix(b"/").unwrap_or(directory);
        let name = self.name().strip_prefix(b"./").unwrap_or(self.name());
        let in_directory = name.strip_prefix(directory).and_then(|rest| rest.strip_prefix(b"/"));
        let below = in_directory.or_else(|| self.name().strip_prefix(b"./"));
        let below = below.or_else(|| below_absolute(name, directory));
        let Some(name) = below.filter(|name| !name.is_empty() && !name.contains(&b'/')) else { return false };
        let skipped = length(self.name()) - length(name);
        self.name = Span { start: self.name.start + skipped, length: self.name.length - skipped };
        true
    }

    /// Removes the version of OpenVMS from the name, and returns whether there was one: `A.TXT;2` becomes `A.TXT`.
    ///
    /// Commands without a version are about the newest one.
    pub fn drop_version(&mut self) -> bool {
        if !std::mem::take(&mut self.has_version) {
            return false;
        }
        let Some(bare) = memchr::memrchr(b';', self.name()).and_then(|at| self.name().get(..at)) else {
            return false;
        };
        if !bare.is_empty() {
            self.name.length = length(bare);
        }
        true
    }

    /// Removes blanks at both ends of the name, with which some servers pad their columns, and returns whether there were
    /// some. A name of blanks alone is kept.
    pub fn trim_name(&mut self) -> bool {
        let name = self.name();
        let trimmed = name.trim_ascii();
        let skipped = length(name) - length(name.trim_ascii_start());
        let kept = length(trimmed);
        if trimmed.is_empty() || kept == self.name.length {
            return false;
        }
        self.name = Span { start: self.name.start + skipped, length: kept };
        true
    }

    /// Removes the quotes around the name, and returns whether there were some: `"a.txt"` becomes `a.txt`.
    pub fn unquote_name(&mut self) -> bool {
        let is_quoted = has_quotes(self.name());
        if is_quoted {
            self.name = Span { start: self.name.start + 1, length: self.name.length - 2 };
        }
        is_quoted
    }

    /// Removes the asterisk with which `ls -F` marks an executable file, and returns whether there was one.
    pub fn drop_mark(&mut self) -> bool {
        let is_marked = self.is_executable() && self.name().len() > 1 && self.name().ends_with(b"*");
        if is_marked {
            self.name.length -= 1;
        }
        is_marked
    }

    /// Returns whether it is a file with a permission to execute it.
    #[must_use]
    pub fn is_executable(&self) -> bool {
        self.is_file() && self.mode.is_some_and(|mode| mode & 0o111 != 0)
    }

    /// Returns whether the name is between quotes.
    #[must_use]
    pub fn is_quoted(&self) -> bool {
        has_quotes(self.name())
    }

    /// Returns the size if it is exact to the byte.
    ///
    /// Some formats show blocks (VMS), records (z/VM) or sizes such as `33.5k`. A transfer cannot be compared
    /// with those.
    #[must_use]
    pub fn exact_size(&self) -> Option<u64> {
        self.size.filter(|_| !self.rounded)
    }

    /// Returns the owner, a name or a number; invalid UTF-8 becomes U+FFFD.
    #[must_use]
    pub fn owner(&self) -> Option<Cow<'_, str>> {
        self.text(self.owner).map(String::from_utf8_lossy)
    }

    /// Returns the group, a name or a number; invalid UTF-8 becomes U+FFFD.
    #[must_use]
    pub fn group(&self) -> Option<Cow<'_, str>> {
        self.text(self.group).map(String::from_utf8_lossy)
    }

    /// Returns the target of a symbolic link, as the server spells it.
    #[must_use]
    pub fn link_target(&self) -> Option<&[u8]> {
        self.text(self.link_target)
    }

    /// Returns the facts of an `MLSD` or `MLST` line; other formats have none.
    #[must_use]
    pub fn facts(&self) -> Facts<'_> {
        let end = if self.has_facts { self.name.start.saturating_sub(1) } else { 0 };
        Facts { text: self.bytes.get(..end as usize).unwrap_or_default() }
    }

    /// Returns the line without its line ending.
    ///
    /// If the server split the entry over two lines, they are joined by a blank.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        self.bytes.get(..self.line_end as usize).unwrap_or_default()
    }

    /// Returns whether this is a regular file.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.kind == EntryKind::File
    }

    /// Returns whether this is a directory (or the listed directory itself, or its parent).
    #[must_use]
    pub fn is_dir(&self) -> bool {
        matches!(self.kind, EntryKind::Directory | EntryKind::CurrentDirectory | EntryKind::ParentDirectory)
    }

    /// Returns whether this is a symbolic link.
    #[must_use]
    pub fn is_link(&self) -> bool {
        self.kind == EntryKind::Link
    }

    /// Creates an entry from parsed columns, which are slices of the line or separate texts.
    pub(crate) fn of_line(line: &[u8], columns: &Columns<'_>) -> Self {
        let mut entry = Self {
            kind: columns.kind,
            size: columns.size,
            modified: columns.modified,
            mode: columns.mode,
            links: columns.links,
            bytes: line.into(),
            line_end: length(line),
            has_facts: !columns.facts.is_empty(),
            rounded: columns.rounded,
            has_version: columns.has_version,
            ..Self::default()
        };
        entry.name = match columns.name_type {
            Some(name_type) => entry.keep(&[columns.name, b".", name_type].concat()),
            None => entry.locate(line, columns.name),
        };
        entry.link_target = entry.locate_some(line, columns.link_target);
        if columns.name.first() == Some(&ESCAPE) && columns.facts.is_empty() {
            entry.drop_colors();
        }
        entry.owner = entry.locate_some(line, columns.owner);
        entry.group = entry.locate_some(line, columns.group);
        entry
    }

    /// Drops the colors of a terminal, which `ls --color` shows around names.
    fn drop_colors(&mut self) {
        let name = without_colors(self.name());
        let target = self.link_target().map(without_colors);
        self.name = self.keep(&name);
        self.link_target = target.map_or(Span::NONE, |target| self.keep(&target));
    }

    fn locate_some(&mut self, line: &[u8], text: Option<&[u8]>) -> Span {
        text.map_or(Span::NONE, |text| self.locate(line, text))
    }

    /// Returns the position of a slice in the line, or stores the text if it is not part of the line.
    fn locate(&mut self, line: &[u8], text: &[u8]) -> Span {
        let start = (text.as_ptr() as usize).wrapping_sub(line.as_ptr() as usize);
        match start.checked_add(text.len()).filter(|&end| end <= line.len()) {
            Some(_) => Span { start: start as u32, length: length(text) },
            None => self.keep(text),
        }
    }

    /// Appends a text after the line.
    fn keep(&mut self, text: &[u8]) -> Span {
        let span = Span { start: length(&self.bytes), length: length(text) };
        self.bytes = [&self.bytes, text].concat().into();
        span
    }

    fn text(&self, Span { start, length }: Span) -> Option<&[u8]> {
        let (start, length) = (start as usize, length as usize);
        self.bytes.get(start..start.checked_add(length)?)
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry")
            .field("name", &format_args!("\"{}\"", self.name().escape_ascii()))
            .field("kind", &self.kind)
            .field("size", &self.size)
            .field("modified", &self.modified.map(|time| time.to_string()))
            .field("mode", &self.mode)
            .field("links", &self.links)
            .field("owner", &self.owner())
            .field("group", &self.group())
            .field("link_target", &self.link_target().map(|target| target.escape_ascii().to_string()))
            .finish_non_exhaustive()
    }
}

/// Position of a text in the bytes of an entry, if present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    start: u32,
    length: u32,
}

impl Span {
    /// No entry has so many bytes.
    const NONE: Self = Self { start: u32::MAX, length: u32::MAX };
}

impl Default for Span {
    fn default() -> Self {
        Self::NONE
    }
}

/// Returns a text without the sequences that set the color of a terminal (`ESC [ … m`) or clear a line (`ESC [ … K`).
fn without_colors(text: &[u8]) -> Vec<u8> {
    let mut parts = text.split(|byte| *byte == ESCAPE);
    let mut plain = parts.next().unwrap_or_default().to_vec();
    for part in parts {
        let end = part
            .strip_prefix(b"[")
            .and_then(|sequence| sequence.iter().position(|byte| !byte.is_ascii_digit() && *byte != b';'));
        match end.and_then(|end| part.get(end + 1..)).and_then(<[u8]>::split_first) {
            Some((b'm' | b'K', rest)) => plain.extend_from_slice(rest),
            _ => {
                plain.push(ESCAPE);
                plain.extend_from_slice(part);
            }
        }
    }
    plain
}

const ESCAPE: u8 = 0x1b;

/// No line is longer than [`Limits::listing_line`](crate::Limits::listing_line), which is far below 4 GiB.
fn length(text: &[u8]) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}

/// Columns of a line, borrowed from it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Columns<'l> {
    pub(crate) name: &'l [u8],
    /// The part of the name after a dot, if the line has it in a separate column.
    pub(crate) name_type: Option<&'l [u8]>,
    pub(crate) kind: EntryKind,
    pub(crate) size: Option<u64>,
    pub(crate) modified: Option<Timestamp>,
    pub(crate) mode: Option<u32>,
    pub(crate) owner: Option<&'l [u8]>,
    pub(crate) group: Option<&'l [u8]>,
    pub(crate) links: Option<u32>,
    pub(crate) link_target: Option<&'l [u8]>,
    /// The facts at the start of the line, up to the blank before the name.
    pub(crate) facts: &'l [u8],
    /// The size is not exact to the byte.
    pub(crate) rounded: bool,
    /// The name ends in a version of OpenVMS.
    pub(crate) has_version: bool,
}

/// Kind of an [`Entry`]. `Display` writes [`as_str`](Self::as_str).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[non_exhaustive]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// The listed directory itself (`type=cdir`, or the name `.`).
    CurrentDirectory,
    /// The parent of the listed directory (`type=pdir`, or the name `..`).
    ParentDirectory,
    /// A symbolic link; listings do not show the kind of its target.
    Link,
    /// A device, socket, pipe or similar.
    Special,
    /// The listing does not show the kind.
    #[default]
    Unknown,
}

impl EntryKind {
    /// Returns the kind as one word: `file`, `dir`, `link`, `special` or `unknown`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Directory | Self::CurrentDirectory | Self::ParentDirectory => "dir",
            Self::Link => "link",
            Self::Special => "special",
            Self::Unknown => "unknown",
        }
    }
}

impl std::fmt::Display for EntryKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// The facts of an `MLSD` or `MLST` line, in order (RFC 3659, 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts<'e> {
    /// The facts as sent, `name=value;` repeated.
    text: &'e [u8],
}

impl<'e> Facts<'e> {
    /// Returns the value of a fact; the case of the name is ignored.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cow<'e, str>> {
        self.iter().find(|(fact, _)| fact.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Iterates over all facts as `(name, value)`, with names as the server spells them; invalid UTF-8
    /// becomes U+FFFD.
    pub fn iter(&self) -> impl Iterator<Item = (Cow<'e, str>, Cow<'e, str>)> + use<'e> {
        let facts = self.text.split(|&byte| byte == b';');
        facts.filter_map(|fact| {
            let equals = memchr::memchr(b'=', fact)?;
            let text = |part: &'e [u8]| String::from_utf8_lossy(part);
            // Some servers indent the line.
            Some((text(fact.get(..equals)?.trim_ascii_start()), text(fact.get(equals + 1..)?)))
        })
    }

    /// Returns the number of facts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Returns whether there are no facts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

fn has_quotes(name: &[u8]) -> bool {
    matches!(name, [b'"', _, .., b'"'] | [b'\'', _, .., b'\''] | [b'`', _, .., b'`' | b'\''])
}

/// Returns the rest of a path from the root, below the directory that is listed by a relative path.
fn below_absolute<'n>(name: &'n [u8], directory: &[u8]) -> Option<&'n [u8]> {
    let at = memchr::memrchr(b'/', name).filter(|_| name.starts_with(b"/") && !directory.is_empty())?;
    name.get(..at)?.strip_suffix(directory)?.strip_suffix(b"/")?;
    name.get(at + 1..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_of_name_is_trimmed() {
        for (name, expected) in [(" a", "a"), ("a b  ", "a b"), ("  ", "  "), ("a", "a")] {
            let mut entry = Entry::new(name);
            assert_eq!(entry.trim_name(), name != expected, "{name:?}");
            assert_eq!(entry.name(), expected.as_bytes(), "{name:?}");
        }
    }

    #[test]
    fn quotes_around_name_are_dropped() {
        for (name, expected) in [
            ("\"a b\"", "a b"),
            ("'a'", "a"),
            ("`a'", "a"),
            ("\"\"", "\"\""),
            ("\"a'", "\"a'"),
            ("a", "a"),
            ("'", "'"),
        ] {
            let mut entry = Entry::new(name);
            assert_eq!(entry.unquote_name(), name != expected, "{name:?}");
            assert_eq!(entry.name(), expected.as_bytes(), "{name:?}");
        }
    }

    #[test]
    fn mark_of_executable_file_is_dropped() {
        for (name, mode, expected) in
            [("run*", 0o755, "run"), ("run*", 0o644, "run*"), ("run", 0o755, "run"), ("*", 0o755, "*")]
        {
            let mut entry = Entry::new(name);
            (entry.kind, entry.mode) = (EntryKind::File, Some(mode));
            assert_eq!(entry.drop_mark(), name != expected, "{name} {mode:o}");
            assert_eq!(entry.name(), expected.as_bytes(), "{name} {mode:o}");
        }
    }

    #[test]
    fn directory_is_dropped_from_listed_name() {
        for (name, directory, expected) in [
            ("pub/a", "pub", "a"),
            ("/pub/a", "/pub/", "a"),
            ("/a", "/", "a"),
            ("pub/a", "pu", "pub/a"),
            ("pub/a/b", "pub", "pub/a/b"),
            ("pub/", "pub", "pub/"),
            ("pub/..", "pub", ".."),
            ("./a", "pub", "a"),
            ("./pub/a", "pub", "a"),
            ("./a/b", "pub", "./a/b"),
            ("/pub/a", "pub", "a"),
            ("/home/ann/pub/a", "pub", "a"),
            ("/home/ann/pub/", "pub", "/home/ann/pub/"),
            ("/home/ann/mypub/a", "pub", "/home/ann/mypub/a"),
            ("/home/ann/pub", "pub", "/home/ann/pub"),
        ] {
            let mut entry = Entry::new(name);
            assert_eq!(entry.drop_directory(directory.as_bytes()), name != expected, "{name}");
            assert_eq!(entry.name(), expected.as_bytes());
        }
    }

    #[test]
    fn version_is_dropped_from_the_name_once() {
        let columns = Columns { name: b"A;B.TXT;12", has_version: true, ..Columns::default() };
        let mut entry = Entry::of_line(b"A;B.TXT;12 1/4", &columns);

        assert!(entry.drop_version() && !entry.drop_version());
        assert_eq!((entry.name(), entry.raw()), (&b"A;B.TXT"[..], &b"A;B.TXT;12 1/4"[..]));
    }

    #[test]
    fn colors_around_names_are_dropped() {
        for (name, plain) in [
            ("\x1b[0m\x1b[01;34mpub\x1b[0m", "pub"),
            ("\x1b[0ma b\x1b[0m\x1b[K", "a b"),
            ("a\x1b[0mb", "a\x1b[0mb"),
            ("\x1b[2Ja", "\x1b[2Ja"),
            ("\x1b", "\x1b"),
            ("\x1b[01", "\x1b[01"),
        ] {
            let (line, link_target) = (name.as_bytes(), Some(&b"\x1b[01;36mt\x1b[0m"[..]));
            let entry = Entry::of_line(line, &Columns { name: line, link_target, ..Columns::default() });
            assert_eq!(entry.name(), plain.as_bytes(), "{name:?}");
            assert_eq!(entry.raw(), line);
            let target = if line.starts_with(b"\x1b") { "t" } else { "\x1b[01;36mt\x1b[0m" };
            assert_eq!(entry.link_target(), Some(target.as_bytes()), "{name:?}");
        }
    }

    #[test]
    fn entry_of_custom_parser_keeps_every_field() {
        let entry =
            Entry::new("a b").with_link_target("t").with_owner("o").with_group("g").with_raw(b"* a b o");

        assert_eq!((entry.name(), entry.link_target()), (&b"a b"[..], Some(&b"t"[..])));
        assert_eq!((entry.owner().as_deref(), entry.group().as_deref()), (Some("o"), Some("g")));
        assert_eq!(entry.raw(), b"* a b o");
    }

    #[test]
    fn an_entry_is_small() {
        assert!(size_of::<Entry>() <= 112, "{} bytes", size_of::<Entry>());
    }
}

//! Columns between mode and date: link count, owner, group and size, or some of them.

use super::size;
use crate::{EntryKind, listing::fields::text};

/// The columns between mode and date.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Middle<'l> {
    pub(super) links: Option<u32>,
    pub(super) owner: Option<&'l [u8]>,
    pub(super) group: Option<&'l [u8]>,
    pub(super) size: Option<u64>,
    /// The size has a unit, as in `33.5k`.
    pub(super) rounded: bool,
}

impl<'l> Middle<'l> {
    pub(super) fn read(columns: &'l [u8], kind: EntryKind) -> Self {
        let last = text::last_word(columns).1;
        let rounded = last.iter().any(u8::is_ascii_alphabetic) && !last.starts_with(b"0x");
        let (columns, size) = size::trailing(columns, kind);
        let (links, owners) = leading_links(columns);
        let (owner, group) = split_owners(owners);
        let middle = Self { links, owner, group: group.and_then(without_label), size, rounded };
        match (group, size) {
            (None, _) => middle.unless_mac(kind),
            (Some(_), None) => middle.unless_glued(),
            _ => middle,
        }
    }

    /// Removes columns of NetPresenz, Rumpus and Peter's server for the Mac that are neither link count nor
    /// owner: for a file the sizes of its two forks before their sum, for a directory the word `folder`.
    fn unless_mac(self, kind: EntryKind) -> Self {
        let is_sum = |resource: u32, data: u64| Some(data.saturating_add(resource.into())) == self.size;
        let is_mac = match (kind, self.links, self.owner) {
            (EntryKind::Directory, None, Some(b"folder")) => true,
            // With one link and the owner 0, a size of 1 is a sum too.
            (EntryKind::File, Some(links), Some(owner)) if links != 1 => {
                text::number(owner).is_some_and(|data| is_sum(links, data))
            }
            _ => false,
        };
        if is_mac { Self { size: self.size, ..Self::default() } } else { self }
    }

    /// Splits a size from a group that is so long that no blank separates them.
    fn unless_glued(self) -> Self {
        match self.group.zip(self.links).and_then(|(group, _)| glued_size(group)) {
            Some((group, size)) => Self { group: Some(group), size: Some(size), rounded: false, ..self },
            None => self,
        }
    }
}

/// Takes the link count off the front. If it is missing and the owner is a number, that number is taken for
/// the link count: a line does not show the difference.
fn leading_links(columns: &[u8]) -> (Option<u32>, &[u8]) {
    let columns = text::skip_blanks(columns);
    let (links, rest) = text::word(columns);
    match text::number(links).and_then(|links| links.try_into().ok()) {
        Some(links) => (Some(links), rest),
        None => (None, columns.strip_prefix(b"? ").unwrap_or(columns)),
    }
}

/// Splits owner and group at the padding of the columns, else after the first word: names from Windows
/// domains contain blanks.
fn split_owners(text: &[u8]) -> (Option<&[u8]>, Option<&[u8]>) {
    let text = text::trim_end(text::skip_blanks(text));
    let gap = text.windows(2).position(|pair| pair == b"  ");
    let (owner, group) = gap.and_then(|gap| text.split_at_checked(gap)).unwrap_or_else(|| text::word(text));
    (filled(owner), filled(text::skip_blanks(group)))
}

/// Removes the label of SELinux, `user_u:object_r:tmp_t:s0`, which `ls -lZ` prints after the group. It prints
/// `?` for a file without a label.
fn without_label(group: &[u8]) -> Option<&[u8]> {
    let (before, last) = text::last_word(group);
    let has_label = is_label(last) || last == b"?";
    filled(if has_label { text::trim_end(before) } else { group })
}

pub(super) fn is_label(word: &[u8]) -> bool {
    memchr::memchr_iter(b':', word).count() >= 2
}

/// Removes the digits at the end of a name.
fn glued_size(group: &[u8]) -> Option<(&[u8], u64)> {
    let letters = group.iter().rposition(|byte| !byte.is_ascii_digit())?;
    let (name, size) = group.split_at_checked(letters + 1)?;
    let is_name = |byte: &&u8| matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'_' | b')' | 0x80..);
    name.last().filter(is_name)?;
    Some((name, text::number(size)?))
}

fn filled(name: &[u8]) -> Option<&[u8]> {
    (!name.is_empty() && name != b"?").then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(columns: &str) -> (Option<u32>, Option<String>, Option<String>, Option<u64>) {
        read_of(columns, EntryKind::File)
    }

    fn read_of(columns: &str, kind: EntryKind) -> (Option<u32>, Option<String>, Option<String>, Option<u64>) {
        let text = |name: Option<&[u8]>| name.map(|name| String::from_utf8_lossy(name).into_owned());
        let middle = Middle::read(columns.as_bytes(), kind);
        (middle.links, text(middle.owner), text(middle.group), middle.size)
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn columns_may_be_missing_or_hold_blanks() {
        assert_eq!(read(" 77 "), (None, None, None, Some(77)));
        assert_eq!(read(" 1 77 "), (Some(1), None, None, Some(77)));
        assert_eq!(read(" ann 77 "), (None, some("ann"), None, Some(77)));
        assert_eq!(read(" 1 ann 77 "), (Some(1), some("ann"), None, Some(77)));
        assert_eq!(read(" 1 1000 100 77 "), (Some(1), some("1000"), some("100"), Some(77)));
        assert_eq!(read(" 1 ann Domain Users 77 "), (Some(1), some("ann"), some("Domain Users"), Some(77)));
        assert_eq!(
            read(" 1 Ann Lee   Domain Users 77 "),
            (Some(1), some("Ann Lee"), some("Domain Users"), Some(77))
        );
        assert_eq!(read(" 2 (?) (?) 77 "), (Some(2), some("(?)"), some("(?)"), Some(77)));
        assert_eq!(read(" 0 ? ? 77 "), (Some(0), None, None, Some(77)));
        assert_eq!(read(""), (None, None, None, None));
    }

    #[test]
    fn a_long_group_may_touch_the_size() {
        assert_eq!(
            read(" 1 web      longish-name40960 "),
            (Some(1), some("web"), some("longish-name"), Some(40_960))
        );
        assert_eq!(read(" 1 user77 "), (Some(1), some("user77"), None, None));
        assert_eq!(read(" 1 web ftp 1.5 "), (Some(1), some("web"), some("ftp 1.5"), None));
    }

    #[test]
    fn a_label_is_neither_owner_nor_group() {
        let columns = " 1 ann staff unconfined_u:object_r:tmp_t:s0 77 ";
        assert_eq!(read(columns), (Some(1), some("ann"), some("staff"), Some(77)));
        assert_eq!(read(" 1 ann staff ? 77 "), (Some(1), some("ann"), some("staff"), Some(77)));
    }

    #[test]
    fn mac_fork_sizes_and_folder_word_are_skipped() {
        assert_eq!(read("   286   4096   4382 "), (None, None, None, Some(4382)));
        assert_eq!(read("   0   4382   4382 "), (None, None, None, Some(4382)));
        assert_eq!(read(" 1 0 1 "), (Some(1), some("0"), None, Some(1)));
        assert_eq!(read_of("     folder    7 ", EntryKind::Directory), (None, None, None, Some(7)));
    }
}

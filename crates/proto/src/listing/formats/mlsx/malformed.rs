//! Facts that do not follow RFC 3659 but are clear.

use super::{KnownFact, split_fact};
use crate::{
    EntryKind, Timestamp,
    listing::fields::{mode as unix_mode, text},
};

/// Splits at the last semicolon of a line that has no blank between it and the name: `type=file;size=7;name`.
///
/// The text after the semicolon is a name if it is not a fact, not even one without a value. If no blank follows, it
/// must not be the start of a fact either, at which a truncated line ends.
#[cold]
pub(super) fn without_blank(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr2(b' ', b'\t', line).unwrap_or(line.len());
    let semicolon = memchr::memrchr(b';', line.get(..end)?)?;
    let (facts, name) = line.split_at_checked(semicolon + 1)?;
    let word = text::word(name).0;
    let is_truncated = end == line.len() && is_start_of_fact(word);
    let is_fact =
        word.contains(&b'=') || KnownFact::of(word).is_some() || is_other_fact(word) || is_truncated;
    (!word.is_empty() && !is_fact && has_known_fact(Some(facts))).then_some((facts, name))
}

/// Returns the end of facts that have a blank after each semicolon: `type=file; size=7; name`.
///
/// Only if the first blank follows the first fact, and the next word is a fact that sets a field.
#[cold]
pub(super) fn end_of_separated(line: &[u8], blank: usize) -> usize {
    let is_first_fact = memchr::memchr(b';', line).is_some_and(|semicolon| semicolon + 1 == blank);
    let mut end = blank;
    while let Some(rest) = line.get(end + 1..).filter(|_| is_first_fact) {
        let word = text::word(rest).0;
        let is_fact = word.len() < rest.len() && word.ends_with(b";") && has_known_fact(Some(word));
        // A second fact of the same name is a part of the file name.
        if !is_fact || line.get(..end).is_none_or(|facts| has_fact(facts, word)) {
            break;
        }
        end += 1 + word.len();
    }
    end
}

/// Parses the name of a fact after a blank.
#[cold]
pub(super) fn indented_fact(fact: &[u8]) -> Option<KnownFact> {
    KnownFact::of(fact.strip_prefix(b" ")?)
}

/// Returns whether one of the facts has the same name as another fact.
fn has_fact(facts: &[u8], fact: &[u8]) -> bool {
    let name = |fact| split_fact(fact).map(|(name, _)| name);
    facts.split(|&byte| byte == b';').any(|known| {
        name(known.trim_ascii_start())
            .zip(name(fact))
            .is_some_and(|(known, name)| known.eq_ignore_ascii_case(name))
    })
}

/// Returns whether one of these facts sets a field of an entry.
pub(super) fn has_known_fact(facts: Option<&[u8]>) -> bool {
    let mut facts = facts.unwrap_or_default().split(|&byte| byte == b';');
    facts.any(|fact| split_fact(fact).is_some_and(|(name, _)| KnownFact::of(name).is_some()))
}

/// Parses the fact `modify` with separators or a `Z`: `2021-11-08T21:46:05Z`.
#[cold]
pub(super) fn time(value: &[u8]) -> Option<Timestamp> {
    let value = value.strip_suffix(b"Z").unwrap_or(value);
    let mut plain = Vec::with_capacity(LONGEST_TIME);
    for (at, &byte) in value.iter().take(LONGEST_TIME).enumerate() {
        match byte {
            b'0'..=b'9' | b'.' => plain.push(byte),
            b',' => plain.push(b'.'),
            // The sign of an offset comes after the date.
            b'-' if at < "YYYY-MM-D".len() => {}
            b'T' | b' ' | b':' => {}
            _ => return None,
        }
    }
    Timestamp::parse_mlsx(&plain).ok().filter(|_| value.len() <= LONGEST_TIME)
}

/// Parses a mode in letters, `rw-r--r--` or `-rw-r--r--`.
#[cold]
pub(super) fn mode(value: &[u8]) -> Option<u32> {
    let letters = value.get(value.len().checked_sub(unix_mode::LETTERS)?..)?;
    unix_mode::bits(letters.first_chunk()?).filter(|_| value.len() <= unix_mode::LETTERS + 1)
}

/// Returns the kind for other names of the types `file` and `dir`.
pub(super) fn kind(word: &[u8]) -> Option<EntryKind> {
    let is = |name: &&str| word.eq_ignore_ascii_case(name.as_bytes());
    match () {
        () if ["dir", "directory", "folder"].iter().any(is) => Some(EntryKind::Directory),
        () if ["file", "regular"].iter().any(is) => Some(EntryKind::File),
        () => None,
    }
}

/// Returns whether this is the name of a fact that sets no field.
fn is_other_fact(word: &[u8]) -> bool {
    OTHER_FACTS.iter().any(|fact| word.eq_ignore_ascii_case(fact.as_bytes()))
}

fn is_start_of_fact(word: &[u8]) -> bool {
    let starts =
        |fact: &&str| fact.get(..word.len()).is_some_and(|start| word.eq_ignore_ascii_case(start.as_bytes()));
    let is_local = |prefix: &&str| {
        word.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    word.eq_ignore_ascii_case(b"x")
        || LOCAL_FACTS.iter().any(is_local)
        || KNOWN_FACTS.iter().chain(&OTHER_FACTS).any(starts)
}

const KNOWN_FACTS: [&str; 9] = [
    "type",
    "size",
    "sizd",
    "modify",
    "unix.uid",
    "unix.gid",
    "unix.mode",
    "unix.ownername",
    "unix.groupname",
];

/// Prefixes of facts of systems, and of experiments.
const LOCAL_FACTS: [&str; 3] = ["unix.", "win32.", "x."];

/// Registered facts (RFC 3659, 7.5), and common ones of systems.
const OTHER_FACTS: [&str; 10] = [
    "perm",
    "unique",
    "create",
    "lang",
    "media-type",
    "charset",
    "unix.ctime",
    "unix.atime",
    "win32.ea",
    "win32.dt",
];

/// Bytes of one fact, with a margin.
pub(super) const SHORT_FACTS: usize = 24;
/// `2021-11-08T21:46:05.123456789`
const LONGEST_TIME: usize = 29;

#[cfg(test)]
mod tests {
    use crate::{Entry, EntryKind, Limits, listing::parse_mlsx_line};

    fn read(line: &str) -> Entry {
        parse_mlsx_line(line.as_bytes(), &Limits::default()).unwrap()
    }

    #[test]
    fn blank_before_the_name_may_be_missing() {
        for (line, name) in [
            ("type=file;size=7;notes.txt", "notes.txt"),
            ("type=file;size=7;my notes.txt", "my notes.txt"),
            ("type=file;size=7;my notes; x", "my notes; x"),
        ] {
            let entry = read(line);
            assert_eq!((entry.name(), entry.size), (name.as_bytes(), Some(7)), "{line}");
        }
        for (line, name) in [("type=file;size;modify no values", "no values"), ("type=file;perm a;b", "a;b")]
        {
            assert_eq!(read(line).name(), name.as_bytes(), "{line}");
        }
        for line in ["type=file;size=7;", "type=file;size=7", "a=b;c", "x;y", "type=file;size"] {
            assert!(parse_mlsx_line(line.as_bytes(), &Limits::default()).is_err(), "{line}");
        }
    }

    #[test]
    fn truncated_facts_are_no_name() {
        let facts = "type=file;size=7;modify=20211108214605;UNIX.mode=0644;UNIX.ownername=ann;perm=r;x.y=1;unique=a1;";
        for end in 0..=facts.len() {
            assert!(
                parse_mlsx_line(&facts.as_bytes()[..end], &Limits::default()).is_err(),
                "{}",
                &facts[..end]
            );
        }
    }

    #[test]
    fn blank_may_follow_each_fact() {
        let entry = read("type=file; size=7; modify=20211108214605; my notes; size=8; x");

        assert_eq!((entry.name(), entry.size), (&b"my notes; size=8; x"[..], Some(7)));
        assert_eq!(read("type=file;size=7; size=8; x").name(), b"size=8; x");
        assert_eq!(read("type=file; x=8; y").name(), b"x=8; y");
        assert_eq!(read("type=file; Type=dir; y").name(), b"Type=dir; y");
        assert_eq!(read("type=file; size=8;").name(), b"size=8;");
    }

    #[test]
    fn fact_value_with_blank_is_skipped() {
        let entry = read("size=7 bytes;type=file; notes.txt");

        assert_eq!((entry.name(), entry.kind, entry.size), (&b"notes.txt"[..], EntryKind::File, None));
        assert_eq!(read("type=file;size=7 size=1; x").name(), b"size=1; x");
        let entry = read("modify=2021-11-08 21:46:05;type=file; notes.txt");
        assert_eq!(entry.modified.unwrap().to_string(), "2021-11-08T21:46:05Z");
    }

    #[test]
    fn modify_may_have_separators() {
        for (text, time) in [
            ("20211108214605.25", "2021-11-08T21:46:05.25Z"),
            ("20211108214605,25", "2021-11-08T21:46:05.25Z"),
            ("20211108214605Z", "2021-11-08T21:46:05Z"),
            ("20211108T214605Z", "2021-11-08T21:46:05Z"),
            ("2021-11-08T21:46:05", "2021-11-08T21:46:05Z"),
            ("2021-11-08T21:46:05.123456789Z", "2021-11-08T21:46:05.123456789Z"),
            ("202111082146", "2021-11-08T21:46Z"),
        ] {
            let entry = read(&format!("type=file;modify={text}; x"));
            assert_eq!(entry.modified.map(|time| time.to_string()).as_deref(), Some(time), "{text}");
        }
        for text in ["20211108214605+0100", "2021-11-08T21:46:05-03:30", "1636407965", "2021110821460"] {
            assert_eq!(read(&format!("type=file;modify={text}; x")).modified, None, "{text}");
        }
    }

    #[test]
    fn unregistered_type_and_mode_are_read() {
        assert_eq!(read("type=directory; x").kind, EntryKind::Directory);
        assert_eq!(read("type=OS.unix=dir; x").kind, EntryKind::Directory);
        assert_eq!(read("type=OS.unix=file; x").kind, EntryKind::File);
        assert_eq!(read("type=file;UNIX.mode=-rw-r-----; x").mode, Some(0o640));
        assert_eq!(read("type=file;UNIX.mode=rwxr-x---; x").mode, Some(0o750));
        assert_eq!(read("type=file;UNIX.mode=xxrwxr-x---; x").mode, None);
    }
}

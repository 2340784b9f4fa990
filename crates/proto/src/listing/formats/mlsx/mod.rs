//! Format of `MLSD` and `MLST` (RFC 3659, 7).
//!
//! ```text
//! type=file;size=1024;modify=20211108214605;UNIX.mode=0644; read me; now.txt
//! ```
//!
//! Facts without a field remain available in [`Entry::facts`](crate::Entry::facts).

use crate::{
    EntryKind, Timestamp,
    entry::Columns,
    listing::{
        fields::text,
        parsed_line::{Context, ParseResult, ParsedLine, kind_of},
    },
};

mod malformed;

/// Reads one line, or returns the reason why it cannot.
pub(super) fn read<'l>(line: &'l [u8], context: &Context) -> ParseResult<'l> {
    let (facts, name) = split_name(line).ok_or("no blank before a name")?;
    if name.is_empty() {
        return Err("no name after the facts");
    }
    let mut reader = FactReader::default();
    let mut count = 0;
    for (fact, value) in pairs(text::skip_blanks(facts)) {
        if count == context.most_facts {
            return Err("more facts than the limit allows");
        }
        count += 1;
        reader.read(fact, value);
    }
    if count == 0 && facts.iter().any(|&byte| byte != b';') {
        return Err("no facts before the name");
    }
    let kind = kind_of(name, reader.columns.kind);
    let columns = Columns { name, kind, facts, ..reader.columns };
    // RFC 3659 allows a line without facts, but such a line may have many other formats.
    Ok(if count == 0 { ParsedLine::BareName(columns) } else { ParsedLine::Entry(columns) })
}

/// Splits facts and name after the last semicolon of the facts. Some servers omit it, and on others a value
/// contains a blank, such as `Domain Users`.
fn split_name(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let gap = match line.first()? {
        b' ' => Some(indented_facts(line).unwrap_or(0)),
        _ => first_gap(line),
    };
    let Some(blank) = gap else { return malformed::without_blank(line) };
    let (facts, _) = line.split_at_checked(blank)?;
    let end = match facts.last() {
        // After a single fact, others may follow the blank.
        Some(b';') if blank < malformed::SHORT_FACTS => malformed::end_of_separated(line, blank),
        None | Some(b';') => blank,
        Some(_) => return split_after_value(line, blank),
    };
    Some((line.get(..end)?, line.get(end + 1..)?))
}

/// Splits facts and name if no semicolon precedes the first blank.
#[cold]
fn split_after_value(line: &[u8], blank: usize) -> Option<(&[u8], &[u8])> {
    if let Some(split) = malformed::without_blank(line) {
        return Some(split);
    }
    let (facts, name) = line.split_at_checked(blank)?;
    let semicolon = memchr::memmem::find(name, b"; ");
    // After the value, further facts may follow.
    let more = |end: usize| memchr::memchr(b';', name).and_then(|value| name.get(value..end));
    let is_inside = |end: &usize| may_hold_blank(facts) || malformed::has_known_fact(more(*end));
    let end = semicolon.filter(is_inside).map_or(blank, |semicolon| blank + semicolon + 1);
    Some((line.get(..end)?, line.get(end + 1..)?))
}

/// Finds the blank before the name, or the tab that some servers print there.
fn first_gap(line: &[u8]) -> Option<usize> {
    let gap = memchr::memchr2(b' ', b'\t', line)?;
    match line.split_at_checked(gap)? {
        (_, [b' ', ..]) | ([.., b';'], _) => Some(gap),
        // A tab inside a value.
        _ => memchr::memchr(b' ', line),
    }
}

/// Finds the blank after facts that are indented: a line of `MLST` that came by `MLSD` or in a reply. If
/// these are not facts, the text after the blank is the name of a line without facts.
fn indented_facts(line: &[u8]) -> Option<usize> {
    let text = text::skip_blanks(line);
    let (facts, _) = text::word(text);
    let known = split_fact(facts).is_some_and(|(name, _)| KnownFact::of(name).is_some());
    (known && facts.ends_with(b";")).then(|| line.len() - text.len() + facts.len())
}

/// Returns whether the last of these facts may continue after a blank.
fn may_hold_blank(facts: &[u8]) -> bool {
    let last = facts.rsplit(|&byte| byte == b';').next().unwrap_or_default();
    match split_fact(last) {
        Some((name, value)) => match KnownFact::of(name) {
            Some(KnownFact::Type) => value.len() > OS.len(),
            Some(KnownFact::Owner(_) | KnownFact::Group(_)) | None => true,
            Some(_) => false,
        },
        None => false,
    }
}

/// Iterates over the facts; text without `=` is skipped.
fn pairs(facts: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = facts;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let end = find(b';', rest).unwrap_or(rest.len());
            let (fact, tail) = rest.split_at_checked(end)?;
            rest = tail.split_first().map_or(tail, |(_, rest)| rest);
            if let Some(pair) = split_fact(fact) {
                return Some(pair);
            }
        }
        None
    })
}

fn split_fact(fact: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = find(b'=', fact)?;
    Some((fact.get(..equals)?, fact.get(equals + 1..)?))
}

/// Finds a byte nearby: facts are so short that `memchr` takes longer to start than to search.
fn find(byte: u8, text: &[u8]) -> Option<usize> {
    text.iter().position(|&other| other == byte)
}

/// Collects the columns of an entry from its facts.
#[derive(Default)]
struct FactReader<'l> {
    columns: Columns<'l>,
    owner: Rank,
    group: Rank,
}

impl<'l> FactReader<'l> {
    fn read(&mut self, fact: &[u8], value: &'l [u8]) {
        match KnownFact::of(fact).or_else(|| malformed::indented_fact(fact)) {
            Some(KnownFact::Type) => (self.columns.kind, self.columns.link_target) = kind_and_target(value),
            Some(KnownFact::Size) => self.columns.size = text::number(value),
            Some(KnownFact::DirectorySize) => {
                self.columns.size = self.columns.size.or_else(|| text::number(value))
            }
            Some(KnownFact::Modify) => self.columns.modified = time(value),
            Some(KnownFact::Mode) => self.columns.mode = octal(value),
            Some(KnownFact::Owner(rank)) => self.owner.raise(rank, value, &mut self.columns.owner),
            Some(KnownFact::Group(rank)) => self.group.raise(rank, value, &mut self.columns.group),
            None => {}
        }
    }
}

/// Precision of the fact that named an owner: a number, a name or a number, a name.
#[derive(Default)]
struct Rank(u8);

impl Rank {
    fn raise<'l>(&mut self, rank: u8, text: &'l [u8], field: &mut Option<&'l [u8]>) {
        if rank >= self.0 && !text.is_empty() {
            self.0 = rank;
            *field = Some(text);
        }
    }
}

/// Facts that set a field of an [`Entry`](crate::Entry).
enum KnownFact {
    Type,
    Size,
    DirectorySize,
    Modify,
    Mode,
    Owner(u8),
    Group(u8),
}

impl KnownFact {
    fn of(fact: &[u8]) -> Option<Self> {
        match fact {
            // Most servers write these as RFC 3659 does.
            b"type" => Some(Self::Type),
            b"size" => Some(Self::Size),
            b"modify" => Some(Self::Modify),
            _ => Self::in_any_case(fact),
        }
    }

    fn in_any_case(fact: &[u8]) -> Option<Self> {
        let is = |name: &str| fact.eq_ignore_ascii_case(name.as_bytes());
        match fact.len() {
            4 if is("type") => Some(Self::Type),
            4 if is("size") => Some(Self::Size),
            // Pure-FTPd sends this instead of `size` for directories.
            4 if is("sizd") => Some(Self::DirectorySize),
            6 if is("modify") => Some(Self::Modify),
            8 if is("unix.uid") => Some(Self::Owner(0)),
            8 if is("unix.gid") => Some(Self::Group(0)),
            9 if is("unix.mode") => Some(Self::Mode),
            10 if is("unix.owner") => Some(Self::Owner(1)),
            10 if is("unix.group") => Some(Self::Group(1)),
            14 if is("unix.ownername") => Some(Self::Owner(2)),
            14 if is("unix.groupname") => Some(Self::Group(2)),
            _ => None,
        }
    }
}

/// Parses the fact `type` (RFC 3659, 7.5.1), and the link target that some servers append to it.
fn kind_and_target(value: &[u8]) -> (EntryKind, Option<&[u8]>) {
    let is = |name: &str| value.eq_ignore_ascii_case(name.as_bytes());
    let kind = match value.len() {
        4 if is("file") => EntryKind::File,
        3 if is("dir") => EntryKind::Directory,
        4 if is("cdir") => EntryKind::CurrentDirectory,
        4 if is("pdir") => EntryKind::ParentDirectory,
        _ => return special_kind(value),
    };
    (kind, None)
}

/// Parses `OS.unix=slink:/target`, `OS.unix=chr-1/3` and similar, with or without the system.
fn special_kind(value: &[u8]) -> (EntryKind, Option<&[u8]>) {
    let system = value.split_at_checked(OS.len()).filter(|(os, _)| os.eq_ignore_ascii_case(OS));
    let kind = match system {
        Some((_, kind)) => split_fact(kind).map_or(kind, |(_, kind)| kind),
        None => value,
    };
    let (word, target) = match memchr::memchr(b':', kind) {
        Some(colon) => (kind.get(..colon).unwrap_or(kind), kind.get(colon + 1..)),
        None => (kind, None),
    };
    if let Some(kind) = malformed::kind(word) {
        return (kind, None);
    }
    match LINKS.iter().any(|link| word.eq_ignore_ascii_case(link.as_bytes())) {
        true => (EntryKind::Link, target.filter(|target| !target.is_empty())),
        false if system.is_some() => (EntryKind::Special, None),
        false => (EntryKind::Unknown, None),
    }
}

fn time(value: &[u8]) -> Option<Timestamp> {
    Timestamp::parse_mlsx(value).ok().or_else(|| malformed::time(value))
}

/// Parses permission bits of up to seven octal digits; the bits of the file type are removed.
fn octal(text: &[u8]) -> Option<u32> {
    // pyftpdlib writes them as Python does.
    let text = text.strip_prefix(b"0o").unwrap_or(text);
    if !(1..=7).contains(&text.len()) || !text.iter().all(|digit| matches!(digit, b'0'..=b'7')) {
        return malformed::mode(text);
    }
    Some(text.iter().fold(0, |sum, digit| sum << 3 | u32::from(digit - b'0')) & 0o7777)
}

/// Names of symbolic links.
const LINKS: [&str; 3] = ["slink", "symlink", "link"];

/// Prefix of the types that RFC 3659 leaves to operating systems.
const OS: &[u8] = b"OS.";

#[cfg(test)]
mod tests;

//! Easily parsed LIST format (EPLF) of D. J. Bernstein.
//!
//! ```text
//! +i4711.815,m1704067200,r,s1024,up644,<tab>read me.txt
//! ```
//!
//! Times are seconds since 1970 in UTC. Facts without a field are skipped.

use crate::{
    EntryKind, Timestamp,
    entry::Columns,
    listing::{
        fields::text,
        parsed_line::{Context, ParseResult, ParsedLine, kind_of},
    },
};

/// Reads one line, or returns the reason why it cannot.
pub(super) fn read<'l>(line: &'l [u8], _: &Context) -> ParseResult<'l> {
    let text = line.strip_prefix(b"+").ok_or("no plus sign at its start")?;
    let (facts, name) = split_name(text).ok_or("no tab after the facts")?;
    if name.is_empty() {
        return Err("no name after the tab");
    }
    let columns = facts.split(|&byte| byte == b',').fold(Columns::default(), put);
    Ok(ParsedLine::Entry(Columns { name, kind: kind_of(name, columns.kind), ..columns }))
}

/// Splits at the tab. If the tab was converted to a blank in transit, all facts must be known ones.
fn split_name(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let tab = match memchr::memchr(b'\t', text) {
        Some(tab) => tab,
        None => memchr::memchr(b' ', text).filter(|&blank| text.get(..blank).is_some_and(are_facts))?,
    };
    Some((text.get(..tab)?, text.get(tab + 1..)?))
}

fn are_facts(text: &[u8]) -> bool {
    let is_fact = |fact: &[u8]| match fact {
        [] | b"/" | b"r" => true,
        [b's' | b'm', number @ ..] => text::number(number).is_some(),
        [b'i', id @ ..] => !id.is_empty(),
        [b'u', b'p', mode @ ..] => octal(mode).is_some(),
        _ => false,
    };
    !text.is_empty() && text.split(|&byte| byte == b',').all(is_fact)
}

/// Sets the column of a fact.
fn put<'l>(columns: Columns<'l>, fact: &[u8]) -> Columns<'l> {
    match fact {
        b"/" => Columns { kind: EntryKind::Directory, ..columns },
        b"r" if columns.kind == EntryKind::Unknown => Columns { kind: EntryKind::File, ..columns },
        [b's', size @ ..] => Columns { size: text::number(size), ..columns },
        [b'm', seconds @ ..] => Columns { modified: time(seconds), ..columns },
        [b'u', b'p', mode @ ..] => Columns { mode: octal(mode), ..columns },
        _ => columns,
    }
}

fn time(seconds: &[u8]) -> Option<Timestamp> {
    Timestamp::from_unix(text::number(seconds)?.try_into().ok()?, 0)
}

fn octal(text: &[u8]) -> Option<u32> {
    let is_octal = (1..=5).contains(&text.len()) && text.iter().all(|digit| matches!(digit, b'0'..=b'7'));
    is_octal.then(|| text.iter().fold(0, |sum, digit| sum << 3 | u32::from(digit - b'0')) & 0o7777)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Entry,
        listing::{formats::Format, testing},
    };

    fn read(line: &str) -> Entry {
        testing::read(Format::Eplf, line)
    }

    #[test]
    fn every_fact_is_read() {
        let entry = read("+i4711.815,m1704067205,r,s1024,up4755,x7,\t read me\t");

        assert_eq!((entry.name(), entry.kind), (&b" read me\t"[..], EntryKind::File));
        assert_eq!((entry.size, entry.mode), (Some(1024), Some(0o4755)));
        assert_eq!(entry.modified.unwrap().to_string(), "2024-01-01T00:00:05Z");
    }

    #[test]
    fn eplf_kind_needs_r_or_slash() {
        assert_eq!(read("+/,m1704067200\tsub").kind, EntryKind::Directory);
        assert_eq!(read("+r,/,\tsub").kind, EntryKind::Directory);
        assert_eq!(read("+s7,\tx").kind, EntryKind::Unknown);
        assert_eq!(read("+\tx").kind, EntryKind::Unknown);
    }

    #[test]
    fn invalid_fact_leaves_its_field_empty() {
        let entry = read("+m99999999999999,s-1,up9,r\tx");

        assert_eq!((entry.modified, entry.size, entry.mode), (None, None, None));
    }

    #[test]
    fn eplf_tab_may_be_blank_after_known_facts() {
        assert_eq!(read("+r,s7, a b").name(), b"a b");
        for line in ["+1 for all", "+ x", "+r,s7", "+r,z x", "+r,s7,\t", "r,s7\tx"] {
            assert!(testing::try_read(Format::Eplf, line).is_err(), "{line}");
        }
    }
}

//! Format of MVS and z/OS.
//!
//! The columns depend on what is listed: [`dataset`]s, the [`member`]s of a partitioned one, the load
//! [`module`]s of a library, or [`job`]s. A member may be listed by its name only, which is accepted if other
//! lines have this format. Files of z/OS UNIX are parsed by `unix`.

mod dataset;
mod job;
mod member;
mod module;

use crate::{
    EntryKind,
    entry::Columns,
    listing::{
        fields::text,
        parsed_line::{Context, ParseResult, ParsedLine},
    },
};

/// Reads one line, or returns the reason why it cannot.
pub(super) fn read<'l>(line: &'l [u8], context: &Context) -> ParseResult<'l> {
    if is_header(line) || job::is_no_entry(line) {
        return Ok(ParsedLine::NoEntry);
    }
    let read = dataset::read(line)
        .or_else(|| member::read(line, context.order))
        .or_else(|| module::read(line))
        .or_else(|| job::read(line));
    match read {
        Some(columns) => Ok(ParsedLine::Entry(columns)),
        None => bare_member(line).map(ParsedLine::BareName).ok_or("no columns of a dataset, member or job"),
    }
}

/// A member without statistics: the line contains the name only.
fn bare_member(line: &[u8]) -> Option<Columns<'_>> {
    let [name] = text::words(line)?;
    is_qualifier(name).then(|| file(name))
}

fn file(name: &[u8]) -> Columns<'_> {
    Columns { name, kind: EntryKind::File, ..Columns::default() }
}

/// The column names of datasets, members, modules and jobs.
fn is_header(line: &[u8]) -> bool {
    let (first, rest) = text::next_word(line);
    let second = text::next_word(rest).0;
    matches!(
        (first, second),
        (b"Volume", b"Unit" | b"Referred")
            | (b"Name", b"VV.MM" | b"Size")
            | (b"JOBNAME", b"JOBID")
            | (b"ID", b"STEPNAME")
    )
}

/// One to eight capitals, digits and `@#$`, not starting with a digit.
fn is_qualifier(name: &[u8]) -> bool {
    (1..=8).contains(&name.len())
        && !name.first().is_some_and(u8::is_ascii_digit)
        && name.iter().all(|byte| is_of_names(*byte))
}

fn is_of_names(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"@#$".contains(&byte)
}

#[cfg(test)]
mod tests {
    use crate::{
        Timestamp,
        listing::{ListingParser, formats::Format, testing},
    };

    #[test]
    fn headers_are_no_entries() {
        for line in [
            "Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname",
            " Name     VV.MM   Created       Changed      Size  Init   Mod   Id",
            " Name      Size     TTR   Alias-of AC --------- Attributes --------- Amode Rmode",
            "JOBNAME  JOBID    OWNER    STATUS CLASS",
            "         ID  STEPNAME PROCSTEP C DDNAME   BYTE-COUNT",
        ] {
            assert!(testing::try_read(Format::Mvs, line).unwrap_err().is_no_entry(), "{line}");
        }
    }

    #[test]
    fn bare_name_is_member_among_mvs_lines() {
        let names = |lines: &[&str]| {
            let mut parser = ListingParser::list(Timestamp::from_date(2024, 5, 1).unwrap());
            lines.iter().for_each(|line| parser.push(line.as_bytes()));
            parser.finish();
            std::iter::from_fn(|| parser.next_entry())
                .map(|entry| String::from_utf8_lossy(entry.name()).into_owned())
                .collect::<Vec<_>>()
        };
        let header = " Name     VV.MM   Created       Changed      Size  Init   Mod   Id";

        assert_eq!(names(&[header, " $INDEX", " ASMFCL", " not this"]), ["$INDEX", "ASMFCL"]);
        assert_eq!(names(&[" $INDEX", " ASMFCL"]), [""; 0]);
        assert_eq!(testing::read(Format::Mvs, " ASMFCL").name(), b"ASMFCL");
        assert!(testing::try_read(Format::Mvs, "NINELONGS").is_err());
    }
}

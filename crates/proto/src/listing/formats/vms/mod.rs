//! Format of OpenVMS.
//!
//! ```text
//! NOTES.TXT;7                9/12        8-SEP-2004 07:41:55.20  [STAFF,ANN]  (RWED,RWED,RE,)
//! ```
//!
//! A name is recognized by the version after the semicolon. Files keep it; directories lose it together with `.DIR`.
//! The columns after the name have no fixed order, because the servers of DEC, Process (MultiNet, TCPware) and
//! MadGoat differ: see [`columns`]. A long name is on a separate line. Escapes such as `^.` remain in the name,
//! because the server expects them.

mod columns;

use columns::Attributes;

use crate::{
    EntryKind,
    entry::Columns,
    listing::{
        fields::text,
        parsed_line::{Context, ParseResult, ParsedLine, kind_of},
    },
};

/// Reads one line, or returns the reason why it cannot.
pub(super) fn read<'l>(line: &'l [u8], _context: &Context) -> ParseResult<'l> {
    let line = text::trim_end(text::skip_blanks(line));
    if is_header(line) || is_total(line) || is_report(line) {
        return Ok(ParsedLine::NoEntry);
    }
    let (name, rest) = split_name(line).ok_or("no name at its start")?;
    let rest = text::skip_blanks(rest);
    if rest.is_empty() {
        return if ends_with_version(name) {
            Ok(ParsedLine::FirstHalf)
        } else {
            Err("no version after the name")
        };
    }
    if ends_with_version(name) && is_missing(rest) {
        return Ok(ParsedLine::NoEntry);
    }
    if ends_with_version(name) && is_refusal(rest) {
        return Ok(entry(name, &Attributes::default()));
    }
    let attributes = Attributes::read(rest).ok_or("a column that OpenVMS does not print")?;
    // Without a version, the line could have many other formats.
    if !ends_with_version(name) && !attributes.are_telling() {
        return Err("no version after the name");
    }
    Ok(entry(name, &attributes))
}

fn entry<'l>(name: &'l [u8], attributes: &Attributes<'l>) -> ParsedLine<'l> {
    let name = without_folder(name);
    let (name, kind) = match (without_dir(name), attributes.target) {
        (_, Some(_)) => (name, EntryKind::Link),
        (Some(directory), None) => (directory, EntryKind::Directory),
        (None, None) => (name, EntryKind::File),
    };
    ParsedLine::Entry(Columns {
        name,
        has_version: kind == EntryKind::File && ends_with_version(name),
        kind: kind_of(name, kind),
        size: attributes.size,
        rounded: true,
        modified: attributes.modified,
        mode: attributes.mode,
        owner: attributes.owner,
        group: attributes.group,
        link_target: attributes.target,
        ..Columns::default()
    })
}

/// Splits after the version, before which a name may contain blanks, or else after the first word.
fn split_name(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut versions = memchr::memchr_iter(b';', line).filter_map(|at| {
        let version = line.get(at + 1..)?;
        // `*.*;*` precedes an error.
        let rest = version.strip_prefix(b"*").or_else(|| text::digits(version, 5).map(|(_, rest)| rest));
        let rest = rest.filter(|rest| text::ends_word(rest))?;
        line.split_at_checked(line.len() - rest.len()).filter(|_| at > 0)
    });
    let (name, rest) = versions.next().unwrap_or_else(|| text::word(line));
    (!name.is_empty()).then_some((name, rest))
}

fn ends_with_version(name: &[u8]) -> bool {
    without_version(name).len() < name.len()
}

fn without_version(name: &[u8]) -> &[u8] {
    let Some(at) = memchr::memrchr(b';', name) else { return name };
    match name.split_at_checked(at) {
        Some((bare, [b';', version @ ..])) if version == b"*" || text::number(version).is_some() => bare,
        _ => name,
    }
}

/// Removes the `.DIR;1` of a directory.
fn without_dir(name: &[u8]) -> Option<&[u8]> {
    let bare = without_version(name);
    let (bare, suffix) = bare.split_at_checked(bare.len().checked_sub(DIR.len())?)?;
    (suffix.eq_ignore_ascii_case(DIR) && !bare.is_empty()).then_some(bare)
}

/// Removes the `DISK$USER:[ANN.DATA]` that some servers print before each name.
fn without_folder(name: &[u8]) -> &[u8] {
    let Some(at) = memchr::memrchr(b']', name) else { return name };
    match name.split_at_checked(at) {
        Some((folder, [_, bare @ ..])) if is_folder(folder) && !without_version(bare).is_empty() => bare,
        _ => name,
    }
}

/// Returns whether a `]` after these bytes closes a folder; an escaped one does not.
fn is_folder(name: &[u8]) -> bool {
    name.contains(&b'[') && !name.ends_with(b"^")
}

/// `%RMS-E-PRV, insufficient privilege …` or `No privilege for attempted operation`, printed if the server
/// has no access.
fn is_refusal(text: &[u8]) -> bool {
    let says = |words: &[u8]| text.windows(words.len()).any(|part| part.eq_ignore_ascii_case(words));
    matches!(text, [b'%', ..] | [b'<', b'%', ..]) || REFUSALS.iter().any(|words| says(words))
}

/// `%RMS-E-FNF, file not found`, in brackets or not, printed in place of the columns.
///
/// The name before it is a pattern such as `*.*;0`, or a file that was deleted meanwhile: users do not expect
/// an entry for either, because no command could use it.
fn is_missing(text: &[u8]) -> bool {
    let says = |words: &[u8]| text.windows(words.len()).any(|part| part.eq_ignore_ascii_case(words));
    !text.starts_with(b"->") && MISSING.iter().any(|words| says(words))
}

/// `Directory DISK$USER:[ANN.DATA]`
fn is_header(line: &[u8]) -> bool {
    let (word, folder) = text::word(line);
    word.eq_ignore_ascii_case(b"directory")
        && folder.iter().any(|byte| b"[<".contains(byte))
        && (folder.ends_with(b"]") || folder.ends_with(b">"))
}

/// `Total of 3 files, 17/24 blocks.` or `Grand total of 2 directories, 9 files, 80 blocks.`
fn is_total(line: &[u8]) -> bool {
    let (word, rest) = text::word(line);
    let rest = if word.eq_ignore_ascii_case(b"grand") { text::skip_blanks(rest) } else { line };
    let (total, rest) = text::word(rest);
    let (of, rest) = text::next_word(rest);
    let count = if of.eq_ignore_ascii_case(b"of") { text::next_word(rest).0 } else { of };
    let counts = |text: &[u8]| COUNTED.iter().any(|word| memchr::memmem::find(text, word).is_some());
    total.eq_ignore_ascii_case(b"total") && text::number(count).is_some() && counts(rest)
}

/// `%DIRECT-W-NOFILES, no files found`, or `-RMS-E-FNF, file not found` on the next line.
fn is_report(line: &[u8]) -> bool {
    let code = text::word(line).0;
    let hyphens = memchr::memchr_iter(b'-', code).count();
    code.ends_with(b",")
        && match code.first() {
            Some(b'%') => hyphens > 0,
            Some(b'-') => hyphens == 3,
            _ => false,
        }
}

const DIR: &[u8] = b".DIR";
const COUNTED: [&[u8]; 3] = [b"file", b"director", b"block"];
const MISSING: [&[u8]; 5] = [b"-FNF,", b"-DNF,", b"-NMF,", b"not found", b"no such file"];
const REFUSALS: [&[u8]; 5] =
    [b"privilege", b"protection violation", b"access denied", b"error opening", b"locked by another user"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Entry,
        listing::{formats::Format, testing},
    };

    fn read(line: &str) -> Entry {
        testing::read(Format::Vms, line)
    }

    fn fails(line: &str) -> bool {
        testing::try_read(Format::Vms, line).is_err_and(|error| !error.is_no_entry())
    }

    #[test]
    fn every_column_is_read() {
        let entry = read("NOTES.TXT;7   9/12   8-SEP-2004 07:41:55.20  [STAFF,ANN]  (RWED,RWE,RE,)");

        assert_eq!((entry.name(), entry.kind), (&b"NOTES.TXT;7"[..], EntryKind::File));
        assert_eq!(entry.size, Some(9 * 512));
        assert_eq!(entry.modified.unwrap().to_string(), "2004-09-08T07:41:55.2");
        assert_eq!((entry.owner().as_deref(), entry.group().as_deref()), (Some("ANN"), Some("STAFF")));
        assert_eq!(entry.mode, Some(0o750));
    }

    #[test]
    fn a_directory_loses_suffix_and_version() {
        for line in ["LETTERS.DIR;1  1/4  12-DEC-1996 20:13", "letters.dir;2  1  12-DEC-1996"] {
            let entry = read(line);
            assert!(entry.name().eq_ignore_ascii_case(b"LETTERS"), "{line}");
            assert_eq!(entry.kind, EntryKind::Directory, "{line}");
        }
        assert_eq!(read(".DIR;1  1  12-DEC-1996 20:13").kind, EntryKind::File);
    }

    #[test]
    fn name_may_contain_escapes_and_blanks() {
        assert_eq!(read("A^.B^_C.TXT;1  3  12-DEC-1996 20:13").name(), b"A^.B^_C.TXT;1");
        assert_eq!(read("my long name.txt;12  3  12-DEC-1996 20:13").name(), b"my long name.txt;12");
        assert_eq!(read("DISK$USER:[ANN.DATA]X.TXT;1  3  12-DEC-1996 20:13").name(), b"X.TXT;1");
    }

    #[test]
    fn folder_without_file_name_is_the_name() {
        let columns = "3  12-DEC-1996 20:13  [STAFF,ANN]  (RWED,RWED,,)";

        assert_eq!(read(&format!("[ANN] {columns}")).name(), b"[ANN]");
        assert_eq!(read(&format!("[ANN];1 {columns}")).name(), b"[ANN];1");
    }

    #[test]
    fn name_without_version_needs_owner_and_protection() {
        assert_eq!(read("X.TXT  3  12-DEC-1996 20:13 [A,B] (RWED,RWED,,)").name(), b"X.TXT");
        assert!(fails("X.TXT  3  12-DEC-1996 20:13"));
        assert!(fails("X.TXT"));
        assert!(fails("260/264  12-DEC-1996 20:13 [A,B] (RWED,RWED,,)"), "the second line of an entry");
    }

    #[test]
    fn long_name_starts_a_two_line_entry() {
        let context = Context::new(crate::Timestamp::UNIX_EPOCH, &crate::Limits::default());

        assert_eq!(super::read(b"A_RATHER_LONG_NAME.TXT;1", &context), Ok(ParsedLine::FirstHalf));
    }

    #[test]
    fn unreadable_vms_file_has_only_a_name() {
        for line in [
            "SECRET.DIR;1  %RMS-E-PRV, insufficient privilege or object protection violation",
            "SECRET.DIR;1        insufficient privilege or object protection violation",
            "SECRET.DIR;1  No privilege for attempted operation",
            "SECRET.DIR;1  file currently locked by another user",
        ] {
            let entry = read(line);
            assert_eq!((entry.name(), entry.kind), (&b"SECRET"[..], EntryKind::Directory), "{line}");
            assert_eq!((entry.size, entry.modified), (None, None), "{line}");
        }
    }

    #[test]
    fn error_for_missing_file_is_no_entry() {
        for line in [
            "*.*;0   <%RMS-E-FNF, file not found>",
            "*.*;* %RMS-E-FNF, file not found",
            "GONE.TXT;4   %SYSTEM-W-NOSUCHFILE, no such file",
            "[.SUB]*.*;0   <%RMS-E-DNF, directory not found>",
        ] {
            assert!(testing::try_read(Format::Vms, line).unwrap_err().is_no_entry(), "{line}");
        }
        let locked = read("LOCKED.TXT;4   <%RMS-E-PRV, insufficient privilege>");
        assert_eq!((locked.name(), locked.size), (&b"LOCKED.TXT;4"[..], None));
    }

    #[test]
    fn month_may_be_foreign_or_unknown() {
        for (month, date) in [
            ("AOU", Some("2002-08-15")),
            ("AOÛ", Some("2002-08-15")),
            ("FÉV", Some("2002-02-15")),
            ("MAI", Some("2002-05-15")),
            ("MÄR", Some("2002-03-15")),
            ("DEZ", Some("2002-12-15")),
            ("OKT", Some("2002-10-15")),
            ("GEN", Some("2002-01-15")),
            ("DIC", Some("2002-12-15")),
            ("ABR", Some("2002-04-15")),
            ("MRT", Some("2002-03-15")),
            ("QQQ", None),
        ] {
            let entry = read(&format!("LETTER.TXT;2   6/8   15-{month}-2002 10:11   [ANN]   (RWED,RWED,,)"));
            let day = entry.modified.map(|time| time.to_string());
            assert_eq!(day.as_deref().map(|day| &day[..10]), date, "{month}");
            assert_eq!((entry.name(), entry.size), (&b"LETTER.TXT;2"[..], Some(3072)), "{month}");
        }
        let latin1 = testing::read(Format::Vms, b"LETTER.TXT;2  6  15-M\xC4R-2002 10:11  [ANN]  (RWED,,,)");
        assert_eq!(latin1.modified.unwrap().to_string(), "2002-03-15T10:11");
    }

    #[test]
    fn headers_and_totals_are_no_entries() {
        for line in [
            "Directory DISK$USER:[ANN.DATA]",
            "Total of 3 files, 17/24 blocks.",
            "Total of 1 file, 9 blocks",
            "Grand total of 2 directories, 9 files, 80/96 blocks.",
            "%DIRECT-W-NOFILES, no files found",
            "-RMS-E-FNF, file not found",
            "Directory $1$DGA1:<ANN>",
        ] {
            assert!(testing::try_read(Format::Vms, line).unwrap_err().is_no_entry(), "{line}");
        }
    }

    #[test]
    fn a_link_has_a_target() {
        let link = read("LATEST.LNK;1 -> /disk$user/ann/v2.txt");

        assert_eq!((link.name(), link.kind), (&b"LATEST.LNK;1"[..], EntryKind::Link));
        assert_eq!(link.link_target(), Some(&b"/disk$user/ann/v2.txt"[..]));
    }

    #[test]
    fn lines_of_other_formats_are_refused() {
        assert!(fails("-rw-r--r-- 1 ann staff 5 Jan  2  2020 FOO.TXT;1 of"));
        assert!(fails("X.TXT;1  3  DEC-12-1996 20:13"));
        assert!(fails("X.TXT;1  a/9  12-DEC-1996 20:13"));
        assert!(fails("modify=20200101;1 x"));
    }
}

//! Format of VxWorks, and of Nortel routers.
//!
//! ```text
//!   size          date       time       name
//! --------       ------     ------    --------
//!      512    Nov-08-2021  21:46:00   DRIVERS           <DIR>
//! ```

use crate::{
    EntryKind, Timestamp,
    listing::{
        fields::{months, numeric, text},
        parsed_line::{Context, ParseResult, ParsedLine},
    },
};

/// Reads one line, or returns the reason why it cannot.
pub(super) fn read<'l>(line: &'l [u8], _: &Context) -> ParseResult<'l> {
    let (size, rest) = text::word(text::skip_blanks(line));
    let Some(size) = text::size(size) else {
        return if is_header(line) { Ok(ParsedLine::NoEntry) } else { Err("no size at its start") };
    };
    let (date, rest) = leading_date(text::skip_blanks(rest)).ok_or("no date after the size")?;
    let (modified, rest) = numeric::time(date, text::skip_blanks(rest)).ok_or("no time after the date")?;
    // The name is padded with blanks, whether or not a tag follows.
    let rest = text::trim_end(text::skip_blanks(rest));
    let (name, kind) = match rest.strip_suffix(b"<DIR>").filter(|name| name.ends_with(b" ")) {
        Some(name) => (text::trim_end(name), EntryKind::Directory),
        None => (rest, EntryKind::File),
    };
    ParsedLine::dated(name, kind, size, modified)
}

/// `Nov-08-2021`
fn leading_date(text: &[u8]) -> Option<(Timestamp, &[u8])> {
    let (month, rest) = text.split_at_checked(3)?;
    let (month, _) = months::leading(month)?;
    let (day, rest) = text::digits(rest.strip_prefix(b"-")?, 2)?;
    let (year, rest) = text::digits(rest.strip_prefix(b"-")?, 4)?;
    Some((Timestamp::from_date(year.try_into().ok()?, month, day.try_into().ok()?)?, rest))
}

/// The four column names, and the rules below them. The newer file system prints the name of the directory,
/// above lines in the format of `ls -l`.
fn is_header(line: &[u8]) -> bool {
    if line.starts_with(b"Listing Directory ") {
        return true;
    }
    let mut words = line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
    let mut next = || words.next().unwrap_or_default();
    let columns = [next(), next(), next(), next()];
    let is_rule = columns.iter().all(|word| word.len() > 3 && word.iter().all(|&byte| byte == b'-'));
    words.next().is_none() && (is_rule || columns == [&b"size"[..], b"date", b"time", b"name"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Entry,
        listing::{formats::Format, testing},
    };

    fn read(line: &str) -> Entry {
        testing::read(Format::VxWorks, line)
    }

    #[test]
    fn files_and_directories_are_read() {
        let directory = read("      512    Nov-08-2021  21:46:00   boot dir          <DIR>  ");
        let file = read("   104827    Nov-08-2021  21:46:10   VXWORKS.ST                ");

        assert_eq!((directory.name(), directory.kind), (&b"boot dir"[..], EntryKind::Directory));
        assert_eq!((file.name(), file.kind), (&b"VXWORKS.ST"[..], EntryKind::File));
        assert_eq!(file.size, Some(104_827));
        assert_eq!(file.modified.unwrap().to_string(), "2021-11-08T21:46:10");
        assert_eq!(read("1024 Mar-02-1999 11:22:33 ..   <DIR>").kind, EntryKind::ParentDirectory);
    }

    #[test]
    fn the_lines_of_the_header_are_no_entries() {
        for line in [
            "  size          date       time       name",
            "--------       ------     ------    --------",
            "Listing Directory /tffs0:",
        ] {
            assert!(testing::try_read(Format::VxWorks, line).unwrap_err().is_no_entry(), "{line}");
        }
    }

    #[test]
    fn lines_of_other_formats_are_refused() {
        for line in [
            "512 Nov 08 2021 21:46:00 x",
            "512 Nov-31-2021 21:46:00 x",
            "512 Nov-08-2021 x",
            "512 Nov-08-2021 21:46:00 ",
            "---- ----",
        ] {
            let error = testing::try_read(Format::VxWorks, line).unwrap_err();
            assert!(!error.is_no_entry(), "{line}");
        }
    }

    #[test]
    fn sizes_may_be_grouped() {
        let entry = testing::read(Format::VxWorks, "1,048,576    Nov-08-2021  21:46:00   a.txt");
        assert_eq!(entry.size, Some(1_048_576));
    }
}

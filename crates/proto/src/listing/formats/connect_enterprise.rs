//! Format of Sterling Connect:Enterprise, which lists the batches of a mailbox.
//!
//! ```text
//! -C--E-----FTP B ACME01      20480       17 Sep 18 10:22 ORDERS
//! ```
//!
//! Flags and the protocol that delivered the batch, its code (`A`SCII, `B`inary), the mailbox, size, number,
//! date and name. Flags and code are ignored.

use crate::{
    EntryKind,
    entry::Columns,
    listing::{
        fields::{date, text},
        parsed_line::{Context, ParseResult, ParsedLine},
    },
};

/// Reads one line, or returns the reason why it cannot.
pub(super) fn read<'l>(line: &'l [u8], context: &Context) -> ParseResult<'l> {
    let (flags, mut rest) = text::word(line);
    if !is_flags(flags) {
        return Err("no flags at its start");
    }
    let mut columns = [&[][..]; MOST_COLUMNS];
    let mut count = 0;
    let (modified, name) = loop {
        rest = text::skip_blanks(rest);
        if let Some(found) = date::leading(rest, &context.horizon) {
            break found;
        }
        let Some(column) = columns.get_mut(count).filter(|_| !rest.is_empty()) else {
            return Err("no date after the flags");
        };
        (*column, rest) = text::word(rest);
        count += 1;
    };
    let (mailbox, size) = mailbox_and_size(columns.get(..count).unwrap_or_default())
        .ok_or("neither mailbox nor size before the date")?;
    let name = name.split_first().map_or(name, |(_, name)| name);
    if name.trim_ascii().is_empty() {
        return Err("no name after the date");
    }
    Ok(ParsedLine::Entry(Columns {
        name,
        kind: EntryKind::File,
        size: Some(size),
        modified: Some(modified),
        owner: mailbox,
        ..Columns::default()
    }))
}

/// `-C--E-----FTP`: ten flags, and the protocol if any. A Unix mode has lower-case letters.
fn is_flags(word: &[u8]) -> bool {
    let Some((flags, protocol)) = word.split_at_checked(FLAGS) else { return false };
    flags.iter().all(|flag| flag.is_ascii_uppercase() || *flag == b'-')
        && protocol.iter().all(u8::is_ascii_alphanumeric)
        && (flags.iter().any(u8::is_ascii_uppercase) || !protocol.is_empty())
}

/// Finds mailbox and size among code, mailbox, size and number; mailbox and number may be missing.
fn mailbox_and_size<'l>(columns: &[&'l [u8]]) -> Option<(Option<&'l [u8]>, u64)> {
    let number = |column: &[u8]| text::number(column);
    match *columns {
        [_, mailbox, size, batch] if number(batch).is_some() => Some((Some(mailbox), number(size)?)),
        [_, size, batch] if number(size).is_some() => number(batch).and(Some((None, number(size)?))),
        [_, mailbox, size] => Some((Some(mailbox), number(size)?)),
        [_, size] => Some((None, number(size)?)),
        _ => None,
    }
}

const FLAGS: usize = 10;
const MOST_COLUMNS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Entry,
        listing::{formats::Format, testing},
    };

    fn read(line: &str) -> Entry {
        testing::read(Format::ConnectEnterprise, line)
    }

    #[test]
    fn every_column_is_read() {
        let entry = read("-C--E-----FTP B ACME01      20480       17 Sep 18 10:22 ORDERS OF MAY");

        assert_eq!((entry.name(), entry.kind), (&b"ORDERS OF MAY"[..], EntryKind::File));
        assert_eq!((entry.size, entry.owner().as_deref()), (Some(20480), Some("ACME01")));
        assert_eq!(entry.modified.unwrap().to_string(), "2023-09-18T10:22");
    }

    #[test]
    fn protocol_mailbox_number_and_year_vary() {
        for line in [
            "-ART------TCP A ACME01 20480 17 Apr  1  2021 ORDERS",
            "----------FTP A ACME01 20480 Apr  1  2021 ORDERS",
            "-C-R------ A 20480 17 Apr  1  2021 ORDERS",
        ] {
            let entry = read(line);
            assert_eq!((entry.name(), entry.size), (&b"ORDERS"[..], Some(20480)), "{line}");
        }
    }

    #[test]
    fn lines_of_other_formats_are_refused() {
        for line in [
            "",
            "-rw-r--r-- 1 ann staff 5 Jan  2  2020 x",
            "---------- 1 ann staff 5 Jan  2  2020 x",
            "-C--E-----FTP B ACME01 20480 17 Spe 18 10:22 ORDERS",
            "-C--E-----FTP B ACME01 x 17 Sep 18 10:22 ORDERS",
            "-C--E-----FTP B ACME01 20480 17 Sep 18 10:22 ",
            "-C--E-----FTP B ACME01 20480 17 9 Sep 18 10:22 ORDERS",
        ] {
            assert!(testing::try_read(Format::ConnectEnterprise, line).is_err(), "{line}");
        }
    }
}

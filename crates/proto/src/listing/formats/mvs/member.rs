//! Lines that describe members of a partitioned dataset, with the statistics of ISPF.
//!
//! ```text
//!  Name     VV.MM   Created       Changed      Size  Init   Mod   Id
//!  MENU      01.07 2005/03/22 2006/08/17 15:48    42    38     5 ANN
//! ```
//!
//! Older systems print years of two digits, which come first too.
//!
//! The size is a number of lines, so no size in bytes is known. The user who changed a member last may not be
//! its owner, and is ignored.

use super::file;
use crate::{
    entry::Columns,
    listing::fields::{date_order::DateOrder, stamp, text},
};

pub(super) fn read(line: &[u8], order: DateOrder) -> Option<Columns<'_>> {
    let [name, version, created, changed, clock, size, initial, modified, _] = columns(line)?;
    let is_version = version
        .split(|&byte| byte == b'.')
        .try_fold(0, |parts, part| text::number(part).map(|_| parts + 1))
        .is_some_and(|parts| parts == 2);
    if !is_version || ![size, initial, modified].into_iter().all(is_count) {
        return None;
    }
    let day =
        |word| stamp::day_in_order(word, DateOrder::YearFirst).or_else(|| stamp::day_in_order(word, order));
    day(created)?;
    let changed = stamp::at_clock(day(changed)?, clock)?;
    Some(Columns { modified: Some(changed), ..file(name) })
}

/// With or without the user.
fn columns(line: &[u8]) -> Option<[&[u8]; 9]> {
    if let Some(columns) = text::words(line) {
        return Some(columns);
    }
    let [a, b, c, d, e, f, g, h] = text::words(line)?;
    Some([a, b, c, d, e, f, g, h, b""])
}

/// A number, possibly in thousands.
fn is_count(word: &[u8]) -> bool {
    text::number(word.strip_suffix(b"K").unwrap_or(word)).is_some()
}

#[cfg(test)]
mod tests {
    use crate::listing::{formats::Format, testing};

    #[test]
    fn name_and_last_change_are_read() {
        for line in [
            " MENU      01.07 2005/03/22 2006/08/17 15:48    42    38     5 ANN",
            "MENU      01.07 2005/03/22 2006/08/17 15:48    42    38     5",
            "MENU      01.07 05/03/22 06/08/17 15:48    42K   38     5 ANN",
        ] {
            let entry = testing::read(Format::Mvs, line);
            assert_eq!((entry.name(), entry.size), (&b"MENU"[..], None), "{line}");
            assert_eq!(entry.modified.unwrap().to_string(), "2006-08-17T15:48", "{line}");
            assert!(entry.is_file(), "{line}");
        }
    }

    #[test]
    fn lines_of_other_formats_are_refused() {
        for line in [
            " MENU      01 2005/03/22 2006/08/17 15:48    42    38     5 ANN",
            " MENU      01.07 2005/03/32 2006/08/17 15:48    42    38     5 ANN",
            " MENU      01.07 2005/03/22 2006/08/17 25:48    42    38     5 ANN",
            " MENU      01.07 2005/03/22 2006/08/17 15:48    42     x     5 ANN",
        ] {
            assert!(testing::try_read(Format::Mvs, line).is_err(), "{line}");
        }
    }
}

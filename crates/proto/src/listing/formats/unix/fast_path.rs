//! Fast path for the most common lines: `1 ann staff 512 Apr 30 09:15 name`.
//!
//! Testing each word for the start of a date takes several times as long.

use super::{Split, date, text};
use crate::listing::fields::{date::Horizon, months};

/// Splits at the date after four columns, the first a link count and the last a size. `None` for every other
/// line, and for other forms of dates.
pub(super) fn split<'l>(text: &'l [u8], horizon: &Horizon) -> Option<Split<'l>> {
    let (links, rest) = text::next_word(text);
    let (_owner, rest) = text::next_word(rest);
    let (_group, rest) = text::next_word(rest);
    let (size, rest) = text::next_word(rest);
    text::number(links).and(text::number(size))?;
    let begin = text::skip_blanks(rest);
    let (month, rest) = months::leading_english(begin)?;
    let (day, rest) = text::digits(text::blanks(rest)?, 2)?;
    let (modified, after) = date::after_day(month, u8::try_from(day).ok()?, text::blanks(rest)?, horizon)?;
    Some((text.get(..text.len() - begin.len())?, Some(modified), after))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        Limits, Timestamp,
        listing::{formats::unix::split_at_date, parsed_line::Context},
    };

    fn both(text: &str) -> (Option<Split<'_>>, Option<Split<'_>>) {
        let context = Context::new(Timestamp::from_date(2024, 5, 1).unwrap(), &Limits::default());
        (split(text.as_bytes(), &context.horizon), split_at_date(text.as_bytes(), &context))
    }

    #[test]
    fn common_lines_take_the_fast_path() {
        for line in
            ["   1 ann  staff    512 Apr 30 09:15 x", "1 0 0 8 Nov  8  2021 x y", "2 a b 0 May  1 00:00 "]
        {
            let (quick, slow) = both(line);
            assert!(quick.is_some(), "{line}");
            assert_eq!(quick, slow, "{line}");
        }
    }

    proptest! {
        #[test]
        fn fast_path_agrees_with_the_slow_path(
            links in "[0-9]{1,3}|jan|[a-z]{1,3}",
            owners in proptest::collection::vec("[a-z]{1,4}|[0-9]{1,4}|may|jan|dec", 1..4),
            size in "[0-9]{1,6}|20",
            day in "[0-9]{1,2}",
            month in "Jan|Feb|may|Nov|Foo",
            clock in "[0-2][0-9]:[0-5][0-9]|(19|20)[0-9]{2}|[0-9]:[0-9]{2}|[0-9]{1,5}",
            gap in " {1,3}",
            name in "[a-z0-9:. ]{0,8}",
        ) {
            let line = format!("{links} {}{gap}{size} {month}{gap}{day} {clock}{gap}{name}", owners.join(" "));
            if let (Some(quick), slow) = both(&line) {
                prop_assert_eq!(Some(quick), slow);
            }
        }
    }
}

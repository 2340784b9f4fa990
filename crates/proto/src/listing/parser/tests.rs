mod reply_frame;

use super::*;
use crate::listing::error::ListingError;

const UNIX: &[u8] = b"-rw-r--r-- 1 ann staff 5 Jan  2  2020 of unix";
const DOS: &[u8] = b"03-14-22  07:05AM 1024 of dos";

fn now() -> Timestamp {
    Timestamp::from_date(2024, 5, 1).unwrap()
}

fn parser() -> ListingParser {
    ListingParser::list(now())
}

fn custom(line: &[u8], _: Timestamp) -> Result<Entry, ListingError> {
    match line {
        b"skip me" => Err(ListingError::no_entry(line)),
        b"odd" => Err(ListingError::not_understood(line, "it is odd")),
        _ => Ok(Entry::new("custom")),
    }
}

/// Returns the names of the entries, `-` for lines that are not entries and `?` for lines that no format can read.
fn read(parser: &mut ListingParser, lines: &[&[u8]]) -> Vec<String> {
    lines.iter().for_each(|line| parser.push(line));
    parser.finish();
    std::iter::from_fn(|| parser.pop())
        .map(|outcome| match outcome {
            Outcome::Entry(entry) => String::from_utf8_lossy(entry.name()).into_owned(),
            Outcome::NoEntry => "-".to_owned(),
            Outcome::Unparsed => "?".to_owned(),
        })
        .collect()
}

/// Reads dates of DOS listings.
fn dates(dates: &[&str]) -> Vec<String> {
    let mut parser = parser();
    for date in dates {
        parser.push(format!("{date}  07:05AM 1024 x").as_bytes());
    }
    parser.finish();
    let entries = std::iter::from_fn(|| parser.next_entry());
    entries.map(|entry| entry.modified.unwrap().to_string()[..10].to_owned()).collect()
}

#[test]
fn invalid_line_does_not_affect_the_others() {
    let mut parser = parser();

    let lines = [&b"total 2"[..], UNIX, b"", b"?? what", DOS, b"./sub:", UNIX];
    let read = read(&mut parser, &lines);

    assert_eq!(read, ["-", "of unix", "-", "?", "of dos", "-", "of unix"]);
    assert_eq!(parser.unparsed(), 1);
    assert_eq!(parser.unparsed_samples(), [b"?? what"]);
}

#[test]
fn one_day_above_twelve_decides_date_order() {
    assert_eq!(dates(&["03-04-22", "05-04-22"]), ["2022-03-04", "2022-05-04"]);
    assert_eq!(dates(&["03-04-22", "25-04-22", "05-04-22"]), ["2022-04-03", "2022-04-25", "2022-04-05"]);
    assert_eq!(dates(&["03-04-22", "04-25-22", "05-04-22"]), ["2022-03-04", "2022-04-25", "2022-05-04"]);
}

#[test]
fn date_order_is_detected_within_the_look_ahead() {
    let mut many = vec!["03-04-22"; 600];
    many.push("25-04-22");
    assert!(dates(&many)[..600].iter().all(|date| date == "2022-04-03"));

    let mut more = vec!["03-04-22"; 2000];
    more.push("25-04-22");
    more.push("03-04-22");
    let dates = dates(&more);
    assert!(dates[..2000].iter().all(|date| date == "2022-03-04"));
    assert_eq!(dates[2000..], ["2022-04-25", "2022-04-03"]);
}

#[test]
fn future_dates_count_against_a_date_order() {
    assert_eq!(dates(&["02-05-24", "01-06-24"]), ["2024-02-05", "2024-01-06"]);
    assert_eq!(dates(&["05-02-24", "06-01-24"]), ["2024-02-05", "2024-01-06"]);
}

#[test]
fn entries_are_available_before_the_end() {
    let mut parser = parser();
    for _ in 0..detector::SAMPLE_LINES {
        parser.push(UNIX);
    }
    assert!(parser.next_entry().is_some());

    parser.push(DOS);
    assert_eq!(std::iter::from_fn(|| parser.next_entry()).last().unwrap().name(), b"of dos");
}

#[test]
fn indented_line_is_name_only_in_mlsd() {
    let mut mixed = ListingParser::of(&[Format::Mlsx, Format::Unix], now());
    let mut mlsd = ListingParser::mlsx();

    assert_eq!(read(&mut mixed, &[UNIX, b" odd"]), ["of unix", "?"]);
    assert_eq!(read(&mut mlsd, &[b"type=file; x", b" odd"]), ["x", "odd"]);
}

#[test]
fn truncated_line_is_read_in_no_other_format() {
    let line: &[u8] = b"QSYS          118784 10/05/14 07:53:32 *LIB       QGPL";
    let mut as_other_formats = 0;
    for end in 1..line.len() - b"QGPL".len() {
        let truncated = &line[..end];
        let mut after_another = parser();
        after_another.push(line);
        after_another.push_unterminated(truncated);
        after_another.finish();

        assert_eq!(after_another.next_entry().unwrap().name(), b"QGPL");
        assert_eq!(after_another.next_entry(), None, "{}", truncated.escape_ascii());
        as_other_formats += usize::from(read(&mut parser(), &[line, truncated])[1] != "?");
    }
    assert_ne!(as_other_formats, 0);
}

#[test]
fn parser_can_be_forced_to_decide() {
    let mut parser = parser();
    parser.push(UNIX);
    assert_eq!(parser.pop(), None);
    parser.decide();
    assert!(parser.next_entry().is_some());
}

#[test]
fn byte_order_mark_before_listing_is_dropped() {
    let mut parser = parser();
    let marked = [b"\xef\xbb\xbf", UNIX].concat();
    read(&mut parser, &[&marked, UNIX, &marked]);

    assert_eq!(parser.unparsed(), 1);
}

#[test]
fn unparsed_samples_are_limited_and_cut() {
    let mut parser = parser();
    read(&mut parser, &[&[b'?'; 1000][..]; 20]);

    assert_eq!(parser.unparsed(), 20);
    assert_eq!(parser.unparsed_samples(), vec![vec![b'?'; 256]; 8]);
}

#[test]
fn custom_parser_is_tried_first_or_last() {
    let mut first = parser().custom(Arc::new(custom), ParserOrder::First);
    let mut last = parser().custom(Arc::new(custom), ParserOrder::Last);

    assert_eq!(read(&mut first, &[UNIX]), ["custom"]);
    assert_eq!(read(&mut last, &[UNIX, b"neither"]), ["of unix", "custom"]);

    let half = b"a-name-that-could-go-on-in-the-next-line";
    assert_eq!(read(&mut last, &[half, UNIX, half]), ["custom", "of unix", "custom"]);
}

#[test]
fn custom_parser_can_skip_lines() {
    let mut parser = parser().custom(Arc::new(custom), ParserOrder::First);

    assert_eq!(read(&mut parser, &[b"skip me", b"odd", UNIX]), ["-", "?", "custom"]);
    assert_eq!(parser.unparsed(), 1);
}

#[test]
fn a_format_is_a_line_parser() {
    let parser: Arc<dyn LineParser> = Arc::new(Format::Dos);

    assert_eq!(parser.parse(DOS, now()).unwrap().name(), b"of dos");
    assert!(parser.parse(UNIX, now()).is_err());
}

#[test]
fn number_of_facts_is_limited() {
    let mut parser = ListingParser::mlsx().limits(&Limits { facts: 1, ..Limits::default() });

    assert_eq!(read(&mut parser, &[b"type=file;size=1; x", b"type=file; y"]), ["?", "y"]);
}

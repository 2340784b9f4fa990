//! Reply lines around a listing.

use crate::{
    Timestamp,
    listing::{ListingParser, Outcome},
};

/// Returns the names, and the lines that were not read.
fn read(mut parser: ListingParser, text: &str) -> (Vec<String>, Vec<String>) {
    text.lines().for_each(|line| parser.push(line.as_bytes()));
    parser.finish();
    let mut outcomes = 0;
    let mut names = Vec::new();
    while let Some(outcome) = parser.pop() {
        outcomes += 1;
        if let Outcome::Entry(entry) = outcome {
            names.push(String::from_utf8_lossy(entry.name()).into_owned());
        }
    }
    assert_eq!(outcomes, text.lines().count(), "each line has one outcome");
    let unparsed = parser.unparsed_samples().iter().map(|line| String::from_utf8_lossy(line).into_owned());
    let unparsed: Vec<_> = unparsed.collect();
    assert_eq!(parser.unparsed(), unparsed.len() as u64);
    (names, unparsed)
}

fn list() -> ListingParser {
    ListingParser::list(Timestamp::from_date(2024, 5, 1).unwrap())
}

const FACTS: &str = "type=dir; src\ntype=file;size=3; 250 End.\n";
const UNIX: &str = "drwxr-xr-x 2 a b 512 Apr  1 10:00 src\n-rw-r--r-- 1 a b 3 Apr  1 10:00 250 End.\n";
const DOS: &str = "04-01-24  10:00AM  <DIR>  src\n04-01-24  10:00AM  3 250 End.\n";

#[test]
fn reply_lines_around_listing_are_no_entries() {
    for (first, last) in [
        ("250-Begin", "250 End."),
        ("250-Listing of /pub:", "250 End of listing"),
        ("250-", "250 "),
        ("213-Status of /pub:", "213 End of status."),
        ("150-Start of list", "150 List complete"),
    ] {
        for (parser, lines) in [(ListingParser::mlsx(), FACTS), (list(), UNIX), (list(), DOS)] {
            let names = vec!["src".to_owned(), "250 End.".to_owned()];
            let framed = format!("{first}\n{lines}{last}\n");
            assert_eq!(read(parser.clone(), &framed), (names.clone(), vec![]), "{framed}");
            assert_eq!(read(parser.clone(), &format!("{framed}\n")), (names, vec![]), "{framed}");
            assert_eq!(read(parser, &format!("{first}\n{last}\n")), (vec![], vec![]), "{first}");
        }
    }
}

#[test]
fn framed_listing_without_end_is_truncated() {
    let names = vec!["src".to_owned(), "250 End.".to_owned()];
    for (parser, lines) in [(ListingParser::mlsx(), FACTS), (list(), UNIX)] {
        let cut = read(parser.clone(), &format!("250-Begin\n{lines}"));
        assert_eq!(cut, (names.clone(), vec!["250-Begin".to_owned()]));
        let without_start = read(parser, &format!("{lines}250 End.\n"));
        assert_eq!(without_start, (names.clone(), vec!["250 End.".to_owned()]));
    }
}

#[test]
fn names_like_reply_lines_stay_unread() {
    for text in [
        "250-report\n",
        "250-report\n250 pages\n",
        "250-report\n251 end\n",
        "250-report\n250-end\n",
        "250-report\n250 end\nother.txt\n",
        "550-Begin\n550 End.\n",
        "other.txt\n250-Begin\n250 End.\n",
    ] {
        let lines: Vec<_> = text.lines().map(str::to_owned).collect();
        for parser in [ListingParser::mlsx(), list()] {
            let (names, mut unparsed) = read(parser, text);
            unparsed.sort_by_key(|line| lines.iter().position(|other| other == line));
            assert_eq!((names, unparsed), (vec![], lines.clone()));
        }
    }
}

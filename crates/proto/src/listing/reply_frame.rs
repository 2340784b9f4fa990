//! Reply lines around a listing.

use crate::Code;

/// Recognizes the lines of a reply around a listing: `250-Begin` as its first line, and `250 End.` as its last. Some
/// servers send them on the data connection.
///
/// Only lines that no format can read are considered. They are confirmed at the end of the listing: without an end, the
/// first line may be the name of a file, or the listing was cut.
#[derive(Debug, Clone, Default)]
pub(super) struct ReplyFrame {
    position: Position,
    /// The first and the last line, each cut to `SHOWN` bytes.
    lines: Vec<Vec<u8>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Position {
    /// Before the first line.
    #[default]
    Start,
    /// The first line began with this code and a dash.
    Inside(Code),
    /// After the end.
    After,
    /// The listing has no frame, or lines after its end.
    Outside,
}

impl ReplyFrame {
    /// Returns whether a line that no format can read is the first or the last line of the frame.
    pub(super) fn take(&mut self, line: &[u8]) -> bool {
        let next = match self.position {
            Position::Start => first_code(line).map(Position::Inside),
            Position::Inside(code) => is_end(line, code).then_some(Position::After),
            Position::After | Position::Outside => None,
        };
        let Some(next) = next else { return false };
        self.position = next;
        self.lines.push(line.get(..SHOWN).unwrap_or(line).to_vec());
        true
    }

    /// Records any other line.
    #[inline]
    pub(super) fn pass(&mut self) {
        if matches!(self.position, Position::Start | Position::After) {
            self.position = Position::Outside;
        }
    }

    /// Returns the lines that [`take`](Self::take) has accepted, if they are not a frame after all.
    pub(super) fn finish(&mut self) -> Vec<Vec<u8>> {
        let lines = std::mem::take(&mut self.lines);
        if self.position == Position::After { Vec::new() } else { lines }
    }
}

fn first_code(line: &[u8]) -> Option<Code> {
    let (digits, rest) = line.split_first_chunk::<3>()?;
    let code = Code::from_digits(*digits).filter(|code| matches!(code.class(), 1 | 2))?;
    rest.starts_with(b"-").then_some(code)
}

/// Returns whether a line ends the reply: after the code, it is empty or has a word such as `complete`. Any other line
/// may be a name that begins with these digits.
fn is_end(line: &[u8], code: Code) -> bool {
    let Some((digits, rest)) = line.split_first_chunk::<3>() else { return false };
    let text = String::from_utf8_lossy(rest).to_ascii_lowercase();
    Code::from_digits(*digits) == Some(code)
        && (text.trim().is_empty() || text.starts_with(' ') && END.iter().any(|word| text.contains(word)))
}

const END: [&str; 5] = ["end", "complete", "done", "success", "finish"];
const SHOWN: usize = 256;

#[cfg(test)]
mod tests {
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
        let unparsed =
            parser.unparsed_samples().iter().map(|line| String::from_utf8_lossy(line).into_owned());
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
}

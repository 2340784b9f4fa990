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

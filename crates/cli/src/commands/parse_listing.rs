//! `parse-listing`: lines of a listing in, lines of JSON out.

use std::{
    io::{self, BufRead, BufReader, BufWriter, StdinLock, Write},
    time::{SystemTime, UNIX_EPOCH},
};

use oxftp::{
    Timestamp,
    listing::{Format, ListingParser, Outcome},
};

use super::entry::JsonEntry;
use crate::{
    args::{Listed, ParseListingArgs},
    failure::{Failure, Result},
    output::failed,
};

pub(crate) fn run(args: &ParseListingArgs) -> Result {
    let mut lines = Lines::new();
    let mut stdout = BufWriter::new(io::stdout().lock());
    let mut parser = parser(args);
    while lines.advance().map_err(|source| Failure::local("cannot read stdin", source))? {
        parser.push(if lines.cut { b"" } else { &lines.line });
        let may_wait = lines.may_wait();
        if may_wait {
            parser.decide();
        }
        print(&mut parser, args, &mut stdout)?;
        if may_wait {
            stdout.flush().map_err(failed)?;
        }
    }
    parser.finish();
    print(&mut parser, args, &mut stdout)?;
    stdout.flush().map_err(failed)
}

/// Prints a line for each line that is read by now.
fn print(parser: &mut ListingParser, args: &ParseListingArgs, stdout: &mut impl Write) -> Result {
    while let Some(outcome) = parser.pop() {
        match outcome {
            Outcome::Entry(mut entry) => {
                if let Some(zone) = &args.zone {
                    entry.modified = entry.modified.map(|time| zone.localize(time));
                }
                writeln!(stdout, "{}", JsonEntry::new(&entry, args.encoding).line())
            }
            _ => writeln!(stdout, "null"),
        }
        .map_err(failed)?;
    }
    Ok(())
}

/// Reads lines as the flags say.
fn parser(args: &ParseListingArgs) -> ListingParser {
    let now = args.now.map_or_else(seconds_since_1970, |moment| moment.0);
    let now = Timestamp::from_unix(now, 0).unwrap_or(Timestamp::UNIX_EPOCH);
    let now = args.zone.as_ref().map_or(now, |zone| zone.wall_clock(now));
    let parser = match args.format {
        Listed::Auto => ListingParser::of(&Format::all().collect::<Vec<_>>(), now),
        Listed::List => ListingParser::list(now),
        Listed::Only(format) => ListingParser::of(&[format], now),
    };
    args.syst.iter().fold(parser, |parser, syst| parser.hint(syst))
}

fn seconds_since_1970() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs().try_into().unwrap_or(0)
}

/// Lines of stdin, however long: of each no more is kept than an entry can have.
struct Lines<'l> {
    stdin: BufReader<StdinLock<'l>>,
    line: Vec<u8>,
    /// The line was longer than what is kept of it.
    cut: bool,
}

impl Lines<'_> {
    fn new() -> Self {
        Self { stdin: BufReader::with_capacity(READ_SIZE, io::stdin().lock()), line: Vec::new(), cut: false }
    }

    /// Tells whether the next line may have to be waited for.
    fn may_wait(&self) -> bool {
        memchr::memchr(b'\n', self.stdin.buffer()).is_none()
    }

    /// Takes the next line, without its line end; false at the end.
    fn advance(&mut self) -> io::Result<bool> {
        self.line.clear();
        self.cut = false;
        let mut any = false;
        loop {
            let chunk = self.stdin.fill_buf()?;
            if chunk.is_empty() {
                return Ok(any);
            }
            any = true;
            let end = memchr::memchr(b'\n', chunk);
            let (content, taken) = end.map_or((chunk, chunk.len()), |end| (&chunk[..end], end + 1));
            let room = MOST_KEPT - self.line.len();
            self.cut |= content.len() > room;
            self.line.extend_from_slice(&content[..content.len().min(room)]);
            self.stdin.consume(taken);
            if end.is_some() {
                let length = self.line.len() - usize::from(self.line.ends_with(b"\r"));
                self.line.truncate(length);
                return Ok(true);
            }
        }
    }
}

/// More than any server lets a line have; a longer line is no entry.
const MOST_KEPT: usize = 1024 * 1024;
const READ_SIZE: usize = 64 * 1024;

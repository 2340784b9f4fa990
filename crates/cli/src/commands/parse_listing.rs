//! `parse-listing`: parses the lines of a listing into JSON.

use std::{
    io::{self, BufRead, BufReader, BufWriter, StdinLock, Write},
    str::FromStr,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::Args;
use oxftp::{
    Encoding, ServerZone, Timestamp,
    listing::{Format, ListingParser, Outcome},
};

use super::support::entry::JsonEntry;
use crate::{
    args::UnixTime,
    failure::{Failure, Result},
    output::failed,
};

#[derive(Debug, Args)]
pub(crate) struct ParseListingArgs {
    /// Format: auto, list (any of LIST), mlsd, unix, dos, eplf, vms, mvs, zvm, os400, os2,
    /// netware, nonstop, connect-enterprise, supertcp, wince, vxworks, vshell, os9, wfftp,
    /// dls or vos
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub(crate) format: FormatChoice,
    /// Current time, for dates without a year, as in 2024-05-01T12:00Z [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<UnixTime>,
    /// Zone of times that have none, as in Europe/Berlin, UTC or +02:00
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub(crate) zone: Option<ServerZone>,
    /// The server's reply to SYST
    #[arg(long, value_name = "TEXT")]
    pub(crate) syst: Option<String>,
    /// Encoding of file names, such as latin1
    #[arg(long, value_name = "LABEL", default_value = "utf-8")]
    pub(crate) encoding: Encoding,
}

/// Values of `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FormatChoice {
    /// Any format.
    Auto,
    /// Any format of `LIST`.
    List,
    /// This format only.
    Only(Format),
}

impl FromStr for FormatChoice {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name.to_ascii_lowercase().as_str() {
            "auto" => Ok(Self::Auto),
            "list" => Ok(Self::List),
            name => name.parse().map(Self::Only).map_err(|error| format!("{error}")),
        }
    }
}

pub(crate) fn run(args: &ParseListingArgs) -> Result {
    let mut lines = LineReader::new();
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

/// Prints a line for each line that was parsed.
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

/// Creates the parser that the flags describe.
fn parser(args: &ParseListingArgs) -> ListingParser {
    let now = args.now.map_or_else(seconds_since_1970, |time| time.0);
    let now = Timestamp::from_unix(now, 0).unwrap_or(Timestamp::UNIX_EPOCH);
    let now = args.zone.as_ref().map_or(now, |zone| zone.wall_clock(now));
    let parser = match args.format {
        FormatChoice::Auto => ListingParser::of(&Format::all().collect::<Vec<_>>(), now),
        FormatChoice::List => ListingParser::list(now),
        FormatChoice::Only(format) => ListingParser::of(&[format], now),
    };
    args.syst.iter().fold(parser, |parser, syst| parser.hint(syst))
}

fn seconds_since_1970() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs().try_into().unwrap_or(0)
}

/// Reader of lines of any length that keeps the beginning of each.
struct LineReader<'l> {
    stdin: BufReader<StdinLock<'l>>,
    line: Vec<u8>,
    /// The line was longer than the kept part.
    cut: bool,
}

impl LineReader<'_> {
    fn new() -> Self {
        Self { stdin: BufReader::with_capacity(READ_SIZE, io::stdin().lock()), line: Vec::new(), cut: false }
    }

    /// Returns whether reading the next line may block.
    fn may_wait(&self) -> bool {
        memchr::memchr(b'\n', self.stdin.buffer()).is_none()
    }

    /// Reads the next line, without its line end; returns `false` at the end.
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
            let room = MAX_KEPT - self.line.len();
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

/// Longer than the lines of any server; a longer line is not an entry.
const MAX_KEPT: usize = 1024 * 1024;
const READ_SIZE: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_parsed_by_name() {
        assert_eq!("auto".parse(), Ok(FormatChoice::Auto));
        assert_eq!("MLSD".parse(), Ok(FormatChoice::Only(Format::Mlsx)));
        assert!("vax".parse::<FormatChoice>().is_err());
    }
}

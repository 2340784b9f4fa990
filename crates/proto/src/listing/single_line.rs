//! Parsers for a single line.

use super::{
    error::{self, ListingError},
    formats::Format,
    parsed_line::{Context, ParsedLine},
};
use crate::{Entry, Limits, Reply, Timestamp};

/// Parses one line of `LIST`, without its line ending, in any format that can read it.
///
/// A whole listing reveals more than one line: see [`ListingParser`](super::ListingParser).
///
/// # Errors
///
/// [`ListingError::NoEntry`] for blank lines, totals and headers, [`ListingError::NotUnderstood`]
/// when no format can read the line.
pub fn parse_list_line(line: &[u8], now: Timestamp) -> Result<Entry, ListingError> {
    let context = Context::new(now, &Limits::default());
    let mut no_entry = error::is_no_entry(line);
    for format in Format::OF_LIST {
        match format.read_in_any_order(line, &context) {
            Ok(ParsedLine::Entry(columns)) => return Ok(Entry::of_line(line, &columns)),
            Ok(ParsedLine::NoEntry) => no_entry = true,
            Ok(ParsedLine::BareName(_) | ParsedLine::FirstHalf) | Err(_) => {}
        }
    }
    match no_entry {
        true => Err(ListingError::no_entry(line)),
        false => Err(ListingError::not_understood(line, "no known format explains it")),
    }
}

/// Parses one line of `MLSD`, without its line ending.
///
/// The case of facts is ignored, and unknown facts are kept. The semicolon after the last fact may be
/// missing. One blank (or a tab, on some servers) ends the facts; everything after it is the name. A fact
/// with an invalid value leaves its field empty.
///
/// ```
/// use oxftp_proto::{EntryKind, Limits, listing::parse_mlsx_line};
///
/// let line = b"type=file;size=1024;modify=20211108214605;UNIX.mode=0644; read me; now.txt";
/// let entry = parse_mlsx_line(line, &Limits::default())?;
///
/// assert_eq!(entry.name(), b"read me; now.txt");
/// assert_eq!(entry.kind, EntryKind::File);
/// assert_eq!(entry.mode, Some(0o644));
/// assert_eq!(entry.facts().get("size").as_deref(), Some("1024"));
/// # Ok::<(), oxftp_proto::listing::ListingError>(())
/// ```
///
/// # Errors
///
/// [`ListingError::NoEntry`] for blank lines, [`ListingError::NotUnderstood`] when the line has no
/// name, no facts before it, or more than [`Limits::facts`].
pub fn parse_mlsx_line(line: &[u8], limits: &Limits) -> Result<Entry, ListingError> {
    Format::Mlsx.entry(line, &Context::new(Timestamp::UNIX_EPOCH, limits))
}

/// Parses the entry in a reply to `MLST`. It stands on the second line; some servers send only one line.
///
/// # Errors
///
/// As for [`parse_mlsx_line`].
pub fn parse_mlst_reply(reply: &Reply, limits: &Limits) -> Result<Entry, ListingError> {
    let line = reply.lines().nth(1).filter(|_| reply.lines().len() > 2).unwrap_or(reply.last_line());
    parse_mlst_line(line, limits)
}

/// Returns the lines of a listing in a reply to `STAT`, without the first and the last, if these are its frame. Some
/// servers (libunftp) send no frame: then the first and the last line are entries, too.
///
/// Some servers begin each line with the code, and some with a blank; both are removed.
pub fn stat_reply_lines(reply: &Reply) -> impl Iterator<Item = &[u8]> {
    let code = reply.code().to_string();
    let last = reply.lines().len().saturating_sub(1);
    let lines = reply.lines().enumerate().map(move |(number, line)| {
        let line =
            line.strip_prefix(code.as_bytes()).and_then(|line| line.strip_prefix(b"-")).unwrap_or(line);
        (number, line.strip_prefix(b" ").unwrap_or(line))
    });
    let is_inside = move |number: usize| number > 0 && number < last;
    lines.filter(move |&(number, line)| is_inside(number) || is_unix_entry(line)).map(|(_, line)| line)
}

/// Returns whether a line shows permissions and a date, as no text around a listing does.
fn is_unix_entry(line: &[u8]) -> bool {
    parse_unix_line(line, Timestamp::UNIX_EPOCH)
        .is_ok_and(|entry| entry.mode.is_some() && entry.modified.is_some())
}

/// Parses the middle line of a reply to `MLST`, whose first blank is not part of the entry.
///
/// # Errors
///
/// As for [`parse_mlsx_line`].
pub fn parse_mlst_line(line: &[u8], limits: &Limits) -> Result<Entry, ListingError> {
    parse_mlsx_line(line.strip_prefix(b" ").unwrap_or(line), limits)
}

/// Parses one line of a Unix listing, without its line ending.
///
/// A symbolic link is an [`EntryKind::Link`](crate::EntryKind::Link) whatever its target is. A device has no size. Dates are the
/// server's local time; see [`parse_ls_date`](super::parse_ls_date) for dates without a year.
///
/// ```
/// use oxftp_proto::{EntryKind, Timestamp, listing::parse_unix_line};
///
/// let now = Timestamp::from_date(2024, 5, 1).unwrap();
/// let link = parse_unix_line(b"lrwxrwxrwx 1 ann staff 9 Apr 30 09:15 latest -> v2 (final)", now)?;
///
/// assert_eq!(link.kind, EntryKind::Link);
/// assert_eq!(link.name(), b"latest");
/// assert_eq!(link.link_target(), Some(&b"v2 (final)"[..]));
/// # Ok::<(), oxftp_proto::listing::ListingError>(())
/// ```
///
/// # Errors
///
/// [`ListingError::NoEntry`] for blank lines, totals and headers, [`ListingError::NotUnderstood`]
/// for lines of another format.
pub fn parse_unix_line(line: &[u8], now: Timestamp) -> Result<Entry, ListingError> {
    Format::Unix.entry(line, &Context::new(now, &Limits::default()))
}

/// Parses one line of a DOS listing, without its line ending.
///
/// Years of two digits are between 1970 and 2069. The month comes first unless it is not a month. Junctions
/// and symbolic links are [`EntryKind::Link`](crate::EntryKind::Link)s.
///
/// ```
/// use oxftp_proto::listing::parse_dos_line;
///
/// let entry = parse_dos_line(b"11-08-21  09:46PM            1,048,576 setup.exe")?;
/// assert_eq!(entry.name(), b"setup.exe");
/// assert_eq!(entry.size, Some(1_048_576));
/// assert_eq!(entry.modified.unwrap().to_string(), "2021-11-08T21:46");
/// # Ok::<(), oxftp_proto::listing::ListingError>(())
/// ```
///
/// # Errors
///
/// [`ListingError::NoEntry`] for blank lines, totals and headers, [`ListingError::NotUnderstood`]
/// for lines of another format.
pub fn parse_dos_line(line: &[u8]) -> Result<Entry, ListingError> {
    Format::Dos.entry(line, &Context::new(Timestamp::UNIX_EPOCH, &Limits::default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    fn reply(code: u16, lines: &[&str]) -> Reply {
        Reply::new(Code::new(code).unwrap(), lines.iter().map(|line| line.as_bytes()))
    }

    #[test]
    fn mlst_reply_may_have_one_line() {
        for lines in [&["Listing x", " type=file;size=5; x", "End"][..], &["type=file;size=5; x"]] {
            let entry = parse_mlst_reply(&reply(250, lines), &Limits::default()).unwrap();
            assert_eq!((entry.name(), entry.size), (&b"x"[..], Some(5)), "{lines:?}");
        }
        assert!(parse_mlst_reply(&reply(250, &["End"]), &Limits::default()).is_err());
    }

    #[test]
    fn stat_reply_lines_have_no_code_or_indent() {
        let framed = reply(213, &["Status of x:", " -rw-r--r-- a", "213--rw-r--r-- b", "213 c", "End"]);

        assert_eq!(
            stat_reply_lines(&framed).collect::<Vec<_>>(),
            [&b"-rw-r--r-- a"[..], b"-rw-r--r-- b", b"213 c"]
        );
        assert_eq!(stat_reply_lines(&reply(213, &["Status", "End"])).count(), 0);
        let entries = ["-rw-r--r-- 1 0 0 1 Nov 28 20:38 a", "drwxr-xr-x 3 0 0 4096 Nov 28 20:38 b"];
        assert_eq!(stat_reply_lines(&reply(200, &entries)).count(), 2, "without a frame");
        assert_eq!(stat_reply_lines(&reply(213, &["Status"])).count(), 0);
    }

    #[test]
    fn single_line_is_parsed_in_matching_format() {
        let now = Timestamp::from_date(2024, 5, 1).unwrap();
        let error = parse_list_line(b"?", now).unwrap_err();

        let why = "no known format explains it";
        assert_eq!(error.to_string(), format!("the listing line \"?\" cannot be parsed: {why}"));
        assert!(parse_list_line(b"total 3", now).unwrap_err().is_no_entry());
        assert!(parse_list_line(b"03-14-22  07:05AM 1 x", now).is_ok());
        assert_eq!(parse_list_line(b"25-14-22  07:05AM 1 x", now).unwrap().modified, None);
        assert!(parse_list_line(b"25-14-22  07:05AM", now).is_err());
    }
}

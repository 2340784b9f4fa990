//! Entries of a listing as JSON and as text.

use std::{borrow::Cow, io::Write};

use base64::{Engine, prelude::BASE64_STANDARD};
use oxftp::{Encoding, Entry, EntryKind, Precision, Timestamp};
use serde::Serialize;

use crate::units::HumanBytes;

/// An entry as a JSON object. Bytes that are not valid in the encoding are in `name_b64` instead of `name`, and
/// likewise for `path` and `link_target`.
#[derive(Debug, Serialize)]
pub(crate) struct JsonEntry<'e> {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<Cow<'e, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_b64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Cow<'e, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_b64: Option<String>,
    #[serde(rename = "type")]
    kind: &'static str,
    size: Option<u64>,
    modified: Option<String>,
    mode: Option<String>,
    owner: Option<Cow<'e, str>>,
    group: Option<Cow<'e, str>>,
    link_target: Option<Cow<'e, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link_target_b64: Option<String>,
}

impl<'e> JsonEntry<'e> {
    /// Creates the object with the name of the entry.
    pub(crate) fn new(entry: &'e Entry, encoding: Encoding) -> Self {
        let (name, name_b64) = text_or_base64(entry.name(), encoding);
        let (link_target, link_target_b64) =
            entry.link_target().map(|target| text_or_base64(target, encoding)).unwrap_or_default();
        Self {
            path: None,
            path_b64: None,
            name,
            name_b64,
            kind: entry.kind.as_str(),
            size: entry.size,
            modified: entry.modified.map(|time| time.to_string()),
            mode: entry.mode.map(|mode| format!("{mode:04o}")),
            owner: entry.owner(),
            group: entry.group(),
            link_target,
            link_target_b64,
        }
    }

    /// Sets the path and the name, which are UTF-8.
    pub(crate) fn at(mut self, path: &'e [u8], name: &'e [u8]) -> Self {
        (self.path, self.path_b64) = text_or_base64(path, Encoding::UTF_8);
        (self.name, self.name_b64) = text_or_base64(name, Encoding::UTF_8);
        self
    }

    /// Formats the object on one line.
    pub(crate) fn line(&self) -> String {
        // Neither numbers nor strings can fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn text_or_base64(bytes: &[u8], encoding: Encoding) -> (Option<Cow<'_, str>>, Option<String>) {
    match encoding.decode_name(bytes) {
        Some(text) => (Some(text), None),
        None => (None, Some(BASE64_STANDARD.encode(bytes))),
    }
}

/// Appends type, permissions, size and time in columns, as `ls -l` does: `-rw-r--r--  1234  2024-05-01 12:00Z`.
pub(crate) fn push_columns(line: &mut Vec<u8>, entry: &Entry, human: bool) {
    let begin = line.len();
    line.push(letter(entry.kind));
    line.extend_from_slice(&permissions(entry.mode));
    line.push(b' ');
    match entry.size.filter(|_| entry.is_file()) {
        // Writing to memory cannot fail.
        Some(size) if human => drop(write!(line, "{:>SIZE_WIDTH$}", HumanBytes(size).to_string())),
        size => push_size(line, size),
    }
    line.push(b' ');
    match &entry.modified {
        Some(time) => push_minutes(line, time),
        None => line.push(b'-'),
    }
    line.resize(line.len().max(begin + TIME_ENDS), b' ');
}

/// Formats a time to the minute, with a `Z` if it is known to be UTC.
pub(crate) fn minutes(time: &Timestamp) -> String {
    let mut text = Vec::new();
    push_minutes(&mut text, time);
    String::from_utf8_lossy(&text).into_owned()
}

/// Listings are long, and the general number formatting takes five times as long.
fn push_size(line: &mut Vec<u8>, size: Option<u64>) {
    let mut column = *b"                   -";
    let mut first = column.len() - 1;
    if let Some(mut rest) = size {
        for (place, digit) in column.iter_mut().enumerate().rev() {
            (*digit, first) = (b'0' + (rest % 10) as u8, place);
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
    }
    line.extend_from_slice(&column[first.min(column.len() - SIZE_WIDTH)..]);
}

fn push_minutes(text: &mut Vec<u8>, time: &Timestamp) {
    push_two_digits(text, (time.year() / 100 % 100) as u8);
    push_two_digits(text, (time.year() % 100) as u8);
    text.push(b'-');
    push_two_digits(text, time.month());
    text.push(b'-');
    push_two_digits(text, time.day());
    if time.precision() == Precision::Day {
        return;
    }
    text.push(b' ');
    push_two_digits(text, time.hour());
    text.push(b':');
    push_two_digits(text, time.minute());
    // Writing to memory cannot fail.
    let _ = write!(text, "{}", time.zone());
}

fn push_two_digits(text: &mut Vec<u8>, number: u8) {
    text.extend_from_slice(&[b'0' + number / 10, b'0' + number % 10]);
}

fn letter(kind: EntryKind) -> u8 {
    match kind {
        EntryKind::File => b'-',
        EntryKind::Directory | EntryKind::CurrentDirectory | EntryKind::ParentDirectory => b'd',
        EntryKind::Link => b'l',
        EntryKind::Special => b's',
        _ => b'?',
    }
}

fn permissions(mode: Option<u32>) -> [u8; 9] {
    let Some(mode) = mode else { return [b'?'; 9] };
    let triple = |shift: u32, special: bool, letter: u8| {
        let bits = mode >> shift;
        let execute = match (bits & 1 != 0, special) {
            (true, true) => letter,
            (false, true) => letter.to_ascii_uppercase(),
            (true, false) => b'x',
            (false, false) => b'-',
        };
        [if bits & 4 != 0 { b'r' } else { b'-' }, if bits & 2 != 0 { b'w' } else { b'-' }, execute]
    };
    let [a, b, c] = triple(6, mode & 0o4000 != 0, b's');
    let [d, e, f] = triple(3, mode & 0o2000 != 0, b's');
    let [g, h, i] = triple(0, mode & 0o1000 != 0, b't');
    [a, b, c, d, e, f, g, h, i]
}

/// The position after the column of the time, which is 17 characters wide.
const TIME_ENDS: usize = 10 + 1 + SIZE_WIDTH + 1 + 17;
const SIZE_WIDTH: usize = 14;

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &[u8]) -> Entry {
        let mut entry = Entry::new(name);
        entry.kind = EntryKind::File;
        entry.size = Some(5);
        entry.mode = Some(0o4754);
        entry
    }

    #[test]
    fn entry_is_one_line_of_json() {
        assert_eq!(
            JsonEntry::new(&entry(b"a\n\"b"), Encoding::UTF_8).line(),
            r#"{"name":"a\n\"b","type":"file","size":5,"modified":null,"mode":"4754","owner":null,"group":null,"link_target":null}"#
        );
    }

    #[test]
    fn undecodable_name_is_base64() {
        let line = JsonEntry::new(&entry(b"K\xe4se"), Encoding::UTF_8).line();
        assert!(line.starts_with(r#"{"name_b64":"S+RzZQ==","type""#), "{line}");

        let line = JsonEntry::new(&entry(b"K\xe4se"), "latin1".parse().unwrap()).line();
        assert!(line.starts_with("{\"name\":\"Käse\""), "{line}");
    }

    #[test]
    fn columns_match_those_of_ls() {
        let columns = |size, modified: Option<&str>| {
            let mut entry = entry(b"x");
            entry.size = size;
            entry.modified = modified.map(|time| Timestamp::parse_mlsx(time.as_bytes()).unwrap());
            let mut line = Vec::new();
            push_columns(&mut line, &entry, false);
            String::from_utf8(line).unwrap()
        };
        assert_eq!(columns(Some(5), None), "-rwsr-xr--              5 -                ");
        assert_eq!(columns(Some(0), None), "-rwsr-xr--              0 -                ");
        assert_eq!(columns(None, None), "-rwsr-xr--              - -                ");
        assert_eq!(columns(Some(12_345_678_901_234), None), "-rwsr-xr-- 12345678901234 -                ");
        assert_eq!(columns(Some(u64::MAX), None), "-rwsr-xr-- 18446744073709551615 -          ");
        assert_eq!(columns(Some(5), Some("20240501120305")), "-rwsr-xr--              5 2024-05-01 12:03Z");
        assert_eq!(permissions(Some(0o1001)), *b"--------t");
        assert_eq!(permissions(None), [b'?'; 9]);
    }
}

//! What a listing says of one thing, as JSON and as a line for people.

use std::{borrow::Cow, fmt::Write};

use base64::{Engine, prelude::BASE64_STANDARD};
use oxftp::{Encoding, Entry, EntryKind, Precision, Timestamp};
use serde::Serialize;

/// A JSON object for an entry: `name_b64` stands for `name` where the bytes are no text in the
/// encoding, and likewise for `path` and `link_target`.
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
    /// Describes an entry by its own name.
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

    /// Says where it is, and what it is called there. Text is UTF-8 here.
    pub(crate) fn at(mut self, path: &'e [u8], name: &'e [u8]) -> Self {
        (self.path, self.path_b64) = text_or_base64(path, Encoding::UTF_8);
        (self.name, self.name_b64) = text_or_base64(name, Encoding::UTF_8);
        self
    }

    /// Spells the object on one line.
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

/// Spells kind, mode, size and time in columns, as `ls -l` does: `-rw-r--r--  1234  2024-05-01 12:00Z`.
pub(crate) fn columns(entry: &Entry) -> String {
    let mut line = String::with_capacity(TIME_ENDS);
    line.push(letter(entry.kind));
    line.extend(permissions(entry.mode));
    // A text takes whatever is written.
    let _ = match entry.size.filter(|_| entry.is_file()) {
        Some(size) => write!(line, " {size:>14} "),
        None => write!(line, " {:>14} ", '-'),
    };
    match &entry.modified {
        Some(time) => push_minutes(&mut line, time),
        None => line.push('-'),
    }
    line.extend(std::iter::repeat_n(' ', TIME_ENDS.saturating_sub(line.len())));
    line
}

/// Spells a time to the minute; what is known to be UTC has a `Z`.
pub(crate) fn minutes(time: &Timestamp) -> String {
    let mut text = String::new();
    push_minutes(&mut text, time);
    text
}

fn push_minutes(text: &mut String, time: &Timestamp) {
    push_two_digits(text, time.year() / 100);
    push_two_digits(text, time.year() % 100);
    text.push('-');
    push_two_digits(text, time.month().into());
    text.push('-');
    push_two_digits(text, time.day().into());
    if time.precision() == Precision::Day {
        return;
    }
    text.push(' ');
    push_two_digits(text, time.hour().into());
    text.push(':');
    push_two_digits(text, time.minute().into());
    let _ = write!(text, "{}", time.zone());
}

/// Listings are long: what formats any number takes five times as long.
fn push_two_digits(text: &mut String, number: u16) {
    text.extend(
        [number / 10, number % 10].into_iter().filter_map(|digit| char::from_digit(digit.into(), 10)),
    );
}

fn letter(kind: EntryKind) -> char {
    match kind {
        EntryKind::File => '-',
        EntryKind::Directory | EntryKind::CurrentDirectory | EntryKind::ParentDirectory => 'd',
        EntryKind::Link => 'l',
        EntryKind::Special => 's',
        _ => '?',
    }
}

fn permissions(mode: Option<u32>) -> [char; 9] {
    let Some(mode) = mode else { return ['?'; 9] };
    let triple = |shift: u32, special: bool, letter: char| {
        let bits = mode >> shift;
        let execute = match (bits & 1 != 0, special) {
            (true, true) => letter,
            (false, true) => letter.to_ascii_uppercase(),
            (true, false) => 'x',
            (false, false) => '-',
        };
        [if bits & 4 != 0 { 'r' } else { '-' }, if bits & 2 != 0 { 'w' } else { '-' }, execute]
    };
    let [a, b, c] = triple(6, mode & 0o4000 != 0, 's');
    let [d, e, f] = triple(3, mode & 0o2000 != 0, 's');
    let [g, h, i] = triple(0, mode & 0o1000 != 0, 't');
    [a, b, c, d, e, f, g, h, i]
}

/// Where the column of the time ends: that of a size is 14 wide, that of a time 17.
const TIME_ENDS: usize = 10 + 1 + 14 + 1 + 17;

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
    fn an_entry_is_one_line_of_json() {
        assert_eq!(
            JsonEntry::new(&entry(b"a\n\"b"), Encoding::UTF_8).line(),
            r#"{"name":"a\n\"b","type":"file","size":5,"modified":null,"mode":"4754","owner":null,"group":null,"link_target":null}"#
        );
    }

    #[test]
    fn a_name_that_is_no_text_is_base64() {
        let line = JsonEntry::new(&entry(b"K\xe4se"), Encoding::UTF_8).line();
        assert!(line.starts_with(r#"{"name_b64":"S+RzZQ==","type""#), "{line}");

        let line = JsonEntry::new(&entry(b"K\xe4se"), "latin1".parse().unwrap()).line();
        assert!(line.starts_with("{\"name\":\"Käse\""), "{line}");
    }

    #[test]
    fn columns_are_those_of_ls() {
        assert_eq!(columns(&entry(b"x")), "-rwsr-xr--              5 -                ");
        assert_eq!(String::from_iter(permissions(Some(0o1001))), "--------t");
        assert_eq!(String::from_iter(permissions(None)), "?????????");
    }
}

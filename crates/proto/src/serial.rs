//! `serde`: values with one textual form are strings, entries are objects.
//!
//! Names and paths that are not UTF-8 are written as bytes. Reading them back needs a format that describes itself, such as
//! JSON.

use std::{fmt, str::FromStr};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, SeqAccess, Visitor},
};

use crate::{Encoding, Entry, EntryKind, FileHash, FileName, HashAlgorithm, RemotePath, Reply, Timestamp};

/// A string, or bytes where they are not UTF-8.
struct Text(Vec<u8>);

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text(&self.0, serializer)
    }
}

fn text<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    match std::str::from_utf8(bytes) {
        Ok(text) => serializer.serialize_str(text),
        Err(_) => serializer.serialize_bytes(bytes),
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or bytes")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.into()))
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Text, E> {
        Ok(Text(bytes.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut bytes: A) -> Result<Text, A::Error> {
        let mut all = Vec::new();
        while let Some(byte) = bytes.next_element()? {
            all.push(byte);
        }
        Ok(Text(all))
    }
}

impl Serialize for RemotePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text(self.as_bytes(), serializer)
    }
}

impl<'de> Deserialize<'de> for RemotePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(bytes) = Text::deserialize(deserializer)?;
        Ok(Self::from_wire(&bytes, Encoding::UTF_8))
    }
}

impl Serialize for FileName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text(self.as_bytes(), serializer)
    }
}

impl<'de> Deserialize<'de> for FileName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(bytes) = Text::deserialize(deserializer)?;
        Self::from_wire(&bytes, Encoding::UTF_8).map_err(de::Error::custom)
    }
}

/// Implements both traits by `Display` and a function that parses.
macro_rules! by_text {
    ($($kind:ty, $parse:expr;)*) => {$(
        impl Serialize for $kind {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $kind {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                let parse: fn(&str) -> Option<Self> = $parse;
                parse(&text).ok_or_else(|| de::Error::invalid_value(de::Unexpected::Str(&text), &stringify!($kind)))
            }
        }
    )*};
}

by_text! {
    Timestamp, |text| text.parse().ok();
    FileHash, |text| text.parse().ok();
    HashAlgorithm, |text| text.parse().ok();
    EntryKind, |text| match text {
        "file" => Some(EntryKind::File),
        "dir" => Some(EntryKind::Directory),
        "link" => Some(EntryKind::Link),
        "special" => Some(EntryKind::Special),
        "unknown" => Some(EntryKind::Unknown),
        _ => None,
    };
}

/// The code and the text.
impl Serialize for Reply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The fields of an entry that are serialized.
#[derive(Serialize, Deserialize)]
struct EntryFields {
    name: Text,
    #[serde(rename = "type")]
    kind: EntryKind,
    size: Option<u64>,
    modified: Option<Timestamp>,
    mode: Option<u32>,
    links: Option<u32>,
    owner: Option<String>,
    group: Option<String>,
    link_target: Option<Text>,
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = EntryFields {
            name: Text(self.name().into()),
            kind: self.kind,
            size: self.size,
            modified: self.modified,
            mode: self.mode,
            links: self.links,
            owner: self.owner().map(Into::into),
            group: self.group().map(Into::into),
            link_target: self.link_target().map(|target| Text(target.into())),
        };
        fields.serialize(serializer)
    }
}

/// Without the line that the entry was parsed from.
impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let EntryFields { name, kind, size, modified, mode, links, owner, group, link_target } =
            EntryFields::deserialize(deserializer)?;
        let mut entry = Self::new(name.0);
        (entry.kind, entry.size, entry.modified) = (kind, size, modified);
        (entry.mode, entry.links) = (mode, links);
        if let Some(owner) = owner {
            entry = entry.with_owner(owner);
        }
        if let Some(group) = group {
            entry = entry.with_group(group);
        }
        if let Some(Text(target)) = link_target {
            entry = entry.with_link_target(target);
        }
        Ok(entry)
    }
}

/// Parses what `Display` writes.
///
/// ```
/// let time: oxftp_proto::Timestamp = "2024-05-01T12:30:00Z".parse()?;
/// assert_eq!(time.to_string(), "2024-05-01T12:30:00Z");
/// # Ok::<(), oxftp_proto::ParseTimestampError>(())
/// ```
impl FromStr for Timestamp {
    type Err = crate::ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_time(text).ok_or_else(|| crate::ParseTimestampError { text: text.chars().take(40).collect() })
    }
}

fn parse_time(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_once('T').map_or((text, None), |(date, rest)| (date, Some(rest)));
    let mut parts = date.split('-');
    let mut next = || parts.next().filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let (year, month, day) = (next()?.parse().ok()?, next()?.parse().ok()?, next()?.parse().ok()?);
    let date = Timestamp::from_date(year, month, day)?;
    let Some(rest) = rest else { return Some(date) };
    let (time, zone) = match rest.find(['Z', '+', '-']) {
        Some(at) => (rest.get(..at)?, parse_zone(rest.get(at..)?)?),
        None => (rest, crate::Zone::Unknown),
    };
    let (clock, fraction) = time.split_once('.').map_or((time, None), |(clock, it)| (clock, Some(it)));
    let numbers = clock.split(':').map(|part| part.parse::<u8>().ok()).collect::<Option<Vec<_>>>()?;
    let dated = match (numbers.as_slice(), fraction) {
        (&[hour, minute], None) => date.at(hour, minute)?,
        (&[hour, minute, second], None) => date.at_second(hour, minute, second)?,
        (&[hour, minute, second], Some(digits)) if digits.len() <= 9 => {
            date.at_nanosecond(hour, minute, second, format!("{digits:0<9}").parse().ok()?)?
        }
        _ => return None,
    };
    Some(dated.with_zone(zone))
}

fn parse_zone(text: &str) -> Option<crate::Zone> {
    if text == "Z" {
        return Some(crate::Zone::Utc);
    }
    let (sign, digits) = text.split_at_checked(1)?;
    let numbers = digits.split(':').map(|part| part.parse::<i32>().ok().filter(|it| (0..60).contains(it)));
    let numbers = numbers.collect::<Option<Vec<_>>>()?;
    let seconds = match *numbers.as_slice() {
        [hours, minutes] => hours * 3600 + minutes * 60,
        [hours, minutes, seconds] => hours * 3600 + minutes * 60 + seconds,
        _ => return None,
    };
    Some(crate::Zone::Offset(if sign == "-" { -seconds } else { seconds }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_of_entries_round_trips() {
        let mut entry = Entry::new("a b").with_owner("ann").with_link_target("to/x");
        (entry.kind, entry.size, entry.mode) = (EntryKind::Link, Some(7), Some(0o644));
        entry.modified = Some("2024-05-01T12:30Z".parse().unwrap());

        let json = serde_json::to_string(&entry).unwrap();

        assert_eq!(
            json,
            r#"{"name":"a b","type":"link","size":7,"modified":"2024-05-01T12:30Z","mode":420,"links":null,"owner":"ann","group":null,"link_target":"to/x"}"#
        );
        let back: Entry = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&back).unwrap(), json);
        assert_eq!((back.name(), back.modified), (entry.name(), entry.modified));
    }

    #[test]
    fn serde_keeps_names_that_are_not_utf8() {
        let path = RemotePath::from_wire(b"a/\xff", Encoding::UTF_8);
        let json = serde_json::to_string(&path).unwrap();
        assert_eq!(json, "[97,47,255]");
        assert_eq!(serde_json::from_str::<RemotePath>(&json).unwrap(), path);
        assert_eq!(serde_json::from_str::<RemotePath>("\"a/b\"").unwrap(), RemotePath::from("a/b"));
        assert!(serde_json::from_str::<FileName>("\"a/b\"").is_err());
    }

    #[test]
    fn times_are_parsed_as_they_are_written() {
        for text in [
            "2024-05-01",
            "2024-05-01T12:30",
            "2024-05-01T12:30:01Z",
            "2024-05-01T12:30:01.25+05:30",
            "2024-05-01T12:30:01.000000001-03:00",
        ] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), text);
        }
        for odd in
            ["", "2024", "2024-13-01", "2024-05-01T", "2024-05-01T25:00", "2024-05-01T12:30+1", "x-y-z"]
        {
            assert!(odd.parse::<Timestamp>().is_err(), "{odd}");
        }
    }
}

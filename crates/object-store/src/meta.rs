//! Metadata of one object.

use chrono::{DateTime, Utc};
use oxftp::{Entry, Precision};

/// Metadata of one object.
#[derive(Debug, Clone)]
pub(crate) struct Meta {
    pub(crate) location: String,
    pub(crate) size: u64,
    pub(crate) modified: DateTime<Utc>,
    /// `None` if the server reports no time to the second.
    pub(crate) etag: Option<String>,
    pub(crate) entry: Entry,
}

impl Meta {
    /// Returns `None` if the server reports no size.
    pub(crate) fn of(location: String, entry: Entry) -> Option<Self> {
        let size = entry.size?;
        let exact = entry.modified.filter(|time| time.precision() >= Precision::Second);
        let etag = exact.map(|time| {
            let unique = entry.facts().get("unique").map(|unique| format!("{}-", plain(&unique)));
            format!("\"{}{:x}-{size:x}\"", unique.unwrap_or_default(), time.to_unix(0))
        });
        let modified = entry
            .modified
            .and_then(|time| DateTime::from_timestamp(time.to_unix(0), 0))
            .unwrap_or(DateTime::UNIX_EPOCH);
        Some(Self { location, size, modified, etag, entry })
    }

    /// Returns whether another version would have another time: this one is known to the second, and that second is
    /// over.
    pub(crate) fn is_settled(&self) -> bool {
        let now = DateTime::<Utc>::from(std::time::SystemTime::now());
        self.etag.is_some() && (now - self.modified).num_seconds() >= SETTLED_SECONDS
    }
}

/// Returns a value without characters that have a meaning in a list of etags.
fn plain(unique: &str) -> String {
    unique.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// Age in seconds from which a file of the same size and time is taken for unchanged.
const SETTLED_SECONDS: i64 = 3;

#[cfg(test)]
mod tests {
    use oxftp::Timestamp;

    use super::*;

    fn entry(size: Option<u64>, modified: Option<Timestamp>) -> Entry {
        let mut entry = Entry::new("x");
        (entry.size, entry.modified) = (size, modified);
        entry
    }

    #[test]
    fn etag_needs_a_time_to_the_second() {
        let exact = Meta::of("x".into(), entry(Some(255), Timestamp::from_unix(16, 0))).unwrap();
        assert_eq!(exact.etag.as_deref(), Some("\"10-ff\""));
        assert!(exact.is_settled());

        let minute = Timestamp::from_date(2026, 11, 28).and_then(|day| day.at(12, 30));
        let vague = Meta::of("x".into(), entry(Some(255), minute)).unwrap();
        assert_eq!((vague.etag.is_none(), vague.is_settled()), (true, false));
        assert!(Meta::of("x".into(), entry(None, None)).is_none());
    }

    #[test]
    fn file_of_this_second_is_not_settled() {
        let now = Timestamp::from_system_time(std::time::SystemTime::now());
        assert!(!Meta::of("x".into(), entry(Some(1), now)).unwrap().is_settled());
    }
}

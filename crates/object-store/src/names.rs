//! Names on the server: of objects, of unfinished uploads, of locks.

use std::{
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

use oxftp::{LOCK_SUFFIX, PART_SUFFIX};

/// Returns a new hidden name for an upload that is not complete.
pub(crate) fn temporary() -> String {
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!(".{:016x}{PART_SUFFIX}", RandomState::new().hash_one((number, std::process::id())))
}

static COUNTER: AtomicU64 = AtomicU64::new(0);

/// Returns whether a name is that of an unfinished upload or of a lock.
pub(crate) fn is_reserved(name: &str) -> bool {
    name.ends_with(PART_SUFFIX) || name.ends_with(LOCK_SUFFIX)
}

/// Splits a location into the location of its directory, and its name.
pub(crate) fn split(location: &str) -> (&str, &str) {
    location.rsplit_once('/').unwrap_or(("", location))
}

/// Joins the location of a directory and a name.
pub(crate) fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_names_are_reserved_and_differ() {
        let (one, other) = (temporary(), temporary());

        assert!(is_reserved(&one) && one.starts_with('.'), "{one}");
        assert_ne!(one, other);
        assert!(is_reserved("x.parquet.oxftp.lock"));
        assert!(!is_reserved("x.part"));
    }

    #[test]
    fn locations_are_split_and_joined() {
        assert_eq!(split("a/b/c"), ("a/b", "c"));
        assert_eq!(split("c"), ("", "c"));
        assert_eq!(join("", "c"), "c");
        assert_eq!(join("a/b", "c"), "a/b/c");
    }
}

//! Names on the server: of files that are not complete, of directories, of what is below them.

use std::{
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

use oxftp::{LOCK_SUFFIX, PART_SUFFIX};

/// Returns a new hidden name for a file that is not complete.
pub(crate) fn temporary() -> String {
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!(".{:016x}{PART_SUFFIX}", RandomState::new().hash_one((number, std::process::id())))
}

static COUNTER: AtomicU64 = AtomicU64::new(0);

/// Returns whether a name is that of an unfinished upload or of a lock, by this service or other users of oxftp.
pub(crate) fn is_reserved(name: &str) -> bool {
    name.ends_with(PART_SUFFIX) || name.ends_with(LOCK_SUFFIX)
}

/// Splits a path into its directory, which is empty or ends with a slash, and its name, which ends with one if it is that of
/// a directory.
pub(crate) fn split(path: &str) -> (&str, &str) {
    let end = path.strip_suffix('/').unwrap_or(path).rfind('/').map_or(0, |slash| slash + 1);
    path.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_names_are_reserved_and_differ() {
        let (one, other) = (temporary(), temporary());

        assert!(is_reserved(&one) && one.starts_with('.'), "{one}");
        assert_ne!(one, other);
        assert!(is_reserved("x.oxftp.lock"));
        assert!(!is_reserved("x.part"));
    }

    #[test]
    fn paths_are_split_before_their_name() {
        for (path, expected) in [
            ("a/b/c", ("a/b/", "c")),
            ("a/b/", ("a/", "b/")),
            ("c", ("", "c")),
            ("c/", ("", "c/")),
            ("/", ("", "/")),
        ] {
            assert_eq!(split(path), expected, "{path:?}");
        }
    }
}

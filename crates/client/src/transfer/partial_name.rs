//! Names of partial files, local and on the server.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::SystemTime,
};

use oxftp_proto::{Encoding, FileName, NameError, RemotePath};
use sha2::{Digest, Sha256};

use super::local_path::{os_bytes, os_string};
use crate::{Error, lock::LOCK_SUFFIX};

/// Suffix of the name of a file that is not complete: of a download, or of an upload with
/// [`Upload::temporary`](crate::Upload::temporary).
///
/// No other program uses it, so that no unrelated file is mistaken for a partial file.
pub const PART_SUFFIX: &str = ".oxftp.part";

/// Suffix of the name that an older file on the server has while it is replaced.
const REPLACED_SUFFIX: &str = ".oxftp.old";

/// Returns a new name for a file on a server that is not complete: a hidden one, with [`PART_SUFFIX`].
///
/// Meant for programs that write a file with [`Client::upload_stream`](crate::Client::upload_stream) and then rename it.
///
/// ```
/// let name = oxftp::new_partial_name();
/// assert!(name.starts_with('.') && oxftp::is_reserved_name(&name));
/// ```
#[must_use]
pub fn new_partial_name() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!(".{:016x}{PART_SUFFIX}", RandomState::new().hash_one((number, std::process::id())))
}

/// Returns whether a name is that of a file that is not complete, or of a lock ([`LOCK_SUFFIX`]). A program should show no
/// such file, and create none itself.
///
/// ```
/// assert!(oxftp::is_reserved_name("report.pdf.oxftp.part"));
/// assert!(!oxftp::is_reserved_name("report.part"));
/// ```
#[must_use]
pub fn is_reserved_name(name: &str) -> bool {
    name.ends_with(PART_SUFFIX) || name.ends_with(LOCK_SUFFIX)
}

/// Returns the path of the local file that holds a download until it is complete.
pub(crate) fn partial_path(path: &Path) -> PathBuf {
    let name = os_bytes(path.file_name().unwrap_or_default());
    path.with_file_name(os_string(partial_name(&name)))
}

/// Returns the path of the local file that holds a part of a file until it is complete.
pub(crate) fn range_partial_path(path: &Path, start: u64, end: Option<u64>) -> PathBuf {
    let mut name = os_bytes(path.file_name().unwrap_or_default());
    let end = end.map(|end| end.to_string()).unwrap_or_default();
    name.extend_from_slice(format!(".{start}-{end}").as_bytes());
    path.with_file_name(os_string(partial_name(&name)))
}

/// Returns the path of the file on the server that holds an upload until it is complete. The token differs for each
/// upload, so that no two uploads write to one file.
pub(crate) fn remote_partial_path(
    path: &RemotePath,
    token: &str,
    encoding: Encoding,
) -> Result<RemotePath, NameError> {
    with_suffix(path, &format!(".{token}{PART_SUFFIX}"), encoding)
}

/// Returns the path on the server that an older file has while it is replaced.
pub(crate) fn replaced_path(
    path: &RemotePath,
    token: &str,
    encoding: Encoding,
) -> Result<RemotePath, NameError> {
    with_suffix(path, &format!(".{token}{REPLACED_SUFFIX}"), encoding)
}

fn with_suffix(path: &RemotePath, suffix: &str, encoding: Encoding) -> Result<RemotePath, NameError> {
    let Some(name) = path.file_name() else { return FileName::new("").map(RemotePath::from) };
    let partial = name_with(name.as_bytes(), suffix.as_bytes());
    let partial = match name.as_str() {
        Some(_) => FileName::new(String::from_utf8_lossy(&partial))?,
        None => FileName::from_wire(&partial, Encoding::UTF_8)?,
    };
    Ok(path.parent().unwrap_or_default().join_in(&partial, encoding))
}

/// Creates a token that no other upload has.
pub(crate) fn new_token() -> String {
    let number = RandomState::new().hash_one((std::process::id(), SystemTime::now()));
    format!("{:08x}", number >> 32)
}

fn partial_name(name: &[u8]) -> Vec<u8> {
    name_with(name, PART_SUFFIX.as_bytes())
}

/// Appends a suffix. Names that are too long for it are shortened, and end with a hash of the whole name.
fn name_with(name: &[u8], suffix: &[u8]) -> Vec<u8> {
    let room = MAX_NAME_BYTES - suffix.len();
    let mut partial = if name.len() > room { shortened(name, room) } else { name.to_vec() };
    partial.extend_from_slice(suffix);
    partial
}

fn shortened(name: &[u8], room: usize) -> Vec<u8> {
    let hash = Sha256::digest(name);
    let hash: String = hash.iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}")).collect();
    let mut end = room - hash.len() - 1;
    // A name that ends in the middle of a character would be invalid.
    while name.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) && end > 0 {
        end -= 1;
    }
    [name.get(..end).unwrap_or_default(), b"-", hash.as_bytes()].concat()
}

/// Finds, among the names of a directory, those of partial files of other files in it: each would overwrite the
/// other. Returns their indexes.
pub(crate) fn partial_names_of_others(names: impl Iterator<Item: AsRef<[u8]>> + Clone) -> HashSet<usize> {
    let mut partial = names.clone().enumerate().filter(|(_, name)| is_partial(name.as_ref())).peekable();
    if partial.peek().is_none() {
        return HashSet::new();
    }
    let wanted: HashSet<String> = partial.map(|(_, name)| folded(name.as_ref())).collect();
    let named = names.clone().map(|name| folded(&partial_name(name.as_ref())));
    let taken: HashSet<String> = named.filter(|name| wanted.contains(name)).collect();
    let numbered = names.enumerate().filter(|(_, name)| is_partial(name.as_ref()));
    numbered.filter(|(_, name)| taken.contains(&folded(name.as_ref()))).map(|(index, _)| index).collect()
}

fn is_partial(name: &[u8]) -> bool {
    let end = name.len().checked_sub(PART_SUFFIX.len()).and_then(|start| name.get(start..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(PART_SUFFIX.as_bytes()))
}

/// Folds a name as a case-insensitive file system does.
pub(crate) fn folded(name: &[u8]) -> String {
    String::from_utf8_lossy(name).to_lowercase()
}

/// Creates the error for a file that has the name of another file's partial file.
pub(crate) fn refuse_partial_name(path: String) -> Error {
    Error::Skipped { path, why: "its name is that of the partial file of another file" }
}

/// The limit of most file systems.
const MAX_NAME_BYTES: usize = 255;

/// The number of bytes of the hash that are part of a name, with two digits each.
const HASH_BYTES: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn taken_among(names: &[&str]) -> Vec<usize> {
        partial_names_of_others(names.iter().map(|name| name.as_bytes())).into_iter().collect()
    }

    #[test]
    fn new_partial_names_are_reserved_and_differ() {
        let (one, other) = (new_partial_name(), new_partial_name());

        assert!(is_reserved_name(&one) && one.starts_with('.'), "{one}");
        assert_ne!(one, other);
        assert!(is_reserved_name("x.parquet.oxftp.lock"));
        assert!(!is_reserved_name("x.part"));
    }

    #[test]
    fn partial_file_stands_beside_its_target() {
        assert_eq!(partial_path(Path::new("a/b.txt")), Path::new("a/b.txt.oxftp.part"));
        let part = |path: &str| remote_partial_path(&path.into(), "0123abcd", Encoding::UTF_8).unwrap();
        assert_eq!(part("/a/b c"), "/a/b c.0123abcd.oxftp.part".into());
        assert_eq!(part("b"), "b.0123abcd.oxftp.part".into());
        assert_eq!(part("/b"), "/b.0123abcd.oxftp.part".into());
    }

    #[test]
    fn long_partial_name_is_shortened_and_stays_unique() {
        let long = |last: &str| format!("{}{last}", "ä".repeat(126));
        let part = |name: String| partial_path(Path::new(&name)).into_os_string().into_string().unwrap();

        assert!(part(long("a")).len() <= MAX_NAME_BYTES, "{}", part(long("a")).len());
        assert!(part(long("a")).ends_with(PART_SUFFIX));
        assert_ne!(part(long("a")), part(long("b")));
        assert_eq!(part("a".repeat(244)).len(), 255);
    }

    #[test]
    fn partial_name_of_another_file_is_found() {
        assert_eq!(taken_among(&["x.oxftp.part", "x"]), [0]);
        assert_eq!(taken_among(&["X", "x.OXFTP.part"]), [1]);
        assert!(taken_among(&["x", "x.part", "y.oxftp.part"]).is_empty());
    }
}

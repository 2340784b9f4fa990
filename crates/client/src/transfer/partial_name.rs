//! The names of files that are not whole yet, here and on the server.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use oxftp_proto::{Encoding, FileName, NameError, RemotePath};
use sha2::{Digest, Sha256};

use super::local_path::{os_bytes, os_string};
use crate::Error;

/// What stands behind the name of a file that is not whole yet: a download's, or an upload's with
/// [`Upload::temporary`](crate::Upload::temporary).
///
/// Nobody else uses it, so that no file of the user's is taken for one that is to be gone on with.
pub const PART_SUFFIX: &str = ".oxftp.part";

/// Gives the local file that holds a download until it is whole.
pub(crate) fn part_path(path: &Path) -> PathBuf {
    let name = os_bytes(path.file_name().unwrap_or_default());
    path.with_file_name(os_string(part_name(&name)))
}

/// Gives the file on the server that holds an upload until it is whole.
pub(crate) fn remote_part(path: &RemotePath, encoding: Encoding) -> Result<RemotePath, NameError> {
    let Some(name) = path.file_name() else { return FileName::new("").map(RemotePath::from) };
    let part = part_name(name.as_bytes());
    let part = match name.as_str() {
        Some(_) => FileName::new(String::from_utf8_lossy(&part))?,
        None => FileName::from_wire(&part, Encoding::UTF_8)?,
    };
    Ok(path.parent().unwrap_or_default().join_in(&part, encoding))
}

/// Names that are too long for the suffix are cut, and told apart by a hash of the whole.
fn part_name(name: &[u8]) -> Vec<u8> {
    let room = LONGEST_NAME - PART_SUFFIX.len();
    let mut part = if name.len() > room { shortened(name, room) } else { name.to_vec() };
    part.extend_from_slice(PART_SUFFIX.as_bytes());
    part
}

fn shortened(name: &[u8], room: usize) -> Vec<u8> {
    let hash = Sha256::digest(name);
    let hash: String = hash.iter().take(HASHED).map(|byte| format!("{byte:02x}")).collect();
    let mut end = room - hash.len() - 1;
    // In the middle of a character it would be no name any more.
    while name.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) && end > 0 {
        end -= 1;
    }
    [name.get(..end).unwrap_or_default(), b"-", hash.as_bytes()].concat()
}

/// Finds, among the names of a directory, those of part files whose whole is there as well: each would
/// overwrite the other. Gives their places.
pub(crate) fn parts_of_others<'n>(names: impl Iterator<Item = &'n [u8]> + Clone) -> HashSet<usize> {
    let mut parts = names.clone().enumerate().filter(|(_, name)| is_part(name)).peekable();
    if parts.peek().is_none() {
        return HashSet::new();
    }
    let taken: HashSet<String> = names.map(|name| folded(&part_name(name))).collect();
    parts.filter(|(_, name)| taken.contains(&folded(name))).map(|(place, _)| place).collect()
}

fn is_part(name: &[u8]) -> bool {
    let end = name.len().checked_sub(PART_SUFFIX.len()).and_then(|start| name.get(start..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(PART_SUFFIX.as_bytes()))
}

/// Makes equal what a file system without case takes for equal.
pub(crate) fn folded(name: &[u8]) -> String {
    String::from_utf8_lossy(name).to_lowercase()
}

/// Says why such a file is left out.
pub(crate) fn is_part_of_another(path: String) -> Error {
    Error::Skipped { path, why: "its name is that of another file while it is not whole" }
}

/// The most bytes that most file systems allow in a name.
const LONGEST_NAME: usize = 255;

/// Bytes of a hash that stand in a name, two digits each.
const HASHED: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn taken_among(names: &[&str]) -> Vec<usize> {
        parts_of_others(names.iter().map(|name| name.as_bytes())).into_iter().collect()
    }

    #[test]
    fn a_part_stands_beside_its_file() {
        assert_eq!(part_path(Path::new("a/b.txt")), Path::new("a/b.txt.oxftp.part"));
        let part = |path: &str| remote_part(&path.into(), Encoding::UTF_8).unwrap();
        assert_eq!(part("/a/b c"), "/a/b c.oxftp.part".into());
        assert_eq!(part("b"), "b.oxftp.part".into());
        assert_eq!(part("/b"), "/b.oxftp.part".into());
    }

    #[test]
    fn a_name_too_long_for_the_suffix_is_cut_and_stays_its_own() {
        let long = |last: &str| format!("{}{last}", "ä".repeat(126));
        let part = |name: String| part_path(Path::new(&name)).into_os_string().into_string().unwrap();

        assert!(part(long("a")).len() <= LONGEST_NAME, "{}", part(long("a")).len());
        assert!(part(long("a")).ends_with(PART_SUFFIX));
        assert_ne!(part(long("a")), part(long("b")));
        assert_eq!(part("a".repeat(244)).len(), 255);
    }

    #[test]
    fn a_part_whose_file_is_there_too_is_found() {
        assert_eq!(taken_among(&["x.oxftp.part", "x"]), [0]);
        assert_eq!(taken_among(&["X", "x.OXFTP.part"]), [1]);
        assert!(taken_among(&["x", "x.part", "y.oxftp.part"]).is_empty());
    }
}

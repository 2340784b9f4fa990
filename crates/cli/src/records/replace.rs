//! Replacement of a file by a new version.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
    process,
};

use crate::{
    failure::{Failure, Result},
    output,
};

/// Replaces the content of a file atomically: a program that reads it sees the old or the new content. Writes into
/// devices and FIFOs, and to stdout for `-`.
pub(super) fn content(path: &Path, content: &str) -> Result {
    if path.as_os_str() == "-" {
        let mut stdout = io::stdout().lock();
        return stdout.write_all(content.as_bytes()).and_then(|()| stdout.flush()).map_err(output::failed);
    }
    let written = match fs::metadata(path) {
        Ok(found) if !found.is_file() => fs::write(path, content),
        _ => replace(path, content),
    };
    written.map_err(|error| Failure::local(format!("cannot write the record {path:?}"), error))
}

fn replace(path: &Path, content: &str) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.tmp", process::id()));
    let temporary = path.with_file_name(temporary);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&temporary)?;
    let replaced = file.write_all(content.as_bytes()).and_then(|()| fs::rename(&temporary, path));
    if replaced.is_err() {
        // The first error matters.
        let _ = fs::remove_file(&temporary);
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaced_file_leaves_no_temporary_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.prom");
        content(&path, "old").unwrap();
        content(&path, "new").unwrap();

        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        assert!(content(&directory.path().join("none/x"), "").is_err());
    }
}

//! `.netrc` files: users and passwords by host.
//!
//! [`Netrc`] has the parser. This module finds the file and refuses one that other users can read.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use oxftp::Netrc;

use crate::failure::{Failure, Result};

/// Reads a netrc file.
pub(crate) fn read(path: &Path) -> Result<Netrc> {
    let cannot = |error| Failure::local(format!("cannot read the netrc file {path:?}"), error);
    let file = File::open(path).map_err(cannot)?;
    check_private(path, &file)?;
    let mut text = String::new();
    let read = file.take(MAX_FILE_SIZE + 1).read_to_string(&mut text).map_err(cannot)?;
    if read as u64 > MAX_FILE_SIZE {
        return Err(cannot(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB")));
    }
    text.parse().map_err(|error| Failure::Usage(format!("the netrc file {path:?}: {error}")))
}

/// Returns the path of the user's netrc file.
pub(crate) fn own_path() -> Result<PathBuf> {
    let name = if cfg!(windows) { "_netrc" } else { ".netrc" };
    match std::env::home_dir().filter(|home| !home.as_os_str().is_empty()) {
        Some(home) => Ok(home.join(name)),
        None => Err(Failure::Usage(
            "--netrc found no home directory: use --netrc-file to name the file".to_owned(),
        )),
    }
}

/// Fails if other users can read the file.
///
/// This checks the open file: its name may refer to another file a moment later.
#[cfg(unix)]
fn check_private(path: &Path, file: &File) -> Result {
    use std::os::unix::fs::PermissionsExt;

    let cannot = |error| Failure::local(format!("cannot read the netrc file {path:?}"), error);
    let mode = file.metadata().map_err(cannot)?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(Failure::Local {
        what: format!(
            "other users can read the netrc file {path:?} (mode {:04o}): use chmod 600",
            mode & 0o7777
        ),
        source: io::Error::new(io::ErrorKind::PermissionDenied, "the passwords in it would not be secret"),
    })
}

#[cfg(not(unix))]
fn check_private(_path: &Path, _file: &File) -> Result {
    Ok(())
}

/// In bytes; enough for thousands of logins.
const MAX_FILE_SIZE: u64 = 1 << 20;

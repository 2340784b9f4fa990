//! `.netrc`: logins that a file holds, for the machines that it names.
//!
//! [`parse`] reads the text; here a file is found, and one that others can read is refused.

mod parse;
mod tokens;

pub(crate) use parse::Netrc;

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use crate::failure::{Failure, Result};

/// Reads a netrc file whole.
pub(crate) fn read(path: &Path) -> Result<Netrc> {
    let cannot = |error| Failure::local(format!("cannot read the netrc file {path:?}"), error);
    let file = File::open(path).map_err(cannot)?;
    check_private(path, &file)?;
    let mut text = String::new();
    let read = file.take(LARGEST + 1).read_to_string(&mut text).map_err(cannot)?;
    if read as u64 > LARGEST {
        return Err(cannot(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB")));
    }
    text.parse().map_err(|error| Failure::Usage(format!("the netrc file {path:?}: {error}")))
}

/// Gives the path of the user's own netrc file.
pub(crate) fn own_path() -> Result<PathBuf> {
    let name = if cfg!(windows) { "_netrc" } else { ".netrc" };
    match std::env::home_dir().filter(|home| !home.as_os_str().is_empty()) {
        Some(home) => Ok(home.join(name)),
        None => {
            Err(Failure::Usage("--netrc finds no home directory: --netrc-file names the file".to_owned()))
        }
    }
}

/// Passwords in a file that others can read are known to others. The open file is asked, not its name,
/// which may be another's a moment later.
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
            "the netrc file {path:?} is open to others (mode {:04o}): chmod 600 closes it",
            mode & 0o7777
        ),
        source: io::Error::new(io::ErrorKind::PermissionDenied, "a password in it would be no secret"),
    })
}

#[cfg(not(unix))]
fn check_private(_path: &Path, _file: &File) -> Result {
    Ok(())
}

/// In bytes: thousands of logins.
const LARGEST: u64 = 1 << 20;

//! The netrc file that the flags name, and its failures.

use std::path::{Path, PathBuf};

use oxftp::{Netrc, NetrcError};

use crate::failure::{Failure, Result};

/// Reads a netrc file. One that other users can read is refused.
pub(crate) fn read(path: &Path) -> Result<Netrc> {
    Netrc::read(path).map_err(|error| match error.get_ref().is_some_and(|source| source.is::<NetrcError>()) {
        true => Failure::Usage(format!("the netrc file {path:?}: {error}")),
        false => Failure::local(format!("cannot read the netrc file {path:?}"), error),
    })
}

/// Returns the path of the user's netrc file.
pub(crate) fn own_path() -> Result<PathBuf> {
    Netrc::own_path().ok_or_else(|| {
        let why = "--netrc found no home directory: use --netrc-file to name the file";
        Failure::Usage(why.to_owned())
    })
}

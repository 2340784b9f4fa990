//! Directory for what the program remembers: the history of the shell, and records of uploads.

use std::{env, path::PathBuf};

/// Returns `oxftp` in `XDG_STATE_HOME`, else in `~/.local/state`.
pub(crate) fn state_directory() -> Option<PathBuf> {
    let state = env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = state.or_else(|| Some(env::home_dir()?.join(".local/state")))?;
    Some(state.join("oxftp"))
}

/// Returns the directory of the records of uploads. For a service without a home directory, they are kept beside the temporary
/// files.
pub(crate) fn upload_records() -> Option<PathBuf> {
    let is_named = env::var_os("XDG_STATE_HOME").is_some_and(|path| !path.is_empty());
    let exists = is_named || env::home_dir().is_some_and(|home| home.is_dir());
    state_directory().filter(|_| exists).or_else(temporary_directory).map(|state| state.join("uploads"))
}

/// Creates `oxftp-UID` beside the temporary files. Returns `None` if it is not a directory that only this user can write to.
#[cfg(unix)]
fn temporary_directory() -> Option<PathBuf> {
    use std::{
        fs::{self, DirBuilder},
        os::unix::fs::{DirBuilderExt, MetadataExt},
    };

    let user = rustix::process::geteuid().as_raw();
    let path = env::temp_dir().join(format!("oxftp-{user}"));
    // It may exist.
    let _ = DirBuilder::new().mode(0o700).create(&path);
    let found = fs::symlink_metadata(&path).ok()?;
    (found.is_dir() && found.uid() == user && found.mode() & 0o022 == 0).then_some(path)
}

#[cfg(not(unix))]
fn temporary_directory() -> Option<PathBuf> {
    None
}

//! Directory for what the program remembers: the history of the shell, and records of uploads.

use std::{env, path::PathBuf};

/// Returns `oxftp` in `XDG_STATE_HOME`, else in `~/.local/state`.
pub(crate) fn state_directory() -> Option<PathBuf> {
    let state = env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = state.or_else(|| Some(env::home_dir()?.join(".local/state")))?;
    Some(state.join("oxftp"))
}

/// Returns the directory of the records of uploads. A service without a home directory keeps none.
pub(crate) fn upload_records() -> Option<PathBuf> {
    let is_named = env::var_os("XDG_STATE_HOME").is_some_and(|path| !path.is_empty());
    let exists = is_named || env::home_dir().is_some_and(|home| home.is_dir());
    state_directory().filter(|_| exists).map(|state| state.join("uploads"))
}

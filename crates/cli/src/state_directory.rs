//! Directory for what the program remembers: the history of the shell, and records of uploads.

use std::{env, path::PathBuf};

/// Returns `oxftp` in `XDG_STATE_HOME`, else in `~/.local/state`; `None` if there is no home directory.
pub(crate) fn state_directory() -> Option<PathBuf> {
    let named = env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = match named {
        Some(state) => state,
        // A service without a home directory must not create one.
        None => env::home_dir().filter(|home| home.is_dir())?.join(".local/state"),
    };
    Some(state.join("oxftp"))
}

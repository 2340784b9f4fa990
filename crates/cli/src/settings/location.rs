//! Path of the settings file.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::PathBuf,
};

/// Returns the file that `--config` names, else `OXFTP_CONFIG`.
pub(super) fn explicit(words: &[OsString]) -> Option<PathBuf> {
    flag(words).or_else(|| env::var_os("OXFTP_CONFIG").filter(|path| !path.is_empty())).map(PathBuf::from)
}

/// Returns the default file: `oxftp/config.toml` in `XDG_CONFIG_HOME`, else in `~/.config`.
pub(super) fn default() -> Option<PathBuf> {
    let absolute = |path: &OsString| PathBuf::from(path).is_absolute();
    let base = match env::var_os("XDG_CONFIG_HOME").filter(absolute) {
        Some(base) => PathBuf::from(base),
        None => env::home_dir().filter(|home| !home.as_os_str().is_empty())?.join(".config"),
    };
    Some(base.join("oxftp").join("config.toml"))
}

/// Finds the flag before the command line is parsed, because the file sets defaults for parsing.
fn flag(words: &[OsString]) -> Option<OsString> {
    let mut words = words.iter().take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        if word == "--config" {
            return words.next().cloned();
        }
        if let Some(path) = word.to_str().and_then(|word| word.strip_prefix("--config=")) {
            return Some(OsStr::new(path).to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn config_flag_is_found_before_double_dash() {
        let flag = |words: &[&str]| flag(&words.iter().map(OsString::from).collect::<Vec<_>>());

        assert_eq!(flag(&["oxftp", "--config", "a", "ls"]), Some("a".into()));
        assert_eq!(flag(&["oxftp", "ls", "--config=b", "x"]), Some("b".into()));
        assert_eq!(flag(&["oxftp", "ls", "--", "--config", "x"]), None);
        assert_eq!(flag(&["oxftp", "ls", "--config"]), None);
    }
}

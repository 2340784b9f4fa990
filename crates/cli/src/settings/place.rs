//! Where the settings are.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::PathBuf,
};

/// Gives the file that `--config` names, else `OXFTP_CONFIG`.
pub(super) fn named(words: &[OsString]) -> Option<PathBuf> {
    flag(words).or_else(|| env::var_os("OXFTP_CONFIG").filter(|path| !path.is_empty())).map(PathBuf::from)
}

/// Gives the user's own file: `oxftp/config.toml` below `XDG_CONFIG_HOME`, else below `~/.config`.
pub(super) fn usual() -> Option<PathBuf> {
    let absolute = |path: &OsString| PathBuf::from(path).is_absolute();
    let base = match env::var_os("XDG_CONFIG_HOME").filter(absolute) {
        Some(base) => PathBuf::from(base),
        None => env::home_dir().filter(|home| !home.as_os_str().is_empty())?.join(".config"),
    };
    Some(base.join("oxftp").join("config.toml"))
}

/// The flag is looked for before the others can be read, since they depend on what the file says.
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
    fn the_flag_is_found_anywhere_before_the_operands_end() {
        let flag = |words: &[&str]| flag(&words.iter().map(OsString::from).collect::<Vec<_>>());

        assert_eq!(flag(&["oxftp", "--config", "a", "ls"]), Some("a".into()));
        assert_eq!(flag(&["oxftp", "ls", "--config=b", "x"]), Some("b".into()));
        assert_eq!(flag(&["oxftp", "ls", "--", "--config", "x"]), None);
        assert_eq!(flag(&["oxftp", "ls", "--config"]), None);
    }
}

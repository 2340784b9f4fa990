//! Settings file: defaults of flags, and bookmarks.
//!
//! [`location`] finds the file, [`read`] parses it, [`defaults`] applies defaults of flags and [`edit`] changes
//! bookmarks.

mod defaults;
mod edit;
mod location;
mod read;

pub(crate) use edit::{add, remove};

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    path::PathBuf,
};

use clap::Command;
use defaults::DefaultValue;

use crate::args::BookmarkName;
use crate::failure::{Failure, Result};

/// Content of a settings file.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    path: Option<PathBuf>,
    defaults: Vec<DefaultValue>,
    bookmarks: Vec<(BookmarkName, String)>,
}

impl Settings {
    /// Reads the file that the command line or the environment names, else the default file, which may be missing.
    pub(crate) fn read(words: &[OsString]) -> Result<Self> {
        let (path, named) = match location::explicit(words) {
            Some(path) => (path, true),
            None => match location::default() {
                Some(path) => (path, false),
                None => return Ok(Self::default()),
            },
        };
        match fs::read_to_string(&path) {
            Ok(text) => read::read(path, &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound && (!named || may_create(words)) => {
                Ok(Self { path: Some(path), ..Self::default() })
            }
            Err(error) => Err(Failure::local(format!("cannot read the settings {path:?}"), error)),
        }
    }

    /// Replaces bookmarks, as in `@work/reports`, by their URLs.
    pub(crate) fn expand(&self, words: Vec<OsString>) -> Vec<OsString> {
        words.into_iter().map(|word| self.expanded(&word).map_or(word, OsString::from)).collect()
    }

    fn expanded(&self, word: &OsStr) -> Option<String> {
        let word = word.to_str()?.strip_prefix('@')?;
        let (name, path) = word.find('/').map_or((word, ""), |at| word.split_at(at));
        let (_, url) = self.bookmarks.iter().find(|(kept, _)| kept.as_str() == name)?;
        Some(append_path(url, path))
    }

    /// Applies the defaults of flags.
    pub(crate) fn preset(&self, command: Command) -> Command {
        defaults::preset(command, &self.defaults)
    }

    /// Returns all bookmarks, in the order of the file.
    pub(crate) fn bookmarks(&self) -> &[(BookmarkName, String)] {
        &self.bookmarks
    }

    /// Returns the path of the file, which may not exist yet.
    pub(crate) fn path(&self) -> Result<&PathBuf> {
        let missing = || Failure::Usage("no home directory: use --config to name a settings file".to_owned());
        self.path.as_ref().ok_or_else(missing)
    }
}

/// Appends a path to the URL of a bookmark; a path with two leading slashes is absolute on its server.
fn append_path(url: &str, path: &str) -> String {
    if path.is_empty() {
        return url.to_owned();
    }
    if path.starts_with("//") {
        let host = url.find("://").map_or(0, |at| at + 3);
        let end = url.get(host..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| host + at);
        return format!("{}{path}", url.get(..end).unwrap_or(url));
    }
    format!("{}{path}", url.trim_end_matches('/'))
}

/// The file may be missing for `bookmark`, which creates it.
fn may_create(words: &[OsString]) -> bool {
    words.iter().any(|word| word == "bookmark")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bookmarks_at_the_start_of_words_expand() {
        let settings = read::read("x".into(), "[bookmarks]\nwork = 'ftp://me@h/www/'\n").unwrap();
        let words = ["ls", "@work", "@work/a b", "@work//abs", "@other/x", "a@work", "@"];

        let expanded = settings.expand(words.map(OsString::from).to_vec());

        let urls =
            ["ls", "ftp://me@h/www/", "ftp://me@h/www/a b", "ftp://me@h//abs", "@other/x", "a@work", "@"];
        assert_eq!(expanded, urls.map(OsString::from));
    }
}

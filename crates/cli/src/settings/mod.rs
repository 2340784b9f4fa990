//! The user's settings: defaults of flags, and bookmarks.
//!
//! [`place`] says where the file is, [`read`] takes it apart, [`defaults`] makes flags of it and [`edit`]
//! changes its bookmarks.

mod bookmark;
mod defaults;
mod edit;
mod place;
mod read;

pub(crate) use bookmark::BookmarkName;
pub(crate) use edit::{add, remove};

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    path::PathBuf,
};

use clap::Command;
use defaults::Default;

use crate::failure::{Failure, Result};

/// What a settings file says.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    path: Option<PathBuf>,
    defaults: Vec<Default>,
    bookmarks: Vec<(BookmarkName, String)>,
}

impl Settings {
    /// Reads the file that the words or the environment name, else the user's own, which need not be there.
    pub(crate) fn read(words: &[OsString]) -> Result<Self> {
        let (path, named) = match place::named(words) {
            Some(path) => (path, true),
            None => match place::usual() {
                Some(path) => (path, false),
                None => return Ok(Self::default()),
            },
        };
        match fs::read_to_string(&path) {
            Ok(text) => read::read(path, &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound && (!named || edits(words)) => {
                Ok(Self { path: Some(path), ..Self::default() })
            }
            Err(error) => Err(Failure::local(format!("cannot read the settings {path:?}"), error)),
        }
    }

    /// Gives the words with bookmarks, as in `@work/reports`, replaced by what they stand for.
    pub(crate) fn expand(&self, words: Vec<OsString>) -> Vec<OsString> {
        words.into_iter().map(|word| self.expanded(&word).map_or(word, OsString::from)).collect()
    }

    fn expanded(&self, word: &OsStr) -> Option<String> {
        let word = word.to_str()?.strip_prefix('@')?;
        let (name, path) = word.find('/').map_or((word, ""), |at| word.split_at(at));
        let (_, url) = self.bookmarks.iter().find(|(kept, _)| kept.as_str() == name)?;
        Some(bookmark::below(url, path))
    }

    /// Makes the defaults those of the flags.
    pub(crate) fn preset(&self, command: Command) -> Command {
        defaults::preset(command, &self.defaults)
    }

    /// Gives all bookmarks, in the order of the file.
    pub(crate) fn bookmarks(&self) -> &[(BookmarkName, String)] {
        &self.bookmarks
    }

    /// Gives the path of the file, which may not be there yet.
    pub(crate) fn path(&self) -> Result<&PathBuf> {
        let missing = || Failure::Usage("there is no home directory: --config names a file".to_owned());
        self.path.as_ref().ok_or_else(missing)
    }
}

/// A file that is about to be written need not be there.
fn edits(words: &[OsString]) -> bool {
    words.iter().any(|word| word == "bookmark")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bookmarks_stand_for_their_urls_wherever_a_word_begins_with_one() {
        let settings = read::read("x".into(), "[bookmarks]\nwork = 'ftp://me@h/www/'\n").unwrap();
        let words = ["ls", "@work", "@work/a b", "@work//abs", "@other/x", "a@work", "@"];

        let expanded = settings.expand(words.map(OsString::from).to_vec());

        let urls =
            ["ls", "ftp://me@h/www/", "ftp://me@h/www/a b", "ftp://me@h//abs", "@other/x", "a@work", "@"];
        assert_eq!(expanded, urls.map(OsString::from));
    }
}

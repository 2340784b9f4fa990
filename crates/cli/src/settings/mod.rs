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
    cell::LazyCell,
    ffi::{OsStr, OsString},
    fs, io,
    path::{Path, PathBuf},
};

use clap::Command;
use defaults::DefaultValue;
use oxftp::FtpUrl;

use crate::args::BookmarkName;
use crate::failure::{Failure, Result};

/// Content of a settings file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    path: Option<PathBuf>,
    defaults: Vec<DefaultValue>,
    /// Flags for a host, by its name.
    hosts: Vec<(String, Vec<DefaultValue>)>,
    /// Flags for a bookmark, by its name.
    of_bookmarks: Vec<(String, Vec<DefaultValue>)>,
    /// Names of flags that are on or off.
    switches: Vec<String>,
    bookmarks: Vec<(BookmarkName, String)>,
}

impl Settings {
    /// Reads the file that the command line or the environment names, else the default file, which may be missing.
    pub(crate) fn read(words: &[OsString], cli: &LazyCell<Command>) -> Result<Self> {
        let settings = Self::read_file(words, cli)?;
        let switches = words.iter().filter_map(|word| switched_off(word.to_str()?));
        let switches = switches.filter(|name| defaults::is_switch(cli, name)).map(str::to_owned).collect();
        Ok(Self { switches, ..settings })
    }

    fn read_file(words: &[OsString], cli: &LazyCell<Command>) -> Result<Self> {
        let (path, named) = match location::explicit(words) {
            Some(path) => (path, true),
            None => match location::default() {
                Some(path) => (path, false),
                None => return Ok(Self::default()),
            },
        };
        match fs::read_to_string(&path) {
            Ok(text) => read::read(path, &text, cli),
            Err(error) if error.kind() == io::ErrorKind::NotFound && (!named || may_create(words)) => {
                Ok(Self { path: Some(path), ..Self::default() })
            }
            Err(error) => Err(Failure::local(format!("cannot read the settings {path:?}"), error)),
        }
    }

    /// Replaces bookmarks by their URLs, and takes the flags for the hosts and bookmarks in the words. A flag that the words
    /// switch off (`--no-netrc`, `--netrc=false`) has no default.
    pub(crate) fn apply_to(mut self, words: Vec<OsString>) -> (Vec<OsString>, Self) {
        let named = |word: &OsString| {
            let name = word.to_str()?.strip_prefix('@')?;
            Some(name.split('/').next().unwrap_or_default().to_owned())
        };
        let bookmarks: Vec<_> = words.iter().filter_map(named).collect();
        let words = self.expand(words);
        let urls = words.iter().filter_map(|word| word.to_str()?.parse::<FtpUrl>().ok());
        let hosts: Vec<_> = urls.map(|url| url.host().name.to_ascii_lowercase()).collect();
        let hosts = self.hosts.iter().filter(|(host, _)| hosts.contains(host));
        let bookmarks = self.of_bookmarks.iter().filter(|(name, _)| bookmarks.contains(name));
        let more: Vec<_> = hosts.chain(bookmarks).flat_map(|(_, flags)| flags.iter().cloned()).collect();
        self.defaults.extend(more);
        self.defaults.retain(|default| !self.switches.iter().any(|name| name == default.flag()));
        let is_switch = |word: &OsString| {
            word.to_str()
                .and_then(switched_off)
                .is_some_and(|name| self.switches.iter().any(|switch| switch == name))
        };
        let mut only_operands = false;
        let words = words.into_iter().filter(|word| {
            only_operands |= word == "--";
            only_operands || !is_switch(word)
        });
        (words.collect(), self)
    }

    /// Returns how many defaults, hosts and bookmarks the file has.
    pub(crate) fn counts(&self) -> [usize; 3] {
        [self.defaults.len(), self.hosts.len(), self.bookmarks.len()]
    }

    /// Replaces bookmarks, as in `@work/reports`, by their URLs.
    fn expand(&self, words: Vec<OsString>) -> Vec<OsString> {
        words.into_iter().map(|word| self.expanded(&word).map_or(word, OsString::from)).collect()
    }

    fn expanded(&self, word: &OsStr) -> Option<String> {
        let word = word.to_str()?.strip_prefix('@')?;
        let (name, path) = word.find('/').map_or((word, ""), |at| word.split_at(at));
        let (_, url) = self.bookmarks.iter().find(|(kept, _)| kept.as_str() == name)?;
        Some(append_path(url, path))
    }

    /// Returns whether any flag has a default.
    pub(crate) fn has_defaults(&self) -> bool {
        !self.defaults.is_empty()
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

/// Returns the directory of the default settings file.
pub(crate) fn directory() -> Option<PathBuf> {
    location::default()?.parent().map(Path::to_owned)
}

/// Returns the flag that a word switches off.
fn switched_off(word: &str) -> Option<&str> {
    let name = word.strip_prefix("--")?;
    name.strip_suffix("=false").or_else(|| name.strip_prefix("no-"))
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
    use clap::Args;

    use super::*;
    use crate::args::{ConnectionArgs, Global, TransferArgs};

    /// Returns a command with flags of each kind.
    pub(super) fn command() -> Command {
        TransferArgs::augment_args(ConnectionArgs::augment_args(Global::augment_args(Command::new("oxftp"))))
    }

    #[test]
    fn bookmarks_at_the_start_of_words_expand() {
        let settings = read::read("x".into(), "[bookmarks]\nwork = 'ftp://me@h/www/'\n", &command()).unwrap();
        let words = ["ls", "@work", "@work/a b", "@work//abs", "@other/x", "a@work", "@"];

        let expanded = settings.expand(words.map(OsString::from).to_vec());

        let urls =
            ["ls", "ftp://me@h/www/", "ftp://me@h/www/a b", "ftp://me@h//abs", "@other/x", "a@work", "@"];
        assert_eq!(expanded, urls.map(OsString::from));
    }
}

//! Parser for settings files.

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use clap::Command;
use toml_edit::{Document, Item, Key, TableLike};

use super::{Settings, defaults::DefaultValue};
use crate::args::BookmarkName;
use crate::failure::{Failure, Result};

/// Parses the file; errors name the file, the line and the key.
pub(super) fn read(path: PathBuf, text: &str, cli: &Command) -> Result<Settings> {
    let source = SettingsSource { path: &path, text, cli };
    let document = Document::parse(text).map_err(|error| source.wrong(error.span(), error.message()))?;
    let mut settings = Settings::default();
    for (key, item) in source.keys(document.as_table()) {
        match key.get() {
            "defaults" => {
                settings.defaults = source.defaults(source.table(key, item)?, &[])?;
            }
            "hosts" => {
                for (key, item) in source.keys(source.table(key, item)?) {
                    let defaults = source.defaults(source.table(key, item)?, &[])?;
                    settings.hosts.push((key.get().to_ascii_lowercase(), defaults));
                }
            }
            "bookmarks" => {
                for (key, item) in source.keys(source.table(key, item)?) {
                    settings.bookmarks.push(source.bookmark(key, item)?);
                    if let Some(table) = item.as_table_like() {
                        let defaults = source.defaults(table, &["url"])?;
                        settings.of_bookmarks.push((key.get().to_owned(), defaults));
                    }
                }
            }
            name => {
                let why = format!("unknown key {name:?}; expected [defaults], [hosts] or [bookmarks]");
                return Err(source.wrong(key.span(), &why));
            }
        }
    }
    settings.path = Some(path);
    Ok(settings)
}

/// Text of a file and its path.
struct SettingsSource<'s> {
    path: &'s Path,
    text: &'s str,
    cli: &'s Command,
}

impl<'s> SettingsSource<'s> {
    fn keys<'t>(&self, table: &'t dyn TableLike) -> impl Iterator<Item = (&'t Key, &'t Item)> {
        table.iter().filter_map(|(name, _)| table.get_key_value(name))
    }

    fn table<'t>(&self, key: &Key, item: &'t Item) -> Result<&'t dyn TableLike> {
        let why = format!("{:?} must be a table, as in [{}]", key.get(), key.get());
        item.as_table_like().ok_or_else(|| self.wrong(key.span(), &why))
    }

    /// Parses the flags of a table, except for these keys.
    fn defaults(&self, table: &dyn TableLike, except: &[&str]) -> Result<Vec<DefaultValue>> {
        let flags = self.keys(table).filter(|(key, _)| !except.contains(&key.get()));
        let parsed = flags.map(|(key, item)| {
            DefaultValue::new(key.get(), item, self.cli).map_err(|why| self.wrong(key.span(), &why))
        });
        parsed.collect()
    }

    fn bookmark(&self, key: &Key, item: &Item) -> Result<(BookmarkName, String)> {
        let wrong = |why: &str| self.wrong(key.span(), &format!("{:?}: {why}", key.get()));
        let name = key.get().parse().map_err(wrong)?;
        let url = item.as_table_like().and_then(|table| table.get("url")).unwrap_or(item);
        let url = url.as_str().ok_or_else(|| wrong("a bookmark must be a URL in quotes"))?;
        url.parse::<oxftp::FtpUrl>().map_err(|error| wrong(error.why))?;
        Ok((name, url.to_owned()))
    }

    fn wrong(&self, at: Option<Range<usize>>, why: &str) -> Failure {
        let before = at.and_then(|at| self.text.get(..at.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        // The other lines would show parts of the file.
        let why = why.lines().next().unwrap_or_default();
        Failure::Usage(format!("{}:{line}: {why}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::command, *};

    fn why(text: &str) -> String {
        match read("dir/config.toml".into(), text, &command()) {
            Err(Failure::Usage(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn settings_error_names_file_line_and_key() {
        for (text, line, word) in [
            ("[defaults]\ntimeout = 5\nspeed = 3\n", 3, "speed"),
            ("[default]\n", 1, "default"),
            ("\n[defaults]\ntimeout = 'soon'\n", 3, "timeout"),
            ("[defaults]\nquiet = 5\n", 2, "quiet"),
            ("[defaults]\nretries = [1]\n", 2, "retries"),
            ("[defaults]\ninsecure = true\n", 2, "insecure"),
            ("[defaults]\ntls-min = \"1.1\"\n", 2, "tls-min"),
            ("[defaults]\ndelete = true\n", 2, "delete"),
            ("[hosts]\n'h' = 5\n", 2, "h"),
            ("[hosts.'h']\njobs = 'many'\n", 2, "jobs"),
            ("[bookmarks.work]\njobs = 4\n", 1, "work"),
            ("[bookmarks.work]\nurl = 'ftp://h/'\nspeed = 4\n", 3, "speed"),
            ("[bookmarks]\nwork = 5\n", 2, "work"),
            ("[bookmarks]\nwork = 'http://h/'\n", 2, "work"),
            ("[bookmarks]\n'a b' = 'ftp://h/'\n", 2, "a b"),
            ("bookmarks = 1\n", 1, "bookmarks"),
            ("[bookmarks\n", 1, ""),
            ("[bookmarks]\nx = 'ftp://h/'\nx = 'ftp://h/'\n", 3, ""),
        ] {
            let why = why(text);
            assert!(why.starts_with(&format!("dir/config.toml:{line}: ")), "{text:?}: {why}");
            assert!(why.contains(word) && !why.contains('\n'), "{text:?}: {why}");
        }
    }

    #[test]
    fn settings_error_shows_no_password() {
        assert!(!why("[bookmarks]\nx = 'gopher://u:hush@h/'\n").contains("hush"));
        assert!(!why("[defaults]\nproxy = 'ftp://u:hush@h/\n").contains("hush"));
    }

    #[test]
    fn settings_file_may_be_empty() {
        assert!(read("x".into(), "# nothing\n", &command()).unwrap().bookmarks().is_empty());
    }
}

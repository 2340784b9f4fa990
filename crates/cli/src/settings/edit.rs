//! Changes to the bookmarks of a settings file; the rest of the file, comments included, is kept.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use oxftp::FtpUrl;
use tempfile::NamedTempFile;
use toml_edit::{DocumentMut, Item, Table, value};

use crate::args::BookmarkName;
use crate::failure::{Failure, Result};

/// Adds a bookmark or changes its URL.
pub(crate) fn add(path: &Path, name: &BookmarkName, url: &FtpUrl) -> Result {
    change(path, |bookmarks| {
        if let Some(table) = bookmarks.get_mut(name.as_str()).and_then(Item::as_table_like_mut) {
            // Keep its flags.
            table.insert("url", value(url.to_string()));
            return true;
        }
        match bookmarks.get_mut(name.as_str()).and_then(Item::as_value_mut) {
            // Keep the comments beside it.
            Some(kept) => {
                let decor = kept.decor().clone();
                *kept = url.to_string().into();
                *kept.decor_mut() = decor;
            }
            None => drop(bookmarks.insert(name.as_str(), value(url.to_string()))),
        }
        true
    })
    .map(drop)
}

/// Removes a bookmark; returns whether it existed.
pub(crate) fn remove(path: &Path, name: &BookmarkName) -> Result<bool> {
    change(path, |bookmarks| bookmarks.remove(name.as_str()).is_some())
}

/// Changes the table of bookmarks, and writes the file if that changed anything.
fn change(path: &Path, change: impl FnOnce(&mut Table) -> bool) -> Result<bool> {
    let cannot = |error| Failure::local(format!("cannot write the settings {path:?}"), error);
    // If the path is a symbolic link, change the file that it points to.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        read => read.map_err(cannot)?,
    };
    let mut document: DocumentMut = text.parse().map_err(|error| cannot(io::Error::other(error)))?;
    let bookmarks = document.entry("bookmarks").or_insert_with(|| Item::Table(Table::new()));
    let no_table = || cannot(io::Error::new(io::ErrorKind::InvalidData, "[bookmarks] is not a table"));
    let changed = change(bookmarks.as_table_mut().ok_or_else(no_table)?);
    if changed {
        write(&path, &document.to_string()).map_err(cannot)?;
    }
    Ok(changed)
}

/// Replaces the file; only its owner can read the new one.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    // Temporary files have mode 0600.
    let mut file = NamedTempFile::new_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bookmark_edit_keeps_comments_and_other_settings() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("new/config.toml");
        let (work, other) = ("work".parse().unwrap(), "other".parse().unwrap());
        add(&path, &work, &"ftp://h/".parse().unwrap()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "[bookmarks]\nwork = \"ftp://h/\"\n");

        fs::write(
            &path,
            "# mine\n[defaults]\ntimeout = 5 # s\n\n[bookmarks]\n# the office\nwork = 'ftp://h/' # old\n",
        )
        .unwrap();
        add(&path, &work, &"ftps://i/".parse().unwrap()).unwrap();
        add(&path, &other, &"ftp://j/".parse().unwrap()).unwrap();
        assert!(!remove(&path, &"third".parse().unwrap()).unwrap());
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "# mine\n[defaults]\ntimeout = 5 # s\n\n[bookmarks]\n# the office\nwork = \"ftps://i/\" # old\nother = \"ftp://j/\"\n"
        );
        assert!(remove(&path, &work).unwrap() && remove(&path, &other).unwrap());
        assert!(fs::read_to_string(&path).unwrap().contains("# mine\n[defaults]\ntimeout = 5 # s"));
    }

    #[cfg(unix)]
    #[test]
    fn settings_file_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config.toml");
        fs::write(&path, "").unwrap();

        add(&path, &"x".parse().unwrap(), &"ftp://h/".parse().unwrap()).unwrap();

        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

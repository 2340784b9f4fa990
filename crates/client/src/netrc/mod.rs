//! `.netrc` files: users and passwords by host.

mod parse;

pub use self::parse::{Netrc, NetrcError, NetrcLogin};

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

impl Netrc {
    /// Reads a netrc file. A file that other users can read is refused.
    ///
    /// ```no_run
    /// # fn example() -> std::io::Result<()> {
    /// let netrc = oxftp::Netrc::read("/home/me/.netrc")?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`PermissionDenied`](io::ErrorKind::PermissionDenied) for a file that other users can read;
    /// [`InvalidData`](io::ErrorKind::InvalidData) with a [`NetrcError`]; [`FileTooLarge`](io::ErrorKind::FileTooLarge)
    /// above 1 MiB; the errors of the file system.
    pub fn read(path: impl AsRef<Path>) -> io::Result<Self> {
        let file = File::open(path)?;
        check_private(&file)?;
        let mut text = String::new();
        if file.take(MAX_FILE_SIZE + 1).read_to_string(&mut text)? as u64 > MAX_FILE_SIZE {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
        }
        text.parse().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// Returns the path of the user's netrc file: `.netrc` in the home directory, `_netrc` on Windows.
    ///
    /// ```
    /// println!("{:?}", oxftp::Netrc::own_path());
    /// ```
    #[must_use]
    pub fn own_path() -> Option<PathBuf> {
        let name = if cfg!(windows) { "_netrc" } else { ".netrc" };
        std::env::home_dir().filter(|home| !home.as_os_str().is_empty()).map(|home| home.join(name))
    }
}

/// Fails if other users can read the file.
///
/// This checks the open file: its name may refer to another file a moment later.
#[cfg(unix)]
fn check_private(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    let mode = file.metadata()?.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let why = format!("other users can read it (mode {mode:04o}): use chmod 600");
    Err(io::Error::new(io::ErrorKind::PermissionDenied, why))
}

#[cfg(not(unix))]
fn check_private(_file: &File) -> io::Result<()> {
    Ok(())
}

/// In bytes; enough for thousands of logins.
const MAX_FILE_SIZE: u64 = 1 << 20;

#[cfg(all(test, unix))]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    #[test]
    fn netrc_that_others_can_read_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("netrc");
        fs::write(&path, "machine h login me password secret").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = Netrc::read(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        assert!(error.to_string().contains("0640"), "{error}");

        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(Netrc::read(&path).unwrap().find("h", None).is_some());
        fs::write(&path, "login x").unwrap();
        assert_eq!(Netrc::read(&path).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}

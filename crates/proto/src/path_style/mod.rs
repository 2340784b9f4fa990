//! Path style: a server's spelling of paths, and the arguments that its commands take.

mod detect;
mod native;

use std::fmt;

pub use self::detect::PathStyleHints;
pub(crate) use self::native::looks_absolute;
use self::native::{Splitting, slash_parts};
use crate::{FileName, RemotePath};

/// A server's spelling of the paths of its files.
///
/// A [`RemotePath`] may begin with a path in the spelling of the server, such as `'ANN.SRC'` or `DISK:[ANN]`, and
/// continue with names after slashes: `'ANN.SRC'/MENU`. Every style reads such paths. [`route`](Self::route) splits
/// them into the directories that `CWD` enters and the bare name that is the argument of the next command.
///
/// ```
/// use oxftp_proto::{FileName, PathStyle};
///
/// let member = PathStyle::Mvs.join(&"'ANN.SRC'".into(), &FileName::new("MENU")?);
/// assert_eq!(member, "'ANN.SRC(MENU)'".into());
/// assert_eq!(PathStyle::Mvs.parent(&member), Some("'ANN.SRC'".into()));
///
/// let route = PathStyle::Mvs.route(&"'ANN.SRC'/MENU".into());
/// assert_eq!((route.directories, route.name), (vec!["'ANN.SRC'".into()], "MENU".into()));
/// # Ok::<(), oxftp_proto::NameError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum PathStyle {
    /// `/pub/x`: names between slashes. Commands take whole paths.
    #[default]
    Posix,
    /// `C:\pub\x` and `\\host\share\x`.
    Windows,
    /// z/OS: data sets `'ANN.SRC'`, members `'ANN.SRC(MENU)'`, and prefixes `'ANN.'`. Paths of its Unix file system
    /// begin with a slash.
    Mvs,
    /// OpenVMS: `DISK:[DIR.SUB]NAME.EXT;1`.
    Vms,
    /// IBM i: libraries (`QGPL/SRC`), or paths of the integrated file system after `SITE NAMEFMT 1`.
    Os400,
    /// HP NonStop (Guardian): `\SYSTEM.$VOLUME.SUBVOLUME.FILE`.
    NonStop,
    /// MPE/iX: `FILE.GROUP.ACCOUNT`, or paths with slashes.
    Mpe,
    /// The server's spelling of whole paths is unknown. Only single names are used.
    RelativeOnly,
}

/// The way to a file or directory: see [`PathStyle::route`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Route {
    /// The directories to enter one after the other. Only the first may be absolute; otherwise it is in the working
    /// directory.
    pub directories: Vec<RemotePath>,
    /// The argument of the command that follows. Empty if the path ends in a directory that can only be entered.
    pub name: RemotePath,
}

impl PathStyle {
    /// Returns whether commands take whole paths with slashes. For other styles, directories are entered.
    #[must_use]
    pub fn takes_paths(self) -> bool {
        self == Self::Posix
    }

    /// Returns whether a path means the same in every working directory.
    #[must_use]
    pub fn is_absolute(self, path: &RemotePath) -> bool {
        path.is_absolute() || self.starts_natively(slash_parts(path.as_bytes()).next().unwrap_or_default())
    }

    /// Returns whether `CWD` with this reply to `PWD` leads back to the same directory.
    ///
    /// Names of libraries (IBM i) and of groups (MPE/iX) are not absolute, but valid everywhere.
    #[must_use]
    pub fn can_reenter(self, directory: &RemotePath) -> bool {
        let is_word = !directory.is_empty() && !directory.as_bytes().contains(&b'/');
        self.is_absolute(directory) || matches!(self, Self::Os400 | Self::Mpe) && is_word
    }

    /// Appends one name to a directory.
    #[must_use]
    pub fn join(self, directory: &RemotePath, name: &FileName) -> RemotePath {
        match self.joined(directory.as_bytes(), name.as_bytes()) {
            Some(bytes) => directory.spliced(bytes, name),
            None => directory.join(name),
        }
    }

    /// Appends a relative path. An absolute path replaces the directory.
    #[must_use]
    pub fn join_path(self, directory: &RemotePath, path: &RemotePath) -> RemotePath {
        if self.is_absolute(path) || directory.is_empty() {
            return path.clone();
        }
        let mut joined = directory.clone();
        for part in slash_parts(path.as_bytes()) {
            joined = match path.rebuilt(part).file_name() {
                Some(name) if !self.starts_natively(part) => self.join(&joined, &name),
                _ if part == b".." => self.parent(&joined).unwrap_or(joined),
                _ if part == b"." => joined,
                _ => path.rebuilt(part),
            };
        }
        joined
    }

    /// Returns the directory of a path; `None` for a root and for the empty path.
    #[must_use]
    pub fn parent(self, path: &RemotePath) -> Option<RemotePath> {
        match self.split(path.as_bytes()) {
            Splitting::BySlash => path.parent(),
            Splitting::Root { .. } => None,
            Splitting::Parts { directory, .. } => Some(path.rebuilt(directory)),
        }
    }

    /// Returns the last name of a path: `MENU` of `'ANN.SRC(MENU)'`, and `A.TXT` of `DISK:[ANN]A.TXT;3`.
    ///
    /// `None` for a root, the empty path, and a path that ends in `.` or `..`.
    #[must_use]
    pub fn file_name(self, path: &RemotePath) -> Option<FileName> {
        let last = match self.split(path.as_bytes()) {
            Splitting::BySlash => path.file_name()?,
            Splitting::Root { name } => path.rebuilt(name).file_name()?,
            Splitting::Parts { name, .. } => path.rebuilt(name).file_name()?,
        };
        Some(self.listed_name(&last))
    }

    /// Returns the name under which a listed file is shown and stored: without its version on OpenVMS. Commands
    /// without a version are about the newest one.
    #[must_use]
    pub fn listed_name(self, name: &FileName) -> FileName {
        let bare = if self == Self::Vms { native::without_version(name.as_bytes()) } else { name.as_bytes() };
        FileName::checked(name.wire_text().rebuilt(bare)).unwrap_or_else(|_| name.clone())
    }

    /// Splits a path into directories to enter and a bare name.
    ///
    /// A path in the server's own spelling, such as `'ANN.SRC(MENU)'`, is used unchanged as the argument. A posix
    /// path from the root has one directory.
    #[must_use]
    pub fn route(self, path: &RemotePath) -> Route {
        let mut parts = self.route_parts(path);
        let name = parts.pop().unwrap_or_default();
        parts.retain(|part| part.as_bytes() != b".");
        Route { directories: parts, name }
    }

    /// Returns the directories to enter one by one to reach this one.
    #[must_use]
    pub fn route_into(self, directory: &RemotePath) -> Vec<RemotePath> {
        if self.is_slash_path(directory) {
            return vec![directory.clone()];
        }
        let mut parts = self.route_parts(directory);
        parts.retain(|part| part.as_bytes() != b".");
        parts
    }

    /// Returns the arguments by which commands may find a directory that is in the working directory, the most
    /// probable first: on OpenVMS, `[.SUB]` and `SUB`.
    #[must_use]
    pub fn directory_arguments(self, directory: &RemotePath) -> Vec<RemotePath> {
        match self {
            Self::Vms => native::vms_directory_arguments(directory.as_bytes())
                .into_iter()
                .map(|bytes| directory.rebuilt(bytes))
                .collect(),
            _ => vec![directory.clone()],
        }
    }

    /// Returns the arguments by which `DELE` may find a file, the most probable first. OpenVMS may require a version,
    /// and a listed name includes all versions.
    #[must_use]
    pub fn file_arguments(self, file: &RemotePath) -> Vec<RemotePath> {
        let bytes = file.as_bytes();
        let has_version = native::without_version(bytes).len() < bytes.len() || bytes.ends_with(b";*");
        match self {
            Self::Vms if !has_version && !file.is_absolute() => {
                vec![file.clone(), file.rebuilt([bytes, b";*"].concat())]
            }
            _ => vec![file.clone()],
        }
    }

    /// Returns the name of the style.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Posix => "POSIX",
            Self::Windows => "Windows",
            Self::Mvs => "z/OS",
            Self::Vms => "OpenVMS",
            Self::Os400 => "IBM i",
            Self::NonStop => "NonStop",
            Self::Mpe => "MPE/iX",
            Self::RelativeOnly => "relative only",
        }
    }

    /// `/a/b`, and `C:/a/b` on Windows
    fn is_slash_path(self, path: &RemotePath) -> bool {
        path.is_absolute() || self == Self::Windows && matches!(path.as_bytes(), [_, b':', b'/', ..])
    }

    fn route_parts(self, path: &RemotePath) -> Vec<RemotePath> {
        let bytes = path.as_bytes();
        if self.is_slash_path(path) {
            // The directory is entered by its whole path: the ones above it may be forbidden.
            let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
                return vec![path.clone()];
            };
            return vec![directory, name.into()];
        }
        let mut parts: Vec<RemotePath> = Vec::new();
        for part in slash_parts(bytes) {
            if self.starts_natively(part) {
                parts.clear();
            }
            match self {
                Self::Windows if !self.starts_natively(part) => {
                    let names = part.split(|byte| *byte == b'\\').filter(|name| !name.is_empty());
                    parts.extend(names.map(|name| path.rebuilt(name)));
                }
                _ => parts.push(path.rebuilt(part)),
            }
        }
        parts
    }
}

impl fmt::Display for PathStyle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;

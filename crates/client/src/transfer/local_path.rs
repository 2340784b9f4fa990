//! Local paths of transfers: names, directories, and checks for symbolic links.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
    sync::Arc,
};

use oxftp_proto::{Encoding, FileName, NameError, Platform};

use crate::{
    Error, Result,
    error::local_fs::LocalFsError,
    local_fs::{CreateDirOptions, FileSystem},
};

/// Converts the name of a file on the server into a local one.
pub(crate) fn local_name(name: &FileName) -> Result<OsString, NameError> {
    let bytes = name.local(Platform::CURRENT)?;
    Ok(os_string(bytes.to_vec()))
}

/// Converts the name of a local file into one on the server.
pub(crate) fn remote_name(path: &Path) -> Result<FileName> {
    let Some(name) = path.file_name() else { return Err(Error::NoName { path: path.to_owned() }) };
    let name = match name.to_str() {
        Some(text) => FileName::new(text),
        None => FileName::from_wire(&os_bytes(name), Encoding::UTF_8),
    };
    Ok(name?)
}

#[cfg(unix)]
pub(crate) fn os_string(bytes: Vec<u8>) -> OsString {
    use std::os::unix::ffi::OsStringExt;
    OsString::from_vec(bytes)
}

#[cfg(not(unix))]
pub(crate) fn os_string(bytes: Vec<u8>) -> OsString {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(unix)]
pub(crate) fn os_bytes(name: &OsStr) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    name.as_bytes().to_vec()
}

#[cfg(not(unix))]
pub(crate) fn os_bytes(name: &OsStr) -> Vec<u8> {
    name.to_string_lossy().into_owned().into_bytes()
}

/// Returns a view of the file system that follows no symbolic link below `base`, if the file system offers one.
/// Otherwise symbolic links are checked for before each step.
pub(crate) fn confined(fs: &Arc<dyn FileSystem>, base: &Path) -> Arc<dyn FileSystem> {
    fs.sandbox(base).unwrap_or_else(|| fs.clone())
}

/// Creates a directory and its parents.
pub(crate) async fn make_all(fs: &dyn FileSystem, path: &Path) -> Result<()> {
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    Ok(fs.create_dir(path, CreateDirOptions { parents: true, exist_ok: true }).await?)
}

/// Creates one directory below the root of a download. A symbolic link in its place is refused, as it may lead out
/// of the root. Returns whether it was missing.
pub(crate) async fn make_below(fs: &dyn FileSystem, path: &Path) -> Result<bool> {
    let is_missing = match fs.metadata(path).await {
        Ok(found) if found.is_symlink() => return Err(link_in_place(path)),
        found => found.is_err(),
    };
    fs.create_dir(path, CreateDirOptions { parents: false, exist_ok: true }).await?;
    Ok(is_missing)
}

/// Fails when `path` is a symbolic link.
pub(crate) async fn refuse_link(fs: &dyn FileSystem, path: &Path) -> Result<()> {
    match fs.metadata(path).await {
        Ok(found) if found.is_symlink() => Err(link_in_place(path)),
        _ => Ok(()),
    }
}

/// Fails when `path` is a symbolic link or a directory, which a file must not replace.
pub(crate) async fn refuse_target(fs: &dyn FileSystem, path: &Path) -> Result<()> {
    match fs.metadata(path).await {
        Ok(found) if found.is_symlink() => Err(link_in_place(path)),
        Ok(found) if found.is_dir() => {
            Err(LocalFsError::new("replace", path, std::io::ErrorKind::IsADirectory.into()).into())
        }
        _ => Ok(()),
    }
}

/// Creates the error for a symbolic link in the place of a file.
pub(crate) fn link_in_place(path: &Path) -> Error {
    Error::Skipped {
        path: path.display().to_string(),
        why: "a symbolic link is in its place, and could lead out of the destination",
    }
}

//! Local paths of a transfer.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
    sync::Arc,
};

use oxftp_proto::{Encoding, FileName, NameError, Platform};

use crate::{
    Error, Result,
    error::local_fs::PathIoError,
    local_fs::{MkdirOptions, PathIo},
};

/// Turns a server's name into the name of a local file.
pub(crate) fn local_name(name: &FileName) -> Result<OsString, NameError> {
    let bytes = name.local(Platform::CURRENT)?;
    Ok(os_string(bytes.to_vec()))
}

/// Turns the name of a local file into a server's name.
pub(crate) fn remote_name(path: &Path) -> Result<FileName, NameError> {
    let name = path.file_name().unwrap_or_default();
    match name.to_str() {
        Some(text) => FileName::new(text),
        None => FileName::from_wire(&os_bytes(name), Encoding::UTF_8),
    }
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

/// Gives the file system in which nothing below `base` is reached through a link, where there is such a view
/// of it; else links are looked for before each step.
pub(crate) fn confined(fs: &Arc<dyn PathIo>, base: &Path) -> Arc<dyn PathIo> {
    fs.beneath(base).unwrap_or_else(|| fs.clone())
}

/// Makes a directory and all above it.
pub(crate) async fn make_all(fs: &dyn PathIo, path: &Path) -> Result<()> {
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    Ok(fs.mkdir(path, MkdirOptions { parents: true, exist_ok: true }).await?)
}

/// Makes one directory below a download's root, and refuses to go through a link: one that lies
/// there may lead out of the root.
pub(crate) async fn make_below(fs: &dyn PathIo, path: &Path) -> Result<()> {
    refuse_link(fs, path).await?;
    Ok(fs.mkdir(path, MkdirOptions { parents: false, exist_ok: true }).await?)
}

/// Fails when `path` is a symbolic link.
pub(crate) async fn refuse_link(fs: &dyn PathIo, path: &Path) -> Result<()> {
    match fs.stat(path).await {
        Ok(found) if found.is_link() => Err(link_in_place(path)),
        _ => Ok(()),
    }
}

/// Fails when what stands at `path` cannot be replaced by a file: a symbolic link, or a directory.
pub(crate) async fn refuse_target(fs: &dyn PathIo, path: &Path) -> Result<()> {
    match fs.stat(path).await {
        Ok(found) if found.is_link() => Err(link_in_place(path)),
        Ok(found) if found.is_dir() => {
            Err(PathIoError::new("replace", path, std::io::ErrorKind::IsADirectory.into()).into())
        }
        _ => Ok(()),
    }
}

/// The error for a symbolic link where a file is to stand.
pub(crate) fn link_in_place(path: &Path) -> Error {
    Error::Skipped {
        path: path.display().to_string(),
        why: "a symbolic link is in its place, and could lead out of the destination",
    }
}

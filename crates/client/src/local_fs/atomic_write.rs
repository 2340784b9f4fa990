//! Atomic writes: renaming a completed partial file to its final name.

use std::{io, path::Path};

use super::{FileSystem, OpenMode};
use crate::error::local_fs::{LocalFsError, LocalFsResult};

/// Options of [`FileSystem::commit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct CommitOptions {
    /// Syncs the file before it is renamed and its directory afterwards. Defaults to `false`.
    pub sync: bool,
    /// Keeps the permissions of the partial file, instead of setting those of a new file. Defaults to `false`.
    pub preserve_mode: bool,
}

/// Renames a partial file with the other methods of a backend.
pub(crate) async fn commit_by_steps<P: FileSystem + ?Sized>(
    fs: &P,
    part: &Path,
    target: &Path,
    options: CommitOptions,
) -> LocalFsResult<()> {
    if options.sync {
        let mut file = fs.open(part, OpenMode::Update).await?;
        file.sync().await.map_err(|source| LocalFsError::new("write", part, source))?;
    }
    fs.rename(part, target).await
}

/// Renames a partial file on the local disk.
pub(crate) fn commit_local(part: &Path, target: &Path, options: CommitOptions) -> io::Result<()> {
    #[cfg(unix)]
    if !options.preserve_mode {
        use std::os::unix::fs::PermissionsExt;

        std::fs::set_permissions(part, std::fs::Permissions::from_mode(new_file_mode()))?;
    }
    if options.sync {
        std::fs::OpenOptions::new().write(true).open(part)?.sync_all()?;
    }
    std::fs::rename(part, target)?;
    if options.sync { sync_directory_of(target) } else { Ok(()) }
}

/// Syncs the directory of a file, so that the names in it have reached the disk.
#[cfg(unix)]
pub(crate) fn sync_directory_of(file: &Path) -> io::Result<()> {
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(directory)?.sync_all()
}

// Other systems cannot open a directory to sync it.
#[cfg(not(unix))]
pub(crate) fn sync_directory_of(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Returns the permissions of a new file, as limited by the process's umask.
#[cfg(unix)]
pub(crate) fn new_file_mode() -> u32 {
    use std::sync::OnceLock;

    use rustix::{fs::Mode, process::umask};

    static MODE: OnceLock<u32> = OnceLock::new();
    *MODE.get_or_init(|| {
        // The umask can only be read by setting it. A file created in between is accessible to its owner only.
        let mask = umask(Mode::RWXG | Mode::RWXO);
        umask(mask);
        0o666 & !(mask.bits() as u32)
    })
}

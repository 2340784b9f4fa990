//! Part files that are whole, and get their final name.

use std::{io, path::Path};

use super::{OpenMode, PathIo};
use crate::error::local_fs::{PathIoError, PathIoResult};

/// What [`PathIo::finish`] does to a part file besides renaming it; nothing by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FinishOptions {
    /// Waits until the file has reached the disk, before it gets its name, and its name, after it.
    pub sync: bool,
    /// Leaves the permissions as they are. Else they become those of any new file.
    pub keep_permissions: bool,
}

/// Finishes a part file by the other methods of a backend.
pub(crate) async fn finish_by_steps<P: PathIo + ?Sized>(
    fs: &P,
    part: &Path,
    target: &Path,
    options: FinishOptions,
) -> PathIoResult<()> {
    if options.sync {
        let mut file = fs.open(part, OpenMode::Update).await?;
        file.sync().await.map_err(|source| PathIoError::new("write", part, source))?;
    }
    fs.rename(part, target).await
}

/// Finishes a part file on the local disk.
pub(crate) fn finish_local(part: &Path, target: &Path, options: FinishOptions) -> io::Result<()> {
    #[cfg(unix)]
    if !options.keep_permissions {
        use std::os::unix::fs::PermissionsExt;

        std::fs::set_permissions(part, std::fs::Permissions::from_mode(new_file_mode()))?;
    }
    if options.sync {
        std::fs::OpenOptions::new().write(true).open(part)?.sync_all()?;
    }
    std::fs::rename(part, target)?;
    if options.sync { sync_directory_of(target) } else { Ok(()) }
}

/// Waits until the names in the directory of a file have reached the disk.
#[cfg(unix)]
pub(crate) fn sync_directory_of(file: &Path) -> io::Result<()> {
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(directory)?.sync_all()
}

// Elsewhere a directory cannot be opened for that.
#[cfg(not(unix))]
pub(crate) fn sync_directory_of(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Gives the permissions of any new file: what the process's umask leaves of them.
#[cfg(unix)]
pub(crate) fn new_file_mode() -> u32 {
    use std::sync::OnceLock;

    use rustix::{fs::Mode, process::umask};

    static MODE: OnceLock<u32> = OnceLock::new();
    *MODE.get_or_init(|| {
        // It is told only to who sets it; what is made in that moment is nobody else's.
        let mask = umask(Mode::RWXG | Mode::RWXO);
        umask(mask);
        0o666 & !(mask.bits() as u32)
    })
}

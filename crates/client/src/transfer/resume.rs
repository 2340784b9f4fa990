//! Resuming: the version of a file that a partial file belongs to, and the errors that resuming causes.

use std::time::{SystemTime, UNIX_EPOCH};

use oxftp_proto::{Code, Reply, StatusCodeError, classify};

use crate::{
    Error,
    local_fs::{FileHandle, Metadata},
};

/// The number of bytes before the offset that are transferred again and compared.
pub(crate) const OVERLAP: u64 = 64 * 1024;

/// From this size on, the version that a partial file belongs to is recorded at the start of a transfer, so that the
/// record exists even if this process is killed. For a smaller file it is recorded when the transfer is interrupted.
pub(crate) const LARGE: u64 = 1024 * 1024;

/// Version of a local file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SourceId {
    pub(crate) size: u64,
    /// Nanoseconds since 1970.
    pub(crate) modified: Option<i128>,
    pub(crate) inode: Option<Inode>,
}

/// Number of a file on its device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Inode {
    pub(crate) device: u64,
    pub(crate) number: u64,
}

impl SourceId {
    /// Returns the time, to the second.
    pub(crate) fn modified_time(&self) -> Option<SystemTime> {
        let seconds = u64::try_from(self.modified? / 1_000_000_000).ok()?;
        UNIX_EPOCH.checked_add(std::time::Duration::from_secs(seconds))
    }

    /// Returns the version of an open file; `None` if it is not a regular file. `found` is the metadata of its path.
    pub(crate) fn of(file: &dyn FileHandle, found: Option<&Metadata>) -> Option<Self> {
        match file.system_file().and_then(|file| file.metadata().ok()) {
            Some(found) if found.is_file() => Some(Self {
                size: found.len(),
                modified: found.modified().ok().map(nanoseconds),
                inode: inode(&found),
            }),
            Some(_) => None,
            None => found.filter(|found| found.is_file()).map(|found| Self {
                size: found.size,
                modified: found.modified.map(nanoseconds),
                inode: None,
            }),
        }
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems have no inodes")]
fn inode(found: &std::fs::Metadata) -> Option<Inode> {
    use std::os::unix::fs::MetadataExt;
    Some(Inode { device: found.dev(), number: found.ino() })
}

#[cfg(not(unix))]
fn inode(_found: &std::fs::Metadata) -> Option<Inode> {
    None
}

fn nanoseconds(time: SystemTime) -> i128 {
    let since = |duration: std::time::Duration| i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(later) => since(later),
        Err(earlier) => -since(earlier.duration()),
    }
}

/// Returns whether a transfer from the start may succeed where resuming failed with this error.
pub(crate) fn defeats_resume(error: &Error) -> bool {
    match error {
        Error::StatusCode(refused) => !is_session_end(refused) && is_about_file(&refused.info),
        Error::Data { reply: Some(reply), .. } => reply.code().class() == 5 && is_about_file(reply),
        Error::SizeMismatch { .. }
        | Error::HashMismatch { .. }
        | Error::UploadMismatch { .. }
        | Error::NotFound { .. } => true,
        _ => false,
    }
}

/// Returns whether the server ends the session with this refusal.
pub(crate) fn is_session_end(refused: &StatusCodeError) -> bool {
    refused.info.code() == Code::SERVICE_CLOSING
}

/// Returns whether a refusal is about the file, and not about the data connection, the login or the disk of the server.
fn is_about_file(reply: &Reply) -> bool {
    !matches!(reply.code().get(), 425 | 426 | 522 | 530) && !classify::is_out_of_space(reply)
}

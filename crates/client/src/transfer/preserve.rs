//! Preservation of times and permissions by a transfer.

use std::{
    path::Path,
    sync::atomic::Ordering,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use oxftp_proto::{Precision, RemotePath, Timestamp, Zone};

use super::local_path::make_below;
use crate::{
    Client, Error, Result,
    local_fs::{CreateDirOptions, FileSystem},
};

/// Sets the permissions of a local file to those that the server lists; returns whether this succeeded.
pub(crate) async fn set_local_mode(fs: &dyn FileSystem, file: &Path, listed: Option<u32>) -> bool {
    let Some(mode) = listed else {
        crate::trace::warn!("the permissions of {} are not preserved: the server lists none", file.display());
        return false;
    };
    let set = fs.set_permissions(file, mode & PRESERVED_BITS).await;
    set.inspect_err(|error| crate::trace::warn!("{error}")).is_ok()
}

/// Sets the permissions of a local file or directory; returns whether it has them. A failure is a warning.
pub(crate) async fn choose_local_mode(fs: &dyn FileSystem, path: &Path, mode: u32) -> bool {
    let set = fs.set_permissions(path, mode).await;
    set.inspect_err(|error| crate::trace::warn!("{error}")).is_ok()
}

/// Asks for the exact time of a file if the listed time is coarse or has no zone. Returns the listed time if the
/// server does not reply with one.
pub(crate) async fn exact_time(
    client: &mut Client,
    path: &RemotePath,
    listed: Option<Timestamp>,
) -> Result<Option<Timestamp>> {
    if listed.is_some_and(|time| time.zone() != Zone::Unknown && time.precision() >= Precision::Second) {
        return Ok(listed);
    }
    match client.try_modified(path).await {
        Ok(time) => Ok(time.or(listed)),
        Err(error) => Err(error),
    }
}

/// Creates a local directory below another one; if it is new, it gets these permissions.
///
/// Returns whether it was missing.
pub(crate) async fn make_below_with_mode(
    fs: &dyn FileSystem,
    path: &Path,
    mode: Option<u32>,
) -> Result<bool> {
    let Some(mode) = mode else { return make_below(fs, path).await };
    match fs.create_dir(path, CreateDirOptions::default()).await {
        Ok(()) => {
            choose_local_mode(fs, path, mode).await;
            Ok(true)
        }
        Err(_) => make_below(fs, path).await,
    }
}

/// Creates a directory on the server whose parent exists; if it is new, it gets these permissions. Returns whether it
/// was missing.
pub(crate) async fn make_remote_with_mode(
    client: &mut Client,
    path: &RemotePath,
    mode: Option<u32>,
) -> Result<bool> {
    let Some(mode) = mode else { return client.create_missing(path).await };
    match client.create_dir(path).await {
        Ok(()) => choose_remote_mode(client, path, mode).await.map(|()| true),
        Err(Error::StatusCode(_)) => client.create_missing(path).await,
        Err(error) => Err(error),
    }
}

/// Sets the permissions of the server's file to those of the local one. A refusal is a warning.
pub(crate) async fn set_remote_mode(
    client: &mut Client,
    fs: &dyn FileSystem,
    source: &Path,
    target: &RemotePath,
) -> Result<()> {
    let found = fs.metadata(source).await?;
    let Some(mode) = found.mode.filter(|_| found.is_file()) else { return Ok(()) };
    choose_remote_mode(client, target, mode & PRESERVED_BITS).await
}

/// Sets the permissions of a file or directory on the server. A refusal is a warning.
pub(crate) async fn choose_remote_mode(client: &mut Client, target: &RemotePath, mode: u32) -> Result<()> {
    match client.set_permissions(target, mode).await {
        Err(error @ Error::StatusCode(_)) if !error.is_connection_lost() => {
            crate::trace::warn!("the permissions of {target} are not set: {error}");
            Ok(())
        }
        set => set,
    }
}

/// Sets the modification time of a local file. A failure is a warning.
pub(crate) async fn set_local_time(fs: &dyn FileSystem, file: &Path, time: Timestamp) {
    if let Some(time) = system_time(time)
        && let Err(error) = fs.set_modified(file, time).await
    {
        crate::trace::warn!("{error}");
    }
}

/// Turns a refusal to set the time of the server's file into a warning, one for all files of a server that cannot set
/// times.
pub(crate) fn warn_of_refused_time(client: &Client, target: &RemotePath, set: Result<()>) -> Result<()> {
    match set {
        Err(error @ Error::Unsupported { .. }) => {
            if !client.capabilities().reported_times_not_kept.swap(true, Ordering::Relaxed) {
                crate::trace::warn!("the times of uploaded files are not preserved: {error}");
            }
            Ok(())
        }
        Err(error @ Error::StatusCode(_)) if !client.is_broken() => {
            crate::trace::warn!("the time of {target} is not preserved: {error}");
            Ok(())
        }
        set => set,
    }
}

/// Converts a time of a server for the local file system.
pub(crate) fn system_time(time: Timestamp) -> Option<SystemTime> {
    let seconds = u64::try_from(time.to_unix(0)).ok()?;
    UNIX_EPOCH.checked_add(Duration::new(seconds, time.nanosecond()))
}

/// Converts a local time to UTC, to the second.
pub(crate) fn timestamp(time: SystemTime) -> Option<Timestamp> {
    let seconds = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
    Timestamp::from_unix(seconds.try_into().ok()?, 0)
}

/// The permission bits that are preserved. The file may have another owner on each side, so the other side must
/// not decide that it runs as its owner.
const PRESERVED_BITS: u32 = 0o777;

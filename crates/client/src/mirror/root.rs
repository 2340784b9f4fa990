//! The roots of a mirror, looked at before anything is done.

use std::{io, path::Path};

use oxftp_proto::RemotePath;

use super::direction::MirrorDirection;
use crate::transfer::local_path::make_all;
use crate::{Client, Error, Result, error::local_fs::PathIoError, local_fs::PathIo};

/// What is known of both roots.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Roots {
    pub(crate) target_exists: bool,
    pub(crate) target_keeps_times: bool,
}

/// Looks at both roots, and makes that of the target unless nothing is to be done.
pub(crate) async fn look(
    route: &MirrorDirection,
    fs: &dyn PathIo,
    client: &mut Client,
    dry_run: bool,
) -> Result<Roots> {
    match route {
        MirrorDirection::Down { source, target } => {
            check_remote(client, source).await?;
            let target_exists = fs.is_dir(target).await?;
            if !target_exists && !dry_run {
                make_all(fs, target).await?;
            }
            Ok(Roots { target_exists, target_keeps_times: true })
        }
        MirrorDirection::Up { source, target } => {
            check_local(fs, source).await?;
            look_at_target(client, target, dry_run).await
        }
        MirrorDirection::Across { source, target, other } => {
            check_remote(client, source).await?;
            look_at_target(&mut *other.client().await?, target, dry_run).await
        }
    }
}

/// Fails unless the source is a directory: a file's listing is empty, and would empty the target.
async fn check_remote(client: &mut Client, source: &RemotePath) -> Result<()> {
    if source.is_empty() || client.is_directory_by_entering(source).await? {
        return Ok(());
    }
    client.stat(source).await?;
    Err(Error::Skipped { path: source.to_string(), why: "it is no directory that can be entered" })
}

async fn check_local(fs: &dyn PathIo, source: &Path) -> Result<()> {
    let kind = match fs.is_dir(source).await? {
        true => return Ok(()),
        false if fs.exists(source).await? => io::ErrorKind::NotADirectory,
        false => io::ErrorKind::NotFound,
    };
    Err(PathIoError::new("list", source, kind.into()).into())
}

async fn look_at_target(client: &mut Client, target: &RemotePath, dry_run: bool) -> Result<Roots> {
    let target_exists = target.is_empty() || client.is_directory_by_entering(target).await?;
    if !target_exists && !dry_run {
        client.make_directory(target).await?;
    }
    let target_keeps_times = client.features().await?.contains("MFMT");
    Ok(Roots { target_exists, target_keeps_times })
}

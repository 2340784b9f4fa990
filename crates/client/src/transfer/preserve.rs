//! Permissions that a transferred file keeps.

use std::path::Path;

use oxftp_proto::RemotePath;

use super::{download::file::FileDownload, upload::file::FileUpload};
use crate::{Client, Error, Result};

impl FileDownload<'_> {
    /// Gives a local file the permissions that the server lists; tells whether it has them.
    pub(crate) async fn keep_permissions(&self, listed: Option<u32>, file: &Path) -> bool {
        if !self.keep_permissions {
            return false;
        }
        let Some(mode) = listed else {
            tracing::warn!("the permissions of {} are not kept: the server lists none", file.display());
            return false;
        };
        let set = self.fs.set_permissions(file, mode & KEPT).await;
        set.inspect_err(|error| tracing::warn!("{error}")).is_ok()
    }
}

impl FileUpload<'_> {
    /// Gives the server's file the permissions of the local one, where the server lets them be set.
    pub(crate) async fn keep_permissions(
        &self,
        client: &mut Client,
        source: &Path,
        target: &RemotePath,
    ) -> Result<()> {
        if !self.keep_permissions {
            return Ok(());
        }
        let found = self.fs.stat(source).await?;
        let Some(mode) = found.mode.filter(|_| found.is_file()) else { return Ok(()) };
        match client.set_permissions(target, mode & KEPT).await {
            Err(error @ Error::StatusCode(_)) if !error.is_connection_lost() => {
                tracing::warn!("the permissions of {target} are not kept: {error}");
                Ok(())
            }
            set => set,
        }
    }
}

/// Which bits are kept: whose file it becomes may be another on each side, so that to run it as
/// its owner is not to be decided from afar.
const KEPT: u32 = 0o777;

//! Final name: renames a complete upload, and replaces an older file.

use oxftp_proto::RemotePath;

use super::{backup::RemoteBackups, rename::replace_by_rename};
use crate::{Client, Error, Result};

impl Client {
    /// Renames a file to `target`, in place of an existing file (`RNFR`, `RNTO`; RFC 959, 4.1.3).
    ///
    /// When the server refuses to replace a file by a rename, the older file is renamed first, and deleted (`DELE`) only
    /// after the new one has its name. If that is refused again, the older file gets its name back. Between the renames
    /// there is no file of that name.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.write("report.pdf.new", "%PDF-").await?;
    /// client.replace("report.pdf.new", "report.pdf").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotRenamed`] if the server refuses one of the paths.
    pub async fn replace(
        &mut self,
        from: impl Into<RemotePath>,
        target: impl Into<RemotePath>,
    ) -> Result<()> {
        Box::pin(rename_into_place(self, &from.into(), &target.into(), None)).await
    }
}

/// Renames a complete upload to its final name (`RNFR`, `RNTO`); an older file of that name is moved to its backup, or
/// replaced.
pub(crate) async fn rename_into_place(
    client: &mut Client,
    temporary: &RemotePath,
    target: &RemotePath,
    backups: Option<&RemoteBackups>,
) -> Result<()> {
    let kept = match backups {
        Some(backups) => backups.keep(client, target).await?.map(|kept| (backups, kept)),
        None => None,
    };
    let renamed = replace_by_rename(client, temporary, target).await;
    if let (Err(_), Some((backups, kept))) = (&renamed, kept) {
        backups.restore(client, &kept, target).await;
    }
    renamed.map_err(|error| Error::NotRenamed {
        path: target.to_string(),
        temporary: temporary.to_string(),
        source: error.into(),
    })
}

//! Backups of a mirror: the files that it replaces or deletes in its target.

use super::{endpoint::Endpoint, relative_path::RelativePath};
use crate::{
    PART_SUFFIX, Result,
    transfer::backup::{Backups, LocalBackups, RemoteBackups},
};

/// The backups on the side of the target; both are `None` if no backups are made.
#[derive(Debug, Default)]
pub(crate) struct MirrorBackups {
    pub(crate) local: Option<LocalBackups>,
    pub(crate) remote: Option<RemoteBackups>,
}

impl MirrorBackups {
    /// Removes a file or a symbolic link: moves it to its backup, if backups are made.
    pub(crate) async fn remove_file(&self, endpoint: &mut Endpoint<'_>, path: &RelativePath) -> Result<()> {
        let is_partial = path.name().is_some_and(|name| name.as_bytes().ends_with(PART_SUFFIX.as_bytes()));
        match endpoint {
            Endpoint::Local { fs, root } if !is_partial => {
                if let Some(backups) = &self.local {
                    return backups.keep(*fs, &path.on_disk(root)?).await.map(drop);
                }
            }
            Endpoint::Remote { client, root, .. } if !is_partial => {
                if let Some(backups) = &self.remote {
                    let path = path.on_server(root, client.encoding());
                    return backups.move_away(client, &path).await.map(drop);
                }
            }
            _ => {}
        }
        endpoint.remove_file(path).await
    }

    /// Returns whether backups stay in the directories of their files.
    pub(crate) fn are_beside(&self) -> bool {
        self.local.as_ref().is_some_and(Backups::are_beside)
            || self.remote.as_ref().is_some_and(Backups::are_beside)
    }

    /// Returns whether a node of the target must not be deleted.
    pub(crate) fn protects(&self, endpoint: &Endpoint<'_>, path: &RelativePath) -> bool {
        match endpoint {
            Endpoint::Local { root, .. } => self
                .local
                .as_ref()
                .is_some_and(|backups| path.on_disk(root).is_ok_and(|path| backups.protects(&path))),
            Endpoint::Remote { client, root, .. } => self
                .remote
                .as_ref()
                .is_some_and(|backups| backups.protects(&path.on_server(root, client.encoding()))),
        }
    }
}

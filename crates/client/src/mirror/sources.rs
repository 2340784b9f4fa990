//! Sources of a mirror that are removed when their copies are complete and verified.

use std::path::PathBuf;

use oxftp_proto::{RemotePath, Timestamp};

use super::{direction::MirrorDirection, endpoint::Endpoint, node::NodeFacts, relative_path::RelativePath};
use crate::{
    Result,
    local_fs::{FileSystem, Metadata},
    transfer::{
        source_removal::{SourceRemoval, SourceRemover},
        upload::tree::candidate,
    },
};

/// The removal of sources on their side; both are `None` if sources are kept.
#[derive(Debug, Default)]
pub(crate) struct MirrorSources {
    local: Option<SourceRemover<PathBuf>>,
    remote: Option<SourceRemover<RemotePath>>,
}

impl MirrorSources {
    pub(crate) fn new(removal: &SourceRemoval, direction: &MirrorDirection, reconnects: u32) -> Self {
        match direction {
            MirrorDirection::Up { source, .. } => {
                Self { local: removal.below(source.clone(), reconnects), remote: None }
            }
            MirrorDirection::Down { source, .. } | MirrorDirection::Across { source, .. } => {
                Self { local: None, remote: removal.below(source.clone(), reconnects) }
            }
        }
    }

    pub(crate) fn are_removed(&self) -> bool {
        self.local.is_some() || self.remote.is_some()
    }

    /// Returns whether a node is in the directory that sources are moved to, which is not a source itself.
    pub(crate) fn are_moved_into(&self, endpoint: &Endpoint<'_>, path: &RelativePath) -> bool {
        match endpoint {
            Endpoint::Local { root, .. } => self
                .local
                .as_ref()
                .is_some_and(|sources| path.on_disk(root).is_ok_and(|path| sources.is_into(&path))),
            Endpoint::Remote { client, root, .. } => self
                .remote
                .as_ref()
                .is_some_and(|sources| sources.is_into(&path.on_server(root, client.encoding()))),
        }
    }

    /// Returns the state of a local source before its transfer, if it is removed after it.
    pub(crate) async fn before(
        &self,
        fs: &dyn FileSystem,
        direction: &MirrorDirection,
        path: &RelativePath,
    ) -> Result<Option<Metadata>> {
        match &self.local {
            Some(_) => Ok(Some(fs.metadata(&direction.local_path(path)?).await?)),
            None => Ok(None),
        }
    }

    /// Removes a source; a local one only if it has not changed since `before`.
    pub(crate) async fn remove(
        &self,
        endpoint: Endpoint<'_>,
        path: &RelativePath,
        before: Option<&Metadata>,
    ) -> Result<()> {
        match (endpoint, before) {
            (Endpoint::Local { fs, root }, Some(before)) => match &self.local {
                Some(sources) => sources.remove_unchanged(fs, &path.on_disk(root)?, before).await,
                None => Ok(()),
            },
            (Endpoint::Local { .. }, None) => Ok(()),
            (Endpoint::Remote { client, root, .. }, _) => match &self.remote {
                Some(sources) => {
                    let path = path.on_server(root, client.encoding());
                    sources.remove(client, &path).await
                }
                None => Ok(()),
            },
        }
    }
}

/// Returns whether a local source is unchanged since it was listed.
pub(crate) fn is_as_listed(listed: &NodeFacts, before: Option<&Metadata>) -> bool {
    let seconds = |time: Option<Timestamp>| time.map(|time| time.to_unix(0));
    before.is_none_or(|before| {
        let now = candidate(before);
        now.size == listed.size && seconds(now.modified) == seconds(listed.modified)
    })
}

//! From where to where a mirror goes.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use oxftp_proto::RemotePath;

use super::{endpoint::Endpoint, relative_path::RelativePath, server_clock::ServerClock, transfer::Delivery};
use crate::transfer::scheduler::retry::{is_retryable, spoils_session};
use crate::{Client, Error, Pool, PooledClient, Result, local_fs::PathIo};

/// The roots of both sides.
#[derive(Debug)]
pub(crate) enum MirrorDirection {
    Down {
        source: RemotePath,
        target: PathBuf,
    },
    Up {
        source: PathBuf,
        target: RemotePath,
    },
    /// From the server whose sessions do the work to another.
    Across {
        source: RemotePath,
        target: RemotePath,
        other: Pool,
    },
}

/// The sessions that work on one thing: the worker's, and one of the other server if there is one.
pub(crate) struct Sessions<'c> {
    client: &'c mut Client,
    other: Option<PooledClient>,
}

impl<'c> Sessions<'c> {
    /// Ends the other session where an error may have spoiled it; the worker looks after its own.
    pub(crate) fn leave_after(self, error: &Error) {
        if let Some(other) = self.other
            && is_retryable(error)
            && spoils_session(error)
        {
            other.discard();
        }
    }
}

/// The clocks of both servers.
#[derive(Debug, Default)]
pub(crate) struct Clocks {
    source: ServerClock,
    target: ServerClock,
}

impl MirrorDirection {
    /// Opens what is needed beside the worker's session.
    pub(crate) async fn sessions<'c>(&self, client: &'c mut Client) -> Result<Sessions<'c>> {
        let other = match self {
            Self::Across { other, .. } => Some(other.client().await?),
            _ => None,
        };
        Ok(Sessions { client, other })
    }

    pub(crate) fn source<'a>(
        &'a self,
        fs: &'a dyn PathIo,
        sessions: &'a mut Sessions<'_>,
        clocks: &'a Clocks,
    ) -> Endpoint<'a> {
        match self {
            Self::Up { source, .. } => Endpoint::Local { fs, root: source },
            Self::Down { source, .. } | Self::Across { source, .. } => {
                Endpoint::Remote { client: sessions.client, root: source, clock: &clocks.source }
            }
        }
    }

    pub(crate) fn target<'a>(
        &'a self,
        fs: &'a dyn PathIo,
        sessions: &'a mut Sessions<'_>,
        clocks: &'a Clocks,
    ) -> Endpoint<'a> {
        let root = match self {
            Self::Down { target, .. } => return Endpoint::Local { fs, root: target },
            Self::Up { target, .. } | Self::Across { target, .. } => target,
        };
        let client = match &mut sessions.other {
            Some(other) => &mut **other,
            None => &mut *sessions.client,
        };
        Endpoint::Remote { client, root, clock: &clocks.target }
    }

    /// Gives the target in the io_for_dialog of a session of its own server.
    pub(crate) fn last_side<'a>(
        &'a self,
        fs: &'a dyn PathIo,
        client: &'a mut Client,
        clocks: &'a Clocks,
    ) -> Endpoint<'a> {
        match self {
            Self::Down { target, .. } => Endpoint::Local { fs, root: target },
            Self::Up { target, .. } | Self::Across { target, .. } => {
                Endpoint::Remote { client, root: target, clock: &clocks.target }
            }
        }
    }

    /// Gives the way of one file; `local` is where it is on this machine, if one of its ends is here.
    pub(crate) fn delivery<'a>(
        &'a self,
        fs: &'a Arc<dyn PathIo>,
        sessions: &'a mut Sessions<'_>,
        place: &RelativePath,
        local: &'a Path,
    ) -> Delivery<'a> {
        let here = sessions.client.encoding();
        match (self, &mut sessions.other) {
            (Self::Across { source, target, .. }, Some(other)) => Delivery::Across {
                from: sessions.client,
                source: place.remote(source, here),
                target: place.remote(target, other.encoding()),
                to: &mut *other,
            },
            (Self::Up { target, .. } | Self::Across { target, .. }, _) => {
                let target = place.remote(target, here);
                Delivery::Up { fs, source: local, client: sessions.client, target }
            }
            (Self::Down { source, .. }, _) => {
                let source = place.remote(source, here);
                Delivery::Down { client: sessions.client, source, fs, target: local }
            }
        }
    }

    /// Tells whether the target is on this machine.
    pub(crate) fn ends_here(&self) -> bool {
        matches!(self, Self::Down { .. })
    }

    /// Gives the path of a thing on this machine, empty where neither end is here.
    pub(crate) fn local(&self, place: &RelativePath) -> Result<PathBuf> {
        match self {
            Self::Down { target: root, .. } | Self::Up { source: root, .. } => place.local(root),
            Self::Across { .. } => Ok(PathBuf::new()),
        }
    }

    /// Names a thing at the source.
    pub(crate) fn name(&self, place: &RelativePath) -> String {
        match self {
            Self::Up { source, .. } => match place.local(source) {
                Ok(path) => path.display().to_string(),
                Err(_) => place.relative().to_string(),
            },
            Self::Down { source, .. } | Self::Across { source, .. } => {
                source.join_path(&place.relative()).to_string()
            }
        }
    }
}

//! Direction of a mirror: the side that is local and the side on a server, with the root of each.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use oxftp_proto::RemotePath;

use super::{
    backups::MirrorBackups, endpoint::Endpoint, relative_path::RelativePath, server_clock::ServerClock,
    transfer::FileTransfer,
};
use crate::transfer::{
    backup::{Backup, Backups},
    local_path::make_all,
    scheduler::retry::{is_retryable, spoils_session},
    server_to_server::ServerFile,
};
use crate::{
    Client, Error, Location, Pool, PooledClient, Result,
    client::Entering,
    error::{local_fs::LocalFsError, report::CopyLocations},
    local_fs::FileSystem,
};

/// Direction of a mirror, with the roots of both sides.
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
    /// From the server of the workers' sessions to the server of `other`.
    Across {
        source: RemotePath,
        target: RemotePath,
        other: Pool,
    },
}

/// State of the target's root, known before the mirror starts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RootState {
    pub(crate) target_exists: bool,
    pub(crate) target_keeps_times: bool,
}

/// The worker's session, and between two servers a session of the other server.
pub(crate) struct SessionPair<'c> {
    client: &'c mut Client,
    other: Option<PooledClient>,
}

impl SessionPair<'_> {
    /// Returns whether a server may report exact times.
    pub(crate) fn may_report_times(&self) -> bool {
        let other = self.other.as_ref().is_some_and(|other| other.may_report_times());
        self.client.may_report_times() || other
    }

    /// Discards the session of the other server if the error may have left it unusable. The worker does the same
    /// with its own session.
    pub(crate) fn release_after(self, error: &Error) {
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
pub(crate) struct ServerClocks {
    source: ServerClock,
    target: ServerClock,
}

impl MirrorDirection {
    /// Checks the root of the source, and creates the root of the target unless this is a dry run.
    pub(crate) async fn prepare_roots(
        &self,
        fs: &dyn FileSystem,
        client: &mut Client,
        dry_run: bool,
    ) -> Result<RootState> {
        match self {
            Self::Down { source, target } => {
                check_remote_source(client, source).await?;
                let target_exists = fs.is_dir(target).await?;
                if !target_exists && !dry_run {
                    make_all(fs, target).await?;
                }
                Ok(RootState { target_exists, target_keeps_times: true })
            }
            Self::Up { source, target } => {
                check_local_source(fs, source).await?;
                prepare_remote_target(client, target, dry_run).await
            }
            Self::Across { source, target, other } => {
                check_remote_source(client, source).await?;
                prepare_remote_target(&mut *other.client().await?, target, dry_run).await
            }
        }
    }

    /// Pairs the worker's session with one of the other server, if there is another server.
    pub(crate) async fn sessions<'c>(&self, client: &'c mut Client) -> Result<SessionPair<'c>> {
        let other = match self {
            Self::Across { other, .. } => Some(other.client().await?),
            _ => None,
        };
        Ok(SessionPair { client, other })
    }

    pub(crate) fn source<'a>(
        &'a self,
        fs: &'a dyn FileSystem,
        sessions: &'a mut SessionPair<'_>,
        clocks: &'a ServerClocks,
    ) -> Endpoint<'a> {
        self.source_over(fs, sessions.client, clocks)
    }

    /// Returns the source, accessed over a session of the source's own server.
    pub(crate) fn source_over<'a>(
        &'a self,
        fs: &'a dyn FileSystem,
        client: &'a mut Client,
        clocks: &'a ServerClocks,
    ) -> Endpoint<'a> {
        match self {
            Self::Up { source, .. } => Endpoint::Local { fs, root: source },
            Self::Down { source, .. } | Self::Across { source, .. } => {
                Endpoint::Remote { client, root: source, clock: &clocks.source }
            }
        }
    }

    pub(crate) fn target<'a>(
        &'a self,
        fs: &'a dyn FileSystem,
        sessions: &'a mut SessionPair<'_>,
        clocks: &'a ServerClocks,
    ) -> Endpoint<'a> {
        let client = match &mut sessions.other {
            Some(other) => &mut **other,
            None => &mut *sessions.client,
        };
        self.target_over(fs, client, clocks)
    }

    /// Returns the target, accessed over a session of the target's own server.
    pub(crate) fn target_over<'a>(
        &'a self,
        fs: &'a dyn FileSystem,
        client: &'a mut Client,
        clocks: &'a ServerClocks,
    ) -> Endpoint<'a> {
        match self {
            Self::Down { target, .. } => Endpoint::Local { fs, root: target },
            Self::Up { target, .. } | Self::Across { target, .. } => {
                Endpoint::Remote { client, root: target, clock: &clocks.target }
            }
        }
    }

    /// Has the server of the source list permissions, if there is one.
    pub(crate) async fn prepare_source(&self, sessions: &mut SessionPair<'_>) -> Result<()> {
        match self {
            Self::Up { .. } => Ok(()),
            Self::Down { .. } | Self::Across { .. } => sessions.client.list_permissions().await,
        }
    }

    /// Returns the transfer of one file; `local` is its local path, if one side is local.
    pub(crate) fn file_transfer<'a>(
        &'a self,
        fs: &'a Arc<dyn FileSystem>,
        sessions: &'a mut SessionPair<'_>,
        path: &RelativePath,
        local: &'a Path,
    ) -> FileTransfer<'a> {
        let encoding = sessions.client.encoding();
        match (self, &mut sessions.other) {
            (Self::Across { source, target, .. }, Some(other)) => FileTransfer::Relay {
                source: ServerFile { path: path.on_server(source, encoding), client: sessions.client },
                target: ServerFile { path: path.on_server(target, other.encoding()), client: &mut *other },
            },
            (Self::Up { target, .. } | Self::Across { target, .. }, _) => {
                let target = path.on_server(target, encoding);
                FileTransfer::Upload { fs, source: local, client: sessions.client, target }
            }
            (Self::Down { source, .. }, _) => {
                let source = path.on_server(source, encoding);
                FileTransfer::Download { client: sessions.client, source, fs, target: local }
            }
        }
    }

    /// Returns the backups on the side of the target.
    pub(crate) fn backups(&self, backup: Backup) -> MirrorBackups {
        match self {
            Self::Down { target, .. } => {
                MirrorBackups { local: Some(Backups::new(backup, target.clone())), remote: None }
            }
            Self::Up { target, .. } | Self::Across { target, .. } => {
                MirrorBackups { local: None, remote: Some(Backups::new(backup, target.clone())) }
            }
        }
    }

    pub(crate) fn has_local_target(&self) -> bool {
        matches!(self, Self::Down { .. })
    }

    /// Returns the local path of a node, empty if neither side is local.
    pub(crate) fn local_path(&self, path: &RelativePath) -> Result<PathBuf> {
        match self {
            Self::Down { target: root, .. } | Self::Up { source: root, .. } => path.on_disk(root),
            Self::Across { .. } => Ok(PathBuf::new()),
        }
    }

    /// Returns both directories, for diagnostics.
    pub(crate) fn roots(&self) -> CopyLocations {
        let on_disk = |root: &PathBuf| Location::Local(root.clone());
        let on_server = |root: &RemotePath| Location::Remote(root.clone());
        let (source, target) = match self {
            Self::Down { source, target } => (on_server(source), on_disk(target)),
            Self::Up { source, target } => (on_disk(source), on_server(target)),
            Self::Across { source, target, .. } => (on_server(source), on_server(target)),
        };
        CopyLocations { source, target }
    }

    /// Returns the locations of a file at the source and at the target.
    pub(crate) fn locations(&self, path: &RelativePath) -> Option<CopyLocations> {
        let on_disk = |root| path.on_disk(root).ok().map(Location::Local);
        let on_server = |root: &RemotePath| Location::Remote(root.join_path(&path.to_remote_path()));
        let (source, target) = match self {
            Self::Down { source, target } => (on_server(source), on_disk(target)?),
            Self::Up { source, target } => (on_disk(source)?, on_server(target)),
            Self::Across { source, target, .. } => (on_server(source), on_server(target)),
        };
        Some(CopyLocations { source, target })
    }

    /// Returns the path of a node at the target, as it is displayed.
    pub(crate) fn target_name(&self, path: &RelativePath) -> String {
        match self {
            Self::Up { target, .. } | Self::Across { target, .. } => {
                target.join_path(&path.to_remote_path()).to_string()
            }
            Self::Down { target, .. } => match path.on_disk(target) {
                Ok(path) => path.display().to_string(),
                Err(_) => path.to_remote_path().to_string(),
            },
        }
    }

    /// Returns the path of a node at the source, as it is displayed.
    pub(crate) fn source_name(&self, path: &RelativePath) -> String {
        match self {
            Self::Up { source, .. } => match path.on_disk(source) {
                Ok(path) => path.display().to_string(),
                Err(_) => path.to_remote_path().to_string(),
            },
            Self::Down { source, .. } | Self::Across { source, .. } => {
                source.join_path(&path.to_remote_path()).to_string()
            }
        }
    }
}

/// Fails unless the source is a directory: the listing of a file is empty, and would empty the target.
async fn check_remote_source(client: &mut Client, source: &RemotePath) -> Result<()> {
    if source.is_empty() || client.is_directory_by_entering(source).await? {
        return Ok(());
    }
    let is_directory = client.metadata(source).await?.is_dir();
    if is_directory && is_only_listed(client, source).await? {
        return Ok(());
    }
    if is_directory
        && client.may_want_slash(source)
        && matches!(client.enter_with_slash(source).await?, Entering::Inside)
    {
        return client.restore_working_dir().await;
    }
    Err(Error::Skipped { path: source.to_string(), why: "it is not a directory, or it cannot be entered" })
}

/// Returns whether a directory exists on a server that knows no `CWD`.
async fn is_only_listed(client: &mut Client, path: &RemotePath) -> Result<bool> {
    Ok(matches!(client.enter(path).await?, Entering::Unavailable)
        && client.metadata(path).await.is_ok_and(|found| found.is_dir()))
}

async fn check_local_source(fs: &dyn FileSystem, source: &Path) -> Result<()> {
    let why = match fs.is_dir(source).await? {
        true => return Ok(()),
        false if fs.try_exists(source).await? => {
            io::Error::new(io::ErrorKind::NotADirectory, "this is not a directory")
        }
        false => io::Error::new(io::ErrorKind::NotFound, "there is no such file or directory"),
    };
    Err(LocalFsError::new("list", source, why).into())
}

async fn prepare_remote_target(client: &mut Client, target: &RemotePath, dry_run: bool) -> Result<RootState> {
    let mut target_exists = target.is_empty() || client.is_directory_by_entering(target).await?;
    if !target_exists && !dry_run {
        target_exists = match client.create_with_parents(target.clone()).await {
            Ok(is_created) => !is_created,
            // Without `CWD`, only listings show directories.
            Err(error) if error.reply().is_some() && is_only_listed(client, target).await? => true,
            Err(error) => return Err(error),
        };
    }
    let target_keeps_times = client.features().await?.contains("MFMT");
    Ok(RootState { target_exists, target_keeps_times })
}

//! Transfer of one file of a mirror: asks for missing facts, decides, and moves the file.

use std::{path::Path, sync::Arc};

use oxftp_proto::{RemotePath, Zone};

use super::{
    backups::MirrorBackups,
    compare::{Comparison, Decision},
    node::{FactsOfBoth, NodeFacts},
    notices::Notices,
    plan::PlannedFile,
    step::Reason,
};
use crate::transfer::{
    download::file::{FileDownload, RemoteFile},
    file_progress::{FileProgress, Transferred},
    final_name::rename_into_place,
    options::FileOptions,
    partial_name::{new_token, remote_partial_path},
    preserve::exact_time,
    server_to_server::{ServerFile, copy_through_client, hash_mismatch, set_mode, set_modified, verify},
    upload::file::{FileUpload, UploadOptions, UploadTime},
};
use crate::{Client, Result, client::FollowUp, hash_file, local_fs::FileSystem};

/// Source and target of one file.
pub(crate) enum FileTransfer<'a> {
    Download { client: &'a mut Client, source: RemotePath, fs: &'a Arc<dyn FileSystem>, target: &'a Path },
    Upload { fs: &'a Arc<dyn FileSystem>, source: &'a Path, client: &'a mut Client, target: RemotePath },
    Relay { source: ServerFile<'a>, target: ServerFile<'a> },
}

impl FileTransfer<'_> {
    /// Decides whether the file is transferred, and why. Asks for the facts that the listings do not contain.
    pub(crate) async fn decide(
        &mut self,
        file: &PlannedFile,
        comparison: Comparison,
        notices: &Notices,
    ) -> Result<Option<Reason>> {
        let mut listed = FactsOfBoth { source: file.source, target: file.target };
        let mut decision = file.decision;
        if matches!(decision, Decision::Transfer(Reason::Size { .. }))
            && let Some(exact) = Box::pin(self.exact_sizes(listed)).await?
        {
            listed = exact;
            decision = comparison.by_listing(&listed.source, &listed.target);
        }
        let decision = match decision {
            Decision::NeedsTimes => {
                let FactsOfBoth { source, target } = self.exact_times(&listed.source, &listed.target).await?;
                let decision = comparison.by_exact_times(&source, &target);
                if decision == Decision::Unchanged && comparison.rests_on_sizes(&source, &target) {
                    notices.sizes_alone();
                }
                decision
            }
            Decision::NeedsHash if self.has_equal_hashes().await? => Decision::Unchanged,
            Decision::NeedsHash => Decision::Transfer(Reason::Content),
            decision => decision,
        };
        Ok(match decision {
            Decision::Transfer(why) => Some(why),
            _ => None,
        })
    }

    /// Returns whether the time of a file on the server, for which alone the file is to be transferred, says nothing about
    /// its content: the server lists local times as UTC, or it cannot set the times of files.
    pub(crate) async fn explains_time(&mut self, file: &PlannedFile, why: Reason) -> Result<bool> {
        let Self::Upload { client, target: path, .. } = self else { return Ok(false) };
        let (Some(source), Some(target)) = (file.source.modified, file.target.modified) else {
            return Ok(false);
        };
        if !matches!(why, Reason::Older | Reason::Newer) || file.source.size != file.target.size {
            return Ok(false);
        }
        let apart = target.to_unix(0).saturating_sub(source.to_unix(0));
        if may_be_zone(apart)
            && let Some(exact) = client.try_modified(path).await?
            && exact.to_unix(0).abs_diff(source.to_unix(0)) <= 1
        {
            return Ok(true);
        }
        Ok(why == Reason::Older
            // The trial must not give the file the time of its source.
            && apart.abs_diff(Client::TIME_TRIAL) > MAX_COARSENESS
            && !client.sets_times(path, &target).await?)
    }

    /// Transfers the file and sets the modification time of its source.
    pub(crate) async fn run(
        &mut self,
        facts: &NodeFacts,
        options: &FileOptions,
        upload: UploadOptions,
        backups: &MirrorBackups,
        follow_up: FollowUp,
        progress: &FileProgress<'_>,
    ) -> Result<Transferred> {
        match self {
            Self::Download { client, source, fs, target } => {
                let mode = facts.mode.map(u32::from);
                let remote = RemoteFile { path: source, size: facts.size, modified: facts.modified, mode };
                // A partial file of this transfer is equivalent to one of an earlier transfer.
                let resume = options.resume || progress.has_started();
                let download = FileDownload {
                    fs,
                    options,
                    resume,
                    backups: backups.local.as_ref(),
                    continues_final: false,
                    follow_up,
                    progress,
                };
                let outcome = download.download(client, &remote, target).await?;
                if let Some(write) = outcome.pending_write {
                    write.end().await?;
                }
                Ok(outcome.moved)
            }
            Self::Upload { fs, source, client, target } => {
                // The listed time is preserved, so that the next mirror notices a file that changes meanwhile.
                let modified = facts.modified.filter(|time| time.zone() != Zone::Unknown);
                let upload = FileUpload {
                    fs: &***fs,
                    options,
                    upload,
                    backups: backups.remote.as_ref(),
                    time: UploadTime::Listed(modified),
                    follow_up,
                    progress,
                };
                Box::pin(upload.upload(client, source, target)).await
            }
            Self::Relay { source, target } => {
                let modified = exact_time(source.client, &source.path, facts.modified).await?;
                let size = match facts.size {
                    None => source.client.size_if_reported(&source.path).await?,
                    size => size,
                };
                let partial = remote_partial_path(&target.path, &new_token(), target.client.encoding())?;
                let path = if upload.temporary { partial } else { target.path.clone() };
                let mut stored = ServerFile { client: &mut *target.client, path };
                let bytes = copy_through_client(source, &mut stored, size, follow_up, progress).await?;
                if verify(options.verify, source, &mut stored, bytes).await? {
                    progress.note_unconfirmed_size(bytes);
                }
                let mode = facts.mode.filter(|_| options.preserve_mode).map(u32::from);
                if let Some(mode) = options.file_mode.or(mode) {
                    set_mode(&mut stored, mode).await?;
                }
                set_modified(&mut stored, modified).await?;
                if upload.temporary {
                    let backups = backups.remote.as_ref();
                    rename_into_place(stored.client, &stored.path, &target.path, backups).await?;
                }
                Ok(Transferred { bytes, resumed: 0 })
            }
        }
    }

    pub(crate) async fn exact_times(
        &mut self,
        source: &NodeFacts,
        target: &NodeFacts,
    ) -> Result<FactsOfBoth> {
        let (mut source, mut target) = (*source, *target);
        match self {
            Self::Download { client, source: path, .. } => {
                source.modified = exact_time(client, path, source.modified).await?;
            }
            Self::Upload { client, target: path, .. } => {
                target.modified = exact_time(client, path, target.modified).await?;
            }
            Self::Relay { source: from, target: to } => {
                source.modified = exact_time(from.client, &from.path, source.modified).await?;
                target.modified = exact_time(to.client, &to.path, target.modified).await?;
            }
        }
        Ok(FactsOfBoth { source, target })
    }

    /// Returns the facts with the size that the server reports for the file, if it is another one than the listed size: some
    /// servers list sizes in blocks.
    async fn exact_sizes(&mut self, mut facts: FactsOfBoth) -> Result<Option<FactsOfBoth>> {
        let (client, path, listed) = match self {
            Self::Download { client, source, .. } => (client, source, &mut facts.source.size),
            Self::Upload { client, target, .. } => (client, target, &mut facts.target.size),
            Self::Relay { .. } => return Ok(None),
        };
        let Some(size) = *listed else { return Ok(None) };
        *listed = client.size_unlike_listed(path, size).await?;
        Ok(listed.is_some().then_some(facts))
    }

    async fn has_equal_hashes(&mut self) -> Result<bool> {
        match self {
            Self::Download { client, source: remote, fs, target: local }
            | Self::Upload { client, target: remote, fs, source: local } => {
                let there = client.hash(&*remote, None).await?;
                Ok(hash_file(&***fs, local, there.algorithm()).await? == there)
            }
            Self::Relay { source, target } => Ok(hash_mismatch(source, target).await?.is_none()),
        }
    }
}

/// Returns whether two times may be the same one in two zones.
fn may_be_zone(apart: i64) -> bool {
    apart != 0 && apart % QUARTER_HOUR == 0 && apart.abs() <= 26 * 4 * QUARTER_HOUR
}

const QUARTER_HOUR: i64 = 15 * 60;

/// Servers list times to the minute at least.
const MAX_COARSENESS: u64 = 60;

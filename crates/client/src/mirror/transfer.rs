//! Transfer of one file of a mirror: asks for missing facts, decides, and moves the file.

use std::{path::Path, sync::Arc};

use oxftp_proto::{HashAlgorithm, Precision, RemotePath, Timestamp, Zone};

use super::{
    backups::MirrorBackups,
    compare::{Comparison, Decision},
    node::NodeFacts,
    notices::Notices,
    plan::PlannedFile,
    server_to_server::{ServerFile, copy_through_client},
    step::Reason,
};
use crate::transfer::{
    download::file::{FileDownload, RemoteFile},
    file_progress::{FileProgress, Transferred},
    final_name::rename_into_place,
    options::{FileOptions, Verify},
    partial_name::{new_token, remote_partial_path},
    preserve::warn_of_refused_time,
    upload::file::{FileUpload, UploadOptions},
};
use crate::{Client, Error, Result, client::FollowUp, hash_file, local_fs::FileSystem};

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
        let decision = match file.decision {
            Decision::NeedsTimes => {
                let (source, target) = self.exact_times(&file.source, &file.target).await?;
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

    /// Transfers the file and sets the modification time of its source.
    pub(crate) async fn run(
        &mut self,
        facts: &NodeFacts,
        options: FileOptions,
        upload: UploadOptions,
        backups: &MirrorBackups,
        follow_up: FollowUp,
        progress: &FileProgress<'_>,
    ) -> Result<Transferred> {
        match self {
            Self::Download { client, source, fs, target } => {
                let mode = facts.mode.map(u32::from);
                let wanted = RemoteFile { path: source, size: facts.size, modified: facts.modified, mode };
                // A partial file of this transfer is equivalent to one of an earlier transfer.
                let resume = options.resume || progress.has_started();
                let options = FileOptions { resume, ..options };
                let download = FileDownload {
                    fs,
                    options,
                    backups: backups.local.as_ref(),
                    continues_final: false,
                    follow_up,
                    progress,
                };
                let outcome = download.download(client, &wanted, target).await?;
                if let Some(write) = outcome.pending_write {
                    write.end().await?;
                }
                Ok(outcome.moved)
            }
            Self::Upload { fs, source, client, target } => {
                // The listed time is preserved, so that the next mirror notices a file that changes meanwhile.
                let modified = facts.modified.filter(|time| time.zone() != Zone::Unknown);
                let options = FileOptions { preserve_times: modified.is_some(), ..options };
                let upload = FileUpload {
                    fs: &***fs,
                    options,
                    upload,
                    backups: backups.remote.as_ref(),
                    modified,
                    follow_up,
                    progress,
                };
                Box::pin(upload.upload(client, source, target)).await
            }
            Self::Relay { source, target } => {
                let modified = exact_time(source.client, &source.path, facts.modified).await?;
                let size = match facts.size {
                    None => source.client.size_if_told(&source.path).await?,
                    size => size,
                };
                let partial = remote_partial_path(&target.path, &new_token(), target.client.encoding())?;
                let path = if upload.temporary { partial } else { target.path.clone() };
                let mut stored = ServerFile { client: &mut *target.client, path };
                let bytes = copy_through_client(source, &mut stored, size, follow_up, progress).await?;
                verify(options.verify, source, &mut stored, bytes).await?;
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
    ) -> Result<(NodeFacts, NodeFacts)> {
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
        Ok((source, target))
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

/// Sets the permissions of a file. A refusal is a warning.
async fn set_mode(file: &mut ServerFile<'_>, mode: u32) -> Result<()> {
    match file.client.set_permissions(&file.path, mode & 0o777).await {
        Err(error @ Error::StatusCode(_)) if !file.client.is_broken() => {
            crate::trace::warn!("the permissions of {} are not preserved: {error}", file.path);
            Ok(())
        }
        set => set,
    }
}

/// Sets the modification time of a file, if the server supports it. A time without zone counts as UTC.
pub(crate) async fn set_modified(file: &mut ServerFile<'_>, time: Option<Timestamp>) -> Result<()> {
    let Some(time) = time else { return Ok(()) };
    let set = file.client.set_modified(&file.path, time).await;
    warn_of_refused_time(file.client, &file.path, set)
}

pub(crate) async fn verify(
    how: Verify,
    source: &mut ServerFile<'_>,
    target: &mut ServerFile<'_>,
    bytes: u64,
) -> Result<()> {
    match how {
        Verify::Auto | Verify::Nothing => Ok(()),
        Verify::Size => match target.client.size(&target.path).await? {
            there if there == bytes => Ok(()),
            there => Err(Error::SizeMismatch { expected: there, transferred: bytes }),
        },
        Verify::Hash => match hash_mismatch(source, target).await? {
            None => Ok(()),
            Some(mismatch) => Err(mismatch),
        },
        Verify::Content => match hash_mismatch(source, target).await {
            Ok(None) => Ok(()),
            Ok(Some(mismatch)) => Err(mismatch),
            Err(Error::Unsupported { .. } | Error::StatusCode(_) | Error::UnusableReply { .. }) => {
                let here = source.client.hash_content(&source.path, HashAlgorithm::Sha256).await?;
                let there = target.client.hash_content(&target.path, HashAlgorithm::Sha256).await?;
                if here == there { Ok(()) } else { Err(Error::HashMismatch { there, here }) }
            }
            Err(error) => Err(error),
        },
    }
}

/// Compares the files of two servers by the strongest hash that both support; returns the error if they differ.
async fn hash_mismatch(source: &mut ServerFile<'_>, target: &mut ServerFile<'_>) -> Result<Option<Error>> {
    let supported = target.client.hash_algorithms().await?;
    let candidates = source.client.hash_algorithms().await?;
    let common = candidates.into_iter().find(|algorithm| supported.contains(algorithm));
    let algorithm =
        common.ok_or(Error::Unsupported { what: "hash algorithm in common with the other server" })?;
    let here = source.client.hash(&source.path, algorithm).await?;
    let there = target.client.hash(&target.path, algorithm).await?;
    Ok((here != there).then_some(Error::HashMismatch { there, here }))
}

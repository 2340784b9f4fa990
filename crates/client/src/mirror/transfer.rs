//! Transfer of one file of a mirror: asks for missing facts, decides, and moves the file.

use std::{path::Path, sync::Arc};

use oxftp_proto::{Precision, RemotePath, Timestamp, Zone};

use super::{
    compare::{Comparison, Decision},
    node::NodeFacts,
    plan::PlannedFile,
    server_to_server::{ServerFile, relay},
    step::Reason,
};
use crate::transfer::{
    BLOCK_SIZE,
    attempt::{Attempt, Transferred},
    download::file::{FileDownload, RemoteFile},
    upload::file::{FileUpload, KeepTimes},
    verify::Verify,
};
use crate::{Client, Error, Result, hash_file, local_fs::PathIo};

/// Source and target of one file.
pub(crate) enum FileTransfer<'a> {
    Download { client: &'a mut Client, source: RemotePath, fs: &'a Arc<dyn PathIo>, target: &'a Path },
    Upload { fs: &'a Arc<dyn PathIo>, source: &'a Path, client: &'a mut Client, target: RemotePath },
    Relay { source: ServerFile<'a>, target: ServerFile<'a> },
}

/// How files are transferred.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FileOptions {
    pub(crate) resume: bool,
    pub(crate) verify: Verify,
    /// Downloaded files are flushed to disk.
    pub(crate) sync: bool,
}

impl FileTransfer<'_> {
    /// Decides whether the file is transferred, and why. Asks for the facts that the listings do not contain.
    pub(crate) async fn decide(
        &mut self,
        file: &PlannedFile,
        comparison: Comparison,
    ) -> Result<Option<Reason>> {
        let decision = match file.decision {
            Decision::NeedsTimes => {
                let (source, target) = self.exact_times(&file.source, &file.target).await?;
                comparison.by_exact_times(&source, &target)
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
        file_options: FileOptions,
        attempt: &Attempt<'_>,
    ) -> Result<Transferred> {
        match self {
            Self::Download { client, source, fs, target } => {
                let wanted =
                    RemoteFile { path: source, size: facts.size, modified: facts.modified, mode: None };
                let fetched = fetching(fs, file_options, attempt).fetch(client, &wanted, target).await?;
                if let Some(pending_write) = fetched.pending_write {
                    pending_write.end().await?;
                }
                Ok(Transferred { bytes: fetched.bytes, resumed: fetched.resumed })
            }
            Self::Upload { fs, source, client, target } => {
                let stored =
                    storing(&***fs, facts, file_options, attempt).store(client, source, target).await?;
                Ok(Transferred { bytes: stored.bytes, resumed: stored.resumed })
            }
            Self::Relay { source, target } => {
                let modified = exact_time(source.client, &source.path, facts.modified).await?;
                let size = match facts.size {
                    None => source.client.size_if_told(&source.path).await?,
                    size => size,
                };
                let bytes = relay(source, target, size, attempt).await?;
                verify(file_options.verify, source, target, bytes).await?;
                set_modified(target, modified).await?;
                Ok(Transferred { bytes, resumed: 0 })
            }
        }
    }

    async fn exact_times(
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

fn fetching<'a>(
    fs: &'a Arc<dyn PathIo>,
    file_options: FileOptions,
    attempt: &'a Attempt<'_>,
) -> FileDownload<'a> {
    FileDownload {
        fs,
        block: BLOCK_SIZE,
        // A partial file of an earlier attempt of this transfer is always resumed.
        resume: file_options.resume || attempt.has_begun(),
        ascii: false,
        keep_times: true,
        keep_permissions: false,
        verify: file_options.verify,
        sync: file_options.sync,
        progress: attempt,
    }
}

/// Sets the modification time of the listing, so that a change during the upload is noticed by the next mirror.
fn storing<'a>(
    fs: &'a dyn PathIo,
    facts: &NodeFacts,
    file_options: FileOptions,
    attempt: &'a Attempt<'_>,
) -> FileUpload<'a> {
    let FileOptions { resume, verify, .. } = file_options;
    let modified = facts.modified.filter(|time| time.zone() != Zone::Unknown);
    FileUpload {
        fs,
        block: BLOCK_SIZE,
        resume,
        ascii: false,
        temporary: false,
        allocate: false,
        keep_times: modified.map_or(KeepTimes::No, KeepTimes::Of),
        keep_permissions: false,
        verify,
        progress: attempt,
    }
}

/// Asks for the exact time of a file if the listed time is coarse or has no zone. Returns the listed time if the
/// server does not reply with one.
async fn exact_time(
    client: &mut Client,
    path: &RemotePath,
    listed: Option<Timestamp>,
) -> Result<Option<Timestamp>> {
    if listed.is_some_and(|time| time.zone() != Zone::Unknown && time.precision() >= Precision::Second) {
        return Ok(listed);
    }
    match client.modified(path).await {
        Ok(time) => Ok(Some(time)),
        Err(Error::StatusCode(_) | Error::UnusableReply { .. }) if !client.is_broken() => Ok(listed),
        Err(error) => Err(error),
    }
}

/// Sets the modification time of a file, if the server supports it.
async fn set_modified(file: &mut ServerFile<'_>, time: Option<Timestamp>) -> Result<()> {
    let Some(time) = time.filter(|time| time.zone() != Zone::Unknown) else { return Ok(()) };
    match file.client.set_modified(&file.path, time).await {
        Err(error @ (Error::NotOffered { .. } | Error::StatusCode(_))) if !file.client.is_broken() => {
            tracing::warn!("the modification time of {} was not set: {error}", file.path);
            Ok(())
        }
        outcome => outcome,
    }
}

async fn verify(
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
    }
}

/// Compares the files of two servers by the strongest hash that both support; returns the error if they differ.
async fn hash_mismatch(source: &mut ServerFile<'_>, target: &mut ServerFile<'_>) -> Result<Option<Error>> {
    let supported = target.client.hash_algorithms().await?;
    let candidates = source.client.hash_algorithms().await?;
    let common = candidates.into_iter().find(|algorithm| supported.contains(algorithm));
    let algorithm =
        common.ok_or(Error::NotOffered { what: "hash algorithm in common with the other server" })?;
    let here = source.client.hash(&source.path, algorithm).await?;
    let there = target.client.hash(&target.path, algorithm).await?;
    Ok((here != there).then_some(Error::HashMismatch { there, here }))
}

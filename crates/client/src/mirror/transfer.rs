//! One file on its way: what has to be known of it first, and how it goes.

use std::{path::Path, sync::Arc};

use oxftp_proto::{Precision, RemotePath, Timestamp, Zone};

use super::{
    compare::{Comparison, Verdict},
    node::NodeFacts,
    plan::PlannedFile,
    server_to_server::relay,
    step::Reason,
};
use crate::transfer::{
    download::file::{FileDownload, RemoteFile},
    file_progress::{FileProgress, Transferred},
    options::{FileOptions, Verify},
    upload::file::{FileUpload, UploadOptions},
};
use crate::{Client, Error, Result, client::FollowUp, hash_file, local_fs::PathIo};

/// The two ends of a file's way.
pub(crate) enum Delivery<'a> {
    Down { client: &'a mut Client, source: RemotePath, fs: &'a Arc<dyn PathIo>, target: &'a Path },
    Up { fs: &'a Arc<dyn PathIo>, source: &'a Path, client: &'a mut Client, target: RemotePath },
    Across { from: &'a mut Client, source: RemotePath, to: &'a mut Client, target: RemotePath },
}

impl Delivery<'_> {
    /// Decides whether a file is transferred, and why; asks for what the listings leave open.
    pub(crate) async fn decide(
        &mut self,
        file: &PlannedFile,
        comparison: Comparison,
    ) -> Result<Option<Reason>> {
        let verdict = match file.verdict {
            Verdict::AskTimes => {
                let (source, target) = self.exact_times(&file.source, &file.target).await?;
                comparison.at_last(&source, &target)
            }
            Verdict::AskHash if self.has_same_content().await? => Verdict::Same,
            Verdict::AskHash => Verdict::Differs(Reason::Content),
            verdict => verdict,
        };
        Ok(match verdict {
            Verdict::Differs(why) => Some(why),
            _ => None,
        })
    }

    /// Transfers the file and gives it the time of its source.
    pub(crate) async fn deliver(
        &mut self,
        facts: &NodeFacts,
        options: FileOptions,
        follow_up: FollowUp,
        progress: &FileProgress<'_>,
    ) -> Result<Transferred> {
        match self {
            Self::Down { client, source, fs, target } => {
                let wanted =
                    RemoteFile { path: source, size: facts.size, modified: facts.modified, mode: None };
                // A partial file of this transfer is as good as one of an earlier transfer.
                let resume = options.resume || progress.has_started();
                let options = FileOptions { resume, ..options };
                let download = FileDownload { fs, options, follow_up, progress };
                let outcome = download.download(client, &wanted, target).await?;
                if let Some(write) = outcome.pending_write {
                    write.end().await?;
                }
                Ok(outcome.moved)
            }
            Self::Up { fs, source, client, target } => {
                // The listed time is preserved, so that the next mirror notices a file that changes meanwhile.
                let modified = facts.modified.filter(|time| time.zone() != Zone::Unknown);
                let options = FileOptions { preserve_times: modified.is_some(), ..options };
                let upload = UploadOptions::default();
                let upload = FileUpload { fs: &***fs, options, upload, modified, follow_up, progress };
                upload.upload(client, source, target).await
            }
            Self::Across { from, source, to, target } => {
                let modified = exact(from, source, facts.modified).await?;
                let size = if facts.size.is_some() { facts.size } else { from.size_if_told(source).await? };
                let bytes = relay((from, source), (to, target), size, follow_up, progress).await?;
                verify(options.verify, (from, source), (to, target), bytes).await?;
                keep_time(to, target, modified).await?;
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
            Self::Down { client, source: path, .. } => {
                source.modified = exact(client, path, source.modified).await?;
            }
            Self::Up { client, target: path, .. } => {
                target.modified = exact(client, path, target.modified).await?;
            }
            Self::Across { from, source: path, to, target: other } => {
                source.modified = exact(from, path, source.modified).await?;
                target.modified = exact(to, other, target.modified).await?;
            }
        }
        Ok((source, target))
    }

    async fn has_same_content(&mut self) -> Result<bool> {
        match self {
            Self::Down { client, source: remote, fs, target: local }
            | Self::Up { client, target: remote, fs, source: local } => {
                let there = client.hash(&*remote, None).await?;
                Ok(hash_file(&***fs, local, there.algorithm()).await? == there)
            }
            Self::Across { from, source, to, target } => {
                have_same_hash((from, source), (to, target)).await.map(|hashes| hashes.is_none())
            }
        }
    }
}

/// Asks for the exact time of a file of which a coarse one, or one of an unknown zone, is known; keeps that
/// where the server does not tell.
async fn exact(
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

/// Gives a server's file a time, where the server lets it be set.
async fn keep_time(client: &mut Client, path: &RemotePath, time: Option<Timestamp>) -> Result<()> {
    let Some(time) = time.filter(|time| time.zone() != Zone::Unknown) else { return Ok(()) };
    match client.set_modified(path, time).await {
        Err(error @ (Error::NotOffered { .. } | Error::StatusCode(_))) if !client.is_broken() => {
            tracing::warn!("the time of {path} is not kept: {error}");
            Ok(())
        }
        set => set,
    }
}

async fn verify(
    how: Verify,
    from: (&mut Client, &RemotePath),
    (to, target): (&mut Client, &RemotePath),
    bytes: u64,
) -> Result<()> {
    match how {
        Verify::Auto | Verify::Nothing => Ok(()),
        Verify::Size => match to.size(target).await? {
            there if there == bytes => Ok(()),
            there => Err(Error::SizeMismatch { expected: there, transferred: bytes }),
        },
        Verify::Hash => match have_same_hash(from, (to, target)).await? {
            None => Ok(()),
            Some(mismatch) => Err(mismatch),
        },
    }
}

/// Compares the files of two servers by the strongest hash that both offer; gives the error that they
/// differ would be.
async fn have_same_hash(
    (from, source): (&mut Client, &RemotePath),
    (to, target): (&mut Client, &RemotePath),
) -> Result<Option<Error>> {
    let offered = to.hash_algorithms().await?;
    let common = from.hash_algorithms().await?.into_iter().find(|algorithm| offered.contains(algorithm));
    let algorithm = common.ok_or(Error::NotOffered { what: "hash that both servers know" })?;
    let here = from.hash(source, algorithm).await?;
    let there = to.hash(target, algorithm).await?;
    Ok((here != there).then_some(Error::HashMismatch { there, here }))
}

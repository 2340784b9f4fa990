//! Transfer of one file from one server to another, through this machine.

use oxftp_proto::{HashAlgorithm, RemotePath, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{
    options::{BLOCK_SIZE, Verify},
    preserve::warn_of_refused_time,
    stored_name::has_compared_size,
};
use crate::{Client, Error, Progress, ProgressEvent, Result, client::FollowUp};

/// A file on a server, with a session of that server.
pub(crate) struct ServerFile<'a> {
    pub(crate) client: &'a mut Client,
    pub(crate) path: RemotePath,
}

/// Copies a file of the expected size, if it is known; returns the number of bytes.
///
/// The upload is finished only after the whole source was read. If anything fails before, the upload is reset.
pub(crate) async fn copy_through_client(
    source: &mut ServerFile<'_>,
    target: &mut ServerFile<'_>,
    size: Option<u64>,
    follow_up: FollowUp,
    progress: &dyn Progress,
) -> Result<u64> {
    // The download is opened first: a source that cannot be read must not empty the target.
    let mut download = source.client.download_stream(&source.path).followed_by(follow_up).await?;
    let mut upload = target.client.upload_stream(&target.path).await?;
    let name = &source.path.to_string();
    progress.on_event(ProgressEvent::FileStarted { name, size, offset: 0 });
    let mut block = vec![0; BLOCK_SIZE];
    loop {
        let read = match download.read(&mut block).await {
            Ok(read) => read,
            Err(error) => return Err(download.fail(error).await),
        };
        let Some(bytes) = block.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        if let Err(error) = upload.write_all(bytes).await {
            return Err(upload.fail(error).await);
        }
        progress.on_event(ProgressEvent::advanced(read as u64));
    }
    let transferred = download.finish().await?.transferred;
    if let Some(expected) = size.filter(|size| *size != transferred) {
        return Err(Error::SizeMismatch { expected, transferred });
    }
    upload.finish().await?;
    Ok(transferred)
}

/// Sets the permissions of a file. A refusal is a warning.
pub(crate) async fn set_mode(file: &mut ServerFile<'_>, mode: u32) -> Result<()> {
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

/// Verifies the copy of a file with this number of bytes. Returns whether its size has still to be compared with a listing,
/// because the server does not report it.
pub(crate) async fn verify(
    how: Verify,
    source: &mut ServerFile<'_>,
    target: &mut ServerFile<'_>,
    bytes: u64,
) -> Result<bool> {
    match how {
        Verify::Nothing => {}
        Verify::Auto => return Ok(!has_compared_size(target.client, &target.path, bytes).await?),
        Verify::Size => match target.client.size(&target.path).await? {
            there if there == bytes => {}
            there => return Err(Error::SizeMismatch { expected: there, transferred: bytes }),
        },
        Verify::Hash => {
            if let Some(mismatch) = hash_mismatch(source, target).await? {
                return Err(mismatch);
            }
        }
        Verify::Content => match hash_mismatch(source, target).await {
            Ok(None) => {}
            Ok(Some(mismatch)) => return Err(mismatch),
            Err(Error::Unsupported { .. } | Error::StatusCode(_) | Error::UnusableReply { .. }) => {
                let here = source.client.hash_content(&source.path, HashAlgorithm::Sha256).await?;
                let there = target.client.hash_content(&target.path, HashAlgorithm::Sha256).await?;
                if here != there {
                    return Err(Error::HashMismatch { there, here });
                }
            }
            Err(error) => return Err(error),
        },
    }
    Ok(false)
}

/// Compares the files of two servers by the strongest hash that both support; returns the error if they differ.
pub(crate) async fn hash_mismatch(
    source: &mut ServerFile<'_>,
    target: &mut ServerFile<'_>,
) -> Result<Option<Error>> {
    let supported = target.client.hash_algorithms().await?;
    let candidates = source.client.hash_algorithms().await?;
    let common = candidates.into_iter().find(|algorithm| supported.contains(algorithm));
    let algorithm =
        common.ok_or(Error::Unsupported { what: "hash algorithm in common with the other server" })?;
    let here = source.client.hash(&source.path, algorithm).await?;
    let there = target.client.hash(&target.path, algorithm).await?;
    Ok((here != there).then_some(Error::HashMismatch { there, here }))
}

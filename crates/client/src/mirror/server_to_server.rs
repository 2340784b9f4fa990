//! One file from one server to another, through this machine.

use oxftp_proto::RemotePath;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::transfer::options::BLOCK_SIZE;
use crate::{Client, Error, Progress, ProgressEvent, Result, client::FollowUp};

/// Copies a file of this size, where it is known; gives the number of bytes.
///
/// The target's transfer ends regularly only once the source's was whole; until then whatever breaks resets
/// it.
pub(crate) async fn relay(
    (from, source): (&mut Client, &RemotePath),
    (to, target): (&mut Client, &RemotePath),
    size: Option<u64>,
    follow_up: FollowUp,
    progress: &dyn Progress,
) -> Result<u64> {
    // A source that cannot be had must not empty the target.
    let mut download = from.download_stream(source).followed_by(follow_up).await?;
    let mut upload = to.upload_stream(target).await?;
    let name = &source.to_string();
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

//! Transfer of one file from one server to another, through this machine.

use oxftp_proto::RemotePath;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::transfer::options::BLOCK_SIZE;
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

//! Download of a part of a file into a local file.

use std::{
    ops::RangeBounds,
    path::{Path, PathBuf},
};

use bytes::BytesMut;
use oxftp_proto::RemotePath;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::partial_file::PartialFile;
use crate::{
    Client, Error, RangeStream, Result,
    client::{ByteRange, FollowUp},
    local_fs::{CommitOptions, LocalFsError},
    transfer::{
        local_path::{confined, make_all, refuse_target},
        options::BLOCK_SIZE,
        partial_name::range_partial_path,
    },
};

impl Client {
    /// Downloads a part of a file to `target` (`REST`, `RETR`, then `ABOR`; RFC 3659, 5). Returns the number of
    /// bytes.
    ///
    /// The bytes are written to a partial file beside the target, named after the target and the range, with the
    /// suffix [`PART_SUFFIX`](crate::PART_SUFFIX). It is renamed when the part is complete, and removed if the download
    /// fails. Missing local directories are created. A part that extends beyond the end of the file ends with the
    /// file.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let bytes = client.download_range_to("disk.img", 512..1024, "sector").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::BeyondEnd`] if the file ends before the part begins; [`Error::LocalFs`] if it cannot be written; the
    /// errors of [`download_range`](Self::download_range).
    pub async fn download_range_to(
        &mut self,
        path: impl Into<RemotePath>,
        range: impl RangeBounds<u64>,
        target: impl Into<PathBuf>,
    ) -> Result<u64> {
        let (range, target) = (ByteRange::new(&range), target.into());
        let parent = target.parent().unwrap_or(Path::new(""));
        let fs = self.config().file_system.clone();
        let path = path.into();
        let stream = RangeStream::open(self, &path, range, FollowUp::Nothing).await?;
        make_all(&*fs, parent).await?;
        let fs = confined(&fs, parent);
        refuse_target(&*fs, &target).await?;
        let path = range_partial_path(&target, range.start, range.end);
        let mut partial = PartialFile::create(&fs, &path, None).await?;
        let received = match write(stream, &mut partial).await {
            Ok(0) if range.start > 0 && range.end.is_some() => Err(Error::BeyondEnd { start: range.start }),
            received => received,
        };
        match received {
            Ok(received) => {
                let committed = partial.commit(&target, CommitOptions::default()).await;
                committed.map_err(|(error, _)| error)?;
                Ok(received)
            }
            Err(error) => {
                let _ = fs.remove_file(&path).await;
                Err(error)
            }
        }
    }
}

async fn write(mut part: RangeStream<&mut Client>, partial: &mut PartialFile<'_>) -> Result<u64> {
    let mut block = BytesMut::with_capacity(BLOCK_SIZE);
    loop {
        match part.read_buf(&mut block).await {
            Ok(0) => break,
            Ok(_) => {
                let (file, path) = partial.file();
                let written = file.write_all(&block).await;
                written.map_err(|source| LocalFsError::new("write", path, source))?;
            }
            Err(error) => return Err(part.fail(error).await),
        }
        block.clear();
    }
    partial.shutdown().await?;
    part.finish().await
}

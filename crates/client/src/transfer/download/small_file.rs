//! One small file, from the server: it is read whole, and written in one step while the next one is on
//! its way.

use std::path::{Path, PathBuf};

use bytes::BytesMut;
use tokio::{io::AsyncWriteExt, task::JoinHandle};

use super::{
    file::{Downloaded, FileDownload, RemoteFile, system_time},
    partial::make_anew,
};
use crate::transfer::{
    SMALLEST_BLOCK,
    copy::{Filled, fill},
    local_path::{link_in_place, refuse_link},
    partial_name::part_path,
    verify::Verify,
};
use crate::{
    Client, Error, Result,
    data::{DataConnection, Masks},
    error::local_fs::PathIoResult,
    local_fs::WholeFile,
};

/// A file that is whole, and on its way to its place.
pub(crate) struct PendingWrite {
    writing: JoinHandle<PathIoResult<bool>>,
    target: PathBuf,
}

impl PendingWrite {
    /// Waits until the file stands under its name.
    pub(crate) async fn end(self) -> Result<()> {
        match self.writing.await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(link_in_place(&self.target)),
            Ok(Err(error)) => Err(error.into()),
            Err(failure) => Err(Error::Data { reply: None, source: failure.into() }),
        }
    }
}

impl FileDownload<'_> {
    /// Tells whether a file is to be read whole: as it is, without anything that is done to it on the disk
    /// first.
    pub(crate) fn is_small(&self, wanted: &RemoteFile<'_>) -> bool {
        let as_it_is = !self.resume && !self.ascii && !self.keep_permissions && self.verify != Verify::Hash;
        as_it_is && wanted.size.is_some_and(|size| size < SMALLEST_BLOCK as u64)
    }

    /// Fetches a file that is small by what the listing says.
    pub(crate) async fn fetch_small(
        &self,
        client: &mut Client,
        wanted: &RemoteFile<'_>,
        target: &Path,
    ) -> Result<Downloaded> {
        let (mut data, _) = self.open(client, wanted, 0).await?;
        data.expect_at_most(wanted.size);
        self.progress.file_started(&wanted.path.to_string(), wanted.size, 0);
        let mut content = BytesMut::new();
        match fill(&mut data, &mut content, SMALLEST_BLOCK).await {
            Ok(Filled::AtEnd) => {}
            // It has grown since it was listed.
            Ok(Filled::Full) => return self.fetch_grown(client, wanted, target, (data, content)).await,
            Err(source) => {
                self.keep(&content, target).await;
                let deadline = client.completion_deadline();
                return Err(data.fail(client.control_mut(), source, deadline).await);
            }
        }
        let bytes = content.len() as u64;
        self.progress.advanced(bytes);
        let complete = self.complete(client, wanted, &mut data, bytes).await;
        if complete.is_err() {
            self.keep(&content, target).await;
        }
        complete?;
        let pending_write = self.await_write(client, wanted, &data, (content, target)).await;
        Ok(Downloaded { bytes, resumed: 0, pending_write: Some(pending_write) })
    }

    async fn complete(
        &self,
        client: &mut Client,
        wanted: &RemoteFile<'_>,
        data: &mut DataConnection,
        bytes: u64,
    ) -> Result<()> {
        client.finish_data(data, Masks::default()).await?;
        self.check_size(client, wanted, bytes).await?;
        // By size at most, for which no local file is needed.
        self.verify.check(client, (&**self.fs, Path::new("")), bytes, wanted.path).await
    }

    async fn await_write(
        &self,
        client: &mut Client,
        wanted: &RemoteFile<'_>,
        data: &DataConnection,
        (content, target): (BytesMut, &Path),
    ) -> PendingWrite {
        let modified = self.time(client, wanted, data.dating()).await.and_then(system_time);
        let file = WholeFile {
            content: content.freeze(),
            part: part_path(target),
            target: target.to_owned(),
            modified,
            sync: self.sync,
        };
        let fs = self.fs.clone();
        let writing = tokio::spawn(async move { fs.write_whole(file).await });
        PendingWrite { writing, target: target.to_owned() }
    }

    async fn fetch_grown(
        &self,
        client: &mut Client,
        wanted: &RemoteFile<'_>,
        target: &Path,
        (mut data, content): (DataConnection, BytesMut),
    ) -> Result<Downloaded> {
        match self.make_part(target).await {
            Ok(part) => self.receive(client, wanted, (data, 0, content), (part, target)).await,
            Err(error) => {
                let _ = data.abort(client.control_mut()).await;
                Err(error)
            }
        }
    }

    async fn make_part(&self, target: &Path) -> Result<PathBuf> {
        refuse_link(&**self.fs, target).await?;
        let part = part_path(target);
        refuse_link(&**self.fs, &part).await?;
        Ok(part)
    }

    /// Keeps what arrived of a file for resuming, if that can be.
    async fn keep(&self, content: &[u8], target: &Path) {
        if content.is_empty() {
            return;
        }
        let kept = async {
            let part = self.make_part(target).await?;
            let mut file = make_anew(&**self.fs, &part).await?;
            let written = async {
                file.write_all(content).await?;
                file.shutdown().await
            };
            written
                .await
                .map_err(|source| crate::error::local_fs::PathIoError::new("write", &part, source))?;
            Ok::<_, Error>(())
        };
        if let Err(error) = kept.await {
            tracing::warn!("what arrived of {} is not kept: {error}", target.display());
        }
    }
}

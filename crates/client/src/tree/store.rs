//! One file, to the server.

use std::{
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use oxftp_proto::{Code, Command, RemotePath, Timestamp, TransferType};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::{
    SMALLEST_BLOCK,
    copy::{CopyError, copy_up},
    verify::Verify,
};
use crate::{
    Client, Error, Progress, Result,
    data::{DataConnection, Masks},
    path_io::{OpenMode, PathFile, PathIo, PathIoError},
};

/// How files are stored.
pub(super) struct Storing<'a> {
    pub(super) fs: &'a dyn PathIo,
    pub(super) block: usize,
    pub(super) resume: bool,
    pub(super) keep_times: bool,
    pub(super) verify: Verify,
    pub(super) progress: &'a dyn Progress,
}

/// What was stored of a file.
pub(super) struct Stored {
    pub(super) bytes: u64,
    pub(super) resumed: u64,
}

impl Storing<'_> {
    /// Stores one file under its name on the server.
    pub(super) async fn store(
        &self,
        client: &mut Client,
        source: &Path,
        target: &RemotePath,
    ) -> Result<Stored> {
        // A file that cannot be read must not empty the one on the server.
        let mut content = self.content(source).await?;
        let size = content.size();
        let offset = if self.resume { self.offset(client, size, target).await? } else { 0 };
        let (mut data, offset) = self.open(client, target, offset).await?;
        self.progress.file_started(&source.display().to_string(), size, offset);
        if let Err(error) = content.go_to(offset, source).await {
            let _ = data.abort(client.control_mut()).await;
            return Err(error.into());
        }
        match content.send(source, &mut data, self.block, self.progress).await {
            Ok(bytes) => {
                let deadline = client.completion_deadline();
                data.finish(client.control_mut(), Masks::default(), deadline).await?;
                self.verify.check(client, (self.fs, source), offset + bytes, target).await?;
                self.keep_time(client, source, target).await?;
                Ok(Stored { bytes, resumed: offset })
            }
            Err(CopyError::Data(source)) => {
                let deadline = client.completion_deadline();
                Err(data.fail(client.control_mut(), source, deadline).await)
            }
            Err(CopyError::Local(error)) => {
                let _ = data.abort(client.control_mut()).await;
                Err(error.into())
            }
        }
    }

    /// Reads a small file, or opens a larger one.
    async fn content(&self, source: &Path) -> Result<Content, PathIoError> {
        if !self.resume
            && let Some(bytes) = self.fs.read_whole(source, SMALLEST_BLOCK).await?
        {
            return Ok(Content::Read(bytes));
        }
        let file = self.fs.open(source, OpenMode::Read).await?;
        let size = self.fs.stat(source).await.ok().filter(|found| found.is_file()).map(|found| found.size);
        Ok(Content::Open(file, size))
    }

    /// Gives the server's file the time of the local one, where the server lets it be set.
    async fn keep_time(&self, client: &mut Client, source: &Path, target: &RemotePath) -> Result<()> {
        let modified = match self.keep_times {
            true => self.fs.stat(source).await?.modified.and_then(timestamp),
            false => None,
        };
        let Some(modified) = modified else { return Ok(()) };
        match client.set_modified(target, modified).await {
            Err(error @ (Error::NotOffered { .. } | Error::StatusCode(_))) => {
                tracing::warn!("the time of {target} is not kept: {error}");
                Ok(())
            }
            set => set,
        }
    }

    /// Gives where to go on: the length of the server's file, unless ours is shorter.
    async fn offset(&self, client: &mut Client, size: Option<u64>, target: &RemotePath) -> Result<u64> {
        let (Some(size), Some(there)) = (size, client.size_if_told(target).await?) else { return Ok(0) };
        Ok(if there <= size { there } else { 0 })
    }

    /// Goes on by `REST` and `STOR`, or by `APPE` where that is refused.
    async fn open(
        &self,
        client: &mut Client,
        target: &RemotePath,
        offset: u64,
    ) -> Result<(DataConnection, u64)> {
        let encoding = client.encoding();
        let stor = Command::with_path("STOR", target, encoding)?;
        match client.open_data(stor, TransferType::Image, offset).await {
            Err(Error::StatusCode(error)) if offset > 0 && error.info.code() != Code::SERVICE_CLOSING => {
                let appe = Command::with_path("APPE", target, encoding)?;
                Ok((client.open_data(appe, TransferType::Image, 0).await?, offset))
            }
            opened => Ok((opened?, offset)),
        }
    }
}

/// What a file is to hold on the server.
enum Content {
    /// A small file, read already.
    Read(Bytes),
    Open(Box<dyn PathFile>, Option<u64>),
}

impl Content {
    fn size(&self) -> Option<u64> {
        match self {
            Self::Read(bytes) => Some(bytes.len() as u64),
            Self::Open(_, size) => *size,
        }
    }

    async fn go_to(&mut self, offset: u64, path: &Path) -> Result<(), PathIoError> {
        let Self::Open(file, _) = self else { return Ok(()) };
        if offset > 0 {
            let sought = file.seek(std::io::SeekFrom::Start(offset)).await;
            sought.map_err(|source| PathIoError::new("seek", path, source))?;
        }
        Ok(())
    }

    async fn send(
        &mut self,
        path: &Path,
        data: &mut DataConnection,
        block: usize,
        progress: &dyn Progress,
    ) -> Result<u64, CopyError> {
        match self {
            Self::Read(bytes) => {
                data.write_all(bytes).await.map_err(CopyError::Data)?;
                progress.advanced(bytes.len() as u64);
                Ok(bytes.len() as u64)
            }
            Self::Open(file, _) => copy_up(&mut **file, path, data, block, progress).await,
        }
    }
}

/// Gives the time in UTC, to the second.
fn timestamp(time: SystemTime) -> Option<Timestamp> {
    let seconds = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
    Timestamp::from_unix(seconds.try_into().ok()?, 0)
}

//! Destination of one file that the caller named: symbolic links are followed, and a special file, such as a device
//! or a FIFO, is written into and never replaced.

use std::path::{Path, PathBuf};

use bytes::BytesMut;
use oxftp_proto::{Entry, TransferType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Download, file::RemoteFile};
use crate::{
    AsciiReader, Client, DownloadStream, Error, Progress, ProgressEvent, Report, Result,
    error::local_fs::LocalFsError,
    local_fs::{FileHandle, FileSystem, OpenMode},
    transfer::{
        copy::CopyError,
        file_progress::FileProgress,
        options::{FileOptions, Verify},
        scheduler::retry::{RetryBudget, retrying},
    },
};

/// The target that a path names, after its symbolic links.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NamedTarget {
    /// A regular file, or nothing yet.
    File(PathBuf),
    /// A device, FIFO, socket or open file descriptor.
    Special(PathBuf),
}

impl NamedTarget {
    /// Follows the symbolic links of a path. A directory is returned as a file, which the download refuses.
    pub(super) async fn of(fs: &dyn FileSystem, named: PathBuf) -> Result<Self> {
        let mut path = named.clone();
        for _ in 0..MAX_LINKS {
            let Ok(found) = fs.metadata(&path).await else { return Ok(Self::File(path)) };
            if found.is_file() || found.is_dir() {
                return Ok(Self::File(path));
            }
            if !found.is_symlink() || is_descriptor(&path) {
                return Ok(Self::Special(path));
            }
            let target = fs.read_link(&path).await?;
            path = path.parent().unwrap_or(Path::new("")).join(target);
        }
        let looped = std::io::Error::other("too many levels of symbolic links");
        Err(LocalFsError::new("open", &named, looped).into())
    }
}

/// Returns whether a path is a link to an open file of a process. The target of such a link may have no path.
fn is_descriptor(link: &Path) -> bool {
    let Some(directory) = link.parent() else { return false };
    directory == Path::new("/dev/fd") || directory.starts_with("/proc") && directory.ends_with("fd")
}

impl Download<'_> {
    /// Downloads a file into something that is not a regular file. It is opened once; an attempt is repeated only if
    /// nothing was written yet.
    pub(super) async fn write_special(mut self, entry: &Entry, path: &Path) -> Result<Report> {
        self.check_special()?;
        let remote = RemoteFile::of(&self.source, entry);
        let fs = self.worker.config().file_system.clone();
        let mut special = Special {
            // A descriptor may refer to a regular file: its earlier content is kept.
            file: fs.open(path, OpenMode::Append).await?,
            path,
            options: &self.file,
            written: 0,
        };
        let observer = self.job.progress.clone();
        let progress = FileProgress::new(&*observer);
        let name = &remote.path.to_string();
        let outcome: Result<Result<()>> = retrying!(
            &mut self.worker,
            RetryBudget::new(self.job.retries),
            |client| match special.receive(client, &remote, &progress).await {
                Err(error) if special.written > 0 => Ok(Err(error)),
                Err(error) => Err(error),
                Ok(()) => Ok(Ok(())),
            },
            before = progress.retry(name)
        )
        .map_err(Error::from);
        match outcome.and_then(|received| received) {
            Ok(()) => {
                progress.on_event(ProgressEvent::FileFinished { name });
                Ok(Report { files: 1, bytes: special.written, ..Report::default() })
            }
            Err(error) => {
                progress.on_event(ProgressEvent::FileFailed { name, error: &error });
                Err(error)
            }
        }
    }

    /// Fails for options that need a regular file.
    fn check_special(&self) -> Result<()> {
        let file = &self.file;
        let with = match file {
            _ if file.resume => "resuming",
            _ if file.verify == Verify::Hash => "verifying by hash",
            _ if file.verify == Verify::Content => "verifying by content",
            _ if file.sets_mode() => "permissions",
            _ if self.choice.backup.is_some() => "a backup",
            _ if self.choice.source.removes() => "removing or moving the source",
            _ => return Ok(()),
        };
        Err(Error::Incompatible { what: "a destination that is no regular file", with })
    }
}

/// An open device, FIFO or the like.
struct Special<'a> {
    file: Box<dyn FileHandle>,
    path: &'a Path,
    options: &'a FileOptions,
    written: u64,
}

impl Special<'_> {
    async fn receive(
        &mut self,
        client: &mut Client,
        remote: &RemoteFile<'_>,
        progress: &FileProgress<'_>,
    ) -> Result<()> {
        let stream = client.download_stream(remote.path);
        let stream = if self.options.ascii { stream.transfer_type(TransferType::Ascii) } else { stream };
        let stream = stream.await?;
        let name = &remote.path.to_string();
        progress.on_event(ProgressEvent::FileStarted { name, size: remote.size, offset: 0 });
        let transferred = match self.options.ascii {
            true => {
                let mut text = AsciiReader::new(stream);
                let copied = self.copy(&mut text, progress).await;
                finish(text.into_inner(), copied).await?
            }
            false => {
                let mut stream = stream;
                let copied = self.copy(&mut stream, progress).await;
                finish(stream, copied).await?
            }
        };
        self.file.flush().await.map_err(|source| LocalFsError::new("write", self.path, source))?;
        match self.options.ascii {
            true => super::file::check_text(remote, transferred),
            false => super::file::check_size(client, remote, transferred).await,
        }
    }

    async fn copy(
        &mut self,
        data: &mut (impl AsyncReadExt + Unpin + Send),
        progress: &FileProgress<'_>,
    ) -> Result<(), CopyError> {
        let mut block = BytesMut::with_capacity(self.options.block());
        while data.read_buf(&mut block).await.map_err(CopyError::Data)? > 0 {
            self.written += block.len() as u64;
            let written = self.file.write_all(&block).await;
            written.map_err(|source| CopyError::Local(LocalFsError::new("write", self.path, source)))?;
            progress.on_event(ProgressEvent::advanced(block.len() as u64));
            block.clear();
        }
        Ok(())
    }
}

/// Completes a transfer, or ends it after a failed copy. Returns the number of transferred bytes.
async fn finish(stream: DownloadStream<&mut Client>, copied: Result<(), CopyError>) -> Result<u64> {
    match copied {
        Ok(()) => Ok(stream.finish().await?.transferred),
        Err(CopyError::Data(source)) => Err(stream.fail(source).await),
        Err(CopyError::Local(error)) => {
            let _ = stream.abort().await;
            Err(error.into())
        }
    }
}

/// The limit of Linux.
const MAX_LINKS: usize = 40;

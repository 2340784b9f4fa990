//! Upload of one file.

use oxftp_proto::{Code, Command, RemotePath, Reply, Timestamp, TransferType};
use std::{path::Path, time::SystemTime};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use crate::{
    Client, Error, Progress, ProgressEvent, Result,
    client::{FollowUp, SizeAndTime},
    data::{DataConnection, Masks},
    error::local_fs::LocalFsError,
    local_fs::{FileHandle, FileSystem, Metadata, OpenMode, ReadFile},
    transfer::{
        copy::{CopyError, copy_text_up, copy_up},
        file_progress::Transferred,
        options::{FileOptions, MIN_BLOCK, Verify},
        partial_name::remote_partial_path,
        preserve::{set_remote_mode, timestamp, warn_of_refused_time},
        verify::LocalCopy,
    },
};

/// Upload of one file.
pub(crate) struct FileUpload<'a> {
    pub(crate) fs: &'a dyn FileSystem,
    pub(crate) options: FileOptions,
    pub(crate) upload: UploadOptions,
    /// The time to preserve in place of the local file's own.
    pub(crate) modified: Option<Timestamp>,
    /// What follows on the same session.
    pub(crate) follow_up: FollowUp,
    pub(crate) progress: &'a dyn Progress,
}

/// Options that only uploads have.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct UploadOptions {
    /// Stores each file under its partial name, and renames it when it is complete.
    pub(crate) temporary: bool,
    /// Reserves space before the upload (`ALLO`).
    pub(crate) allocate: bool,
}

/// Why a file was not stored.
struct StoreError {
    error: Error,
    /// It was sent compressed.
    compressed: bool,
}

impl<E: Into<Error>> From<E> for StoreError {
    fn from(error: E) -> Self {
        Self { error: error.into(), compressed: false }
    }
}

/// A file that was stored.
struct Stored {
    moved: Transferred,
    /// The time of the local file.
    modified: Option<SystemTime>,
    /// Its size was compared with the server's.
    compared: bool,
    /// The replies to the queries for its size and time.
    replies: Vec<Reply>,
}

/// Result of the check of a stored file.
struct Checked {
    content: Result<()>,
    /// The result of setting its time, where that was done together with the check.
    time: Option<Result<()>>,
}

impl FileUpload<'_> {
    /// Uploads one file. With [`temporary`](UploadOptions::temporary) it has its final name only when it is complete
    /// on the server.
    pub(crate) async fn upload(
        &self,
        client: &mut Client,
        source: &Path,
        target: &RemotePath,
    ) -> Result<Transferred> {
        let path = match self.upload.temporary {
            true => remote_partial_path(target, client.encoding())?,
            false => target.clone(),
        };
        let stored = match self.store(client, source, &path).await {
            Err(StoreError { error, compressed: true }) if is_about_data(&error) => {
                client.disable_compressed_uploads(&error);
                // Bytes that were stored wrongly cannot be resumed.
                let options = FileOptions { resume: false, ..self.options };
                let again = FileUpload { options, follow_up: FollowUp::Nothing, ..*self };
                again.store(client, source, &path).await
            }
            stored => stored,
        };
        let mut stored = stored.map_err(|failed| failed.error)?;
        let time = self.time(stored.modified);
        let checked = self.check(client, source, &mut stored, &path, time).await;
        self.reject(client, checked.content, &path, target).await?;
        if self.options.preserve_mode {
            set_remote_mode(client, self.fs, source, &path).await?;
        }
        if let Some(time) = time {
            let set = match checked.time {
                Some(set) => set,
                None => client.set_modified(&path, time).await,
            };
            warn_of_refused_time(client, &path, set)?;
        }
        if self.upload.temporary {
            rename_into_place(client, &path, target).await?;
        }
        Ok(stored.moved)
    }

    async fn store(
        &self,
        client: &mut Client,
        source: &Path,
        path: &RemotePath,
    ) -> Result<Stored, StoreError> {
        // A file that cannot be read must not truncate the one on the server.
        let mut content = self.open_source(source).await?;
        let size = content.size();
        let offset = if self.options.resume { self.offset(client, size, path).await? } else { 0 };
        if let Some(size) = size.filter(|_| self.upload.allocate) {
            client.allocate(size.saturating_sub(offset)).await?;
        }
        let queries = match self.queries_size(client) {
            true => client.queries_after_upload(path, self.time(content.modified()))?,
            false => Vec::new(),
        };
        let (mut data, offset) = self.open(client, path, offset, queries).await?;
        let compressed = data.is_compressed();
        self.report_start(source, content.size(), offset);
        let outcome = match content.seek(offset, source).await {
            Ok(()) => self.send(client, &mut content, source, &mut data, path).await,
            Err(error) => {
                let _ = data.abort(client.control_mut()).await;
                Err(error.into())
            }
        };
        outcome
            .map(|bytes| Stored {
                moved: Transferred { bytes, resumed: offset },
                modified: content.modified(),
                compared: compressed,
                replies: data.take_answers(),
            })
            .map_err(|error| StoreError { error, compressed })
    }

    fn report_start(&self, source: &Path, size: Option<u64>, offset: u64) {
        let name = &source.display().to_string();
        self.progress.on_event(ProgressEvent::FileStarted { name, size, offset });
    }

    /// Sends the content over an open data connection, and awaits the final reply; returns the number of bytes.
    async fn send(
        &self,
        client: &mut Client,
        content: &mut UploadSource,
        source: &Path,
        data: &mut DataConnection,
        path: &RemotePath,
    ) -> Result<u64> {
        match self.copy(client, content, source, data).await {
            Ok(bytes) => {
                client.finish_data(data, Masks::default()).await?;
                if data.is_compressed() {
                    // ProFTPD's mod_deflate loses bytes of content that shrinks to a twentieth, and replies 226.
                    compare(client.size_if_told(path).await?, content.offset() + bytes)?;
                }
                Ok(bytes)
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
    async fn open_source(&self, source: &Path) -> Result<UploadSource, LocalFsError> {
        if !self.options.resume
            && !self.options.ascii
            && let Some(file) = self.fs.read_whole(source, MIN_BLOCK).await?
        {
            return Ok(UploadSource::Read(file));
        }
        let file = self.fs.open(source, OpenMode::Read).await?;
        Ok(UploadSource::Open { file, metadata: self.fs.metadata(source).await.ok(), offset: 0 })
    }

    async fn copy(
        &self,
        client: &mut Client,
        content: &mut UploadSource,
        source: &Path,
        data: &mut DataConnection,
    ) -> Result<u64, CopyError> {
        let file = match content {
            UploadSource::Read(file) => return self.copy_small(&file.content, data).await,
            UploadSource::Open { file, .. } => &mut **file,
        };
        let mut keep_alive = client.keep_alive();
        let (control, block) = (client.control_mut(), self.options.block());
        match self.options.ascii {
            true => keep_alive.during(control, copy_text_up(file, source, data, self.progress)).await,
            false => keep_alive.during(control, copy_up(file, source, data, block, self.progress)).await,
        }
    }

    async fn copy_small(&self, bytes: &[u8], data: &mut DataConnection) -> Result<u64, CopyError> {
        data.write_all(bytes).await.map_err(CopyError::Data)?;
        let length = bytes.len() as u64;
        self.progress.on_event(ProgressEvent::advanced(length));
        Ok(length)
    }

    /// Compares a stored file with the local one; may set its time together with that.
    async fn check(
        &self,
        client: &mut Client,
        source: &Path,
        stored: &mut Stored,
        path: &RemotePath,
        time: Option<Timestamp>,
    ) -> Checked {
        let size = stored.moved.resumed + stored.moved.bytes;
        if stored.compared || !self.queries_size(client) {
            let local = LocalCopy { fs: self.fs, path: source, size };
            return Checked { content: self.options.verify.check(client, local, path).await, time: None };
        }
        let answered = match std::mem::take(&mut stored.replies) {
            replies if replies.is_empty() => client.size_and_time(path, time).await,
            replies => Ok(client.read_size_and_time(replies)),
        };
        match answered {
            Ok(SizeAndTime { size: there, dated }) => Checked { content: compare(there, size), time: dated },
            // The server reported before that the transfer is complete.
            Err(error) => {
                tracing::warn!("the size of {path} is not compared: {error}");
                Checked { content: Ok(()), time: None }
            }
        }
    }

    /// Fails for content that differs. A partial file with a wrong hash is removed, as it cannot be resumed.
    async fn reject(
        &self,
        client: &mut Client,
        content: Result<()>,
        path: &RemotePath,
        target: &RemotePath,
    ) -> Result<()> {
        match content {
            Err(Error::HashMismatch { there, here }) if path != target => {
                if let Err(error) = client.remove_file(path).await {
                    tracing::warn!("{path} is still on the server: {error}");
                }
                Err(Error::HashMismatch { there, here })
            }
            Err(error @ (Error::SizeMismatch { .. } | Error::HashMismatch { .. })) if path == target => {
                Err(Error::UploadMismatch { path: target.to_string(), source: error.into() })
            }
            content => content,
        }
    }

    /// Returns whether the size is queried after the transfer.
    fn queries_size(&self, client: &Client) -> bool {
        self.options.verify == Verify::Auto && !self.options.ascii && client.may_tell_sizes()
    }

    /// Returns the time that the server's file gets.
    fn time(&self, modified: Option<SystemTime>) -> Option<Timestamp> {
        match self.options.preserve_times {
            true => self.modified.or_else(|| modified.and_then(timestamp)),
            false => None,
        }
    }

    /// Returns the offset to resume at: the length of the server's file, or 0 when the local file is shorter.
    async fn offset(&self, client: &mut Client, size: Option<u64>, path: &RemotePath) -> Result<u64> {
        let (Some(size), Some(there)) = (size, client.size_if_told(path).await?) else { return Ok(0) };
        Ok(if there <= size { there } else { 0 })
    }

    /// Opens the data connection, to resume by `REST` and `STOR`, or by `APPE` where that is refused.
    async fn open(
        &self,
        client: &mut Client,
        path: &RemotePath,
        offset: u64,
        queries: Vec<Command>,
    ) -> Result<(DataConnection, u64)> {
        let follow_up = match self.upload.temporary || self.options.preserve_mode {
            // A command that is sent ahead would not outlive the commands after this transfer.
            true => FollowUp::Nothing,
            false => self.follow_up,
        };
        let encoding = client.encoding();
        let stor = Command::with_path("STOR", path, encoding)?;
        let representation = if self.options.ascii { TransferType::Ascii } else { TransferType::Image };
        let opened = match self.options.ascii {
            // The size of text cannot be compared.
            true => client.open_data(stor, representation, offset, follow_up).await,
            false => client.open_compared_upload(stor, representation, offset, queries, follow_up).await,
        };
        match opened {
            Err(Error::StatusCode(error)) if offset > 0 && error.info.code() != Code::SERVICE_CLOSING => {
                let appe = Command::with_path("APPE", path, encoding)?;
                Ok((client.open_data(appe, representation, 0, follow_up).await?, offset))
            }
            opened => Ok((opened?, offset)),
        }
    }
}

/// The content of an upload.
enum UploadSource {
    /// A small file that was read completely.
    Read(ReadFile),
    Open {
        file: Box<dyn FileHandle>,
        metadata: Option<Metadata>,
        /// The position from which it is read.
        offset: u64,
    },
}

impl UploadSource {
    fn size(&self) -> Option<u64> {
        match self {
            Self::Read(file) => Some(file.content.len() as u64),
            Self::Open { metadata, .. } => {
                metadata.as_ref().filter(|found| found.is_file()).map(|found| found.size)
            }
        }
    }

    fn modified(&self) -> Option<SystemTime> {
        match self {
            Self::Read(file) => file.modified,
            Self::Open { metadata, .. } => metadata.as_ref().and_then(|found| found.modified),
        }
    }

    fn offset(&self) -> u64 {
        match self {
            Self::Read(_) => 0,
            Self::Open { offset, .. } => *offset,
        }
    }

    async fn seek(&mut self, position: u64, path: &Path) -> Result<(), LocalFsError> {
        let Self::Open { file, offset, .. } = self else { return Ok(()) };
        if position > 0 {
            let sought = file.seek(std::io::SeekFrom::Start(position)).await;
            sought.map_err(|source| LocalFsError::new("seek", path, source))?;
            *offset = position;
        }
        Ok(())
    }
}

/// Compares the size of the server's file, where the server reports it, with the transferred bytes.
fn compare(there: Option<u64>, transferred: u64) -> Result<()> {
    match there {
        Some(expected) if expected != transferred => Err(Error::SizeMismatch { expected, transferred }),
        _ => Ok(()),
    }
}

/// Returns whether sending the same bytes uncompressed may succeed.
fn is_about_data(error: &Error) -> bool {
    let refused = matches!(error, Error::StatusCode(_) | Error::SizeMismatch { .. } | Error::Data { .. });
    refused && !error.is_connection_lost()
}

/// Renames a complete upload to its final name (`RNFR`, `RNTO`); an older file of that name is replaced.
///
/// When the server refuses to replace a file by a rename, that file is deleted first (`DELE`). Between the two
/// commands there is no file of that name.
pub(crate) async fn rename_into_place(
    client: &mut Client,
    temporary: &RemotePath,
    target: &RemotePath,
) -> Result<()> {
    let renamed = match client.rename(temporary, target).await {
        Err(error) if is_target_refused(&error) => match client.remove_file(target).await {
            Ok(()) => client.rename(temporary, target).await,
            Err(gone) if gone.is_connection_lost() => Err(gone),
            Err(_) => Err(error),
        },
        renamed => renamed,
    };
    renamed.map_err(|error| Error::NotRenamed {
        path: target.to_string(),
        temporary: temporary.to_string(),
        source: error.into(),
    })
}

/// Returns whether the new name was refused, perhaps because a file of that name exists. `RNFR` with the old name
/// comes first, and expects `350`.
fn is_target_refused(error: &Error) -> bool {
    matches!(error, Error::StatusCode(refused)
        if refused.expected != ["350"] && refused.info.code().class() == 5)
}

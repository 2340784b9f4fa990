//! One file, to the server.

use oxftp_proto::{Code, Command, RemotePath, Reply, Timestamp, TransferType};
use std::{
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use crate::{
    Client, Error, Progress, Result,
    client::SizeAndTime,
    data::{DataConnection, Masks},
    error::local_fs::PathIoError,
    local_fs::{Metadata, OpenMode, PathFile, PathIo, ReadFile},
    transfer::{
        SMALLEST_BLOCK,
        copy::{CopyError, copy_text_up, copy_up},
        partial_name::remote_part,
        verify::Verify,
    },
};

/// How files are stored.
pub(crate) struct FileUpload<'a> {
    pub(crate) fs: &'a dyn PathIo,
    pub(crate) block: usize,
    pub(crate) resume: bool,
    pub(crate) ascii: bool,
    pub(crate) temporary: bool,
    pub(crate) allocate: bool,
    pub(crate) keep_times: KeepTimes,
    pub(crate) keep_permissions: bool,
    pub(crate) verify: Verify,
    pub(crate) progress: &'a dyn Progress,
}

/// Which time a stored file is given.
#[derive(Debug, Clone, Copy)]
pub(crate) enum KeepTimes {
    No,
    /// That of the local file.
    OfSource,
    Of(Timestamp),
}

/// Why a file was not stored.
struct NotStored {
    error: Error,
    /// It was sent compressed.
    compressed: bool,
}

impl<E: Into<Error>> From<E> for NotStored {
    fn from(error: E) -> Self {
        Self { error: error.into(), compressed: false }
    }
}

/// What was stored of a file.
pub(crate) struct Stored {
    pub(crate) bytes: u64,
    pub(crate) resumed: u64,
    /// When the local file was last modified.
    modified: Option<SystemTime>,
    /// Its size was compared with the server's.
    compared: bool,
    /// What the server answered about its size and time.
    answers: Vec<Reply>,
}

impl FileUpload<'_> {
    /// Stores one file under its name on the server; with [`temporary`](Self::temporary) only when it is
    /// whole there.
    pub(crate) async fn store(
        &self,
        client: &mut Client,
        source: &Path,
        target: &RemotePath,
    ) -> Result<Stored> {
        let place = match self.temporary {
            true => remote_part(target, client.encoding())?,
            false => target.clone(),
        };
        let stored = match self.store_at(client, source, &place).await {
            Err(NotStored { error, compressed: true }) if is_about_data(&error) => {
                client.disable_compressed_uploads(&error);
                // Nothing can be gone on with behind what was spoilt.
                FileUpload { resume: false, ..*self }.store_at(client, source, &place).await
            }
            stored => stored,
        };
        let mut stored = stored.map_err(|not| not.error)?;
        let time = self.time(stored.modified);
        let (checked, dated) = self.check(client, source, (&mut stored, &place), time).await;
        self.judged(client, checked, (&place, target)).await?;
        self.keep_permissions(client, source, &place).await?;
        self.keep_time(client, &place, (time, dated)).await?;
        if self.temporary {
            put_in_place(client, &place, target).await?;
        }
        Ok(stored)
    }

    async fn store_at(
        &self,
        client: &mut Client,
        source: &Path,
        target: &RemotePath,
    ) -> Result<Stored, NotStored> {
        // A file that cannot be read must not empty the one on the server.
        let mut content = self.content(source).await?;
        let size = content.size();
        let offset = if self.resume { self.offset(client, size, target).await? } else { 0 };
        if self.temporary || self.keep_permissions {
            // What is asked for ahead of its time would not outlive what follows this.
            client.expect_more(false);
        }
        if let Some(size) = size.filter(|_| self.allocate) {
            client.allocate(size.saturating_sub(offset)).await?;
        }
        let questions = match self.asks_size(client) {
            true => client.queries_after_upload(target, self.time(content.modified()))?,
            false => Vec::new(),
        };
        let (mut data, offset) = self.open(client, target, offset, questions).await?;
        let compressed = data.is_compressed();
        let outcome = self.send(client, (&mut content, source), (&mut data, offset), target).await;
        outcome.map_err(|error| NotStored { error, compressed })
    }

    async fn send(
        &self,
        client: &mut Client,
        (content, source): (&mut UploadSource, &Path),
        (data, offset): (&mut DataConnection, u64),
        target: &RemotePath,
    ) -> Result<Stored> {
        self.progress.file_started(&source.display().to_string(), content.size(), offset);
        if let Err(error) = content.go_to(offset, source).await {
            let _ = data.abort(client.control_mut()).await;
            return Err(error.into());
        }
        match self.copy(client, content, source, data).await {
            Ok(bytes) => {
                client.finish_data(data, Masks::default()).await?;
                if data.is_compressed() {
                    compare_size(client, target, offset + bytes).await?;
                }
                let compared = data.is_compressed();
                let answers = data.take_answers();
                Ok(Stored { bytes, resumed: offset, modified: content.modified(), compared, answers })
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
    async fn content(&self, source: &Path) -> Result<UploadSource, PathIoError> {
        if !self.resume
            && !self.ascii
            && let Some(file) = self.fs.read_whole(source, SMALLEST_BLOCK).await?
        {
            return Ok(UploadSource::Read(file));
        }
        let file = self.fs.open(source, OpenMode::Read).await?;
        Ok(UploadSource::Open(file, self.fs.stat(source).await.ok()))
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
            UploadSource::Open(file, _) => &mut **file,
        };
        let mut keep_alive = client.keep_alive();
        let control = client.control_mut();
        match self.ascii {
            true => keep_alive.during(control, copy_text_up(file, source, data, self.progress)).await,
            false => keep_alive.during(control, copy_up(file, source, data, self.block, self.progress)).await,
        }
    }

    async fn copy_small(&self, bytes: &[u8], data: &mut DataConnection) -> Result<u64, CopyError> {
        data.write_all(bytes).await.map_err(CopyError::Data)?;
        let length = bytes.len() as u64;
        self.progress.advanced(length);
        Ok(length)
    }

    /// Compares what was stored with what the server has; may set the time along with that.
    async fn check(
        &self,
        client: &mut Client,
        source: &Path,
        (stored, place): (&mut Stored, &RemotePath),
        time: Option<Timestamp>,
    ) -> (Result<()>, Option<Result<()>>) {
        let length = stored.resumed + stored.bytes;
        if stored.compared || !self.asks_size(client) {
            return (self.verify.check(client, (self.fs, source), length, place).await, None);
        }
        let told = match std::mem::take(&mut stored.answers) {
            answers if answers.is_empty() => client.size_and_time(place, time).await,
            answers => Ok(client.read_size_and_time(answers)),
        };
        match told {
            Ok(SizeAndTime { size, dated }) => (compared(size, length), dated),
            // It was told to be whole before that.
            Err(error) => {
                tracing::warn!("the size of {place} is not compared: {error}");
                (Ok(()), None)
            }
        }
    }

    /// Tells whether a size is to be asked for behind the transfer.
    fn asks_size(&self, client: &Client) -> bool {
        self.verify == Verify::Auto && !self.ascii && client.may_tell_sizes()
    }

    /// Gives the time that the server's file is to have.
    fn time(&self, modified: Option<SystemTime>) -> Option<Timestamp> {
        match self.keep_times {
            KeepTimes::No => None,
            KeepTimes::OfSource => modified.and_then(timestamp),
            KeepTimes::Of(time) => Some(time),
        }
    }

    /// Gives the server's file its time, unless that was done, where the server lets it be set.
    async fn keep_time(
        &self,
        client: &mut Client,
        target: &RemotePath,
        (time, dated): (Option<Timestamp>, Option<Result<()>>),
    ) -> Result<()> {
        let Some(time) = time else { return Ok(()) };
        let set = match dated {
            Some(set) => set,
            None => client.set_modified(target, time).await,
        };
        match set {
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
        questions: Vec<Command>,
    ) -> Result<(DataConnection, u64)> {
        let encoding = client.encoding();
        let stor = Command::with_path("STOR", target, encoding)?;
        let representation = if self.ascii { TransferType::Ascii } else { TransferType::Image };
        let opened = match self.ascii {
            // Its size cannot be compared.
            true => client.open_data(stor, representation, offset).await,
            false => client.open_compared_upload(stor, representation, offset, questions).await,
        };
        match opened {
            Err(Error::StatusCode(error)) if offset > 0 && error.info.code() != Code::SERVICE_CLOSING => {
                let appe = Command::with_path("APPE", target, encoding)?;
                Ok((client.open_data(appe, representation, 0).await?, offset))
            }
            opened => Ok((opened?, offset)),
        }
    }
}

/// What a file is to hold on the server.
enum UploadSource {
    /// A small file, read already.
    Read(ReadFile),
    Open(Box<dyn PathFile>, Option<Metadata>),
}

impl UploadSource {
    fn size(&self) -> Option<u64> {
        match self {
            Self::Read(file) => Some(file.content.len() as u64),
            Self::Open(_, found) => found.as_ref().filter(|found| found.is_file()).map(|found| found.size),
        }
    }

    fn modified(&self) -> Option<SystemTime> {
        match self {
            Self::Read(file) => file.modified,
            Self::Open(_, found) => found.as_ref().and_then(|found| found.modified),
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
}

/// ProFTPD's mod_deflate loses bytes of what shrinks to a twentieth, and calls it complete.
async fn compare_size(client: &mut Client, target: &RemotePath, transferred: u64) -> Result<()> {
    compared(client.size_if_told(target).await?, transferred)
}

/// Compares what was sent with what the server has, where it tells that.
fn compared(there: Option<u64>, transferred: u64) -> Result<()> {
    match there {
        Some(expected) if expected != transferred => Err(Error::SizeMismatch { expected, transferred }),
        _ => Ok(()),
    }
}

/// Tells whether sending the same bytes otherwise may do.
fn is_about_data(error: &Error) -> bool {
    let refused = matches!(error, Error::StatusCode(_) | Error::SizeMismatch { .. } | Error::Data { .. });
    refused && !error.is_connection_lost()
}

/// Gives the time in UTC, to the second.
fn timestamp(time: SystemTime) -> Option<Timestamp> {
    let seconds = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
    Timestamp::from_unix(seconds.try_into().ok()?, 0)
}

// ==== merged from tree/temporary.rs
//- Uploads that get their final name when they are whole.

impl FileUpload<'_> {
    /// Compares what was stored with what was sent. A part whose content is wrong is removed, as nothing
    /// can go on from it.
    pub(crate) async fn judged(
        &self,
        client: &mut Client,
        checked: Result<()>,
        (place, target): (&RemotePath, &RemotePath),
    ) -> Result<()> {
        match checked {
            Err(Error::HashMismatch { there, here }) if place != target => {
                if let Err(error) = client.remove_file(place).await {
                    tracing::warn!("{place} is still on the server: {error}");
                }
                Err(Error::HashMismatch { there, here })
            }
            Err(error @ (Error::SizeMismatch { .. } | Error::HashMismatch { .. })) if place == target => {
                Err(Error::StoredWrongly { path: target.to_string(), source: error.into() })
            }
            checked => checked,
        }
    }
}

/// Gives a whole upload its final name (`RNFR`, `RNTO`); an older file of that name is replaced.
///
/// A server that refuses to rename over it is told to remove it first (`DELE`), which leaves a moment
/// without either.
pub(crate) async fn put_in_place(
    client: &mut Client,
    temporary: &RemotePath,
    target: &RemotePath,
) -> Result<()> {
    let refused = match client.rename(temporary, target).await {
        Err(error) if is_refused(&error) => match client.remove_file(target).await {
            Ok(()) => client.rename(temporary, target).await,
            Err(gone) if gone.is_connection_lost() => Err(gone),
            Err(_) => Err(error),
        },
        renamed => renamed,
    };
    refused.map_err(|error| Error::NotRenamed {
        path: target.to_string(),
        temporary: temporary.to_string(),
        source: error.into(),
    })
}

/// Tells whether the new name was refused, which a file of that name may be the reason for; the old one is
/// asked for first, with `350` for an answer.
fn is_refused(error: &Error) -> bool {
    matches!(error, Error::StatusCode(refused)
        if refused.expected != ["350"] && refused.info.code().class() == 5)
}

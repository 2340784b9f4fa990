//! Download of one file.
//!
//! A small file is read into memory, and written in one step while the next file is on its way. A larger one is
//! written to a partial file, which is renamed when it is complete.

use std::{
    cmp::Ordering,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::BytesMut;
use oxftp_proto::{
    Entry, Limits, Precision, RemotePath, Timestamp, TransferType, Zone,
    dialog::{self, MdtmReply},
};

use super::partial_file::{PartialFile, ResumeToken, in_use, remove_remains, segments_path};
use crate::transfer::{
    backup::LocalBackups,
    copy::{CopyError, Filled, copy_down, copy_text_down, fill},
    file_progress::{FileProgress, Transferred},
    local_path::{refuse_link, refuse_target},
    options::{FileOptions, MIN_BLOCK},
    partial_name::partial_path,
    preserve::{choose_local_mode, set_local_mode, set_local_time, system_time},
    resume::{LARGE, OVERLAP, defeats_resume, is_session_end},
    scheduler::pending_write::{FileOutcome, PendingWrite},
    verify::LocalCopy,
};
use crate::{
    Client, Error, Progress, ProgressEvent, Result,
    client::{FollowUp, TransferCommand},
    data::{DataConnection, Limit, Masks},
    error::local_fs::LocalFsResult,
    local_fs::{
        AtomicWrite, CommitOptions, FileSystem,
        locked_file::{MAX_ATTEMPTS, PAUSE},
    },
};

/// Download of one file.
pub(crate) struct FileDownload<'a> {
    pub(crate) fs: &'a Arc<dyn FileSystem>,
    pub(crate) options: &'a FileOptions,
    /// A partial file is resumed, be it of this run or of an earlier one.
    pub(crate) resume: bool,
    /// The backups to which a file that is replaced is moved.
    pub(crate) backups: Option<&'a LocalBackups>,
    /// A file under the final name is not transferred if it is whole, and resumed if it is shorter.
    pub(crate) continues_final: bool,
    /// The next operation on the same session.
    pub(crate) follow_up: FollowUp,
    pub(crate) progress: &'a FileProgress<'a>,
}

/// A file on the server, as it was listed.
#[derive(Clone, Copy)]
pub(crate) struct RemoteFile<'a> {
    pub(crate) path: &'a RemotePath,
    pub(crate) size: Option<u64>,
    pub(crate) modified: Option<Timestamp>,
    pub(crate) mode: Option<u32>,
}

/// A data connection that is open for reading.
struct Incoming {
    data: DataConnection,
    /// The position in the file at which it starts.
    offset: u64,
    /// Bytes that were read from it already.
    head: BytesMut,
}

/// The partial file of a download, and its final name.
struct LocalTarget<'a> {
    partial: PathBuf,
    /// The partial file of an earlier download.
    earlier: Option<PartialFile<'a>>,
    path: &'a Path,
}

impl FileDownload<'_> {
    /// Downloads one file. It has its final name only when it is complete; until then it has its
    /// [partial name](crate::PART_SUFFIX).
    pub(crate) async fn download(
        &self,
        client: &mut Client,
        remote: &RemoteFile<'_>,
        target: &Path,
    ) -> Result<FileOutcome> {
        if self.is_small(remote) && !client.converts_files() {
            return self.download_small(client, remote, target).await;
        }
        // Boxed, as other large futures below, so that the future of a small file is small.
        Box::pin(self.download_large(client, remote, target)).await
    }

    async fn download_large(
        &self,
        client: &mut Client,
        remote: &RemoteFile<'_>,
        target: &Path,
    ) -> Result<FileOutcome> {
        refuse_target(&**self.fs, target).await?;
        let partial = partial_path(target);
        refuse_link(&**self.fs, &partial).await?;
        // The partial file is locked before its length is read, because another download may be writing it.
        let resumes = self.resume && self.progress.may_resume() && !client.converts_files();
        let mut earlier = if resumes { PartialFile::open(self.fs, &partial).await? } else { None };
        if resumes && self.continues_final {
            match self.final_file(client, remote, target).await? {
                FinalFile::Whole(size) => {
                    remove_remains(self.fs, &partial, earlier).await;
                    self.report_start(remote, size);
                    let moved = Transferred { bytes: 0, resumed: size };
                    return Ok(FileOutcome { moved, pending_write: None });
                }
                // Another program may have left the file incomplete. It stays as it is until the download is complete.
                FinalFile::Start if earlier.is_none() => {
                    earlier = Some(PartialFile::copy_of(self.fs, target, &partial).await?);
                }
                FinalFile::Start | FinalFile::Other => {}
            }
        }
        let offset = if earlier.is_some() { self.offset(client, remote, &partial).await? } else { 0 };
        let local = LocalTarget { partial: partial.clone(), earlier, path: target };
        if offset == 0 {
            return self.download_from(client, remote, local, 0).await;
        }
        match self.download_from(client, remote, local, offset).await {
            Err(error) if defeats_resume(&error) && !client.is_broken() => {
                crate::trace::warn!("{} cannot be resumed and is downloaded whole: {error}", remote.path);
                self.progress.give_up_resuming();
                self.progress.retry(&remote.path.to_string());
                let local = LocalTarget { partial, earlier: None, path: target };
                self.download_from(client, remote, local, 0).await
            }
            Err(error) => {
                self.progress.lost_while_resuming();
                Err(error)
            }
            downloaded => downloaded,
        }
    }

    /// Downloads a file from this offset on, if the partial file is the same up to there.
    async fn download_from(
        &self,
        client: &mut Client,
        remote: &RemoteFile<'_>,
        mut local: LocalTarget<'_>,
        offset: u64,
    ) -> Result<FileOutcome> {
        // If the file cannot be opened on the server, nothing local may change.
        let earlier = local.earlier.as_mut();
        let (data, offset) = self.open_where_same(client, remote, earlier, offset).await?;
        self.report_start(remote, offset);
        let incoming = Incoming { data, offset, head: BytesMut::new() };
        self.receive(client, remote, incoming, local).await
    }

    /// Compares the file under the final name with the one on the server, by size and time.
    async fn final_file(
        &self,
        client: &mut Client,
        remote: &RemoteFile<'_>,
        target: &Path,
    ) -> Result<FinalFile> {
        let Ok(found) = self.fs.metadata(target).await else { return Ok(FinalFile::Other) };
        if !found.is_file() {
            return Ok(FinalFile::Other);
        }
        let size = match remote.size {
            Some(size) => Some(size),
            None => client.size_if_reported(remote.path).await?,
        };
        let Some(size) = size.filter(|size| found.size <= *size) else { return Ok(FinalFile::Other) };
        if found.size < size && found.size <= OVERLAP {
            return Ok(FinalFile::Other);
        }
        let time = match remote.exact_time() {
            Some(time) => Some(time),
            None => client.modified_if_reported(remote.path).await.or_else(|| remote.coarse_time()),
        };
        let order = found.modified.zip(time).and_then(|(here, there)| compare_to(here, there));
        match order {
            Some(Ordering::Equal) | None if found.size == size => {
                let local = LocalCopy { fs: &**self.fs, path: target, size };
                match self.options.verify.check(client, local, remote.path).await {
                    Ok(()) => Ok(FinalFile::Whole(size)),
                    Err(Error::HashMismatch { .. }) => Ok(FinalFile::Other),
                    Err(error) => Err(error),
                }
            }
            // The local file is older than the server's, so it cannot be of the same version.
            Some(Ordering::Less) => Ok(FinalFile::Other),
            _ => Ok(if found.size > OVERLAP { FinalFile::Start } else { FinalFile::Other }),
        }
    }

    fn report_start(&self, remote: &RemoteFile<'_>, offset: u64) {
        let name = &remote.path.to_string();
        self.progress.on_event(ProgressEvent::FileStarted { name, size: remote.size, offset });
    }

    /// Reads a data connection to its end. The partial file is locked until it has its final name.
    async fn receive(
        &self,
        client: &mut Client,
        remote: &RemoteFile<'_>,
        mut incoming: Incoming,
        target: LocalTarget<'_>,
    ) -> Result<FileOutcome> {
        let mut partial = match self.open_partial(target.partial, target.earlier, incoming.offset).await {
            Ok(partial) => partial,
            Err(error) => {
                let _ = incoming.data.abort(client.control_mut()).await;
                return Err(error);
            }
        };
        let (moved, mdtm_reply) = match self.receive_into(client, remote, incoming, &mut partial).await {
            Ok(received) => received,
            Err(error) => {
                partial.leave(remote.late_token()).await;
                return Err(error);
            }
        };
        let partial_path = partial.path().to_owned();
        self.commit(remote, partial, target.path).await?;
        if moved.resumed > 0 || moved.bytes >= LARGE {
            // The lock ended with the rename: the token may be that of another download.
            remove_remains(self.fs, &partial_path, None).await;
        }
        self.set_time(client, remote, mdtm_reply, target.path).await;
        Ok(FileOutcome { moved, pending_write: None })
    }

    async fn receive_into(
        &self,
        client: &mut Client,
        remote: &RemoteFile<'_>,
        incoming: Incoming,
        partial: &mut PartialFile<'_>,
    ) -> Result<(Transferred, Option<MdtmReply>)> {
        let Incoming { mut data, offset, head } = incoming;
        if !head.is_empty()
            && let Err(error) = partial.write(&head).await
        {
            let _ = data.abort(client.control_mut()).await;
            return Err(error.into());
        }
        if let Some(token) = remote.token().filter(|_| offset == 0 && remote.size >= Some(LARGE)) {
            token.save(&**self.fs, partial.path()).await;
        }
        self.progress.on_event(ProgressEvent::advanced(head.len() as u64));
        data.expect_size(remote.size.map(|size| size.saturating_sub(offset)));
        let max_bytes = remote.max_bytes(client.limits());
        data.limit_to(Limit::new(0, Arc::new(max_bytes.into())));
        let copied = self.copy(client, &mut data, partial).await;
        let bytes = match copied {
            Ok(bytes) => bytes + head.len() as u64,
            Err(CopyError::Data(source)) => {
                // The bytes that arrived are kept for resuming.
                let _ = partial.shutdown().await;
                let deadline = client.completion_deadline();
                let is_whole = !self.options.ascii && remote.size == Some(offset + data.transferred());
                data.end_after(client.control_mut(), source, deadline, is_whole).await?;
                data.transferred()
            }
            Err(CopyError::Local(error)) => {
                let _ = data.abort(client.control_mut()).await;
                return Err(error.into());
            }
        };
        if data.transferred() >= max_bytes {
            let _ = partial.shutdown().await;
            let _ = data.abort(client.control_mut()).await;
            let transferred = offset + data.transferred();
            return Err(Error::SizeMismatch { expected: remote.size.unwrap_or(0), transferred });
        }
        let finished = client.finish_data(&mut data, Masks::default()).await;
        partial.shutdown().await?;
        let on_wire = finished?.transferred;
        let size = offset + bytes;
        match self.options.ascii {
            true => check_text(remote, on_wire)?,
            false => check_size(client, remote, size).await?,
        }
        let local = LocalCopy { fs: &**self.fs, path: partial.path(), size };
        self.options.verify.check(client, local, remote.path).await?;
        Ok((Transferred { bytes, resumed: offset }, data.mdtm_reply()))
    }

    async fn copy(
        &self,
        client: &mut Client,
        data: &mut DataConnection,
        partial: &mut PartialFile<'_>,
    ) -> Result<u64, CopyError> {
        let (file, path) = partial.file();
        let mut keep_alive = client.keep_alive();
        let (control, block) = (client.control_mut(), self.options.block());
        match self.options.ascii {
            true => keep_alive.during(control, copy_text_down(data, file, path, self.progress)).await,
            false => keep_alive.during(control, copy_down(data, file, path, block, self.progress)).await,
        }
    }

    /// Sets the permissions of a partial file that is complete, and renames it to its final name.
    pub(crate) async fn commit(
        &self,
        remote: &RemoteFile<'_>,
        partial: PartialFile<'_>,
        target: &Path,
    ) -> Result<()> {
        let kept = match self.backups {
            Some(backups) => match backups.keep(&**self.fs, target).await {
                Ok(kept) => kept.map(|kept| (backups, kept)),
                Err(error) => {
                    partial.leave(remote.late_token()).await;
                    return Err(error);
                }
            },
            None => None,
        };
        let path = partial.path();
        let preserve_mode = match self.options.file_mode {
            Some(mode) => choose_local_mode(&**self.fs, path, mode).await,
            None => self.options.preserve_mode && set_local_mode(&**self.fs, path, remote.mode).await,
        };
        let options = CommitOptions { sync: self.options.sync, preserve_mode };
        let Err((error, partial)) = partial.commit(target, options).await else { return Ok(()) };
        if let Some((backups, kept)) = kept {
            backups.restore(&**self.fs, &kept, target).await;
        }
        if let Some(partial) = partial {
            partial.leave(remote.late_token()).await;
        }
        Err(error.into())
    }

    /// Returns the offset to resume at: the length of the partial file, or 0 where the server's file is shorter, or
    /// where comparing the partial file would download all of it.
    async fn offset(&self, client: &mut Client, remote: &RemoteFile<'_>, partial: &Path) -> Result<u64> {
        let Ok(found) = self.fs.metadata(partial).await else { return Ok(0) };
        if found.size <= OVERLAP {
            return Ok(0);
        }
        if self.fs.try_exists(&segments_path(partial)).await? {
            // The file was downloaded in segments, so its length says nothing about its content.
            crate::trace::warn!("{} is not resumed: its segments were not downloaded in order", remote.path);
            return Ok(0);
        }
        if let Some(token) = remote.token()
            && token.differs(&**self.fs, partial).await
        {
            crate::trace::warn!("{} is not resumed: it has changed on the server", remote.path);
            return Ok(0);
        }
        let size = match remote.size {
            Some(size) => Some(size),
            None => client.size_if_reported(remote.path).await?,
        };
        Ok(if size.is_some_and(|size| found.size <= size) { found.size } else { 0 })
    }

    /// Resumes at `offset` if the bytes that the server sends there equal the end of the partial file. Otherwise the
    /// file has changed, or the server counts bytes differently, and the download starts again from 0.
    async fn open_where_same(
        &self,
        client: &mut Client,
        remote: &RemoteFile<'_>,
        earlier: Option<&mut PartialFile<'_>>,
        offset: u64,
    ) -> Result<(DataConnection, u64)> {
        let Some(earlier) = earlier.filter(|_| offset > 0) else {
            return self.open(client, remote, 0, self.follow_up).await;
        };
        let (mut data, start) = self.open(client, remote, offset - OVERLAP, self.follow_up).await?;
        if start == 0 {
            return Ok((data, 0));
        }
        match earlier.overlaps(start, &mut data).await {
            Ok(Ok(true)) => return Ok((data, offset)),
            Ok(Ok(false)) => {}
            Ok(Err(error)) => {
                let _ = data.abort(client.control_mut()).await;
                return Err(error.into());
            }
            Err(source) => {
                let deadline = client.completion_deadline();
                return Err(data.fail(client.control_mut(), source, deadline).await);
            }
        }
        crate::trace::warn!("the partial file of {} is of another file and is not resumed", remote.path);
        self.progress.give_up_resuming();
        let ended = match data.is_at_end() {
            true => client.finish_data(&mut data, Masks::default()).await.map(drop),
            false => data.abort(client.control_mut()).await.map(drop),
        };
        ended.or_else(|error| if client.is_broken() { Err(error) } else { Ok(()) })?;
        client.state_mut().mark_restart_pending();
        self.open(client, remote, 0, FollowUp::Nothing).await
    }

    async fn open(
        &self,
        client: &mut Client,
        remote: &RemoteFile<'_>,
        offset: u64,
        follow_up: FollowUp,
    ) -> Result<(DataConnection, u64)> {
        if offset == 0 && self.options.preserve_times && remote.exact_time().is_none() {
            return Ok((client.open_data_with_mdtm(remote.path, follow_up).await?, 0));
        }
        let retr = TransferCommand::path("RETR", remote.path);
        let representation = if self.options.ascii { TransferType::Ascii } else { TransferType::Image };
        match client.open_data(retr.clone(), representation, offset, follow_up).await {
            // The server refuses REST: the whole file is downloaded.
            Err(Error::StatusCode(error))
                if offset > 0 && dialog::is_restart_refused(&error) && !is_session_end(&error) =>
            {
                crate::trace::warn!("{} cannot be resumed and is downloaded whole: {error}", remote.path);
                Ok((client.open_data(retr, representation, 0, follow_up).await?, 0))
            }
            opened => Ok((opened?, offset)),
        }
    }

    async fn open_partial<'f>(
        &'f self,
        path: PathBuf,
        earlier: Option<PartialFile<'f>>,
        offset: u64,
    ) -> Result<PartialFile<'f>> {
        match earlier {
            Some(mut partial) if offset > 0 => {
                partial.seek(offset).await?;
                Ok(partial)
            }
            earlier => PartialFile::create(self.fs, &path, earlier).await,
        }
    }

    /// Sets the time of the local file to the server's, or else to the listed one.
    pub(crate) async fn set_time(
        &self,
        client: &mut Client,
        remote: &RemoteFile<'_>,
        mdtm_reply: Option<MdtmReply>,
        target: &Path,
    ) {
        if let Some(time) = self.time(client, remote, mdtm_reply).await {
            set_local_time(&**self.fs, target, time).await;
        }
    }

    /// Returns the time to preserve: as listed, as reported together with the transfer, or as queried now.
    async fn time(
        &self,
        client: &mut Client,
        remote: &RemoteFile<'_>,
        mdtm_reply: Option<MdtmReply>,
    ) -> Option<Timestamp> {
        match (self.options.preserve_times, remote.exact_time(), mdtm_reply) {
            (false, ..) => None,
            (true, Some(listed), _) => Some(listed),
            (true, None, Some(MdtmReply::Time(time))) => Some(time),
            // A time without a zone counts as UTC.
            (true, None, Some(_)) => remote.modified,
            (true, None, None) => client.modified_if_reported(remote.path).await.or(remote.modified),
        }
    }
}

/// Small files.
impl FileDownload<'_> {
    /// Returns whether a file is read into memory: it is small, and no file is needed on disk before it is complete.
    fn is_small(&self, remote: &RemoteFile<'_>) -> bool {
        let FileOptions { ascii, verify, .. } = self.options;
        let is_plain = !self.resume
            && !ascii
            && !self.options.sets_mode()
            && !verify.reads_files()
            && self.backups.is_none();
        is_plain && remote.size.is_some_and(|size| size < MIN_BLOCK as u64)
    }

    /// Downloads a file that was listed as small.
    async fn download_small(
        &self,
        client: &mut Client,
        remote: &RemoteFile<'_>,
        target: &Path,
    ) -> Result<FileOutcome> {
        let (mut data, _) = self.open(client, remote, 0, self.follow_up).await?;
        data.expect_size(remote.size);
        self.report_start(remote, 0);
        // One byte more than the listed size, so that the end is found without growing.
        let listed = remote.size.and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
        let mut content = BytesMut::with_capacity(MIN_BLOCK.min(listed + 1));
        match fill(&mut data, &mut content, MIN_BLOCK).await {
            Ok(Filled::AtEnd) => {}
            Ok(Filled::Full) => {
                let incoming = Incoming { data, offset: 0, head: content };
                return Box::pin(self.download_grown(client, remote, incoming, target)).await;
            }
            Err(source) => {
                let deadline = client.completion_deadline();
                let is_whole = remote.size == Some(content.len() as u64);
                let ended = data.end_after(client.control_mut(), source, deadline, is_whole).await;
                if ended.is_err() {
                    self.keep(&content, target).await;
                }
                ended?;
            }
        }
        let bytes = content.len() as u64;
        self.progress.on_event(ProgressEvent::advanced(bytes));
        let complete = self.complete(client, remote, &mut data, bytes).await;
        if complete.is_err() {
            self.keep(&content, target).await;
        }
        complete?;
        let modified = self.time(client, remote, data.mdtm_reply()).await;
        let pending_write = Some(self.write(content, modified, target));
        Ok(FileOutcome { moved: Transferred { bytes, resumed: 0 }, pending_write })
    }

    async fn complete(
        &self,
        client: &mut Client,
        remote: &RemoteFile<'_>,
        data: &mut DataConnection,
        bytes: u64,
    ) -> Result<()> {
        client.finish_data(data, Masks::default()).await?;
        check_size(client, remote, bytes).await?;
        // `verify` compares sizes only, which needs no local file.
        let local = LocalCopy { fs: &**self.fs, path: Path::new(""), size: bytes };
        self.options.verify.check(client, local, remote.path).await
    }

    /// Starts to write a file that is complete.
    fn write(&self, content: BytesMut, modified: Option<Timestamp>, target: &Path) -> PendingWrite {
        let file = AtomicWrite {
            content: content.freeze(),
            part: partial_path(target),
            target: target.to_owned(),
            modified: modified.and_then(system_time),
            sync: self.options.sync,
        };
        let fs = self.fs.clone();
        let writing = tokio::spawn(async move { write_atomic(&*fs, file).await.map_err(in_use) });
        PendingWrite::new(writing, target.to_owned())
    }

    /// Downloads a file that has grown since it was listed.
    async fn download_grown(
        &self,
        client: &mut Client,
        remote: &RemoteFile<'_>,
        mut incoming: Incoming,
        target: &Path,
    ) -> Result<FileOutcome> {
        match self.partial(target).await {
            Ok(partial) => {
                self.receive(client, remote, incoming, LocalTarget { partial, earlier: None, path: target })
                    .await
            }
            Err(error) => {
                let _ = incoming.data.abort(client.control_mut()).await;
                Err(error)
            }
        }
    }

    /// Returns the path of the partial file, unless a symbolic link is in the way.
    async fn partial(&self, target: &Path) -> Result<PathBuf> {
        refuse_link(&**self.fs, target).await?;
        let partial = partial_path(target);
        refuse_link(&**self.fs, &partial).await?;
        Ok(partial)
    }

    /// Keeps the received bytes of an interrupted file for resuming, if possible.
    async fn keep(&self, content: &[u8], target: &Path) {
        if content.is_empty() {
            return;
        }
        let kept = async {
            let partial = self.partial(target).await?;
            let mut partial = PartialFile::create(self.fs, &partial, None).await?;
            partial.write(content).await?;
            partial.shutdown().await?;
            Ok::<_, Error>(())
        };
        if let Err(error) = kept.await {
            crate::trace::warn!("the partial file of {} is not kept: {error}", target.display());
        }
    }
}

impl<'a> RemoteFile<'a> {
    /// Returns the file at this path, with the facts of its entry. The size of a link is not that of its file.
    pub(super) fn of(path: &'a RemotePath, entry: &Entry) -> Self {
        let of_file = entry.is_file();
        Self {
            path,
            size: entry.exact_size().filter(|_| of_file),
            modified: entry.modified,
            mode: entry.mode.filter(|_| of_file),
        }
    }

    pub(super) fn token(&self) -> Option<ResumeToken> {
        ResumeToken::new(self.size, self.modified)
    }

    /// Returns the token of a file that is so small that none was written at the start.
    fn late_token(&self) -> Option<ResumeToken> {
        self.token().filter(|_| self.size < Some(LARGE))
    }

    /// Returns the maximum number of bytes that are read of a file that does not end at its size.
    fn max_bytes(&self, limits: &Limits) -> u64 {
        // Some servers report that files generated on the fly are empty.
        let listed = self.size.filter(|size| *size > 0);
        listed.map_or(u64::MAX, |size| size.saturating_mul(2).saturating_add(limits.grown_bytes))
    }

    /// Returns the listed time, if its zone is known.
    fn coarse_time(&self) -> Option<Timestamp> {
        self.modified.filter(|time| time.zone() != Zone::Unknown)
    }

    /// Returns the listed time, if its zone is known and it is exact to the second.
    fn exact_time(&self) -> Option<Timestamp> {
        self.coarse_time().filter(|time| time.precision() >= Precision::Second)
    }
}

/// The file that has the final name of a download already.
enum FinalFile {
    /// It equals the server's, and has this size.
    Whole(u64),
    /// It may be the start of the server's file, or the whole file: its end must be compared.
    Start,
    /// There is none, or it is of another version.
    Other,
}

/// Compares the time of a local file with one on the server, as precisely as that is known.
fn compare_to(here: SystemTime, there: Timestamp) -> Option<Ordering> {
    let start = system_time(there)?;
    let precision = match there.precision() {
        Precision::Day => 24 * 60 * 60,
        Precision::Minute => 60,
        // Some file systems store times in units of two seconds.
        Precision::Second | Precision::Fraction => 2,
    };
    Some(match here.duration_since(start) {
        Ok(later) if later.as_secs() < precision => Ordering::Equal,
        Ok(_) => Ordering::Greater,
        Err(earlier) if earlier.duration() < Duration::from_secs(1) => Ordering::Equal,
        Err(_) => Ordering::Less,
    })
}

/// Writes a small file. Waits a moment for another download of the same file, which takes no longer than this one.
async fn write_atomic(fs: &dyn FileSystem, file: AtomicWrite) -> LocalFsResult<bool> {
    for _ in 1..MAX_ATTEMPTS {
        match fs.write_atomic(file.clone()).await {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => tokio::time::sleep(PAUSE).await,
            written => return written,
        }
    }
    fs.write_atomic(file).await
}

/// Compares the size with the listed one and, if that is out of date, with the one that the server reports now.
pub(super) async fn check_size(client: &mut Client, remote: &RemoteFile<'_>, transferred: u64) -> Result<()> {
    if client.converts_files() {
        return Ok(());
    }
    let Some(listed) = remote.size.filter(|size| *size != transferred) else { return Ok(()) };
    match client.size_if_reported(remote.path).await? {
        Some(now) if now == transferred => Ok(()),
        // Some servers report 0 for files that they generate on the fly, whose size they do not know.
        Some(0) | None if listed == 0 => Ok(()),
        now => Err(Error::SizeMismatch { expected: now.unwrap_or(listed), transferred }),
    }
}

/// Text grows on the wire by its line ends and never shrinks: fewer bytes than the file has mean it was truncated.
pub(super) fn check_text(remote: &RemoteFile<'_>, on_wire: u64) -> Result<()> {
    match remote.size {
        Some(expected) if on_wire < expected => Err(Error::SizeMismatch { expected, transferred: on_wire }),
        _ => Ok(()),
    }
}

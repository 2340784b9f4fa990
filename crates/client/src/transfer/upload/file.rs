//! Upload of one file.

use oxftp_proto::{RemotePath, Reply, Timestamp, TransferType, classify};
use std::{path::Path, time::SystemTime};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::{
    record::{MAX_UPLOADS, UploadRecord},
    stored::{RecordedUpload, StoredBy, StoredPart},
};
use crate::{
    Client, Error, Progress, ProgressEvent, Result,
    client::{FollowUp, SizeAndTime, SizeAnswer, TransferCommand, UploadQueries},
    data::{DataConnection, Masks},
    error::local_fs::LocalFsError,
    future::BoxFuture,
    local_fs::{FileHandle, FileSystem, Metadata, OpenMode, ReadFile},
    transfer::{
        backup::RemoteBackups,
        copy::{CopyError, copy_text_up, copy_up},
        file_progress::{FileProgress, SourceVersion, StoredFile, Transferred},
        final_name::rename_into_place,
        options::{FileOptions, MIN_BLOCK, Verify},
        partial_name::{new_token, remote_partial_path, replaced_path},
        preserve::{choose_remote_mode, set_remote_mode, timestamp, warn_of_refused_time},
        resume::{LARGE, OVERLAP, SourceId, defeats_resume},
        stored_name::{Visibility, check_listed, check_reported_empty, is_in_working_dir, is_listed_later},
        verify::LocalCopy,
    },
};

/// Upload of one file.
pub(crate) struct FileUpload<'a> {
    pub(crate) fs: &'a dyn FileSystem,
    pub(crate) options: &'a FileOptions,
    pub(crate) upload: UploadOptions,
    /// The backups to which a file that is replaced is moved. Only with [`UploadOptions::temporary`].
    pub(crate) backups: Option<&'a RemoteBackups>,
    /// The time that the server's file gets if times are preserved.
    pub(crate) time: UploadTime,
    /// The next operation on the same session.
    pub(crate) follow_up: FollowUp,
    pub(crate) progress: &'a FileProgress<'a>,
}

/// The time that is preserved.
#[derive(Clone, Copy)]
pub(crate) enum UploadTime {
    /// The modification time of the local file.
    Local,
    /// The listed one. Without one, no time is set.
    Listed(Option<Timestamp>),
}

/// Options that only uploads have.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct UploadOptions {
    /// Stores each file under its partial name, and renames it when it is complete.
    pub(crate) temporary: bool,
    /// Reserves space before the upload (`ALLO`).
    pub(crate) allocate: bool,
    /// Looks for the file in its directory if the server says that there is none of its name.
    pub(crate) checks_name: bool,
    /// Looks for its size there if the server does not answer `SIZE`.
    pub(crate) checks_listed_size: bool,
}

/// Error of storing a file.
struct UploadError {
    error: Error,
    /// It was sent compressed.
    compressed: bool,
}

impl<E: Into<Error>> From<E> for UploadError {
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

/// A stored file that is equal to the local one.
struct CheckedUpload {
    stored: Stored,
    /// The result of setting its time, where that was done together with the check.
    time: Option<Result<()>>,
}

/// Result of the check of a stored file.
struct Checked {
    content: Result<()>,
    /// Whether the server shows the file under its path.
    listed: Visibility,
    /// The result of setting its time, where that was done together with the check.
    time: Option<Result<()>>,
}

impl Checked {
    fn unlisted(content: Result<()>, time: Option<Result<()>>) -> Self {
        Self { content, listed: Visibility::Unknown, time }
    }

    fn listed(listed: Result<Visibility>, time: Option<Result<()>>) -> Self {
        let shown = listed.as_ref().copied().unwrap_or(Visibility::Unknown);
        Self { content: listed.map(drop), listed: shown, time }
    }
}

/// The names of an upload.
#[derive(Clone, Copy)]
struct Names<'a> {
    source: &'a Path,
    /// The path under which the server stores it: the target, or its temporary name.
    path: &'a RemotePath,
    target: &'a RemotePath,
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
        // A file that cannot be read must not truncate the one on the server.
        let content = self.open_source(source).await?;
        let mut record = self.claim(client, content.size(), target).await;
        let mut stale = Vec::new();
        if self.upload.temporary
            && let Some(record) = &mut record
        {
            for token in record.renew_token(content.id(), self.progress.token(new_token)) {
                stale.push(remote_partial_path(target, token, client.encoding())?);
            }
        }
        // An earlier attempt of this process was about to rename it.
        let stored = self.progress.stored_path();
        stale.retain(|path| Some(path) != stored.as_ref());
        for path in &stale {
            Self::remove_stale(client, path).await?;
        }
        let path = match (self.upload.temporary, &record) {
            (false, _) => target.clone(),
            (true, Some(record)) => remote_partial_path(target, record.token(), client.encoding())?,
            (true, None) => remote_partial_path(target, self.progress.token(new_token), client.encoding())?,
        };
        let path = stored.unwrap_or(path);
        let names = Names { source, path: &path, target };
        let moved = self.upload_as(client, content, names, record.as_mut()).await?;
        for token in record.iter().flat_map(UploadRecord::late) {
            stale.push(remote_partial_path(target, token, client.encoding())?);
        }
        for path in &stale {
            // The server may have created it meanwhile. The upload itself is complete.
            let _ = Self::remove_stale(client, path).await;
        }
        if let Some(record) = record {
            record.remove().await;
        }
        Ok(moved)
    }

    /// Removes the temporary file of another version. The server may still write the rest of that version into it, from a
    /// session whose process was killed.
    async fn remove_stale(client: &mut Client, path: &RemotePath) -> Result<()> {
        match client.remove_file(path).await {
            Err(error) if client.is_broken() || error.is_transient() => Err(error),
            Err(error) => {
                crate::trace::debug!("{path} is left: {error}");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    async fn upload_as(
        &self,
        client: &mut Client,
        mut content: UploadSource,
        names: Names<'_>,
        mut record: Option<&mut UploadRecord>,
    ) -> Result<Transferred> {
        let Names { source, path, .. } = names;
        let version = content.id().map(|source| SourceVersion { source, modified: content.modified() });
        let earlier = self.progress.take_stored();
        if let Some(stored) = earlier.filter(|stored| version == Some(stored.version)) {
            // The session was lost after the file was stored: some servers end it after each transfer.
            match self.complete(client, names, stored.version.modified, None).await {
                Ok(()) => return Ok(stored.moved),
                Err(error) if client.is_broken() || error.is_transient() => {
                    self.progress.note_stored(stored);
                    return Err(error);
                }
                Err(error) => crate::trace::debug!("{path} is sent again: {error}"),
            }
        }
        let recorded = record
            .as_deref()
            .and_then(|record| Some(RecordedUpload { state: record.found()?, began: record.saved() }));
        let offset = self.offset(client, &mut content, names, recorded).await?;
        let mut stored = Box::pin(self.attempt(client, content, names, offset, record.as_deref_mut())).await;
        match &stored {
            Err(error) if offset > 0 && defeats_resume(error) && !client.is_broken() => {
                crate::trace::warn!("{} cannot be resumed and is sent whole: {error}", source.display());
                self.progress.give_up_resuming();
                self.progress.retry(&source.display().to_string());
                let content = self.open_source(source).await?;
                stored = self.send_and_check(client, content, names, 0, record.as_deref_mut()).await;
            }
            Err(_) if offset > 0 => self.progress.lost_while_resuming(),
            _ => {}
        }
        let CheckedUpload { stored, time } = stored?;
        if let Some(version) = version {
            let path = path.clone();
            self.progress.note_stored(StoredFile { moved: stored.moved, path, version });
        }
        let mut recorded = record.zip(version).filter(|_| self.upload.temporary);
        if let Some((record, version)) = &mut recorded {
            record.save_before_rename(version.source).await;
        }
        let completed = self.complete(client, names, stored.modified, time).await;
        if let (Err(_), false, Some((record, version))) = (&completed, client.is_broken(), recorded) {
            // The server has answered: it renames nothing later.
            record.save_again(version.source, stored.moved.resumed).await;
        }
        completed.map(|()| stored.moved)
    }

    /// Sets the permissions and the time of a stored file, and its final name. `set` is the result of setting the time, where
    /// that was done already.
    async fn complete(
        &self,
        client: &mut Client,
        names: Names<'_>,
        modified: Option<SystemTime>,
        set: Option<Result<()>>,
    ) -> Result<()> {
        let Names { source, path, target } = names;
        match self.options.file_mode {
            Some(mode) => choose_remote_mode(client, path, mode).await?,
            None if self.options.preserve_mode => set_remote_mode(client, self.fs, source, path).await?,
            None => {}
        }
        if let Some(time) = self.time(modified) {
            let set = match set {
                Some(set) => set,
                None => client.set_modified(path, time).await,
            };
            warn_of_refused_time(client, path, set)?;
        }
        if self.upload.temporary {
            rename_into_place(client, path, target, self.backups).await?;
        }
        Ok(())
    }

    /// Finds the record of an earlier upload, where records are kept.
    async fn claim(&self, client: &Client, size: Option<u64>, target: &RemotePath) -> Option<UploadRecord> {
        let config = client.config();
        let directory = config.upload_records.as_deref()?;
        let can_resume = !self.options.ascii && size > Some(OVERLAP);
        if !can_resume && !self.upload.temporary {
            return None;
        }
        let token = self.progress.token(new_token);
        // Without temporary names, further uploads write to the same file.
        let uploads = if self.upload.temporary { MAX_UPLOADS } else { 1 };
        UploadRecord::claim(&config.file_system, directory, client.host(), target, token, uploads).await
    }

    /// Makes one attempt. A separate function boxes the future, because the callers' frames have no room for it.
    fn attempt<'f>(
        &'f self,
        client: &'f mut Client,
        content: UploadSource,
        names: Names<'f>,
        offset: u64,
        record: Option<&'f mut UploadRecord>,
    ) -> BoxFuture<'f, Result<CheckedUpload>> {
        Box::pin(self.send_and_check(client, content, names, offset, record))
    }

    /// Stores a file, and compares it with the local one.
    async fn send_and_check(
        &self,
        client: &mut Client,
        content: UploadSource,
        names: Names<'_>,
        offset: u64,
        mut record: Option<&mut UploadRecord>,
    ) -> Result<CheckedUpload> {
        let Names { source, path, target } = names;
        let attempt = Box::pin(self.send_from(client, content, names, offset, record.as_deref_mut()));
        let stored = match attempt.await {
            Err(UploadError { error, compressed: true }) if is_about_data(&error) => {
                client.disable_compressed_uploads(&error);
                // Bytes that were stored wrongly cannot be resumed.
                let again = FileUpload { follow_up: FollowUp::Nothing, ..*self };
                let content = self.open_source(source).await?;
                again.send_from(client, content, names, 0, record).await
            }
            stored => stored,
        };
        let mut stored = stored.map_err(|failed| failed.error)?;
        let time = self.time(stored.modified);
        let mut checked = self.check(client, &mut stored, names, time).await;
        let sent = stored.moved.resumed + stored.moved.bytes;
        if matches!(checked.content, Err(Error::SizeMismatch { .. }))
            && !client.may_tell_sizes()
            && Box::pin(is_listed_later(client, path, sent)).await?
        {
            checked = Checked::listed(Ok(Visibility::Shown), checked.time);
        }
        let listed = checked.listed;
        let is_elsewhere = match &checked.content {
            Ok(()) => listed == Visibility::Absent,
            // An older file of the path may be there. A larger one may have kept its end.
            Err(Error::SizeMismatch { expected, transferred }) => {
                expected < transferred && stored.moved.resumed == 0
            }
            Err(_) => false,
        };
        if is_elsewhere && client.may_ignore_directories(path) {
            match Box::pin(self.send_into_directory(client, names, sent, time)).await {
                Ok(Some(again)) => (stored, checked) = again,
                Ok(None) => {}
                // Another file of that name and size may be in the working directory.
                Err(Error::StoredElsewhere { .. }) if checked.content.is_err() => {}
                Err(error) => return Err(error),
            }
        } else if listed == Visibility::Shown && checked.content.is_ok() {
            client.note_stored_in_directory(path);
        }
        self.reject(client, checked.content, path, target).await?;
        Ok(CheckedUpload { stored, time: checked.time })
    }

    /// Sends a file again under its bare name, after `CWD` into its directory, if the server has stored it in the
    /// working directory: it ignores the directory in the path of `STOR`. Returns `None` if it did not.
    async fn send_into_directory(
        &self,
        client: &mut Client,
        names: Names<'_>,
        size: u64,
        time: Option<Timestamp>,
    ) -> Result<Option<(Stored, Checked)>> {
        let Names { source, path, .. } = names;
        if !is_in_working_dir(client, path, size).await? {
            return Ok(None);
        }
        crate::trace::warn!(
            "the server ignores the directory of {path} and has stored the file in its working directory; it is sent again, \
             after that directory was entered"
        );
        client.use_bare_names(true);
        self.progress.retry(&source.display().to_string());
        let content = self.open_source(source).await?;
        let again = FileUpload { follow_up: FollowUp::Nothing, ..*self };
        let mut stored = match again.send_from(client, content, names, 0, None).await {
            Ok(stored) => stored,
            Err(UploadError { error, .. }) if error.is_connection_lost() || error.is_timeout() => {
                return Err(error);
            }
            Err(UploadError { error, .. }) => {
                crate::trace::debug!("{path}: {error}");
                client.use_bare_names(false);
                return Err(stored_in_working_dir(path));
            }
        };
        client.set_hides_uploads(false);
        let checked = again.check(client, &mut stored, names, time).await;
        if checked.listed != Visibility::Absent && !matches!(checked.content, Err(Error::SizeMismatch { .. }))
        {
            return Ok(Some((stored, checked)));
        }
        // The file in the working directory may be an older one, and the listing may come from a cache.
        client.use_bare_names(false);
        match is_listed_later(client, path, size).await? {
            true => Ok(Some((stored, Checked::listed(Ok(Visibility::Shown), checked.time)))),
            false => Err(stored_in_working_dir(path)),
        }
    }

    async fn send_from(
        &self,
        client: &mut Client,
        mut content: UploadSource,
        names: Names<'_>,
        offset: u64,
        record: Option<&mut UploadRecord>,
    ) -> Result<Stored, UploadError> {
        let Names { source, path, .. } = names;
        let size = content.size();
        if offset > 0 && size == Some(offset) {
            // The server has the whole file.
            self.report_start(source, size, offset);
            let moved = Transferred { bytes: 0, resumed: offset };
            let modified = content.modified();
            return Ok(Stored { moved, modified, compared: true, replies: Vec::new() });
        }
        if let Some(size) = size.filter(|_| self.upload.allocate || client.needs_allocation()) {
            client.allocate(size.saturating_sub(offset)).await?;
        }
        if offset == 0 {
            Box::pin(client.prepare_replacement(path)).await?;
        }
        let queries = match self.queries_size(client) {
            true => Some(UploadQueries { time: self.time(content.modified()) }),
            false => None,
        };
        let mut record = record.zip(content.id());
        if self.upload.temporary
            && let Some((record, id)) = &mut record
            && !record.has_token()
        {
            // If the process is killed after this point, only the record names the temporary file.
            record.save(*id, 0).await;
        }
        let mut opened = Box::pin(self.open(client, path, offset, queries)).await;
        if let (Err(error), Some(size)) = (&opened, size)
            && client.learn_to_allocate(error)
        {
            client.allocate(size.saturating_sub(offset)).await?;
            opened = Box::pin(self.open(client, path, offset, queries)).await;
        }
        let OpenUpload { mut data, replaced } = opened?;
        let compressed = data.is_compressed();
        self.report_start(source, size, offset);
        let early = self.upload.temporary || size >= Some(LARGE);
        let mut late = None;
        match record {
            // After this point, the server has only the bytes that this attempt sends.
            Some((record, id)) if early => record.save(id, offset).await,
            record => late = record,
        }
        let outcome = match content.seek(offset, source).await {
            Ok(()) => self.send(client, &mut content, source, &mut data, path).await,
            Err(error) => {
                let _ = data.abort(client.control_mut()).await;
                Err(error.into())
            }
        };
        if let (Err(_), Some((record, id))) = (&outcome, late) {
            record.save(id, offset).await;
        }
        if let Some(older) = replaced {
            Box::pin(end_replacement(client, path, &older, outcome.is_ok())).await;
        }
        outcome
            .map(|bytes| Stored {
                moved: Transferred { bytes, resumed: offset },
                modified: content.modified(),
                compared: compressed,
                replies: data.take_answers(),
            })
            .map_err(|error| UploadError { error, compressed })
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
                    compare(client.size_if_reported(path).await?, content.offset() + bytes)?;
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
        let metadata = self.fs.metadata(source).await.ok();
        let id = SourceId::of(&*file, metadata.as_ref());
        Ok(UploadSource::Open { file, metadata, id, offset: 0 })
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

    /// Compares a stored file with the local one; may set its time in the same step. The size of a resumed file is
    /// always compared: the server may have ignored the offset.
    async fn check(
        &self,
        client: &mut Client,
        stored: &mut Stored,
        names: Names<'_>,
        time: Option<Timestamp>,
    ) -> Checked {
        let Names { source, path, target } = names;
        let size = stored.moved.resumed + stored.moved.bytes;
        let local = LocalCopy { fs: self.fs, path: source, size };
        let resumed = stored.moved.resumed > 0 && !stored.compared;
        if stored.compared || !resumed && !self.queries_size(client) {
            if !stored.compared && self.compares_size() && !client.converts_files() {
                let listed = self.check_unknown_size(client, path, target, size).await;
                return Checked::listed(listed, None);
            }
            return Checked::unlisted(self.options.verify.check(client, local, path).await, None);
        }
        let answered = match std::mem::take(&mut stored.replies) {
            replies if replies.is_empty() => client.size_and_time(path, time).await,
            replies => Ok(client.read_size_and_time(replies)),
        };
        let SizeAndTime { size: there, time_set } = match answered {
            Ok(answered) => answered,
            Err(error) if resumed => return Checked::unlisted(Err(error), None),
            // The server has already confirmed the transfer.
            Err(error) => {
                self.progress.note_unconfirmed_size(size);
                crate::trace::warn!("the size of {path} is not compared: {error}");
                return Checked::unlisted(Ok(()), None);
            }
        };
        let content = match there {
            SizeAnswer::Size(0) if size > 0 && !resumed => {
                Box::pin(check_reported_empty(client, path, size)).await
            }
            SizeAnswer::Size(there) => compare(Some(there), size),
            SizeAnswer::Missing | SizeAnswer::Unknown if resumed => {
                Err(Error::NotFound { path: path.to_string(), refusal: None })
            }
            answer @ SizeAnswer::Missing if self.upload.checks_name && path == target => {
                let listed = Box::pin(check_listed(client, path, size, &answer)).await;
                let missing =
                    |listed| if listed == Visibility::Unknown { Visibility::Absent } else { listed };
                return Checked::listed(listed.map(missing), time_set);
            }
            SizeAnswer::Unknown => {
                let listed = self.check_unknown_size(client, path, target, size).await;
                return Checked::listed(listed, time_set);
            }
            SizeAnswer::Missing => return Checked::listed(Ok(Visibility::Absent), time_set),
        };
        let content = content.map(|()| Visibility::Shown);
        match content {
            Ok(_) if resumed => {
                Checked::unlisted(self.options.verify.check(client, local, path).await, time_set)
            }
            content => Checked::listed(content, time_set),
        }
    }

    /// Compares a stored file whose size the server does not report with the listing of its directory, now or after
    /// all transfers. Under a temporary name, only its size is compared: the rename shows whether the server finds
    /// it.
    async fn check_unknown_size(
        &self,
        client: &mut Client,
        path: &RemotePath,
        target: &RemotePath,
        size: u64,
    ) -> Result<Visibility> {
        if !self.upload.checks_listed_size {
            self.progress.note_unconfirmed_size(size);
            // One listing per session shows whether the server ignores directories.
            if !client.is_unproven_directory(path) {
                return Ok(Visibility::Unknown);
            }
        }
        match Box::pin(check_listed(client, path, size, &SizeAnswer::Unknown)).await {
            Err(Error::StoredElsewhere { .. }) if path != target => Ok(Visibility::Shown),
            // The listing after all transfers reports it.
            Err(Error::SizeMismatch { .. } | Error::StoredElsewhere { .. })
                if !self.upload.checks_listed_size =>
            {
                Ok(Visibility::Absent)
            }
            checked => checked,
        }
    }

    /// Rejects content that differs. A partial file with a wrong hash is removed, as it cannot be resumed.
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
                    crate::trace::warn!("{path} is still on the server: {error}");
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
        self.compares_size() && client.may_tell_sizes()
    }

    /// Returns whether the size of the server's file must equal that of the local one, if it can be determined.
    fn compares_size(&self) -> bool {
        self.options.verify == Verify::Auto && !self.options.ascii
    }

    /// Returns the time that the server's file gets.
    fn time(&self, modified: Option<SystemTime>) -> Option<Timestamp> {
        match self.time {
            _ if !self.options.preserve_times => None,
            UploadTime::Local => modified.and_then(timestamp),
            UploadTime::Listed(time) => time,
        }
    }

    /// Returns the offset to resume at: the length of the file on the server, if it is a part of the same file.
    async fn offset(
        &self,
        client: &mut Client,
        content: &mut UploadSource,
        names: Names<'_>,
        recorded: Option<RecordedUpload<'_>>,
    ) -> Result<u64> {
        self.progress.set_uncompared(false);
        let UploadSource::Open { file, id: Some(id), .. } = content else { return Ok(0) };
        let sent = self.progress.sent(*id);
        let stored_by = match (sent, recorded) {
            (Some(sent), _) => StoredBy::ThisRun(sent),
            (None, Some(recorded)) => StoredBy::Recorded(recorded),
            (None, None) => StoredBy::Unknown,
        };
        let is_wanted = match &stored_by {
            // A query is not worthwhile for a few bytes.
            StoredBy::ThisRun(sent) => sent.furthest > OVERLAP,
            StoredBy::Recorded(..) | StoredBy::Unknown => self.options.resume,
        };
        let is_text = self.options.ascii || client.converts_files();
        if !is_wanted || is_text || id.size <= OVERLAP || !self.progress.may_resume() {
            return Ok(0);
        }
        let Names { source, path, .. } = names;
        let block = self.options.block() as u64;
        let part = StoredPart { fs: self.fs, source, id: *id, path, block };
        let stored = part.length(client, &mut **file, &stored_by).await?;
        // The comparison has moved the position.
        file.rewind().await.map_err(|error| LocalFsError::new("seek", source, error))?;
        if let Some(stored) = stored {
            self.progress.set_uncompared(!stored.is_compared);
            return Ok(stored.length);
        }
        crate::trace::warn!("{} is sent whole: the server has another version of {path}", source.display());
        self.progress.give_up_resuming();
        Ok(0)
    }

    /// Opens the data connection; resumes by `REST` and `STOR`, or by `APPE` if that is refused. `APPE` comes first
    /// after a lost attempt of this run, and if only the length of the file on the server is known: if the server
    /// removes the file in the meantime, or has reported a wrong length, `REST` would leave a file of the right size
    /// with zeros in it.
    async fn open(
        &self,
        client: &mut Client,
        path: &RemotePath,
        offset: u64,
        queries: Option<UploadQueries>,
    ) -> Result<OpenUpload> {
        let follow_up = match self.upload.temporary || self.options.sets_mode() {
            // A passive command that is sent ahead would be lost by the commands after this transfer.
            true => FollowUp::Nothing,
            false => self.follow_up,
        };
        let appe = TransferCommand::path("APPE", path);
        let appends_first = offset > 0 && (self.progress.has_started() || self.progress.is_uncompared());
        if appends_first {
            match client.open_data(appe.clone(), TransferType::Image, 0, FollowUp::Nothing).await {
                Err(error) if defeats_resume(&error) && !client.is_broken() => {
                    crate::trace::debug!("APPE is refused: {error}");
                }
                opened => return opened.map(OpenUpload::new),
            }
        }
        let opened = match Box::pin(self.open_stor(client, path, offset, queries, follow_up)).await {
            Err(error) if offset > 0 && !appends_first && defeats_resume(&error) && !client.is_broken() => {
                client.open_data(appe, TransferType::Image, 0, FollowUp::Nothing).await
            }
            // This applies to the first attempt only: after a broken one, the file is that of this run, and the
            // server may still have it open.
            Err(error) if offset == 0 && !self.progress.has_started() && is_replacement_refused(&error) => {
                // The file is to be replaced as a whole: STOR would have emptied it, too.
                match Box::pin(client.remove_file(path)).await {
                    Ok(()) => {}
                    Err(gone) if gone.is_connection_lost() => return Err(gone),
                    Err(_) => return Err(error),
                }
                Box::pin(self.open_stor(client, path, 0, queries, follow_up)).await
            }
            Err(error) if offset == 0 && !self.upload.temporary && self.may_rename_older(client, &error) => {
                return Box::pin(self.open_after_rename(client, path, queries, error)).await;
            }
            opened => opened,
        };
        opened.map(OpenUpload::new)
    }

    /// Returns whether `STOR` may have been refused because a file of that name exists, although the reply does not say so.
    fn may_rename_older(&self, client: &Client, refused: &Error) -> bool {
        let is_possible =
            |reply: &Reply| classify::is_unexplained(reply) || classify::is_permission_denied(reply);
        !self.progress.has_started()
            && client.may_rename_older()
            && matches!(refused, Error::StatusCode(_))
            && refused.reply().is_some_and(is_possible)
    }

    /// Renames the older file, and sends `STOR` again. If that is refused, too, the older file gets its name back.
    async fn open_after_rename(
        &self,
        client: &mut Client,
        path: &RemotePath,
        queries: Option<UploadQueries>,
        refused: Error,
    ) -> Result<OpenUpload> {
        let is_file = matches!(client.metadata(path).await, Ok(older) if older.is_file());
        let Some(older) = replaced_path(path, &new_token(), client.encoding()).ok().filter(|_| is_file)
        else {
            return Err(refused);
        };
        if let Err(error) = client.rename(path, &older).await {
            client.note_rename_of_older(false);
            return Err(if error.is_connection_lost() { error } else { refused });
        }
        let opened = self.open_stor(client, path, 0, queries, FollowUp::Nothing).await;
        client.note_rename_of_older(opened.is_ok());
        match opened {
            Ok(data) => Ok(OpenUpload { data, replaced: Some(older) }),
            Err(again) => {
                if let Err(error) = client.rename(&older, path).await {
                    crate::trace::warn!("the older file of {path} is now {older}: {error}");
                }
                Err(if again.is_connection_lost() { again } else { refused })
            }
        }
    }

    async fn open_stor(
        &self,
        client: &mut Client,
        path: &RemotePath,
        offset: u64,
        queries: Option<UploadQueries>,
        follow_up: FollowUp,
    ) -> Result<DataConnection> {
        let stor = TransferCommand::path("STOR", path);
        match self.options.ascii {
            // The size of text cannot be compared.
            true => client.open_data(stor, TransferType::Ascii, offset, follow_up).await,
            false => client.open_compared_upload(stor, TransferType::Image, offset, queries, follow_up).await,
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
        id: Option<SourceId>,
        /// The position from which it is read.
        offset: u64,
    },
}

impl UploadSource {
    fn size(&self) -> Option<u64> {
        match self {
            Self::Read(file) => Some(file.content.len() as u64),
            Self::Open { id, .. } => id.map(|id| id.size),
        }
    }

    fn id(&self) -> Option<SourceId> {
        match self {
            Self::Read(file) => {
                Some(SourceId { size: file.content.len() as u64, modified: None, inode: None })
            }
            Self::Open { id, .. } => *id,
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

/// An upload that was begun.
struct OpenUpload {
    data: DataConnection,
    /// The path that the older file has since then.
    replaced: Option<RemotePath>,
}

impl OpenUpload {
    fn new(data: DataConnection) -> Self {
        Self { data, replaced: None }
    }
}

/// Deletes the older file of an upload that is complete. Otherwise, it gets its name back.
async fn end_replacement(client: &mut Client, path: &RemotePath, older: &RemotePath, is_complete: bool) {
    let ended = match is_complete {
        true => client.remove_file(older).await,
        false => match client.remove_file(path).await {
            Ok(()) => client.rename(older, path).await,
            Err(error) => Err(error),
        },
    };
    if let Err(error) = ended {
        crate::trace::warn!("the older file of {path} is now {older}: {error}");
    }
}

/// The error for a file that the server stored in its working directory.
fn stored_in_working_dir(path: &RemotePath) -> Error {
    let stored = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Error::StoredElsewhere { path: path.to_string(), stored }
}

/// Compares the size of the server's file, where the server reports it, with the transferred bytes.
fn compare(there: Option<u64>, transferred: u64) -> Result<()> {
    match there {
        Some(expected) if expected != transferred => Err(Error::SizeMismatch { expected, transferred }),
        _ => Ok(()),
    }
}

/// Returns whether the server does not permit overwriting, but perhaps deleting.
fn is_replacement_refused(error: &Error) -> bool {
    error.reply().is_some_and(classify::is_replacement_refused)
}

/// Returns whether sending the same bytes uncompressed may succeed.
fn is_about_data(error: &Error) -> bool {
    let refused = matches!(error, Error::StatusCode(_) | Error::SizeMismatch { .. } | Error::Data { .. });
    refused && !error.is_connection_lost()
}

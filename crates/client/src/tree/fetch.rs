//! One file, from the server.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::BytesMut;
use oxftp_proto::{Command, Limits, Precision, RemotePath, Timestamp, TransferType, Zone, dialog::MdtmReply};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::{
    anew::make_anew,
    copy::{CopyError, copy_down, copy_text_down},
    local::{refuse_link, refuse_target},
    part::part_path,
    resumption::{LARGE, OVERLAP, Origin, overlaps},
    segments::{discard, status_path},
    small::Landing,
    verify::Verify,
};
use crate::{
    Client, Error, Progress, Result,
    client::RESTART_TAKEN,
    data::{DataConnection, Limit, Masks},
    path_io::{FinishOptions, OpenMode, PathFile, PathIo, PathIoError, PathIoResult},
};

/// How files are fetched.
pub(super) struct Fetching<'a> {
    pub(super) fs: &'a Arc<dyn PathIo>,
    pub(super) block: usize,
    pub(super) resume: bool,
    pub(super) ascii: bool,
    pub(super) keep_times: bool,
    pub(super) keep_permissions: bool,
    pub(super) verify: Verify,
    /// Waits for the disk before a file counts as fetched.
    pub(super) sync: bool,
    pub(super) progress: &'a dyn Progress,
}

/// What is known of a file before it is fetched.
pub(super) struct Wanted<'a> {
    pub(super) path: &'a RemotePath,
    pub(super) size: Option<u64>,
    pub(super) modified: Option<Timestamp>,
    pub(super) mode: Option<u32>,
}

/// What was fetched of a file.
pub(super) struct Fetched {
    pub(super) bytes: u64,
    pub(super) resumed: u64,
    /// It is whole, and has still to be written to its place.
    pub(super) landing: Option<Landing>,
}

impl Fetching<'_> {
    /// Fetches one file. It stands under its final name only when it is whole; until then it is
    /// called by its [part name](crate::PART_SUFFIX).
    pub(super) async fn fetch(
        &self,
        client: &mut Client,
        wanted: &Wanted<'_>,
        target: &Path,
    ) -> Result<Fetched> {
        if self.is_small(wanted) {
            return self.fetch_small(client, wanted, target).await;
        }
        refuse_target(&**self.fs, target).await?;
        let part = part_path(target);
        refuse_link(&**self.fs, &part).await?;
        let offset = if self.resume { self.offset(client, wanted, &part).await? } else { 0 };
        // What cannot be opened on the server must not touch anything here.
        let (data, offset) = self.open_where_same(client, wanted, &part, offset).await?;
        self.progress.file_started(&wanted.path.to_string(), wanted.size, offset);
        self.receive(client, wanted, (data, offset, BytesMut::new()), (part, target)).await
    }

    /// Reads an open data connection, of which `begun` is read already, to its end.
    pub(super) async fn receive(
        &self,
        client: &mut Client,
        wanted: &Wanted<'_>,
        from: (DataConnection, u64, BytesMut),
        (part, target): (PathBuf, &Path),
    ) -> Result<Fetched> {
        let received = self.receive_into(client, wanted, from, &part, target).await;
        if received.is_err() {
            self.leave(wanted, &part).await;
        }
        received
    }

    async fn receive_into(
        &self,
        client: &mut Client,
        wanted: &Wanted<'_>,
        (mut data, offset, begun): (DataConnection, u64, BytesMut),
        part: &Path,
        target: &Path,
    ) -> Result<Fetched> {
        let mut file = match self.open_part(part, offset, &begun).await {
            Ok(file) => file,
            Err(error) => {
                let _ = data.abort(client.control_mut()).await;
                return Err(error.into());
            }
        };
        if let Some(origin) = Origin::of(wanted).filter(|_| offset == 0 && wanted.size >= Some(LARGE)) {
            origin.note(&**self.fs, part).await;
        }
        self.progress.advanced(begun.len() as u64);
        data.expect_at_most(wanted.size);
        let most = wanted.most_bytes(client.limits());
        data.limit_to(Limit::new(0, Arc::new(most.into())));
        let copied = self.copy(client, &mut data, &mut *file, part).await;
        let bytes = match copied {
            Ok(bytes) => bytes + begun.len() as u64,
            Err(CopyError::Data(source)) => {
                // What arrived is kept for resuming.
                let _ = file.shutdown().await;
                let deadline = client.completion_deadline();
                return Err(data.fail(client.control_mut(), source, deadline).await);
            }
            Err(CopyError::Local(error)) => {
                let _ = data.abort(client.control_mut()).await;
                return Err(error.into());
            }
        };
        if data.transferred() >= most {
            let _ = file.shutdown().await;
            let _ = data.abort(client.control_mut()).await;
            let transferred = offset + data.transferred();
            return Err(Error::SizeMismatch { expected: wanted.size.unwrap_or(0), transferred });
        }
        let finished = client.finish_data(&mut data, Masks::default()).await;
        file.shutdown().await.map_err(|source| PathIoError::new("write", part, source))?;
        drop(file);
        let on_wire = finished?.transferred;
        match self.ascii {
            true => check_text(wanted, on_wire)?,
            false => self.check_size(client, wanted, offset + bytes).await?,
        }
        self.verify.check(client, (&**self.fs, part), offset + bytes, wanted.path).await?;
        self.finish(wanted.mode, part, target).await?;
        if offset > 0 || bytes >= LARGE {
            Origin::forget(&**self.fs, part).await;
        }
        self.keep_time(client, wanted, data.dating(), target).await;
        Ok(Fetched { bytes, resumed: offset, landing: None })
    }

    async fn copy(
        &self,
        client: &mut Client,
        data: &mut DataConnection,
        file: &mut dyn PathFile,
        part: &Path,
    ) -> Result<u64, CopyError> {
        let mut keep_alive = client.keep_alive();
        let control = client.control_mut();
        match self.ascii {
            true => keep_alive.during(control, copy_text_down(data, file, part, self.progress)).await,
            false => keep_alive.during(control, copy_down(data, file, part, self.block, self.progress)).await,
        }
    }

    /// Gives a part file that is whole its permissions and its name.
    pub(super) async fn finish(&self, mode: Option<u32>, part: &Path, target: &Path) -> PathIoResult<()> {
        let keep_permissions = self.keep_permissions(mode, part).await;
        self.fs.finish(part, target, FinishOptions { sync: self.sync, keep_permissions }).await
    }

    /// Leaves a part file for later: one without a byte is of no use to anybody, and what another is a part of is
    /// noted where that was not done at its beginning.
    async fn leave(&self, wanted: &Wanted<'_>, part: &Path) {
        let Ok(found) = self.fs.stat(part).await else { return };
        if !found.is_file() {
            return;
        }
        if found.size == 0 {
            let _ = self.fs.unlink(part).await;
        } else if let Some(origin) = Origin::of(wanted).filter(|_| wanted.size < Some(LARGE)) {
            origin.note(&**self.fs, part).await;
        }
    }

    /// Gives where to go on: the length of the part file, unless the server's file is shorter, or the part so short
    /// that to compare it is to fetch it.
    async fn offset(&self, client: &mut Client, wanted: &Wanted<'_>, part: &Path) -> Result<u64> {
        let Ok(found) = self.fs.stat(part).await else { return Ok(0) };
        if found.size <= OVERLAP {
            return Ok(0);
        }
        if self.fs.exists(&status_path(part)).await? {
            // It was fetched in segments: its length says nothing.
            discard(self.fs, part).await?;
            return Ok(0);
        }
        if let Some(origin) = Origin::of(wanted)
            && origin.differs(&**self.fs, part).await
        {
            return Ok(0);
        }
        let size = match wanted.size {
            Some(size) => Some(size),
            None => client.size_if_told(wanted.path).await?,
        };
        Ok(if size.is_some_and(|size| found.size <= size) { found.size } else { 0 })
    }

    /// Goes on at `offset` if the server sends there what the end of the part holds; else the file was
    /// changed, or the server counts otherwise, and it is begun anew.
    async fn open_where_same(
        &self,
        client: &mut Client,
        wanted: &Wanted<'_>,
        part: &Path,
        offset: u64,
    ) -> Result<(DataConnection, u64)> {
        if offset == 0 {
            return self.open(client, wanted, 0).await;
        }
        let (mut data, start) = self.open(client, wanted, offset - OVERLAP).await?;
        if start == 0 {
            return Ok((data, 0));
        }
        match overlaps(&**self.fs, part, start, &mut data).await {
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
        tracing::warn!("the part of {} is of another file and is begun anew", wanted.path);
        data.abort(client.control_mut()).await?;
        client.known_mut().doubt_restart();
        self.open(client, wanted, 0).await
    }

    pub(super) async fn open(
        &self,
        client: &mut Client,
        wanted: &Wanted<'_>,
        offset: u64,
    ) -> Result<(DataConnection, u64)> {
        if offset == 0 && self.keep_times && wanted.exact_time().is_none() {
            return Ok((client.open_dated_data(wanted.path).await?, 0));
        }
        let retr = Command::with_path("RETR", wanted.path, client.encoding())?;
        let representation = if self.ascii { TransferType::Ascii } else { TransferType::Image };
        match client.open_data(retr.clone(), representation, offset).await {
            // REST is refused: from the start.
            Err(Error::StatusCode(error)) if offset > 0 && error.expected == [RESTART_TAKEN] => {
                Ok((client.open_data(retr, representation, 0).await?, 0))
            }
            opened => Ok((opened?, offset)),
        }
    }

    async fn open_part(
        &self,
        part: &Path,
        offset: u64,
        begun: &[u8],
    ) -> Result<Box<dyn PathFile>, PathIoError> {
        if offset == 0 {
            let mut file = make_anew(&**self.fs, part).await?;
            if !begun.is_empty() {
                let written = async {
                    file.write_all(begun).await?;
                    file.flush().await
                };
                written.await.map_err(|source| PathIoError::new("write", part, source))?;
            }
            return Ok(file);
        }
        let mut file = self.fs.open(part, OpenMode::Update).await?;
        file.seek(std::io::SeekFrom::Start(offset))
            .await
            .map_err(|source| PathIoError::new("seek", part, source))?;
        Ok(file)
    }

    /// Compares the length with what the listing said and, where that is out of date, with what
    /// the server says now.
    pub(super) async fn check_size(
        &self,
        client: &mut Client,
        wanted: &Wanted<'_>,
        transferred: u64,
    ) -> Result<()> {
        let Some(listed) = wanted.size.filter(|size| *size != transferred) else { return Ok(()) };
        match client.size_if_told(wanted.path).await? {
            Some(now) if now == transferred => Ok(()),
            // Some servers say so of what they make on the fly, whose size they do not know.
            Some(0) | None if listed == 0 => Ok(()),
            now => Err(Error::SizeMismatch { expected: now.unwrap_or(listed), transferred }),
        }
    }

    /// Gives the local file the server's time, where that is known exactly.
    pub(super) async fn keep_time(
        &self,
        client: &mut Client,
        wanted: &Wanted<'_>,
        dating: Option<MdtmReply>,
        target: &Path,
    ) {
        if let Some(time) = self.time(client, wanted, dating).await.and_then(system_time)
            && let Err(error) = self.fs.set_modified(target, time).await
        {
            tracing::warn!("{error}");
        }
    }

    /// Gives the time to keep: as listed, or as told along with the transfer, or asked for now.
    pub(super) async fn time(
        &self,
        client: &mut Client,
        wanted: &Wanted<'_>,
        dating: Option<MdtmReply>,
    ) -> Option<Timestamp> {
        match (self.keep_times, wanted.exact_time(), dating) {
            (false, ..) => None,
            (true, Some(listed), _) => Some(listed),
            (true, None, Some(MdtmReply::Time(time))) => Some(time),
            (true, None, Some(_)) => wanted.coarse_time(),
            (true, None, None) => client.modified_if_told(wanted.path).await.or_else(|| wanted.coarse_time()),
        }
    }
}

impl Wanted<'_> {
    /// Gives how many bytes are read at most of a file that does not end where it should.
    fn most_bytes(&self, limits: &Limits) -> u64 {
        // Some servers say that what they make on the fly is empty.
        let listed = self.size.filter(|size| *size > 0);
        listed.map_or(u64::MAX, |size| size.saturating_mul(2).saturating_add(limits.grown_bytes))
    }

    /// Gives the listed time, if it tells its zone.
    fn coarse_time(&self) -> Option<Timestamp> {
        self.modified.filter(|time| time.zone() != Zone::Unknown)
    }

    /// Gives the listed time, if it tells its zone and the second.
    fn exact_time(&self) -> Option<Timestamp> {
        self.coarse_time().filter(|time| time.precision() >= Precision::Second)
    }
}

/// Text grows by its line ends on the wire, and never shrinks: what is shorter than the file was cut.
fn check_text(wanted: &Wanted<'_>, on_wire: u64) -> Result<()> {
    match wanted.size {
        Some(expected) if on_wire < expected => Err(Error::SizeMismatch { expected, transferred: on_wire }),
        _ => Ok(()),
    }
}

pub(super) fn system_time(time: Timestamp) -> Option<SystemTime> {
    let seconds = u64::try_from(time.to_unix(0)).ok()?;
    UNIX_EPOCH.checked_add(Duration::new(seconds, time.nanosecond()))
}

//! Download of one segment.

use std::{fmt, io, io::SeekFrom, pin::pin, sync::atomic::Ordering, time::Instant};

use oxftp_proto::dialog;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use super::{
    Running,
    plan::{AssignedSegment, HEAD_BYTES},
    progress::SegmentProgress,
};
use crate::{
    Client, Error, Progress, ProgressEvent, Result,
    client::FollowUp,
    data::{DataConnection, Limit, Masks},
    error::local_fs::LocalFsError,
    local_fs::FileHandle,
    transfer::{
        copy::{CopyError, copy_down},
        resume::defeats_resume,
    },
};

/// Error of downloading a segment.
enum SegmentError {
    Copy(CopyError),
    /// The server ignored `REST` and started at the beginning.
    RestartIgnored,
    /// The bytes that were written earlier are not of this version of the file.
    OtherVersion,
    /// The connection that downloaded the head of the file failed.
    NoHead,
    /// The data ended before the first bytes of the segment.
    TooShort,
}

impl Running<'_> {
    /// Downloads a segment to its end, which may be moved during the download. If a server cannot start in the middle
    /// of a file, the plan changes, and no error is returned.
    pub(crate) async fn download_segment(&self, client: &mut Client, taken: &AssignedSegment) -> Result<()> {
        if taken.index > 0 || taken.end.load(Ordering::Relaxed) < self.job.size {
            self.extend(client).await?;
        }
        let mut file = self.open(taken.from).await?;
        let start = taken.from - taken.overlap();
        let asked = Instant::now();
        let mut data = match client.open_from(self.job.remote.path, start, FollowUp::Nothing).await {
            Err(Error::StatusCode(error)) if dialog::is_restart_refused(&error) => {
                self.use_one_connection(taken, &error);
                return Ok(());
            }
            Err(error) if start > 0 && defeats_resume(&error) && !client.is_broken() => {
                self.use_one_connection(taken, &error);
                return Ok(());
            }
            opened => opened?,
        };
        self.plan().opened_in(asked.elapsed(), client.control_mut().round_trip());
        data.limit_to(Limit::new(start, taken.end.clone()));
        match self.copy(&mut data, &mut *file, taken).await {
            Ok(()) | Err(SegmentError::TooShort) => self.end(client, data, taken).await,
            Err(SegmentError::Copy(CopyError::Data(source))) => {
                let deadline = client.completion_deadline();
                Err(data.fail(client.control_mut(), source, deadline).await)
            }
            Err(SegmentError::Copy(CopyError::Local(error))) => {
                let _ = data.abort(client.control_mut()).await;
                Err(error.into())
            }
            Err(SegmentError::RestartIgnored) => {
                let _ = data.abort(client.control_mut()).await;
                self.use_one_connection(taken, &format!("the server started at 0 instead of {start}"));
                Ok(())
            }
            Err(SegmentError::NoHead) => {
                let _ = data.abort(client.control_mut()).await;
                Ok(())
            }
            Err(SegmentError::OtherVersion) => {
                let _ = data.abort(client.control_mut()).await;
                crate::trace::warn!(
                    "{} is not resumed: the server has other bytes before {}",
                    self.job.remote.path,
                    taken.from
                );
                self.plan().give_up();
                Ok(())
            }
        }
    }

    /// Leaves the file to the connection that downloads its beginning.
    fn use_one_connection(&self, taken: &AssignedSegment, error: &dyn fmt::Display) {
        crate::trace::debug!("only one connection is used: {error}");
        self.plan().join(taken.index);
    }

    async fn open(&self, position: u64) -> Result<Box<dyn FileHandle>, LocalFsError> {
        let mut file = self.open_partial().await?;
        file.seek(SeekFrom::Start(position))
            .await
            .map_err(|source| LocalFsError::new("seek", self.partial, source))?;
        Ok(file)
    }

    async fn copy(
        &self,
        data: &mut DataConnection,
        file: &mut dyn FileHandle,
        taken: &AssignedSegment,
    ) -> Result<(), SegmentError> {
        let progress = SegmentProgress::new(self, taken.index);
        if taken.overlap() > 0 {
            self.compare_overlap(data, taken).await?;
        } else if taken.from > 0 {
            self.copy_head(data, file, taken, &progress).await?;
        }
        loop {
            let copied = copy_down(data, file, self.partial, self.job.options.block(), &progress).await;
            // The bytes that arrived before a failure are used, too.
            let flushed = file.flush().await;
            copied.map_err(SegmentError::Copy)?;
            flushed.map_err(|source| self.write_error(source))?;
            progress.flushed();
            // The end may have been moved in the meantime.
            if data.is_at_end() || self.plan().is_segment_complete(taken.index) {
                return Ok(());
            }
        }
    }

    /// Writes the first bytes of a segment, unless they equal the first bytes of the file: some servers accept `REST`
    /// and start at 0. A file with repeated content looks the same, and is downloaded without segments.
    async fn copy_head(
        &self,
        data: &mut DataConnection,
        file: &mut dyn FileHandle,
        taken: &AssignedSegment,
        progress: &SegmentProgress<'_, '_>,
    ) -> Result<(), SegmentError> {
        let length = HEAD_BYTES.min(taken.end.load(Ordering::Relaxed) - taken.from).min(taken.from);
        let first = self.read_first(data, length).await?;
        file.write_all(&first).await.map_err(|source| self.write_error(source))?;
        file.flush().await.map_err(|source| self.write_error(source))?;
        progress.on_event(ProgressEvent::advanced(length));
        Ok(())
    }

    /// Compares the first bytes of a resumed segment with the bytes that were written earlier.
    async fn compare_overlap(
        &self,
        data: &mut DataConnection,
        taken: &AssignedSegment,
    ) -> Result<(), SegmentError> {
        let length = taken.overlap();
        let first = self.read_first(data, length).await?;
        match self.read_part(taken.from - length, length).await {
            Ok(written) if written == first => Ok(()),
            Ok(_) => Err(SegmentError::OtherVersion),
            Err(error) => Err(SegmentError::Copy(CopyError::Local(error))),
        }
    }

    /// Reads the first bytes of a transfer, which must not equal the first bytes of the file.
    async fn read_first(&self, data: &mut DataConnection, length: u64) -> Result<Vec<u8>, SegmentError> {
        let mut first = vec![0; length as usize];
        if let Err(source) = data.read_exact(&mut first).await {
            let is_end = source.kind() == io::ErrorKind::UnexpectedEof && data.is_at_end();
            return Err(if is_end {
                SegmentError::TooShort
            } else {
                SegmentError::Copy(CopyError::Data(source))
            });
        }
        self.await_head().await?;
        match self.read_part(0, length).await {
            Ok(head) if head == first => Err(SegmentError::RestartIgnored),
            Ok(_) => Ok(first),
            Err(error) => Err(SegmentError::Copy(CopyError::Local(error))),
        }
    }

    /// Waits until the head of the file is written. Transfers start before that: over a distance the head takes several
    /// round trips.
    async fn await_head(&self) -> Result<(), SegmentError> {
        loop {
            let mut changed = pin!(self.admission.changed());
            // Register for changes before checking, so that none is missed.
            changed.as_mut().enable();
            let (has_head, is_lacking) = {
                let plan = self.plan();
                (plan.has_head() || plan.is_hopeless(), plan.lacks_head())
            };
            match (has_head, is_lacking) {
                (true, _) => return Ok(()),
                (false, true) => return Err(SegmentError::NoHead),
                (false, false) => changed.await,
            }
        }
    }

    fn write_error(&self, source: io::Error) -> SegmentError {
        SegmentError::Copy(CopyError::Local(LocalFsError::new("write", self.partial, source)))
    }

    /// Ends a transfer whose segment is complete, or whose data ended before that.
    async fn end(
        &self,
        client: &mut Client,
        mut data: DataConnection,
        taken: &AssignedSegment,
    ) -> Result<()> {
        let (complete, end) =
            (self.plan().is_segment_complete(taken.index), taken.end.load(Ordering::Relaxed));
        if !complete || end >= self.job.size {
            // If the file is longer than it was listed, the data continue here.
            data.limit_to(Limit::default());
            let deadline = client.completion_deadline();
            return match data.finish(client.control_mut(), Masks::default(), deadline).await {
                Ok(_) if complete => {
                    self.is_end_checked.store(true, Ordering::Relaxed);
                    Ok(())
                }
                Ok(_) => self.ended_early(client, &data, taken).await,
                Err(Error::Unfinished { .. }) => {
                    self.plan().give_up();
                    Ok(())
                }
                Err(error) if taken.from > 0 && defeats_resume(&error) && !client.is_broken() => {
                    self.use_one_connection(taken, &error);
                    Ok(())
                }
                Err(error) => Err(error),
            };
        }
        if !self.fits(&mut data, taken, end).await? {
            crate::trace::debug!("only one connection is used: segments do not fit together at {end}");
            self.plan().give_up();
        }
        if let Err(error) = data.abort(client.control_mut()).await {
            crate::trace::warn!("the rest of a file was not aborted: {error}");
        }
        Ok(())
    }

    /// Abandons the segments of a file that has another size than it was listed with. Otherwise it is an error that its
    /// data ended.
    async fn ended_early(
        &self,
        client: &mut Client,
        data: &DataConnection,
        taken: &AssignedSegment,
    ) -> Result<()> {
        match client.size_if_reported(self.job.remote.path).await? {
            Some(now) if now != self.job.size => {
                self.plan().give_up();
                Ok(())
            }
            _ => Err(Error::SizeMismatch {
                expected: self.job.size,
                transferred: taken.from - taken.overlap() + data.transferred(),
            }),
        }
    }

    /// Reads some bytes past the end, and compares them with the next segment, if they are written there.
    async fn fits(&self, data: &mut DataConnection, taken: &AssignedSegment, end: u64) -> Result<bool> {
        let position = taken.from - taken.overlap() + data.transferred();
        let length = SEAM_BYTES.min(self.job.size - end);
        if position != end || !self.plan().holds(end, end + length) {
            return Ok(true);
        }
        data.limit_to(Limit::default());
        let mut further = vec![0; length as usize];
        if data.read_exact(&mut further).await.is_err() {
            // The segment is complete; a failure after it does not matter.
            return Ok(true);
        }
        Ok(self.read_part(end, length).await? == further)
    }

    async fn read_part(&self, position: u64, length: u64) -> Result<Vec<u8>, LocalFsError> {
        let failed = |source| LocalFsError::new("read", self.partial, source);
        let mut file = self.open(position).await?;
        let mut bytes = vec![0; length as usize];
        file.read_exact(&mut bytes).await.map_err(failed)?;
        Ok(bytes)
    }
}

/// The number of bytes of the next segment that are compared.
const SEAM_BYTES: u64 = 4096;

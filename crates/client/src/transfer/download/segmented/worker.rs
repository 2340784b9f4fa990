//! One segment, from the server.

use std::{io, io::SeekFrom, sync::atomic::Ordering};

use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use super::{
    Running,
    plan::{HEAD_BYTES, Taken},
    progress::Written,
};
use crate::{
    Client, Error, Result,
    client::RESTART_ACCEPTED,
    data::{DataConnection, Limit, Masks},
    error::local_fs::PathIoError,
    local_fs::{OpenMode, PathFile},
    transfer::copy::{CopyError, copy_down},
};

/// Why a segment did not come.
enum SegmentError {
    Copy(CopyError),
    /// The server began elsewhere than it was told to.
    FromElsewhere,
}

impl Running<'_> {
    /// Fetches a segment to its end, wherever that is by then. Where the server cannot start in the middle of
    /// a file, that is no failure, but the plan is another afterwards.
    pub(crate) async fn fetch(&self, client: &mut Client, taken: &Taken) -> Result<()> {
        if taken.index > 0 || taken.end.load(Ordering::Relaxed) < self.job.size {
            self.begin(client).await?;
        }
        let mut file = self.open(taken.from).await?;
        let mut data = match client.open_from(self.job.remote, taken.from).await {
            Err(Error::StatusCode(error)) if error.expected == [RESTART_ACCEPTED] => {
                tracing::debug!("one connection has to do: {error}");
                self.plan().join(taken.index);
                return Ok(());
            }
            opened => opened?,
        };
        data.limit_to(Limit::new(taken.from, taken.end.clone()));
        match self.copy(&mut data, &mut *file, taken).await {
            Ok(()) => self.end(client, data, taken).await,
            Err(SegmentError::Copy(CopyError::Data(source))) => {
                let deadline = client.completion_deadline();
                Err(data.fail(client.control_mut(), source, deadline).await)
            }
            Err(SegmentError::Copy(CopyError::Local(error))) => {
                let _ = data.abort(client.control_mut()).await;
                Err(error.into())
            }
            Err(SegmentError::FromElsewhere) => {
                tracing::debug!("one connection has to do: the server began at 0 in place of {}", taken.from);
                let _ = data.abort(client.control_mut()).await;
                self.plan().join(taken.index);
                Ok(())
            }
        }
    }

    async fn open(&self, position: u64) -> Result<Box<dyn PathFile>, PathIoError> {
        let mut file = self.job.fs.open(self.part, OpenMode::Update).await?;
        file.seek(SeekFrom::Start(position))
            .await
            .map_err(|source| PathIoError::new("seek", self.part, source))?;
        Ok(file)
    }

    async fn copy(
        &self,
        data: &mut DataConnection,
        file: &mut dyn PathFile,
        taken: &Taken,
    ) -> Result<(), SegmentError> {
        let written = Written::new(self, taken.index);
        if taken.from > 0 {
            self.copy_first(data, file, taken, &written).await?;
        }
        loop {
            let copied = copy_down(data, file, self.part, self.job.block, &written).await;
            // What arrived before a failure is of use, too.
            let flushed = file.flush().await;
            copied.map_err(SegmentError::Copy)?;
            flushed.map_err(|source| self.unwritten(source))?;
            written.flushed();
            // The end may have been moved meanwhile.
            if data.is_at_end() || self.plan().is_through(taken.index) {
                return Ok(());
            }
        }
    }

    /// Writes the first bytes of a segment, unless they are those that the file begins with: some servers
    /// accept `REST` and begin at 0. A file that repeats itself looks the same, and goes without segments.
    async fn copy_first(
        &self,
        data: &mut DataConnection,
        file: &mut dyn PathFile,
        taken: &Taken,
        written: &Written<'_>,
    ) -> Result<(), SegmentError> {
        let length = HEAD_BYTES.min(taken.end.load(Ordering::Relaxed) - taken.from).min(taken.from);
        let mut first = vec![0; length as usize];
        let failed = |source| SegmentError::Copy(CopyError::Data(source));
        data.read_exact(&mut first).await.map_err(failed)?;
        if self.read_part(0, length).await.map_err(|error| SegmentError::Copy(CopyError::Local(error)))?
            == first
        {
            return Err(SegmentError::FromElsewhere);
        }
        file.write_all(&first).await.map_err(|source| self.unwritten(source))?;
        file.flush().await.map_err(|source| self.unwritten(source))?;
        crate::Progress::advanced(written, length);
        Ok(())
    }

    fn unwritten(&self, source: io::Error) -> SegmentError {
        SegmentError::Copy(CopyError::Local(PathIoError::new("write", self.part, source)))
    }

    /// Ends a transfer whose segment is whole, or whose data ended before it.
    async fn end(&self, client: &mut Client, mut data: DataConnection, taken: &Taken) -> Result<()> {
        let (through, end) = (self.plan().is_through(taken.index), taken.end.load(Ordering::Relaxed));
        if !through || end >= self.job.size {
            let deadline = client.completion_deadline();
            data.finish(client.control_mut(), Masks::default(), deadline).await?;
            return if through { Ok(()) } else { Err(self.too_short(&data, taken)) };
        }
        if !self.fits(&mut data, taken, end).await? {
            tracing::debug!("one connection has to do: segments do not fit together at {end}");
            self.plan().give_up();
        }
        if let Err(error) = data.abort(client.control_mut()).await {
            tracing::warn!("the rest of a file was not broken off: {error}");
        }
        Ok(())
    }

    fn too_short(&self, data: &DataConnection, taken: &Taken) -> Error {
        Error::SizeMismatch { expected: self.job.size, transferred: taken.from + data.transferred() }
    }

    /// Reads on a little, and compares that with the next segment as far as it is there.
    async fn fits(&self, data: &mut DataConnection, taken: &Taken, end: u64) -> Result<bool> {
        let position = taken.from + data.transferred();
        let length = SEAM_BYTES.min(self.job.size - end);
        if position != end || !self.plan().holds(end, end + length) {
            return Ok(true);
        }
        data.limit_to(Limit::default());
        let mut further = vec![0; length as usize];
        if data.read_exact(&mut further).await.is_err() {
            // The segment is whole; what broke is of no matter to it.
            return Ok(true);
        }
        Ok(self.read_part(end, length).await? == further)
    }

    async fn read_part(&self, position: u64, length: u64) -> Result<Vec<u8>, PathIoError> {
        let failed = |source| PathIoError::new("read", self.part, source);
        let mut file = self.open(position).await?;
        let mut bytes = vec![0; length as usize];
        file.read_exact(&mut bytes).await.map_err(failed)?;
        Ok(bytes)
    }
}

/// How much of the next segment is compared.
const SEAM_BYTES: u64 = 4096;

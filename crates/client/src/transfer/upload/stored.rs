//! Part of a file that the server has already: decides whether an upload may resume it.
//!
//! An upload never resumes another file, or another version of this one. A part that this run sent, or that an
//! earlier run [recorded](super::record), is resumed after its end was read back and compared (`REST`, `RETR`). If
//! the server does not send it, the part is resumed only if no attempt to resume can have damaged it, and if it is
//! not older than the attempt: a server that stores uploads under a hidden name still shows the last version. Any
//! other part is compared as a whole: by hash, or by reading it back.

use std::{
    io::SeekFrom,
    path::Path,
    time::{Duration, SystemTime},
};

use bytes::BytesMut;
use oxftp_proto::{Command, RemotePath, TransferType};
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::record::UploadState;
use crate::{
    Client, Error, Result,
    client::FollowUp,
    data::{DataConnection, Masks},
    error::local_fs::LocalFsError,
    local_fs::{FileHandle, FileSystem, hash::hash_start},
    transfer::{
        copy::CopyError,
        file_progress::Sent,
        options::MIN_BLOCK,
        preserve::system_time,
        resume::{OVERLAP, SourceId, defeats_resume},
    },
};

/// A local file, and the path on the server that may hold a part of it.
pub(crate) struct StoredPart<'a> {
    pub(crate) fs: &'a dyn FileSystem,
    pub(crate) source: &'a Path,
    pub(crate) id: SourceId,
    pub(crate) path: &'a RemotePath,
    /// The number of bytes that are moved at once.
    pub(crate) block: u64,
}

/// The start of a file that the server has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StoredStart {
    pub(crate) length: u64,
    /// Its content was compared; otherwise only its length is known, from the server.
    pub(crate) is_compared: bool,
}

/// An upload of an earlier run.
#[derive(Clone, Copy)]
pub(crate) struct RecordedUpload<'a> {
    pub(crate) state: &'a UploadState,
    /// The time at which its last attempt began.
    pub(crate) began: Option<SystemTime>,
}

/// Origin of the file on the server.
pub(crate) enum StoredBy<'a> {
    /// Attempts of this run.
    ThisRun(Sent),
    /// An earlier run.
    Recorded(RecordedUpload<'a>),
    Unknown,
}

impl StoredPart<'_> {
    /// Returns how many bytes the server has of the file: 0 if they are too few to be compared, and `None` if they are
    /// not of this version of the file, or may not be.
    pub(crate) async fn length(
        &self,
        client: &mut Client,
        file: &mut dyn FileHandle,
        stored_by: &StoredBy<'_>,
    ) -> Result<Option<StoredStart>> {
        let mut there = client.size_if_reported(self.path).await?;
        for _ in 0..MAX_ATTEMPTS {
            let Some(length) = there.filter(|there| *there > OVERLAP) else {
                return Ok(Some(StoredStart { length: 0, is_compared: true }));
            };
            if length > self.id.size {
                return Ok(None);
            }
            if let Some(is_compared) = self.compare_start(client, file, length, stored_by).await? {
                return Ok(Some(StoredStart { length, is_compared }));
            }
            // The server may still be writing bytes that it received over a lost session.
            there = client.size_if_reported(self.path).await?;
            if there == Some(length) {
                return Ok(None);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(None)
    }

    /// Returns `None` if the file on the server is not a part of this version of the file, and otherwise whether its
    /// content was compared.
    async fn compare_start(
        &self,
        client: &mut Client,
        file: &mut dyn FileHandle,
        there: u64,
        stored_by: &StoredBy<'_>,
    ) -> Result<Option<bool>> {
        let (may_be_own, is_from_start, began) = match stored_by {
            StoredBy::ThisRun(sent) => {
                // The last block may have been sent in part.
                let expected = sent.start..=sent.furthest.saturating_add(self.block);
                // If a server ignores the offset, the stored file is at most as long as the rest.
                let is_from_start = sent.start == 0 || there > sent.end - sent.start + self.block;
                // The bytes that were in transit when the session was lost are missing.
                let is_expected = there < self.id.size && there.saturating_add(IN_FLIGHT) >= sent.furthest;
                (expected.contains(&there), is_from_start, Some(sent.began).filter(|_| !is_expected))
            }
            StoredBy::Recorded(RecordedUpload { state, began }) => {
                (state.source == self.id && there >= state.offset, state.offset == 0, *began)
            }
            StoredBy::Unknown => return Ok(self.is_same(client, file, there).await?.then_some(true)),
        };
        if !may_be_own {
            return Ok(None);
        }
        if let Some(is_same) = self.has_same_end(client, file, there).await? {
            return Ok(is_same.then_some(true));
        }
        let is_believed = is_from_start && self.may_be_of_attempt(client, there, began).await;
        Ok(is_believed.then_some(false))
    }

    /// Returns whether a file that the server does not send may have been stored by an attempt that began at this
    /// time.
    async fn may_be_of_attempt(&self, client: &mut Client, there: u64, began: Option<SystemTime>) -> bool {
        let Some(began) = began else { return true };
        match client.modified_if_reported(self.path).await.and_then(system_time) {
            Some(modified) => {
                let is_older = began.duration_since(modified).is_ok_and(|older| older >= CLOCK_MARGIN);
                !is_older
            }
            // The total size shows whether the rest of the file was appended at the right offset.
            None => there < self.id.size,
        }
    }

    /// Compares all that the server has.
    async fn is_same(&self, client: &mut Client, file: &mut dyn FileHandle, there: u64) -> Result<bool> {
        if let Some(is_same) = self.has_same_hash(client, there).await? {
            return Ok(is_same);
        }
        if self.has_same_end(client, file, there).await? != Some(true) {
            return Ok(false);
        }
        if there == self.id.size && self.is_newer_there(client).await {
            return Ok(true);
        }
        Ok(self.compare(client, file, 0, there).await? == Some(true))
    }

    /// Compares the hash of the file on the server, if the server computes hashes.
    async fn has_same_hash(&self, client: &mut Client, there: u64) -> Result<Option<bool>> {
        let hashed = match client.hash_algorithms().await {
            Ok(algorithms) if algorithms.is_empty() => return Ok(None),
            Ok(_) => client.hash(self.path, None).await,
            Err(error) => Err(error),
        };
        match hashed {
            Ok(hash) => match hash_start(self.fs, self.source, hash.algorithm(), there).await {
                Ok(here) => Ok(Some(here == hash)),
                Err(Error::Unsupported { .. }) => Ok(None),
                Err(error) => Err(error),
            },
            Err(error) if client.is_broken() || error.is_connection_lost() || error.is_timeout() => {
                Err(error)
            }
            Err(_) => Ok(None),
        }
    }

    /// Returns whether the server's file was stored after the last change of the local one, by a margin that is larger
    /// than a difference between two clocks.
    async fn is_newer_there(&self, client: &mut Client) -> bool {
        let (Some(here), Some(there)) =
            (self.id.modified_time(), client.modified_if_reported(self.path).await.and_then(system_time))
        else {
            return false;
        };
        there.duration_since(here).is_ok_and(|later| later >= CLOCK_MARGIN)
    }

    async fn has_same_end(
        &self,
        client: &mut Client,
        file: &mut dyn FileHandle,
        there: u64,
    ) -> Result<Option<bool>> {
        self.compare(client, file, there - OVERLAP, OVERLAP).await
    }

    /// Reads the server's file from this position to its end; returns whether its bytes and their number equal those
    /// of the local file. Returns `None` if the server does not send them.
    async fn compare(
        &self,
        client: &mut Client,
        file: &mut dyn FileHandle,
        from: u64,
        length: u64,
    ) -> Result<Option<bool>> {
        let sought = file.seek(SeekFrom::Start(from)).await;
        sought.map_err(|source| LocalFsError::new("seek", self.source, source))?;
        let retr = Command::with_path("RETR", self.path, client.encoding())?;
        let mut data = match client.open_data(retr, TransferType::Image, from, FollowUp::Nothing).await {
            Err(error) if defeats_resume(&error) && !client.is_broken() => return Ok(None),
            opened => opened?,
        };
        let mut keep_alive = client.keep_alive();
        let compared = self.is_equal(&mut data, file, length);
        let is_equal = match keep_alive.during(client.control_mut(), compared).await {
            Ok(is_equal) => is_equal,
            Err(CopyError::Data(source)) => {
                let deadline = client.completion_deadline();
                return Err(data.fail(client.control_mut(), source, deadline).await);
            }
            Err(CopyError::Local(error)) => {
                let _ = data.abort(client.control_mut()).await;
                return Err(error.into());
            }
        };
        let ended = match data.is_at_end() {
            true => client.finish_data(&mut data, Masks::default()).await.map(drop),
            false => {
                let aborted = data.abort(client.control_mut()).await.map(drop);
                client.state_mut().mark_restart_pending();
                aborted
            }
        };
        match ended {
            Err(error) if client.is_broken() => Err(error),
            // The server could not read its file to the end.
            Err(_) => Ok(None),
            Ok(()) => Ok(Some(is_equal)),
        }
    }

    async fn is_equal(
        &self,
        data: &mut DataConnection,
        file: &mut dyn FileHandle,
        length: u64,
    ) -> Result<bool, CopyError> {
        let (mut left, mut is_equal) = (length, true);
        let (mut there, mut here) = (BytesMut::with_capacity(MIN_BLOCK), vec![0; MIN_BLOCK]);
        // Up to one overlap is read to its end, since servers handle a completed transfer better than an aborted one.
        while is_equal || left <= OVERLAP {
            there.clear();
            let read =
                (&mut *data).take(MIN_BLOCK as u64).read_buf(&mut there).await.map_err(CopyError::Data)?;
            if read == 0 {
                return Ok(is_equal && left == 0);
            }
            let (Some(rest), Some(here)) = (left.checked_sub(read as u64), here.get_mut(..read)) else {
                return Ok(false);
            };
            left = rest;
            file.read_exact(here)
                .await
                .map_err(|source| CopyError::Local(LocalFsError::new("read", self.source, source)))?;
            is_equal &= here == &there[..];
        }
        Ok(false)
    }
}

/// Maximum number of bytes that are on their way to the server.
const IN_FLIGHT: u64 = 8 * 1024 * 1024;

/// The number of comparisons of a file that is growing.
const MAX_ATTEMPTS: usize = 5;
const PAUSE: Duration = Duration::from_millis(200);

/// The difference between two clocks that are set is smaller than this.
const CLOCK_MARGIN: Duration = Duration::from_secs(10);

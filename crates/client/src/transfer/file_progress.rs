//! Progress of one file, which may need several attempts.

use std::sync::{
    Mutex, OnceLock, PoisonError,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
};
use std::time::SystemTime;

use super::resume::SourceId;
use crate::{Progress, ProgressEvent, RemotePath};

/// Forwards the events of one file under its name, and subtracts the bytes that a failed attempt reported.
#[derive(Debug)]
pub(crate) struct FileProgress<'a> {
    progress: &'a dyn Progress,
    name: OnceLock<String>,
    /// The offset of the first attempt.
    first_offset: OnceLock<u64>,
    /// The offset of the present attempt.
    offset: AtomicU64,
    /// Bytes that the present attempt moved.
    moved: AtomicU64,
    /// The present attempt opened the file.
    is_open: AtomicBool,
    /// The time at which the first attempt opened it.
    began: OnceLock<SystemTime>,
    /// The bytes that earlier attempts of an upload sent.
    sent: Mutex<Option<Sent>>,
    /// The version of the file that the first attempt of an upload sent.
    source: OnceLock<SourceId>,
    /// The part of the temporary name of an upload that no other upload has.
    token: OnceLock<String>,
    /// The number of consecutive attempts to resume the file that lost their session before a byte arrived.
    lost_resumes: AtomicU32,
    /// Resuming failed: all further attempts transfer the whole file.
    resume_failed: AtomicBool,
    /// The content on the server was not compared.
    is_uncompared: AtomicBool,
    /// The size of a stored file whose size the server did not report.
    unconfirmed_size: Mutex<Option<u64>>,
    /// The file that an attempt of an upload stored completely; only the steps after the transfer are missing.
    stored: Mutex<Option<StoredFile>>,
}

/// A file that an attempt of an upload stored whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredFile {
    pub(crate) moved: Transferred,
    /// The path under which the server stored it: the target, or a temporary name.
    pub(crate) path: RemotePath,
    pub(crate) version: SourceVersion,
}

/// Version of a local file, and the time that its copy gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SourceVersion {
    pub(crate) source: SourceId,
    pub(crate) modified: Option<SystemTime>,
}

/// The bytes of a file that attempts of an upload handed to the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sent {
    /// The position from which the last attempt sent the file.
    pub(crate) start: u64,
    /// The position that the last attempt reached.
    pub(crate) end: u64,
    /// The highest position that any attempt reached.
    pub(crate) furthest: u64,
    /// The time at which the first attempt opened the file.
    pub(crate) began: SystemTime,
}

/// Bytes of a file that were transferred, and those that were there already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Transferred {
    pub(crate) bytes: u64,
    pub(crate) resumed: u64,
}

impl<'a> FileProgress<'a> {
    pub(crate) fn new(progress: &'a dyn Progress) -> Self {
        Self {
            progress,
            name: OnceLock::new(),
            first_offset: OnceLock::new(),
            offset: AtomicU64::new(0),
            moved: AtomicU64::new(0),
            is_open: AtomicBool::new(false),
            began: OnceLock::new(),
            sent: Mutex::new(None),
            source: OnceLock::new(),
            token: OnceLock::new(),
            lost_resumes: AtomicU32::new(0),
            resume_failed: AtomicBool::new(false),
            is_uncompared: AtomicBool::new(false),
            unconfirmed_size: Mutex::new(None),
            stored: Mutex::new(None),
        }
    }

    /// Returns the bytes of this version of the file that earlier attempts sent; `None` if they sent none, or another
    /// version.
    pub(crate) fn sent(&self, source: SourceId) -> Option<Sent> {
        let first = self.source.get_or_init(|| source);
        let sent = *self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.filter(|_| *first == source)
    }

    /// Records that the server has the whole file.
    pub(crate) fn note_stored(&self, stored: StoredFile) {
        *self.stored.lock().unwrap_or_else(PoisonError::into_inner) = Some(stored);
    }

    /// Returns the path at which an earlier attempt stored the whole file.
    pub(crate) fn stored_path(&self) -> Option<RemotePath> {
        let stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        stored.as_ref().map(|stored| stored.path.clone())
    }

    /// Takes the record of an earlier attempt that stored the whole file.
    pub(crate) fn take_stored(&self) -> Option<StoredFile> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Records the size of a stored file whose size the server did not report.
    pub(crate) fn note_unconfirmed_size(&self, size: u64) {
        *self.unconfirmed_size.lock().unwrap_or_else(PoisonError::into_inner) = Some(size);
    }

    /// Takes that size.
    pub(crate) fn take_unconfirmed_size(&self) -> Option<u64> {
        self.unconfirmed_size.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Returns the token of the upload, the same for all attempts.
    pub(crate) fn token(&self, new: impl FnOnce() -> String) -> &str {
        self.token.get_or_init(new)
    }

    /// Returns whether the next attempt may resume the bytes that earlier ones transferred.
    pub(crate) fn may_resume(&self) -> bool {
        !self.resume_failed.load(Ordering::Relaxed)
    }

    /// Transfers the whole file from now on.
    pub(crate) fn give_up_resuming(&self) {
        self.resume_failed.store(true, Ordering::Relaxed);
    }

    /// Sets whether the present attempt resumes a file on the server without comparing its content.
    pub(crate) fn set_uncompared(&self, is_uncompared: bool) {
        self.is_uncompared.store(is_uncompared, Ordering::Relaxed);
    }

    /// Returns whether the present attempt resumes content that was not compared.
    pub(crate) fn is_uncompared(&self) -> bool {
        self.is_uncompared.load(Ordering::Relaxed)
    }

    /// Records that an attempt to resume lost its session. The second consecutive one that moved no byte is the last:
    /// the server may end the session because of the resumption.
    pub(crate) fn lost_while_resuming(&self) {
        if self.moved.load(Ordering::Relaxed) > 0 {
            self.lost_resumes.store(0, Ordering::Relaxed);
        } else if self.lost_resumes.fetch_add(1, Ordering::Relaxed) + 1 == MAX_LOST_RESUMES {
            self.give_up_resuming();
        }
    }

    /// Returns whether an attempt opened the file, so that the partial file is of this transfer.
    pub(crate) fn has_started(&self) -> bool {
        self.first_offset.get().is_some()
    }

    /// Reports that the present attempt failed and that another one follows.
    pub(crate) fn retry(&self, name: &str) {
        let moved = self.moved.swap(0, Ordering::Relaxed);
        if self.has_started() {
            let offset = self.offset.swap(0, Ordering::Relaxed);
            if self.is_open.swap(false, Ordering::Relaxed) {
                let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
                let end = offset + moved;
                let furthest = sent.map_or(end, |sent| sent.furthest.max(end));
                let began = *self.began.get_or_init(SystemTime::now);
                *sent = Some(Sent { start: offset, end, furthest, began });
            }
            self.progress.on_event(ProgressEvent::FileRetried { name, offset, moved });
        }
    }

    /// Adds the bytes of earlier attempts that the last one resumed to the bytes that were moved.
    pub(crate) fn total(&self, last: Transferred) -> Transferred {
        let resumed = self.first_offset.get().copied().unwrap_or(last.resumed).min(last.resumed);
        Transferred { bytes: last.bytes + last.resumed - resumed, resumed }
    }
}

impl Progress for FileProgress<'_> {
    fn on_event(&self, event: ProgressEvent<'_>) {
        match event {
            ProgressEvent::FileStarted { name, offset, .. } => {
                self.name.get_or_init(|| name.to_owned());
                self.first_offset.get_or_init(|| offset);
                self.began.get_or_init(SystemTime::now);
                self.offset.store(offset, Ordering::Relaxed);
                self.is_open.store(true, Ordering::Relaxed);
                self.progress.on_event(event);
            }
            ProgressEvent::Advanced { bytes, .. } => {
                self.moved.fetch_add(bytes, Ordering::Relaxed);
                let name = self.name.get().map(String::as_str);
                self.progress.on_event(ProgressEvent::Advanced { name, bytes });
            }
            _ => self.progress.on_event(event),
        }
    }
}

const MAX_LOST_RESUMES: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Counter;

    fn started(offset: u64) -> ProgressEvent<'static> {
        ProgressEvent::FileStarted { name: "a", size: Some(100), offset }
    }

    #[test]
    fn retry_that_resumes_counts_earlier_bytes() {
        let counter = Counter::default();
        let progress = FileProgress::new(&counter);
        progress.on_event(started(10));
        progress.on_event(ProgressEvent::advanced(50));

        progress.retry("a");
        progress.on_event(started(60));
        progress.on_event(ProgressEvent::advanced(40));

        assert_eq!(counter.bytes(), 90);
        assert_eq!(
            progress.total(Transferred { bytes: 40, resumed: 60 }),
            Transferred { bytes: 90, resumed: 10 }
        );
        assert_eq!(
            progress.total(Transferred { bytes: 100, resumed: 0 }),
            Transferred { bytes: 100, resumed: 0 }
        );
    }
}

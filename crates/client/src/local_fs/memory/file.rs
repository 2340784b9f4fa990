//! Files in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, SeekFrom};
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::SystemTime;

use tokio::io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

use super::MemoryFs;
use crate::{
    future::BoxFuture,
    local_fs::{FileHandle, OpenMode},
};

/// The content of a file, shared by its entry in the tree and all open handles.
#[derive(Clone, Default)]
pub(crate) struct SharedContent {
    content: Arc<Mutex<Content>>,
    /// `true` if an open handle has locked the file: see [`FileHandle::try_lock`].
    is_locked: Arc<AtomicBool>,
}

impl SharedContent {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.content, &other.content)
    }
}

/// The bytes of a file, in blocks.
///
/// A missing or short block is read as zeros, so a seek far beyond the end uses no memory: the offset is often
/// a number sent by the server.
pub(crate) struct Content {
    blocks: BTreeMap<u64, Vec<u8>>,
    len: u64,
    pub(crate) modified: SystemTime,
}

impl Content {
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn to_vec(&self) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(self.len).unwrap_or(usize::MAX)];
        self.read_at(0, &mut bytes);
        bytes
    }

    /// Fills `target`, which must lie entirely before the end of the file.
    fn read_at(&self, mut position: u64, mut target: &mut [u8]) {
        while !target.is_empty() {
            let (index, start, room) = locate(position);
            let (now, later) = target.split_at_mut(room.min(target.len()));
            let block = self.blocks.get(&index).map_or(&[][..], Vec::as_slice);
            let there = block.get(start..).unwrap_or_default();
            let (filled, zeros) = now.split_at_mut(there.len().min(now.len()));
            filled.copy_from_slice(&there[..filled.len()]);
            zeros.fill(0);
            position += now.len() as u64;
            target = later;
        }
    }

    pub(crate) fn write_at(&mut self, mut position: u64, mut data: &[u8]) -> io::Result<()> {
        let end = position.checked_add(data.len() as u64).ok_or(io::ErrorKind::FileTooLarge)?;
        while !data.is_empty() {
            let (index, start, room) = locate(position);
            let (now, later) = data.split_at(room.min(data.len()));
            let block = self.blocks.entry(index).or_default();
            if block.len() < start {
                block.resize(start, 0);
            }
            let (over, beyond) = now.split_at(now.len().min(block.len() - start));
            block[start..start + over.len()].copy_from_slice(over);
            block.extend_from_slice(beyond);
            position += now.len() as u64;
            data = later;
        }
        self.len = self.len.max(end);
        self.modified = SystemTime::now();
        Ok(())
    }
}

impl Default for Content {
    fn default() -> Self {
        Self { blocks: BTreeMap::new(), len: 0, modified: SystemTime::now() }
    }
}

/// Returns the index of the block at a position, the offset in it, and the space that follows in the block.
fn locate(position: u64) -> (u64, usize, usize) {
    let start = (position % BLOCK_BYTES) as usize;
    (position / BLOCK_BYTES, start, BLOCK_BYTES as usize - start)
}

const BLOCK_BYTES: u64 = 64 * 1024;

/// An open file of a [`MemoryFs`](crate::local_fs::MemoryFs).
pub(crate) struct MemoryFile {
    fs: MemoryFs,
    content: SharedContent,
    mode: OpenMode,
    position: u64,
    has_lock: bool,
}

impl MemoryFile {
    pub(crate) fn new(fs: MemoryFs, content: SharedContent, mode: OpenMode) -> Self {
        Self { fs, content, mode, position: 0, has_lock: false }
    }

    fn seek_to(&mut self, target: SeekFrom) -> io::Result<()> {
        let (base, offset) = match target {
            SeekFrom::Start(position) => (position, 0),
            SeekFrom::Current(offset) => (self.position, offset),
            SeekFrom::End(offset) => (self.content.lock().len(), offset),
        };
        self.position = base.checked_add_signed(offset).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(())
    }

    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if !self.mode.writes() {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "the file is opened for reading only",
            ));
        }
        let mut content = self.content.lock();
        let position = if self.mode == OpenMode::Append { content.len() } else { self.position };
        content.write_at(position, data)?;
        self.position = position + data.len() as u64;
        Ok(data.len())
    }
}

impl AsyncRead for MemoryFile {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.mode.reads() {
            let denied =
                io::Error::new(io::ErrorKind::PermissionDenied, "the file is opened for writing only");
            return Poll::Ready(Err(denied));
        }
        let content = self.content.lock();
        let left = usize::try_from(content.len().saturating_sub(self.position)).unwrap_or(usize::MAX);
        let count = left.min(buf.remaining());
        content.read_at(self.position, buf.initialize_unfilled_to(count));
        drop(content);
        buf.advance(count);
        self.position += count as u64;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for MemoryFile {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.write(data))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncSeek for MemoryFile {
    fn start_seek(mut self: Pin<&mut Self>, target: SeekFrom) -> io::Result<()> {
        self.seek_to(target)
    }

    fn poll_complete(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Poll::Ready(Ok(self.position))
    }
}

impl FileHandle for MemoryFile {
    fn sync(&mut self) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn reserve(&mut self, length: u64) -> BoxFuture<'_, io::Result<()>> {
        let mut content = self.content.lock();
        content.len = content.len.max(length);
        Box::pin(std::future::ready(Ok(())))
    }

    fn try_lock(&mut self) -> BoxFuture<'_, io::Result<bool>> {
        self.has_lock = self.has_lock || !self.content.is_locked.swap(true, Ordering::AcqRel);
        Box::pin(std::future::ready(Ok(self.has_lock)))
    }

    fn is_at<'a>(&'a mut self, path: &'a Path) -> BoxFuture<'a, io::Result<bool>> {
        let is_same = self.fs.file(path).is_ok_and(|found| found.is_same(&self.content));
        Box::pin(std::future::ready(Ok(is_same)))
    }
}

impl Drop for MemoryFile {
    fn drop(&mut self) {
        if self.has_lock {
            self.content.is_locked.store(false, Ordering::Release);
        }
    }
}

impl fmt::Debug for MemoryFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryFile")
            .field("mode", &self.mode)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_across_block_boundaries_are_read_back() {
        let data: Vec<u8> = (0..200_000_u32).map(|i| (i % 251) as u8).collect();
        let mut content = Content::default();

        content.write_at(0, &data[..65_530]).unwrap();
        content.write_at(65_530, &data[65_530..]).unwrap();
        content.write_at(65_000, &data[65_000..131_100]).unwrap();

        assert_eq!(content.to_vec(), data);
    }

    #[test]
    fn write_far_beyond_the_end_is_sparse() {
        let mut content = Content::default();

        content.write_at(1 << 60, b"end").unwrap();

        assert_eq!(content.len(), (1 << 60) + 3);
        assert_eq!(content.blocks.len(), 1);
        let mut tail = [1; 5];
        content.read_at((1 << 60) - 2, &mut tail);
        assert_eq!(&tail, b"\0\0end");
    }

    #[test]
    fn write_past_the_largest_position_is_an_error() {
        let error = Content::default().write_at(u64::MAX, b"ab").unwrap_err();

        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}

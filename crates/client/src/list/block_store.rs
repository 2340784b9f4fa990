//! Block store: the bytes of a large table, most of them in an unnamed temporary file.

use std::{
    env,
    fs::File,
    hash::{BuildHasher, RandomState},
    io::{self, Read, Seek, SeekFrom, Write},
    ops::Deref,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::{Error, Result, local_fs::LocalFsError};

/// Blocks of bytes; bytes are added to the last one. The first [`MAX_HELD`] bytes stay in memory, and further blocks go to a
/// temporary file without a name. If there can be none, or it is full, they stay in memory as well.
///
/// The file is read and written without the blocking pool: its blocks are small, and are usually in the page cache.
#[derive(Debug, Default)]
pub(crate) struct BlockStore {
    closed: Vec<Block>,
    /// The last block.
    open: Vec<u8>,
    /// The number of bytes of the closed blocks in memory.
    held: usize,
    hasher: RandomState,
    file: Mutex<SpillFile>,
    /// A block could not be read.
    has_failed: AtomicBool,
}

#[derive(Debug)]
enum Block {
    Held(Vec<u8>),
    Spilled(SpilledBlock),
}

#[derive(Debug, Clone, Copy)]
struct SpilledBlock {
    start: u64,
    length: usize,
    /// Proves that the file still has the bytes that were written.
    hash: u64,
}

/// The temporary file.
#[derive(Debug, Default)]
struct SpillFile {
    file: Option<File>,
    length: u64,
    /// It could not be created or written.
    has_failed: bool,
    /// The block that was read last, with its number.
    last: Option<(usize, Arc<[u8]>)>,
}

/// The bytes of a block.
pub(crate) enum BlockBytes<'s> {
    Held(&'s [u8]),
    Read(Arc<[u8]>),
}

impl BlockStore {
    /// Returns the last block, to which bytes are added.
    pub(crate) fn last_mut(&mut self) -> &mut Vec<u8> {
        &mut self.open
    }

    /// Returns the number of the last block.
    #[cfg(any(test, feature = "mirror"))]
    pub(crate) fn last_number(&self) -> usize {
        self.closed.len()
    }

    /// Adds an empty block.
    pub(crate) fn start_block(&mut self) {
        let mut bytes = std::mem::take(&mut self.open);
        let spilled = if self.held + bytes.len() > MAX_HELD { self.spill(&bytes) } else { None };
        self.closed.push(match spilled {
            Some(block) => Block::Spilled(block),
            None => {
                bytes.shrink_to_fit();
                self.held += bytes.len();
                Block::Held(bytes)
            }
        });
    }

    /// Returns whether further bytes take no memory.
    pub(crate) fn is_spilling(&mut self) -> bool {
        let file = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        file.file.is_some() && !file.has_failed
    }

    /// Returns the bytes of a block, or `None` beyond the end. One that cannot be read is `None` as well, and makes
    /// [`check`](Self::check) fail from then on.
    pub(crate) fn block(&self, number: usize) -> Option<BlockBytes<'_>> {
        match self.closed.get(number) {
            Some(Block::Held(bytes)) => Some(BlockBytes::Held(bytes)),
            Some(Block::Spilled(block)) => match self.read(number, *block) {
                Ok(bytes) => Some(BlockBytes::Read(bytes)),
                Err(error) => {
                    crate::trace::warn!("the entries of a listing cannot be read again: {error}");
                    self.has_failed.store(true, Ordering::Relaxed);
                    None
                }
            },
            None => (number == self.closed.len()).then_some(BlockBytes::Held(&self.open)),
        }
    }

    /// Fails if a block could not be read. Nothing may be concluded from the end of a table before.
    pub(crate) fn check(&self) -> Result<()> {
        if self.has_failed.load(Ordering::Relaxed) { Err(unreadable_listing()) } else { Ok(()) }
    }

    fn spill(&mut self, bytes: &[u8]) -> Option<SpilledBlock> {
        let hash = self.hasher.hash_one(bytes);
        let file = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        if file.has_failed {
            return None;
        }
        let start = file.length;
        match file.append(bytes) {
            Ok(()) => Some(SpilledBlock { start, length: bytes.len(), hash }),
            Err(error) => {
                crate::trace::debug!("the entries of a listing stay in memory: {error}");
                file.has_failed = true;
                None
            }
        }
    }

    fn read(&self, number: usize, block: SpilledBlock) -> io::Result<Arc<[u8]>> {
        let mut file = self.lock();
        if let Some((_, bytes)) = file.last.as_ref().filter(|(last, _)| *last == number) {
            return Ok(Arc::clone(bytes));
        }
        let bytes: Arc<[u8]> = file.read(block)?.into();
        if self.hasher.hash_one(&bytes[..]) != block.hash {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the file was changed"));
        }
        file.last = Some((number, Arc::clone(&bytes)));
        Ok(bytes)
    }

    /// Truncates the temporary file.
    #[cfg(test)]
    pub(crate) fn truncate_file(&self) {
        self.lock().file.as_ref().expect("blocks were spilled").set_len(1).expect("it is writable");
    }

    fn lock(&self) -> MutexGuard<'_, SpillFile> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SpillFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(unnamed_file()?),
        };
        file.seek(SeekFrom::Start(self.length))?;
        file.write_all(bytes)?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn read(&mut self, block: SpilledBlock) -> io::Result<Vec<u8>> {
        let Some(file) = &mut self.file else { return Err(io::ErrorKind::NotFound.into()) };
        file.seek(SeekFrom::Start(block.start))?;
        let mut bytes = vec![0; block.length];
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl Deref for BlockBytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Held(bytes) => bytes,
            Self::Read(bytes) => bytes,
        }
    }
}

/// Creates a temporary file without a name.
#[cfg(target_os = "linux")]
fn unnamed_file() -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, open};

    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    Ok(open(env::temp_dir(), flags, Mode::RUSR | Mode::WUSR)?.into())
}

/// Creates a temporary file without a name.
#[cfg(not(target_os = "linux"))]
fn unnamed_file() -> io::Result<File> {
    tempfile::tempfile()
}

/// Creates the error for entries of a listing that cannot be read again from their temporary file.
pub(crate) fn unreadable_listing() -> Error {
    let source = io::Error::other("the entries of a listing in it were lost");
    LocalFsError::new("read a temporary file in", env::temp_dir(), source).into()
}

/// The number of bytes that stay in memory: the listings of nearly all directories.
const MAX_HELD: usize = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: usize = 1 << 16;

    /// Creates blocks of which half are in the file.
    fn store() -> BlockStore {
        let mut store = BlockStore::default();
        for number in 0..2 * MAX_HELD / BLOCK {
            store.last_mut().resize(BLOCK, number as u8);
            store.start_block();
        }
        store.last_mut().extend_from_slice(b"open");
        store
    }

    #[test]
    fn spilled_blocks_take_no_memory_and_are_returned() {
        let mut store = store();

        assert!(store.is_spilling() && store.held <= MAX_HELD);
        assert_eq!(store.lock().length as usize, MAX_HELD);
        let numbers = 0..store.last_number();
        for number in numbers.clone().chain(numbers.rev()) {
            assert_eq!(&*store.block(number).unwrap(), [number as u8; BLOCK], "{number}");
        }
        assert_eq!(&*store.block(store.last_number()).unwrap(), b"open");
        assert!(store.block(store.last_number() + 1).is_none());
        store.check().unwrap();
    }

    #[test]
    fn changed_or_truncated_temporary_file_is_error() {
        let changed = store();
        let mut file = changed.lock().file.as_ref().unwrap().try_clone().unwrap();
        file.seek(SeekFrom::Start(100)).unwrap();
        file.write_all(b"changed").unwrap();

        assert!(changed.block(changed.last_number() - 1).is_some() && changed.check().is_ok());
        assert!(changed.block(MAX_HELD / BLOCK).is_none() && changed.check().is_err());

        let truncated = store();
        truncated.truncate_file();

        assert!(truncated.block(truncated.last_number() - 1).is_none());
        assert!(truncated.check().unwrap_err().to_string().contains("temporary file"));
    }

    #[test]
    fn blocks_stay_in_memory_without_temporary_file() {
        let mut store = BlockStore::default();
        store.lock().has_failed = true;
        for _ in 0..2 * MAX_HELD / BLOCK {
            store.last_mut().resize(BLOCK, 7);
            store.start_block();
        }

        assert!(!store.is_spilling());
        assert_eq!((store.held, store.block(100).unwrap().len()), (2 * MAX_HELD, BLOCK));
    }
}

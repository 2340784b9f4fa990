//! A remote file that can be read from any position.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

use bytes::Bytes;

use super::{Client, Pool};
use crate::{RemotePath, Result};

/// A remote file as [`Read`], [`BufRead`] and [`Seek`]; returned by [`Client::open_file`] and [`Pool::open_file`].
///
/// The file is read in parts (`REST`, `RETR`), which grow while it is read in sequence: 64 KiB first, 4 MiB at most. Use
/// [`Client::open_read`] to read a file once from its start to its end.
///
/// ```no_run
/// use std::io::{Read, Seek, SeekFrom};
///
/// # fn example(client: &mut oxftp::blocking::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let mut archive = client.open_file("backup.zip")?;
/// archive.seek(SeekFrom::End(-22))?;
/// let mut end_of_directory = [0; 22];
/// archive.read_exact(&mut end_of_directory)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct FileReader<'c> {
    source: Source<'c>,
    path: RemotePath,
    size: u64,
    position: u64,
    /// A part of the file, and its offset.
    block: Bytes,
    offset: u64,
    ahead: u64,
}

#[derive(Debug)]
enum Source<'c> {
    Client(&'c mut Client),
    Pool(&'c Pool),
}

impl<'c> FileReader<'c> {
    pub(super) fn on_client(client: &'c mut Client, path: RemotePath) -> Result<Self> {
        let size = client.size(path.clone())?;
        Ok(Self::new(Source::Client(client), path, size))
    }

    pub(super) fn on_pool(pool: &'c Pool, path: RemotePath) -> Result<Self> {
        let size = pool.size_of(path.clone())?;
        Ok(Self::new(Source::Pool(pool), path, size))
    }

    fn new(source: Source<'c>, path: RemotePath, size: u64) -> Self {
        Self { source, path, size, position: 0, block: Bytes::new(), offset: 0, ahead: SMALLEST }
    }

    /// Returns the size of the file, as it was when it was opened.
    ///
    /// ```no_run
    /// # fn example(client: &mut oxftp::blocking::Client) -> oxftp::Result<()> {
    /// println!("{} bytes", client.open_file("image.iso")?.size());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns the bytes at the position that are in memory.
    fn buffered(&self) -> &[u8] {
        let start = self.position.checked_sub(self.offset).and_then(|start| usize::try_from(start).ok());
        start.and_then(|start| self.block.get(start..)).unwrap_or_default()
    }

    fn fetch(&mut self) -> Result<()> {
        let follows = self.position == self.offset + self.block.len() as u64;
        self.ahead = if follows { (self.ahead * 2).min(LARGEST) } else { SMALLEST };
        let range = self.position..self.position.saturating_add(self.ahead).min(self.size);
        let block = match &mut self.source {
            Source::Client(client) => client.read_range(self.path.clone(), range)?,
            Source::Pool(pool) => pool.read_range(self.path.clone(), range)?,
        };
        (self.block, self.offset) = (block, self.position);
        Ok(())
    }
}

impl BufRead for FileReader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.buffered().is_empty() && self.position < self.size {
            self.fetch()?;
        }
        Ok(self.buffered())
    }

    fn consume(&mut self, bytes: usize) {
        self.position += bytes as u64;
    }
}

impl Read for FileReader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let read = available.len().min(buf.len());
        buf[..read].copy_from_slice(&available[..read]);
        self.consume(read);
        Ok(read)
    }
}

impl Seek for FileReader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.size.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = target.ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "the position is before the start of the file")
        })?;
        Ok(self.position)
    }
}

const SMALLEST: u64 = 64 * 1024;
const LARGEST: u64 = 4 * 1024 * 1024;

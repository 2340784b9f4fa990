//! Block-wise I/O of a file of the operating system: a blocking thread writes or reads one block while the next is
//! transferred.
//!
//! The blocks are passed back and forth, and never copied.

use std::{
    fs::File,
    io::{self, Read, Write},
    sync::Arc,
};

use bytes::BytesMut;
use tokio::task::{JoinHandle, spawn_blocking};

/// Writes blocks, each while the next is received. When dropped, it still writes the blocks it was given.
pub(crate) struct BackgroundWriter {
    file: Arc<File>,
    writing: Option<JoinHandle<io::Result<BytesMut>>>,
}

impl BackgroundWriter {
    pub(crate) fn new(file: File) -> Self {
        Self { file: Arc::new(file), writing: None }
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Takes a block as soon as the previous one is written; returns the previous one, empty.
    pub(crate) async fn write(&mut self, block: BytesMut) -> io::Result<BytesMut> {
        let before = self.finish().await?;
        let file = Arc::clone(&self.file);
        self.writing = Some(spawn_blocking(move || {
            let mut block = block;
            (&*file).write_all(&block)?;
            block.clear();
            Ok(block)
        }));
        Ok(before)
    }

    /// Waits until everything is written.
    pub(crate) async fn finish(&mut self) -> io::Result<BytesMut> {
        match self.writing.take() {
            Some(writing) => done(writing).await,
            None => Ok(BytesMut::new()),
        }
    }
}

/// A buffer, and the number of bytes in it.
type Block = (Vec<u8>, usize);

/// Reads blocks, each while the previous one is sent.
pub(crate) struct ReadAhead {
    file: Arc<File>,
    block: usize,
    /// `None` once the file is at its end.
    reading: Option<JoinHandle<io::Result<Block>>>,
    spare: Vec<u8>,
}

impl ReadAhead {
    pub(crate) fn new(file: File, block: usize) -> Self {
        let mut disk = Self { file: Arc::new(file), block, reading: None, spare: Vec::new() };
        disk.read_on();
        disk
    }

    /// Returns the next block with its length, or `None` at the end of the file.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Block>> {
        let Some(reading) = self.reading.take() else { return Ok(None) };
        let (block, read) = done(reading).await?;
        if read == self.block {
            self.read_on();
        }
        Ok((read > 0).then_some((block, read)))
    }

    /// Takes a block back, to be filled again.
    pub(crate) fn reuse(&mut self, block: Vec<u8>) {
        self.spare = block;
    }

    fn read_on(&mut self) {
        let (file, length) = (Arc::clone(&self.file), self.block);
        let mut block = std::mem::take(&mut self.spare);
        self.reading = Some(spawn_blocking(move || {
            block.resize(length, 0);
            let read = fill(&file, &mut block)?;
            Ok((block, read))
        }));
    }
}

/// Reads until the block is full or the file ends.
fn fill(mut file: &File, block: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(space) = block.get_mut(filled..).filter(|space| !space.is_empty()) {
        match file.read(space) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

async fn done<T>(task: JoinHandle<io::Result<T>>) -> io::Result<T> {
    task.await.unwrap_or_else(|failure| Err(io::Error::other(failure)))
}

//! Copying of the bytes of one file between a data connection and a local file.
//!
//! There are three ways, of which the first possible one is used: inside the kernel, through memory with a file of
//! the operating system ([`block_io`](super::block_io)), or through the methods of a file system backend.

use std::{fs::File, io, path::Path};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{
    block_io::{BackgroundWriter, ReadAhead},
    options::MIN_BLOCK,
};
use crate::{
    AsciiReader, AsciiWriter, Progress, ProgressEvent,
    data::{CopySide, DataConnection},
    error::local_fs::LocalFsError,
    local_fs::FileHandle,
};

/// The side of a copy that failed.
pub(crate) enum CopyError {
    Local(LocalFsError),
    Data(io::Error),
}

/// Reads a data connection to its end into a local file; returns the number of bytes.
///
/// The bytes that arrived before a failure are in the file, for resuming.
pub(crate) async fn copy_down(
    data: &mut DataConnection,
    file: &mut dyn FileHandle,
    path: &Path,
    block: usize,
    progress: &dyn Progress,
) -> Result<u64, CopyError> {
    let copied = match file.system_file() {
        Some(system) => to_disk(data, system, block, progress).await,
        None => to_backend(data, file, block, progress).await,
    };
    copied.map_err(|side| CopyError::at("write", path, side))
}

/// Writes a local file to a data connection; returns the number of bytes.
pub(crate) async fn copy_up(
    file: &mut dyn FileHandle,
    path: &Path,
    data: &mut DataConnection,
    block: usize,
    progress: &dyn Progress,
) -> Result<u64, CopyError> {
    let copied = match file.system_file() {
        Some(system) => from_disk(system, data, block, progress).await,
        None => from_backend(file, data, block, progress).await,
    };
    copied.map_err(|side| CopyError::at("read", path, side))
}

/// Reads text to its end into a local file, with the line ends of this system; returns the number of bytes that were
/// written to the file.
pub(crate) async fn copy_text_down(
    data: &mut DataConnection,
    file: &mut dyn FileHandle,
    path: &Path,
    progress: &dyn Progress,
) -> Result<u64, CopyError> {
    let copied = to_backend(&mut AsciiReader::new(data), file, MIN_BLOCK, progress).await;
    copied.map_err(|side| CopyError::at("write", path, side))
}

/// Writes a local text to a data connection, with the line ends of the wire; returns the number of bytes that were
/// read from the file.
pub(crate) async fn copy_text_up(
    file: &mut dyn FileHandle,
    path: &Path,
    data: &mut DataConnection,
    progress: &dyn Progress,
) -> Result<u64, CopyError> {
    let mut writer = AsciiWriter::new(data);
    let copied = from_backend(file, &mut writer, MIN_BLOCK, progress).await;
    let copied = copied.map_err(|side| CopyError::at("read", path, side))?;
    writer.into_inner().await.map_err(CopyError::Data)?;
    Ok(copied)
}

impl CopyError {
    fn at(operation: &'static str, path: &Path, side: CopySide) -> Self {
        match side {
            CopySide::Data(source) => Self::Data(source),
            CopySide::File(source) => Self::Local(LocalFsError::new(operation, path, source)),
        }
    }
}

async fn to_disk(
    data: &mut DataConnection,
    file: File,
    block: usize,
    progress: &dyn Progress,
) -> Result<u64, CopySide> {
    let mut disk = BackgroundWriter::new(file);
    let mut copied = 0;
    let mut asks_kernel = true;
    let mut buffer = BytesMut::new();
    // Most files are small, and need neither a large block nor the kernel.
    let mut enough = MIN_BLOCK;
    loop {
        buffer.reserve(enough);
        let filled = fill(data, &mut buffer, enough).await;
        let read = buffer.len() as u64;
        if read > 0 {
            buffer = disk.write(buffer).await.map_err(CopySide::File)?;
            copied += read;
            progress.on_event(ProgressEvent::advanced(read));
        }
        match filled {
            Ok(Filled::Full) => {}
            Ok(Filled::AtEnd) => {
                disk.finish().await.map_err(CopySide::File)?;
                return Ok(copied);
            }
            Err(error) => {
                disk.finish().await.map_err(CopySide::File)?;
                return Err(CopySide::Data(error));
            }
        }
        if asks_kernel && data.can_splice() {
            buffer = disk.finish().await.map_err(CopySide::File)?;
            let moved = data.splice_file(disk.file(), progress).await?;
            copied += moved.bytes;
            if moved.ended {
                return Ok(copied);
            }
            // A limit may be lifted later, but a file system without support never gains it.
            asks_kernel = !data.can_splice();
        }
        enough = block;
    }
}

async fn to_backend(
    data: &mut (impl AsyncRead + Unpin),
    file: &mut dyn FileHandle,
    block: usize,
    progress: &dyn Progress,
) -> Result<u64, CopySide> {
    let mut buffer = BytesMut::new();
    let mut copied = 0;
    loop {
        buffer.reserve(block);
        let filled = fill(data, &mut buffer, block).await;
        let written = file.write_all(&buffer).await;
        match (filled, written) {
            (Err(error), _) => return Err(CopySide::Data(error)),
            (_, Err(error)) => return Err(CopySide::File(error)),
            (Ok(Filled::Full), Ok(())) => {}
            (Ok(Filled::AtEnd), Ok(())) => {
                file.flush().await.map_err(CopySide::File)?;
                progress.on_event(ProgressEvent::advanced(buffer.len() as u64));
                return Ok(copied + buffer.len() as u64);
            }
        }
        copied += buffer.len() as u64;
        progress.on_event(ProgressEvent::advanced(buffer.len() as u64));
        buffer.clear();
    }
}

async fn from_disk(
    file: File,
    data: &mut DataConnection,
    block: usize,
    progress: &dyn Progress,
) -> Result<u64, CopySide> {
    let moved = data.splice_file(&file, progress).await?;
    let mut copied = moved.bytes;
    if moved.ended {
        return Ok(copied);
    }
    let mut disk = ReadAhead::new(file, block);
    while let Some((block, length)) = disk.next().await.map_err(CopySide::File)? {
        data.write_all(&block[..length]).await.map_err(CopySide::Data)?;
        copied += length as u64;
        progress.on_event(ProgressEvent::advanced(length as u64));
        disk.reuse(block);
    }
    Ok(copied)
}

async fn from_backend(
    file: &mut dyn FileHandle,
    data: &mut (impl AsyncWrite + Unpin),
    block: usize,
    progress: &dyn Progress,
) -> Result<u64, CopySide> {
    let mut buffer = BytesMut::with_capacity(block);
    let mut copied = 0;
    loop {
        buffer.clear();
        if file.read_buf(&mut buffer).await.map_err(CopySide::File)? == 0 {
            return Ok(copied);
        }
        data.write_all(&buffer).await.map_err(CopySide::Data)?;
        copied += buffer.len() as u64;
        progress.on_event(ProgressEvent::advanced(buffer.len() as u64));
    }
}

/// The result of [`fill`].
pub(crate) enum Filled {
    Full,
    AtEnd,
}

/// Reads until there are `enough` bytes. This takes no additional time, because more bytes arrive during the reads,
/// and it avoids most of the writes. A full buffer grows to `enough`.
pub(crate) async fn fill(
    data: &mut (impl AsyncRead + Unpin),
    buffer: &mut BytesMut,
    enough: usize,
) -> io::Result<Filled> {
    while buffer.len() < enough {
        if buffer.len() == buffer.capacity() {
            buffer.reserve(enough - buffer.len());
        }
        if data.read_buf(buffer).await? == 0 {
            return Ok(Filled::AtEnd);
        }
    }
    Ok(Filled::Full)
}

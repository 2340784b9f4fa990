//! Readers: parts of a file as streams, or at once.

use std::{
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use opendal_core::{
    Buffer, BytesRange, Error, ErrorKind, Result,
    raw::{
        RpRead,
        oio::{self, ReadStream},
    },
};
use oxftp::{Entry, PoolStream};

use crate::{
    core::{Core, metadata, size},
    failure::{failure, failure_of},
};

/// A reader of one file.
#[derive(Debug)]
pub(crate) struct Reader {
    core: Arc<Core>,
    path: String,
    /// The file as it was before its first part was read.
    known: Mutex<Option<Entry>>,
}

impl Reader {
    pub(crate) fn new(core: Arc<Core>, path: &str) -> Self {
        Self { core, path: path.to_owned(), known: Mutex::default() }
    }

    /// Returns what is known about the file. Asks the server unless the range lies within what was the file the last time.
    async fn file(&self, range: BytesRange) -> Result<Entry> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let end = match range {
            BytesRange::Range { offset, size } => size.map(|size| offset.saturating_add(size)),
            BytesRange::Suffix { .. } => None,
        };
        match (known, end) {
            (Some(entry), Some(end)) if entry.size.is_some_and(|size| end <= size) => Ok(entry),
            _ => {
                let entry = self.core.find_file(&self.path).await?;
                *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(entry.clone());
                Ok(entry)
            }
        }
    }

    /// Reads a short range in one transfer, without asking for the size of the file first. `None` for any other range.
    ///
    /// The result is shorter if the file ends within the range.
    async fn at_once(&self, range: BytesRange) -> Result<Option<Buffer>> {
        let BytesRange::Range { offset, size: Some(length @ 0..=MOST_AT_ONCE) } = range else {
            return Ok(None);
        };
        let remote = self.core.remote(&self.path)?;
        match self.core.pool.read_range(&remote, offset..offset.saturating_add(length)).await {
            Ok(bytes) if bytes.is_empty() && length > 0 => {
                let file = self.file(range).await?;
                part(range, size(&file)?).map(|_| Some(Buffer::new()))
            }
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(error) => Err(self.explain(error, offset).await),
        }
    }

    /// Returns the failure to read a file, after looking for what the server may have meant.
    async fn explain(&self, error: oxftp::Error, start: u64) -> Error {
        if error.kind() != oxftp::ErrorKind::Refused {
            return failure(error);
        }
        match self.core.find_file(&self.path).await {
            Ok(entry) if entry.size.is_some_and(|size| start > size) => beyond_end(start, entry.size),
            Ok(_) => denied(error),
            Err(missing) => missing,
        }
    }
}

impl oio::Read for Reader {
    async fn open(&self, range: BytesRange) -> Result<(RpRead, Box<dyn oio::ReadStreamDyn>)> {
        if let Some(bytes) = self.at_once(range).await? {
            return Ok((RpRead::default(), Box::new(bytes)));
        }
        let file = self.file(range).await?;
        let part = part(range, size(&file)?)?;
        let reply = RpRead::new(metadata(&file)?);
        if part.is_empty() {
            return Ok((reply, Box::new(Buffer::new())));
        }
        let blocks = self.core.pool.stream_range(self.core.remote(&self.path)?, part, Some(&file));
        Ok((reply, Box::new(Blocks { blocks: Some(blocks) })))
    }

    async fn read(&self, range: BytesRange) -> Result<(RpRead, Buffer)> {
        let (reply, mut blocks) = self.open(range).await?;
        let bytes = blocks.read_all().await?;
        match range {
            BytesRange::Range { offset, size: Some(length) } if bytes.len() as u64 != length => {
                Err(beyond_end(offset.saturating_add(length), Some(offset + bytes.len() as u64)))
            }
            _ => Ok((reply, bytes)),
        }
    }
}

/// A part of a file. It lends its session to others while it is not read.
struct Blocks {
    /// `None` after a failure: the rest is missing.
    blocks: Option<PoolStream>,
}

impl ReadStream for Blocks {
    async fn read(&mut self) -> Result<Buffer> {
        let Some(blocks) = &mut self.blocks else {
            return Err(Error::new(ErrorKind::Unexpected, "the stream has failed"));
        };
        loop {
            match blocks.next().await {
                // For OpenDAL, an empty block would be the end.
                Some(Ok(block)) if block.is_empty() => {}
                Some(Ok(block)) => return Ok(block.into()),
                None => return Ok(Buffer::new()),
                Some(Err(error)) => {
                    self.blocks = None;
                    return Err(match error.kind() {
                        // The file was there when the stream was opened.
                        oxftp::ErrorKind::Refused => denied(error),
                        _ => failure(error),
                    });
                }
            }
        }
    }
}

/// Returns the bytes of a range in a file of this size. Fails if it begins after the end.
fn part(range: BytesRange, size: u64) -> Result<Range<u64>> {
    match range {
        BytesRange::Range { offset, .. } if offset > size => Err(beyond_end(offset, Some(size))),
        BytesRange::Range { offset, size: None } => Ok(offset..size),
        BytesRange::Range { offset, size: Some(length) } => {
            Ok(offset..offset.saturating_add(length).min(size))
        }
        BytesRange::Suffix { size: length } => Ok(size.saturating_sub(length)..size),
    }
}

fn beyond_end(offset: u64, size: Option<u64>) -> Error {
    Error::new(ErrorKind::RangeNotSatisfied, "the range extends beyond the end of the file")
        .with_context("offset", offset)
        .with_context("size", size.unwrap_or_default())
}

/// Returns the failure to open a file that is there. The code 550 means that it cannot be accessed.
fn denied(error: oxftp::Error) -> Error {
    match error.code() {
        Some(code) if code.get() == 550 => {
            failure_of(ErrorKind::PermissionDenied, "the file exists, but the server does not open it", error)
        }
        _ => failure(error),
    }
}

/// Longest range that is read into memory at once. A longer one is a stream, which continues after a lost connection.
const MOST_AT_ONCE: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_size() {
        for (range, expected) in [
            (BytesRange::new(0, None), 0..10),
            (BytesRange::new(10, None), 10..10),
            (BytesRange::new(2, Some(3)), 2..5),
            (BytesRange::new(2, Some(u64::MAX)), 2..10),
            (BytesRange::suffix(3), 7..10),
            (BytesRange::suffix(30), 0..10),
        ] {
            assert_eq!(part(range, 10).unwrap(), expected, "{range:?}");
        }
        assert_eq!(part(BytesRange::new(11, None), 10).unwrap_err().kind(), ErrorKind::RangeNotSatisfied);
    }
}

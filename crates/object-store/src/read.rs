//! Reading objects: as streams, as ranges, small ones as a whole.

use std::{
    ops::Range,
    sync::{Arc, atomic::Ordering},
};

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream, stream::BoxStream};
use oxftp::Error;

use crate::{
    core::{Core, repeating, retrying},
    failure::{Failure, FailureKind, Result},
    meta::Meta,
};

impl Core {
    /// Streams a range of an object.
    pub(crate) async fn stream(
        &self,
        meta: &Meta,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes>>> {
        if range.is_empty() {
            return Ok(stream::empty().boxed());
        }
        if self.is_read_whole(meta) {
            let contents = self.whole(meta).await?;
            return Ok(stream::iter([Ok(cut(&contents, &range))]).boxed());
        }
        let location = meta.location.clone();
        let wanted = range.end - range.start;
        let blocks = self.pool.stream_range(self.path(&location), range, Some(&meta.entry));
        let received = Arc::clone(&self.received);
        let blocks = stream::unfold((blocks, wanted, location), move |(mut blocks, missing, location)| {
            let received = Arc::clone(&received);
            async move {
                let item = match blocks.next().await {
                    Some(Ok(block)) => {
                        received.fetch_add(block.len() as u64, Ordering::Relaxed);
                        let missing = missing.saturating_sub(block.len() as u64);
                        return Some((Ok(block), (blocks, missing, location)));
                    }
                    Some(Err(error)) => Err(Failure::of(&location, error)),
                    None if missing > 0 => Err(Failure::new(FailureKind::Other, &location, SHORTER)),
                    None => return None,
                };
                Some((item, (blocks, 0, location)))
            }
        });
        Ok(blocks.boxed())
    }

    /// Reads several ranges of an object.
    pub(crate) async fn ranges(&self, location: &str, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let was_asked = self.recent.get(location).is_none();
        match self.ranges_once(location, ranges).await {
            // The listing is outdated.
            Err(failure) if !was_asked && (failure.is_about_change() || failure.is_not_found()) => {
                self.forget(location);
                self.ranges_once(location, ranges).await
            }
            read => read,
        }
    }

    async fn ranges_once(&self, location: &str, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let meta = self.recent_or_stat(location).await?;
        let ranges: Vec<_> =
            ranges.iter().map(|range| bounded(location, range, meta.size)).collect::<Result<_>>()?;
        if self.is_read_whole(&meta) {
            let contents = self.whole(&meta).await?;
            return Ok(ranges.iter().map(|range| cut(&contents, range)).collect());
        }
        let path = self.path(location);
        let read = repeating!(self.pool.read_ranges(&path, &ranges).await);
        let read = read.map_err(|error| Failure::of(location, error))?;
        for (range, bytes) in ranges.iter().zip(&read) {
            self.count(bytes);
            let (expected, transferred) = (range.end, range.start + bytes.len() as u64);
            if expected != transferred {
                return Err(Failure::of(location, Error::SizeMismatch { expected, transferred }));
            }
        }
        Ok(read)
    }

    /// Returns whether a file is small enough to be read as a whole, and kept.
    fn is_read_whole(&self, meta: &Meta) -> bool {
        meta.size <= self.settings.whole_files_up_to && meta.is_settled()
    }

    /// Returns the contents of a small file, from memory if it was read before.
    async fn whole(&self, meta: &Meta) -> Result<Bytes> {
        let cell = self.files.cell(meta);
        let read = async {
            let mut blocks = self.pool.stream_range(self.path(&meta.location), .., Some(&meta.entry));
            let size = usize::try_from(meta.size).unwrap_or_default();
            let mut contents = BytesMut::with_capacity(size);
            while let Some(block) = blocks.next().await {
                let block = block?;
                self.count(&block);
                contents.extend_from_slice(&block);
            }
            match contents.len() as u64 {
                size if size == meta.size => Ok(contents.freeze()),
                transferred => Err(Error::SizeMismatch { expected: meta.size, transferred }),
            }
        };
        let contents = cell.get_or_try_init(|| read).await;
        contents.cloned().map_err(|error| Failure::of(&meta.location, error))
    }

    /// Reads a whole object of any size into memory.
    pub(crate) async fn read_small(&self, location: &str) -> Result<Bytes> {
        let path = self.path(location);
        retrying!(self, |session| session.read(&path).await).map_err(|error| Failure::of(location, error))
    }
}

/// Returns a range cut to the size of its object.
fn bounded(location: &str, range: &Range<u64>, size: u64) -> Result<Range<u64>> {
    if range.start >= range.end || range.start >= size {
        let why = format!("the range {range:?} is not within the {size} bytes");
        return Err(Failure::new(FailureKind::Other, location, why));
    }
    Ok(range.start..range.end.min(size))
}

fn cut(contents: &Bytes, range: &Range<u64>) -> Bytes {
    let offset = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(contents.len());
    contents.slice(offset(range.start)..offset(range.end))
}

const SHORTER: &str = "the file is shorter than its size";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_bounded_by_the_size() {
        assert_eq!(bounded("x", &(2..5), 10).unwrap(), 2..5);
        assert_eq!(bounded("x", &(2..50), 10).unwrap(), 2..10);
        for bad in [Range { start: 5, end: 2 }, 3..3, 10..12] {
            assert!(bounded("x", &bad, 10).is_err(), "{bad:?}");
        }
    }
}

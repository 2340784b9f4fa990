//! Byte ranges of a file over several sessions: which ranges are read together, and the number of sessions.

use std::{
    ops::Range,
    sync::Mutex,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, TryStreamExt, stream};
use oxftp_proto::RemotePath;
use tokio::io::AsyncReadExt;

use super::{Pool, operations::repeatable};
use crate::{
    Client, Error, RangeStream, Result,
    client::{ByteRange, FollowUp},
};

impl Pool {
    /// Reads the bytes `range` of a file (`REST`, `RETR`; RFC 3659, 5).
    ///
    /// The result is shorter than the range if the file ends within it.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// let header = pool.read_range("data.parquet", 0..4).await?;
    /// assert_eq!(&header[..], b"PAR1");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`client`](Self::client) and [`Client::download_range`].
    pub async fn read_range(&self, path: impl Into<RemotePath>, range: Range<u64>) -> Result<Bytes> {
        let path = path.into();
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        let costs = &self.inner.range_costs;
        repeatable!(self, |client| read(client, &path, &range, costs).await)
    }

    /// Reads several ranges of a file, and returns their bytes in the same order. Ranges may overlap.
    ///
    /// Ranges are read together if reading over the gap between them costs less than another transfer, which is
    /// measured: the time from the command to the first byte, and the rate of the data. The others are read on
    /// several sessions at once, up to the [size](Self::size) of the pool. A range that extends beyond the end of the
    /// file is shorter.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// let columns = pool.read_ranges("data.parquet", &[4..1_000_000, 5_000_000..5_500_000]).await?;
    /// assert_eq!(columns.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`read_range`](Self::read_range). The first error ends all reads.
    pub async fn read_ranges(
        &self,
        path: impl Into<RemotePath>,
        ranges: &[Range<u64>],
    ) -> Result<Vec<Bytes>> {
        let path = &path.into();
        let joined = coalesce(ranges, self.inner.range_costs.worthwhile_gap());
        // The ranges are owned: the future of a closure over borrowed ranges cannot be spawned.
        let reads = joined.clone().into_iter().map(|range| self.read_range(path, range));
        let read: Vec<Bytes> = stream::iter(reads).buffered(self.limit().max(1)).try_collect().await?;
        Ok(ranges.iter().map(|range| cut_out(range, &joined, &read)).collect())
    }
}

/// Reads a range on one session.
async fn read(
    client: &mut Client,
    path: &RemotePath,
    range: &Range<u64>,
    costs: &RangeCosts,
) -> Result<Bytes> {
    let begun = Instant::now();
    let length = usize::try_from(range.end - range.start)
        .map_err(|_| Error::Limit { what: "bytes of a range", limit: usize::MAX })?;
    let mut part = RangeStream::open(
        client,
        path,
        ByteRange { start: range.start, end: Some(range.end) },
        FollowUp::Transfer,
    )
    .await?;
    let mut first_byte = None;
    // The range may extend far beyond the end of the file.
    let mut contents = BytesMut::with_capacity(length.min(MAX_RESERVED));
    loop {
        match part.read_buf(&mut contents).await {
            Ok(0) => break,
            Ok(_) => _ = first_byte.get_or_insert_with(|| (begun.elapsed(), contents.len())),
            Err(error) => return Err(part.fail(error).await),
        }
    }
    if let Some((until_first, with_first)) = first_byte {
        costs.measure(until_first, begun.elapsed() - until_first, contents.len() - with_first);
    }
    part.finish().await?;
    Ok(contents.freeze())
}

/// Measured costs of the ranges of one server.
#[derive(Debug, Default)]
pub(super) struct RangeCosts {
    measured: Mutex<RangeAverages>,
}

/// Moving averages.
#[derive(Debug, Default, Clone, Copy)]
struct RangeAverages {
    /// Seconds from the request to the first byte.
    opening: Option<f64>,
    /// Bytes per second after the first byte.
    rate: Option<f64>,
}

impl RangeCosts {
    /// Records one transfer: the time until its first bytes, and the time in which `bytes` further bytes arrived.
    fn measure(&self, opening: Duration, rest: Duration, bytes: usize) {
        let Ok(mut measured) = self.measured.lock() else { return };
        average(&mut measured.opening, opening.as_secs_f64());
        // A smaller transfer shows the slow start of TCP, not the rate.
        if bytes >= MIN_RATED {
            average(&mut measured.rate, bytes as f64 / rest.as_secs_f64().max(1e-6));
        }
    }

    /// Returns the length of the longest gap that costs less to read over than another transfer costs to open.
    fn worthwhile_gap(&self) -> u64 {
        let measured = self.measured.lock().map(|measured| *measured).unwrap_or_default();
        match (measured.opening, measured.rate) {
            (Some(opening), Some(rate)) => ((opening * rate) as u64).clamp(MIN_GAP, MAX_GAP),
            _ => DEFAULT_GAP,
        }
    }
}

fn average(value: &mut Option<f64>, next: f64) {
    *value = Some(value.map_or(next, |value| value + (next - value) / 4.0));
}

/// Joins ranges whose gap is at most `gap`. If the ranges cover half of what lies between the first and the last
/// byte, all are read at once. The result is sorted and does not overlap. Empty ranges are left out.
fn coalesce(ranges: &[Range<u64>], gap: u64) -> Vec<Range<u64>> {
    let mut sorted: Vec<_> = ranges.iter().filter(|range| !range.is_empty()).cloned().collect();
    sorted.sort_unstable_by_key(|range| range.start);
    let join_within = |gap: u64| {
        let mut joined: Vec<Range<u64>> = Vec::new();
        for range in &sorted {
            match joined.last_mut() {
                Some(last) if range.start <= last.end.saturating_add(gap) => {
                    last.end = last.end.max(range.end)
                }
                _ => joined.push(range.clone()),
            }
        }
        joined
    };
    let exact = join_within(0);
    let wanted: u64 = exact.iter().map(|range| range.end - range.start).sum();
    let span = exact.first().zip(exact.last()).map_or(0, |(first, last)| last.end - first.start);
    if span <= MAX_WHOLE && span - wanted <= wanted { join_within(u64::MAX) } else { join_within(gap) }
}

/// Cuts a range out of the joined ranges that were read. It is shorter where the file ended.
fn cut_out(range: &Range<u64>, joined: &[Range<u64>], read: &[Bytes]) -> Bytes {
    let position = joined.partition_point(|joined| joined.start <= range.start);
    let found = position.checked_sub(1).and_then(|at| joined.get(at).zip(read.get(at)));
    let Some((joined, bytes)) = found.filter(|_| !range.is_empty()) else { return Bytes::new() };
    let offset = |at: u64| usize::try_from(at - joined.start).map_or(bytes.len(), |at| at.min(bytes.len()));
    bytes.slice(offset(range.start)..offset(range.end))
}

/// Maximum gap between two ranges that are read together, as long as no costs were measured.
const DEFAULT_GAP: u64 = 1 << 20;
const MIN_GAP: u64 = 16 << 10;
const MAX_GAP: u64 = 64 << 20;

/// Longest span that is read at once because half of it is wanted.
const MAX_WHOLE: u64 = 64 << 20;

/// Number of bytes from which a transfer shows the rate of the connection.
const MIN_RATED: usize = 256 << 10;

/// Most bytes reserved for a range before any of them arrives.
const MAX_RESERVED: usize = 8 << 20;

#[cfg(test)]
mod tests {
    #![expect(clippy::single_range_in_vec_init, reason = "one joined range is what is expected")]

    use super::*;

    #[test]
    fn future_of_ranges_can_be_spawned() {
        fn is_send(future: impl Send) {
            drop(future);
        }
        fn spawned(pool: Pool) {
            is_send(async move { pool.read_ranges("file", &[0..1]).await });
        }
        let _: fn(Pool) = spawned;
    }

    #[test]
    fn ranges_are_coalesced_over_small_gaps() {
        assert_eq!(coalesce(&[0..10, 15..20], 5), [0..20]);
        assert_eq!(coalesce(&[1000..1010, 0..10], 5), [0..10, 1000..1010]);
        assert_eq!(coalesce(&[0..10, 5..7, 8..30], 0), [0..30]);
        assert_eq!(coalesce(&[5..5, 7..7], 9), []);
        assert_eq!(coalesce(&[0..10, u64::MAX - 1..u64::MAX], 5), [0..10, u64::MAX - 1..u64::MAX]);
    }

    #[test]
    fn ranges_covering_half_are_read_at_once() {
        assert_eq!(coalesce(&[0..10, 20..30], 0), [0..30]);
        assert_eq!(coalesce(&[0..10, 31..40], 0), [0..10, 31..40]);
        let far = MAX_WHOLE..2 * MAX_WHOLE;
        assert_eq!(coalesce(&[0..1, far.clone()], 0), [0..1, far]);
    }

    #[test]
    fn ranges_are_cut_out_of_joined_reads() {
        let joined = [0..8, 100..110];
        let read = [Bytes::from_static(b"01234567"), Bytes::from_static(b"abc")];

        for (range, expected) in
            [(0..8, "01234567"), (2..4, "23"), (100..102, "ab"), (101..110, "bc"), (105..110, ""), (3..3, "")]
        {
            assert_eq!(cut_out(&range, &joined, &read), expected, "{range:?}");
        }
    }

    #[test]
    fn worthwhile_gap_follows_measured_round_trips() {
        let costs = RangeCosts::default();
        assert_eq!(costs.worthwhile_gap(), DEFAULT_GAP);

        // 100 ms to open a transfer, and 10 MB/s.
        costs.measure(Duration::from_millis(100), Duration::from_secs(1), 10_000_000);
        assert_eq!(costs.worthwhile_gap(), 1_000_000);
        // A small transfer changes the opening time only.
        costs.measure(Duration::from_millis(500), Duration::from_secs(1), 10);
        assert_eq!(costs.worthwhile_gap(), 2_000_000);
    }
}

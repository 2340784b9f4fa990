//! Plan of a segmented download: which connection downloads which part of the file.
//!
//! [`SegmentPlan`] performs no I/O and reads no clock. It counts the written bytes, and assigns segments. A running
//! transfer is shortened only if that saves more time than a new transfer needs to reach its full rate.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// The segments of a file, without gaps.
#[derive(Debug)]
pub(crate) struct SegmentPlan {
    size: u64,
    /// The first one starts the file; the others are in the order of their creation.
    segments: Vec<Segment>,
    /// No segment is split into smaller ones.
    min_segment: u64,
    /// The time that a new transfer takes to reach its full rate, which is the cost of a split; `None` until it was
    /// measured.
    start_cost: Option<Duration>,
    /// The highest rate of a connection that has ended a segment, in bytes per second.
    reached: f64,
    /// Segments are impossible, and not even one connection can continue.
    hopeless: bool,
}

#[derive(Debug)]
struct Segment {
    start: u64,
    /// All bytes before this position are written.
    done: u64,
    /// Shared with the connection that downloads the segment, and moved while it does.
    end: Arc<AtomicU64>,
    /// The progress of the connection that took it.
    taken: Option<SegmentRate>,
}

/// The time at which a connection took a segment, and the bytes that were written then and later.
#[derive(Debug, Clone, Copy)]
struct SegmentRate {
    since: Instant,
    /// The rate is measured from the earlier one.
    earlier: Reading,
    later: Reading,
}

/// The first missing byte of a segment at one moment.
#[derive(Debug, Clone, Copy)]
struct Reading {
    at: Instant,
    done: u64,
}

/// A segment as it is recorded: its first byte, its first missing byte, and the byte after its last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentRecord {
    pub(crate) start: u64,
    pub(crate) done: u64,
    pub(crate) end: u64,
}

/// A segment that was handed out.
#[derive(Debug, Clone)]
pub(crate) struct AssignedSegment {
    pub(crate) index: usize,
    pub(crate) from: u64,
    pub(crate) end: Arc<AtomicU64>,
    /// The first byte of the segment.
    start: u64,
}

impl AssignedSegment {
    /// Returns how many bytes before [`from`](Self::from) were written, and are transferred again to be compared.
    /// They do not include the first bytes of the file, to which a server that ignores `REST` returns.
    pub(crate) fn overlap(&self) -> u64 {
        HEAD_BYTES.min(self.from - self.start).min(self.from / 2)
    }
}

impl SegmentPlan {
    /// Divides the missing bytes of a file of this size into this many equal segments, or fewer that are not too
    /// small. The bytes before `there` are written already.
    pub(crate) fn new(there: u64, size: u64, segments: usize, min_segment: u64) -> Self {
        let missing = size - there;
        let most = usize::try_from(missing / min_segment.max(1)).unwrap_or(usize::MAX);
        let count = segments.min(most).max(1) as u64;
        let border = |number: u64| match number {
            0 => 0,
            number => there + (u128::from(missing) * u128::from(number) / u128::from(count)) as u64,
        };
        let records = (0..count).map(|number| {
            let start = border(number);
            SegmentRecord {
                start,
                done: start.max(if number == 0 { there } else { 0 }),
                end: border(number + 1),
            }
        });
        Self::resumed(size, records, min_segment)
    }

    /// Resumes a plan whose segments were recorded.
    pub(crate) fn resumed(
        size: u64,
        records: impl IntoIterator<Item = SegmentRecord>,
        min_segment: u64,
    ) -> Self {
        let segment = |record: SegmentRecord| Segment {
            start: record.start,
            done: record.done,
            end: Arc::new(AtomicU64::new(record.end)),
            taken: None,
        };
        let segments = records.into_iter().map(segment).collect();
        Self { size, segments, min_segment, start_cost: None, reached: 0.0, hopeless: false }
    }

    /// Records how long a transfer took to open, and the round trip. The cost of a new transfer is estimated from the
    /// fastest opening.
    pub(crate) fn opened_in(&mut self, opening: Duration, round_trip: Duration) {
        let cost = opening.saturating_add(round_trip.saturating_mul(SLOW_START));
        self.start_cost = Some(self.start_cost.map_or(cost, |known| known.min(cost)));
    }

    /// Assigns a free segment, or else a part of the segment that would be complete last, if splitting it saves enough
    /// time.
    ///
    /// The first segment is handed out first: the others are compared with the head of the file. None is split before
    /// the head is written.
    pub(crate) fn take(&mut self, now: Instant) -> Option<AssignedSegment> {
        let free = self.segments.iter().position(|segment| segment.is_free() && segment.left() > 0);
        let index = match free {
            Some(index) => index,
            None if self.has_head() => self.split(now)?,
            None => return None,
        };
        self.segments.get_mut(index).map(|segment| segment.take(index, now))
    }

    /// Returns whether there may be a segment to hand out, now or once the head is written.
    pub(crate) fn has_work(&self, now: Instant) -> bool {
        self.segments.iter().any(|segment| segment.is_free() && segment.left() > 0)
            || self.best_split(now).is_some()
    }

    /// Returns whether no connection downloads the head of the file, which others wait for.
    pub(crate) fn lacks_head(&self) -> bool {
        !self.has_head() && self.segments.first().is_some_and(Segment::is_free)
    }

    /// Returns whether enough of the beginning is written to compare with.
    pub(crate) fn has_head(&self) -> bool {
        self.segments.first().is_none_or(|first| first.done >= HEAD_BYTES || first.left() == 0)
    }

    /// Counts bytes as written; returns how many of them belong to this segment.
    pub(crate) fn wrote(&mut self, index: usize, bytes: u64, now: Instant) -> u64 {
        let Some(segment) = self.segments.get_mut(index) else { return 0 };
        let counted = bytes.min(segment.left());
        segment.done += counted;
        if let Some(pace) = &mut segment.taken {
            pace.note(now, segment.done);
        }
        counted
    }

    /// Returns whether a segment is complete.
    pub(crate) fn is_segment_complete(&self, index: usize) -> bool {
        self.segments.get(index).is_none_or(|segment| segment.left() == 0)
    }

    /// Makes a segment free for the next connection.
    pub(crate) fn release(&mut self, index: usize, now: Instant) {
        if let Some(segment) = self.segments.get_mut(index) {
            self.reached = self.reached.max(segment.rate(now).unwrap_or_default());
            segment.taken = None;
        }
    }

    /// Leaves the whole file to the connection that downloads its beginning, since the server did not start at this
    /// segment.
    pub(crate) fn join(&mut self, index: usize) {
        let end = self.size;
        match self.segments.first_mut() {
            // The connection has not reached the end of the first segment, and continues past it.
            Some(first) if index != 0 && first.left() > 0 && (!first.is_free() || first.done == 0) => {
                first.end.store(end, Ordering::Relaxed);
                self.segments.truncate(1);
                self.min_segment = u64::MAX;
            }
            _ => self.hopeless = true,
        }
    }

    /// Abandons the plan: none of the written bytes can be trusted.
    pub(crate) fn give_up(&mut self) {
        self.hopeless = true;
    }

    pub(crate) fn is_hopeless(&self) -> bool {
        self.hopeless
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.left() == 0
    }

    /// Counts the missing bytes.
    pub(crate) fn left(&self) -> u64 {
        self.segments.iter().map(Segment::left).sum()
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Returns whether these bytes are written.
    pub(crate) fn holds(&self, from: u64, to: u64) -> bool {
        self.segments.iter().any(|segment| segment.start <= from && to <= segment.done)
    }

    /// Returns the segments to be recorded, in the order of the file.
    pub(crate) fn records(&self) -> Vec<SegmentRecord> {
        let record = |segment: &Segment| SegmentRecord {
            start: segment.start,
            done: segment.done,
            end: segment.end(),
        };
        let mut records: Vec<_> = self.segments.iter().map(record).collect();
        records.sort_unstable_by_key(|record| record.start);
        records
    }

    /// Divides the segment that would be complete last, so that both parts are complete at the same time.
    fn split(&mut self, now: Instant) -> Option<usize> {
        let Split { index, middle, .. } = self.best_split(now)?;
        let segment = self.segments.get(index)?;
        let end = segment.end();
        segment.end.store(middle, Ordering::Relaxed);
        let second = Segment { start: middle, done: middle, end: Arc::new(AtomicU64::new(end)), taken: None };
        // The new segment is appended, so that the indexes of segments in progress stay valid.
        self.segments.push(second);
        Some(self.segments.len() - 1)
    }

    /// Finds the split that saves the most time, if one saves enough.
    ///
    /// A new transfer has its full rate only after `start_cost`. A split must save more than that, and a segment is
    /// not split while the full rate of its connection is unknown.
    fn best_split(&self, now: Instant) -> Option<Split> {
        let cost = self.start_cost.unwrap_or_default();
        self.segments
            .iter()
            .enumerate()
            .filter(|(_, segment)| {
                segment.taken.is_none_or(|pace| now.saturating_duration_since(pace.since) >= cost * 2)
            })
            .filter_map(|(index, segment)| self.split_of(index, segment, now, cost.as_secs_f64()))
            .max_by(|one, other| one.saved.total_cmp(&other.saved).then(one.left.cmp(&other.left)))
    }

    fn split_of(&self, index: usize, segment: &Segment, now: Instant, cost: f64) -> Option<Split> {
        let left = segment.left();
        let (given, saved) = match segment.rate(now) {
            Some(rate) => {
                let new_rate = rate.max(self.reached);
                // When both parts are complete, if the new transfer runs at its full rate from `cost` on.
                let together = (left as f64 + new_rate * cost) / (rate + new_rate);
                let given = (new_rate * (together - cost)).max(0.0) as u64;
                (given.min(left - left / KEPT_PART), left as f64 / rate - together)
            }
            None => (left / 2, f64::INFINITY),
        };
        let split = Split { index, middle: segment.end() - given, saved, left };
        (given >= self.min_segment && saved > cost).then_some(split)
    }
}

/// A border that divides a segment.
#[derive(Debug)]
struct Split {
    index: usize,
    middle: u64,
    /// The time that the split saves, in seconds.
    saved: f64,
    /// The number of bytes that are missing of the whole segment.
    left: u64,
}

impl SegmentRate {
    fn new(now: Instant, done: u64) -> Self {
        let reading = Reading { at: now, done };
        Self { since: now, earlier: reading, later: reading }
    }

    fn note(&mut self, now: Instant, done: u64) {
        if now.saturating_duration_since(self.later.at) >= PACE_WINDOW {
            self.earlier = self.later;
            self.later = Reading { at: now, done };
        }
    }
}

impl Segment {
    fn take(&mut self, index: usize, now: Instant) -> AssignedSegment {
        self.taken = Some(SegmentRate::new(now, self.done));
        AssignedSegment { index, from: self.done, end: self.end.clone(), start: self.start }
    }

    fn is_free(&self) -> bool {
        self.taken.is_none()
    }

    /// Returns the recent rate in bytes per second, unless nothing arrived.
    fn rate(&self, now: Instant) -> Option<f64> {
        let from = self.taken?.earlier;
        let seconds = now.saturating_duration_since(from.at).as_secs_f64();
        let rate = self.done.saturating_sub(from.done) as f64 / seconds;
        (rate.is_normal() && rate > 0.0).then_some(rate)
    }

    fn end(&self) -> u64 {
        self.end.load(Ordering::Relaxed)
    }

    fn left(&self) -> u64 {
        self.end().saturating_sub(self.done)
    }
}

/// The number of round trips that a connection needs after its opening until it has its full rate.
const SLOW_START: u32 = 12;

/// The rate is measured over this time, and up to twice as much, so that slow start does not count for long.
const PACE_WINDOW: Duration = Duration::from_millis(500);

/// A connection keeps at least this fraction (one eighth) of the remaining bytes of its segment, however slow it is.
const KEPT_PART: u64 = 8;

/// The number of bytes of a segment that are compared with the beginning of the file. A server that accepts `REST`
/// without supporting it sends the beginning.
pub(crate) const HEAD_BYTES: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn ranges(plan: &SegmentPlan) -> Vec<(u64, u64)> {
        plan.records().iter().map(|record| (record.start, record.end)).collect()
    }

    /// Hands out the first segment, and counts the head as written.
    fn begun(plan: &mut SegmentPlan) -> AssignedSegment {
        let first = plan.take(Instant::now()).unwrap();
        plan.wrote(first.index, HEAD_BYTES, Instant::now());
        first
    }

    #[test]
    fn segments_are_equal_and_not_too_small() {
        assert_eq!(ranges(&SegmentPlan::new(0, 10, 3, 1)), [(0, 3), (3, 6), (6, 10)]);
        assert_eq!(ranges(&SegmentPlan::new(0, 10, 4, 5)), [(0, 5), (5, 10)]);
        assert_eq!(ranges(&SegmentPlan::new(0, 10, 4, 11)), [(0, 10)]);
        assert_eq!(ranges(&SegmentPlan::new(6, 10, 2, 1)), [(0, 8), (8, 10)]);
        assert_eq!(SegmentPlan::new(6, 10, 2, 1).left(), 4);
        let borders = ranges(&SegmentPlan::new(0, u64::MAX, 3, 1));
        assert_eq!((borders[0].0, borders[2].1), (0, u64::MAX));
    }

    #[test]
    fn segments_are_taken_before_the_head_is_written() {
        let mut plan = SegmentPlan::new(0, 16 * MIB, 2, MIB);

        assert!(plan.lacks_head());
        let taken = [0; 2].map(|_| plan.take(Instant::now()).unwrap().index);

        assert_eq!(taken, [0, 1]);
        assert!(!plan.lacks_head());
        // No segment is split, because the new one would wait for the head even longer.
        assert!(plan.take(Instant::now()).is_none());
        plan.release(0, Instant::now());
        assert!(plan.lacks_head());
    }

    #[test]
    fn free_connection_splits_the_longest_segment() {
        let mut plan = SegmentPlan::new(0, 16 * MIB, 1, MIB);
        let first = begun(&mut plan);

        let second = plan.take(Instant::now()).unwrap();
        let middle = first.end.load(Ordering::Relaxed);

        assert_eq!(second.from, middle);
        assert_eq!(ranges(&plan), [(0, middle), (middle, 16 * MIB)]);
        while plan.take(Instant::now()).is_some() {}
        let smallest = plan.records().iter().map(|record| record.end - record.done).min().unwrap();
        assert!(smallest >= MIB, "{smallest}");
    }

    /// Lets two connections download the halves of 64 MiB, the first one at 8 MiB a second.
    fn first_half_written(second_has: u64) -> (SegmentPlan, Instant) {
        let (mut plan, start) = (SegmentPlan::new(0, 64 * MIB, 2, MIB), Instant::now());
        plan.opened_in(Duration::from_millis(140), Duration::from_millis(30));
        plan.take(start).unwrap();
        plan.wrote(0, HEAD_BYTES, start);
        plan.take(start).unwrap();
        let now = start + Duration::from_secs(4);
        plan.wrote(0, 32 * MIB - HEAD_BYTES, now);
        plan.wrote(1, second_has, now);
        (plan, now)
    }

    #[test]
    fn segment_that_ends_soon_is_not_split() {
        // The second segment needs another half second, which is as long as a new connection takes to start.
        let (mut plan, now) = first_half_written(28 * MIB);

        assert!(!plan.has_work(now));
        assert!(plan.take(now).is_none());
    }

    #[test]
    fn parts_of_a_split_segment_end_together() {
        // 24 MiB are left at 2 MiB a second: 12 seconds for one connection.
        let (mut plan, now) = first_half_written(8 * MIB);

        let taken = plan.take(now).unwrap();

        // The new connection starts half a second later, in which the other one gets 1 MiB further.
        assert_eq!(taken.from, 64 * MIB - (24 * MIB - MIB) / 2);
        assert_eq!(taken.end.load(Ordering::Relaxed), 64 * MIB);
    }

    /// Simulates one file over several connections with these rates, over 50 ms with slow start; returns the number of
    /// transfers and the seconds.
    fn simulate(size: u64, rates: &[u64]) -> (usize, f64) {
        let (round_trip, step) = (Duration::from_millis(50), Duration::from_millis(10));
        let (mut plan, start) = (SegmentPlan::new(0, size, rates.len(), 4 * MIB), Instant::now());
        let mut now = start;
        plan.opened_in(round_trip * 4, round_trip);
        let mut taken: Vec<Option<(AssignedSegment, Instant)>> = vec![None; rates.len()];
        let mut transfers = 0;
        while !plan.is_complete() {
            for (place, rate) in taken.iter_mut().zip(rates) {
                match place {
                    None => *place = plan.take(now).inspect(|_| transfers += 1).map(|taken| (taken, now)),
                    Some((taken, since)) => {
                        // The rate doubles with each round trip until it is the full one.
                        let trips = now.duration_since(*since).as_millis() as u32 / 50;
                        let ramp = 2_f64.powi(trips.saturating_sub(4).min(12) as i32 - 12);
                        let bytes = (*rate as f64 * ramp * step.as_secs_f64()) as u64;
                        plan.wrote(taken.index, if trips < 4 { 0 } else { bytes }, now);
                        if plan.is_segment_complete(taken.index) {
                            plan.release(taken.index, now);
                            *place = None;
                        }
                    }
                }
            }
            now += step;
        }
        (transfers, now.duration_since(start).as_secs_f64())
    }

    #[test]
    fn even_segments_are_never_split() {
        for rates in [[100; 4], [100, 95, 90, 110], [100, 100, 80, 120]] {
            let (transfers, _) = simulate(1024 * MIB, &rates.map(|rate| rate * MIB));

            assert_eq!(transfers, 4, "{rates:?}");
        }
    }

    #[test]
    fn slow_segment_is_taken_over_by_others() {
        let (transfers, seconds) = simulate(1024 * MIB, &[100, 100, 5, 100].map(|rate| rate * MIB));

        // Left alone, the slow connection takes 52 seconds; together they could take 3.4 and the start.
        assert!((5..=9).contains(&transfers), "{transfers}");
        assert!(seconds < 8.0, "{seconds}");
    }

    #[test]
    fn stalled_segment_is_split() {
        let (mut plan, now) = first_half_written(0);

        assert_eq!(plan.take(now).map(|taken| taken.from), Some(48 * MIB));
    }

    #[test]
    fn released_segment_resumes_at_its_first_missing_byte() {
        let mut plan = SegmentPlan::new(0, 4 * MIB, 2, MIB);
        begun(&mut plan);
        let second = plan.take(Instant::now()).unwrap();
        assert_eq!(plan.wrote(second.index, 5, Instant::now()), 5);

        plan.release(second.index, Instant::now());

        assert_eq!(plan.take(Instant::now()).map(|taken| taken.from), Some(2 * MIB + 5));
    }

    #[test]
    fn bytes_beyond_a_segment_are_not_counted() {
        let mut plan = SegmentPlan::new(0, 4 * MIB, 2, MIB);
        let first = begun(&mut plan);

        assert_eq!(plan.wrote(first.index, 3 * MIB, Instant::now()), 2 * MIB - HEAD_BYTES);
        assert!(plan.is_segment_complete(first.index) && !plan.is_complete());
        assert!(plan.holds(0, 2 * MIB) && !plan.holds(0, 2 * MIB + 1));
    }

    #[test]
    fn joined_segments_are_left_to_the_first_connection() {
        let mut plan = SegmentPlan::new(0, 4 * MIB, 2, MIB);
        let first = begun(&mut plan);

        plan.join(1);

        assert_eq!(first.end.load(Ordering::Relaxed), 4 * MIB);
        assert!(plan.take(Instant::now()).is_none() && !plan.is_hopeless());
        plan.wrote(0, 4 * MIB, Instant::now());
        assert!(plan.is_complete());
    }

    #[test]
    fn join_after_the_first_segment_is_hopeless() {
        let mut plan = SegmentPlan::new(0, 4 * MIB, 2, MIB);
        let first = begun(&mut plan);
        plan.wrote(first.index, 2 * MIB, Instant::now());

        plan.join(1);

        assert!(plan.is_hopeless());
    }
}

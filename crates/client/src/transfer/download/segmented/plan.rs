//! Which part of a file is fetched by whom.
//!
//! [`SegmentPlan`] does nothing itself: it is told what was written, and says what comes next.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// The segments of a file, without gaps.
#[derive(Debug)]
pub(crate) struct SegmentPlan {
    size: u64,
    /// The first begins the file; the others are in the order in which they were made.
    segments: Vec<Segment>,
    /// No segment is split into smaller ones.
    least: u64,
    /// Segments have proved impossible, and not even one connection can go on.
    hopeless: bool,
}

#[derive(Debug)]
struct Segment {
    start: u64,
    /// All before this position is written.
    done: u64,
    /// Seen by whoever fetches it, and moved while it does.
    end: Arc<AtomicU64>,
    taken: bool,
}

/// A segment as it is recorded: its first byte, the first that is missing, and the one behind its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) start: u64,
    pub(crate) done: u64,
    pub(crate) end: u64,
}

/// What somebody is to fetch.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) index: usize,
    pub(crate) from: u64,
    pub(crate) end: Arc<AtomicU64>,
}

impl SegmentPlan {
    /// Divides what is missing of a file of this size into so many equal segments, or fewer that are not
    /// too small. What lies before `there` is written already.
    pub(crate) fn new(there: u64, size: u64, segments: usize, least: u64) -> Self {
        let missing = size - there;
        let most = usize::try_from(missing / least.max(1)).unwrap_or(usize::MAX);
        let count = segments.min(most).max(1) as u64;
        let border = |number: u64| match number {
            0 => 0,
            number => there + (u128::from(missing) * u128::from(number) / u128::from(count)) as u64,
        };
        let claims = (0..count).map(|number| {
            let start = border(number);
            Claim { start, done: start.max(if number == 0 { there } else { 0 }), end: border(number + 1) }
        });
        Self::resumed(size, claims, least)
    }

    /// Goes on where this was written.
    pub(crate) fn resumed(size: u64, claims: impl IntoIterator<Item = Claim>, least: u64) -> Self {
        let segment = |claim: Claim| Segment {
            start: claim.start,
            done: claim.done,
            end: Arc::new(AtomicU64::new(claim.end)),
            taken: false,
        };
        Self { size, segments: claims.into_iter().map(segment).collect(), least, hopeless: false }
    }

    /// Gives what nobody fetches, or else the second half of what is the farthest from its end.
    ///
    /// Until the head of the file is there, which the others are compared with, it alone is given out.
    pub(crate) fn take(&mut self) -> Option<Taken> {
        if !self.has_head() {
            let first = self.segments.first_mut().filter(|first| !first.taken)?;
            return Some(first.take(0));
        }
        let free = self.segments.iter().position(|segment| !segment.taken && segment.left() > 0);
        let index = match free {
            Some(index) => index,
            None => self.split()?,
        };
        self.segments.get_mut(index).map(|segment| segment.take(index))
    }

    /// Tells whether there may be something to take, now or once the head is there.
    pub(crate) fn has_work(&self) -> bool {
        let splittable = self.segments.iter().any(|segment| segment.left() / 2 >= self.least);
        splittable || self.segments.iter().any(|segment| !segment.taken && segment.left() > 0)
    }

    /// Tells whether there is enough of the beginning to compare with.
    pub(crate) fn has_head(&self) -> bool {
        self.segments.first().is_none_or(|first| first.done >= HEAD_BYTES || first.left() == 0)
    }

    /// Counts bytes as written; gives how many of them are of this segment.
    pub(crate) fn wrote(&mut self, index: usize, bytes: u64) -> u64 {
        let Some(segment) = self.segments.get_mut(index) else { return 0 };
        let counted = bytes.min(segment.left());
        segment.done += counted;
        counted
    }

    /// Tells whether a segment is whole.
    pub(crate) fn is_through(&self, index: usize) -> bool {
        self.segments.get(index).is_none_or(|segment| segment.left() == 0)
    }

    /// Leaves a segment to whoever comes next.
    pub(crate) fn release(&mut self, index: usize) {
        if let Some(segment) = self.segments.get_mut(index) {
            segment.taken = false;
        }
    }

    /// Leaves all to whoever fetches the beginning, since the server would not start where this segment is.
    pub(crate) fn join(&mut self, index: usize) {
        let end = self.size;
        match self.segments.first_mut() {
            // Who has not come to the end of it yet goes straight on.
            Some(first) if index != 0 && first.left() > 0 && (first.taken || first.done == 0) => {
                first.end.store(end, Ordering::Relaxed);
                self.segments.truncate(1);
                self.least = u64::MAX;
            }
            _ => self.hopeless = true,
        }
    }

    /// Gives up: nothing that was written can be trusted.
    pub(crate) fn give_up(&mut self) {
        self.hopeless = true;
    }

    pub(crate) fn is_hopeless(&self) -> bool {
        self.hopeless
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.left() == 0
    }

    /// Counts what is missing.
    pub(crate) fn left(&self) -> u64 {
        self.segments.iter().map(Segment::left).sum()
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Tells whether these bytes are written.
    pub(crate) fn holds(&self, from: u64, to: u64) -> bool {
        self.segments.iter().any(|segment| segment.start <= from && to <= segment.done)
    }

    /// Gives what is written, to be recorded, in the order of the file.
    pub(crate) fn claims(&self) -> Vec<Claim> {
        let claim =
            |segment: &Segment| Claim { start: segment.start, done: segment.done, end: segment.end() };
        let mut claims: Vec<_> = self.segments.iter().map(claim).collect();
        claims.sort_unstable_by_key(|claim| claim.start);
        claims
    }

    fn split(&mut self) -> Option<usize> {
        let index = (0..self.segments.len()).max_by_key(|index| self.segments[*index].left())?;
        let segment = self.segments.get(index).filter(|segment| segment.left() / 2 >= self.least)?;
        let (end, middle) = (segment.end(), segment.done + segment.left() / 2);
        segment.end.store(middle, Ordering::Relaxed);
        let second =
            Segment { start: middle, done: middle, end: Arc::new(AtomicU64::new(end)), taken: false };
        // Whoever holds an index keeps it.
        self.segments.push(second);
        Some(self.segments.len() - 1)
    }
}

impl Segment {
    fn take(&mut self, index: usize) -> Taken {
        self.taken = true;
        Taken { index, from: self.done, end: self.end.clone() }
    }

    fn end(&self) -> u64 {
        self.end.load(Ordering::Relaxed)
    }

    fn left(&self) -> u64 {
        self.end().saturating_sub(self.done)
    }
}

/// So much of a segment is compared with the beginning of the file, which a server sends that knows no `REST`
/// and says that it does.
pub(crate) const HEAD_BYTES: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    fn ranges(plan: &SegmentPlan) -> Vec<(u64, u64)> {
        plan.claims().iter().map(|claim| (claim.start, claim.end)).collect()
    }

    /// Has the head written, as the first to come does.
    fn begun(plan: &mut SegmentPlan) -> Taken {
        let first = plan.take().unwrap();
        plan.wrote(first.index, HEAD_BYTES);
        first
    }

    #[test]
    fn a_file_is_divided_into_equal_segments_that_are_not_too_small() {
        assert_eq!(ranges(&SegmentPlan::new(0, 10, 3, 1)), [(0, 3), (3, 6), (6, 10)]);
        assert_eq!(ranges(&SegmentPlan::new(0, 10, 4, 5)), [(0, 5), (5, 10)]);
        assert_eq!(ranges(&SegmentPlan::new(0, 10, 4, 11)), [(0, 10)]);
        assert_eq!(ranges(&SegmentPlan::new(6, 10, 2, 1)), [(0, 8), (8, 10)]);
        assert_eq!(SegmentPlan::new(6, 10, 2, 1).left(), 4);
        let borders = ranges(&SegmentPlan::new(0, u64::MAX, 3, 1));
        assert_eq!((borders[0].0, borders[2].1), (0, u64::MAX));
    }

    #[test]
    fn the_head_comes_first_and_then_the_others() {
        let mut plan = SegmentPlan::new(0, 4 * MIB, 3, MIB);

        let first = plan.take().unwrap();
        assert_eq!((first.index, first.from), (0, 0));
        assert!(plan.take().is_none());
        plan.wrote(0, HEAD_BYTES);

        assert_eq!(plan.take().map(|taken| taken.index), Some(1));
        assert_eq!(plan.take().map(|taken| taken.index), Some(2));
    }

    #[test]
    fn whoever_is_free_takes_half_of_what_is_farthest_from_its_end() {
        let mut plan = SegmentPlan::new(0, 16 * MIB, 1, MIB);
        let first = begun(&mut plan);

        let second = plan.take().unwrap();
        let middle = first.end.load(Ordering::Relaxed);

        assert_eq!(second.from, middle);
        assert_eq!(ranges(&plan), [(0, middle), (middle, 16 * MIB)]);
        while plan.take().is_some() {}
        let smallest = plan.claims().iter().map(|claim| claim.end - claim.done).min().unwrap();
        assert!(smallest >= MIB, "{smallest}");
    }

    #[test]
    fn what_is_released_is_taken_where_it_broke_off() {
        let mut plan = SegmentPlan::new(0, 4 * MIB, 2, MIB);
        begun(&mut plan);
        let second = plan.take().unwrap();
        assert_eq!(plan.wrote(second.index, 5), 5);

        plan.release(second.index);

        assert_eq!(plan.take().map(|taken| taken.from), Some(2 * MIB + 5));
    }

    #[test]
    fn bytes_beyond_a_segment_count_for_nothing() {
        let mut plan = SegmentPlan::new(0, 4 * MIB, 2, MIB);
        let first = begun(&mut plan);

        assert_eq!(plan.wrote(first.index, 3 * MIB), 2 * MIB - HEAD_BYTES);
        assert!(plan.is_through(first.index) && !plan.is_whole());
        assert!(plan.holds(0, 2 * MIB) && !plan.holds(0, 2 * MIB + 1));
    }

    #[test]
    fn joined_segments_are_fetched_by_the_one_who_began() {
        let mut plan = SegmentPlan::new(0, 4 * MIB, 2, MIB);
        let first = begun(&mut plan);

        plan.join(1);

        assert_eq!(first.end.load(Ordering::Relaxed), 4 * MIB);
        assert!(plan.take().is_none() && !plan.is_hopeless());
        plan.wrote(0, 4 * MIB);
        assert!(plan.is_whole());
    }

    #[test]
    fn nothing_can_be_joined_once_the_first_segment_is_through() {
        let mut plan = SegmentPlan::new(0, 4 * MIB, 2, MIB);
        let first = begun(&mut plan);
        plan.wrote(first.index, 2 * MIB);

        plan.join(1);

        assert!(plan.is_hopeless());
    }
}

//! Whether one more connection would make a transfer faster.
//!
//! [`Concurrency`] is told what was moved, and when; it has no clock and opens nothing. What it decides is
//! carried out by the [`admission`](super::admission).

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

/// Decides over how many connections a transfer goes.
///
/// It begins with one, and takes more for as long as that moves more: four times as many where a step
/// brought nearly its full share, as on a line that only makes one wait; twice as many where it brought some
/// of it. A step that brought next to nothing is taken back, and tried again after a while.
#[derive(Debug)]
pub(crate) struct Concurrency {
    cap: usize,
    allowed: usize,
    /// How many of them have begun to work.
    working: usize,
    first_step: usize,
    /// So long must what is left take for a step to pay.
    min_remaining: Duration,
    /// What is measured, once all that are allowed work.
    sample: Option<Sample>,
    /// Where the last step began.
    before: Option<Baseline>,
    /// No step is tried before.
    rest_until: Option<Instant>,
    pause: Duration,
    left: WorkAmount,
}

/// What was measured with so many connections.
#[derive(Debug, Clone, Copy)]
struct Baseline {
    connections: usize,
    rate: f64,
}

impl Baseline {
    /// Gives how much of what more connections could bring at best this rate is.
    fn share(self, connections: usize, rate: f64) -> f64 {
        (rate / self.rate) / (connections as f64 / self.connections as f64)
    }
}

/// Files and bytes: moved, or still to be moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct WorkAmount {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
}

impl Concurrency {
    /// Begins with one connection; there are never more than `cap`.
    pub(crate) fn new(cap: usize) -> Self {
        Self {
            cap: cap.max(1),
            allowed: 1,
            working: 0,
            first_step: FAST_GROWTH,
            min_remaining: WORTH_OPENING,
            sample: None,
            before: None,
            rest_until: None,
            pause: FIRST_PAUSE,
            left: WorkAmount::default(),
        }
    }

    /// Begins with a step to two, where an additional connection costs what was begun.
    pub(crate) fn careful(cap: usize) -> Self {
        Self { first_step: STEP, min_remaining: WORTH_SPLITTING, ..Self::new(cap) }
    }

    /// Gives how many connections there may be.
    pub(crate) fn allowed(&self) -> usize {
        self.allowed
    }

    /// Gives how many connections there are at most after the next step.
    pub(crate) fn next_step(&self) -> usize {
        (self.allowed * FAST_GROWTH).min(self.cap)
    }

    /// Notes that there is more to do.
    pub(crate) fn found(&mut self, work: WorkAmount) {
        self.left.files += work.files;
        self.left.bytes += work.bytes;
    }

    /// Notes that something is no longer waiting to be done.
    pub(crate) fn begun(&mut self, work: WorkAmount) {
        self.left.files = self.left.files.saturating_sub(work.files);
        self.left.bytes = self.left.bytes.saturating_sub(work.bytes);
    }

    /// Notes that the connection with this rank, from 0 on, works.
    pub(crate) fn works(&mut self, rank: usize, now: Instant) {
        self.working = self.working.max(rank + 1).min(self.allowed);
        self.begin_sample(now);
    }

    /// Allows no more than this from now on: the server takes no more.
    pub(crate) fn limit(&mut self, cap: usize) {
        self.cap = self.cap.min(cap.max(1));
        if self.allowed > self.cap {
            self.settle(self.cap);
        }
    }

    /// Counts what was moved, and decides anew; tells whether the number of connections changed.
    pub(crate) fn moved(&mut self, work: WorkAmount, now: Instant) -> bool {
        let allowed = self.allowed;
        if let Some(sample) = &mut self.sample {
            sample.moved.files += work.files;
            sample.moved.bytes += work.bytes;
            if sample.has_settled(allowed, now) {
                let rate = sample.moved.weight() / now.saturating_duration_since(sample.since).as_secs_f64();
                *sample = Sample::new(now, false);
                if self.before.is_some_and(|before| before.share(allowed, rate) >= OBVIOUS_SHARE) {
                    self.sample = None;
                    self.decide(rate, now);
                }
            } else if let Some(rate) = sample.rate(allowed, now) {
                self.sample = None;
                self.decide(rate, now);
            }
        }
        self.begin_sample(now);
        self.allowed != allowed
    }

    /// Measures from when the last of those that are allowed works.
    fn begin_sample(&mut self, now: Instant) {
        if self.working == self.allowed && self.sample.is_none() {
            self.sample = Some(Sample::new(now, self.before.is_some()));
        }
    }

    fn decide(&mut self, rate: f64, now: Instant) {
        let Some(before) = self.before else {
            return match self.rest_until {
                None => self.step(self.first_step, rate),
                Some(until) if now >= until => self.step(STEP, rate),
                Some(_) => {}
            };
        };
        let gained = rate / before.rate;
        if gained < WORTH_IT {
            self.rest(now);
            return self.settle(before.connections);
        }
        self.pause = FIRST_PAUSE;
        let fast = before.share(self.allowed, rate) >= FULL_SHARE;
        self.step(if fast { FAST_GROWTH } else { STEP }, rate);
    }

    /// Goes up, unless all will be done before that pays.
    fn step(&mut self, factor: usize, rate: f64) {
        let next = (self.allowed * factor).min(self.cap);
        let pays = self.left.weight() / rate >= self.min_remaining.as_secs_f64();
        self.before = None;
        if next > self.allowed && pays {
            self.before = Some(Baseline { connections: self.allowed, rate });
            self.allowed = next;
        }
    }

    fn settle(&mut self, connections: usize) {
        self.allowed = connections;
        self.working = self.working.min(connections);
        self.before = None;
        self.sample = None;
    }

    fn rest(&mut self, now: Instant) {
        self.rest_until = Some(now + self.pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }
}

/// What was moved since a number of connections works.
#[derive(Debug)]
struct Sample {
    since: Instant,
    moved: WorkAmount,
    /// It is not measured yet: what was begun before a step is moved faster than what comes after it.
    settling: bool,
}

impl Sample {
    fn new(since: Instant, settling: bool) -> Self {
        Self { since, moved: WorkAmount::default(), settling }
    }

    /// Tells whether measuring may begin: when each connection has had a file on average, or after a while.
    fn has_settled(&self, connections: usize, now: Instant) -> bool {
        let elapsed = now.saturating_duration_since(self.since);
        let had_their_turn = self.moved.files >= connections as u64 && elapsed >= SHORTEST_SAMPLE;
        self.settling && (had_their_turn || elapsed >= SETTLING)
    }

    /// Gives what is moved in a second, once that can be told: when each connection has had a file on
    /// average, or after a while.
    fn rate(&self, connections: usize, now: Instant) -> Option<f64> {
        if self.settling {
            return None;
        }
        let elapsed = now.saturating_duration_since(self.since);
        let rounds = self.moved.files >= connections as u64 && elapsed >= SHORTEST_SAMPLE;
        let told = rounds || elapsed >= LONGEST_SAMPLE;
        (told && self.moved != WorkAmount::default()).then(|| self.moved.weight() / elapsed.as_secs_f64())
    }
}

impl WorkAmount {
    pub(crate) fn bytes(bytes: u64) -> Self {
        Self { files: 0, bytes }
    }

    /// A file, or a listing: something that costs round trips.
    pub(crate) fn file(size: u64) -> Self {
        Self { files: 1, bytes: size }
    }

    /// Gives files and bytes as one number.
    fn weight(self) -> f64 {
        self.files as f64 * BYTES_A_FILE + self.bytes as f64
    }
}

/// As many bytes as could have gone in the time that a file takes beside its bytes: a few milliseconds of a
/// fast line, or a few round trips on a slow one.
const BYTES_A_FILE: f64 = 256.0 * 1024.0;

const STEP: usize = 2;
const FAST_GROWTH: usize = 4;

/// A step must bring this much to be kept.
const WORTH_IT: f64 = 1.1;

/// From this share of what a step could bring at best, nothing was in the way.
const FULL_SHARE: f64 = 0.75;

/// From this share on nobody waits for things to settle.
const OBVIOUS_SHARE: f64 = 0.9;

/// A connection takes some round trips to open, and the server some work.
const WORTH_OPENING: Duration = Duration::from_millis(400);

/// A file that is split needs its space reserved and its state recorded.
const WORTH_SPLITTING: Duration = Duration::from_secs(2);

const SETTLING: Duration = Duration::from_millis(250);
const SHORTEST_SAMPLE: Duration = Duration::from_millis(100);
const LONGEST_SAMPLE: Duration = Duration::from_millis(500);

/// How long a step that brought nothing is not tried again.
const FIRST_PAUSE: Duration = Duration::from_secs(4);
const LONGEST_PAUSE: Duration = Duration::from_secs(64);

//! Adaptive concurrency: chooses the number of connections by measured throughput.
//!
//! [`Concurrency`] reads no clock and performs no I/O. The [`admission`](super::admission) reports the moved bytes to
//! it, and executes its decisions.

#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

/// Decides how many connections a transfer uses.
///
/// It starts with one, and adds more while that increases the throughput: it multiplies the number by four where a step
/// gained nearly its full share, as on a connection of high latency; by two where it gained part of it. A step that
/// gained almost nothing is undone, and repeated after a pause.
#[derive(Debug)]
pub(crate) struct Concurrency {
    cap: usize,
    allowed: usize,
    /// The number of allowed connections that have started to work.
    working: usize,
    first_step: usize,
    /// A step is taken only when the remaining work takes at least this long.
    min_remaining: Duration,
    /// Before the first step, the rate must have stopped growing, as it does after slow start.
    awaits_full_rate: bool,
    /// The rate of the previous measurement, of connections that may not have reached their full rate.
    growing: Option<f64>,
    /// The time that the server needs for a login.
    login_cost: Duration,
    /// The running measurement, once all allowed connections work.
    sample: Option<Sample>,
    /// The measurement before the last step.
    before: Option<Baseline>,
    /// No step is taken before this time.
    rest_until: Option<Instant>,
    pause: Duration,
    left: WorkAmount,
}

/// The throughput of a number of connections.
#[derive(Debug, Clone, Copy)]
struct Baseline {
    connections: usize,
    rate: f64,
}

impl Baseline {
    /// Returns the ratio of this rate to the best that more connections could reach.
    fn share(self, connections: usize, rate: f64) -> f64 {
        (rate / self.rate) / (connections as f64 / self.connections as f64)
    }
}

/// An amount of work: files and bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct WorkAmount {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
}

impl Concurrency {
    /// Starts with one connection; there are never more than `cap`.
    pub(crate) fn new(cap: usize) -> Self {
        Self {
            cap: cap.max(1),
            allowed: 1,
            working: 0,
            first_step: FAST_GROWTH,
            min_remaining: WORTH_OPENING,
            awaits_full_rate: false,
            growing: None,
            login_cost: Duration::ZERO,
            sample: None,
            before: None,
            rest_until: None,
            pause: FIRST_PAUSE,
            left: WorkAmount::default(),
        }
    }

    /// Starts with a step to two, where each additional connection is costly. It is taken only at the full rate of the
    /// first connection: in slow start any file seems to take long.
    pub(crate) fn careful(cap: usize) -> Self {
        let awaits_full_rate = true;
        Self { first_step: STEP, min_remaining: WORTH_SPLITTING, awaits_full_rate, ..Self::new(cap) }
    }

    /// Returns how many connections are allowed.
    pub(crate) fn allowed(&self) -> usize {
        self.allowed
    }

    /// Returns the maximum number of connections after the next step.
    pub(crate) fn next_step(&self) -> usize {
        (self.allowed * FAST_GROWTH).min(self.cap)
    }

    /// Sets the time that the server needs for a login, without the round trips.
    pub(crate) fn login_costs(&mut self, cost: Duration) {
        self.login_cost = cost;
    }

    /// Counts work that was found.
    pub(crate) fn found(&mut self, work: WorkAmount) {
        self.left.files += work.files;
        self.left.bytes += work.bytes;
    }

    /// Counts work that was started.
    pub(crate) fn started(&mut self, work: WorkAmount) {
        self.left.files = self.left.files.saturating_sub(work.files);
        self.left.bytes = self.left.bytes.saturating_sub(work.bytes);
    }

    /// Notes that the connection with this rank, counted from 0, works.
    pub(crate) fn works(&mut self, rank: usize, now: Instant) {
        self.working = self.working.max(rank + 1).min(self.allowed);
        self.begin_sample(now);
    }

    /// Lowers the limit: the server accepts no more connections.
    pub(crate) fn limit(&mut self, cap: usize) {
        self.cap = self.cap.min(cap.max(1));
        if self.allowed > self.cap {
            self.settle(self.cap);
        }
    }

    /// Counts work that was done, and decides again; returns whether the number of connections changed.
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

    /// Starts to measure when all allowed connections work.
    fn begin_sample(&mut self, now: Instant) {
        if self.working == self.allowed && self.sample.is_none() {
            self.sample = Some(Sample::new(now, self.before.is_some()));
        }
    }

    fn decide(&mut self, rate: f64, now: Instant) {
        let Some(before) = self.before else {
            if self.awaits_full_rate && self.is_growing(rate) {
                return;
            }
            return match self.rest_until {
                None => self.step(self.first_step, rate),
                Some(until) if now >= until => self.step(STEP, rate),
                Some(_) => {}
            };
        };
        let gained = rate / before.rate;
        if gained < MIN_GAIN {
            self.rest(now);
            return self.settle(before.connections);
        }
        self.pause = FIRST_PAUSE;
        let fast = before.share(self.allowed, rate) >= FULL_SHARE;
        self.step(if fast { FAST_GROWTH } else { STEP }, rate);
    }

    /// Notes a rate; returns whether it is the first one, or much higher than the one before.
    fn is_growing(&mut self, rate: f64) -> bool {
        let grows = self.growing.is_none_or(|before| rate > before * GROWTH);
        self.growing = Some(rate);
        grows
    }

    /// Adds as many connections as the remaining work justifies.
    fn step(&mut self, factor: usize, rate: f64) {
        let remaining = self.left.weight() / rate;
        let wanted = (self.allowed * factor).min(self.cap);
        self.before = None;
        let next =
            (self.allowed + 1..=wanted).rev().find(|next| remaining >= self.worth(next - self.allowed));
        if let Some(next) = next {
            self.before = Some(Baseline { connections: self.allowed, rate });
            self.allowed = next;
        }
    }

    /// Returns how many seconds the remaining work must take for this many more connections. If they gain nothing, the
    /// server's work for their logins adds a twentieth to the transfer at most.
    fn worth(&self, connections: usize) -> f64 {
        let logins = self.login_cost.as_secs_f64() * connections as f64;
        self.min_remaining.as_secs_f64().max(logins * LOGIN_FACTOR)
    }

    fn settle(&mut self, connections: usize) {
        self.allowed = connections;
        self.working = self.working.min(connections);
        self.before = None;
        self.sample = None;
    }

    fn rest(&mut self, now: Instant) {
        self.rest_until = Some(now + self.pause);
        self.pause = (self.pause * 2).min(MAX_PAUSE);
    }
}

/// The work that was done since all allowed connections work.
#[derive(Debug)]
struct Sample {
    since: Instant,
    moved: WorkAmount,
    /// The rate is not measured yet: after a step it changes for a while.
    settling: bool,
}

impl Sample {
    fn new(since: Instant, settling: bool) -> Self {
        Self { since, moved: WorkAmount::default(), settling }
    }

    /// Returns whether measuring may start: when each connection has had a file on average, or after some time.
    fn has_settled(&self, connections: usize, now: Instant) -> bool {
        let elapsed = now.saturating_duration_since(self.since);
        let had_their_turn = self.moved.files >= connections as u64 && elapsed >= MIN_SAMPLE;
        self.settling && (had_their_turn || elapsed >= SETTLING)
    }

    /// Returns the work per second once the sample is long enough: when each connection has had a file on average, or
    /// after some time.
    fn rate(&self, connections: usize, now: Instant) -> Option<f64> {
        if self.settling {
            return None;
        }
        let elapsed = now.saturating_duration_since(self.since);
        let rounds = self.moved.files >= connections as u64 && elapsed >= MIN_SAMPLE;
        let is_enough = rounds || elapsed >= MAX_SAMPLE;
        (is_enough && self.moved != WorkAmount::default())
            .then(|| self.moved.weight() / elapsed.as_secs_f64())
    }
}

impl WorkAmount {
    pub(crate) fn bytes(bytes: u64) -> Self {
        Self { files: 0, bytes }
    }

    /// A file or a listing: work that costs round trips.
    pub(crate) fn file(size: u64) -> Self {
        Self { files: 1, bytes: size }
    }

    /// Returns files and bytes as one number.
    fn weight(self) -> f64 {
        self.files as f64 * BYTES_PER_FILE + self.bytes as f64
    }
}

/// The overhead of a file in bytes: as many as a connection transfers in a few milliseconds when it is fast, or in a
/// few round trips when it is slow.
const BYTES_PER_FILE: f64 = 256.0 * 1024.0;

const STEP: usize = 2;
const FAST_GROWTH: usize = 4;

/// A step must gain this much to be kept.
const MIN_GAIN: f64 = 1.1;

/// A rate that is higher than the one before by this factor has not reached its maximum.
const GROWTH: f64 = 1.2;

/// From this share of the best possible gain on, the next step is a fast one.
const FULL_SHARE: f64 = 0.75;

/// From this share on the rate need not settle first.
const OBVIOUS_SHARE: f64 = 0.9;

/// Opening a connection takes some round trips, and some work of the server.
const WORTH_OPENING: Duration = Duration::from_millis(400);

/// The remaining work must take this many times as long as the logins for it.
const LOGIN_FACTOR: f64 = 20.0;

/// A split file needs its space reserved and its status saved.
const WORTH_SPLITTING: Duration = Duration::from_secs(2);

const SETTLING: Duration = Duration::from_millis(250);
const MIN_SAMPLE: Duration = Duration::from_millis(100);
const MAX_SAMPLE: Duration = Duration::from_millis(500);

/// The time for which a step that gained nothing is not repeated.
const FIRST_PAUSE: Duration = Duration::from_secs(4);
const MAX_PAUSE: Duration = Duration::from_secs(64);

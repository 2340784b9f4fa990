//! Rate of the last seconds, and the time that is left at this rate.

use std::{
    collections::VecDeque,
    fmt::{self, Write},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::ProgressState;

use crate::units::{HumanBytes, ShortDuration};

/// Measures the rate of a bar each time the bar is drawn. Clones measure together.
#[derive(Debug, Clone, Default)]
pub(super) struct Pace(Arc<Mutex<Samples>>);

impl Pace {
    /// Writes the rate, and the time left if the size is known.
    pub(super) fn write(&self, state: &ProgressState, to: &mut dyn Write) {
        let mut samples = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        samples.add(Instant::now(), state.pos());
        // Writing to a buffer of the bar cannot fail.
        let _ = write_pace(to, samples.rate(), state.len().map(|length| length.saturating_sub(state.pos())));
    }
}

fn write_pace(to: &mut dyn Write, rate: Option<f64>, left: Option<u64>) -> fmt::Result {
    let shown = rate.map(|rate| format!("{}/s", HumanBytes(rate as u64))).unwrap_or_default();
    write!(to, "{shown:>12}")?;
    let Some(left) = left else { return Ok(()) };
    let time = rate.filter(|rate| *rate >= 1.0);
    let time = time.and_then(|rate| Duration::try_from_secs_f64(left as f64 / rate).ok());
    let shown = time.map(|time| format!("{} left", ShortDuration(time))).unwrap_or_default();
    write!(to, " {shown:>11}")
}

/// Positions of a bar in the last seconds.
#[derive(Debug, Default)]
struct Samples {
    begun: Option<Instant>,
    positions: VecDeque<(Instant, u64)>,
}

impl Samples {
    fn add(&mut self, now: Instant, position: u64) {
        let begun = *self.begun.get_or_insert(now);
        // A limit of the rate lets the first bytes pass at once: they say nothing about the rate.
        if now.duration_since(begun) < WARM_UP {
            return;
        }
        // The transfer was retried: its bytes count again.
        if self.positions.back().is_some_and(|(_, last)| position < *last) {
            self.positions.clear();
        }
        if self.positions.back().is_none_or(|(last, _)| now.duration_since(*last) >= INTERVAL) {
            self.positions.push_back((now, position));
        }
        while self.positions.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= WINDOW) {
            self.positions.pop_front();
        }
    }

    /// Returns the bytes per second; `None` in the first moments.
    fn rate(&self) -> Option<f64> {
        let ((first, from), (last, to)) = (self.positions.front()?, self.positions.back()?);
        let elapsed = last.duration_since(*first);
        (elapsed >= MIN_MEASURED).then(|| to.saturating_sub(*from) as f64 / elapsed.as_secs_f64())
    }
}

const WARM_UP: Duration = Duration::from_millis(300);
const INTERVAL: Duration = Duration::from_millis(100);
const MIN_MEASURED: Duration = Duration::from_millis(500);
const WINDOW: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the rate after samples at these milliseconds and positions.
    fn rate(samples: &[(u64, u64)]) -> Option<f64> {
        let begun = Instant::now();
        let mut kept = Samples::default();
        for (milliseconds, position) in samples {
            kept.add(begun + Duration::from_millis(*milliseconds), *position);
        }
        kept.rate()
    }

    #[test]
    fn rate_leaves_out_the_first_burst() {
        // 1000 bytes a second, after 500 bytes at once.
        let steady: Vec<_> = (0..20).map(|step| (step * 100, 500 + step * 100)).collect();
        let shown = rate(&[&[(0, 0)], &steady[..]].concat()).unwrap();
        assert!((shown - 1000.0).abs() < 1.0, "{shown}");
        assert_eq!(rate(&[(0, 0), (100, 832), (400, 900)]), None);
    }

    #[test]
    fn rate_is_that_of_the_last_seconds() {
        let fast = (0..50).map(|step| (step * 100, step * 1000));
        let slow = (50..100).map(|step| (step * 100, 50_000 + (step - 50) * 10));
        let shown = rate(&fast.chain(slow).collect::<Vec<_>>()).unwrap();
        assert!(shown < 150.0, "{shown}");
        let stalled: Vec<_> = (0..50).map(|step| (step * 100, 7)).collect();
        assert_eq!(rate(&stalled), Some(0.0));
    }

    #[test]
    fn retried_bytes_restart_the_measurement() {
        let before = (0..20).map(|step| (step * 100, step * 1000));
        let after = (20..40).map(|step| (step * 100, (step - 20) * 10));
        assert_eq!(rate(&before.chain(after).collect::<Vec<_>>()), Some(100.0));
    }

    #[test]
    fn time_left_is_shown_for_a_known_size() {
        let shown = |rate, left| {
            let mut text = String::new();
            write_pace(&mut text, rate, left).unwrap();
            text
        };
        assert_eq!(shown(Some(1024.0), Some(61 * 1024)), "   1.0 KiB/s  1m01s left");
        assert_eq!(shown(Some(1024.0), None), "   1.0 KiB/s");
        assert_eq!(shown(None, Some(5)).trim(), "");
        assert_eq!(shown(Some(0.0), Some(5)).trim(), "0 B/s");
    }
}

//! Rate limits.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep};

/// The rate limits of a client, in bytes per second, for each direction.
///
/// All connections of a client share one throttle. Clones share the same limits, so that several clients can
/// share one. Limits can be changed during a transfer. Idle time adds at most one second of credit.
///
/// ```
/// let throttle = oxftp::Throttle::unlimited();
/// throttle.set_read_limit(Some(64 * 1024));
/// assert_eq!(throttle.read_limit(), Some(64 * 1024));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Throttle(Arc<Rates>);

#[derive(Debug, Default)]
struct Rates {
    read: Rate,
    write: Rate,
}

impl Throttle {
    /// Creates a throttle without limits.
    ///
    /// ```
    /// use oxftp::Throttle;
    ///
    /// let throttle = Throttle::unlimited();
    /// assert_eq!(throttle.read_limit(), None);
    /// ```
    #[must_use]
    pub fn unlimited() -> Self {
        Self::default()
    }

    /// Returns the limit for received bytes; `None` if there is none.
    ///
    /// ```
    /// use oxftp::Throttle;
    ///
    /// let throttle = Throttle::unlimited();
    /// throttle.set_read_limit(Some(1_000_000));
    /// assert_eq!(throttle.read_limit(), Some(1_000_000));
    /// ```
    #[must_use]
    pub fn read_limit(&self) -> Option<u64> {
        self.0.read.limit()
    }

    /// Returns the limit for sent bytes; `None` if there is none.
    ///
    /// ```
    /// use oxftp::Throttle;
    ///
    /// let throttle = Throttle::unlimited();
    /// throttle.set_write_limit(Some(1_000_000));
    /// assert_eq!(throttle.write_limit(), Some(1_000_000));
    /// ```
    #[must_use]
    pub fn write_limit(&self) -> Option<u64> {
        self.0.write.limit()
    }

    /// Sets the limit for received bytes, in bytes per second; `None` and 0 mean no limit.
    ///
    /// ```
    /// use oxftp::Throttle;
    ///
    /// let throttle = Throttle::unlimited();
    /// throttle.set_read_limit(Some(1_000_000));
    /// ```
    pub fn set_read_limit(&self, bytes_per_second: Option<u64>) {
        self.0.read.set_limit(bytes_per_second);
    }

    /// Sets the limit for sent bytes, in bytes per second; `None` and 0 mean no limit.
    ///
    /// ```
    /// use oxftp::Throttle;
    ///
    /// let throttle = Throttle::unlimited();
    /// throttle.set_write_limit(None);
    /// ```
    pub fn set_write_limit(&self, bytes_per_second: Option<u64>) {
        self.0.write.set_limit(bytes_per_second);
    }

    pub(crate) fn reading(&self) -> TokenBucket {
        TokenBucket { throttle: self.clone(), direction: |rates| &rates.read, pause: None, turn: None }
    }

    pub(crate) fn writing(&self) -> TokenBucket {
        TokenBucket { throttle: self.clone(), direction: |rates| &rates.write, pause: None, turn: None }
    }
}

/// The share of one direction of a stream in the rate limit of a [`Throttle`].
pub(crate) struct TokenBucket {
    throttle: Throttle,
    direction: fn(&Rates) -> &Rate,
    pause: Option<Pin<Box<Sleep>>>,
    /// The latest time at which this stream may proceed, whatever other streams spend in the meantime. Without it, a
    /// reply would wait forever while a data connection uses up the whole limit.
    turn: Option<Instant>,
}

impl TokenBucket {
    /// Waits until bytes may be transferred; returns the maximum number.
    pub(crate) fn poll_allowance(&mut self, cx: &mut Context<'_>) -> Poll<usize> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            let now = Instant::now();
            let (bytes, next_free_at) = (self.direction)(&self.throttle.0).allowance();
            let turn = *self.turn.get_or_insert(next_free_at.unwrap_or(now));
            if next_free_at.is_none_or(|next_free_at| next_free_at.min(turn) <= now) {
                self.turn = None;
                return Poll::Ready(bytes);
            }
            // The sleep is short, so that a raised limit takes effect soon.
            self.pause = Some(Box::pin(tokio::time::sleep_until(turn.min(now + MAX_SLEEP))));
        }
    }

    /// Returns whether a limit is set.
    #[cfg(target_os = "linux")]
    pub(crate) fn is_limited(&self) -> bool {
        (self.direction)(&self.throttle.0).limit().is_some()
    }

    /// Counts transferred bytes.
    pub(crate) fn spend(&self, bytes: usize) {
        (self.direction)(&self.throttle.0).spend(bytes, Instant::now());
    }
}

#[derive(Debug, Default)]
struct Rate(Mutex<RateState>);

#[derive(Debug, Default)]
struct RateState {
    limit: Option<u64>,
    /// The time at which the limit allows the next bytes.
    next_free_at: Option<Instant>,
}

impl Rate {
    fn state(&self) -> MutexGuard<'_, RateState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn limit(&self) -> Option<u64> {
        self.state().limit
    }

    fn set_limit(&self, limit: Option<u64>) {
        *self.state() = RateState { limit: limit.filter(|limit| *limit > 0), next_free_at: None };
    }

    /// Returns how many bytes may be transferred at once, and when the limit allows the next ones.
    fn allowance(&self) -> (usize, Option<Instant>) {
        let state = self.state();
        let Some(limit) = state.limit else { return (usize::MAX, None) };
        let portion = usize::try_from(limit / PORTIONS_PER_SECOND).unwrap_or(usize::MAX).max(1);
        (portion, state.next_free_at)
    }

    fn spend(&self, bytes: usize, now: Instant) {
        let mut state = self.state();
        let Some(limit) = state.limit else { return };
        let cost = Duration::from_secs_f64(bytes as f64 / limit as f64);
        let oldest = now.checked_sub(MAX_CREDIT).unwrap_or(now);
        state.next_free_at = Some(state.next_free_at.unwrap_or(now).max(oldest) + cost);
    }
}

const MAX_CREDIT: Duration = Duration::from_secs(1);
const MAX_SLEEP: Duration = Duration::from_millis(100);
const PORTIONS_PER_SECOND: u64 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    async fn transfer(bucket: &mut TokenBucket, mut bytes: usize) -> Duration {
        let start = Instant::now();
        while bytes > 0 {
            let max_bytes = std::future::poll_fn(|cx| bucket.poll_allowance(cx)).await;
            let passed = bytes.min(max_bytes);
            bucket.spend(passed);
            bytes -= passed;
        }
        std::future::poll_fn(|cx| bucket.poll_allowance(cx)).await;
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn transfer_time_matches_the_rate_limit() {
        let throttle = Throttle::unlimited();
        throttle.set_read_limit(Some(1000));

        let elapsed = transfer(&mut throttle.reading(), 5000).await;

        assert!((4.9..5.2).contains(&elapsed.as_secs_f64()), "{elapsed:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn idle_time_adds_one_second_of_credit() {
        let throttle = Throttle::unlimited();
        throttle.set_read_limit(Some(1000));
        transfer(&mut throttle.reading(), 10).await;

        tokio::time::advance(Duration::from_secs(3600)).await;
        let elapsed = transfer(&mut throttle.reading(), 5000).await;

        assert!((3.9..4.2).contains(&elapsed.as_secs_f64()), "{elapsed:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn streams_share_a_rate_limit_directions_do_not() {
        let throttle = Throttle::unlimited();
        throttle.set_read_limit(Some(1000));
        let (mut one, mut other, mut writing) = (throttle.reading(), throttle.reading(), throttle.writing());

        let start = Instant::now();
        tokio::join!(transfer(&mut one, 2000), transfer(&mut other, 2000));
        let both = start.elapsed();

        assert!((3.8..4.3).contains(&both.as_secs_f64()), "{both:?}");
        assert_eq!(transfer(&mut writing, 1_000_000).await, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn small_transfer_is_not_starved_by_large_one() {
        let throttle = Throttle::unlimited();
        throttle.set_read_limit(Some(1000));
        let (mut much, mut little) = (throttle.reading(), throttle.reading());

        let little = async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            transfer(&mut little, 10).await
        };
        let (all, soon) = tokio::join!(transfer(&mut much, 5000), little);

        assert!((4.9..5.3).contains(&all.as_secs_f64()), "{all:?}");
        assert!(soon < Duration::from_millis(500), "{soon:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn rate_limit_raised_during_transfer_takes_effect() {
        let throttle = Throttle::unlimited();
        throttle.set_read_limit(Some(1));
        let mut bucket = throttle.reading();
        let raise = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            throttle.set_read_limit(None);
        };

        let (elapsed, ()) = tokio::join!(transfer(&mut bucket, 1000), raise);

        assert!(elapsed < Duration::from_secs(6), "{elapsed:?}");
    }
}

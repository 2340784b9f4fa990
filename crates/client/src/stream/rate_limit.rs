//! Speed limits.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep};

/// The speed limits of a client, in bytes per second, for each direction.
///
/// One throttle is shared by the control connection and all data connections of a client; clones
/// share it too, so that several clients can be held to one limit. Limits may be changed while a
/// transfer runs. Time without traffic earns at most one second of credit.
///
/// ```
/// let throttle = oxftp::Throttle::unlimited();
/// throttle.set_read_limit(Some(64 * 1024));
/// assert_eq!(throttle.read_limit(), Some(64 * 1024));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Throttle(Arc<Both>);

#[derive(Debug, Default)]
struct Both {
    read: Rate,
    write: Rate,
}

impl Throttle {
    /// Makes a throttle that limits nothing until told.
    #[must_use]
    pub fn unlimited() -> Self {
        Self::default()
    }

    /// Gives the limit for what is received, `None` when there is none.
    #[must_use]
    pub fn read_limit(&self) -> Option<u64> {
        self.0.read.limit()
    }

    /// Gives the limit for what is sent, `None` when there is none.
    #[must_use]
    pub fn write_limit(&self) -> Option<u64> {
        self.0.write.limit()
    }

    /// Sets the limit for what is received, in bytes per second; `None` and 0 mean none.
    pub fn set_read_limit(&self, bytes_per_second: Option<u64>) {
        self.0.read.set_limit(bytes_per_second);
    }

    /// Sets the limit for what is sent, in bytes per second; `None` and 0 mean none.
    pub fn set_write_limit(&self, bytes_per_second: Option<u64>) {
        self.0.write.set_limit(bytes_per_second);
    }

    pub(crate) fn reading(&self) -> TokenBucket {
        TokenBucket { throttle: self.clone(), direction: |both| &both.read, pause: None, turn: None }
    }

    pub(crate) fn writing(&self) -> TokenBucket {
        TokenBucket { throttle: self.clone(), direction: |both| &both.write, pause: None, turn: None }
    }
}

/// One direction of one stream under a throttle.
pub(crate) struct TokenBucket {
    throttle: Throttle,
    direction: fn(&Both) -> &Rate,
    pause: Option<Pin<Box<Sleep>>>,
    /// When it is this one's turn, whatever others spend meanwhile: a reply would wait for ever beside data
    /// that take all there is.
    turn: Option<Instant>,
}

impl TokenBucket {
    /// Waits until bytes may pass; gives how many at most.
    pub(crate) fn poll_allowance(&mut self, cx: &mut Context<'_>) -> Poll<usize> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            let now = Instant::now();
            let (bytes, paid_at) = (self.direction)(&self.throttle.0).allowance();
            let turn = *self.turn.get_or_insert(paid_at.unwrap_or(now));
            if paid_at.is_none_or(|paid_at| paid_at.min(turn) <= now) {
                self.turn = None;
                return Poll::Ready(bytes);
            }
            // A short nap, so that a limit that was raised meanwhile takes effect soon.
            self.pause = Some(Box::pin(tokio::time::sleep_until(turn.min(now + MAX_SLEEP))));
        }
    }

    /// Tells whether there is a limit now.
    #[cfg(target_os = "linux")]
    pub(crate) fn is_limited(&self) -> bool {
        (self.direction)(&self.throttle.0).limit().is_some()
    }

    /// Counts bytes that passed.
    pub(crate) fn spend(&self, bytes: usize) {
        (self.direction)(&self.throttle.0).spend(bytes, Instant::now());
    }
}

#[derive(Debug, Default)]
struct Rate(Mutex<Account>);

#[derive(Debug, Default)]
struct Account {
    limit: Option<u64>,
    /// When what has passed so far is paid for.
    paid_at: Option<Instant>,
}

impl Rate {
    fn account(&self) -> MutexGuard<'_, Account> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn limit(&self) -> Option<u64> {
        self.account().limit
    }

    fn set_limit(&self, limit: Option<u64>) {
        *self.account() = Account { limit: limit.filter(|limit| *limit > 0), paid_at: None };
    }

    /// How many bytes may pass at once, and when what has passed so far is paid for.
    fn allowance(&self) -> (usize, Option<Instant>) {
        let account = self.account();
        let Some(limit) = account.limit else { return (usize::MAX, None) };
        let portion = usize::try_from(limit / PORTIONS_PER_SECOND).unwrap_or(usize::MAX).max(1);
        (portion, account.paid_at)
    }

    fn spend(&self, bytes: usize, now: Instant) {
        let mut account = self.account();
        let Some(limit) = account.limit else { return };
        let cost = Duration::from_secs_f64(bytes as f64 / limit as f64);
        let oldest = now.checked_sub(MOST_CREDIT).unwrap_or(now);
        account.paid_at = Some(account.paid_at.unwrap_or(now).max(oldest) + cost);
    }
}

const MOST_CREDIT: Duration = Duration::from_secs(1);
const MAX_SLEEP: Duration = Duration::from_millis(100);
const PORTIONS_PER_SECOND: u64 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    async fn pass(pace: &mut TokenBucket, mut bytes: usize) -> Duration {
        let start = Instant::now();
        while bytes > 0 {
            let most = std::future::poll_fn(|cx| pace.poll_allowance(cx)).await;
            let passed = bytes.min(most);
            pace.spend(passed);
            bytes -= passed;
        }
        std::future::poll_fn(|cx| pace.poll_allowance(cx)).await;
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_take_the_time_that_the_limit_says() {
        let throttle = Throttle::unlimited();
        throttle.set_read_limit(Some(1000));

        let elapsed = pass(&mut throttle.reading(), 5000).await;

        assert!((4.9..5.2).contains(&elapsed.as_secs_f64()), "{elapsed:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_hour_of_idling_earns_one_second_of_credit() {
        let throttle = Throttle::unlimited();
        throttle.set_read_limit(Some(1000));
        pass(&mut throttle.reading(), 10).await;

        tokio::time::advance(Duration::from_secs(3600)).await;
        let elapsed = pass(&mut throttle.reading(), 5000).await;

        assert!((3.9..4.2).contains(&elapsed.as_secs_f64()), "{elapsed:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn streams_share_one_limit_and_directions_do_not() {
        let throttle = Throttle::unlimited();
        throttle.set_read_limit(Some(1000));
        let (mut one, mut other, mut writing) = (throttle.reading(), throttle.reading(), throttle.writing());

        let start = Instant::now();
        tokio::join!(pass(&mut one, 2000), pass(&mut other, 2000));
        let both = start.elapsed();

        assert!((3.8..4.3).contains(&both.as_secs_f64()), "{both:?}");
        assert_eq!(pass(&mut writing, 1_000_000).await, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_little_does_not_wait_for_the_end_of_much() {
        let throttle = Throttle::unlimited();
        throttle.set_read_limit(Some(1000));
        let (mut much, mut little) = (throttle.reading(), throttle.reading());

        let little = async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            pass(&mut little, 10).await
        };
        let (all, soon) = tokio::join!(pass(&mut much, 5000), little);

        assert!((4.9..5.3).contains(&all.as_secs_f64()), "{all:?}");
        assert!(soon < Duration::from_millis(500), "{soon:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_raised_during_a_transfer_takes_effect() {
        let throttle = Throttle::unlimited();
        throttle.set_read_limit(Some(1));
        let mut pace = throttle.reading();
        let raise = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            throttle.set_read_limit(None);
        };

        let (elapsed, ()) = tokio::join!(pass(&mut pace, 1000), raise);

        assert!(elapsed < Duration::from_secs(6), "{elapsed:?}");
    }
}

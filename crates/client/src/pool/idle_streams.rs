//! Idle streams, whose queues are full. The stream that has been idle for longest lends its session first.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::sleep;

use super::Pool;

/// The streams whose queue is full, in the order in which they became idle.
#[derive(Debug, Default)]
pub(super) struct IdleStreams {
    order: Mutex<IdleOrder>,
}

#[derive(Debug, Default)]
struct IdleOrder {
    /// The number of the stream that became idle last.
    last: u64,
    idle: BTreeSet<u64>,
}

impl IdleStreams {
    /// Adds a stream.
    pub(super) fn enter(&self) -> IdleStream<'_> {
        let mut order = self.lock();
        order.last += 1;
        let number = order.last;
        order.idle.insert(number);
        IdleStream { streams: self, number }
    }

    fn lock(&self) -> MutexGuard<'_, IdleOrder> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One idle stream, until it is dropped.
pub(super) struct IdleStream<'p> {
    streams: &'p IdleStreams,
    number: u64,
}

impl IdleStream<'_> {
    /// Waits until a caller waits for a session and this stream has been idle for longest.
    pub(super) async fn should_yield(&self, pool: &Pool) {
        sleep(IDLE).await;
        loop {
            pool.contended().await;
            if self.streams.lock().idle.first() == Some(&self.number) {
                return;
            }
            sleep(IDLE).await;
        }
    }
}

impl Drop for IdleStream<'_> {
    fn drop(&mut self) {
        self.streams.lock().idle.remove(&self.number);
    }
}

/// The time that a stream must be idle before it is suspended.
const IDLE: Duration = Duration::from_millis(10);

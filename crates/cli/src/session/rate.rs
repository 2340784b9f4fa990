//! Rate limits of the sessions, which follow their timetable.

use std::time::Duration;

use jiff::Zoned;
use oxftp::Throttle;
use tokio::task::AbortHandle;

use crate::args::RateTimetable;

/// A throttle with the timetable that it follows.
#[derive(Debug)]
pub(super) struct LimitedRate {
    throttle: Throttle,
    timetable: Option<RateTimetable>,
    /// The task that changes the limit at the times of the timetable.
    clock: Option<AbortHandle>,
}

impl LimitedRate {
    pub(super) fn new(timetable: Option<RateTimetable>) -> Self {
        let mut rate = Self { throttle: Throttle::unlimited(), timetable: None, clock: None };
        rate.set(timetable);
        rate
    }

    pub(super) fn throttle(&self) -> Throttle {
        self.throttle.clone()
    }

    /// Returns the timetable, if there is a limit.
    pub(super) fn timetable(&self) -> Option<&RateTimetable> {
        self.timetable.as_ref()
    }

    /// Changes the limit, also of transfers that are running.
    pub(super) fn set(&mut self, timetable: Option<RateTimetable>) {
        if let Some(clock) = self.clock.take() {
            clock.abort();
        }
        apply(&self.throttle, timetable.as_ref().and_then(|timetable| timetable.at(minute_of_day())));
        self.timetable = timetable;
        if let Some(timetable) = self.timetable.clone().filter(|timetable| !timetable.is_constant())
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let clock = runtime.spawn(follow(timetable, self.throttle.clone()));
            self.clock = Some(clock.abort_handle());
        }
    }
}

/// Changes the limit at the times of the timetable.
async fn follow(timetable: RateTimetable, throttle: Throttle) {
    loop {
        // A clock that is changed, or a machine that slept, is noticed soon.
        tokio::time::sleep(CHECK_EVERY).await;
        let limit = timetable.at(minute_of_day());
        if throttle.read_limit() != limit {
            apply(&throttle, limit);
        }
    }
}

fn apply(throttle: &Throttle, limit: Option<u64>) {
    throttle.set_read_limit(limit);
    throttle.set_write_limit(limit);
}

/// Returns the minutes since midnight in the time zone of this system.
fn minute_of_day() -> u32 {
    let now = Zoned::now();
    60 * u32::try_from(now.hour()).unwrap_or(0) + u32::try_from(now.minute()).unwrap_or(0)
}

const CHECK_EVERY: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn changed_limit_rate_holds_for_running_transfers() {
        let mut rate = LimitedRate::new(None);
        let running = rate.throttle();

        rate.set("1M".parse().ok());
        assert_eq!((running.read_limit(), running.write_limit()), (Some(1 << 20), Some(1 << 20)));
        rate.set("00:00,2M 12:00,2097152".parse().ok());
        assert_eq!(running.read_limit(), Some(2 << 20));
        rate.set("off".parse().ok());
        assert_eq!((running.read_limit(), running.write_limit()), (None, None));
    }
}

//! Login times: when sessions logged in to a server, by any client. Some servers end one session for another.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// The logins to one server that are running, and the times at which the last two ended. One that failed counts, too: the
/// server may have ended another session for it.
#[derive(Debug, Default)]
pub(crate) struct LoginTimes(Mutex<LoginState>);

#[derive(Debug, Default)]
struct LoginState {
    running: usize,
    /// The latest first.
    ended: [Option<Instant>; 2],
}

/// A running login. Dropping it ends the login.
#[must_use]
pub(crate) struct RunningLogin<'t> {
    times: &'t LoginTimes,
    ended_at: Option<Instant>,
}

impl LoginTimes {
    /// Counts a login as running until the result is dropped.
    pub(crate) fn begin(&self) -> RunningLogin<'_> {
        self.lock().running += 1;
        RunningLogin { times: self, ended_at: None }
    }

    /// Adds a login that ended at this time, unless it is known.
    pub(crate) fn add(&self, ended_at: Instant) {
        let mut state = self.lock();
        if !state.ended.contains(&Some(ended_at)) {
            state.ended = [Some(ended_at), state.ended[0]];
        }
    }

    /// Returns whether no login has ended.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().ended[0].is_none()
    }

    /// Returns whether a login is running, or ended a short time ago, after another login had begun. `own` is the time at
    /// which that login was complete.
    pub(crate) fn has_newer(&self, began: Option<Instant>, own: Option<Instant>) -> bool {
        let state = self.lock();
        let is_newer = |login: Instant| {
            Some(login) > began && Some(login) != own && login.elapsed() < DISPLACEMENT_WINDOW
        };
        state.running > 0 || state.ended.into_iter().flatten().any(is_newer)
    }

    fn lock(&self) -> MutexGuard<'_, LoginState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RunningLogin<'_> {
    /// Ends the login at this time.
    pub(crate) fn complete(mut self, at: Instant) {
        self.ended_at = Some(at);
    }
}

impl Drop for RunningLogin<'_> {
    fn drop(&mut self) {
        self.times.lock().running -= 1;
        self.times.add(self.ended_at.unwrap_or_else(Instant::now));
    }
}

/// The time after a login within which the loss of another session is attributed to the login.
const DISPLACEMENT_WINDOW: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn failed_login_may_have_ended_a_session() {
        let (times, began) = (LoginTimes::default(), Instant::now());
        let is_newer = |own| times.has_newer(Some(began), own);
        let pass = || tokio::time::advance(Duration::from_secs(1));

        let first = times.begin();
        pass().await;
        let own = Instant::now();
        first.complete(own);
        assert!(!is_newer(Some(own)) && is_newer(None));

        let failed = times.begin();
        assert!(is_newer(Some(own)));
        pass().await;
        drop(failed);
        assert!(is_newer(Some(own)));

        tokio::time::advance(DISPLACEMENT_WINDOW).await;
        assert!(!is_newer(Some(own)));
    }
}

//! Who may have a session, and who is next.
//!
//! [`SessionSemaphore`] counts sessions and queues those who want one, first come, first served. Opening,
//! checking and quitting sessions is the pool's task.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::oneshot, time::Instant};

/// The sessions of a pool: a permit for each that may be in use.
#[derive(Debug)]
pub(crate) struct SessionSemaphore<S> {
    state: Mutex<PermitState<S>>,
}

#[derive(Debug)]
struct PermitState<S> {
    /// SessionSemaphore that the user wants.
    size: usize,
    /// SessionSemaphore that the server allows, as far as is known; from 1 to `size`.
    limit: usize,
    /// When the server refused a session.
    refused: Option<Instant>,
    taken: usize,
    /// Sessions at rest, the last used last.
    idle: Vec<(S, Instant)>,
    /// Those who wait, by their ticket.
    waiting: BTreeMap<u64, oneshot::Sender<Permit<S>>>,
    tickets: u64,
    closed: bool,
}

/// The right to one session; dropping it lets the next in.
#[derive(Debug)]
pub(crate) struct Permit<S>(Option<Arc<SessionSemaphore<S>>>);

impl<S> SessionSemaphore<S> {
    pub(crate) fn new(size: usize) -> Self {
        let state = PermitState {
            size,
            limit: size,
            refused: None,
            taken: 0,
            idle: Vec::new(),
            waiting: BTreeMap::new(),
            tickets: 0,
            closed: false,
        };
        Self { state: Mutex::new(state) }
    }

    pub(crate) fn set_size(&self, size: usize) {
        let mut state = self.lock();
        (state.size, state.limit) = (size, size);
    }

    pub(crate) fn size(&self) -> usize {
        self.lock().size
    }

    pub(crate) fn limit(&self) -> usize {
        self.lock().limit
    }

    /// Gives a place in the queue, which lasts until a session is there.
    pub(crate) fn ticket(&self) -> u64 {
        let mut state = self.lock();
        state.tickets += 1;
        state.tickets
    }

    /// Waits for a permit; `None` when the pool is closed.
    pub(crate) async fn permit(self: &Arc<Self>, ticket: u64) -> Option<Permit<S>> {
        let next = {
            let mut state = self.lock();
            if state.closed {
                return None;
            }
            state.allow_one_more();
            // Whoever lost patience is no longer in the way.
            state.waiting.retain(|_, waiting| !waiting.is_closed());
            let first = state.waiting.keys().next().is_none_or(|other| *other > ticket);
            if first && state.taken < state.limit {
                state.taken += 1;
                return Some(Permit(Some(self.clone())));
            }
            let (sender, next) = oneshot::channel();
            state.waiting.insert(ticket, sender);
            next
        };
        next.await.ok()
    }

    /// Gives a permit for a session that nobody asked for, if there is room for one more.
    pub(crate) fn prewarm(self: &Arc<Self>) -> Option<Permit<S>> {
        let mut state = self.lock();
        let room = !state.closed && state.taken + state.idle.len() < state.limit;
        room.then(|| {
            state.taken += 1;
            Permit(Some(self.clone()))
        })
    }

    /// Tells whether somebody waits.
    pub(crate) fn is_wanted(&self) -> bool {
        self.lock().waiting.values().any(|waiting| !waiting.is_closed())
    }

    /// Adds a session at rest; gives it back when there is no room.
    pub(crate) fn add(&self, session: S) -> Option<S> {
        let mut state = self.lock();
        if state.closed || state.taken + state.idle.len() >= state.limit {
            return Some(session);
        }
        state.idle.push((session, Instant::now()));
        None
    }

    /// Turns everybody away and gives the sessions at rest.
    pub(crate) fn close(&self) -> Vec<S> {
        let mut state = self.lock();
        state.closed = true;
        state.waiting.clear();
        std::mem::take(&mut state.idle).into_iter().map(|(session, _)| session).collect()
    }

    /// Lets in as many as there is room for.
    fn admit(self: &Arc<Self>) {
        loop {
            let next = {
                let mut state = self.lock();
                if state.taken >= state.limit {
                    return;
                }
                let Some((_, next)) = state.waiting.pop_first() else { return };
                state.taken += 1;
                next
            };
            if let Err(mut permit) = next.send(Permit(Some(self.clone()))) {
                // It waits no longer. The permit must not let the next one in by itself: that would be
                // recursion as deep as the queue is long.
                permit.0 = None;
                self.lock().taken -= 1;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, PermitState<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> PermitState<S> {
    /// A server that refused a session once may have room again later: sessions that broke are counted
    /// for a while.
    fn allow_one_more(&mut self) {
        if self.limit < self.size && self.refused.is_some_and(|refused| refused.elapsed() >= REFUSAL_COOLDOWN)
        {
            self.limit += 1;
            self.refused = Some(Instant::now());
        }
    }
}

impl<S> Permit<S> {
    /// Takes the session that was used last, and tells how long it has been at rest.
    pub(crate) fn take_rested(&self) -> Option<(S, Duration)> {
        let permits = self.0.as_ref()?;
        let (session, since) = permits.lock().idle.pop()?;
        Some((session, since.elapsed()))
    }

    /// Leaves the session for the next; gives it back when it is one too many.
    pub(crate) fn leave(mut self, session: S) -> Option<S> {
        let permits = self.0.take()?;
        let surplus = {
            let mut state = permits.lock();
            state.taken -= 1;
            if state.closed || state.taken + state.idle.len() >= state.limit {
                Some(session)
            } else {
                state.idle.push((session, Instant::now()));
                None
            }
        };
        permits.admit();
        surplus
    }

    /// Notes that the server allows no session more than there are; tells whether there are any.
    pub(crate) fn refuse(self) -> bool {
        let Some(permits) = &self.0 else { return false };
        let mut state = permits.lock();
        let others = state.taken - 1 + state.idle.len();
        state.limit = others.clamp(1, state.limit);
        state.refused = Some(Instant::now());
        others > 0
    }
}

impl<S> Drop for Permit<S> {
    fn drop(&mut self) {
        if let Some(permits) = self.0.take() {
            permits.lock().taken -= 1;
            permits.admit();
        }
    }
}

/// How long a refusal counts.
const REFUSAL_COOLDOWN: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use futures_util::future::poll_immediate;

    use super::*;

    async fn permit(permits: &Arc<SessionSemaphore<u8>>) -> Permit<u8> {
        permits.permit(permits.ticket()).await.unwrap()
    }

    fn permits(size: usize) -> Arc<SessionSemaphore<u8>> {
        Arc::new(SessionSemaphore::new(size))
    }

    #[tokio::test]
    async fn whoever_comes_first_is_served_first() {
        let permits = permits(1);
        let held = permit(&permits).await;
        let mut one = Box::pin(permits.permit(permits.ticket()));
        let mut other = Box::pin(permits.permit(permits.ticket()));
        // The later one is asked first.
        assert!(poll_immediate(&mut other).await.is_none());
        assert!(poll_immediate(&mut one).await.is_none());

        drop(held);

        assert!(poll_immediate(&mut other).await.is_none());
        let first = poll_immediate(&mut one).await.flatten();
        assert!(first.is_some());
        drop(first);
        assert!(poll_immediate(&mut other).await.flatten().is_some());
    }

    #[tokio::test]
    async fn a_newcomer_does_not_overtake_those_who_wait() {
        let permits = permits(1);
        let held = permit(&permits).await;
        let early = permits.ticket();
        let mut waiting = Box::pin(permits.permit(permits.ticket()));
        assert!(poll_immediate(&mut waiting).await.is_none());
        drop(held);

        assert!(poll_immediate(Box::pin(permits.permit(permits.ticket()))).await.is_none());
        drop(poll_immediate(&mut waiting).await.flatten().unwrap());
        assert!(poll_immediate(Box::pin(permits.permit(early))).await.flatten().is_some());
    }

    #[tokio::test]
    async fn those_who_wait_no_longer_are_passed_over_and_their_seat_is_not_lost() {
        let permits = permits(1);
        let held = permit(&permits).await;
        let mut gone: Vec<_> = (0..1000).map(|_| Box::pin(permits.permit(permits.ticket()))).collect();
        for waiting in &mut gone {
            assert!(poll_immediate(waiting).await.is_none());
        }
        let mut patient = Box::pin(permits.permit(permits.ticket()));
        assert!(poll_immediate(&mut patient).await.is_none());

        drop(gone);
        drop(held);
        let handed_over = poll_immediate(&mut patient).await.flatten();

        assert!(handed_over.is_some());
        // One that was let in and never looked gives the permit back, too.
        let mut never_looks = Box::pin(permits.permit(permits.ticket()));
        assert!(poll_immediate(&mut never_looks).await.is_none());
        drop(handed_over);
        drop(never_looks);
        assert!(poll_immediate(Box::pin(permits.permit(permits.ticket()))).await.flatten().is_some());
    }

    #[tokio::test]
    async fn refusals_lower_the_limit_to_what_there_is_and_never_below_one() {
        let permits = permits(8);
        let mut taken = Vec::new();
        for _ in 0..8 {
            taken.push(permit(&permits).await);
        }

        for refused in taken.drain(3..) {
            assert!(refused.refuse());
        }
        assert_eq!(permits.limit(), 3);
        for (left, refused) in taken.into_iter().enumerate().map(|(gone, permit)| (2 - gone, permit)) {
            assert_eq!(refused.refuse(), left > 0);
        }
        assert_eq!(permits.limit(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_forgotten_after_a_while_one_seat_at_a_time() {
        let permits = permits(3);
        let held = permit(&permits).await;
        assert!(permit(&permits).await.refuse());
        assert_eq!(permits.limit(), 1);

        tokio::time::advance(REFUSAL_COOLDOWN).await;
        let another = permit(&permits).await;

        assert_eq!(permits.limit(), 2);
        assert!(poll_immediate(Box::pin(permits.permit(permits.ticket()))).await.is_none());
        drop((held, another));
    }

    #[tokio::test]
    async fn a_spare_session_has_a_seat_only_where_there_is_room() {
        let permits = permits(2);
        let held = permit(&permits).await;
        let prewarm = permits.prewarm().unwrap();
        assert!(permits.prewarm().is_none());

        assert_eq!(prewarm.leave(1), None);

        assert!(permits.prewarm().is_none(), "one is in use and one at rest");
        drop(held);
        assert!(permits.prewarm().is_some());
        permits.close();
        assert!(permits.prewarm().is_none());
    }

    #[tokio::test]
    async fn sessions_beyond_the_limit_are_given_back() {
        let permits = permits(2);
        let (one, other) = (permit(&permits).await, permit(&permits).await);
        assert_eq!(one.leave(1), None);
        assert_eq!(other.leave(2), None);

        assert_eq!(permits.add(3), Some(3));
        let held = permit(&permits).await;
        assert_eq!(held.take_rested().map(|(session, _)| session), Some(2));
        permits.set_size(1);
        assert_eq!(held.leave(2), Some(2));
        assert_eq!(permits.close(), [1]);
        assert!(permits.permit(permits.ticket()).await.is_none());
    }
}

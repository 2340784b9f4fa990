//! FIFO semaphore whose capacity shrinks when the server refuses further sessions.
//!
//! [`SessionSemaphore`] counts sessions, keeps the idle ones, and queues callers. The pool opens, checks and closes
//! sessions.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, oneshot},
    time::Instant,
};

/// Permits for the sessions of a pool, with its idle sessions.
#[derive(Debug)]
pub(crate) struct SessionSemaphore<S> {
    state: Mutex<PermitState<S>>,
    /// A session became idle.
    returned: Notify,
    /// A caller began to wait.
    queued: Notify,
}

#[derive(Debug)]
struct PermitState<S> {
    /// Number of sessions that the user configured.
    size: usize,
    /// Number of sessions that the server allows, as far as is known; from 1 to `size`.
    limit: usize,
    /// The time at which the server last refused a session.
    refused_at: Option<Instant>,
    /// The number of logins that seem to have ended another session.
    displaced: usize,
    in_use: usize,
    /// The number of permits in use that belong to sessions that are being opened.
    opening: usize,
    /// Idle sessions with the time of their return; the most recently used is last.
    idle: Vec<(S, Instant)>,
    /// Waiting callers, by ticket.
    waiting: BTreeMap<u64, oneshot::Sender<Permit<S>>>,
    tickets: u64,
    closed: bool,
}

/// Permit for one session; dropping it admits the next caller.
#[derive(Debug)]
pub(crate) struct Permit<S>(Option<Arc<SessionSemaphore<S>>>);

impl<S> SessionSemaphore<S> {
    pub(crate) fn new(size: usize) -> Self {
        let state = PermitState {
            size,
            limit: size,
            refused_at: None,
            displaced: 0,
            in_use: 0,
            opening: 0,
            idle: Vec::new(),
            waiting: BTreeMap::new(),
            tickets: 0,
            closed: false,
        };
        Self { state: Mutex::new(state), returned: Notify::new(), queued: Notify::new() }
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

    /// Returns the limit, which rises again some time after a refusal.
    pub(crate) fn current_limit(&self) -> usize {
        let mut state = self.lock();
        state.raise_limit();
        state.limit
    }

    /// Lowers the limit to the number of other sessions, after a session was lost because another one logged in.
    ///
    /// The first time, the limit rises again later, because a session can be lost at that moment for another reason.
    pub(crate) fn displace(&self) {
        let mut state = self.lock();
        state.displaced += 1;
        let others = (state.in_use + state.idle.len()).saturating_sub(1);
        state.limit = others.clamp(1, state.limit);
        state.refused_at = (state.displaced == 1).then(Instant::now);
    }

    /// Returns whether another loss may be attributed to a login. That cannot happen much more often than there are
    /// sessions.
    pub(crate) fn may_be_displaced(&self) -> bool {
        let state = self.lock();
        state.displaced < 2 * state.size
    }

    /// Waits until a session becomes idle.
    pub(crate) async fn returned(&self) {
        self.returned.notified().await;
    }

    /// Counts a session as being opened until the guard is dropped. It has a permit already.
    pub(crate) fn opening(&self) -> Opening<'_, S> {
        self.lock().opening += 1;
        Opening(self)
    }

    /// Returns whether sessions are being opened.
    pub(crate) fn is_opening(&self) -> bool {
        self.lock().opening > 0
    }

    /// Returns whether there are sessions besides those that are being opened.
    pub(crate) fn has_open_sessions(&self) -> bool {
        let state = self.lock();
        state.in_use - state.opening + state.idle.len() > 0
    }

    /// Returns whether there are permits in use or idle sessions besides one permit.
    pub(crate) fn has_others(&self) -> bool {
        let state = self.lock();
        state.in_use + state.idle.len() > 1
    }

    /// Returns a place in the queue, which is valid until a permit is granted.
    pub(crate) fn ticket(&self) -> u64 {
        let mut state = self.lock();
        state.tickets += 1;
        state.tickets
    }

    /// Waits for a permit; returns `None` when the pool is closed.
    pub(crate) async fn permit(self: &Arc<Self>, ticket: u64) -> Option<Permit<S>> {
        let next = {
            let mut state = self.lock();
            if state.closed {
                return None;
            }
            state.raise_limit();
            // Callers that gave up must not block others.
            state.waiting.retain(|_, waiting| !waiting.is_closed());
            let first = state.waiting.keys().next().is_none_or(|other| *other > ticket);
            if first && state.in_use < state.limit {
                state.in_use += 1;
                return Some(Permit(Some(self.clone())));
            }
            let (sender, next) = oneshot::channel();
            state.waiting.insert(ticket, sender);
            next
        };
        self.queued.notify_waiters();
        next.await.ok()
    }

    /// Returns a permit for a further session if there is room for one, without waiting.
    pub(crate) fn try_permit(self: &Arc<Self>) -> Option<Permit<S>> {
        let mut state = self.lock();
        let room = !state.closed && state.in_use + state.idle.len() < state.limit;
        room.then(|| {
            state.in_use += 1;
            Permit(Some(self.clone()))
        })
    }

    /// Returns a permit for an idle session if there is one, without waiting.
    pub(crate) fn try_idle_permit(self: &Arc<Self>) -> Option<Permit<S>> {
        let mut state = self.lock();
        let has_idle = !state.closed && !state.idle.is_empty() && state.in_use < state.limit;
        has_idle.then(|| {
            state.in_use += 1;
            Permit(Some(self.clone()))
        })
    }

    /// Returns whether a caller waits for a permit.
    pub(crate) fn has_waiters(&self) -> bool {
        self.lock().waiting.values().any(|waiting| !waiting.is_closed())
    }

    /// Waits until a caller waits for a permit.
    pub(crate) async fn contended(&self) {
        loop {
            let queued = self.queued.notified();
            if self.has_waiters() {
                return;
            }
            queued.await;
        }
    }

    /// Adds an idle session; returns it if there is no room.
    pub(crate) fn add(&self, session: S) -> Option<S> {
        let mut state = self.lock();
        if state.closed || state.in_use + state.idle.len() >= state.limit {
            return Some(session);
        }
        state.idle.push((session, Instant::now()));
        None
    }

    /// Rejects waiting and future callers, and returns the idle sessions.
    pub(crate) fn close(&self) -> Vec<S> {
        let mut state = self.lock();
        state.closed = true;
        state.waiting.clear();
        std::mem::take(&mut state.idle).into_iter().map(|(session, _)| session).collect()
    }

    /// Grants permits to waiting callers while there is room.
    fn admit(self: &Arc<Self>) {
        loop {
            let next = {
                let mut state = self.lock();
                if state.in_use >= state.limit {
                    return;
                }
                let Some((_, next)) = state.waiting.pop_first() else { return };
                state.in_use += 1;
                next
            };
            if let Err(mut permit) = next.send(Permit(Some(self.clone()))) {
                // The caller gave up. Dropping the permit here would admit the next caller recursively, as deep as
                // the queue is long.
                permit.0 = None;
                self.lock().in_use -= 1;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, PermitState<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> PermitState<S> {
    /// Raises the limit by one if the last refusal is long ago: servers count broken sessions for a while, and may
    /// have room again later.
    fn raise_limit(&mut self) {
        if self.limit < self.size
            && self.refused_at.is_some_and(|refused_at| refused_at.elapsed() >= REFUSAL_COOLDOWN)
        {
            self.limit += 1;
            self.refused_at = Some(Instant::now());
        }
    }
}

impl<S> Permit<S> {
    /// Takes the most recently used idle session.
    pub(crate) fn take_idle(&self) -> Option<IdleSession<'_, S>> {
        let permits = self.0.as_ref()?;
        let (session, since) = permits.lock().idle.pop()?;
        Some(IdleSession { permits, session: Some(session), since })
    }

    /// Puts the session back as idle and releases the permit; returns the session if it exceeds the limit.
    pub(crate) fn put_back(mut self, session: S) -> Option<S> {
        let permits = self.0.take()?;
        let surplus = {
            let mut state = permits.lock();
            state.in_use -= 1;
            // An open session is preferred to one that is being opened.
            if state.closed || state.in_use - state.opening + state.idle.len() >= state.limit {
                Some(session)
            } else {
                state.idle.push((session, Instant::now()));
                None
            }
        };
        permits.admit();
        permits.returned.notify_one();
        surplus
    }

    /// Lowers the limit to the number of other sessions, after the server refused one more; returns whether there
    /// are any.
    pub(crate) fn refuse(self) -> bool {
        let Some(permits) = &self.0 else { return false };
        let mut state = permits.lock();
        let others = state.in_use - 1 + state.idle.len();
        state.limit = others.clamp(1, state.limit);
        state.refused_at = Some(Instant::now());
        others > 0
    }
}

/// An idle session that is being checked. Dropping it puts it back.
#[must_use]
pub(crate) struct IdleSession<'p, S> {
    permits: &'p SessionSemaphore<S>,
    session: Option<S>,
    since: Instant,
}

impl<S> IdleSession<'_, S> {
    /// Returns the session, to be checked.
    pub(crate) fn session(&mut self) -> Option<&mut S> {
        self.session.as_mut()
    }

    /// Returns how long the session has been idle.
    pub(crate) fn idle_time(&self) -> Duration {
        self.since.elapsed()
    }

    /// Takes the session.
    pub(crate) fn take(mut self) -> Option<S> {
        self.session.take()
    }
}

impl<S> Drop for IdleSession<'_, S> {
    fn drop(&mut self) {
        if let Some(session) = self.session.take() {
            self.permits.lock().idle.push((session, self.since));
            self.permits.returned.notify_one();
        }
    }
}

/// Counts a session while it is being opened.
#[must_use]
pub(crate) struct Opening<'p, S>(&'p SessionSemaphore<S>);

impl<S> Drop for Opening<'_, S> {
    fn drop(&mut self) {
        self.0.lock().opening -= 1;
    }
}

impl<S> Drop for Permit<S> {
    fn drop(&mut self) {
        if let Some(permits) = self.0.take() {
            permits.lock().in_use -= 1;
            permits.admit();
        }
    }
}

/// The time after a refusal until the pool tries to open one more session.
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
    async fn permits_are_granted_in_fifo_order() {
        let permits = permits(1);
        let held = permit(&permits).await;
        let mut one = Box::pin(permits.permit(permits.ticket()));
        let mut other = Box::pin(permits.permit(permits.ticket()));
        // The later caller is polled first.
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
    async fn contention_is_noticed_before_and_after_waiting() {
        let permits = permits(1);
        let held = permit(&permits).await;
        let mut contended = Box::pin(permits.contended());
        assert!(poll_immediate(&mut contended).await.is_none());

        let mut waiting = Box::pin(permits.permit(permits.ticket()));
        assert!(poll_immediate(&mut waiting).await.is_none());

        assert!(poll_immediate(&mut contended).await.is_some());
        assert!(poll_immediate(Box::pin(permits.contended())).await.is_some());
        drop(waiting);
        assert!(poll_immediate(Box::pin(permits.contended())).await.is_none());
        drop(held);
    }

    #[tokio::test]
    async fn newcomer_does_not_overtake_waiters() {
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
    async fn cancelled_waiters_do_not_lose_permits() {
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
        // A future that is dropped after it was granted a permit returns it, too.
        let mut never_polled = Box::pin(permits.permit(permits.ticket()));
        assert!(poll_immediate(&mut never_polled).await.is_none());
        drop(handed_over);
        drop(never_polled);
        assert!(poll_immediate(Box::pin(permits.permit(permits.ticket()))).await.flatten().is_some());
    }

    #[tokio::test]
    async fn refusals_lower_the_limit_but_keep_one() {
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
    async fn limit_recovers_by_one_after_cooldown() {
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
    async fn prewarmed_session_needs_a_free_permit() {
        let permits = permits(2);
        let held = permit(&permits).await;
        let prewarmed = permits.try_permit().unwrap();
        assert!(permits.try_permit().is_none());

        assert_eq!(prewarmed.put_back(1), None);

        assert!(permits.try_permit().is_none(), "one is in use and one is idle");
        drop(held);
        assert!(permits.try_permit().is_some());
        permits.close();
        assert!(permits.try_permit().is_none());
    }

    #[tokio::test]
    async fn session_that_works_is_kept_while_others_open() {
        let permits = permits(3);
        let (works, refused, opens) =
            (permit(&permits).await, permit(&permits).await, permit(&permits).await);
        let opening = permits.opening();
        assert!(refused.refuse());
        assert_eq!(permits.limit(), 2);

        assert_eq!(works.put_back(1), None);

        assert!(permits.has_open_sessions());
        drop((opening, opens));
    }

    #[tokio::test]
    async fn surplus_sessions_are_returned() {
        let permits = permits(2);
        let (one, other) = (permit(&permits).await, permit(&permits).await);
        assert_eq!(one.put_back(1), None);
        assert_eq!(other.put_back(2), None);

        assert_eq!(permits.add(3), Some(3));
        let held = permit(&permits).await;
        drop(held.take_idle());
        assert_eq!(held.take_idle().and_then(IdleSession::take), Some(2));
        permits.set_size(1);
        assert_eq!(held.put_back(2), Some(2));
        assert_eq!(permits.close(), [1]);
        assert!(permits.permit(permits.ticket()).await.is_none());
    }
}

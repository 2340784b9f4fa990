//! Cache of connections between the commands of a shell.

use std::{
    cell::RefCell,
    collections::HashMap,
    rc::Rc,
    time::{Duration, Instant},
};

use oxftp::{Client, Pool, Throttle};

use super::{login_key::LoginKey, rate::LimitedRate};
use crate::args::{ConnectionArgs, RateTimetable};

/// Keeps connections open between commands.
///
/// Sessions that are created within [`scope`](Self::scope) take their connections from it and return them when dropped.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConnectionCache {
    connections: Rc<RefCell<Vec<(ConnectionArgs, CachedConnections)>>>,
    /// Rate limits by the flag that set them: commands with the same flag share one.
    limits: Rc<RefCell<HashMap<Option<RateTimetable>, LimitedRate>>>,
}

/// Open connections of a session.
#[derive(Debug, Default)]
pub(super) struct CachedConnections {
    pub(super) open: Option<(LoginKey, Client)>,
    pub(super) pools: Vec<CachedPool>,
    /// The time at which they were returned to the cache.
    idle_since: Option<Instant>,
}

/// A pool for one server and login.
#[derive(Debug)]
pub(super) struct CachedPool {
    pub(super) key: LoginKey,
    pub(super) size: usize,
    pub(super) pool: Pool,
}

tokio::task_local! {
    static CURRENT: ConnectionCache;
}

impl ConnectionCache {
    /// Runs the work with this cache as the current one.
    pub(crate) async fn scope<T>(&self, work: impl Future<Output = T>) -> T {
        CURRENT.scope(self.clone(), work).await
    }

    /// Returns the cache of the current scope.
    pub(super) fn current() -> Option<Self> {
        CURRENT.try_with(Self::clone).ok()
    }

    /// Returns the limit that all commands with this flag share.
    pub(super) fn limit(&self, flag: Option<RateTimetable>) -> Throttle {
        let mut limits = self.limits.borrow_mut();
        limits.entry(flag.clone()).or_insert_with(|| LimitedRate::new(flag)).throttle()
    }

    /// Changes the limit that all commands with this flag share, also those that are running.
    pub(crate) fn set_limit(&self, flag: Option<RateTimetable>, limit: RateTimetable) {
        let mut limits = self.limits.borrow_mut();
        limits.entry(flag.clone()).or_insert_with(|| LimitedRate::new(flag)).set(Some(limit));
    }

    /// Returns the limit that all commands with this flag share, as it is typed.
    pub(crate) fn shown_limit(&self, flag: &Option<RateTimetable>) -> String {
        let limits = self.limits.borrow();
        let limit = limits.get(flag).map_or(flag.as_ref(), LimitedRate::timetable);
        limit.map_or_else(|| "off".to_owned(), ToString::to_string)
    }

    /// Takes the connections that were opened with the same flags.
    pub(super) fn take(&self, args: &ConnectionArgs) -> CachedConnections {
        let mut all = self.connections.borrow_mut();
        let found = all.iter().position(|(made_by, _)| made_by == args);
        found.map(|at| all.swap_remove(at).1).unwrap_or_default()
    }

    /// Returns connections to the cache.
    pub(super) fn put(&self, args: ConnectionArgs, mut connections: CachedConnections) {
        connections.idle_since = Some(Instant::now());
        let mut all = self.connections.borrow_mut();
        all.push((args, connections));
        if all.len() > MAX_KEPT {
            all.remove(0);
        }
    }

    /// Sends `QUIT` on all connections.
    pub(crate) async fn quit(&self) {
        let all = self.connections.take();
        for (_, connections) in all {
            connections.quit().await;
        }
    }
}

impl CachedConnections {
    /// Returns the client for this login, if it is open and the server still responds.
    pub(super) async fn client(&mut self, key: &LoginKey) -> Option<Client> {
        let (kept, mut client) = self.open.take()?;
        let idle = self.idle_since.take().map(|since| since.elapsed());
        (kept == *key && responds(&mut client, idle).await).then_some(client)
    }

    /// Takes an idle session out of a pool for this login.
    pub(super) async fn take_from_pool(&self, key: &LoginKey) -> Option<Client> {
        for CachedPool { pool, .. } in self.pools.iter().filter(|kept| kept.key == *key) {
            if let Some(idle) = pool.idle_client().await {
                return Some(idle.into_client());
            }
        }
        None
    }

    /// Returns the pool for this login, if it has this size.
    pub(super) fn pool(&self, key: &LoginKey, size: usize) -> Option<Pool> {
        let mut pools = self.pools.iter();
        pools.find(|kept| kept.key == *key && kept.size == size).map(|kept| kept.pool.clone())
    }

    /// Sends `QUIT`.
    pub(super) async fn quit(self) {
        for CachedPool { pool, .. } in &self.pools {
            pool.close().await;
        }
        if let Some((_, client)) = self.open.filter(|(_, client)| !client.is_broken()) {
            client.quit_without_reply().await;
        }
    }
}

/// Returns whether the server still responds. A closed connection is noticed at once; a vanished server only after a
/// command.
async fn responds(client: &mut Client, idle: Option<Duration>) -> bool {
    let Some(idle) = idle else { return !client.is_broken() };
    if client.is_broken() || client.settle().await.is_err() {
        return false;
    }
    idle < NO_CHECK_WITHIN || client.noop().await.is_ok()
}

/// Concurrent jobs have separate connections.
const MAX_KEPT: usize = 8;
/// Connections that were idle for less time are used without a check.
const NO_CHECK_WITHIN: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rate_limits_are_shared_in_a_shell() {
        let cache = ConnectionCache::default();

        let flag = |rate: &str| rate.parse().ok();

        cache.limit(flag("1000")).set_read_limit(Some(7));

        assert_eq!(cache.limit(flag("1000")).read_limit(), Some(7));
        assert_eq!(cache.limit(flag("2000")).read_limit(), Some(2000));
    }

    #[test]
    fn shell_changes_limit_rate_of_running_commands() {
        let cache = ConnectionCache::default();
        let running = cache.limit(None);

        cache.set_limit(None, "1M".parse().unwrap());

        assert_eq!((running.read_limit(), cache.limit(None).write_limit()), (Some(1 << 20), Some(1 << 20)));
        assert_eq!(cache.shown_limit(&None), "1048576");
    }
}

//! Connections that outlive a command, for those who run many.

use std::{
    cell::RefCell,
    rc::Rc,
    time::{Duration, Instant},
};

use oxftp::{Client, Pool};

use super::Place;
use crate::args::ConnectionArgs;

/// Keeps connections between commands; sessions that begin within [`scope`](Self::scope) take theirs from it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keeper(Rc<RefCell<Vec<(ConnectionArgs, Connections)>>>);

/// What a session has open.
#[derive(Debug, Default)]
pub(super) struct Connections {
    pub(super) open: Option<(Place, Client)>,
    pub(super) pools: Vec<(Place, usize, Pool)>,
    /// When they were put away.
    rested: Option<Instant>,
}

tokio::task_local! {
    static CURRENT: Keeper;
}

impl Keeper {
    /// Does this work with connections of this keeper's.
    pub(crate) async fn scope<T>(&self, work: impl Future<Output = T>) -> T {
        CURRENT.scope(self.clone(), work).await
    }

    /// Gives the keeper of the work that runs, if it has one.
    pub(super) fn current() -> Option<Self> {
        CURRENT.try_with(Self::clone).ok()
    }

    /// Takes connections that were made by these very flags; nobody else gets them meanwhile.
    pub(super) fn take(&self, args: &ConnectionArgs) -> Connections {
        let mut all = self.0.borrow_mut();
        let found = all.iter().position(|(made_by, _)| made_by == args);
        found.map(|at| all.swap_remove(at).1).unwrap_or_default()
    }

    /// Puts connections away.
    pub(super) fn put(&self, args: ConnectionArgs, mut connections: Connections) {
        connections.rested = Some(Instant::now());
        let mut all = self.0.borrow_mut();
        all.push((args, connections));
        if all.len() > MOST_KEPT {
            all.remove(0);
        }
    }

    /// Says goodbye on all that is kept.
    pub(crate) async fn quit(&self) {
        let all = self.0.take();
        for (_, connections) in all {
            connections.quit().await;
        }
    }
}

impl Connections {
    /// Gives the client for a place, if it is open and there is still somebody on the other side.
    pub(super) async fn client(&mut self, place: &Place) -> Option<Client> {
        let (kept, mut client) = self.open.take()?;
        let rested = self.rested.take().map(|since| since.elapsed());
        (kept == *place && answers(&mut client, rested).await).then_some(client)
    }

    /// Gives the pool for a place, if it is of this size.
    pub(super) fn pool(&self, place: &Place, size: usize) -> Option<Pool> {
        let mut pools = self.pools.iter();
        pools.find(|(kept, kept_size, _)| kept == place && *kept_size == size).map(|(.., pool)| pool.clone())
    }

    /// Says goodbye.
    pub(super) async fn quit(self) {
        for (.., pool) in &self.pools {
            pool.close().await;
        }
        if let Some((_, client)) = self.open.filter(|(_, client)| !client.is_broken()) {
            client.leave().await;
        }
    }
}

/// A server that closed the connection is noticed at once; one that vanished only by asking it.
async fn answers(client: &mut Client, rested: Option<Duration>) -> bool {
    let Some(rested) = rested else { return !client.is_broken() };
    if client.is_broken() || client.settle().await.is_err() {
        return false;
    }
    rested < TRUSTED || client.command("NOOP").expect("").await.is_ok()
}

/// Jobs that run at once have connections of their own.
const MOST_KEPT: usize = 8;
const TRUSTED: Duration = Duration::from_secs(10);

//! A second pool of the same login.

use std::sync::{Arc, Mutex, PoisonError, atomic::AtomicU64, atomic::Ordering};

use super::{Pool, Shared, permits::SessionSemaphore};
use crate::client::ServerCapabilities;

impl Pool {
    /// Tells whether both are clones of one pool.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Makes a pool of the same login and size with sessions of its own, for one who holds a session of this
    /// while waiting for another.
    pub(crate) fn twin(&self) -> Self {
        let shared = &self.shared;
        let mut capabilities = ServerCapabilities::default();
        capabilities.learn(&shared.capabilities.lock().unwrap_or_else(PoisonError::into_inner));
        let twin = Shared {
            config: shared.config.clone(),
            host: shared.host.clone(),
            credentials: shared.credentials.clone(),
            permits: Arc::new(SessionSemaphore::new(self.wanted_size())),
            check_after: AtomicU64::new(shared.check_after.load(Ordering::Relaxed)),
            capabilities: Mutex::new(capabilities),
        };
        Self { shared: Arc::new(twin) }
    }
}

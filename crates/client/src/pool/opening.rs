//! Opening of sessions in tasks of their own, so that a login that has begun is completed.

use std::{pin::pin, sync::Arc, time::Duration};

use tokio::sync::oneshot;

use super::{
    PooledClient,
    inner::{OpenError, PoolInner},
    permits::Permit,
};
use crate::{Client, Error, Result, deadline::Deadline, trace::in_current_span};

impl PoolInner {
    /// Opens a new session with a permit, or takes one that becomes idle meanwhile.
    pub(super) async fn open_or_take_idle(
        self: &Arc<Self>,
        permit: Permit<Client>,
    ) -> Result<PooledClient, OpenError> {
        let idle = async {
            loop {
                self.permits.returned().await;
                let Some(permit) = self.permits.try_idle_permit() else { continue };
                if let Some(client) = self.take_idle(&permit).await {
                    return PooledClient::new(client, permit, self.clone());
                }
            }
        };
        tokio::select! {
            biased;
            client = idle => Ok(client),
            opened = self.begin_open(permit) => opened.unwrap_or(Err(OpenError::Other(Error::PoolClosed))),
        }
    }

    /// Opens a session in a task of its own. If the receiver is dropped, the session becomes idle when its login is
    /// complete: a connection that is closed before that counts as a failed login on some servers.
    pub(super) fn begin_open(
        self: &Arc<Self>,
        permit: Permit<Client>,
    ) -> oneshot::Receiver<Result<PooledClient, OpenError>> {
        let (mut sender, receiver) = oneshot::channel();
        let pool = self.clone();
        let task = async move {
            let opened = {
                let mut opening = pin!(pool.open());
                tokio::select! {
                    biased;
                    opened = &mut opening => Some(opened),
                    () = sender.closed() => Deadline::start(Some(MAX_ABANDONED_LOGIN)).cut(opening).await,
                }
            };
            let outcome = match opened {
                Some(Ok(client)) => Ok(PooledClient::new(client, permit, pool)),
                Some(Err(OpenError::TooManySessions(source))) if permit.refuse() => {
                    Err(OpenError::Refused(source))
                }
                Some(Err(error)) => Err(error),
                None => return,
            };
            // A session that is not received returns to the pool.
            let _ = sender.send(outcome);
        };
        tokio::spawn(in_current_span(task));
        receiver
    }
}

/// The time that a login may take after its caller has gone.
const MAX_ABANDONED_LOGIN: Duration = Duration::from_secs(10);

//! A session that is on loan.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use super::{Shared, permits::Permit};
use crate::Client;

/// A session of a [`Pool`](super::Pool), and nobody else's until it is dropped, which gives it back.
///
/// Derefs to the [`Client`]. One that is [broken](Client::is_broken), or was sent elsewhere by
/// [`change_directory`](Client::change_directory) or commands of one's own, is not lent again: the
/// next one is to find every session as it was after its login.
///
/// ```no_run
/// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
/// let mut session = pool.client().await?;
/// println!("{}", session.size("image.iso").await?);
/// drop(session);                                       // the next one gets it
/// # Ok(())
/// # }
/// ```
pub struct PooledClient {
    /// `None` only while it is dropped.
    session: Option<(Client, Permit<Client>)>,
    shared: Arc<Shared>,
}

impl PooledClient {
    pub(crate) fn new(client: Client, permit: Permit<Client>, shared: Arc<Shared>) -> Self {
        Self { session: Some((client, permit)), shared }
    }

    /// Ends the session without a word, so that nobody gets it again.
    pub fn discard(mut self) {
        if let Some((client, _)) = self.session.take() {
            client.close();
        }
    }
}

impl Deref for PooledClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.session.as_ref().expect("it is there until it is dropped").0
    }
}

impl DerefMut for PooledClient {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.session.as_mut().expect("it is there until it is dropped").0
    }
}

impl Drop for PooledClient {
    fn drop(&mut self) {
        let Some((client, permit)) = self.session.take() else { return };
        if client.is_broken() {
            return;
        }
        self.shared.remember(&client);
        let surplus = if client.is_dirty() { Some(client) } else { permit.leave(client) };
        if let Some(client) = surplus {
            quit_unseen(client);
        }
    }
}

/// Says goodbye behind everybody's back; without a runtime the connection is closed without a word.
fn quit_unseen(client: Client) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(client.leave());
    }
}

impl fmt::Debug for PooledClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PooledClient").field(&**self).finish()
    }
}

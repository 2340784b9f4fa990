//! Session lent by a pool.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use super::{inner::PoolInner, permits::Permit};
use crate::Client;

/// A session lent by a [`Pool`](super::Pool). Dropping it returns the session to the pool.
///
/// Derefs to the [`Client`]. A session that is [broken](Client::is_broken) is not lent again. Neither is one whose
/// state may have changed by [`change_directory`](Client::change_dir) or by raw commands: each session
/// is lent in the state that it had after its login.
///
/// ```no_run
/// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
/// let mut session = pool.client().await?;
/// println!("{}", session.size("image.iso").await?);
/// drop(session); // returns it to the pool
/// # Ok(())
/// # }
/// ```
pub struct PooledClient {
    /// `None` only while it is being dropped.
    session: Option<(Client, Permit<Client>)>,
    pool: Arc<PoolInner>,
}

impl PooledClient {
    pub(super) fn new(client: Client, permit: Permit<Client>, pool: Arc<PoolInner>) -> Self {
        Self { session: Some((client, permit)), pool }
    }

    /// Takes the session out of the pool. [`Pool::add`](super::Pool::add) returns it.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// let mut client = pool.client().await?.into_client();
    /// client.change_dir("pub").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "the connection is closed without QUIT if the client is dropped"]
    pub fn into_client(mut self) -> Client {
        let (mut client, permit) = self.session.take().expect("the session is present until drop");
        drop(permit);
        client.set_reconnects(self.pool.reconnects);
        client
    }

    /// Closes the connection without `QUIT`, so that the session is not lent again.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// let session = pool.client().await?;
    /// session.discard();
    /// # Ok(())
    /// # }
    /// ```
    pub fn discard(mut self) {
        if let Some((client, _)) = &mut self.session {
            client.control_mut().close();
        }
    }
}

impl PooledClient {
    /// Returns whether the server seems to have ended this session because another one of the pool logged in. The pool
    /// opens fewer sessions once this one is dropped, and the same work may be done again.
    pub(crate) fn was_displaced(&self) -> bool {
        self.pool.seems_displaced(self) && self.pool.permits.may_be_displaced()
    }

    /// Notices, after a data connection was not opened, that the server has ended the session: its listening socket may
    /// be closed before the control connection.
    pub(crate) async fn notice_displacement(&mut self) {
        let may_be = !self.is_broken() && !self.has_outstanding() && self.pool.permits.may_be_displaced();
        if may_be && self.pool.has_newer_login(self) {
            // A failure shows in `was_displaced`.
            let _ = self.noop().await;
        }
    }
}

impl Deref for PooledClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.session.as_ref().expect("the session is present until drop").0
    }
}

impl DerefMut for PooledClient {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.session.as_mut().expect("the session is present until drop").0
    }
}

impl AsMut<Client> for PooledClient {
    fn as_mut(&mut self) -> &mut Client {
        self
    }
}

impl Drop for PooledClient {
    fn drop(&mut self) {
        let Some((client, permit)) = self.session.take() else { return };
        if client.is_broken() {
            if self.pool.seems_displaced(&client) {
                self.pool.permits.displace();
            }
            return;
        }
        self.pool.remember(&client);
        let surplus = if client.is_dirty() { Some(client) } else { permit.put_back(client) };
        if let Some(client) = surplus {
            quit_in_background(client);
        }
    }
}

/// Sends `QUIT` in a separate task. Without a runtime, the connection is closed without it.
fn quit_in_background(client: Client) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(client.quit_without_reply());
    }
}

impl fmt::Debug for PooledClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PooledClient").field(&**self).finish()
    }
}

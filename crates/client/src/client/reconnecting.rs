//! Session whose operations open it again when it is lost, until a guard is dropped.

use std::ops::{Deref, DerefMut};

use super::Client;

/// Guard of a session: until it is dropped, operations open the session again when it is lost.
///
/// An operation that changes something queries the server before it repeats its command: the change may have been
/// made before the session was lost.
pub(crate) struct Reconnecting<'c> {
    client: &'c mut Client,
    /// The number of times that operations open the session again after this is dropped.
    usual: u32,
    /// The number of times that they repeat a change that is refused for the moment then.
    usual_repetitions: u32,
}

impl Client {
    /// Lets each operation open the session again, and repeat a change that the server refuses for the moment, at least
    /// this often.
    pub(crate) fn reconnecting(&mut self, attempts: u32) -> Reconnecting<'_> {
        let (usual, usual_repetitions) = (self.reconnects(), self.busy_retries);
        self.set_reconnects(usual.max(attempts));
        self.busy_retries = usual_repetitions.max(attempts);
        Reconnecting { client: self, usual, usual_repetitions }
    }
}

impl Deref for Reconnecting<'_> {
    type Target = Client;

    fn deref(&self) -> &Client {
        self.client
    }
}

impl DerefMut for Reconnecting<'_> {
    fn deref_mut(&mut self) -> &mut Client {
        self.client
    }
}

impl Drop for Reconnecting<'_> {
    fn drop(&mut self) {
        self.client.set_reconnects(self.usual);
        self.client.busy_retries = self.usual_repetitions;
    }
}

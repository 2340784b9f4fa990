//! Sessions that are opened before anybody needs them.

use oxftp_proto::TransferType;

use super::{Pool, PooledClient, Refused};

impl Pool {
    /// Opens a session and leaves it at rest, ready for the next one who needs one (`TYPE I`).
    ///
    /// Waits for no other session: where there is no room it does nothing. What fails here is told to the one who
    /// needs the session and tries again.
    pub(crate) async fn open_spare(&self) {
        let Some(seat) = self.shared.seats.spare() else { return };
        match self.open().await {
            Ok(client) => {
                let mut spare = PooledClient::new(client, seat, self.shared.clone());
                // A server that refuses it says so again when it matters.
                let _ = spare.set_type(TransferType::Image).await;
            }
            Err(Refused::Full(source)) => {
                tracing::debug!("no session to spare: {source}");
                seat.refuse();
            }
            Err(Refused::Otherwise(error)) => tracing::debug!("no session to spare: {error}"),
        }
    }
}

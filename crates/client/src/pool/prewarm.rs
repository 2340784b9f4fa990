//! Sessions that are opened before anybody needs them.

use oxftp_proto::TransferType;

use super::{ConnectRefusal, Pool, PooledClient};

impl Pool {
    /// Opens a session and leaves it at rest, ready for the next one who needs one (`TYPE I`).
    ///
    /// Waits for no other session: where there is no room it does nothing. What fails here is told to the one who
    /// needs the session and budget again.
    pub(crate) async fn open_spare(&self) {
        let Some(permit) = self.shared.permits.prewarm() else { return };
        match self.open().await {
            Ok(client) => {
                let mut prewarm = PooledClient::new(client, permit, self.shared.clone());
                // A server that refuses it says so again when it matters.
                let _ = prewarm.set_type(TransferType::Image).await;
            }
            Err(ConnectRefusal::Full(source)) => {
                tracing::debug!("no session to prewarm: {source}");
                permit.refuse();
            }
            Err(ConnectRefusal::Otherwise(error)) => tracing::debug!("no session to prewarm: {error}"),
        }
    }
}

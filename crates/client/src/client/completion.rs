//! The end of transfers.

use oxftp_proto::dialog::MdtmReply;

use super::Client;
use crate::{
    Result, TransferSummary,
    data::{DataConnection, Masks},
    keep_alive::KeepAlive,
};

impl Client {
    /// Ends a data connection and awaits the final reply.
    pub(crate) async fn finish_data(
        &mut self,
        data: &mut DataConnection,
        masks: Masks<'_>,
    ) -> Result<TransferSummary> {
        let deadline = self.completion_deadline();
        let finished = data.finish(&mut self.control, masks, deadline).await;
        // A transfer that came to its end has used up its REST.
        self.known.stale_restart &= finished.is_err();
        self.known.no_mdtm |= data.dating() == Some(MdtmReply::Unknown);
        finished
    }

    /// Makes what keeps the control connection alive during a transfer.
    pub(crate) fn keep_alive(&self) -> KeepAlive {
        KeepAlive::new(self.config.keep_alive)
    }
}

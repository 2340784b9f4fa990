//! Telling a server what will be transferred before it listens.

use oxftp_proto::{
    Command, classify,
    dialog::{Exchange, MdtmReply},
};

use super::Client;
use crate::{Error, Result, dial::Opened};

impl Client {
    /// Opens a passive data connection for `command`. A server that passes transfers on to other machines
    /// (drftpd) must know which of them is to listen, and is told by `PRET` first, once it has said so.
    pub(super) async fn open_passive_for(
        &mut self,
        command: &Command,
        question: Option<Command>,
    ) -> Result<(Opened, Option<MdtmReply>)> {
        if !self.known.wants_pret {
            match self.open_passive(question.clone(), self.passive_order()).await {
                Err(Error::StatusCode(refused)) if classify::requires_pret(&refused.info) => {
                    self.known.wants_pret = true;
                }
                opened => return opened,
            }
        }
        let pret = Command::with_argument("PRET", command.as_bytes())?;
        self.control.run(Exchange::new(pret, &["2xx"])).await?;
        self.open_passive(question, self.passive_order()).await
    }
}

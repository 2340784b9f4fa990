//! What the server is told of the client around the login: `HOST`, `CLNT`, `OPTS UTF8`.

use oxftp_proto::{Code, Command, dialog::Exchange};

use super::Client;
use crate::{Error, Result, Utf8};

impl Client {
    /// Names the virtual host, where one was asked for.
    pub(super) async fn name_virtual_host(&mut self) -> Result<()> {
        let Some(host) = self.config.introduction.virtual_host.clone() else { return Ok(()) };
        let named = self.control.run(Exchange::new(Command::with_argument("HOST", &host)?, &["2xx"])).await;
        match named {
            Err(Error::StatusCode(refused)) if refused.info.code() != Code::SERVICE_CLOSING => {
                Err(Error::VirtualHostRefused { host, reply: refused.info })
            }
            named => named.map(drop),
        }
    }

    /// Tells the server what is to be told after a login.
    pub(super) async fn introduce(&mut self) -> Result<()> {
        // Some servers turn UTF-8 on only for clients that have named themselves.
        if let Some(name) = self.config.introduction.client_name.clone() {
            self.suggest(Command::with_argument("CLNT", name)?).await?;
        }
        if self.asks_for_utf8() {
            self.suggest(Command::with_argument("OPTS", "UTF8 ON")?).await?;
        }
        Ok(())
    }

    /// Sends what the server may refuse.
    async fn suggest(&mut self, command: Command) -> Result<()> {
        match self.control.run(Exchange::new(command, &["2xx"])).await {
            Err(Error::StatusCode(refused)) if refused.info.code() != Code::SERVICE_CLOSING => Ok(()),
            answered => answered.map(drop),
        }
    }

    fn asks_for_utf8(&self) -> bool {
        let lacks_it = self.known.features.as_ref().is_some_and(|features| !features.contains("UTF8"));
        self.config.encoding.is_utf8()
            && match self.config.introduction.utf8 {
                Utf8::Auto => !lacks_it && self.server_kind().quirks().needs_opts_utf8,
                Utf8::Ask => true,
                Utf8::Leave => false,
            }
    }
}

//! Commands around the login that identify the client and its options: `HOST`, `CLNT`, `OPTS UTF8`.

use oxftp_proto::{Code, Command, dialog::Exchange};

use super::Client;
use crate::{Error, Result, Utf8};

impl Client {
    /// Selects the virtual host, if one is configured (`HOST`).
    pub(crate) async fn name_virtual_host(&mut self) -> Result<()> {
        let Some(host) = self.config.login_options.virtual_host.clone() else { return Ok(()) };
        let named = self.control.run(Exchange::new(Command::with_argument("HOST", &host)?, &["2xx"])).await;
        match named {
            Err(Error::StatusCode(refused)) if refused.info.code() != Code::SERVICE_CLOSING => {
                Err(Error::VirtualHostRefused { host, reply: refused.info })
            }
            named => named.map(drop),
        }
    }

    /// Sends the commands that follow a login.
    pub(crate) async fn send_login_options(&mut self) -> Result<()> {
        // Some servers enable UTF-8 only for clients that have sent their name.
        if let Some(name) = self.config.login_options.client_name.clone() {
            self.send_optional(Command::with_argument("CLNT", name)?).await?;
        }
        if self.asks_for_utf8() {
            self.send_optional(Command::with_argument("OPTS", "UTF8 ON")?).await?;
        }
        Ok(())
    }

    /// Sends a command, and ignores a refusal.
    async fn send_optional(&mut self, command: Command) -> Result<()> {
        match self.exchange(command, &["2xx"]).await {
            Err(Error::StatusCode(refused)) if refused.info.code() != Code::SERVICE_CLOSING => Ok(()),
            // The session was opened again, with the options that work.
            Err(Error::Unanswered { .. }) => Ok(()),
            answered => answered.map(drop),
        }
    }

    fn asks_for_utf8(&self) -> bool {
        let lacks_it = self.capabilities.features.as_ref().is_some_and(|features| !features.contains("UTF8"));
        self.config.encoding.is_utf8()
            && match self.config.login_options.utf8 {
                Utf8::Auto => !lacks_it && self.server_kind().quirks().needs_opts_utf8,
                Utf8::Ask => true,
                Utf8::Leave => false,
            }
    }
}

//! What the server says about itself: `FEAT`, `SYST`.

use oxftp_proto::{Code, Command, server::ServerKind};

use super::Client;
use crate::{Error, Features, Result};

impl Client {
    /// Returns the features of the server (`FEAT`; RFC 2389, 3). The reply is cached.
    ///
    /// A server that does not support the command has no features.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// if client.features().await?.contains("MLST") {
    ///     println!("exact times");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of the control connection.
    pub async fn features(&mut self) -> Result<&Features> {
        if self.capabilities.features.is_none() {
            let features = match self.exchange(Command::new("FEAT"), &["2xx"]).await {
                Ok(reply) => Features::from_reply(&reply),
                Err(Error::Unanswered { .. }) => Features::default(),
                Err(Error::StatusCode(error))
                    if matches!(error.info.code().class(), 4 | 5)
                        && error.info.code() != Code::SERVICE_CLOSING =>
                {
                    Features::default()
                }
                Err(error) => return Err(error),
            };
            self.capabilities.features = Some(features);
        }
        Ok(self.capabilities.features.get_or_insert_default())
    }

    /// Asks for the operating system (`SYST`), in any directory.
    pub(super) async fn query_system(&mut self) -> Result<()> {
        let system = match self.exchange(Command::new("SYST"), &["2xx"]).await {
            Err(Error::Unanswered { .. }) => String::new(),
            Ok(reply) => reply.text(),
            Err(Error::StatusCode(error)) if matches!(error.info.code().class(), 4 | 5) => String::new(),
            Err(error) => return Err(error),
        };
        self.capabilities.kind = ServerKind::identify(&self.greeting.text(), Some(&system));
        self.capabilities.system = Some(system);
        Ok(())
    }
}

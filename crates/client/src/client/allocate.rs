//! Room for uploads.

use oxftp_proto::{Code, Command, classify, dialog::Exchange};

use super::Client;
use crate::{Error, Result};

impl Client {
    /// Asks the server to make room for an upload of so many bytes (`ALLO`; RFC 959, 4.1.3).
    ///
    /// Most servers need no such thing and say so; those are asked no second time.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.allocate(5_000_000_000).await?;
    /// let stream = client.upload_stream("image.iso").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`] when there is no room (`452`, `552`). Any other refusal is none.
    pub async fn allocate(&mut self, bytes: u64) -> Result<()> {
        if self.known.no_allocation {
            return Ok(());
        }
        match self.control.run(Exchange::new(Command::with_number("ALLO", bytes), &["2xx"])).await {
            Ok(reply) => self.known.no_allocation = reply.code() == Code::SUPERFLUOUS,
            Err(Error::StatusCode(refused))
                if refused.info.code() != Code::SERVICE_CLOSING
                    && !classify::is_out_of_space(&refused.info) =>
            {
                self.known.no_allocation = refused.info.code().class() == 5;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

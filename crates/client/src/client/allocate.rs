//! Room for uploads.

use oxftp_proto::{Code, Command, dialog::Exchange};

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
            Err(Error::StatusCode(refused)) if !speaks_of_room(refused.info.code()) => {
                self.known.no_allocation = refused.info.code().class() == 5;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Tells the codes that an upload would fail with, too; `421` is the end of everything.
fn speaks_of_room(code: Code) -> bool {
    matches!(code.get(), 421 | 452 | 552)
}

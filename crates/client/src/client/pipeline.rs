//! Several commands in one go.

use oxftp_proto::{Command, Reply};

use super::Client;
use crate::Result;

impl Client {
    /// Sends all commands before it reads the first reply, and gives the final reply to each, in their order.
    ///
    /// That saves round trips, and no RFC promises it: a server may throw away what comes too early, and the
    /// call then waits for the [deadline of commands](crate::Timeouts). Commands that move data have no place here.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let replies = client.pipeline(["NOOP", "SYST"]).await?;
    /// assert_eq!(replies.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`command`](Self::command); after [`Error::Timeout`](crate::Error::Timeout) the next operation
    /// awaits the replies that are missing.
    pub async fn pipeline(&mut self, lines: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Vec<Reply>> {
        self.known.astray = true;
        let encoding = self.config.encoding;
        let commands = lines.into_iter().map(|line| Command::raw(line.as_ref(), encoding));
        let commands = commands.collect::<Result<Vec<_>, _>>()?;
        self.go_home().await?;
        self.control.pipeline(&commands).await
    }
}

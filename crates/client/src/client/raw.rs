//! Raw commands of the caller.

use oxftp_proto::{
    Command, Reply,
    dialog::{Aborted, Completion},
};
use std::future::IntoFuture;

use super::Client;
use crate::{Result, future::BoxFuture};

impl Client {
    /// Creates a raw command, such as `SITE CHMOD 644 x`.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let reply = client.command("SITE CHMOD 644 x").expect("2xx").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Without [`expect`](RawCommand::expect) and [`wait`](RawCommand::wait) no reply is read:
    /// [`read_reply`](Client::read_reply) reads it, or the next command reads and drops it.
    ///
    /// A command that changes the state of the session without the client's knowledge (`TYPE`, `PROT`,
    /// `REST`) makes later transfers fail.
    #[must_use = "a command does nothing until it is awaited"]
    pub fn command(&mut self, line: impl Into<String>) -> RawCommand<'_> {
        self.state.alter();
        RawCommand { client: self, line: line.into() }
    }

    /// Sends all commands before reading the first reply, and returns the final reply to each command, in
    /// order.
    ///
    /// This saves round trips, but no RFC guarantees that it works: a server may discard a command that
    /// arrives too early, and the call then waits for the [command deadline](crate::Timeouts). Do not send
    /// commands that use a data connection.
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
    /// Those of [`command`](Self::command). After [`Error::Timeout`](crate::Error::Timeout) the next
    /// operation waits for the missing replies.
    pub async fn pipeline(&mut self, lines: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Vec<Reply>> {
        self.state.alter();
        let encoding = self.config.encoding;
        let commands = lines.into_iter().map(|line| Command::raw(line.as_ref(), encoding));
        let commands = commands.collect::<Result<Vec<_>, _>>()?;
        self.go_home().await?;
        self.control.pipeline(&commands).await
    }

    /// Reads the next reply, to whichever command it belongs.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.command("NOOP").await?;                       // reads nothing
    /// println!("{}", client.read_reply().await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`](crate::Error::Timeout) if none arrives;
    /// [`Error::Protocol`](crate::Error::Protocol) if the server sends something other than a reply.
    pub async fn read_reply(&mut self) -> Result<Reply> {
        self.control.read_reply().await
    }

    /// Sends `ABOR` while no transfer is running (RFC 959, 4.1.3). Use
    /// [`DataStream::abort`](crate::DataStream::abort) to abort a running transfer.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let answered = client.abort().await?;
    /// println!("{answered:?}");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StatusCode`](crate::Error::StatusCode) if the server does not support the command.
    pub async fn abort(&mut self) -> Result<Aborted> {
        self.control.settle().await?;
        self.control.begin_abort().await?;
        self.control.finish_abort().await
    }
}

/// A raw command of the caller. Awaiting it sends the command and reads no reply.
#[derive(Debug)]
pub struct RawCommand<'c> {
    client: &'c mut Client,
    line: String,
}

impl<'c> RawCommand<'c> {
    /// Sets the mask that the reply must match (see [`Code::matches`](crate::Code::matches)).
    pub fn expect(self, mask: impl Into<String>) -> RawExchange<'c> {
        self.exchange().expect(mask)
    }

    /// Skips replies that match `mask`, and accepts any other.
    pub fn wait(self, mask: impl Into<String>) -> RawExchange<'c> {
        self.exchange().wait(mask)
    }

    fn exchange(self) -> RawExchange<'c> {
        RawExchange { client: self.client, line: self.line, expected: Vec::new(), waited_past: Vec::new() }
    }
}

impl<'c> IntoFuture for RawCommand<'c> {
    type Output = Result<()>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let command = Command::raw(&self.line, self.client.config.encoding)?;
            self.client.go_home().await?;
            self.client.control.send(&command).await
        })
    }
}

/// A raw command of the caller with its reply. Awaiting it sends the command and returns the reply.
///
/// ```no_run
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// let reply = client.command("SITE UMASK 022").expect("2xx").await?;
/// println!("{}", reply.text());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a command does nothing until it is awaited"]
pub struct RawExchange<'c> {
    client: &'c mut Client,
    line: String,
    expected: Vec<String>,
    waited_past: Vec<String>,
}

impl RawExchange<'_> {
    /// Adds a mask that the reply may match.
    pub fn expect(mut self, mask: impl Into<String>) -> Self {
        self.expected.push(mask.into());
        self
    }

    /// Adds a mask of replies to skip. Preliminary replies (1xx) are skipped only if a mask matches them.
    pub fn wait(mut self, mask: impl Into<String>) -> Self {
        self.waited_past.push(mask.into());
        self
    }

    async fn run(self) -> Result<Reply> {
        let command = Command::raw(&self.line, self.client.config.encoding)?;
        self.client.go_home().await?;
        let control = &mut self.client.control;
        control.send(&command).await?;
        let expected: Vec<&str> = self.expected.iter().map(String::as_str).collect();
        let waited_past: Vec<&str> = self.waited_past.iter().map(String::as_str).collect();
        // Without a mask, any reply that is not skipped is accepted, as in aioftp.
        let expected = if expected.is_empty() { vec![""] } else { expected };
        let deadline = self.client.config.timeouts.command;
        control.resume(Completion::new(&expected, &waited_past), deadline).await
    }
}

impl<'c> IntoFuture for RawExchange<'c> {
    type Output = Result<Reply>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

//! Commands of the user's own.

use oxftp_proto::{
    Command, Reply,
    dialog::{Aborted, Completion},
};
use std::future::IntoFuture;

use super::Client;
use crate::{Result, future::BoxFuture};

impl Client {
    /// Sends a command of one's own, such as `SITE CHMOD 644 x`.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let reply = client.command("SITE CHMOD 644 x").expect("2xx").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Without [`expect`](RawCommand::expect) and [`wait`](RawCommand::wait) nothing is read:
    /// [`read_reply`](Client::read_reply) reads the reply, or the next command reads and drops it.
    ///
    /// A command that changes the state of the session behind the client's back (`TYPE`, `PROT`,
    /// `REST`) confuses later transfers.
    #[must_use = "a command does nothing until it is awaited"]
    pub fn command(&mut self, line: impl Into<String>) -> RawCommand<'_> {
        self.state.dirty = true;
        RawCommand { client: self, line: line.into() }
    }

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
        self.state.dirty = true;
        let encoding = self.config.encoding;
        let commands = lines.into_iter().map(|line| Command::raw(line.as_ref(), encoding));
        let commands = commands.collect::<Result<Vec<_>, _>>()?;
        self.go_home().await?;
        self.control.pipeline(&commands).await
    }

    /// Reads the next reply, whatever it answers.
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
    /// [`Error::Timeout`](crate::Error::Timeout) when none comes;
    /// [`Error::Protocol`](crate::Error::Protocol) when what comes is no reply.
    pub async fn read_reply(&mut self) -> Result<Reply> {
        self.control.read_reply().await
    }

    /// Sends `ABOR` while no transfer runs (RFC 959, 4.1.3); one that runs is ended by
    /// [`DataStream::abort`](crate::DataStream::abort).
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
    /// [`Error::StatusCode`](crate::Error::StatusCode) when the server does not know the command.
    pub async fn abort(&mut self) -> Result<Aborted> {
        self.control.settle().await?;
        self.control.begin_abort().await?;
        self.control.finish_abort().await
    }
}

/// A command of the user's own, not yet sent; awaiting it sends it and reads nothing.
#[derive(Debug)]
pub struct RawCommand<'c> {
    client: &'c mut Client,
    line: String,
}

impl<'c> RawCommand<'c> {
    /// Expects a reply that matches `mask` (see [`Code::matches`](crate::Code::matches)).
    pub fn expect(self, mask: impl Into<String>) -> RawExchange<'c> {
        self.exchange().expect(mask)
    }

    /// Waits past replies that match `mask`, and takes any other.
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

/// A command of the user's own and the reply to it; awaiting it sends one and gives the other.
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
    /// Expects a reply that matches `mask`, or one of those named before.
    pub fn expect(mut self, mask: impl Into<String>) -> Self {
        self.expected.push(mask.into());
        self
    }

    /// Waits past replies that match `mask`, too. Preliminary replies (1xx) are not waited past
    /// unless named.
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
        // With nothing to expect, whatever is not waited past will do, as in the reference.
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

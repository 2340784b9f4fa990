//! Raw commands of the caller.

use oxftp_proto::{
    Code, Command, Reply,
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
    /// Without [`expect`](RawCommand::expect) any `2xx` or `3xx` is a success. [`send`](RawCommand::send) sends the
    /// command without reading the reply.
    ///
    /// A command that changes the state of the session without the client's knowledge (`TYPE`, `PROT`,
    /// `REST`) makes later transfers fail.
    #[must_use = "a command does nothing until it is awaited"]
    pub fn command(&mut self, line: impl Into<String>) -> RawCommand<'_> {
        self.state.alter();
        RawCommand { client: self, line: line.into(), expected: Vec::new(), waited_past: Vec::new() }
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
    /// The errors of [`command`](Self::command). After [`Error::Timeout`](crate::Error::Timeout) the next
    /// operation waits for the missing replies.
    pub async fn pipeline(&mut self, lines: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Vec<Reply>> {
        self.state.alter();
        let encoding = self.config.encoding;
        let commands = lines.into_iter().map(|line| Command::raw(line.as_ref(), encoding));
        let commands = commands.collect::<Result<Vec<_>, _>>()?;
        self.restore_working_dir().await?;
        self.control.pipeline(&commands).await
    }

    /// Reads the next reply, to whichever command it belongs.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.command("NOOP").send().await?;                // reads nothing
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

/// A raw command of the caller. Awaiting it sends the command and returns the final reply.
///
/// ```no_run
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// let reply = client.command("SITE UMASK 022").await?;               // an error for 4xx and 5xx
/// println!("{}", reply.text());
/// let reply = client.command("DELE old").expect("250").expect("550").await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Error::StatusCode`](crate::Error::StatusCode) if the reply does not match a mask;
/// [`Error::InvalidMask`](crate::Error::InvalidMask) if a mask is invalid, before anything is sent.
#[derive(Debug)]
#[must_use = "a command does nothing until it is awaited"]
pub struct RawCommand<'c> {
    client: &'c mut Client,
    line: String,
    expected: Vec<String>,
    waited_past: Vec<String>,
}

impl RawCommand<'_> {
    /// Adds a mask that the reply may match, such as `2xx` (see [`Code::matches`](crate::Code::matches)); `xxx`
    /// accepts every reply. By default, preliminary replies (1xx) are skipped, and 2xx and 3xx are accepted.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let reply = client.command("SITE HELP").expect("2xx").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn expect(mut self, mask: impl Into<String>) -> Self {
        self.expected.push(mask.into());
        self
    }

    /// Adds a mask of replies to skip. With [`expect`](Self::expect), preliminary replies (1xx) are skipped only if a
    /// mask matches them.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// let reply = client.command("SITE INDEX").wait("1xx").expect("2xx").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait(mut self, mask: impl Into<String>) -> Self {
        self.waited_past.push(mask.into());
        self
    }

    /// Sends the command and reads no reply: [`Client::read_reply`] reads it, or the next command reads and drops it.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.command("SITE HELP").send().await?;
    /// println!("{}", client.read_reply().await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCommand`](crate::Error::InvalidCommand) if the line is not a command, and those of the control
    /// connection. A refusal of the server is not noticed.
    pub async fn send(self) -> Result<()> {
        let command = Command::raw(&self.line, self.client.config.encoding)?;
        self.client.restore_working_dir().await?;
        self.client.control.send(&command).await
    }

    async fn run(self) -> Result<Reply> {
        let mut expected: Vec<&str> = self.expected.iter().map(String::as_str).collect();
        let mut waited_past: Vec<&str> = self.waited_past.iter().map(String::as_str).collect();
        expected.iter().chain(&waited_past).try_for_each(|mask| Code::check_mask(mask))?;
        if expected.is_empty() {
            expected.extend(["2xx", "3xx"]);
            waited_past.push("1xx");
        }
        let command = Command::raw(&self.line, self.client.config.encoding)?;
        self.client.restore_working_dir().await?;
        let control = &mut self.client.control;
        control.send(&command).await?;
        let deadline = self.client.config.timeouts.command;
        control.resume(Completion::new(&expected, &waited_past), deadline).await
    }
}

impl<'c> IntoFuture for RawCommand<'c> {
    type Output = Result<Reply>;
    type IntoFuture = BoxFuture<'c, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

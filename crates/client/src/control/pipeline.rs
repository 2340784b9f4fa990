//! Pipeline: several commands that are sent before the first reply is read.

use std::time::Duration;

use oxftp_proto::{Code, Command, Reply};

use super::ControlChannel;
use crate::{Error, Result, deadline::Deadline, future::BoxFuture, trace::debug};

impl ControlChannel {
    /// Sends all commands before reading the first reply, and returns the final reply to each. Sends them one by one
    /// if this server does [not allow pipelining](Self::forbids_pipelining).
    ///
    /// Some servers execute the first of the commands that arrive together, and drop the others. If no further reply
    /// arrives, `PWD` detects this, and the dropped commands are sent again.
    pub(crate) async fn pipeline(&mut self, commands: &[Command]) -> Result<Vec<Reply>> {
        self.settle().await?;
        let mut replies = Vec::with_capacity(commands.len());
        while replies.len() < commands.len() {
            let rest = &commands[replies.len()..];
            let at_once = if self.forbids_pipelining() { 1 } else { rest.len() };
            if self.is_repeated_due() {
                self.await_repeated().await?;
            }
            let chunk = &rest[..at_once];
            chunk.iter().for_each(|command| self.queue(command));
            self.read_replies(chunk, &mut replies).await?;
        }
        Ok(replies)
    }

    /// Reads the replies to commands that were sent together, up to those that the server dropped.
    async fn read_replies(&mut self, commands: &[Command], replies: &mut Vec<Reply>) -> Result<()> {
        let wanted = replies.len() + commands.len();
        let first = replies.len();
        while replies.len() < wanted {
            let is_first = replies.len() == first;
            if !is_first && self.can_be_fenced(commands) {
                let timeout = self.deadline.map_or(DROP_TIMEOUT, |most| most.min(DROP_TIMEOUT));
                match Deadline::start(Some(timeout)).await_reply(self.receive()).await {
                    Err(Error::Timeout { .. }) => return self.read_fenced(wanted, replies).await,
                    Ok(reply) if reply.code().is_preliminary() => {}
                    Ok(reply) => replies.push(reply),
                    Err(error) => {
                        self.blame(&error);
                        return Err(error);
                    }
                }
                continue;
            }
            let reply = self.next_reply(self.deadline).await?;
            if !reply.code().is_preliminary() {
                replies.push(reply);
            }
        }
        Ok(())
    }

    /// Sends `PWD`, and reads the replies up to the one to `PWD`. If the replies to the other commands do not arrive
    /// first, the server has dropped these commands.
    async fn read_fenced(&mut self, wanted: usize, replies: &mut Vec<Reply>) -> Result<()> {
        self.queue(&Command::new("PWD"));
        loop {
            let reply = self.next_reply(self.deadline).await?;
            if reply.code() == Code::PATH {
                break;
            }
            if !reply.code().is_preliminary() {
                replies.push(reply);
            }
            if replies.len() > wanted {
                // The last reply is a refusal of `PWD`.
                replies.truncate(wanted);
                return Ok(());
            }
        }
        if replies.len() < wanted {
            debug!("the server drops commands that arrive together with another one");
            self.drops_pipelined = true;
            self.awaited.clear();
        }
        Ok(())
    }

    /// Reads the reply to a passive command that was sent together with queries. If it does not arrive, `PWD` shows whether
    /// the server has dropped the command, and it is sent again.
    pub(super) fn next_reply_of_batch(&mut self, deadline: Option<Duration>) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(self.await_batch(deadline))
    }

    async fn await_batch(&mut self, deadline: Option<Duration>) -> Result<Reply> {
        let line = self.awaited.front().and_then(|awaited| awaited.line.clone());
        let passive = match line.as_deref() {
            Some("EPSV") => "EPSV",
            Some("PASV") => "PASV",
            _ => return self.next_reply(deadline).await,
        };
        let timeout = deadline.map_or(DROP_TIMEOUT, |most| most.min(DROP_TIMEOUT));
        match Deadline::start(Some(timeout)).await_reply(self.flush_and_receive()).await {
            Err(Error::Timeout { .. }) if self.decoder.is_empty() => {}
            received => {
                self.has_answered_batch = received.is_ok();
                if let Err(error) = &received {
                    self.blame(error);
                }
                return received;
            }
        }
        self.queue(&Command::new("PWD"));
        let reply = self.next_reply(deadline).await?;
        if reply.code() != Code::PATH {
            // The reply was late. The next one belongs to `PWD`.
            self.next_reply(deadline).await?;
            return Ok(reply);
        }
        debug!("the server drops commands that arrive together with another one");
        self.drops_pipelined = true;
        self.awaited.clear();
        self.queue(&Command::new(passive));
        self.next_reply(deadline).await
    }

    /// Returns whether the reply to `PWD` can be distinguished from the replies to these commands.
    fn can_be_fenced(&self, commands: &[Command]) -> bool {
        let verb = |command: &Command| command.as_bytes().get(..3).map(<[u8]>::to_ascii_uppercase);
        let is_answered_alike =
            |command| matches!(verb(command).as_deref(), Some(b"PWD" | b"MKD" | b"XPW" | b"XMK"));
        self.keep_alives.waiting() == 0 && !commands.iter().any(is_answered_alike)
    }

    /// Returns whether no command may be sent before the reply to the previous one, because the server ends multi-line
    /// replies with other codes, sends replies twice, or drops commands.
    pub(crate) fn forbids_pipelining(&self) -> bool {
        self.took_tentative || self.drops_pipelined || self.repeats_replies()
    }
}

/// The wait for the reply to a pipelined command, after the reply to the command before it.
const DROP_TIMEOUT: Duration = Duration::from_secs(3);

//! Second replies: servers that send each final reply twice, or another one after some commands.

use std::{collections::BTreeSet, time::Duration};

use oxftp_proto::{Code, Reply};

use super::{AwaitedCommand, ControlChannel};
use crate::{Result, deadline::Deadline, future::BoxFuture, trace::debug};

/// Experience with second replies.
#[derive(Debug, Default)]
pub(super) struct RepeatedReplies {
    /// The last final reply.
    last: Option<Reply>,
    /// The server sends each final reply twice.
    is_known: bool,
    /// The verbs of the commands after which the server sends a second final reply with another text.
    answered_twice: BTreeSet<String>,
    /// The second reply to the last command has not arrived.
    is_due: bool,
}

impl ControlChannel {
    /// Returns whether the server sends second replies. A pipelined command could get the reply to another one then.
    pub(super) fn repeats_replies(&self) -> bool {
        self.repeated.is_known || !self.repeated.answered_twice.is_empty()
    }

    /// Records a final reply that belongs to a command, or the greeting.
    pub(super) fn note_final(&mut self, reply: &Reply) {
        let repeated = &mut self.repeated;
        repeated.is_due = repeated.is_known
            || reply.command().is_some_and(|line| repeated.answered_twice.contains(verb(line)));
        repeated.last = Some(reply.clone());
    }

    /// Returns whether a reply that no command is waiting for is a second reply to the last command. In that case, it
    /// is consumed.
    pub(super) fn take_repeated(&mut self, reply: &Reply) -> bool {
        let repeated = &mut self.repeated;
        let Some(last) = &repeated.last else { return false };
        if last == reply {
            if !repeated.is_known {
                debug!("the server sends its replies twice");
            }
            repeated.is_known = true;
        } else if carries_no_value(last)
            && carries_no_value(reply)
            && let Some(command) = last.command()
        {
            debug!("the server replies to {command} twice: {reply}");
            repeated.answered_twice.insert(verb(command).to_owned());
        } else {
            return false;
        }
        repeated.is_due = false;
        repeated.last = None;
        true
    }

    /// Returns whether a reply is a second reply to the last command although another command is waiting. In that
    /// case, it is consumed.
    ///
    /// This is certain in three cases: The server is known to send each reply twice, and the copy is due (if it were
    /// the first copy of a new reply, another one would follow). The reply is the greeting, which answers no other
    /// command. It is the end of a transfer, which answers only a command that transfers.
    pub(super) fn take_repeated_in_turn(&mut self, reply: &Reply) -> bool {
        let Some(oldest) = self.awaited.front() else {
            return self.repeated.is_due && self.take_repeated(reply);
        };
        let is_greeting = reply.code() == Code::READY && !matches!(oldest.to, AwaitedCommand::Greeting);
        let is_copy = || self.repeated.is_known && self.repeated.is_due;
        let is_end_of_transfer = || {
            let last = self.repeated.last.as_ref().and_then(Reply::command).unwrap_or_default();
            reply.code() == Code::TRANSFER_COMPLETE
                && TRANSFERS.contains(&verb(last))
                && oldest.line.as_deref().is_some_and(|line| BEFORE_TRANSFERS.contains(&verb(line)))
        };
        (is_greeting || is_copy() || is_end_of_transfer()) && self.take_repeated(reply)
    }

    /// Waits for the second reply to the last command, so that the next command is sent after it.
    pub(super) fn await_repeated(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            match Deadline::start(Some(REPETITION_PATIENCE)).cut(self.receive_any()).await {
                Some(Ok(reply)) if self.take_repeated(&reply) => Ok(()),
                Some(Ok(reply)) => Err(self.desynchronised(reply.to_string())),
                Some(Err(error)) => Err(error),
                // The server does not repeat its replies.
                None => {
                    self.repeated = RepeatedReplies::default();
                    Ok(())
                }
            }
        })
    }

    /// Returns whether the second reply to the last command has to be awaited before the next command.
    pub(super) fn is_repeated_due(&self) -> bool {
        self.repeated.is_due && self.outstanding() == 0
    }
}

/// Returns whether a reply says only that a command succeeded: it carries no value, and is not a greeting.
fn carries_no_value(reply: &Reply) -> bool {
    matches!(reply.code().get(), 200 | 226 | 250)
}

fn verb(line: &str) -> &str {
    line.split(' ').next().unwrap_or_default()
}

const TRANSFERS: [&str; 7] = ["RETR", "STOR", "APPE", "STOU", "LIST", "NLST", "MLSD"];

/// Commands that are sent ahead of the end of a transfer, and that `226` does not answer.
const BEFORE_TRANSFERS: [&str; 6] = ["EPSV", "PASV", "SIZE", "MDTM", "PWD", "TYPE"];

/// The wait for the second copy of a reply. Servers send both at once.
const REPETITION_PATIENCE: Duration = Duration::from_millis(300);

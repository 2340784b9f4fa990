//! Repeated replies: servers that send each final reply twice.

use std::time::Duration;

use oxftp_proto::{Code, Reply};

use super::{AwaitedCommand, ControlChannel};
use crate::{Result, deadline::Deadline, future::BoxFuture, trace::debug};

/// What is known of repeated replies.
#[derive(Debug, Default)]
pub(super) struct RepeatedReplies {
    /// The last final reply.
    last: Option<Reply>,
    /// The server sends each final reply twice.
    is_known: bool,
    /// The second copy of the last reply has not arrived.
    is_due: bool,
}

impl ControlChannel {
    /// Returns whether the server sends each final reply twice. A pipelined command could get the reply to another one
    /// then.
    pub(super) fn repeats_replies(&self) -> bool {
        self.repeated.is_known
    }

    /// Records a final reply that belongs to a command, or the greeting.
    pub(super) fn note_final(&mut self, reply: &Reply) {
        self.repeated.last = Some(reply.clone());
        self.repeated.is_due = self.repeated.is_known;
    }

    /// Returns whether a reply that no command is waiting for is the second copy of the last one. It is consumed then.
    pub(super) fn take_repeated(&mut self, reply: &Reply) -> bool {
        if self.repeated.last.as_ref() != Some(reply) {
            return false;
        }
        if !self.repeated.is_known {
            debug!("the server sends its replies twice");
        }
        self.repeated.is_known = true;
        self.repeated.is_due = false;
        self.repeated.last = None;
        true
    }

    /// Returns whether a reply is the second copy of the last one although a command is waiting. It is consumed then.
    ///
    /// That is certain if the server is known for it and the copy is due: if it were the first copy of a new reply,
    /// another one would follow. No command but the greeting is answered by the greeting.
    pub(super) fn take_repeated_in_turn(&mut self, reply: &Reply) -> bool {
        let oldest = self.awaited.front().map(|awaited| awaited.to);
        let is_greeting =
            reply.code() == Code::READY && !matches!(oldest, None | Some(AwaitedCommand::Greeting));
        (self.repeated.is_due || is_greeting) && self.take_repeated(reply)
    }

    /// Waits for the second copy of the last reply, so that the next command is sent after it.
    pub(super) fn await_repeated(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            match Deadline::start(Some(REPETITION_PATIENCE)).cut(self.receive_any()).await {
                Some(Ok(reply)) if self.take_repeated(&reply) => Ok(()),
                Some(Ok(reply)) => Err(self.desynchronised(reply.to_string())),
                Some(Err(error)) => Err(error),
                // It does not repeat its replies.
                None => {
                    self.repeated = RepeatedReplies::default();
                    Ok(())
                }
            }
        })
    }

    /// Returns whether the second copy of the last reply has to be awaited before the next command.
    pub(super) fn is_repeated_due(&self) -> bool {
        self.repeated.is_due && self.outstanding() == 0
    }
}

/// How long to wait for the second copy of a reply. Servers send both at once.
const REPETITION_PATIENCE: Duration = Duration::from_millis(300);

//! Unsolicited replies: data that no command asked for.

use std::{
    pin::Pin,
    task::{Context, Waker},
};

use oxftp_proto::Code;
use tokio::io::{AsyncRead, ReadBuf};

use super::ControlChannel;
use crate::{Error, Result};

impl ControlChannel {
    /// Returns an error if the server has sent data that no command asked for. Does not wait.
    pub(super) async fn refuse_unsolicited(&mut self) -> Result<()> {
        let Some(stream) = &mut self.stream else { return Err(self.unusable()) };
        if stream.has_unread() {
            // The runtime may not have registered the data yet.
            tokio::task::yield_now().await;
        }
        let mut space = [0; 512];
        let mut buffer = ReadBuf::new(&mut space);
        let poll = Pin::new(stream).poll_read(&mut Context::from_waker(Waker::noop()), &mut buffer);
        let ended = poll.is_ready() && buffer.filled().is_empty();
        self.decoder.feed(buffer.filled());
        let unsolicited = self.decoder.next_reply();
        if matches!(unsolicited, Ok(None)) && self.outstanding() == 0 {
            // A reply that arrived before the next command is not the reply to it.
            self.decoder.discard_late_end();
        }
        match unsolicited {
            Ok(Some(reply)) if self.is_late_reply(&reply) => {
                self.keep_unclaimed(reply);
                Ok(())
            }
            Ok(Some(reply)) if self.take_repeated(&reply) => Ok(()),
            Ok(Some(reply)) if reply.code() == Code::SERVICE_CLOSING => {
                let reply = self.count(reply)?;
                Err(Error::Closed { reply: Some(reply) })
            }
            Ok(Some(reply)) => Err(self.desynchronised(reply.to_string())),
            Ok(None) if ended => {
                self.closed_by_server = true;
                self.blame_refused();
                self.mark_broken("the server closed the connection", None);
                Err(Error::Closed { reply: None })
            }
            Ok(None) if self.decoder.is_empty() => Ok(()),
            _ => Err(self.desynchronised(self.decoder.unfinished())),
        }
    }

    /// Marks the connection as broken by unsolicited data, and returns that error.
    pub(super) fn desynchronised(&mut self, text: String) -> Error {
        self.mark_broken("the server sent an unsolicited reply", None);
        Error::Desynchronised { text: self.redactor.text(&text).into_owned() }
    }
}

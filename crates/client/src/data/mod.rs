//! The data connection of one transfer.
//!
//! [`DataConnection`] is the connection and its count; [`DataStream`] holds the client beside it,
//! so that no command can be sent while a transfer runs. Its bytes are read and written in [`bytes`], what
//! compresses them is in [`compression`], what moves them past this side's memory in `kernel`.

mod bytes;
mod compression;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod kernel;
mod limit;
mod moved;
mod read_ahead;
mod stream;

#[cfg(target_os = "linux")]
pub(crate) use kernel::poll_socket;
pub(crate) use limit::Limit;
pub(crate) use moved::{Moved, Side};
pub(crate) use read_ahead::ReadAhead;

pub use stream::{DataStream, TransferSummary};

use std::{io, pin::pin, time::Duration};

use oxftp_proto::{
    Reply,
    dialog::{Aborted, Completion, MdtmReply, Started},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use compression::Compression;

use crate::{Error, Result, control::ControlChannel, stream::Stream, timeouts::within};

/// Which way the bytes of a transfer go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Down,
    Up,
}

/// An open data connection and what went through it.
pub(crate) struct DataConnection {
    /// `None` once it is closed.
    stream: Option<Stream>,
    direction: Direction,
    /// The reply that the transfer began with.
    preliminary: Option<Reply>,
    /// The final reply, where it came in place of the preliminary one.
    early: Option<Reply>,
    at_end: bool,
    /// How reading failed; a socket tells it once, and then seems to be at its end.
    broken: Option<io::ErrorKind>,
    transferred: u64,
    /// What was said of the file's time while this was opened.
    dating: Option<MdtmReply>,
    /// What was answered to questions about the file behind its data.
    answers: Vec<Reply>,
    compression: Option<Compression>,
    limit: Limit,
}

impl DataConnection {
    pub(crate) fn new(stream: Stream, direction: Direction, started: Started) -> Self {
        let (preliminary, early) = match started {
            Started::Preliminary(reply) => (Some(reply), None),
            Started::Final(reply) => (None, Some(reply)),
        };
        Self {
            stream: Some(stream),
            direction,
            preliminary,
            early,
            at_end: false,
            broken: None,
            transferred: 0,
            dating: None,
            answers: Vec::new(),
            compression: None,
            limit: Limit::default(),
        }
    }

    /// Notes what was said of the file's time while this was opened, if that was asked.
    pub(crate) fn dated(self, dating: Option<MdtmReply>) -> Self {
        Self { dating, ..self }
    }

    /// Gives the reply that the transfer began with, unless it was the final one.
    pub(crate) fn preliminary(&self) -> Option<&Reply> {
        self.preliminary.as_ref()
    }

    /// Gives what was said of the file's time along with a download, if that was asked.
    pub(crate) fn dating(&self) -> Option<MdtmReply> {
        let behind = || self.answers.first().filter(|_| self.direction == Direction::Down);
        self.dating.or_else(|| behind().map(MdtmReply::read))
    }

    /// Takes what was answered to questions about the file behind its data.
    pub(crate) fn take_answers(&mut self) -> Vec<Reply> {
        std::mem::take(&mut self.answers)
    }

    /// Makes it a connection whose bytes are compressed, and inflate to at most so many.
    pub(crate) fn compressed(self, most: u64) -> Self {
        Self { compression: Some(Compression::new(self.direction, most)), ..self }
    }

    /// Tells whether its bytes are compressed.
    pub(crate) fn is_compressed(&self) -> bool {
        self.compression.is_some()
    }

    /// Bounds what arrives compressed by the size that the file is known to have.
    pub(crate) fn expect_at_most(&mut self, size: Option<u64>) {
        if let (Some(compression), Some(size)) = (&mut self.compression, size) {
            compression.expect_at_most(size);
        }
    }

    /// Gives the number of bytes that went through.
    pub(crate) fn transferred(&self) -> u64 {
        self.transferred
    }

    /// Reads as if the data ended at this limit, for as long as it stands there.
    pub(crate) fn limit_to(&mut self, limit: Limit) {
        self.limit = limit;
    }

    /// Tells whether the server has sent all it has.
    pub(crate) fn is_at_end(&self) -> bool {
        self.at_end
    }

    /// Ends the data connection as the direction demands and awaits the final reply.
    ///
    /// May be dropped and called again at any point.
    pub(crate) async fn finish(
        &mut self,
        control: &mut ControlChannel,
        masks: Masks<'_>,
        deadline: Option<Duration>,
    ) -> Result<TransferSummary> {
        let ended = self.end().await;
        if ended.is_ok() {
            // A connection that breaks here is told of by the reply that does not come.
            let _ = control.send_ahead().await;
        }
        let deadline = if ended.is_ok() { deadline } else { within_reason(deadline) };
        let completed = self.complete(control, masks, deadline).await;
        self.close();
        match (ended, completed) {
            (Ok(()), Ok(reply)) => Ok(TransferSummary { reply, transferred: self.transferred }),
            // What the server says about a failed transfer tells more than the broken connection.
            (_, Err(error @ Error::StatusCode(_))) => Err(error),
            (Err(Ended::TooSoon), Ok(_)) => Err(Error::Unfinished { received: self.transferred }),
            (Err(Ended::Broken(source)), Ok(reply)) => Err(Error::Data { reply: Some(reply), source }),
            (Err(Ended::Broken(source)), Err(_)) => Err(Error::Data { reply: None, source }),
            (_, Err(error)) => Err(error),
        }
    }

    /// Gives the transfer up after the data connection failed; the error has the server's words.
    pub(crate) async fn fail(
        &mut self,
        control: &mut ControlChannel,
        source: io::Error,
        deadline: Option<Duration>,
    ) -> Error {
        self.close();
        if control.is_broken() {
            return Error::Data { reply: None, source };
        }
        let masks = Masks { expected: &["2xx"], waited_past: &["1xx"] };
        match self.complete(control, masks, within_reason(deadline)).await {
            Err(error @ Error::StatusCode(_)) => error,
            Ok(reply) => Error::Data { reply: Some(reply), source },
            Err(_) => Error::Data { reply: None, source },
        }
    }

    /// Breaks the transfer off.
    pub(crate) async fn abort(&mut self, control: &mut ControlChannel) -> Result<Aborted> {
        let begun = control.begin_abort().await;
        // Many servers look at the control connection only once the data connection is gone.
        self.close();
        begun?;
        control.finish_abort().await
    }

    /// Closes without a word. The connection of an upload is reset by that until
    /// [`end`](Self::end) was reached, so that no server takes the half for the whole.
    pub(crate) fn close(&mut self) {
        self.stream = None;
    }

    /// Brings the data connection to its end, without closing it.
    async fn end(&mut self) -> Result<(), Ended> {
        if self.stream.is_none() {
            return Ok(());
        }
        match self.direction {
            Direction::Up => {
                self.shutdown().await.map_err(Ended::Broken)?;
                if let Some(stream) = &self.stream {
                    stream.reset_on_close(false);
                }
                Ok(())
            }
            Direction::Down if self.at_end => {
                self.close_plain();
                Ok(())
            }
            Direction::Down => match self.read(&mut [0; 1]).await {
                Ok(0) => {
                    self.close_plain();
                    Ok(())
                }
                Ok(unwanted) => {
                    self.transferred -= unwanted as u64;
                    self.close();
                    Err(Ended::TooSoon)
                }
                Err(error) => {
                    self.close();
                    Err(Ended::Broken(error))
                }
            },
        }
    }

    /// Closes a connection that has no farewell to say: ProFTPD lingers before its final reply
    /// until this side has closed.
    fn close_plain(&mut self) {
        self.stream.take_if(|stream| !stream.is_encrypted());
    }

    async fn complete(
        &mut self,
        control: &mut ControlChannel,
        masks: Masks<'_>,
        deadline: Option<Duration>,
    ) -> Result<Reply> {
        let Self { stream, early, direction, answers, .. } = self;
        let encrypted = stream.as_mut().filter(|stream| stream.is_encrypted());
        let mut farewell = pin!(farewell(encrypted, *direction));
        let known = early.clone();
        let mut reply = pin!(async {
            match (known, control.mode_ahead()) {
                (Some(reply), _) => Ok(reply.expect(masks.expected)?),
                (None, Some(mode)) => {
                    let (reply, answered) = control.complete_pipelined(mode, deadline).await?;
                    *answers = answered;
                    Ok(reply)
                }
                (None, None) => {
                    control.resume(Completion::new(masks.expected, masks.waited_past), deadline).await
                }
            }
        });
        tokio::select! {
            biased;
            () = &mut farewell => reply.await,
            reply = &mut reply => {
                // Whoever drops this future now and calls again must not wait for a second reply.
                *early = reply.as_ref().ok().or(reply.as_ref().err().and_then(Error::reply)).cloned();
                let _ = within(Some(FAREWELL), farewell).await;
                reply
            }
        }
    }
}

/// Ends TLS on both sides: tells the server where it has not been told, and reads on until it
/// has told us. A TLS 1.3 server sends the tickets that the next connection resumes with where an
/// upload would never read them.
async fn farewell(stream: Option<&mut Stream>, direction: Direction) {
    let Some(stream) = stream else { return };
    if direction == Direction::Down {
        let _ = stream.shutdown().await;
        return;
    }
    let mut space = [0; 1024];
    while matches!(stream.read(&mut space).await, Ok(1..)) {}
}

/// Why a data connection did not come to its regular end.
enum Ended {
    TooSoon,
    Broken(io::Error),
}

/// Which replies end a transfer, and which are waited past.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Masks<'m> {
    pub(crate) expected: &'m [&'m str],
    pub(crate) waited_past: &'m [&'m str],
}

impl Default for Masks<'_> {
    fn default() -> Self {
        Self { expected: &["2xx"], waited_past: &["1xx"] }
    }
}

/// Shortens a deadline for a transfer that failed already.
pub(crate) fn within_reason(deadline: Option<Duration>) -> Option<Duration> {
    Some(deadline.map_or(LAST_WORDS, |deadline| deadline.min(LAST_WORDS)))
}

/// How long a server may take to say why a transfer failed.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// How long a server may take to end TLS after its final reply.
const FAREWELL: Duration = Duration::from_secs(1);

//! Start and end of TLS on the control connection (`AUTH`, `CCC`).

use std::{io, time::Duration};
use tokio::io::AsyncReadExt;

use super::{BrokenReason, ControlChannel};
use crate::{
    Error, Result,
    connect::BoxSocket,
    deadline::Deadline,
    stream::{Stream, Transport},
    tls::{TlsSession, TlsStream, end_sending},
};

impl ControlChannel {
    /// Encrypts the connection. Plain-text data that arrived before the handshake are an error.
    pub(crate) async fn encrypt(&mut self, tls: &TlsSession, deadline: Option<Duration>) -> Result<()> {
        if !self.decoder.is_empty() {
            self.mark_broken("the server sent plain-text data before the TLS handshake", None);
            return Err(Error::InjectedBeforeTls);
        }
        let Some(socket) = self.stream.take().and_then(Stream::into_plain) else {
            return Err(self.unusable());
        };
        self.broken =
            Some(BrokenReason { why: "the TLS handshake was not completed".into(), last_reply: None });
        let deadline = Deadline::start(deadline);
        let stream = match deadline.cut(tls.secure_control(socket)).await {
            Some(handshake) => handshake.map_err(Error::Tls)?,
            None => return Err(deadline.expired("the TLS handshake")),
        };
        self.stream = Some(Stream::new(Transport::Tls(Box::new(stream)), &self.throttle, None));
        self.broken = None;
        Ok(())
    }

    /// Ends TLS on both sides and continues in plain text.
    ///
    /// The server sends nothing before the next command, so data after its `close_notify` are not its own:
    /// rustls discards those it has read, and the next command reports the rest.
    pub(crate) async fn end_tls(&mut self) -> Result<()> {
        if !self.decoder.is_empty() {
            return Err(self.desynchronised(self.decoder.unfinished()));
        }
        let Some(stream) = self.stream.take().and_then(Stream::into_tls) else {
            return Err(self.unusable());
        };
        self.broken = Some(BrokenReason { why: "TLS was not closed cleanly".into(), last_reply: None });
        let deadline = Deadline::start(self.deadline);
        let socket = match deadline.cut(end(stream)).await {
            Some(ended) => ended.map_err(Error::Control)?,
            None => return Err(deadline.expired("the end of TLS")),
        };
        self.stream = Some(Stream::new(Transport::Plain(socket), &self.throttle, None));
        self.broken = None;
        Ok(())
    }
}

/// Sends `close_notify` and waits for that of the server (RFC 8446, 6.1).
async fn end(mut stream: Box<TlsStream>) -> io::Result<BoxSocket> {
    end_sending(&mut stream).await?;
    match stream.read(&mut [0; 1]).await? {
        0 => Ok(stream.into_inner().0),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "the server sent data instead of close_notify")),
    }
}

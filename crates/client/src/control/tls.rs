//! Turning TLS on.

use std::{io, time::Duration};
use tokio::io::AsyncReadExt;
use tokio_rustls::client::TlsStream;

use super::{BrokenReason, ControlChannel};
use crate::{
    Error, Result,
    connect::BoxSocket,
    deadline::{timed_out, within},
    stream::{Stream, Transport},
    tls::{TlsSession, end_sending},
};

impl ControlChannel {
    /// Encrypts the connection; whatever came in clear before is refused.
    pub(crate) async fn encrypt(&mut self, tls: &TlsSession, deadline: Option<Duration>) -> Result<()> {
        if !self.decoder.is_empty() {
            self.mark_broken("data came in clear before the TLS handshake", None);
            return Err(Error::InjectedBeforeTls);
        }
        let Some(socket) = self.stream.take().and_then(Stream::into_plain) else {
            return Err(self.unusable());
        };
        self.broken = Some(BrokenReason { why: "the TLS handshake did not end".into(), last_reply: None });
        let stream = match within(deadline, tls.secure_control(socket)).await {
            Some(handshake) => handshake.map_err(Error::Tls)?,
            None => return Err(timed_out("the TLS handshake", deadline)),
        };
        self.stream = Some(Stream::new(Transport::Tls(Box::new(stream)), &self.throttle, None));
        self.broken = None;
        Ok(())
    }

    /// Ends TLS on both sides and goes on in clear.
    ///
    /// The server has nothing to say before the next command, so what comes behind the end of its TLS is not its
    /// own: rustls throws away what it has read of that, and the next command refuses the rest.
    pub(crate) async fn end_tls(&mut self) -> Result<()> {
        if !self.decoder.is_empty() {
            return Err(self.desynchronised(self.decoder.unfinished()));
        }
        let Some(stream) = self.stream.take().and_then(Stream::into_tls) else {
            return Err(self.unusable());
        };
        self.broken = Some(BrokenReason { why: "TLS did not end as it should".into(), last_reply: None });
        let socket = match within(self.deadline, end(stream)).await {
            Some(ended) => ended.map_err(Error::Control)?,
            None => return Err(timed_out("the end of TLS", self.deadline)),
        };
        self.stream = Some(Stream::new(Transport::Plain(socket), &self.throttle, None));
        self.broken = None;
        Ok(())
    }
}

/// Says that TLS ends, and awaits that from the server (`close_notify`; RFC 8446, 6.1).
async fn end(mut stream: Box<TlsStream<BoxSocket>>) -> io::Result<BoxSocket> {
    end_sending(&mut stream).await?;
    match stream.read(&mut [0; 1]).await? {
        0 => Ok(stream.into_inner().0),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "the server went on within TLS that was to end")),
    }
}

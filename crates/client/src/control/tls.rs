//! Turning TLS on.

use std::{io, time::Duration};
use tokio::io::AsyncReadExt;
use tokio_rustls::client::TlsStream;

use super::ControlChannel;
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
            self.give_up("data came in clear before the TLS handshake", None);
            return Err(Error::InjectedBeforeTls);
        }
        let Some(socket) = self.stream.take().and_then(Stream::into_plain) else {
            return Err(self.unusable());
        };
        self.end = Some(("the TLS handshake did not end".into(), None));
        let stream = match within(deadline, tls.secure_control(socket)).await {
            Some(handshake) => handshake.map_err(Error::Tls)?,
            None => return Err(timed_out("the TLS handshake", deadline)),
        };
        self.stream = Some(Stream::new(Transport::Tls(Box::new(stream)), &self.throttle, None));
        self.end = None;
        Ok(())
    }
}

// ==== merged from control/clear.rs
//- Turning TLS off.

impl ControlChannel {
    /// Ends TLS on both sides and goes on in clear.
    ///
    /// The server has nothing to say before the next command, so what comes behind the end of its TLS is not its
    /// own: rustls throws away what it has read of that, and the next command refuses the rest.
    pub(crate) async fn clear(&mut self) -> Result<()> {
        if !self.decoder.is_empty() {
            return Err(self.desynchronised(self.decoder.unfinished()));
        }
        let Some(stream) = self.stream.take().and_then(Stream::into_tls) else {
            return Err(self.unusable());
        };
        self.end = Some(("TLS did not end as it should".into(), None));
        let socket = match within(self.deadline, end(stream)).await {
            Some(ended) => ended.map_err(Error::Control)?,
            None => return Err(timed_out("the end of TLS", self.deadline)),
        };
        self.stream = Some(Stream::new(Transport::Plain(socket), &self.throttle, None));
        self.end = None;
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

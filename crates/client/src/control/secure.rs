//! Turning TLS on.

use std::time::Duration;

use super::ControlChannel;
use crate::{
    Error, Result,
    stream::{Stream, Transport},
    timeouts::{timed_out, within},
    tls::TlsSession,
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

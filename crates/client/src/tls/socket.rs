//! Encrypted connection as a [`Socket`].

use std::net::SocketAddr;

use tokio_rustls::client::TlsStream;

use crate::connect::{BoxSocket, Socket, forward_io};

/// A connection on which TLS was started.
#[derive(Debug)]
pub(super) struct TlsSocket(pub(super) TlsStream<BoxSocket>);

impl Socket for TlsSocket {
    fn peer_address(&self) -> Option<SocketAddr> {
        self.0.get_ref().0.peer_address()
    }

    fn local_address(&self) -> Option<SocketAddr> {
        self.0.get_ref().0.local_address()
    }

    fn reset_on_close(&self, reset: bool) {
        self.0.get_ref().0.reset_on_close(reset);
    }
}

forward_io!(TlsSocket);

//! The end of TLS, told before the peer has sent anything.

use std::io;

use tokio::io::AsyncWriteExt;
use tokio_rustls::client::TlsStream;

use crate::connect::BoxSocket;

/// Tells the server that this side will send nothing (`close_notify`). What the server sends is read on
/// (RFC 8446, 6.1); the socket stays open both ways.
pub(crate) async fn end_sending(stream: &mut TlsStream<BoxSocket>) -> io::Result<()> {
    stream.get_mut().1.send_close_notify();
    stream.flush().await
}

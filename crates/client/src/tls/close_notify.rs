//! `close_notify`: closes the sending direction before the peer has sent anything.

use std::io;

use tokio::io::AsyncWriteExt;

use super::TlsStream;

/// Sends `close_notify`: this side sends no more data. The peer's data can still be read (RFC 8446, 6.1), and the
/// socket stays open in both directions.
pub(crate) async fn end_sending(stream: &mut TlsStream) -> io::Result<()> {
    stream.get_mut().1.send_close_notify();
    stream.flush().await
}

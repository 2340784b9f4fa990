//! Session resumption: TLS 1.3 tickets for data connections, obtained again by replaying the handshake.
//!
//! [`tickets`] stores the sessions. [`transcript`] records the handshake of the control connection and replays it,
//! and [`signing`] records the signatures of the client certificate.

pub(crate) mod signing;
mod tickets;
pub(crate) mod transcript;

pub(crate) use self::tickets::{HandshakeReplay, TicketStore};

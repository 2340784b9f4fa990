//! The result of a script: the connections of the client.

use std::net::SocketAddr;

/// The result of a completed script.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Played {
    /// The address of the client.
    pub control_peer: SocketAddr,
    /// The peer addresses of the data connections, in order.
    pub data_peers: Vec<SocketAddr>,
    /// The data connections that were read to their end, in order.
    pub transfers: Vec<Transfer>,
}

/// The content of a data connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transfer {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The way in which the client ended it.
    pub ending: Ending,
}

/// The way in which the client ended a data connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// By closing it: the received bytes are complete.
    Eof,
    /// By a reset: the received bytes cannot be mistaken for a complete file.
    Reset,
}

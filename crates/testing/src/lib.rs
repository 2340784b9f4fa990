//! Test support for oxftp: servers, proxies and file trees. Never published.
//!
//! * [`servers`]: real FTP servers and the embedded one.
//! * [`scripted`]: a server that follows a script byte for byte.
//! * [`memory`]: a server with a tree in memory, whose habits are options.
//! * [`proxies`]: SOCKS and HTTP proxies.
//! * [`faulty`]: a network with faults.
//! * [`fragile`]: a server that fails as small servers do.
//! * [`tls_terminator`]: TLS in front of a plain server.
//! * [`tree`]: file trees with difficult names.

pub mod faulty;
pub mod fragile;
pub mod memory;
pub mod proxies;
pub mod scripted;
pub mod servers;
pub mod tls_terminator;
pub mod tree;

pub use oxftp_serve::certificates;

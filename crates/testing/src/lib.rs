//! Test support for oxftp: servers, proxies and file trees. Never published.
//!
//! * [`servers`]: real FTP servers and the embedded one.
//! * [`scripted`]: a server that follows a script byte for byte.
//! * [`memory`]: a server with a tree in memory, whose behaviour are options.
//! * [`profiles`]: behaviour of servers that no package of this system provides.
//! * [`proxies`]: SOCKS and HTTP proxies.
//! * [`faulty`]: a network with faults.
//! * [`fragile`]: a server that fails as small servers do.
//! * [`tls_terminator`]: TLS in front of a plain server.
//! * [`tree`]: file trees with difficult names.
//! * [`tree_server`]: a server that serves a tree in memory and deviates from the RFCs.

pub mod faulty;
pub mod fragile;
pub mod memory;
pub mod profiles;
pub mod proxies;
pub mod scripted;
pub mod servers;
pub mod tls_terminator;
pub mod tree;
pub mod tree_server;

pub use oxftp_serve::certificates;

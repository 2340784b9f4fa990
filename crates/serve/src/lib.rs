//! A throw-away FTP and FTPS server for trying and testing oxftp.
//!
//! It serves one directory on loopback from inside the process, on any free port, with a certificate
//! made on the spot: see [`Server`]. It is libunftp with its file system backend; it is not meant to
//! face a network.

pub mod certificates;

mod error;
mod folder;
mod front;
mod login;
mod options;
mod passive;
mod server;
mod tls;

pub use error::ServeError;
pub use options::{ServeOptions, TlsMode, TlsVersions};
pub use server::Server;

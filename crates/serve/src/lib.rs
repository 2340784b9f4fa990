//! Temporary FTP and FTPS server for experiments and tests with oxftp.
//!
//! It serves one directory on loopback from inside the process, on any free port, with a certificate created
//! at run time: see [`Server`]. It consists of libunftp and its file system backend, and is not designed for
//! use on a network.

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

/// Compiles the examples in the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;

//! Errors of starting the server.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Reasons why a [`Server`](crate::Server) cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The directory to serve does not exist, is not a directory, or is not readable.
    #[error("directory {} cannot be served", path.display())]
    Root {
        /// The requested directory.
        path: PathBuf,
        /// The error of opening it.
        source: io::Error,
    },
    /// The address is in use, or does not belong to this machine.
    #[error("cannot listen on {address}")]
    Listen {
        /// The requested address; port 0 means any free port.
        address: SocketAddr,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The thread or runtime of the server cannot be created.
    #[error("cannot start the server's runtime")]
    Runtime {
        /// The error of the operating system.
        source: io::Error,
    },
    /// A certificate or its key cannot be created.
    #[error("cannot create a certificate")]
    Certificate {
        /// The error of the certificate library.
        source: rcgen::Error,
    },
    /// The certificate cannot be used in a TLS configuration.
    #[error("cannot set up TLS")]
    Tls {
        /// The error of the TLS library.
        source: rustls::Error,
    },
}

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What can keep a [`Server`](crate::Server) from starting.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The directory to serve is missing, no directory, or not to be read.
    #[error("directory {} cannot be served", path.display())]
    Root {
        /// The directory as it was given.
        path: PathBuf,
        /// Why it cannot be opened.
        source: io::Error,
    },
    /// The address is taken, or is not this machine's.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address as it was given; port 0 stands for any.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// No thread or runtime for the server.
    #[error("cannot start the server's runtime")]
    Runtime {
        /// What the system says.
        source: io::Error,
    },
    /// A certificate or its key cannot be made.
    #[error("cannot make a certificate")]
    Certificate {
        /// What the maker of certificates says.
        source: rcgen::Error,
    },
    /// The certificate does not make a TLS configuration.
    #[error("cannot set TLS up")]
    Tls {
        /// What the TLS library says.
        source: rustls::Error,
    },
}

//! Options of the server.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use crate::certificates::Authority;

/// Options of a [`Server`](crate::Server).
///
/// By default, the server is read-only and unencrypted, listens on any free port of 127.0.0.1, and accepts
/// every login.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    pub(crate) root: PathBuf,
    pub(crate) address: SocketAddr,
    pub(crate) login: Option<Login>,
    pub(crate) writable: bool,
    pub(crate) tls: TlsMode,
    pub(crate) versions: TlsVersions,
    pub(crate) authority: Option<Arc<Authority>>,
    pub(crate) client_certificate: bool,
}

impl ServeOptions {
    /// Creates options to serve the directory `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            login: None,
            writable: false,
            tls: TlsMode::Off,
            versions: TlsVersions::Any,
            authority: None,
            client_certificate: false,
        }
    }

    /// Sets the address to listen on. Port 0, the default, is any free port.
    pub fn bind(mut self, address: impl Into<SocketAddr>) -> Self {
        self.address = address.into();
        self
    }

    /// Sets the only user and password that are accepted.
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.login = Some(Login { name: name.into(), password: password.into() });
        self
    }

    /// Sets whether clients may change files.
    pub fn writable(mut self, writable: bool) -> Self {
        self.writable = writable;
        self
    }

    /// Sets whether explicit TLS is required (`AUTH TLS`, then `PROT P`); otherwise none is offered.
    pub fn tls(mut self, on: bool) -> Self {
        self.tls = if on { TlsMode::Explicit } else { TlsMode::Off };
        self
    }

    /// Requires TLS from the first byte.
    pub fn implicit_tls(mut self) -> Self {
        self.tls = TlsMode::Implicit;
        self
    }

    /// Sets the offered TLS versions. Defaults to 1.2 and 1.3.
    pub fn tls_versions(mut self, versions: TlsVersions) -> Self {
        self.versions = versions;
        self
    }

    /// Sets the authority that signs the certificate. By default, a new one is created.
    pub fn authority(mut self, authority: Arc<Authority>) -> Self {
        self.authority = Some(authority);
        self
    }

    /// Requires a client certificate signed by the same authority as the server's.
    pub fn require_client_certificate(mut self, required: bool) -> Self {
        self.client_certificate = required;
        self
    }
}

/// The time at which TLS starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// Never.
    Off,
    /// After `AUTH TLS` (RFC 4217).
    Explicit,
    /// From the first byte, as on port 990.
    Implicit,
}

/// TLS versions that a server offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsVersions {
    /// 1.2 and 1.3.
    #[default]
    Any,
    /// 1.2 only.
    Only12,
    /// 1.3 only.
    Only13,
}

#[derive(Clone)]
pub(crate) struct Login {
    pub(crate) name: String,
    pub(crate) password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Login").field("name", &self.name).finish_non_exhaustive()
    }
}

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use crate::certificates::Authority;

/// How a [`Server`](crate::Server) is to be.
///
/// Without further words it is read-only, plain, on any free port of 127.0.0.1, and lets anybody in.
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
    /// Serves the directory `root`.
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

    /// Listens on `address`; port 0, as without this call, is any free one.
    pub fn bind(mut self, address: impl Into<SocketAddr>) -> Self {
        self.address = address.into();
        self
    }

    /// Lets in this user with this password only.
    pub fn user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.login = Some(Login { name: name.into(), password: password.into() });
        self
    }

    /// Lets clients change the files, or not.
    pub fn writable(mut self, writable: bool) -> Self {
        self.writable = writable;
        self
    }

    /// Demands explicit TLS (`AUTH TLS`, then `PROT P`), or offers none.
    pub fn tls(mut self, on: bool) -> Self {
        self.tls = if on { TlsMode::Explicit } else { TlsMode::Off };
        self
    }

    /// Demands TLS from the first byte on.
    pub fn implicit_tls(mut self) -> Self {
        self.tls = TlsMode::Implicit;
        self
    }

    /// Sets which TLS versions are offered; both 1.2 and 1.3 without this call.
    pub fn tls_versions(mut self, versions: TlsVersions) -> Self {
        self.versions = versions;
        self
    }

    /// Has the certificate signed by `authority`, rather than by one made on the spot.
    pub fn authority(mut self, authority: Arc<Authority>) -> Self {
        self.authority = Some(authority);
        self
    }

    /// Demands a client certificate signed by the same authority as the server's.
    pub fn require_client_certificate(mut self, required: bool) -> Self {
        self.client_certificate = required;
        self
    }
}

/// When TLS starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    /// Never.
    Off,
    /// After `AUTH TLS` (RFC 4217).
    Explicit,
    /// At once, as on port 990.
    Implicit,
}

/// Which versions of TLS a server offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsVersions {
    /// 1.2 and 1.3.
    #[default]
    Any,
    /// 1.2 alone.
    Only12,
    /// 1.3 alone.
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

//! TLS mode: none, implicit or explicit.

use super::ClientBuilder;
use crate::TlsConfig;

/// When TLS starts.
#[derive(Debug, Clone)]
pub(crate) enum TlsMode {
    Off,
    Implicit(TlsConfig),
    Explicit(TlsConfig),
    /// Explicit TLS if the server supports it, else none.
    IfOffered(TlsConfig),
}

impl TlsMode {
    pub(crate) fn config(&self) -> Option<&TlsConfig> {
        match self {
            Self::Off => None,
            Self::Implicit(config) | Self::Explicit(config) | Self::IfOffered(config) => Some(config),
        }
    }
}

impl ClientBuilder {
    /// Enables implicit TLS: the connection is encrypted from the first byte, usually on port 990. Defaults
    /// to no TLS.
    #[must_use]
    pub fn implicit_tls(mut self, tls: TlsConfig) -> Self {
        self.config.tls = TlsMode::Implicit(tls);
        self
    }

    /// Enables explicit TLS: the connection is encrypted before the login (`AUTH TLS`, `PBSZ 0`, `PROT P`;
    /// RFC 4217). A server without TLS is an error. Defaults to no TLS.
    #[must_use]
    pub fn explicit_tls(mut self, tls: TlsConfig) -> Self {
        self.config.tls = TlsMode::Explicit(tls);
        self
    }

    /// Enables opportunistic TLS: works like [`explicit_tls`](Self::explicit_tls) if the server accepts
    /// `AUTH TLS`, and continues in plain text otherwise.
    ///
    /// An active attacker can refuse TLS in the server's name, so this protects only against passive
    /// listeners.
    #[must_use]
    pub fn tls_if_offered(mut self, tls: TlsConfig) -> Self {
        self.config.tls = TlsMode::IfOffered(tls);
        self
    }
}

//! When TLS starts.

use super::ClientBuilder;
use crate::TlsConfig;

/// When TLS starts.
#[derive(Debug, Clone)]
pub(crate) enum TlsMode {
    Off,
    Implicit(TlsConfig),
    Explicit(TlsConfig),
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
    /// Encrypts from the first byte on, usually on port 990. Defaults to no TLS.
    #[must_use]
    pub fn implicit_tls(mut self, tls: TlsConfig) -> Self {
        self.config.tls = TlsMode::Implicit(tls);
        self
    }

    /// Encrypts before the login (`AUTH TLS`, `PBSZ 0`, `PROT P`; RFC 4217); a server without TLS
    /// is an error. Defaults to no TLS.
    #[must_use]
    pub fn explicit_tls(mut self, tls: TlsConfig) -> Self {
        self.config.tls = TlsMode::Explicit(tls);
        self
    }

    /// Encrypts as [`explicit_tls`](Self::explicit_tls) does where the server takes `AUTH TLS`,
    /// and goes on in clear where it does not.
    ///
    /// An attacker on the wire can refuse in the server's name: this protects from listeners only.
    #[must_use]
    pub fn tls_if_offered(mut self, tls: TlsConfig) -> Self {
        self.config.tls = TlsMode::IfOffered(tls);
        self
    }
}

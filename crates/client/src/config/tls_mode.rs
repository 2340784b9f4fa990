//! TLS mode: none, implicit or explicit.

#[cfg(feature = "tls")]
use super::ClientBuilder;
use crate::{Result, tls::TlsConfig};

/// The time at which TLS starts.
#[derive(Debug, Clone)]
pub(crate) enum TlsMode {
    Off,
    Implicit(TlsConfig),
    Explicit(TlsConfig),
    /// Explicit TLS if the server supports it, else none.
    IfOffered(TlsConfig),
    /// A URL asks for TLS, which is not built in.
    #[cfg(not(feature = "tls"))]
    Missing,
}

impl TlsMode {
    pub(crate) fn config(&self) -> Option<&TlsConfig> {
        match self {
            Self::Off => None,
            #[cfg(not(feature = "tls"))]
            Self::Missing => None,
            Self::Implicit(config) | Self::Explicit(config) | Self::IfOffered(config) => Some(config),
        }
    }

    /// Fails if TLS is wanted and not built in.
    pub(crate) fn check(&self) -> Result<()> {
        match self {
            #[cfg(not(feature = "tls"))]
            Self::Missing => Err(crate::Error::FeatureMissing { what: "TLS", feature: "tls" }),
            _ => Ok(()),
        }
    }
}

#[cfg(feature = "tls")]
#[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
impl ClientBuilder {
    /// Enables implicit TLS: the connection is encrypted from the first byte, usually on port 990. Defaults
    /// to no TLS.
    ///
    /// ```
    /// use oxftp::TlsConfig;
    ///
    /// let builder = oxftp::Client::builder().implicit_tls(TlsConfig::new()); // port 990
    /// ```
    #[must_use]
    pub fn implicit_tls(mut self, tls: TlsConfig) -> Self {
        self.config.tls = TlsMode::Implicit(tls);
        self
    }

    /// Enables explicit TLS: the connection is encrypted before the login (`AUTH TLS`, `PBSZ 0`, `PROT P`;
    /// RFC 4217). A server without TLS is an error. Defaults to no TLS.
    ///
    /// ```
    /// use oxftp::TlsConfig;
    ///
    /// let builder = oxftp::Client::builder().explicit_tls(TlsConfig::new());
    /// ```
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
    ///
    /// ```
    /// use oxftp::TlsConfig;
    ///
    /// let builder = oxftp::Client::builder().tls_if_offered(TlsConfig::new());
    /// ```
    #[must_use]
    pub fn tls_if_offered(mut self, tls: TlsConfig) -> Self {
        self.config.tls = TlsMode::IfOffered(tls);
        self
    }
}

//! TLS: configuration, handshakes, session resumption and `close_notify`.
//!
//! [`TlsConfig`] is the configuration. [`session`] does the handshakes, with one session store for each control
//! connection, [`verifier`] decides about certificates, and [`resumption`] keeps the tickets for data connections. [`close_notify`] ends one direction. [`socket`] is
//! an encrypted connection as a socket.

mod close_notify;
pub(crate) mod resumption;
mod session;
mod socket;
mod verifier;

pub(crate) use self::close_notify::end_sending;
pub use self::session::{TlsCounts, TlsSession};

use std::{fmt, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::{CertifiedKey, SingleCertAndKey},
    version::{TLS12, TLS13},
};

use self::verifier::{CertificateRule, CertificateVerifier, Fingerprint};
use crate::{Error, Result};

/// The TLS configuration of a client.
///
/// Certificates are verified against the host name given by the user, on the control connection and on every
/// data connection. Defaults to the verifier and root certificates of the system. Supports TLS 1.2 and 1.3 only.
///
/// ```
/// use oxftp::{TlsConfig, TlsVersion};
///
/// let tls = TlsConfig::new().min_version(TlsVersion::Tls13);
/// ```
#[derive(Clone)]
pub struct TlsConfig {
    trust: Trust,
    identity: Option<Arc<Identity>>,
    min: TlsVersion,
    max: TlsVersion,
    alpn: bool,
}

#[derive(Clone)]
enum Trust {
    System,
    Roots(Arc<Vec<CertificateDer<'static>>>),
    Pinned(Arc<Vec<Fingerprint>>),
    Any,
}

struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// A version of TLS.
///
/// ```
/// use oxftp::{TlsConfig, TlsVersion};
///
/// let tls = TlsConfig::new().min_version(TlsVersion::Tls13);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}

impl TlsConfig {
    /// Creates a configuration with the root certificates of the system.
    #[must_use]
    pub fn new() -> Self {
        let (min, max) = (TlsVersion::Tls12, TlsVersion::Tls13);
        Self { trust: Trust::System, identity: None, min, max, alpn: true }
    }

    /// Trusts only the root certificates in this PEM text; further calls add more.
    ///
    /// A root is also accepted as the certificate of the server itself, if its dates and its host names are valid.
    /// Self-signed certificates are often marked as those of an authority.
    ///
    /// # Errors
    ///
    /// [`Error::TlsConfig`] if the text contains no certificate, or an invalid one.
    pub fn root_certificates_pem(mut self, pem: impl AsRef<[u8]>) -> Result<Self> {
        let mut roots = match &self.trust {
            Trust::Roots(roots) => (**roots).clone(),
            _ => Vec::new(),
        };
        roots.extend(certificates(pem.as_ref())?);
        store(&roots)?;
        self.trust = Trust::Roots(Arc::new(roots));
        Ok(self)
    }

    /// Trusts only certificates with this SHA-256 fingerprint; further calls add more.
    ///
    /// A pinned certificate is accepted even if its host names or dates do not match: the server proves
    /// that it has the key of exactly this certificate.
    #[must_use]
    pub fn pin_sha256(mut self, fingerprint: [u8; 32]) -> Self {
        let mut pins = match &self.trust {
            Trust::Pinned(pins) => (**pins).clone(),
            _ => Vec::new(),
        };
        pins.push(fingerprint);
        self.trust = Trust::Pinned(Arc::new(pins));
        self
    }

    /// Sets the client certificate (with its chain) for servers that request one. Both texts are PEM and may be
    /// the same.
    ///
    /// # Errors
    ///
    /// [`Error::TlsConfig`] if there is no certificate or no key, or one of them is invalid.
    pub fn client_certificate_pem(mut self, chain: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Result<Self> {
        let chain = certificates(chain.as_ref())?;
        let key = PrivateKeyDer::from_pem_slice(key.as_ref())
            .map_err(|error| invalid(format!("invalid private key of the client: {error}")))?;
        self.identity = Some(Arc::new(Identity { chain, key }));
        Ok(self)
    }

    /// Sets the minimum version. Defaults to TLS 1.2.
    #[must_use]
    pub fn min_version(mut self, version: TlsVersion) -> Self {
        self.min = version;
        self
    }

    /// Sets the maximum version. Defaults to TLS 1.3.
    #[must_use]
    pub fn max_version(mut self, version: TlsVersion) -> Self {
        self.max = version;
        self
    }

    /// Sets whether to send ALPN `ftp` (RFC 7301). Defaults to `true`.
    ///
    /// A server of another protocol, to which an attacker redirected the connection, then refuses the handshake. A
    /// server that selects another protocol is rejected. Most FTP servers ignore ALPN.
    #[must_use]
    pub fn alpn(mut self, enabled: bool) -> Self {
        self.alpn = enabled;
        self
    }

    /// Accepts any certificate: the connection is encrypted, but the peer may be an attacker.
    #[must_use]
    pub fn danger_accept_any_certificate(mut self) -> Self {
        self.trust = Trust::Any;
        self
    }

    fn build(&self) -> Result<ClientConfig> {
        let mut config = self.build_without_alpn()?;
        if self.alpn {
            config.alpn_protocols = vec![b"ftp".to_vec()];
        }
        Ok(config)
    }

    fn build_without_alpn(&self) -> Result<ClientConfig> {
        let provider = Arc::new(resumption::transcript::provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&self.versions()?)
            .map_err(|error| invalid(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(self.verifier(provider.clone())?);
        let Some(identity) = &self.identity else { return Ok(builder.with_no_client_auth()) };
        let identity = CertifiedKey::from_der(identity.chain.clone(), identity.key.clone_key(), &provider)
            .map_err(|error| invalid(format!("invalid client certificate: {error}")))?;
        let resolver = SingleCertAndKey::from(resumption::signing::recorded(identity));
        Ok(builder.with_client_cert_resolver(Arc::new(resolver)))
    }

    fn versions(&self) -> Result<Vec<&'static SupportedProtocolVersion>> {
        let supported = [(TlsVersion::Tls12, &TLS12), (TlsVersion::Tls13, &TLS13)];
        let versions: Vec<_> = supported
            .iter()
            .filter(|(version, _)| (self.min..=self.max).contains(version))
            .map(|(_, it)| *it)
            .collect();
        if versions.is_empty() {
            Err(invalid("the minimum TLS version is above the maximum"))
        } else {
            Ok(versions)
        }
    }

    fn verifier(&self, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
        Ok(match &self.trust {
            Trust::System => Arc::new(
                rustls_platform_verifier::Verifier::new(provider)
                    .map_err(|error| invalid(error.to_string()))?,
            ),
            Trust::Roots(roots) => {
                let chain =
                    WebPkiServerVerifier::builder_with_provider(Arc::new(store(roots)?), provider.clone());
                let chain = chain.build().map_err(|error| invalid(error.to_string()))?;
                let rule = CertificateRule::Roots { chain, roots: roots.clone() };
                Arc::new(CertificateVerifier { rule, provider })
            }
            Trust::Pinned(pins) => {
                Arc::new(CertificateVerifier { rule: CertificateRule::Pinned(pins.clone()), provider })
            }
            Trust::Any => Arc::new(CertificateVerifier { rule: CertificateRule::Any, provider }),
        })
    }
}

impl Default for TlsConfig {
    fn default() -> Self {
        Self::new()
    }
}

/// Omits the private key.
impl fmt::Debug for TlsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trust = match &self.trust {
            Trust::System => "system",
            Trust::Roots(_) => "custom roots",
            Trust::Pinned(_) => "pinned certificates",
            Trust::Any => "any certificate",
        };
        f.debug_struct("TlsConfig")
            .field("trust", &trust)
            .field("client_certificate", &self.identity.is_some())
            .field("min", &self.min)
            .field("max", &self.max)
            .field("alpn", &self.alpn)
            .finish()
    }
}

fn store(roots: &[CertificateDer<'static>]) -> Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root.clone()).map_err(|error| invalid(format!("invalid root certificate: {error}")))?;
    }
    Ok(store)
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| invalid(format!("invalid certificate: {error}")))?;
    if certificates.is_empty() {
        Err(invalid("the PEM text contains no certificate"))
    } else {
        Ok(certificates)
    }
}

fn invalid(why: impl Into<String>) -> Error {
    Error::TlsConfig { why: why.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_range_of_versions_is_an_error() {
        let config = TlsConfig::new().min_version(TlsVersion::Tls13).max_version(TlsVersion::Tls12);
        assert!(matches!(config.build(), Err(Error::TlsConfig { .. })));
    }

    #[test]
    fn pem_without_certificates_is_an_error() {
        assert!(TlsConfig::new().root_certificates_pem("hello").is_err());
        assert!(TlsConfig::new().client_certificate_pem("hello", "hello").is_err());
    }
}

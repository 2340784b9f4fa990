//! TLS: configuration, handshakes, session resumption and `close_notify`.
//!
//! [`TlsConfig`] is the configuration. [`session`] performs the handshakes, with one session store for each control
//! connection, [`verifier`] verifies certificates, and [`resumption`] keeps the tickets for data connections.
//! [`close_notify`] closes one direction. [`socket`] is an encrypted connection as a socket.

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

/// An encrypted connection.
pub(crate) type TlsStream = tokio_rustls::client::TlsStream<crate::connect::BoxSocket>;

use self::verifier::{CertificateRule, CertificateVerifier, Fingerprint};
use crate::{Error, Result};

/// The TLS configuration of a client.
///
/// Certificates are verified against the host name given by the user, on the control connection and on every
/// data connection. Defaults to the verifier and root certificates of the system (feature `platform-verifier`; without it,
/// to those of `webpki-roots`, then `native-roots`, else there is no default). Supports TLS 1.2 and 1.3 only.
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
    provider: Option<Arc<CryptoProvider>>,
    ready: Option<Arc<ClientConfig>>,
}

#[derive(Clone)]
enum Trust {
    /// The roots of the first enabled feature of `platform-verifier`, `webpki-roots` and `native-roots`.
    Default,
    #[cfg(feature = "webpki-roots")]
    Webpki,
    #[cfg(feature = "native-roots")]
    Native,
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

/// Writes `TLS 1.2` or `TLS 1.3`.
impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        })
    }
}

impl TlsConfig {
    /// Creates a configuration with the root certificates of the system.
    ///
    /// ```
    /// use oxftp::TlsConfig;
    ///
    /// let builder = oxftp::Client::builder().explicit_tls(TlsConfig::new());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        let (min, max) = (TlsVersion::Tls12, TlsVersion::Tls13);
        Self { trust: Trust::Default, identity: None, min, max, alpn: true, provider: None, ready: None }
    }

    /// Creates a configuration from one of rustls, with its provider, verifier, key exchange groups, client certificate
    /// and ALPN.
    ///
    /// Its session store is replaced: servers bind the sessions of data connections to their control connection, so a
    /// store is never shared. The other methods have no effect, except [`crypto_provider`](Self::crypto_provider) and those
    /// that set a trust: these replace the configuration.
    ///
    /// The handshake of the control connection cannot be repeated to obtain its tickets again. A server that requires
    /// session reuse and sends no new tickets on data connections, such as ProFTPD with TLS 1.3, then refuses data
    /// connections after the first ones; allow TLS 1.2 only for such a server.
    ///
    /// ```
    /// # #[cfg(feature = "aws-lc-rs")] {
    /// use std::sync::Arc;
    /// use oxftp::{Client, TlsConfig};
    ///
    /// let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    /// let config = rustls::ClientConfig::builder_with_provider(provider)
    ///     .with_safe_default_protocol_versions()
    ///     .unwrap()
    ///     .with_root_certificates(rustls::RootCertStore::empty())
    ///     .with_no_client_auth();
    /// let builder = Client::builder().explicit_tls(TlsConfig::from_rustls(Arc::new(config)));
    /// # }
    /// ```
    #[must_use]
    pub fn from_rustls(config: Arc<ClientConfig>) -> Self {
        Self { ready: Some(config), ..Self::new() }
    }

    /// Sets the cryptography, such as a FIPS module. Its key exchange groups and cipher suites are used as they are.
    /// Defaults to that of the feature `aws-lc-rs`, then `ring`, then to
    /// [the default of the process](CryptoProvider::get_default).
    ///
    /// ```
    /// # #[cfg(feature = "aws-lc-rs")] {
    /// use std::sync::Arc;
    /// use oxftp::TlsConfig;
    ///
    /// let provider = rustls::crypto::aws_lc_rs::default_provider();
    /// let tls = TlsConfig::new().crypto_provider(Arc::new(provider));
    /// # }
    /// ```
    #[must_use]
    pub fn crypto_provider(mut self, provider: Arc<CryptoProvider>) -> Self {
        self.provider = Some(provider);
        self.ready = None;
        self
    }

    /// Trusts Mozilla's root certificates, as they were when the crate `webpki-roots` was released.
    ///
    /// ```
    /// let tls = oxftp::TlsConfig::new().webpki_roots();
    /// ```
    #[cfg(feature = "webpki-roots")]
    #[cfg_attr(docsrs, doc(cfg(feature = "webpki-roots")))]
    #[must_use]
    pub fn webpki_roots(self) -> Self {
        self.trusting(Trust::Webpki)
    }

    /// Trusts the root certificates of the system, with the verifier of rustls. They are read for each connection.
    ///
    /// ```
    /// let tls = oxftp::TlsConfig::new().native_roots();
    /// ```
    #[cfg(feature = "native-roots")]
    #[cfg_attr(docsrs, doc(cfg(feature = "native-roots")))]
    #[must_use]
    pub fn native_roots(self) -> Self {
        self.trusting(Trust::Native)
    }

    fn trusting(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self.ready = None;
        self
    }

    /// Trusts only the root certificates in this PEM text; further calls add more.
    ///
    /// A root is also accepted as the certificate of the server itself, if its dates and its host names are valid.
    /// Self-signed certificates are often marked as those of an authority.
    ///
    /// ```no_run
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use oxftp::TlsConfig;
    ///
    /// let tls = TlsConfig::new().root_certificates_pem(std::fs::read("ca.pem")?)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::TlsConfig`] if the text contains no certificate, or an invalid one.
    pub fn root_certificates_pem(self, pem: impl AsRef<[u8]>) -> Result<Self> {
        let mut roots = match &self.trust {
            Trust::Roots(roots) => (**roots).clone(),
            _ => Vec::new(),
        };
        roots.extend(certificates(pem.as_ref())?);
        store(&roots)?;
        Ok(self.trusting(Trust::Roots(Arc::new(roots))))
    }

    /// Trusts only certificates with this SHA-256 fingerprint; further calls add more.
    ///
    /// A pinned certificate is accepted even if its host names or dates do not match: the server proves
    /// that it has the key of exactly this certificate.
    ///
    /// ```
    /// use oxftp::TlsConfig;
    ///
    /// let tls = TlsConfig::new().pin_sha256([0x5a; 32]);
    /// ```
    #[must_use]
    pub fn pin_sha256(self, fingerprint: [u8; 32]) -> Self {
        let mut pins = match &self.trust {
            Trust::Pinned(pins) => (**pins).clone(),
            _ => Vec::new(),
        };
        pins.push(fingerprint);
        self.trusting(Trust::Pinned(Arc::new(pins)))
    }

    /// Sets the client certificate (with its chain) for servers that request one. Both texts are PEM and may be
    /// the same.
    ///
    /// ```no_run
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use oxftp::TlsConfig;
    ///
    /// let tls = TlsConfig::new().client_certificate_pem(std::fs::read("me.pem")?, std::fs::read("me.key")?)?;
    /// # Ok(())
    /// # }
    /// ```
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
    ///
    /// ```
    /// use oxftp::{TlsConfig, TlsVersion};
    ///
    /// let tls = TlsConfig::new().min_version(TlsVersion::Tls13);
    /// ```
    #[must_use]
    pub fn min_version(mut self, version: TlsVersion) -> Self {
        self.min = version;
        self
    }

    /// Sets the maximum version. Defaults to TLS 1.3.
    ///
    /// ```
    /// use oxftp::{TlsConfig, TlsVersion};
    ///
    /// let tls = TlsConfig::new().max_version(TlsVersion::Tls12);
    /// ```
    #[must_use]
    pub fn max_version(mut self, version: TlsVersion) -> Self {
        self.max = version;
        self
    }

    /// Sets whether to send ALPN `ftp` (RFC 7301). Defaults to `true`.
    ///
    /// A server of another protocol, to which an attacker redirected the connection, then refuses the handshake. A
    /// server that selects another protocol is rejected. Most FTP servers ignore ALPN.
    ///
    /// ```
    /// use oxftp::TlsConfig;
    ///
    /// let tls = TlsConfig::new().alpn(false);
    /// ```
    #[must_use]
    pub fn alpn(mut self, enabled: bool) -> Self {
        self.alpn = enabled;
        self
    }

    /// Accepts any certificate: the connection is encrypted, but the peer may be an attacker.
    ///
    /// ```
    /// use oxftp::TlsConfig;
    ///
    /// let tls = TlsConfig::new().danger_accept_any_certificate();
    /// ```
    #[must_use]
    pub fn danger_accept_any_certificate(self) -> Self {
        self.trusting(Trust::Any)
    }

    /// Returns whether the choices of a handshake can be recorded: not those of a ready configuration.
    fn is_recordable(&self) -> bool {
        self.ready.is_none()
    }

    fn build(&self) -> Result<ClientConfig> {
        if let Some(ready) = &self.ready {
            return Ok((**ready).clone());
        }
        let mut config = self.build_without_alpn()?;
        if self.alpn {
            config.alpn_protocols = vec![b"ftp".to_vec()];
        }
        Ok(config)
    }

    fn build_without_alpn(&self) -> Result<ClientConfig> {
        let provider = Arc::new(resumption::transcript::recordable(&*self.provider()?));
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

    fn provider(&self) -> Result<Arc<CryptoProvider>> {
        let provider = self.provider.clone().or_else(built_in_provider);
        let provider = provider.or_else(|| CryptoProvider::get_default().cloned());
        provider.ok_or(Error::FeatureMissing { what: "cryptography for TLS", feature: "aws-lc-rs" })
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
            Trust::Default => default_verifier(provider)?,
            #[cfg(feature = "webpki-roots")]
            Trust::Webpki => webpki_verifier(provider)?,
            #[cfg(feature = "native-roots")]
            Trust::Native => native_verifier(provider)?,
            Trust::Roots(roots) => {
                let chain = chain_verifier(store(roots)?, provider.clone())?;
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
            Trust::Default => "default",
            #[cfg(feature = "webpki-roots")]
            Trust::Webpki => "Mozilla",
            #[cfg(feature = "native-roots")]
            Trust::Native => "system",
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

fn built_in_provider() -> Option<Arc<CryptoProvider>> {
    #[cfg(feature = "aws-lc-rs")]
    return Some(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    #[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
    return Some(Arc::new(rustls::crypto::ring::default_provider()));
    #[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
    None
}

#[cfg(feature = "platform-verifier")]
fn default_verifier(provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
    let verifier = rustls_platform_verifier::Verifier::new(provider);
    Ok(Arc::new(verifier.map_err(|error| invalid(error.to_string()))?))
}

#[cfg(all(feature = "webpki-roots", not(feature = "platform-verifier")))]
use self::webpki_verifier as default_verifier;

#[cfg(all(feature = "native-roots", not(any(feature = "platform-verifier", feature = "webpki-roots"))))]
use self::native_verifier as default_verifier;

#[cfg(not(any(feature = "platform-verifier", feature = "webpki-roots", feature = "native-roots")))]
fn default_verifier(_provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
    Err(Error::FeatureMissing { what: "a default set of root certificates", feature: "platform-verifier" })
}

#[cfg(feature = "webpki-roots")]
fn webpki_verifier(provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    chain_verifier(roots, provider).map(|chain| chain as Arc<dyn ServerCertVerifier>)
}

#[cfg(feature = "native-roots")]
fn native_verifier(provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // A system may have certificates that no longer conform.
    roots.add_parsable_certificates(found.certs);
    match (roots.is_empty(), found.errors.into_iter().next()) {
        (true, Some(error)) => {
            Err(invalid(format!("cannot read the root certificates of the system: {error}")))
        }
        (true, None) => Err(invalid("the system has no root certificates")),
        (false, _) => chain_verifier(roots, provider).map(|chain| chain as Arc<dyn ServerCertVerifier>),
    }
}

/// Returns the verifier of chains to one of these roots.
fn chain_verifier(roots: RootCertStore, provider: Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>> {
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
    verifier.build().map_err(|error| invalid(error.to_string()))
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

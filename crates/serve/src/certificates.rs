//! Certificate authority for tests, created at run time.
//!
//! An [`Authority`] signs *leaf* certificates: rustls rejects a certificate that is both authority and leaf.
//! All output is PEM, because every tested server reads PEM.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

use crate::ServeError;

/// Certificate authority that exists as long as this value. It is trusted only where its certificate is
/// configured.
///
/// ```
/// let authority = oxftp_serve::certificates::Authority::new("tests")?;
/// let server = authority.server(&["localhost", "127.0.0.1"])?;
/// assert!(server.certificate_pem().starts_with("-----BEGIN CERTIFICATE-----"));
/// # Ok::<(), oxftp_serve::ServeError>(())
/// ```
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    /// Creates an authority with this name.
    ///
    /// # Errors
    ///
    /// [`ServeError::Certificate`] when the key cannot be created.
    pub fn new(name: &str) -> Result<Self, ServeError> {
        let mut parameters = named(name, &[])?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(parameters, key()?).map_err(certificate)?;
        let pem = issuer.pem();
        Ok(Self { issuer, pem })
    }

    /// Returns the authority's own certificate, which a client must trust.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Creates a server certificate for these host names and IP addresses.
    ///
    /// # Errors
    ///
    /// [`ServeError::Certificate`] when a name is not valid in a certificate.
    pub fn server(&self, names: &[&str]) -> Result<Identity, ServeError> {
        self.sign(named("oxftp server", names)?, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// Creates a certificate that is both an authority and a server with these names, as `openssl req -x509` does.
    ///
    /// # Errors
    ///
    /// [`ServeError::Certificate`] when a name is not valid in a certificate.
    pub fn self_signed_server(names: &[&str]) -> Result<Identity, ServeError> {
        let mut parameters = named("oxftp self-signed server", names)?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = key()?;
        let signed = parameters.self_signed(&key).map_err(certificate)?;
        Ok(Identity { certificate_pem: signed.pem(), key_pem: key.serialize_pem() })
    }

    /// Creates a server certificate that expired in 2001.
    ///
    /// # Errors
    ///
    /// [`ServeError::Certificate`] when a name is not valid in a certificate.
    pub fn expired_server(&self, names: &[&str]) -> Result<Identity, ServeError> {
        let mut parameters = named("oxftp expired server", names)?;
        parameters.not_before = date_time_ymd(2000, 1, 1);
        parameters.not_after = date_time_ymd(2001, 1, 1);
        self.sign(parameters, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// Creates a server certificate that becomes valid in 2999.
    ///
    /// # Errors
    ///
    /// [`ServeError::Certificate`] when a name is not valid in a certificate.
    pub fn future_server(&self, names: &[&str]) -> Result<Identity, ServeError> {
        let mut parameters = named("oxftp future server", names)?;
        parameters.not_before = date_time_ymd(2999, 1, 1);
        parameters.not_after = date_time_ymd(3000, 1, 1);
        self.sign(parameters, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// Creates a client certificate for the user `name`.
    ///
    /// # Errors
    ///
    /// [`ServeError::Certificate`] when the key cannot be created.
    pub fn client(&self, name: &str) -> Result<Identity, ServeError> {
        self.sign(named(name, &[])?, ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn sign(
        &self,
        mut parameters: CertificateParams,
        purpose: ExtendedKeyUsagePurpose,
    ) -> Result<Identity, ServeError> {
        parameters.is_ca = IsCa::ExplicitNoCa;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![purpose];
        parameters.use_authority_key_identifier_extension = true;
        let key = key()?;
        let signed = parameters.signed_by(&key, &self.issuer).map_err(certificate)?;
        Ok(Identity { certificate_pem: signed.pem(), key_pem: key.serialize_pem() })
    }
}

/// A leaf certificate and its private key.
#[derive(Clone)]
pub struct Identity {
    certificate_pem: String,
    key_pem: String,
}

impl Identity {
    /// Returns the certificate, without that of the authority.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Returns the private key in PKCS#8.
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Identity")
            .field("certificate_pem", &self.certificate_pem)
            .finish_non_exhaustive()
    }
}

fn named(common_name: &str, names: &[&str]) -> Result<CertificateParams, ServeError> {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut parameters = CertificateParams::new(names).map_err(certificate)?;
    parameters.distinguished_name.push(DnType::CommonName, common_name);
    Ok(parameters)
}

fn key() -> Result<KeyPair, ServeError> {
    KeyPair::generate().map_err(certificate)
}

fn certificate(source: rcgen::Error) -> ServeError {
    ServeError::Certificate { source }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::client::WebPkiServerVerifier;
    use rustls::client::danger::ServerCertVerifier;
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
    use rustls::{CertificateError, Error, RootCertStore};

    use super::*;

    #[test]
    fn a_leaf_is_valid_for_exactly_its_names() {
        let authority = Authority::new("a").unwrap();
        let leaf = authority.server(&["localhost", "127.0.0.1", "::1"]).unwrap();

        for name in ["localhost", "127.0.0.1", "::1"] {
            assert_eq!(verify(&authority, &leaf, name), Ok(()));
        }
        assert!(matches!(
            verify(&authority, &leaf, "elsewhere.example"),
            Err(Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. }))
        ));
    }

    #[test]
    fn certificate_of_other_authority_is_refused() {
        let leaf = Authority::new("same name").unwrap().server(&["localhost"]).unwrap();

        assert!(verify(&Authority::new("same name").unwrap(), &leaf, "localhost").is_err());
    }

    #[test]
    fn an_expired_leaf_is_expired() {
        let authority = Authority::new("a").unwrap();
        let leaf = authority.expired_server(&["localhost"]).unwrap();

        assert!(matches!(
            verify(&authority, &leaf, "localhost"),
            Err(Error::InvalidCertificate(CertificateError::ExpiredContext { .. }))
        ));
    }

    #[test]
    fn debug_shows_no_private_key() {
        let leaf = Authority::new("a").unwrap().client("me").unwrap();

        assert!(!format!("{leaf:?}").contains("PRIVATE"));
    }

    fn verify(authority: &Authority, leaf: &Identity, name: &str) -> Result<(), Error> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let certificate = CertificateDer::from_pem_slice(leaf.certificate_pem().as_bytes()).unwrap();
        let name = ServerName::try_from(name).unwrap();
        verifier.verify_server_cert(&certificate, &[], &name, &[], UnixTime::now()).map(|_| ())
    }
}

//! Certificate verifiers: one for certificates that are known in advance, and one that accepts any.

use std::sync::Arc;

use rustls::{
    CertificateError, DigitallySignedStruct, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};
use sha2::{Digest, Sha256};

/// SHA-256 of a certificate.
pub(super) type Fingerprint = [u8; 32];

/// Decides whether the certificate of a server is accepted; the signatures of the handshake are always verified.
#[derive(Debug)]
pub(super) struct CertificateVerifier {
    pub(super) rule: CertificateRule,
    pub(super) provider: Arc<CryptoProvider>,
}

#[derive(Debug)]
pub(super) enum CertificateRule {
    /// Any certificate: the peer has its key.
    Any,
    /// Only certificates with these fingerprints, independent of their contents.
    Pinned(Arc<Vec<Fingerprint>>),
    /// Certificates that one of these roots signed; or a root itself, which `openssl req -x509` and others create as the
    /// certificate of a server.
    Roots { chain: Arc<WebPkiServerVerifier>, roots: Arc<Vec<CertificateDer<'static>>> },
}

impl ServerCertVerifier for CertificateVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match &self.rule {
            CertificateRule::Any => Ok(ServerCertVerified::assertion()),
            CertificateRule::Pinned(pins) => match pins.contains(&Sha256::digest(end_entity).into()) {
                true => Ok(ServerCertVerified::assertion()),
                false => Err(CertificateError::ApplicationVerificationFailure.into()),
            },
            CertificateRule::Roots { chain, roots } => {
                let verified =
                    chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
                match verified {
                    // The dates are already checked.
                    Err(error) if is_authority(&error) && roots.iter().any(|root| root == end_entity) => {
                        verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                        Ok(ServerCertVerified::assertion())
                    }
                    verified => verified,
                }
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Returns whether the certificate of the server is marked as that of an authority.
fn is_authority(error: &rustls::Error) -> bool {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(other)) => {
            matches!(other.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
        }
        _ => false,
    }
}

//! TLS configuration of the server.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};

use crate::ServeError;
use crate::certificates::{Authority, Identity};
use crate::options::{ServeOptions, TlsVersions};

/// Names in a certificate for loopback.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

pub(crate) fn server_config(
    options: &ServeOptions,
    authority: &Authority,
) -> Result<Arc<ServerConfig>, ServeError> {
    let identity = authority.server(&LOOPBACK)?;
    let config = configure(options, authority, &identity).map_err(|source| ServeError::Tls { source })?;
    Ok(Arc::new(config))
}

fn configure(
    options: &ServeOptions,
    authority: &Authority,
    identity: &Identity,
) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions(options.versions))?;
    let builder = if options.client_certificate {
        let mut roots = RootCertStore::empty();
        roots.add(certificate(authority.pem())?)?;
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?;
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem().as_bytes()).map_err(unreadable)?;
    let mut config = builder.with_single_cert(vec![certificate(identity.certificate_pem())?], key)?;
    // Data connections resume the session of the control connection, any number of times.
    config.ticketer = aws_lc_rs::Ticketer::new()?;
    Ok(config)
}

fn versions(versions: TlsVersions) -> Vec<&'static SupportedProtocolVersion> {
    match versions {
        TlsVersions::Any => vec![&TLS13, &TLS12],
        TlsVersions::Only12 => vec![&TLS12],
        TlsVersions::Only13 => vec![&TLS13],
    }
}

fn certificate(pem: &str) -> Result<CertificateDer<'static>, rustls::Error> {
    CertificateDer::from_pem_slice(pem.as_bytes()).map_err(unreadable)
}

fn unreadable(error: rustls::pki_types::pem::Error) -> rustls::Error {
    rustls::Error::General(error.to_string())
}

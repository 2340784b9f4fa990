//! Certificate of a server.

use serde::Serialize;
use sha2::{Digest, Sha256};
use x509_parser::{
    extensions::GeneralName,
    prelude::{FromDer, X509Certificate},
    time::ASN1Time,
};

/// Fields of a certificate.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Certificate {
    pub(super) subject: String,
    pub(super) issuer: String,
    /// Host names and addresses of the certificate.
    pub(super) names: Vec<String>,
    pub(super) not_before: String,
    pub(super) not_after: String,
    /// Fingerprint in hexadecimal.
    pub(super) sha256: String,
}

impl Certificate {
    /// Parses a certificate in DER; returns `None` if it is invalid.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let names = certificate.subject_alternative_name().ok().flatten();
        let names = names.map(|extension| &extension.value.general_names);
        Some(Self {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            names: names.into_iter().flatten().filter_map(name).collect(),
            not_before: day(&certificate.validity().not_before),
            not_after: day(&certificate.validity().not_after),
            sha256: Sha256::digest(der).iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match <[u8; 4]>::try_from(*bytes) {
            Ok(bytes) => Some(std::net::Ipv4Addr::from(bytes).to_string()),
            Err(_) => {
                <[u8; 16]>::try_from(*bytes).ok().map(|bytes| std::net::Ipv6Addr::from(bytes).to_string())
            }
        },
        _ => None,
    }
}

fn day(time: &ASN1Time) -> String {
    let day = jiff::Timestamp::from_second(time.timestamp());
    day.map_or_else(|_| time.to_string(), |day| day.strftime("%Y-%m-%d").to_string())
}

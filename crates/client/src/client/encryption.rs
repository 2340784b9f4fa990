//! What is known of a client's encryption.

use super::Client;
use crate::{
    TlsVersion,
    tls::{TlsCounts, TlsSession},
};

impl Client {
    /// Tells whether the control connection is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.control.is_encrypted()
    }

    /// Counts the TLS handshakes, control connection included.
    #[must_use]
    pub fn tls_counts(&self) -> TlsCounts {
        self.tls.as_ref().map(TlsSession::counts).unwrap_or_default()
    }

    /// Gives the version of TLS on the control connection, `None` in clear.
    #[must_use]
    pub fn tls_version(&self) -> Option<TlsVersion> {
        match self.control.tls()?.protocol_version()? {
            rustls::ProtocolVersion::TLSv1_2 => Some(TlsVersion::Tls12),
            rustls::ProtocolVersion::TLSv1_3 => Some(TlsVersion::Tls13),
            _ => None,
        }
    }

    /// Gives the name of the cipher suite on the control connection, such as `TLS13_AES_256_GCM_SHA384`;
    /// `None` in clear.
    #[must_use]
    pub fn tls_cipher(&self) -> Option<&'static str> {
        self.control.tls()?.negotiated_cipher_suite()?.suite().as_str()
    }

    /// Tells whether the server said that it is one for FTP (ALPN; RFC 7301). Most say nothing.
    #[must_use]
    pub fn tls_names_ftp(&self) -> bool {
        self.control.tls().is_some_and(|tls| tls.alpn_protocol().is_some())
    }

    /// Gives the certificates that the server showed on the control connection in DER, its own first.
    pub fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        let certificates = self.control.tls().and_then(|tls| tls.peer_certificates());
        certificates.unwrap_or_default().iter().map(AsRef::as_ref)
    }
}

//! Kinds of TLS failures.

use std::io;

#[cfg(feature = "tls")]
use rustls::{AlertDescription, CertificateError, PeerMisbehaved};

/// The kind of a TLS failure (see [`Error::tls_failure`](crate::Error::tls_failure)).
///
/// ```
/// use oxftp::TlsFailure;
///
/// fn advice(failure: TlsFailure) -> &'static str {
///     match failure {
///         TlsFailure::Expired => "ask for a new certificate",
///         TlsFailure::WrongName => "use the name that the certificate has",
///         _ => "see the source of the error",
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsFailure {
    /// The certificate has expired.
    Expired,
    /// The certificate is not valid yet; a clock may be wrong.
    NotYetValid,
    /// The certificate is for another host name.
    WrongName,
    /// The certificate is not signed by a trusted authority.
    UnknownIssuer,
    /// The certificate was revoked.
    Revoked,
    /// The certificate is for another purpose, damaged, or has an invalid signature.
    UnusableCertificate,
    /// The certificate is not one of the pinned ones.
    NotPinned,
    /// The peer does not use TLS.
    NoTls,
    /// Client and server have no common TLS version or cipher suite.
    NoCommonParameters,
    /// The server uses another protocol than FTP (RFC 7301), as in an attack that redirects clients.
    OtherProtocol,
    /// The server requires a client certificate, or rejected the client's certificate.
    ClientCertificate,
    /// The server aborted the handshake for another reason.
    RefusedByServer,
    /// The connection was closed during the handshake.
    ConnectionClosed,
    /// Another failure; see the source of the error.
    Other,
}

impl TlsFailure {
    pub(crate) fn of(error: &io::Error) -> Self {
        match Self::within(error) {
            Some(failure) => failure,
            None => match error.kind() {
                io::ErrorKind::UnexpectedEof
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe => Self::ConnectionClosed,
                _ => Self::Other,
            },
        }
    }

    /// Returns the kind of the TLS error inside an I/O error, if there is one.
    #[cfg(not(feature = "tls"))]
    pub(crate) fn within(_error: &io::Error) -> Option<Self> {
        None
    }
}

#[cfg(feature = "tls")]
impl TlsFailure {
    /// Returns the kind of the TLS error inside an I/O error, if there is one.
    pub(crate) fn within(error: &io::Error) -> Option<Self> {
        error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).map(Self::of_rustls)
    }

    fn of_rustls(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(error) => Self::of_certificate(error),
            rustls::Error::NoCertificatesPresented => Self::UnusableCertificate,
            rustls::Error::InvalidMessage(_) => Self::NoTls,
            rustls::Error::PeerIncompatible(_) => Self::NoCommonParameters,
            rustls::Error::NoApplicationProtocol
            | rustls::Error::PeerMisbehaved(PeerMisbehaved::SelectedUnofferedApplicationProtocol) => {
                Self::OtherProtocol
            }
            rustls::Error::AlertReceived(alert) => Self::of_alert(*alert),
            _ => Self::Other,
        }
    }

    fn of_certificate(error: &CertificateError) -> Self {
        match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYetValid,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::WrongName
            }
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            CertificateError::ApplicationVerificationFailure => Self::NotPinned,
            CertificateError::Revoked => Self::Revoked,
            _ => Self::UnusableCertificate,
        }
    }

    fn of_alert(alert: AlertDescription) -> Self {
        match alert {
            AlertDescription::ProtocolVersion
            | AlertDescription::HandshakeFailure
            | AlertDescription::InsufficientSecurity => Self::NoCommonParameters,
            AlertDescription::NoApplicationProtocol => Self::OtherProtocol,
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied => Self::ClientCertificate,
            _ => Self::RefusedByServer,
        }
    }
}

#[cfg(all(test, feature = "tls"))]
mod tests {
    use super::*;
    use crate::Error;

    fn kind(error: rustls::Error) -> TlsFailure {
        TlsFailure::of(&io::Error::new(io::ErrorKind::InvalidData, error))
    }

    #[test]
    fn tls_alert_instead_of_reply_has_a_kind() {
        let alert = rustls::Error::AlertReceived(AlertDescription::CertificateRequired);
        let refused = Error::Control(io::Error::new(io::ErrorKind::InvalidData, alert));

        assert_eq!(refused.tls_failure(), Some(TlsFailure::ClientCertificate));
        assert_eq!(Error::Control(io::ErrorKind::ConnectionReset.into()).tls_failure(), None);
    }

    #[test]
    fn tls_alerts_and_certificate_errors_have_kinds() {
        let invalid = |error| kind(rustls::Error::InvalidCertificate(error));
        let alert = |alert| kind(rustls::Error::AlertReceived(alert));

        assert_eq!(invalid(CertificateError::Revoked), TlsFailure::Revoked);
        assert_eq!(invalid(CertificateError::BadSignature), TlsFailure::UnusableCertificate);
        assert_eq!(alert(AlertDescription::ProtocolVersion), TlsFailure::NoCommonParameters);
        assert_eq!(alert(AlertDescription::CertificateRequired), TlsFailure::ClientCertificate);
        assert_eq!(alert(AlertDescription::NoApplicationProtocol), TlsFailure::OtherProtocol);
        assert_eq!(alert(AlertDescription::InternalError), TlsFailure::RefusedByServer);
        assert_eq!(TlsFailure::of(&io::ErrorKind::UnexpectedEof.into()), TlsFailure::ConnectionClosed);
    }
}

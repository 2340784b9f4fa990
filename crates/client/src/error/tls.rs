//! What is wrong with TLS, in kinds that a program can tell apart.

use std::io;

use rustls::{AlertDescription, CertificateError, PeerMisbehaved};

/// Why TLS failed (see [`Error::tls_failure`](crate::Error::tls_failure)).
///
/// ```
/// use oxftp::TlsFailure;
///
/// fn advice(failure: TlsFailure) -> &'static str {
///     match failure {
///         TlsFailure::Expired => "ask for a new certificate",
///         TlsFailure::WrongName => "use the name that the certificate has",
///         _ => "see the causes",
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsFailure {
    /// The certificate ran out.
    Expired,
    /// The certificate is not valid yet; perhaps a clock is wrong.
    NotYetValid,
    /// The certificate is for another name than the one that was connected to.
    WrongName,
    /// Nobody who is trusted signed the certificate.
    UnknownIssuer,
    /// The certificate was taken back.
    Revoked,
    /// The certificate is for another purpose, damaged, or badly signed.
    UnusableCertificate,
    /// What answered speaks no TLS.
    NoTls,
    /// There is no version or cipher that both sides would use.
    NothingInCommon,
    /// The server is for another protocol than FTP (RFC 7301), as in an attack that sends clients dirty.
    OtherProtocol,
    /// The server wants a certificate of the client, or another one.
    ClientCertificate,
    /// The server ended the handshake for another reason.
    RefusedByServer,
    /// The connection ended during the handshake.
    Cut,
    /// Something else; the cause tells.
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
                | io::ErrorKind::BrokenPipe => Self::Cut,
                _ => Self::Other,
            },
        }
    }

    /// Tells what TLS says of it, where this is an error of TLS.
    pub(crate) fn within(error: &io::Error) -> Option<Self> {
        error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).map(Self::of_rustls)
    }

    fn of_rustls(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(error) => Self::of_certificate(error),
            rustls::Error::NoCertificatesPresented => Self::UnusableCertificate,
            rustls::Error::InvalidMessage(_) => Self::NoTls,
            rustls::Error::PeerIncompatible(_) => Self::NothingInCommon,
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
            CertificateError::Revoked => Self::Revoked,
            _ => Self::UnusableCertificate,
        }
    }

    fn of_alert(alert: AlertDescription) -> Self {
        match alert {
            AlertDescription::ProtocolVersion
            | AlertDescription::HandshakeFailure
            | AlertDescription::InsufficientSecurity => Self::NothingInCommon,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    fn kind(error: rustls::Error) -> TlsFailure {
        TlsFailure::of(&io::Error::new(io::ErrorKind::InvalidData, error))
    }

    #[test]
    fn an_alert_in_place_of_a_reply_has_its_kind_too() {
        let alert = rustls::Error::AlertReceived(AlertDescription::CertificateRequired);
        let refused = Error::Control(io::Error::new(io::ErrorKind::InvalidData, alert));

        assert_eq!(refused.tls_failure(), Some(TlsFailure::ClientCertificate));
        assert_eq!(Error::Control(io::ErrorKind::ConnectionReset.into()).tls_failure(), None);
    }

    #[test]
    fn each_alert_and_each_fault_of_a_certificate_has_its_kind() {
        let invalid = |error| kind(rustls::Error::InvalidCertificate(error));
        let alert = |alert| kind(rustls::Error::AlertReceived(alert));

        assert_eq!(invalid(CertificateError::Revoked), TlsFailure::Revoked);
        assert_eq!(invalid(CertificateError::BadSignature), TlsFailure::UnusableCertificate);
        assert_eq!(alert(AlertDescription::ProtocolVersion), TlsFailure::NothingInCommon);
        assert_eq!(alert(AlertDescription::CertificateRequired), TlsFailure::ClientCertificate);
        assert_eq!(alert(AlertDescription::NoApplicationProtocol), TlsFailure::OtherProtocol);
        assert_eq!(alert(AlertDescription::InternalError), TlsFailure::RefusedByServer);
        assert_eq!(TlsFailure::of(&io::ErrorKind::UnexpectedEof.into()), TlsFailure::Cut);
    }
}

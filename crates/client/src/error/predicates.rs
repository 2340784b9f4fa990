//! Error predicates (`is_not_found`, `is_transient`, …).

use std::io;

use oxftp_proto::{Code, Reply, classify};

use super::{Error, tls::TlsFailure};

/// An uploaded file that is larger on the server than at its source.
pub(crate) struct LargerFile {
    pub(crate) size: u64,
    pub(crate) uploaded: u64,
}

impl Error {
    /// Returns the reply that caused this error.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// if let Err(error) = client.remove_file("a.txt").await {
    ///     println!("{:?}", error.reply().map(|reply| reply.text()));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn reply(&self) -> Option<&Reply> {
        match self {
            Self::StatusCode(error) => Some(&error.info),
            Self::UnusableReply { reply, .. }
            | Self::CommandRefused { reply, .. }
            | Self::TlsRefused { reply }
            | Self::ProtectionRefused { reply }
            | Self::VirtualHostRefused { reply, .. } => Some(reply),
            Self::Closed { reply } | Self::Data { reply, .. } => reply.as_ref(),
            Self::TooManySessions { source }
            | Self::NotRenamed { source, .. }
            | Self::NotBackedUp { source, .. } => source.reply(),
            _ => None,
        }
    }

    /// Returns the code of the reply that caused this error.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// if let Err(error) = client.remove_file("a.txt").await {
    ///     println!("{:?}", error.code());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        self.reply().map(Reply::code)
    }

    /// Returns whether the size of a transferred file differs as if the server had converted its line ends.
    pub(crate) fn may_be_converted(&self) -> bool {
        match self {
            Self::SizeMismatch { expected, transferred } => {
                transferred > expected && *transferred <= expected.saturating_mul(2)
            }
            Self::UploadMismatch { source, .. } => matches!(**source, Self::SizeMismatch { .. }),
            _ => false,
        }
    }

    /// Returns the size of an uploaded file on the server, if it is larger than what was uploaded.
    pub(crate) fn larger_than_uploaded(&self) -> Option<LargerFile> {
        let Self::UploadMismatch { source, .. } = self else { return None };
        match **source {
            Self::SizeMismatch { expected, transferred } if expected > transferred => {
                Some(LargerFile { size: expected, uploaded: transferred })
            }
            _ => None,
        }
    }

    /// Returns whether a path on the server does not exist.
    ///
    /// FTP uses the same code (550) for missing files and for other refusals, such as missing permissions. They are
    /// distinguished by the text of the reply. If the text does not decide it, as in vsftpd's `550 Failed to open
    /// file.` or `550 Delete operation failed.`, the path does not count as missing: ask
    /// [`Client::try_exists`](crate::Client::try_exists).
    ///
    /// A missing local file is [`Error::LocalFs`] with [`io::ErrorKind::NotFound`].
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// match client.remove_file("a.txt").await {
    ///     Err(error) if error.is_not_found() => {}
    ///     removed => removed?,
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        match self {
            Self::NotFound { .. } => true,
            Self::StatusCode(error) => classify::is_not_found(&error.info),
            _ => false,
        }
    }

    /// Returns whether the server denied permission. For a local file, see [`Error::LocalFs`].
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// match client.create_dir("new").await {
    ///     Err(error) if error.is_permission_denied() => println!("read-only"),
    ///     created => created?,
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_permission_denied(&self) -> bool {
        match self {
            Self::StatusCode(error) => classify::is_permission_denied(&error.info),
            _ => false,
        }
    }

    /// Returns whether the login was refused.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// use oxftp::Credentials;
    ///
    /// match client.login(Credentials::new("me", "secret")).await {
    ///     Err(error) if error.is_login_refused() => println!("wrong password"),
    ///     said => println!("{}", said?),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_login_refused(&self) -> bool {
        matches!(self, Self::StatusCode(error) if matches!(error.info.code().get(), 430 | 530..=532 | 331 | 332))
    }

    /// Returns whether a login was refused because of its credentials, whatever the code. Such a login is not
    /// retried: repeated failures can lock the account.
    pub(crate) fn refuses_credentials(&self) -> bool {
        matches!(self, Self::StatusCode(error) if classify::is_bad_credentials(&error.info))
    }

    /// Returns the kind of the TLS failure, if TLS failed.
    ///
    /// ```no_run
    /// # async fn example() -> oxftp::Result<()> {
    /// use oxftp::{Client, TlsConfig};
    ///
    /// let builder = Client::builder().explicit_tls(TlsConfig::new());
    /// if let Err(error) = builder.connect("ftp.example.org").await {
    ///     println!("{:?}", error.tls_failure());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn tls_failure(&self) -> Option<TlsFailure> {
        match self {
            Self::Tls(source) => Some(TlsFailure::of(source)),
            // TLS 1.3 lets a server refuse the client's certificate when the handshake is over.
            Self::Control(source) => TlsFailure::within(source),
            Self::TooManySessions { source } | Self::Stopped { source, .. } => source.tls_failure(),
            _ => None,
        }
    }

    /// Returns whether a timeout expired.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// match client.noop().await {
    ///     Err(error) if error.is_timeout() => println!("the server does not answer"),
    ///     answered => drop(answered?),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::Timeout { .. } => true,
            Self::Connect { source, .. } | Self::DataConnect(source) | Self::Data { source, .. } => {
                source.kind() == io::ErrorKind::TimedOut
            }
            Self::Stopped { source, .. }
            | Self::NotRenamed { source, .. }
            | Self::NotBackedUp { source, .. } => source.is_timeout(),
            _ => false,
        }
    }

    /// Returns whether a retry, possibly on a new connection, may succeed. This includes a refusal because of too
    /// many sessions.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// match client.download("a.iso").await {
    ///     Err(error) if error.is_transient() => println!("try again later"),
    ///     report => println!("{} bytes", report?.bytes),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::StatusCode(_) if self.refuses_credentials() => false,
            _ if self.is_tls_refusal() => false,
            Self::StatusCode(error) => {
                error.info.code().is_transient() || classify::is_connection_limit(&error.info)
            }
            Self::Connect { .. }
            | Self::Timeout { .. }
            | Self::Closed { .. }
            | Self::Control(_)
            | Self::Broken { .. }
            | Self::DataConnect(_)
            | Self::Data { .. }
            | Self::TooManySessions { .. } => true,
            Self::Stopped { source, .. }
            | Self::NotRenamed { source, .. }
            | Self::NotBackedUp { source, .. } => source.is_transient(),
            _ => false,
        }
    }

    /// Returns whether TLS failed for a reason that lasts, such as a certificate that was refused.
    pub(crate) fn is_tls_refusal(&self) -> bool {
        self.tls_failure().is_some_and(|failure| failure != TlsFailure::ConnectionClosed)
    }

    /// Returns whether the control connection is no longer usable after this error. A connection that could not be opened
    /// ([`Error::Connect`]) is not a lost one.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// match client.noop().await {
    ///     Err(error) if error.is_connection_lost() => client.reconnect().await?,
    ///     answered => drop(answered?),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_connection_lost(&self) -> bool {
        match self {
            Self::Closed { .. }
            | Self::Control(_)
            | Self::Broken { .. }
            | Self::Protocol(_)
            | Self::Desynchronised { .. } => true,
            Self::StatusCode(error) => error.info.code() == Code::SERVICE_CLOSING,
            Self::Stopped { source, .. }
            | Self::NotRenamed { source, .. }
            | Self::NotBackedUp { source, .. } => source.is_connection_lost(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::local_fs::LocalFsError;

    fn refused(code: u16, text: &str) -> Error {
        Reply::new(Code::new(code).unwrap(), [text.as_bytes()]).unexpected(&["2xx"]).into()
    }

    #[test]
    fn reply_550_is_classified_by_its_text() {
        assert!(refused(550, "No such file or directory").is_not_found());
        assert!(!refused(550, "Permission denied.").is_not_found());
        assert!(refused(550, "Permission denied.").is_permission_denied());
        assert!(!refused(550, "Directory not empty").is_not_found());
        assert!(refused(550, "path does not exist").is_not_found());
    }

    #[test]
    fn not_found_is_said_on_clear_evidence() {
        for text in [
            "Remove directory operation failed.",
            "Delete operation failed.",
            "Failed to open file.",
            "Failed to change directory.",
            "no",
        ] {
            assert!(!refused(550, text).is_not_found(), "{text}");
        }
        assert!(Error::NotFound { path: "x".into(), refusal: None }.is_not_found());
    }

    #[test]
    fn local_errors_say_nothing_about_the_server() {
        let local = |kind: io::ErrorKind| Error::from(LocalFsError::new("open", "x", kind.into()));

        assert!(!local(io::ErrorKind::NotFound).is_not_found());
        assert!(!local(io::ErrorKind::PermissionDenied).is_permission_denied());
    }

    #[test]
    fn replies_4xx_are_transient_5xx_are_not() {
        assert!(refused(450, "busy").is_transient());
        assert!(!refused(550, "no").is_transient());
        assert!(refused(421, "bye").is_connection_lost());
    }

    #[test]
    fn refused_client_certificate_is_not_transient() {
        let alert = rustls::Error::AlertReceived(rustls::AlertDescription::CertificateRequired);
        let refused = Error::Control(io::Error::new(io::ErrorKind::InvalidData, alert));

        assert_eq!(refused.tls_failure(), Some(TlsFailure::ClientCertificate));
        assert!(!refused.is_transient());
        let pooled = Error::Stopped { report: Box::default(), source: refused.into() };
        assert_eq!(pooled.tls_failure(), Some(TlsFailure::ClientCertificate));
        assert!(Error::Control(io::ErrorKind::ConnectionReset.into()).is_transient());
    }

    #[test]
    fn refused_credentials_are_not_transient() {
        let lasting = [
            (430, "Invalid username or password"),
            (421, "Too many bad passwords, goodbye"),
            (530, "Too many failed login attempts"),
            (530, "Account locked: the maximum of failures is reached"),
        ];
        for (code, text) in lasting {
            let error = refused(code, text);
            assert!(error.refuses_credentials() && !error.is_transient(), "{text}");
            assert!(!error.reply().is_some_and(classify::is_connection_limit), "{text}");
        }
        assert!(refused(421, "Too many connections").is_transient());
        assert!(refused(530, "the maximum number of allowed clients is connected").is_transient());
    }
}

//! Encryption: TLS properties of the control connection, and the side that begins the handshakes of data connections.

use oxftp_proto::{Command, dialog::Exchange};

use super::Client;
use crate::{Error, Result};
#[cfg(feature = "tls")]
use crate::{
    TlsVersion,
    tls::{TlsCounts, TlsSession},
};

impl Client {
    /// Returns whether the control connection is encrypted.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// assert!(client.is_encrypted());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.control.is_encrypted()
    }

    /// Makes the server begin the TLS handshake of data connections (`SSCN ON`).
    pub(crate) async fn begin_handshakes(&mut self) -> Result<()> {
        self.state.begins_handshakes = true;
        match self.control.run(Exchange::new(Command::with_argument("SSCN", "ON")?, &["2xx"])).await {
            Err(error @ Error::StatusCode(_)) => {
                self.state.begins_handshakes = false;
                Err(error)
            }
            begun => begun.map(drop),
        }
    }

    /// Makes the server wait for the TLS handshake of data connections again (`SSCN OFF`). The client
    /// begins it.
    pub(crate) async fn await_handshakes(&mut self) -> Result<()> {
        if !self.state.begins_handshakes {
            return Ok(());
        }
        self.control.run(Exchange::new(Command::with_argument("SSCN", "OFF")?, &["2xx"])).await?;
        self.state.begins_handshakes = false;
        Ok(())
    }
}

#[cfg(feature = "tls")]
#[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
impl Client {
    /// Returns the numbers of TLS handshakes, including that of the control connection.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// println!("{} sessions were resumed", client.tls_counts().resumed);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn tls_counts(&self) -> TlsCounts {
        self.tls.as_ref().map(TlsSession::counts).unwrap_or_default()
    }

    /// Returns the TLS version of the control connection; `None` if it is not encrypted.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// println!("{:?}", client.tls_version());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn tls_version(&self) -> Option<TlsVersion> {
        match self.control.tls()?.protocol_version()? {
            rustls::ProtocolVersion::TLSv1_2 => Some(TlsVersion::Tls12),
            rustls::ProtocolVersion::TLSv1_3 => Some(TlsVersion::Tls13),
            _ => None,
        }
    }

    /// Returns the cipher suite of the control connection, such as `TLS_AES_256_GCM_SHA384`; `None` if it
    /// is not encrypted.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// println!("{:?}", client.tls_cipher());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn tls_cipher(&self) -> Option<&'static str> {
        let name = self.control.tls()?.negotiated_cipher_suite()?.suite().as_str()?;
        // rustls has different names for the suites of TLS 1.3; these are IANA's.
        Some(match name {
            "TLS13_AES_128_GCM_SHA256" => "TLS_AES_128_GCM_SHA256",
            "TLS13_AES_256_GCM_SHA384" => "TLS_AES_256_GCM_SHA384",
            "TLS13_CHACHA20_POLY1305_SHA256" => "TLS_CHACHA20_POLY1305_SHA256",
            name => name,
        })
    }

    /// Returns the key exchange of the control connection, such as `X25519MLKEM768` or `X25519`; `None` if it is not
    /// encrypted, or the session was resumed without one.
    ///
    /// ```no_run
    /// # fn example(client: &oxftp::Client) {
    /// let is_post_quantum = client.tls_key_exchange() == Some("X25519MLKEM768");
    /// # }
    /// ```
    #[must_use]
    pub fn tls_key_exchange(&self) -> Option<&'static str> {
        self.control.tls()?.negotiated_key_exchange_group()?.name().as_str()
    }

    /// Returns whether the server selected FTP by ALPN (RFC 7301). Most servers do not use ALPN.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// println!("{}", client.tls_alpn_is_ftp());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn tls_alpn_is_ftp(&self) -> bool {
        self.control.tls().is_some_and(|tls| tls.alpn_protocol().is_some())
    }

    /// Returns the server's certificate chain on the control connection in DER, the end-entity certificate
    /// first.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// println!("{} certificates", client.certificates().count());
    /// # Ok(())
    /// # }
    /// ```
    pub fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        let certificates = self.control.tls().and_then(|tls| tls.peer_certificates());
        certificates.unwrap_or_default().iter().map(AsRef::as_ref)
    }
}

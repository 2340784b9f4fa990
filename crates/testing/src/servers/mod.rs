//! Real FTP servers as child processes, and the embedded server, with one interface.
//!
//! Each [`TestServer`] has its own loopback port, directory and certificates. It is stopped when the value is dropped
//! and when the test process dies. `.ci/servers` installs the programs.

mod certificates;
mod embedded;
mod ports;
mod process;
mod process_group;
mod proftpd;
mod programs;
mod pure_ftpd;
mod pyftpdlib;
mod quirks;
mod server;
mod suite;
mod vsftpd;

pub use oxftp_serve::TlsVersions;
pub use server::TestServer;
pub use suite::{available, run};

/// The time at which a connection becomes encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protection {
    /// Never.
    Plain,
    /// After `AUTH TLS`, which the server requires for login and data.
    Explicit,
    /// From the first byte.
    Implicit,
}

/// The configuration of a server.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The time at which its connections become encrypted.
    pub protection: Protection,
    /// The TLS versions it offers.
    pub tls: TlsVersions,
    /// `true` if it refuses clients without the certificate of [`TestServer::client_identity`].
    pub require_client_certificate: bool,
    /// `true` if data connections must resume the TLS session of the control connection.
    ///
    /// vsftpd and ProFTPD support this, and require it by default.
    pub require_session_reuse: bool,
    /// `true` if it listens on `::1` instead of 127.0.0.1.
    pub ipv6: bool,
    /// `true` if it lists names with a leading dot by default (vsftpd, Pure-FTPd; ProFTPD in `LIST` only).
    pub show_dot_files: bool,
    /// `true` if its greeting does not name it (vsftpd).
    pub anonymous_banner: bool,
    /// The maximum number of concurrent sessions; not supported by the embedded server.
    pub max_sessions: Option<u32>,
    /// `true` if it allows data connections with hosts other than the client, as transfers between two servers need.
    /// libunftp has no active mode.
    pub foreign_addresses: bool,
    /// `true` if it supports file hashes (ProFTPD with mod_digest).
    pub hashes: bool,
    /// `true` if it copies files itself (ProFTPD with mod_copy).
    pub copies: bool,
    /// `true` if it supports compression (ProFTPD with mod_deflate).
    pub compression: bool,
}

impl ServerOptions {
    /// Creates options with the defaults of the server and this protection.
    pub fn new(protection: Protection) -> Self {
        Self {
            protection,
            tls: TlsVersions::Any,
            require_client_certificate: false,
            require_session_reuse: true,
            ipv6: false,
            show_dot_files: false,
            anonymous_banner: false,
            max_sessions: None,
            foreign_addresses: false,
            hashes: false,
            copies: false,
            compression: false,
        }
    }
}

/// A server program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServerKind {
    /// vsftpd: no `MLSD`; requires session reuse.
    Vsftpd,
    /// ProFTPD with mod_tls: requires session reuse.
    ProFtpd,
    /// Pure-FTPd: runs as root only.
    PureFtpd,
    /// pyftpdlib, in Python.
    Pyftpdlib,
    /// libunftp, in this process: always available.
    Embedded,
}

impl ServerKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::Vsftpd, Self::ProFtpd, Self::PureFtpd, Self::Pyftpdlib, Self::Embedded];

    /// Returns its name for messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vsftpd => "vsftpd",
            Self::ProFtpd => "ProFTPD",
            Self::PureFtpd => "Pure-FTPd",
            Self::Pyftpdlib => "pyftpdlib",
            Self::Embedded => "the embedded server",
        }
    }

    /// Returns the protections it supports.
    pub fn protections(self) -> &'static [Protection] {
        match self {
            // Debian builds Pure-FTPd without implicit TLS.
            Self::PureFtpd => &[Protection::Plain, Protection::Explicit],
            _ => &[Protection::Plain, Protection::Explicit, Protection::Implicit],
        }
    }

    /// Starts a server with this protection; when this returns, it accepts connections.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if the program is not installed, or does not run as this user.
    pub async fn start(self, protection: Protection) -> Result<TestServer, Unavailable> {
        self.start_with(ServerOptions::new(protection)).await
    }

    /// Starts a server with these options; when this returns, it accepts connections.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] if the program is not installed, does not run as this user, or does not support an option.
    pub async fn start_with(self, options: ServerOptions) -> Result<TestServer, Unavailable> {
        if !self.protections().contains(&options.protection) {
            return Err(self.unavailable(format!("it does not support {:?} TLS", options.protection)));
        }
        if self == Self::Embedded && options.max_sessions.is_some() {
            return Err(self.unavailable("it does not support a session limit"));
        }
        match self {
            Self::Vsftpd => vsftpd::start(options).await,
            Self::ProFtpd => proftpd::start(options).await,
            Self::PureFtpd => pure_ftpd::start(options).await,
            Self::Pyftpdlib => pyftpdlib::start(options).await,
            Self::Embedded => embedded::start(options).await,
        }
    }

    fn unavailable(self, why: impl Into<String>) -> Unavailable {
        Unavailable { server: self.name(), why: why.into() }
    }
}

/// The reason why a server cannot be started here.
#[derive(Debug, Clone)]
pub struct Unavailable {
    /// The name of the server.
    pub server: &'static str,
    /// The reason.
    pub why: String,
}

impl std::fmt::Display for Unavailable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} is not available ({})", self.server, self.why)
    }
}

impl std::error::Error for Unavailable {}

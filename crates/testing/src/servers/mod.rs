//! Real FTP servers as child processes, and the embedded one, all alike to a test.
//!
//! Each [`TestServer`] has a free loopback port, a directory and certificates of its own; it is gone when
//! the value is dropped, and when the test process dies. Where the programs come from is
//! `.ci/servers`' business.

mod certificates;
mod embedded;
mod group;
mod ports;
mod process;
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

/// When a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protection {
    /// Never.
    Plain,
    /// After `AUTH TLS`, and then the server demands it for login and data.
    Explicit,
    /// From the first byte on.
    Implicit,
}

/// How a server is to be, where its defaults will not do.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// When its connections are encrypted.
    pub protection: Protection,
    /// Which versions of TLS it offers.
    pub tls: TlsVersions,
    /// Refuses clients without the certificate of [`TestServer::client_identity`].
    pub require_client_certificate: bool,
    /// Demands that data connections resume the control connection's session, if the server can.
    ///
    /// vsftpd and ProFTPD can, and do by default.
    pub require_session_reuse: bool,
    /// Listens on `::1` instead of 127.0.0.1.
    pub ipv6: bool,
    /// Lists names with a leading dot unasked (vsftpd, Pure-FTPd; ProFTPD in `LIST` alone).
    pub show_dot_files: bool,
    /// How many sessions it allows at once; the embedded server knows no limit.
    pub most_sessions: Option<u32>,
    /// Takes and makes data connections with others than the client, as for transfers between two servers;
    /// if the server can tell them apart. libunftp has no active mode.
    pub foreign_addresses: bool,
    /// Tells hashes of files (ProFTPD, by mod_digest).
    pub hashes: bool,
    /// Compresses data when asked to (ProFTPD, by mod_deflate).
    pub compression: bool,
}

impl ServerOptions {
    /// The server's defaults with this protection.
    pub fn new(protection: Protection) -> Self {
        Self {
            protection,
            tls: TlsVersions::Any,
            require_client_certificate: false,
            require_session_reuse: true,
            ipv6: false,
            show_dot_files: false,
            most_sessions: None,
            foreign_addresses: false,
            hashes: false,
            compression: false,
        }
    }
}

/// A server program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServerKind {
    /// vsftpd: no MLSD, and session reuse demanded.
    Vsftpd,
    /// ProFTPD with mod_tls: session reuse demanded.
    ProFtpd,
    /// Pure-FTPd: runs as root only.
    PureFtpd,
    /// pyftpdlib, in Python.
    Pyftpdlib,
    /// libunftp, in this process: always there.
    Embedded,
}

impl ServerKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Vsftpd, Self::ProFtpd, Self::PureFtpd, Self::Pyftpdlib, Self::Embedded];

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vsftpd => "vsftpd",
            Self::ProFtpd => "ProFTPD",
            Self::PureFtpd => "Pure-FTPd",
            Self::Pyftpdlib => "pyftpdlib",
            Self::Embedded => "the embedded server",
        }
    }

    /// The protections it knows.
    pub fn protections(self) -> &'static [Protection] {
        match self {
            // Debian builds Pure-FTPd without implicit TLS.
            Self::PureFtpd => &[Protection::Plain, Protection::Explicit],
            _ => &[Protection::Plain, Protection::Explicit, Protection::Implicit],
        }
    }

    /// Starts one with this protection; when it returns, it answers.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] when the program is not installed, or does not run under this user.
    pub async fn start(self, protection: Protection) -> Result<TestServer, Unavailable> {
        self.start_with(ServerOptions::new(protection)).await
    }

    /// Starts one as the options say; when it returns, it answers.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] when the program is not installed, does not run under this user, or lacks an option.
    pub async fn start_with(self, options: ServerOptions) -> Result<TestServer, Unavailable> {
        if !self.protections().contains(&options.protection) {
            return Err(self.unavailable(format!("it has no {:?} TLS", options.protection)));
        }
        if self == Self::Embedded && options.most_sessions.is_some() {
            return Err(self.unavailable("it knows no limit of sessions"));
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

/// A server that cannot be had here.
#[derive(Debug, Clone)]
pub struct Unavailable {
    /// Its name.
    pub server: &'static str,
    /// What is missing.
    pub why: String,
}

impl std::fmt::Display for Unavailable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} is not available ({})", self.server, self.why)
    }
}

impl std::error::Error for Unavailable {}

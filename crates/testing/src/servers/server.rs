//! Test server of any kind.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{PermissionsExt, lchown};
use std::path::{Path, PathBuf};

use oxftp_serve::certificates::Identity;
use tempfile::TempDir;

use super::certificates::{CertificateFiles, Certificates};
use super::process::ServerProcess;
use super::{Protection, ServerKind, ServerOptions};

/// A running server of any kind; it stops and cleans up when dropped.
#[derive(Debug)]
pub struct TestServer {
    // The order matters: the process must be dropped before its directory.
    pub(super) backend: Backend,
    pub(super) home: Home,
    pub(super) kind: ServerKind,
    pub(super) protection: Protection,
    pub(super) user: &'static str,
    pub(super) password: &'static str,
    pub(super) login_directory: String,
}

#[derive(Debug)]
pub(super) enum Backend {
    Process(ServerProcess),
    Embedded(oxftp_serve::Server),
}

impl TestServer {
    /// Returns its kind.
    pub fn kind(&self) -> ServerKind {
        self.kind
    }

    /// Returns its name for messages.
    pub fn name(&self) -> &'static str {
        self.kind.name()
    }

    /// Returns the address it listens at.
    pub fn address(&self) -> SocketAddr {
        match &self.backend {
            Backend::Process(process) => process.address(),
            Backend::Embedded(server) => server.address(),
        }
    }

    /// Returns a host name that its certificate is valid for; on IPv6 the address.
    pub fn host(&self) -> &'static str {
        if self.address().is_ipv6() { "::1" } else { "localhost" }
    }

    /// Returns the port it listens on.
    pub fn port(&self) -> u16 {
        self.address().port()
    }

    /// Returns the user name for logins.
    pub fn user(&self) -> &'static str {
        self.user
    }

    /// Returns the password; vsftpd accepts any.
    pub fn password(&self) -> &'static str {
        self.password
    }

    /// Returns the directory that it serves, to create and inspect files.
    ///
    /// Files created by a test belong to the user of the test: see [`hand_over`](Self::hand_over).
    pub fn root(&self) -> &Path {
        &self.home.root
    }

    /// Returns its reply to the first `PWD`: the path of [`root`](Self::root) as the client sees it.
    pub fn login_directory(&self) -> &str {
        &self.login_directory
    }

    /// Returns when its connections are encrypted.
    pub fn protection(&self) -> Protection {
        self.protection
    }

    /// Returns the certificate authority of its certificate in PEM, if it supports TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.home.certificates.as_ref().map(|certificates| certificates.authority.pem())
    }

    /// Returns a client certificate that it accepts, if it supports TLS.
    pub fn client_identity(&self) -> Option<&Identity> {
        self.home.certificates.as_ref().map(|certificates| &certificates.client)
    }

    /// Returns its process ID; for the embedded server, that of this process.
    pub fn pid(&self) -> u32 {
        match &self.backend {
            Backend::Process(process) => process.pid(),
            Backend::Embedded(_) => std::process::id(),
        }
    }

    /// Returns its log; the embedded server has none.
    pub fn log(&self) -> String {
        match &self.backend {
            Backend::Process(process) => process.log(),
            Backend::Embedded(_) => String::new(),
        }
    }

    /// Kills the server with all its sessions, like a crash, and starts it again at the same address.
    ///
    /// # Errors
    ///
    /// Any error of the system; [`Unsupported`](io::ErrorKind::Unsupported) for the embedded server, which runs in
    /// this process.
    pub async fn kill_and_restart(&mut self) -> io::Result<()> {
        match &mut self.backend {
            Backend::Process(process) => process.kill_and_restart().await,
            Backend::Embedded(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Changes the owner of everything in [`root`](Self::root) to the user that the server runs as.
    ///
    /// Only Pure-FTPd needs this because it refuses to run as root: without it, it can read the files of a test, but
    /// neither change them nor add entries to its directories.
    ///
    /// # Errors
    ///
    /// Any error of the system.
    pub fn hand_over(&self) -> io::Result<()> {
        match self.home.owner {
            Some(owner) => change_owner(&self.home.root, owner),
            None => Ok(()),
        }
    }
}

fn change_owner(path: &Path, owner: u32) -> io::Result<()> {
    lchown(path, Some(owner), Some(owner))?;
    if path.symlink_metadata()?.is_dir() {
        for entry in fs::read_dir(path)? {
            change_owner(&entry?.path(), owner)?;
        }
    }
    Ok(())
}

/// The directory of a server: configuration, logs, certificates, and the directory it serves.
#[derive(Debug)]
pub(super) struct Home {
    directory: TempDir,
    pub(super) root: PathBuf,
    pub(super) certificates: Option<Certificates>,
    owner: Option<u32>,
}

impl Home {
    pub(super) fn create(options: &ServerOptions) -> Self {
        let directory = TempDir::with_prefix("oxftp-server-").expect("the temporary directory is writable");
        let root = directory.path().join("root");
        fs::create_dir(&root).expect("a new directory is writable");
        // Some servers run as another user, who needs access.
        for path in [directory.path(), &root] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755))
                .expect("this process owns the directory");
        }
        let encrypted = options.protection != Protection::Plain;
        Self { directory, root, certificates: encrypted.then(Certificates::create), owner: None }
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(super) fn certificate_files(&self) -> Option<CertificateFiles> {
        self.certificates.as_ref().map(|certificates| certificates.write(self.path()))
    }

    pub(super) fn belongs_to(&mut self, owner: u32) -> io::Result<()> {
        self.owner = Some(owner);
        change_owner(&self.root, owner)
    }

    /// Writes a file next to the served directory.
    pub(super) fn write(&self, name: &str, contents: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, contents).expect("the directory of the server is writable");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("this process owns the file");
        path
    }
}

/// The user name for every server that checks it.
pub(super) const USER: &str = "tester";
/// The password of the user.
pub(super) const PASSWORD: &str = "sesame";
/// The password, hashed by crypt(3).
pub(super) const PASSWORD_HASH: &str = "$6$rounds=1000$oxftptests$CjjStuc0by1TE5uYrWuLgP3Ld9.kyyHRxj7oMYdExHXR5A3KIKuG07LJiAeZQkFGP.J7n/X39cmpZrVHqQYvw1";

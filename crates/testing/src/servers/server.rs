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

/// A running server, alike for every kind; it stops and cleans up when dropped.
#[derive(Debug)]
pub struct TestServer {
    // The order counts: what runs goes before the directory it runs in.
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
    /// What kind it is.
    pub fn kind(&self) -> ServerKind {
        self.kind
    }

    /// What people call it.
    pub fn name(&self) -> &'static str {
        self.kind.name()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        match &self.backend {
            Backend::Process(process) => process.address(),
            Backend::Embedded(server) => server.address(),
        }
    }

    /// A host name that its certificate stands for; on IPv6 the address.
    pub fn host(&self) -> &'static str {
        if self.address().is_ipv6() { "::1" } else { "localhost" }
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.address().port()
    }

    /// Who may log in.
    pub fn user(&self) -> &'static str {
        self.user
    }

    /// The user's password; vsftpd takes any.
    pub fn password(&self) -> &'static str {
        self.password
    }

    /// The directory served, to look into and to lay files in.
    ///
    /// What a test makes there belongs to the test's user: see [`hand_over`](Self::hand_over).
    pub fn root(&self) -> &Path {
        &self.home.root
    }

    /// What the server answers to the first `PWD`; [`root`](Self::root) as the client sees it.
    pub fn login_directory(&self) -> &str {
        &self.login_directory
    }

    /// When its connections are encrypted.
    pub fn protection(&self) -> Protection {
        self.protection
    }

    /// The authority that signed its certificate, in PEM, if it speaks TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.home.certificates.as_ref().map(|certificates| certificates.authority.pem())
    }

    /// The certificate of a client that it lets in, if it speaks TLS.
    pub fn client_identity(&self) -> Option<&Identity> {
        self.home.certificates.as_ref().map(|certificates| &certificates.client)
    }

    /// Its process; the embedded server's is this one.
    pub fn pid(&self) -> u32 {
        match &self.backend {
            Backend::Process(process) => process.pid(),
            Backend::Embedded(_) => std::process::id(),
        }
    }

    /// What it logged; the embedded server logs nothing.
    pub fn log(&self) -> String {
        match &self.backend {
            Backend::Process(process) => process.log(),
            Backend::Embedded(_) => String::new(),
        }
    }

    /// Kills the server with all its sessions, as a crash would, and runs it again at the same address.
    ///
    /// # Errors
    ///
    /// What the system says; [`Unsupported`](io::ErrorKind::Unsupported) from the embedded server, which is
    /// this process.
    pub async fn kill_and_restart(&mut self) -> io::Result<()> {
        match &mut self.backend {
            Backend::Process(process) => process.kill_and_restart().await,
            Backend::Embedded(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Gives everything in [`root`](Self::root) to the user the server works as.
    ///
    /// Only Pure-FTPd needs it, as it refuses to work as root: without it, it reads what a test laid there,
    /// but neither changes such files nor adds to such directories.
    ///
    /// # Errors
    ///
    /// What the system says.
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

/// A server's own directory: configuration, logs, certificates, and the directory it serves.
#[derive(Debug)]
pub(super) struct Home {
    directory: TempDir,
    pub(super) root: PathBuf,
    pub(super) certificates: Option<Certificates>,
    owner: Option<u32>,
}

impl Home {
    pub(super) fn make(options: &ServerOptions) -> Self {
        let directory =
            TempDir::with_prefix("oxftp-server-").expect("the system's temporary directory takes one");
        let root = directory.path().join("root");
        fs::create_dir(&root).expect("a new directory takes another");
        // Some servers work as another user, who must get in.
        for path in [directory.path(), &root] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("the directory is ours");
        }
        let encrypted = options.protection != Protection::Plain;
        Self { directory, root, certificates: encrypted.then(Certificates::make), owner: None }
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

    /// Writes a file beside the directory served.
    pub(super) fn write(&self, name: &str, contents: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, contents).expect("the server's directory takes files");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("the file is ours");
        path
    }
}

/// Who may log in, to every server that can check.
pub(super) const USER: &str = "tester";
/// The user's password.
pub(super) const PASSWORD: &str = "sesame";
/// The password as crypt(3) hashes it.
pub(super) const PASSWORD_HASH: &str = "$6$rounds=1000$oxftptests$CjjStuc0by1TE5uYrWuLgP3Ld9.kyyHRxj7oMYdExHXR5A3KIKuG07LJiAeZQkFGP.J7n/X39cmpZrVHqQYvw1";

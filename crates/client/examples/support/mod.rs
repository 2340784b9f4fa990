//! Server for the examples: the one of the URL that was passed, or an embedded one with some files.

use std::{error::Error, fs};

use oxftp::FtpUrl;
use oxftp_serve::{ServeOptions, Server};
use tempfile::TempDir;

/// The result of an example.
pub(crate) type Result<T = (), E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

/// A server to try the examples on. It ends when this is dropped.
pub(crate) struct Target {
    /// The directory in which the examples read and write.
    pub(crate) url: FtpUrl,
    _embedded: Option<(Server, TempDir)>,
}

/// Uses the URL on the command line, or starts a server.
#[allow(dead_code, reason = "the tests start a server")]
pub(crate) async fn target() -> Result<Target> {
    match std::env::args().nth(1) {
        Some(url) => Ok(Target { url: url.parse()?, _embedded: None }),
        None => embedded().await,
    }
}

/// Starts a server on loopback.
pub(crate) async fn embedded() -> Result<Target> {
    let root = tempfile::tempdir()?;
    fs::create_dir_all(root.path().join("reports/2026"))?;
    fs::write(root.path().join("reports/2026/november.csv"), "city,sold\nOslo,12\nLima,30\nPune,8\n")?;
    fs::write(root.path().join("reports/readme.txt"), "Reports of each month.\n")?;
    fs::write(root.path().join("disk.img"), vec![7; 1 << 20])?;
    let server = Server::start(ServeOptions::new(root.path()).writable(true)).await?;
    let url = format!("ftp://{}/", server.address()).parse()?;
    Ok(Target { url, _embedded: Some((server, root)) })
}

//! Programs of the servers: where they are installed.

use std::env;
use std::path::{Path, PathBuf};

use super::{ServerKind, Unavailable};

/// Returns the directory of the installed servers: `$OXFTP_SERVERS`, or `target/servers` of the workspace.
pub(crate) fn directory() -> PathBuf {
    match env::var_os("OXFTP_SERVERS") {
        Some(directory) => directory.into(),
        None => workspace().join("target/servers"),
    }
}

/// Returns the workspace of the running test as set by cargo at run time; otherwise the one this crate was built in.
///
/// They differ when several checkouts share a target directory, because cargo then reuses builds of another checkout.
fn workspace() -> PathBuf {
    let built_in = env!("CARGO_MANIFEST_DIR");
    let package = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| built_in.into());
    let has_servers = |folder: &&Path| folder.join(".ci/servers").is_file();
    let workspace = Path::new(&package).ancestors().find(has_servers);
    workspace
        .or_else(|| Path::new(built_in).ancestors().nth(2))
        .expect("the workspace is two levels up")
        .to_owned()
}

/// Finds the program of a server: unpacked by `.ci/servers`, or installed in the system.
pub(crate) fn find(kind: ServerKind, name: &str) -> Result<PathBuf, Unavailable> {
    let unpacked = directory().join("root");
    let unpacked = ["usr/sbin", "usr/bin"].map(|folder| unpacked.join(folder));
    let installed = env::var_os("PATH").unwrap_or_default();
    // The PATH of an ordinary user often lacks these.
    let system = ["/usr/sbin", "/usr/local/sbin", "/sbin"].map(PathBuf::from);
    let folders = unpacked.into_iter().chain(env::split_paths(&installed)).chain(system);
    let mut programs = folders.map(|folder| folder.join(name));
    programs
        .find(|program| program.is_file())
        .ok_or_else(|| kind.unavailable(format!("{name} is not installed")))
}

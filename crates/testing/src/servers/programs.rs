use std::env;
use std::path::{Path, PathBuf};

use super::{ServerKind, Unavailable};

/// Where `.ci/servers` puts the servers: `$OXFTP_SERVERS`, or `target/servers` of the workspace.
pub(crate) fn directory() -> PathBuf {
    match env::var_os("OXFTP_SERVERS") {
        Some(directory) => directory.into(),
        None => workspace().join("target/servers"),
    }
}

/// The workspace whose test runs, as cargo tells it at run time; else the one this crate was built in.
///
/// They differ when several checkouts share a target directory: cargo then reuses the build of another.
fn workspace() -> PathBuf {
    let built_in = env!("CARGO_MANIFEST_DIR");
    let package = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| built_in.into());
    let has_servers = |folder: &&Path| folder.join(".ci/servers").is_file();
    let workspace = Path::new(&package).ancestors().find(has_servers);
    workspace
        .or_else(|| Path::new(built_in).ancestors().nth(2))
        .expect("two levels up is the workspace")
        .to_owned()
}

/// Finds a server's program: unpacked by `.ci/servers`, or else installed.
pub(crate) fn find(kind: ServerKind, name: &str) -> Result<PathBuf, Unavailable> {
    let unpacked = directory().join("root");
    let unpacked = ["usr/sbin", "usr/bin"].map(|folder| unpacked.join(folder));
    let installed = env::var_os("PATH").unwrap_or_default();
    // An ordinary user's PATH often leaves these out.
    let system = ["/usr/sbin", "/usr/local/sbin", "/sbin"].map(PathBuf::from);
    let folders = unpacked.into_iter().chain(env::split_paths(&installed)).chain(system);
    let mut programs = folders.map(|folder| folder.join(name));
    programs.find(|program| program.is_file()).ok_or_else(|| kind.unavailable(format!("no program {name}")))
}

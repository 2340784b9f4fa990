//! What is measured: what lies where, and where it is to go.

use std::{
    fs,
    path::{Path, PathBuf},
};

use oxftp_testing::servers::{Protection, TestServer};
use tempfile::TempDir;

use crate::content::{self, Checked};

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Down,
    Up,
}

/// What is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// One file of so many bytes.
    File { bytes: u64, way: Way },
    /// A directory of so many files of 4 KiB.
    Files { count: usize, way: Way },
    /// The names of so many entries.
    Listing { entries: usize },
}

/// One scenario.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) load: Load,
    pub(crate) protection: Protection,
}

/// All scenarios.
pub(crate) fn all(mib: u64, files: usize, tls_files: usize, entries: usize) -> Vec<Job> {
    let (plain, tls) = (Protection::Plain, Protection::Explicit);
    let file = |way| Load::File { bytes: mib << 20, way };
    vec![
        Job { load: file(Way::Down), protection: plain },
        Job { load: file(Way::Up), protection: plain },
        Job { load: file(Way::Down), protection: tls },
        Job { load: file(Way::Up), protection: tls },
        Job { load: Load::Files { count: files, way: Way::Down }, protection: plain },
        Job { load: Load::Files { count: files, way: Way::Up }, protection: plain },
        Job { load: Load::Files { count: tls_files, way: Way::Down }, protection: tls },
        Job { load: Load::Listing { entries }, protection: plain },
    ]
}

/// A server, and a local directory, both in the system's temporary directory.
pub(crate) struct Place {
    pub(crate) host: &'static str,
    pub(crate) port: u16,
    pub(crate) user: &'static str,
    pub(crate) password: &'static str,
    pub(crate) authority: PathBuf,
    root: PathBuf,
    local: TempDir,
}

impl Place {
    pub(crate) fn new(server: &TestServer) -> Self {
        let local = TempDir::with_prefix("oxftp-bench-").unwrap();
        let authority = local.path().join("ca.pem");
        fs::write(&authority, server.ca_pem().unwrap_or_default()).unwrap();
        Self {
            host: "localhost",
            port: server.port(),
            user: server.user(),
            password: server.password(),
            authority,
            root: server.root().to_owned(),
            local,
        }
    }

    /// What is uploaded lies here.
    pub(crate) fn source(&self) -> PathBuf {
        self.local.path().join("source")
    }

    /// What is downloaded goes here.
    pub(crate) fn target(&self) -> PathBuf {
        self.local.path().join("target")
    }
}

impl Job {
    pub(crate) fn name(&self) -> String {
        let tls = if self.protection == Protection::Plain { "plain" } else { "TLS" };
        match self.load {
            Load::File { bytes, way } => format!("one file of {} MiB {}, {tls}", bytes >> 20, way.name()),
            Load::Files { count, way } => format!("{count} files of 4 KiB {}, {tls}", way.name()),
            Load::Listing { entries } => format!("a directory of {entries} listed, {tls}"),
        }
    }

    /// The other large peers lose their sessions where reuse is demanded; only the small files
    /// are about that.
    pub(crate) fn needs_reuse(&self) -> bool {
        matches!(self.load, Load::Files { .. })
    }

    /// Makes what is to be moved; gives what must arrive.
    pub(crate) fn lay(&self, place: &Place) -> Checked {
        match self.load {
            Load::File { bytes, way } => {
                let directory = self.from(place, way);
                fs::create_dir_all(&directory).unwrap();
                content::lay_file(&directory.join(FILE), bytes);
                content::check(&directory.join(FILE))
            }
            Load::Files { count, way } => {
                let directory = self.from(place, way).join(DIRECTORY);
                content::lay_files(&directory, count);
                content::check(&directory)
            }
            Load::Listing { entries } => {
                content::lay_names(&place.root.join(DIRECTORY), entries);
                Checked::lines(entries)
            }
        }
    }

    fn from(&self, place: &Place, way: Way) -> PathBuf {
        match way {
            Way::Down => place.root.clone(),
            Way::Up => place.source(),
        }
    }

    /// Where the job's work is to stand in the end.
    fn to(&self, place: &Place) -> PathBuf {
        match self.load {
            Load::File { way: Way::Down, .. } => place.target().join(FILE),
            Load::File { way: Way::Up, .. } => place.root.join(FILE),
            Load::Files { way: Way::Down, .. } => place.target().join(DIRECTORY),
            Load::Files { way: Way::Up, .. } => place.root.join(DIRECTORY),
            Load::Listing { .. } => place.target().join(LISTING),
        }
    }

    /// Takes away what an earlier run left.
    pub(crate) fn clear(&self, place: &Place) {
        let _ = fs::remove_dir_all(place.target());
        fs::create_dir(place.target()).unwrap();
        let left = self.to(place);
        if left.is_dir() {
            fs::remove_dir_all(left).unwrap();
        } else {
            let _ = fs::remove_file(left);
        }
    }

    /// Gives the file that takes what the client prints.
    pub(crate) fn clean_output(&self, place: &Place) -> PathBuf {
        place.target().join(LISTING)
    }

    /// Looks at what arrived.
    pub(crate) fn result(&self, place: &Place) -> Checked {
        match self.load {
            Load::Listing { .. } => content::count_names(&self.to(place)),
            _ => content::check(Path::new(&self.to(place))),
        }
    }
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Up => "up",
        }
    }
}

/// The large file.
pub(crate) const FILE: &str = "big";
/// The directory of many.
pub(crate) const DIRECTORY: &str = "many";
const LISTING: &str = "printed";

//! What is measured: what lies where, and where it is to go.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
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

/// How many connections a client may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Connections {
    Fixed(u16),
    /// As many as it thinks right.
    Auto,
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
    /// The names of so many entries in so many directories.
    Walk { directories: usize, entries: usize },
}

/// One scenario.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) load: Load,
    pub(crate) protection: Protection,
    pub(crate) connections: Connections,
    /// How long the way is to the server and back, where it is not on this machine.
    pub(crate) round_trip: Option<Duration>,
}

/// How large the loads are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) mib: u64,
    pub(crate) files: usize,
    pub(crate) tls_files: usize,
    pub(crate) far_files: usize,
    pub(crate) far_mib: u64,
    pub(crate) entries: usize,
}

/// All scenarios.
pub(crate) fn all(sizes: Sizes) -> Vec<Job> {
    let file = |way| Load::File { bytes: sizes.mib << 20, way };
    let files = |count, way| Load::Files { count, way };
    let (down, up) = (Way::Down, Way::Up);
    let (eight, auto) = (Connections::Fixed(8), Connections::Auto);
    let far_file = Load::File { bytes: sizes.far_mib << 20, way: down };
    let walk = Load::Walk { directories: 100, entries: sizes.entries / 10 };
    vec![
        Job::new(file(down)),
        Job::new(file(up)),
        Job::new(file(down)).over_tls(),
        Job::new(file(up)).over_tls(),
        Job::new(files(sizes.files, down)),
        Job::new(files(sizes.files, up)),
        Job::new(files(sizes.files, down)).by(eight),
        Job::new(files(sizes.files, up)).by(eight),
        Job::new(files(sizes.tls_files, down)).over_tls(),
        Job::new(Load::Listing { entries: sizes.entries }),
        Job::new(walk),
        Job::new(files(sizes.far_files, down)).far(FAR),
        Job::new(files(sizes.far_files, down)).far(FAR).over_tls(),
        Job::new(files(sizes.far_files, down)).far(FAR).by(eight),
        Job::new(files(sizes.far_files, down)).far(FAR).by(auto),
        Job::new(files(sizes.far_files, down)).far(FAR).by(auto).over_tls(),
        Job::new(far_file).far(FARTHER),
        Job::new(far_file).far(FARTHER).by(Connections::Fixed(4)),
    ]
}

const FAR: Duration = Duration::from_millis(40);
const FARTHER: Duration = Duration::from_millis(50);

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
    fn new(load: Load) -> Self {
        Self { load, protection: Protection::Plain, connections: Connections::Fixed(1), round_trip: None }
    }

    fn over_tls(self) -> Self {
        Self { protection: Protection::Explicit, ..self }
    }

    fn by(self, connections: Connections) -> Self {
        Self { connections, ..self }
    }

    fn far(self, round_trip: Duration) -> Self {
        Self { round_trip: Some(round_trip), ..self }
    }

    pub(crate) fn name(&self) -> String {
        let load = match self.load {
            Load::File { bytes, way } => format!("one file of {} MiB {}", bytes >> 20, way.name()),
            Load::Files { count, way } => format!("{count} files of 4 KiB {}", way.name()),
            Load::Listing { entries } => format!("a directory of {entries} listed"),
            Load::Walk { directories, entries } => {
                format!("{entries} entries in {directories} directories listed")
            }
        };
        let tls = if self.protection == Protection::Plain { "plain" } else { "TLS" };
        let connections = match self.connections {
            Connections::Fixed(1) => String::new(),
            Connections::Fixed(count) => format!(", {count} connections"),
            Connections::Auto => ", connections as found best".to_owned(),
        };
        let way = self.round_trip.map(|time| format!(", {} ms away", time.as_millis())).unwrap_or_default();
        format!("{load}, {tls}{connections}{way}")
    }

    pub(crate) fn is_single(&self) -> bool {
        self.connections == Connections::Fixed(1)
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
            Load::Walk { directories, entries } => {
                let each = entries / directories;
                for number in 0..directories {
                    content::lay_names_from(
                        &place.root.join(DIRECTORY).join(format!("d{number}")),
                        number * each,
                        each,
                    );
                }
                Checked::lines(each * directories)
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
            Load::Listing { .. } | Load::Walk { .. } => place.target().join(LISTING),
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
            Load::Listing { .. } | Load::Walk { .. } => content::count_names(&self.to(place)),
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

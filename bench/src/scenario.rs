//! Scenarios: what is transferred, in which direction, and how.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use oxftp_testing::servers::{Protection, TestServer};
use tempfile::TempDir;

use crate::files::{self, Contents};

/// The direction of a transfer, as seen by the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Down,
    Up,
}

/// The number of connections that a client may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Connections {
    Fixed(u16),
    /// The client chooses the number.
    Auto,
}

/// The files or listings that a scenario transfers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Workload {
    /// One file of this size.
    File { bytes: u64, direction: Direction },
    /// A directory with this many files of 4 KiB.
    Files { count: usize, direction: Direction },
    /// The listing of a directory with this many entries.
    Listing { entries: usize },
    /// The listings of a tree with this many directories and entries.
    Tree { directories: usize, entries: usize },
}

/// One benchmark scenario.
#[derive(Debug)]
pub(crate) struct Scenario {
    pub(crate) workload: Workload,
    pub(crate) protection: Protection,
    pub(crate) connections: Connections,
    /// The round-trip time of the link to the server; `None` for loopback.
    pub(crate) round_trip: Option<Duration>,
}

/// The sizes of the workloads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) mib: u64,
    pub(crate) files: usize,
    pub(crate) tls_files: usize,
    pub(crate) latency_files: usize,
    pub(crate) latency_mib: u64,
    pub(crate) entries: usize,
}

/// Returns all scenarios.
pub(crate) fn all(sizes: Sizes) -> Vec<Scenario> {
    let file = |direction| Workload::File { bytes: sizes.mib << 20, direction };
    let files = |count, direction| Workload::Files { count, direction };
    let (down, up) = (Direction::Down, Direction::Up);
    let (eight, auto) = (Connections::Fixed(8), Connections::Auto);
    let latency_file = Workload::File { bytes: sizes.latency_mib << 20, direction: down };
    let walk = Workload::Tree { directories: 100, entries: sizes.entries / 10 };
    vec![
        Scenario::new(file(down)),
        Scenario::new(file(up)),
        Scenario::new(file(down)).with_tls(),
        Scenario::new(file(up)).with_tls(),
        Scenario::new(files(sizes.files, down)),
        Scenario::new(files(sizes.files, up)),
        Scenario::new(files(sizes.files, down)).with_connections(eight),
        Scenario::new(files(sizes.files, up)).with_connections(eight),
        Scenario::new(files(sizes.tls_files, down)).with_tls(),
        Scenario::new(Workload::Listing { entries: sizes.entries }),
        Scenario::new(walk),
        Scenario::new(files(sizes.latency_files, down)).with_round_trip(LATENCY_40_MS),
        Scenario::new(files(sizes.latency_files, down)).with_round_trip(LATENCY_40_MS).with_tls(),
        Scenario::new(files(sizes.latency_files, down))
            .with_round_trip(LATENCY_40_MS)
            .with_connections(eight),
        Scenario::new(files(sizes.latency_files, down)).with_round_trip(LATENCY_40_MS).with_connections(auto),
        Scenario::new(files(sizes.latency_files, down))
            .with_round_trip(LATENCY_40_MS)
            .with_connections(auto)
            .with_tls(),
        Scenario::new(latency_file).with_round_trip(LATENCY_50_MS),
        Scenario::new(latency_file).with_round_trip(LATENCY_50_MS).with_connections(Connections::Fixed(4)),
    ]
}

const LATENCY_40_MS: Duration = Duration::from_millis(40);
const LATENCY_50_MS: Duration = Duration::from_millis(50);

/// A server and a local directory, both in the system's temporary directory.
pub(crate) struct Setup {
    pub(crate) host: &'static str,
    pub(crate) port: u16,
    pub(crate) user: &'static str,
    pub(crate) password: &'static str,
    pub(crate) authority: PathBuf,
    root: PathBuf,
    local: TempDir,
}

impl Setup {
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

    /// Returns the directory with the files to upload.
    pub(crate) fn source(&self) -> PathBuf {
        self.local.path().join("source")
    }

    /// Returns the directory for downloads.
    pub(crate) fn target(&self) -> PathBuf {
        self.local.path().join("target")
    }
}

impl Scenario {
    fn new(workload: Workload) -> Self {
        Self { workload, protection: Protection::Plain, connections: Connections::Fixed(1), round_trip: None }
    }

    fn with_tls(self) -> Self {
        Self { protection: Protection::Explicit, ..self }
    }

    fn with_connections(self, connections: Connections) -> Self {
        Self { connections, ..self }
    }

    fn with_round_trip(self, round_trip: Duration) -> Self {
        Self { round_trip: Some(round_trip), ..self }
    }

    pub(crate) fn name(&self) -> String {
        let workload = match self.workload {
            Workload::File { bytes, direction } => {
                format!("one file of {} MiB {}", bytes >> 20, direction.name())
            }
            Workload::Files { count, direction } => format!("{count} files of 4 KiB {}", direction.name()),
            Workload::Listing { entries } => format!("listing of {entries} entries"),
            Workload::Tree { directories, entries } => {
                format!("listing of {entries} entries in {directories} directories")
            }
        };
        let tls = if self.protection == Protection::Plain { "plain" } else { "TLS" };
        let connections = match self.connections {
            Connections::Fixed(1) => String::new(),
            Connections::Fixed(count) => format!(", {count} connections"),
            Connections::Auto => ", automatic connections".to_owned(),
        };
        let direction =
            self.round_trip.map(|time| format!(", {} ms round trip", time.as_millis())).unwrap_or_default();
        format!("{workload}, {tls}{connections}{direction}")
    }

    pub(crate) fn is_single(&self) -> bool {
        self.connections == Connections::Fixed(1)
    }

    /// Returns whether the server requires TLS session reuse in this scenario.
    ///
    /// Several peers fail when it is required, so only the scenarios with many small files, which measure it, do.
    pub(crate) fn needs_session_reuse(&self) -> bool {
        matches!(self.workload, Workload::Files { .. })
    }

    /// Creates the files, and returns the fingerprint that must arrive.
    pub(crate) fn create(&self, setup: &Setup) -> Contents {
        match self.workload {
            Workload::File { bytes, direction } => {
                let directory = self.from(setup, direction);
                fs::create_dir_all(&directory).unwrap();
                files::create_file(&directory.join(FILE), bytes);
                files::check(&directory.join(FILE))
            }
            Workload::Files { count, direction } => {
                let directory = self.from(setup, direction).join(DIRECTORY);
                files::create_files(&directory, count);
                files::check(&directory)
            }
            Workload::Listing { entries } => {
                files::create_empty_files(&setup.root.join(DIRECTORY), entries);
                Contents::lines(entries)
            }
            Workload::Tree { directories, entries } => {
                let each = entries / directories;
                for number in 0..directories {
                    files::create_empty_files_from(
                        &setup.root.join(DIRECTORY).join(format!("d{number}")),
                        number * each,
                        each,
                    );
                }
                Contents::lines(each * directories)
            }
        }
    }

    fn from(&self, setup: &Setup, direction: Direction) -> PathBuf {
        match direction {
            Direction::Down => setup.root.clone(),
            Direction::Up => setup.source(),
        }
    }

    /// Returns the path where the result is expected.
    fn to(&self, setup: &Setup) -> PathBuf {
        match self.workload {
            Workload::File { direction: Direction::Down, .. } => setup.target().join(FILE),
            Workload::File { direction: Direction::Up, .. } => setup.root.join(FILE),
            Workload::Files { direction: Direction::Down, .. } => setup.target().join(DIRECTORY),
            Workload::Files { direction: Direction::Up, .. } => setup.root.join(DIRECTORY),
            Workload::Listing { .. } | Workload::Tree { .. } => setup.target().join(OUTPUT),
        }
    }

    /// Removes the result of an earlier run.
    pub(crate) fn clear(&self, setup: &Setup) {
        let _ = fs::remove_dir_all(setup.target());
        fs::create_dir(setup.target()).unwrap();
        let left = self.to(setup);
        if left.is_dir() {
            fs::remove_dir_all(left).unwrap();
        } else {
            let _ = fs::remove_file(left);
        }
    }

    /// Returns the path of the file for the output of the client.
    pub(crate) fn output_path(&self, setup: &Setup) -> PathBuf {
        setup.target().join(OUTPUT)
    }

    /// Returns the fingerprint of the result.
    pub(crate) fn result(&self, setup: &Setup) -> Contents {
        match self.workload {
            Workload::Listing { .. } | Workload::Tree { .. } => files::count_names(&self.to(setup)),
            _ => files::check(Path::new(&self.to(setup))),
        }
    }
}

impl Direction {
    fn name(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Up => "up",
        }
    }
}

/// The name of the large file.
pub(crate) const FILE: &str = "big";
/// The name of the directory with many files.
pub(crate) const DIRECTORY: &str = "many";
const OUTPUT: &str = "printed";

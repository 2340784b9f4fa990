//! Measures `oxftp` beside other FTP clients, end to end: `just bench`, or `oxftp-bench --help`.
//!
//! Each scenario has its own server. In each round every client runs once, in turn, so that other activity of the
//! machine affects all of them alike. The modules: [`scenario`] describes the transfers, [`clients`] builds the command
//! lines, [`mod@measure`] runs a command, [`files`] creates and verifies the files, [`baseline`] is the lower limit, and
//! [`link`] adds latency.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot continue ends")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program")]

mod baseline;
mod clients;
mod files;
mod link;
mod measure;
mod plot;
mod scenario;
mod table;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Parser;
use oxftp_testing::servers::{ServerKind, ServerOptions};

use crate::{
    clients::Program,
    files::Contents,
    link::Link,
    measure::{Measurement, Outcome},
    plot::Measured,
    scenario::{Scenario, Setup, Sizes},
    table::Row,
};

/// Measures oxftp beside other FTP clients.
#[derive(Debug, Parser)]
struct Options {
    /// Size of the large file, in MiB
    #[arg(long, default_value_t = 1024)]
    mib: u64,
    /// Number of small files on one plain connection
    #[arg(long, default_value_t = 10_000)]
    files: usize,
    /// Number of small files over TLS
    #[arg(long, default_value_t = 500)]
    tls_files: usize,
    /// Number of small files over a link with latency
    #[arg(long, default_value_t = 500)]
    latency_files: usize,
    /// Size of the large file over a link with latency, in MiB
    #[arg(long, default_value_t = 1024)]
    latency_mib: u64,
    /// Number of entries of the listed directory
    #[arg(long, default_value_t = 100_000)]
    entries: usize,
    /// Number of runs of each client
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds after which a client is killed
    #[arg(long, default_value_t = 120)]
    timeout: u64,
    /// Path of the `oxftp` to measure
    #[arg(long, default_value = "target/release/oxftp")]
    oxftp: PathBuf,
    /// Path of another `oxftp` to compare it with
    #[arg(long)]
    before: Option<PathBuf>,
    /// Run only scenarios whose name contains this text
    #[arg(long, default_value = "")]
    only: String,
    /// Draw the results into this SVG file
    #[arg(long)]
    plot: Option<PathBuf>,
    /// Directory for the files of server and client, on a RAM disk
    #[arg(long, default_value = "/dev/shm")]
    directory: PathBuf,
    /// Clients to run, all by default
    #[arg(long, value_delimiter = ',')]
    clients: Vec<String>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(("baseline", rest)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        return baseline::run(rest).unwrap();
    }
    let options = Options::parse();
    use_directory(&options.directory);
    let programs = clients::installed(&options.oxftp, options.before.as_deref(), &options.clients);
    let sizes = Sizes {
        mib: options.mib,
        files: options.files,
        tls_files: options.tls_files,
        latency_files: options.latency_files,
        latency_mib: options.latency_mib,
        entries: options.entries,
    };
    let mut measured = Vec::new();
    for scenario in scenario::all(sizes).iter().filter(|scenario| scenario.name().contains(&options.only)) {
        // The thread may move to another network namespace, so each scenario has its own.
        let rows =
            std::thread::scope(|scope| scope.spawn(|| run_scenario(scenario, &programs, &options)).join())
                .unwrap();
        measured.extend(rows.map(|rows| Measured { scenario: scenario.name(), rows }));
    }
    if let Some(path) = &options.plot {
        plot::draw(path, &measured).unwrap();
    }
}

/// Puts all files into this directory, which should be on a RAM disk.
///
/// On a disk the benchmark would measure the file system: ext4 skips every inode that was freed in the last seconds, one
/// by one, so creating files after deleting many is ten times as slow.
fn use_directory(directory: &Path) {
    if directory.is_dir() {
        tempfile::env::override_temp_dir(directory).unwrap();
    } else {
        eprintln!(
            "{} does not exist; the files are in {}",
            directory.display(),
            std::env::temp_dir().display()
        );
    }
}

/// Runs one scenario; returns `None` if the machine lacks its requirements.
fn run_scenario(scenario: &Scenario, programs: &[Program], options: &Options) -> Option<Vec<Row>> {
    let link = match scenario.round_trip.map(Link::open).transpose() {
        Ok(link) => link,
        Err(error) => {
            println!("\n## {}\n\nskipped: cannot create the link: {error}", scenario.name());
            return None;
        }
    };
    if let Some(link) = &link {
        link.enter_server_namespace().unwrap();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(measure(scenario, programs, options, link.as_ref()))
}

/// Runs every client in turn, and prints the measurements.
async fn measure(
    scenario: &Scenario,
    programs: &[Program],
    options: &Options,
    link: Option<&Link>,
) -> Option<Vec<Row>> {
    let mut server = ServerOptions::new(scenario.protection);
    server.require_session_reuse = scenario.needs_session_reuse();
    let server = match ServerKind::Vsftpd.start_with(server).await {
        Ok(server) => server,
        Err(unavailable) => {
            println!("\n## {}\n\nskipped: {unavailable}", scenario.name());
            return None;
        }
    };
    let setup = Setup::new(&server);
    let original = scenario.create(&setup);
    let mut rows: Vec<_> = programs.iter().map(|program| Row::new(program.name)).collect();
    for _ in 0..options.rounds {
        for (program, row) in programs.iter().zip(&mut rows) {
            if row.has_failed() {
                continue;
            }
            row.add(run_client(scenario, program, &setup, link, &original, options.timeout));
        }
    }
    table::print(&scenario.name(), &rows);
    Some(rows)
}

/// Runs one client once, and verifies the result.
fn run_client(
    scenario: &Scenario,
    program: &Program,
    setup: &Setup,
    link: Option<&Link>,
    original: &Contents,
    timeout: u64,
) -> Outcome {
    let Some(command) = program.command(scenario, setup) else { return Outcome::Unsupported };
    let command = match link {
        Some(link) => link.in_client_namespace(&command),
        None => command,
    };
    scenario.clear(setup);
    let output = scenario.output_path(setup);
    let outcome = measure::run(command, &output, Duration::from_secs(timeout));
    match outcome {
        Outcome::Done(measure) => verify(scenario, setup, original, measure),
        failed => failed,
    }
}

fn verify(scenario: &Scenario, setup: &Setup, original: &Contents, measure: Measurement) -> Outcome {
    match scenario.result(setup) {
        found if found == *original => Outcome::Done(measure),
        found => Outcome::WrongResult(format!("{found} instead of {original}")),
    }
}

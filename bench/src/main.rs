//! Measures `oxftp` beside other FTP clients, end to end: `just bench`, or `oxftp-bench --help`.
//!
//! Each scenario has a server of its own, and each client one run in each round, in turn: what
//! else the machine does meets all alike. [`job`] is what is to be done, [`clients`] how each
//! program is told, [`cost`] what a run took, [`content`] the files and their check, [`bare`] the
//! limit: FTP with nothing around it, and [`link`] a long way to the server.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on ends")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

mod bare;
mod clients;
mod content;
mod cost;
mod job;
mod link;
mod plot;
mod table;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Parser;
use oxftp_testing::servers::{ServerKind, ServerOptions};

use crate::{
    clients::Program,
    content::Checked,
    cost::{Cost, Outcome},
    job::{Job, Place, Sizes},
    link::Link,
    plot::Measured,
    table::Row,
};

/// What to measure.
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
    /// Number of small files over a long way
    #[arg(long, default_value_t = 500)]
    far_files: usize,
    /// Size of the large file over a long way, in MiB
    #[arg(long, default_value_t = 1024)]
    far_mib: u64,
    /// Number of entries of the listed directory
    #[arg(long, default_value_t = 100_000)]
    entries: usize,
    /// Runs of each client
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds after which a client is given up
    #[arg(long, default_value_t = 120)]
    patience: u64,
    /// The `oxftp` to measure
    #[arg(long, default_value = "target/release/oxftp")]
    oxftp: PathBuf,
    /// Another `oxftp` to measure beside it
    #[arg(long)]
    before: Option<PathBuf>,
    /// Scenarios whose names contain this
    #[arg(long, default_value = "")]
    only: String,
    /// Draws what was measured into this file (SVG)
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
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let Some(("bare", rest)) = words.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        return bare::run(rest).unwrap();
    }
    let options = Options::parse();
    use_directory(&options.directory);
    let programs = clients::installed(&options.oxftp, options.before.as_deref(), &options.clients);
    let sizes = Sizes {
        mib: options.mib,
        files: options.files,
        tls_files: options.tls_files,
        far_files: options.far_files,
        far_mib: options.far_mib,
        entries: options.entries,
    };
    let mut measured = Vec::new();
    for job in job::all(sizes).iter().filter(|job| job.name().contains(&options.only)) {
        // A thread of its own, for it may move to another namespace.
        let rows =
            std::thread::scope(|scope| scope.spawn(|| begin(job, &programs, &options)).join()).unwrap();
        measured.extend(rows.map(|rows| Measured { job: job.name(), rows }));
    }
    if let Some(path) = &options.plot {
        plot::draw(path, &measured).unwrap();
    }
}

/// On a disk it is the file system that is measured: ext4 passes over every inode that was freed
/// in the last seconds, one by one, so that files that come after many deleted ones cost ten times as much.
fn use_directory(directory: &Path) {
    if directory.is_dir() {
        tempfile::env::override_temp_dir(directory).unwrap();
    } else {
        eprintln!("no {}: the files are in {}", directory.display(), std::env::temp_dir().display());
    }
}

/// Gives the clients' runs, if there is what the job needs.
fn begin(job: &Job, programs: &[Program], options: &Options) -> Option<Vec<Row>> {
    let link = match job.round_trip.map(Link::open).transpose() {
        Ok(link) => link,
        Err(error) => {
            println!("\n## {}\n\nskipped: no link, {error}", job.name());
            return None;
        }
    };
    if let Some(link) = &link {
        link.enter_server().unwrap();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(measure(job, programs, options, link.as_ref()))
}

/// Runs every client at one job, in turn, and prints what they took.
async fn measure(
    job: &Job,
    programs: &[Program],
    options: &Options,
    link: Option<&Link>,
) -> Option<Vec<Row>> {
    let mut server = ServerOptions::new(job.protection);
    server.require_session_reuse = job.needs_reuse();
    let server = match ServerKind::Vsftpd.start_with(server).await {
        Ok(server) => server,
        Err(unavailable) => {
            println!("\n## {}\n\nskipped: {unavailable}", job.name());
            return None;
        }
    };
    let place = Place::new(&server);
    let original = job.lay(&place);
    let mut rows: Vec<_> = programs.iter().map(|program| Row::new(program.name)).collect();
    for _ in 0..options.rounds {
        for (program, row) in programs.iter().zip(&mut rows) {
            if row.is_given_up() {
                continue;
            }
            row.add(one(job, program, (&place, link), &original, options.patience));
        }
    }
    table::print(&job.name(), &rows);
    Some(rows)
}

/// Runs one client once and checks what came of it.
fn one(
    job: &Job,
    program: &Program,
    (place, link): (&Place, Option<&Link>),
    original: &Checked,
    patience: u64,
) -> Outcome {
    let Some(command) = program.command(job, place) else { return Outcome::Unable };
    let command = match link {
        Some(link) => link.at_client(&command),
        None => command,
    };
    job.clear(place);
    let output = job.clean_output(place);
    let outcome = cost::run(command, &output, Duration::from_secs(patience));
    match outcome {
        Outcome::Done(cost) => checked(job, place, original, cost),
        failed => failed,
    }
}

fn checked(job: &Job, place: &Place, original: &Checked, cost: Cost) -> Outcome {
    match job.result(place) {
        found if found == *original => Outcome::Done(cost),
        found => Outcome::Wrong(format!("{found} instead of {original}")),
    }
}

//! Random network faults: files arrive complete, or the transfer fails with a specific error.
//!
//! Each seed is one network and one transfer: a file, a tree or a mirror, download or upload, plain or with TLS. In a
//! second round, three processes do the transfer at once, to one target. A failed run prints its seed; `OXFTP_SEED=17` runs only that seed, `OXFTP_SEEDS=10000` runs the seeds from 0 to 9999.

// A separate binary: `#[global_allocator]` measures the memory of the whole process, so no other test may run at the
// same time.
#![expect(clippy::unwrap_used, reason = "a test that cannot continue fails")]

#[path = "../common/mod.rs"]
mod common;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use common::{content, faulty_connector::FaultyConnector, local_files::files};
use oxftp::{
    Client, ClientBuilder, Credentials, Error, Pool, Report, Result, TlsConfig, Verify, mirror::Delete,
};
use oxftp_testing::{
    faulty::FaultyNetwork,
    servers::{Protection, ServerKind, TestServer},
};
use peak_alloc::PeakAlloc;
use tokio::task::JoinSet;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

#[expect(clippy::print_stdout, reason = "shown with --nocapture")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_network_faults_never_corrupt_a_file() {
    if let Some(process) = Process::from_environment() {
        return process.run().await;
    }
    hide_panics_of_the_server();
    let servers = [prepared(Protection::Plain).await, prepared(Protection::Explicit).await];
    let servers = &servers.each_ref().map(Site::of);
    MEMORY.reset_peak_usage();

    let mut outcomes = [0, 0];
    let mut running = JoinSet::new();
    for seed in seeds() {
        if running.len() == CONCURRENCY {
            count(&mut outcomes, running.join_next().await.unwrap());
        }
        running.spawn(run(seed, servers[usize::from(seed % 5 == 4)].clone()));
    }
    while let Some(outcome) = running.join_next().await {
        count(&mut outcomes, outcome);
    }

    let mut together = [0, 0];
    let mut running = JoinSet::new();
    for seed in seeds() {
        if running.len() == CONCURRENCY / PROCESSES as usize {
            count(&mut together, running.join_next().await.unwrap());
        }
        running.spawn(run_together(seed, servers[usize::from(seed % 5 == 4)].clone()));
    }
    while let Some(outcome) = running.join_next().await {
        count(&mut together, outcome);
    }

    let [whole, named] = outcomes;
    let memory = MEMORY.peak_usage_as_mb();
    println!(
        "{whole} complete, {named} errors; of three processes {together:?}; peak memory of server and {CONCURRENCY} clients: {memory} MiB"
    );
    assert!(memory < MAX_MEMORY_MIB, "{memory} MiB");
    assert!(outcomes.iter().sum::<u32>() < 100 || outcomes.iter().all(|count| *count > 0), "{outcomes:?}");
}

/// Hides the panics of the embedded server, for which a lost TLS handshake is one: its many backtraces would hide the
/// failure of a run, and take most of the memory.
fn hide_panics_of_the_server() {
    let show = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() != Some("oxftp-serve") {
            show(panic);
        }
    }));
}

fn count(outcomes: &mut [u32; 2], outcome: Result<bool, tokio::task::JoinError>) {
    match outcome {
        Ok(whole) => outcomes[usize::from(!whole)] += 1,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Runs one seed; returns whether the transfer was complete.
async fn run(seed: u64, server: Site) -> bool {
    let local = tempfile::tempdir().unwrap();
    let network = network(seed, 0);
    let run = Run { seed, server, network, local: local.path().to_owned(), is_alone: true };
    run.outcome().await
}

/// Returns the network of a client.
fn network(seed: u64, client: u64) -> FaultyNetwork {
    FaultyNetwork::new(seed + 1000 * client, 1 + (seed / 7 % 6) as usize)
}

/// Runs a seed with several processes at one target, each over a separate network; returns whether one was complete.
async fn run_together(seed: u64, server: Site) -> bool {
    let local = tempfile::tempdir().unwrap();
    match seed % 6 {
        1 => fs::write(local.path().join("file"), content(FILE)).unwrap(),
        3 | 5 => create_tree(&local.path().join("tree")),
        _ => {}
    }
    let processes = (1..=PROCESSES).map(|client| {
        let process = Process { seed, client, server: server.clone(), local: local.path().to_owned() };
        process.start()
    });
    let mut is_whole = false;
    for process in processes.collect::<Vec<_>>() {
        let ended = process.wait_with_output().await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&ended.stdout), text(&ended.stderr));
        assert!(ended.status.success(), "seed {seed}: {}\n{stdout}\n{stderr}", ended.status);
        is_whole |= stdout.contains(WHOLE);
    }
    is_whole
}

/// A process with one client.
struct Process {
    seed: u64,
    client: u64,
    server: Site,
    local: PathBuf,
}

impl Process {
    /// Starts this binary as that process.
    fn start(self) -> tokio::process::Child {
        let mut command = tokio::process::Command::new(env::current_exe().unwrap());
        let Site { address: (host, port), user, password, root, protection, ca_pem } = self.server;
        let is_encrypted = protection != Protection::Plain;
        let numbers = format!("{} {} {port} {is_encrypted}", self.seed, self.client);
        command.env(PROCESS, [numbers, host, user, password].join(" "));
        command.env("OXFTP_FAULTY_ROOT", root).env("OXFTP_FAULTY_LOCAL", self.local);
        command.env("OXFTP_FAULTY_CA", ca_pem.unwrap_or_default());
        command.args(["--exact", "random_network_faults_never_corrupt_a_file", "--nocapture"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap()
    }

    /// Returns the process that this binary was started as.
    fn from_environment() -> Option<Self> {
        let words = env::var(PROCESS).ok()?;
        let words: Vec<_> = words.split(' ').collect();
        let &[seed, client, port, is_encrypted, host, user, password] = &words[..] else {
            panic!("{words:?}")
        };
        let (root, local) = (env::var_os("OXFTP_FAULTY_ROOT")?, env::var_os("OXFTP_FAULTY_LOCAL")?);
        let protection = if is_encrypted == "true" { Protection::Explicit } else { Protection::Plain };
        let ca_pem = env::var("OXFTP_FAULTY_CA").ok().filter(|pem| !pem.is_empty());
        let (user, password) = (user.to_owned(), password.to_owned());
        let address = (host.to_owned(), port.parse().unwrap());
        let server = Site { address, user, password, root: root.into(), protection, ca_pem };
        Some(Self {
            seed: seed.parse().unwrap(),
            client: client.parse().unwrap(),
            server,
            local: local.into(),
        })
    }

    #[expect(clippy::print_stdout, reason = "the process that started this one reads it")]
    async fn run(self) {
        let Self { seed, client, server, local } = self;
        let run = Run { seed, server, network: network(seed, client), local, is_alone: false };
        if run.outcome().await {
            println!("{WHOLE}");
        }
    }
}

/// A server that is prepared for the transfers, possibly of another process.
#[derive(Clone)]
struct Site {
    address: (String, u16),
    user: String,
    password: String,
    root: PathBuf,
    protection: Protection,
    ca_pem: Option<String>,
}

impl Site {
    fn of(server: &TestServer) -> Self {
        Self {
            address: (server.host().to_owned(), server.port()),
            user: server.user().to_owned(),
            password: server.password().to_owned(),
            root: server.root().to_owned(),
            protection: server.protection(),
            ca_pem: server.ca_pem().map(str::to_owned),
        }
    }

    fn builder(&self) -> ClientBuilder {
        match &self.ca_pem {
            Some(pem) => Client::builder().explicit_tls(TlsConfig::new().root_certificates_pem(pem).unwrap()),
            None => Client::builder(),
        }
    }
}

struct Run {
    seed: u64,
    server: Site,
    network: FaultyNetwork,
    local: PathBuf,
    /// No other client has the same target.
    is_alone: bool,
}

impl Run {
    /// Returns whether the transfer was complete.
    async fn outcome(&self) -> bool {
        match tokio::time::timeout(DEADLINE, self.transfer()).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) if is_network_error(&error) => false,
            Ok(Err(error)) => self.fail(&format!("fails with an unexpected error: {error:?}")),
            Err(_) => self.fail("exceeds its time limit"),
        }
    }

    async fn transfer(&self) -> Result<()> {
        match self.seed % 6 {
            0 => self.download().await,
            1 => self.upload().await,
            2 => self.tree_down().await,
            3 => self.tree_up().await,
            4 => self.mirror_down().await,
            _ => self.mirror_up().await,
        }
    }

    async fn download(&self) -> Result<()> {
        let target = self.local.join("file");
        let outcome = self.pool().download("file").to(&target).write_into(true).await;
        if outcome.is_ok() || target.exists() {
            self.check(&target, &self.server.root.join("file"));
        }
        outcome.map(drop)
    }

    async fn upload(&self) -> Result<()> {
        let (source, name) = (self.local.join("file"), self.remote_name());
        if self.is_alone {
            fs::write(&source, content(FILE)).unwrap();
        }
        let target = self.server.root.join(&name);
        let outcome = self.upload_to(&source, &name).await;
        if outcome.is_ok() || !self.is_alone && target.exists() {
            self.check(&target, &source);
        }
        outcome.map(drop)
    }

    async fn tree_down(&self) -> Result<()> {
        let target = self.local.join("tree");
        let outcome = self.pool().download("tree").to(&target).write_into(true).await;
        self.check_tree_down(outcome, &target)
    }

    async fn mirror_down(&self) -> Result<()> {
        let target = self.local.join("tree");
        fs::create_dir_all(&target).unwrap();
        fs::write(target.join("too much"), "x").unwrap();
        // Without TLS, the network may shorten a listing unnoticed; the files of the other clients would be deleted.
        let deletes = self.is_alone || self.server.protection != Protection::Plain;
        let delete = if deletes { Delete::After } else { Delete::Never };
        let outcome = self.pool().mirror_down("tree", &target).delete(delete).await;
        if outcome.is_err() {
            let _ = fs::remove_file(target.join("too much"));
        }
        self.check_tree_down(outcome, &target)
    }

    fn check_tree_down(&self, outcome: Result<Report>, target: &Path) -> Result<()> {
        let original = self.server.root.join("tree");
        for file in complete_files(target).into_iter().filter(|file| file != "too much") {
            self.check(&target.join(&file), &original.join(&file));
        }
        let recorded =
            self.server.protection != Protection::Plain || !self.network.may_have_truncated_silently();
        if outcome.is_ok() && recorded {
            // Another client may have just started.
            let mut found = complete_files(target);
            found.retain(|file| self.is_alone || file != "too much");
            assert_eq!(found, files(&original), "seed {}: {:?}", self.seed, self.network.plans());
        }
        outcome.map(drop)
    }

    async fn tree_up(&self) -> Result<()> {
        let (source, name) = (self.local.join("tree"), self.remote_name());
        if self.is_alone {
            create_tree(&source);
        }
        self.upload_to(&source, &name).await?;
        self.check_tree_up(&source, &name);
        Ok(())
    }

    /// Uploads, with temporary names where other clients upload to the same target.
    async fn upload_to(&self, source: &Path, name: &str) -> Result<Report> {
        let pool = self.pool();
        let upload = pool.upload(source).to(name).write_into(true).verify(Verify::Size);
        upload.temporary(!self.is_alone).await
    }

    fn remote_name(&self) -> String {
        let clients = if self.is_alone { "up" } else { "up together" };
        format!("{clients} {}", self.seed)
    }

    async fn mirror_up(&self) -> Result<()> {
        let (source, name) = (self.local.join("tree"), self.remote_name());
        if self.is_alone {
            create_tree(&source);
        }
        let pool = self.pool();
        // Without temporary names, the server would write several uploads into one file.
        let mirror = pool.mirror_up(&source, name.as_str()).verify(Verify::Size);
        mirror.temporary(!self.is_alone).await?;
        self.check_tree_up(&source, &name);
        Ok(())
    }

    fn check_tree_up(&self, source: &Path, name: &str) {
        let target = self.server.root.join(name);
        let found = if self.is_alone { files(&target) } else { complete_files(&target) };
        assert_eq!(found, files(source), "seed {}", self.seed);
        for file in files(source) {
            self.check(&target.join(&file), &source.join(&file));
        }
    }

    fn pool(&self) -> Pool {
        let through = FaultyConnector(self.network.clone());
        let Site { address, user, password, .. } = &self.server;
        let builder = self.server.builder().socket_timeout(TIMEOUT).connector(through);
        Pool::new(builder, address.clone(), Credentials::new(user.as_str(), password.as_str())).size(2)
    }

    fn check(&self, copy: &Path, original: &Path) {
        if fs::read(copy).ok() != fs::read(original).ok() {
            self.fail(&format!("corrupts {}", copy.display()));
        }
    }

    fn fail(&self, what: &str) -> ! {
        panic!("seed {} {what}: {:?}", self.seed, self.network.plans())
    }
}

/// Returns the files with their final name.
fn complete_files(root: &Path) -> Vec<String> {
    let found = if root.exists() { files(root) } else { Vec::new() };
    found.into_iter().filter(|file| !file.contains(".part") && !file.ends_with('/')).collect()
}

/// Returns whether a network fault can cause this error.
fn is_network_error(error: &Error) -> bool {
    match error {
        Error::UploadMismatch { source, .. } => is_network_error(source),
        Error::PartialFailure { report } | Error::Stopped { report, .. } => {
            report.failures.iter().all(|failure| is_network_error(&failure.error))
        }
        Error::Connect { .. }
        | Error::Timeout { .. }
        | Error::StatusCode(_)
        | Error::Closed { .. }
        | Error::Control(_)
        | Error::Broken { .. }
        | Error::DataConnect(_)
        | Error::Data { .. }
        | Error::SizeMismatch { .. }
        | Error::Unfinished { .. }
        | Error::Unanswered { .. }
        // A listing that was cut before the line feed.
        | Error::Name(_)
        | Error::Tls(_)
        // The server takes the first bytes of `CWD tree` for a command, and refuses it.
        | Error::Skipped { why: "it is not a directory, or it cannot be entered", .. }
        // Another client is writing the file, or transfers to the target.
        | Error::InUse { .. }
        | Error::Locked { .. } => true,
        _ => false,
    }
}

async fn prepared(protection: Protection) -> TestServer {
    let server = ServerKind::Embedded.start(protection).await.unwrap();
    fs::write(server.root().join("file"), content(FILE)).unwrap();
    create_tree(&server.root().join("tree"));
    server
}

/// Three directories of four files, one of them empty.
fn create_tree(root: &Path) {
    for directory in ["", "one", "one/two"] {
        let directory: PathBuf = root.join(directory);
        fs::create_dir_all(&directory).unwrap();
        for (number, length) in [0, 700, 20_000, 40_000].into_iter().enumerate() {
            fs::write(directory.join(format!("file {number}")), content(length)).unwrap();
        }
    }
}

fn seeds() -> impl Iterator<Item = u64> {
    let number = |name| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    match number("OXFTP_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("OXFTP_SEEDS").unwrap_or(SEEDS),
    }
}

const SEEDS: u64 = 500;
const CONCURRENCY: usize = 8;
/// The number of processes at one target.
const PROCESSES: u64 = 3;
/// The variable with the seed, the number of the client and the server of a process.
const PROCESS: &str = "OXFTP_FAULTY_PROCESS";
/// What a process prints if its transfer was complete.
const WHOLE: &str = "the transfer was complete";
const FILE: usize = 60_000;
/// Peak memory of this process in MiB, including the embedded servers.
const MAX_MEMORY_MIB: f32 = 64.0;
/// The timeout of a client.
const TIMEOUT: Duration = Duration::from_millis(400);
/// The time limit of a run: each retry waits for several timeouts and for its backoff.
const DEADLINE: Duration = Duration::from_secs(40);

//! `demo`: uploads, lists, downloads and compares a tree with a built-in server.

mod compare;
mod tree;

use std::{
    io,
    path::Path,
    time::{Duration, Instant},
};

use clap::Args;
use oxftp::{Client, Credentials, FtpUrl, TlsConfig, TlsVersion};
use oxftp_serve::{ServeOptions, Server, TlsVersions};
use tempfile::TempDir;

use crate::{
    failure::{Failure, Result, Stage},
    output::Output,
    units::{HumanBytes, HumanDuration, Throughput, count},
};

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Size of the largest file, in MiB
    #[arg(long, value_name = "MIB", default_value = "64", value_parser = clap::value_parser!(u32).range(1..=4096))]
    size: u32,
}

pub(crate) async fn run(args: DemoArgs) -> Result {
    let home = TempDir::with_prefix("oxftp-demo-").map_err(local("cannot create a temporary directory"))?;
    let [sent, served, received] = ["sent", "served", "received"].map(|name| home.path().join(name));
    std::fs::create_dir(&served).map_err(local("cannot create a directory to serve"))?;
    let mut output = Output::new();
    let tree = blocking({
        let sent = sent.clone();
        move || tree::create(&sent, u64::from(args.size) << 20)
    });
    let tree = tree.await.map_err(local("cannot create a tree of files"))?;
    print_step(&mut output, "tree", tree.to_string()).await?;

    let server = start(&served).await?;
    print_step(
        &mut output,
        "server",
        format!("built in, on {}, TLS 1.3 on every connection", server.address()),
    )
    .await?;
    let round_trip = RoundTrip { sent: &sent, received: &received };
    let outcome = round_trip.go(&server, &tree, &mut output).await;
    server.stop().await;
    outcome
}

async fn start(directory: &Path) -> Result<Server> {
    // With one version only, it is certain which one was used.
    let options = ServeOptions::new(directory)
        .writable(true)
        .user(USER, PASSWORD)
        .tls(true)
        .tls_versions(TlsVersions::Only13);
    Server::start(options).await.map_err(Failure::Serve)
}

/// Upload, listing, download and comparison.
struct RoundTrip<'t> {
    sent: &'t Path,
    received: &'t Path,
}

impl RoundTrip<'_> {
    async fn go(&self, server: &Server, tree: &tree::DemoTree, output: &mut Output) -> Result {
        let url: FtpUrl = format!("ftpes://{USER}@{}/", server.address())
            .parse()
            .map_err(|error: oxftp::UrlError| Failure::Usage(error.to_string()))?;
        let failed = |error| Failure::about(&url, error);
        let mut client = log_in(&url, server.ca_pem().unwrap_or_default()).await?;

        let begun = Instant::now();
        let report = client.upload(self.sent).to("tree").write_into(true).await.map_err(failed)?;
        print_step(output, "uploaded", moved(&report, begun)).await?;

        let begun = Instant::now();
        let entries = client.list("tree").recursive().await.map_err(failed)?;
        let files = entries.iter().filter(|entry| entry.is_file()).count() as u64;
        let directories = entries.iter().filter(|entry| entry.is_dir()).count() as u64;
        print_step(
            output,
            "listed",
            format!("{} in {}", content(files, directories), HumanDuration(begun.elapsed())),
        )
        .await?;
        if (files, directories) != (tree.files, tree.directories) {
            return Err(Failure::Mismatch("the listing differs from the uploaded tree".to_owned()));
        }

        let begun = Instant::now();
        let report = client.download("tree").to(self.received).write_into(true).await.map_err(failed)?;
        print_step(output, "downloaded", moved(&report, begun)).await?;

        self.compare(tree, output).await?;
        let counts = client.tls_counts();
        let handshakes = count(counts.full + counts.resumed, "handshake", "handshakes");
        print_step(
            output,
            "TLS",
            format!("1.3, {handshakes}, of which {} resumed a session", counts.resumed),
        )
        .await?;
        client.quit().await.map_err(failed)
    }

    async fn compare(&self, tree: &tree::DemoTree, output: &mut Output) -> Result {
        let (sent, received) = (self.sent.to_owned(), self.received.to_owned());
        let compared = blocking(move || compare::trees(&sent, &received)).await;
        match compared.map_err(local("cannot compare the downloaded tree"))? {
            Some(difference) => Err(Failure::Mismatch(difference)),
            None => {
                let all = content(tree.files, tree.directories);
                print_step(output, "compared", format!("{all}, {}: identical", HumanBytes(tree.bytes))).await
            }
        }
    }
}

async fn log_in(url: &FtpUrl, authority: &str) -> Result<Client> {
    let failed = |stage| {
        move |error: oxftp::Error| Failure::Opening { url: Box::new(url.clone()), stage, error: error.into() }
    };
    let tls = TlsConfig::new().min_version(TlsVersion::Tls13);
    let tls = tls.root_certificates_pem(authority).map_err(failed(Stage::Connect))?;
    let builder = Client::builder().explicit_tls(tls);
    let mut client = builder.connect(url.host()).await.map_err(failed(Stage::Connect))?;
    client.login(Credentials::new(USER, PASSWORD)).await.map_err(failed(Stage::Login))?;
    Ok(client)
}

fn moved(report: &oxftp::Report, begun: Instant) -> String {
    let elapsed: Duration = begun.elapsed();
    format!("{}, {}", count(report.files, "file", "files"), Throughput { bytes: report.bytes, elapsed })
}

fn content(files: u64, directories: u64) -> String {
    format!("{} and {}", count(files, "file", "files"), count(directories, "directory", "directories"))
}

async fn print_step(output: &mut Output, label: &str, text: String) -> Result {
    output.line(format!("{label:<11} {text}")).await?;
    output.flush().await
}

/// Runs work on the file system on the thread pool.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

fn local(what: &'static str) -> impl FnOnce(io::Error) -> Failure {
    move |source| Failure::local(what, source)
}

const USER: &str = "demo";
const PASSWORD: &str = "only for this demo";

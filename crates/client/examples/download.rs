//! Downloads a tree, with progress. Each file has its final name only after it is complete.
//!
//! Usage: `cargo run -p oxftp --example download -- [ftp://HOST/]`

#![allow(clippy::print_stdout, reason = "examples print")]

use std::sync::Arc;

use oxftp::{Client, ClientBuilder, FtpUrl, Progress, ProgressEvent};

mod support;

/// Downloads the tree `reports` into a new directory.
pub(crate) async fn run(url: &FtpUrl) -> support::Result {
    let here = tempfile::tempdir()?;
    let mut client: Client = ClientBuilder::from_url(url).connect(url.host()).await?;
    client.login(url.credentials()).await?;

    let report = client.download("reports").to(here.path()).progress(Arc::new(Printer)).await?;
    println!("{} files, {} bytes", report.files, report.bytes);
    client.quit().await?;

    assert!(here.path().join("reports/2026/november.csv").is_file());
    Ok(())
}

/// Prints the name of each file that is complete.
#[derive(Debug)]
struct Printer;

impl Progress for Printer {
    fn on_event(&self, event: ProgressEvent<'_>) {
        if let ProgressEvent::FileFinished { name } = event {
            println!("{name}");
        }
    }
}

#[tokio::main]
#[allow(dead_code, reason = "the tests call `run`")]
async fn main() -> support::Result {
    run(&support::target().await?.url).await
}

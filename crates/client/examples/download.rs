//! Downloads a tree, with progress. Each file has its final name only after it is complete.
//!
//! Usage: `cargo run -p oxftp --example download -- [ftp://HOST/]`

#![allow(clippy::print_stdout, reason = "examples print")]

use oxftp::{Client, ClientBuilder, FtpUrl, ProgressEvent};

mod support;

/// Downloads the tree `reports` into a new directory.
pub(crate) async fn run(url: &FtpUrl) -> support::Result {
    let here = tempfile::tempdir()?;
    let mut client: Client = ClientBuilder::from_url(url).connect(url.host()).await?;
    client.login(url.credentials()).await?;

    let print = |event: ProgressEvent<'_>| match event {
        ProgressEvent::FileStarted { name, size, .. } => println!("{name}: {size:?} bytes"),
        ProgressEvent::FileFinished { name } => println!("{name}: complete"),
        _ => {}
    };
    let report = client.download("reports").into_dir(here.path()).progress(print).await?;
    println!("{} files, {} bytes", report.files, report.bytes);
    for file in &report.transferred {
        println!("{} is at {}", file.source, file.target);
    }
    client.quit().await?;

    assert!(here.path().join("reports/2026/november.csv").is_file());
    Ok(())
}

#[tokio::main]
#[allow(dead_code, reason = "the tests call `run`")]
async fn main() -> support::Result {
    run(&support::target().await?.url).await
}

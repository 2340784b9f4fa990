//! Parses a file line by line while it is downloaded, in a task of its own.
//!
//! Usage: `cargo run -p oxftp --example csv_stream -- [ftp://HOST/]`

#![allow(clippy::print_stdout, reason = "examples print")]

use oxftp::{ClientBuilder, FtpUrl, Pool};
use tokio::io::{AsyncBufReadExt, BufReader};

mod support;

/// Sums the second column of a CSV file.
pub(crate) async fn run(url: &FtpUrl) -> support::Result {
    let pool = Pool::new(ClientBuilder::from_url(url), url.host(), url.credentials());

    // The stream owns its session, so it may be moved into a task.
    let stream = pool.open_read("reports/2026/november.csv").await?;
    let task = tokio::spawn(async move {
        let mut sum = 0;
        let mut lines = BufReader::new(stream).lines();
        while let Some(line) = lines.next_line().await? {
            sum += line.split(',').nth(1).and_then(|cell| cell.parse::<u64>().ok()).unwrap_or(0);
        }
        // Without this, a file that was cut would go unnoticed.
        lines.into_inner().into_inner().finish().await?;
        Ok::<u64, Box<dyn std::error::Error + Send + Sync>>(sum)
    });
    let sum = task.await??;
    println!("{sum} sold");
    pool.close().await;

    assert_eq!(sum, 50);
    Ok(())
}

#[tokio::main]
#[allow(dead_code, reason = "the tests call `run`")]
async fn main() -> support::Result {
    run(&support::target().await?.url).await
}

//! Cancels an operation, and continues with the same session.
//!
//! Usage: `cargo run -p oxftp --example cancellation -- [ftp://HOST/]`

#![allow(clippy::print_stdout, reason = "examples print")]

use std::time::Duration;

use oxftp::{ClientBuilder, FtpUrl};
use tokio::time::timeout;

mod support;

/// Cancels a download at once.
pub(crate) async fn run(url: &FtpUrl) -> support::Result {
    let mut client = ClientBuilder::from_url(url).connect(url.host()).await?;
    client.login(url.credentials()).await?;

    let cancelled = timeout(Duration::ZERO, client.read("disk.img")).await;
    assert!(cancelled.is_err());

    // The next command first reads the replies to the one that was cancelled.
    let size = client.size("disk.img").await?;
    println!("{size} bytes");
    assert_eq!(size, 1 << 20);
    client.quit().await?;
    Ok(())
}

#[tokio::main]
#[allow(dead_code, reason = "the tests call `run`")]
async fn main() -> support::Result {
    run(&support::target().await?.url).await
}

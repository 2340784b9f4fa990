//! Reads parts of a file over several sessions.
//!
//! Usage: `cargo run -p oxftp --example ranges -- [ftp://HOST/]`

#![allow(clippy::print_stdout, reason = "examples print")]

use oxftp::{ClientBuilder, FtpUrl, Pool};

mod support;

/// Reads the first and the last sector of a disk image.
pub(crate) async fn run(url: &FtpUrl) -> support::Result {
    let pool = Pool::new(ClientBuilder::from_url(url), url.host(), url.credentials()).size(2);
    let size = pool.metadata("disk.img").await?.size.unwrap_or(0);

    let sectors = pool.read_ranges("disk.img", &[0..512, size - 512..size]).await?;
    for sector in &sectors {
        println!("{} bytes, the first is {}", sector.len(), sector[0]);
    }
    pool.close().await;

    assert!(sectors.iter().all(|sector| sector.len() == 512));
    Ok(())
}

#[tokio::main]
#[allow(dead_code, reason = "the tests call `run`")]
async fn main() -> support::Result {
    run(&support::target().await?.url).await
}

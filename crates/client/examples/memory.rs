//! Downloads a tree into memory instead of the local file system.
//!
//! Usage: `cargo run -p oxftp --example memory -- [ftp://HOST/]`

#![allow(clippy::print_stdout, reason = "examples print")]

use oxftp::{ClientBuilder, FtpUrl, local_fs::MemoryFs};

mod support;

/// Downloads `reports`, and looks at one of its files.
pub(crate) async fn run(url: &FtpUrl) -> support::Result {
    let memory = MemoryFs::new();
    let mut client = ClientBuilder::from_url(url).file_system(memory.clone()).connect(url.host()).await?;
    client.login(url.credentials()).await?;
    client.download("reports").to("/copy").await?;
    client.quit().await?;

    let text = memory.read("/copy/reports/readme.txt").unwrap_or_default();
    println!("{}", String::from_utf8_lossy(&text));
    assert!(text.starts_with(b"Reports"));
    Ok(())
}

#[tokio::main]
#[allow(dead_code, reason = "the tests call `run`")]
async fn main() -> support::Result {
    run(&support::target().await?.url).await
}

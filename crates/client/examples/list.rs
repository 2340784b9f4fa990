//! Lists a tree, and prints the largest files.
//!
//! Usage: `cargo run -p oxftp --example list -- [ftp://HOST/]`

#![allow(clippy::print_stdout, reason = "examples print")]

use oxftp::{Client, ClientBuilder, FtpUrl};

mod support;

/// Lists everything below the login directory.
pub(crate) async fn run(url: &FtpUrl) -> support::Result {
    let mut client: Client = ClientBuilder::from_url(url).connect(url.host()).await?;
    client.login(url.credentials()).await?;

    let mut files = Vec::new();
    let mut entries = client.list("").recursive().stream();
    while let Some(entry) = entries.next().await {
        let entry = entry?;
        if !entry.is_dir() {
            files.push((entry.size.unwrap_or(0), entry.path().to_string()));
        }
    }
    drop(entries);
    client.quit().await?;

    files.sort_unstable_by(|a, b| b.cmp(a));
    for (size, path) in files.iter().take(10) {
        println!("{size:>12} {path}");
    }
    assert!(!files.is_empty());
    Ok(())
}

#[tokio::main]
#[allow(dead_code, reason = "the tests call `run`")]
async fn main() -> support::Result {
    run(&support::target().await?.url).await
}

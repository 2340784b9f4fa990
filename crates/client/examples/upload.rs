//! Uploads bytes, and a file under a temporary name until it is complete.
//!
//! Usage: `cargo run -p oxftp --example upload -- [ftp://USER:PASSWORD@HOST/]`

#![allow(clippy::print_stdout, reason = "examples print")]

use oxftp::{ClientBuilder, FtpUrl};

mod support;

/// Uploads into the login directory.
pub(crate) async fn run(url: &FtpUrl) -> support::Result {
    let here = tempfile::tempdir()?;
    let page = here.path().join("index.html");
    std::fs::write(&page, "<h1>It works</h1>")?;

    let mut client = ClientBuilder::from_url(url).connect(url.host()).await?;
    client.login(url.credentials()).await?;
    client.write("status.txt", "ready").await?;
    let report = client.upload(&page).temporary(true).await?;
    println!("{} bytes", report.bytes);

    let stored = client.metadata("index.html").await?;
    println!("{} bytes are on the server", stored.size.unwrap_or(0));
    client.quit().await?;

    assert_eq!(stored.size, Some(report.bytes));
    Ok(())
}

#[tokio::main]
#[allow(dead_code, reason = "the tests call `run`")]
async fn main() -> support::Result {
    run(&support::target().await?.url).await
}

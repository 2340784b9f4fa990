//! Sends commands that the library has no method for.
//!
//! Usage: `cargo run -p oxftp --example raw_commands -- [ftp://HOST/]`

#![allow(clippy::print_stdout, reason = "examples print")]

use oxftp::{ClientBuilder, FtpUrl};
use tokio::io::AsyncReadExt;

mod support;

/// Sends raw commands, some of them together, and one that transfers data.
pub(crate) async fn run(url: &FtpUrl) -> support::Result {
    let mut client = ClientBuilder::from_url(url).connect(url.host()).await?;
    client.login(url.credentials()).await?;

    println!("{}", client.command("NOOP").expect("200").await?);
    for reply in client.pipeline(["PWD", "NOOP"]).await? {
        println!("{reply}");
    }
    let mut data = client.data_command("NLST reports").await?;
    let mut names = String::new();
    data.read_to_string(&mut names).await?;
    data.finish().await?;
    client.quit().await?;

    println!("{names}");
    assert!(names.contains("readme.txt"));
    Ok(())
}

#[tokio::main]
#[allow(dead_code, reason = "the tests call `run`")]
async fn main() -> support::Result {
    run(&support::target().await?.url).await
}

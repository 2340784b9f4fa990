//! Makes a local directory equal to one on the server, twice: the second run has nothing to do.
//!
//! Usage: `cargo run -p oxftp --example mirror -- [ftp://HOST/]`

#![allow(clippy::print_stdout, reason = "examples print")]

use oxftp::{
    ClientBuilder, FtpUrl, Pool,
    mirror::{Delete, Filter},
};

mod support;

/// Mirrors the CSV files of `reports`.
pub(crate) async fn run(url: &FtpUrl) -> support::Result {
    let here = tempfile::tempdir()?;
    let pool = Pool::new(ClientBuilder::from_url(url), url.host(), url.credentials()).size(4);

    for attempt in ["first", "second"] {
        let filter = Filter::new().include("*.csv")?;
        let mirror = pool.mirror_down("reports", here.path()).filter(filter).delete(Delete::After);
        let report = mirror.on_step(|step| println!("{step}")).await?;
        println!("{attempt} run: {report:?}");
    }
    pool.close().await;

    assert!(here.path().join("2026/november.csv").is_file());
    Ok(())
}

#[tokio::main]
#[allow(dead_code, reason = "the tests call `run`")]
async fn main() -> support::Result {
    run(&support::target().await?.url).await
}

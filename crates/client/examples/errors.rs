//! Distinguishes kinds of errors, and retries what may succeed later.
//!
//! Usage: `cargo run -p oxftp --example errors -- [ftp://HOST/]`

#![allow(clippy::print_stdout, reason = "examples print")]

use oxftp::{ClientBuilder, Credentials, ErrorKind, FtpUrl, Pool};

mod support;

/// Downloads a tree with retries, after a wrong password and a missing file.
pub(crate) async fn run(url: &FtpUrl) -> support::Result {
    let builder = || ClientBuilder::from_url(url);
    let mut client = builder().connect(url.host()).await?;
    if let Err(error) = client.login(Credentials::new("me", "wrong")).await {
        println!("{:?}: {error}", error.kind());
    }

    let pool = Pool::new(builder(), url.host(), url.credentials());
    match pool.read("missing.csv").await {
        Err(error) if error.kind() == ErrorKind::NotFound => println!("there is no report"),
        Err(error) if error.is_transient() => println!("try again later: {error}"),
        outcome => drop(outcome?),
    }
    let local = tempfile::tempdir()?;
    let report = pool.download("reports").into_dir(local.path()).retries(4).await?;
    println!("{report}");
    assert_eq!(report.files, 2);
    Ok(())
}

#[tokio::main]
#[allow(dead_code, reason = "the tests call `run`")]
async fn main() -> support::Result {
    run(&support::target().await?.url).await
}

//! Reads many files with eight workers over the sessions of a pool.
//!
//! Usage: `cargo run -p oxftp --example workers -- [ftp://HOST/]`

#![allow(clippy::print_stdout, reason = "examples print")]

use futures_util::{StreamExt, TryStreamExt, stream};
use oxftp::{ClientBuilder, FtpUrl, Pool};

mod support;

/// Writes 40 files, and reads them again, eight at once.
pub(crate) async fn run(url: &FtpUrl) -> support::Result {
    let pool = Pool::new(ClientBuilder::from_url(url), url.host(), url.credentials()).size(8);
    let names: Vec<_> = (0..40).map(|number| format!("file {number}")).collect();
    let writes = names.iter().map(|name| pool.write(name, name));
    stream::iter(writes).buffer_unordered(8).try_collect::<Vec<_>>().await?;

    let reads = names.iter().map(|name| pool.read(name));
    let contents: Vec<_> = stream::iter(reads).buffered(8).try_collect().await?;
    pool.close().await;

    println!("{} files", contents.len());
    assert!(contents.iter().zip(&names).all(|(content, name)| content == name.as_bytes()));
    Ok(())
}

#[tokio::main]
#[allow(dead_code, reason = "the tests call `run`")]
async fn main() -> support::Result {
    run(&support::target().await?.url).await
}

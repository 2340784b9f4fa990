//! Opens connections in another way than the default: this connector counts them.
//!
//! Usage: `cargo run -p oxftp --example connector -- [ftp://HOST/]`

#![allow(clippy::print_stdout, reason = "examples print")]

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use oxftp::{
    BoxFuture, ClientBuilder, FtpUrl,
    connect::{BoxSocket, Connector, Target, TcpConnector},
};

mod support;

/// Counts the connections of one download.
pub(crate) async fn run(url: &FtpUrl) -> support::Result {
    let counter = CountingConnector::default();
    let mut client = ClientBuilder::from_url(url).connector(counter.clone()).connect(url.host()).await?;
    client.login(url.credentials()).await?;
    let text = client.read("reports/readme.txt").await?;
    client.quit().await?;
    println!("{} bytes over {} connections", text.len(), counter.opened.load(Ordering::Relaxed));

    assert_eq!(counter.opened.load(Ordering::Relaxed), 2);
    Ok(())
}

/// Connects by TCP, and counts the connections.
#[derive(Debug, Clone, Default)]
struct CountingConnector {
    tcp: TcpConnector,
    opened: Arc<AtomicUsize>,
}

impl Connector for CountingConnector {
    fn connect<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, io::Result<BoxSocket>> {
        self.opened.fetch_add(1, Ordering::Relaxed);
        self.tcp.connect(target)
    }
}

#[tokio::main]
#[allow(dead_code, reason = "the tests call `run`")]
async fn main() -> support::Result {
    run(&support::target().await?.url).await
}

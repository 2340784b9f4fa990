//! Sessions that are lost or refused, and are replaced without loss.

mod limits;
mod optional_commands;
mod repeated_operations;
mod user_commands;

use std::time::Duration;

use oxftp::{Client, ClientBuilder, Credentials, Pool, Timeouts};
use oxftp_testing::fragile::FragileServer;

/// Replies take at most a moment. Each silence of the server costs one of these deadlines.
fn builder() -> ClientBuilder {
    Client::builder().timeouts(Timeouts::all(DEADLINE))
}

fn pool(server: &FragileServer, size: usize) -> Pool {
    Pool::new(builder(), server.address(), Credentials::anonymous()).size(size)
}

async fn client(server: &FragileServer) -> Client {
    let mut client = builder().connect(server.address()).await.unwrap();
    client.login(Credentials::anonymous()).await.unwrap();
    client
}

const DEADLINE: Duration = Duration::from_secs(2);

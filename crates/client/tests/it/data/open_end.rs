//! Downloads whose data connection stays open after all data.
//!
//! Some servers close it only after the client has done so. The size of the file and the final reply show that it is complete.

use std::time::Duration;

use oxftp::{Client, Credentials};
use oxftp_testing::memory::{MemoryServer, ServerBehaviour};

/// Once this ended with an error after the idle timeout.
#[tokio::test]
async fn download_left_open_is_complete_by_size() {
    let behaviour = ServerBehaviour { leaves_downloads_open: true, ..ServerBehaviour::default() };
    let server = MemoryServer::start(behaviour).await;
    let local = tempfile::tempdir().unwrap();
    let builder = Client::builder().socket_timeout(Duration::from_millis(300));
    let mut client = builder.connect(server.address()).await.unwrap();
    client.login(Credentials::anonymous()).await.unwrap();
    for size in [10, 200_000] {
        let content = "x".repeat(size);
        server.add_file("a", &content, 0);

        client.download("a").to(local.path().join(size.to_string())).write_into(true).await.unwrap();

        let target = local.path().join(size.to_string());
        assert_eq!(std::fs::read_to_string(target).unwrap(), content);
    }
}

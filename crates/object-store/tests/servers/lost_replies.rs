//! Sessions that are lost after a command was executed: its repetition does not fail.

use object_store_013::{Error, ObjectStoreExt, path::Path};
use oxftp::{Client, Credentials, Pool};
use oxftp_object_store::FtpStore;
use oxftp_testing::fragile::{Fault, Fragile, FragileServer};

fn store(server: &FragileServer) -> FtpStore {
    FtpStore::new(Pool::new(Client::builder(), server.address(), Credentials::anonymous()).size(1), "")
}

#[tokio::test]
async fn delete_with_lost_reply_succeeds() {
    let server = Fragile::new().file("/a", "x").file("/b", "x");
    let server = server.on_nth("DELE", 1, Fault::HangUpAfterwards).start();

    store(&server).delete(&Path::from("a")).await.unwrap();

    assert_eq!(server.paths().iter().filter(|path| path.len() == 2).collect::<Vec<_>>(), ["/b"]);
}

#[tokio::test]
async fn delete_of_missing_object_is_not_found() {
    let server = Fragile::new().file("/b", "x").start();

    let deleted = store(&server).delete(&Path::from("a")).await;

    assert!(matches!(deleted, Err(Error::NotFound { .. })), "{deleted:?}");
}

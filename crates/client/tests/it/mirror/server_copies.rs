//! Copies between two servers: their sizes are compared as those of uploads.

use oxftp::{Credentials, Error, Pool};
use oxftp_testing::{
    fragile::Fragile,
    memory::{Item, MemoryServer, ServerBehaviour},
};

use crate::common::scripts;

const TIME: i64 = 1_500_000_000;

fn pool(server: &MemoryServer) -> Pool {
    Pool::new(scripts::builder(), server.address(), Credentials::anonymous()).size(2)
}

async fn server_with(paths: &[&str]) -> MemoryServer {
    let server = MemoryServer::start(ServerBehaviour::default()).await;
    for path in paths {
        server.add_file(path, "x", TIME);
    }
    server
}

/// A server that stores less than it receives, and does not tell sizes: the listing shows it.
#[tokio::test]
async fn copied_size_is_compared_with_listing() {
    let source = server_with(&["a.txt", "tree/b.txt"]).await;
    source.add_file("big.txt", "more content", TIME);
    source.add_file("tree/big.txt", "more content", TIME);
    for without in [&[][..], &["SIZE"], &["SIZE", "MLST", "MLSD"]] {
        let target = Fragile::new().without(without).cut_uploads(5).start();
        let (from, to) =
            (pool(&source), Pool::new(scripts::builder(), target.address(), Credentials::anonymous()));

        from.copy("a.txt", &to, "a.txt").await.unwrap();
        let copied = from.copy("big.txt", &to, "big.txt").retries(0).await;
        let mirrored = from.mirror_across("tree", &to, "tree").retries(0).await;

        assert!(matches!(copied, Err(Error::SizeMismatch { .. })), "{without:?} {copied:?}");
        let Err(Error::PartialFailure { report }) = mirrored else { panic!("{without:?} {mirrored:?}") };
        assert_eq!(report.failures.len(), 1, "{without:?} {report:?}");
        assert_eq!(target.content("/a.txt").as_deref(), Some(&b"x"[..]));
        assert_eq!(target.content("/big.txt"), None, "{without:?} {:?}", target.paths());
    }
}

/// The listing of the source shows its size where `SIZE` does not.
#[tokio::test]
async fn copy_of_truncated_source_is_error() {
    let facts = |name: &str, _: &Item| format!("type=file;size=99; {name}");
    let behaviour = ServerBehaviour { replies: &[("SIZE", "502 no")], ..ServerBehaviour::default() };
    let source = MemoryServer::start(behaviour.facts(facts)).await;
    source.add_file("a.txt", "x", TIME);
    let target = server_with(&["a.txt"]).await;

    let copied = pool(&source).copy("a.txt", &pool(&target), "a.txt").retries(0).await;

    assert!(matches!(copied, Err(Error::SizeMismatch { expected: 99, transferred: 1 })), "{copied:?}");
    assert_eq!(target.paths(), ["a.txt"]);
}

//! Options of mirrors: empty directories, temporary names, permissions.

use std::fs;

use oxftp::{
    Credentials, Error, Pipelining, Pool,
    mirror::{Delete, Filter},
};
use oxftp_testing::memory::{MemoryServer, ServerBehaviour};

use crate::common::{
    local_files::{create_file, files},
    scripts,
};

fn pool(server: &MemoryServer) -> Pool {
    Pool::new(scripts::builder(), server.address(), Credentials::anonymous()).size(3)
}

fn create_tree(server: &MemoryServer) {
    for file in ["a/deep/x.txt", "a/y.log", "b/only/z.log", "c/x.log", "top.log"] {
        server.add_file(&format!("site/{file}"), "x", 1_500_000_000);
    }
}

fn texts() -> Filter {
    Filter::new().include("*.txt").unwrap()
}

#[tokio::test]
async fn filter_leaves_no_empty_directories_in_mirror() {
    let (server, local) =
        (MemoryServer::start(ServerBehaviour::default()).await, tempfile::tempdir().unwrap());
    create_tree(&server);
    let pool = pool(&server);

    let report = pool.mirror_down("site", local.path().join("some")).filter(texts()).await.unwrap();
    let all = pool.mirror_down("site", local.path().join("all")).filter(texts()).empty_directories(true);
    let all = all.await.unwrap();

    assert_eq!((report.files, report.directories), (1, 3));
    assert_eq!(files(&local.path().join("some")), ["a/deep/x.txt"]);
    assert_eq!((all.files, all.directories), (1, 6));
    assert_eq!(files(&local.path().join("all")), ["a/deep/x.txt", "b/only/", "c/"]);
}

#[tokio::test]
async fn filter_keeps_directories_that_are_empty_in_source() {
    let (server, local) =
        (MemoryServer::start(ServerBehaviour::default()).await, tempfile::tempdir().unwrap());
    create_file(local.path(), "filtered/x.log", "x");
    fs::create_dir_all(local.path().join("above/empty")).unwrap();
    let pool = pool(&server);

    let dry = pool.mirror_up(local.path(), "site").filter(texts()).dry_run(true).await.unwrap();
    let report = pool.mirror_up(local.path(), "site").filter(texts()).await.unwrap();
    let again = pool.mirror_up(local.path(), "site").filter(texts()).delete(Delete::After).await.unwrap();

    assert_eq!((dry.directories, report.directories, again.directories), (3, 3, 0));
    assert_eq!(server.paths(), ["site/", "site/above/", "site/above/empty/"]);
}

#[tokio::test]
async fn mirror_uploads_under_temporary_names() {
    let (server, local) =
        (MemoryServer::start(ServerBehaviour::default()).await, tempfile::tempdir().unwrap());
    create_file(local.path(), "a/x", "new");
    create_file(local.path(), "y", "new");
    server.add_file("site/y", "older", 1_500_000_000);

    pool(&server).mirror_up(local.path(), "site").temporary(true).delete(Delete::After).await.unwrap();
    let uploads = server.commands();
    pool(&server).mirror_across("site", &pool(&server), "copy").temporary(true).await.unwrap();
    let copies = server.commands();

    for (commands, root) in [(uploads, "site"), (copies, "copy")] {
        let stored = commands.iter().filter(|command| command.starts_with("STOR"));
        let mut stored: Vec<_> = stored.collect();
        stored.sort();
        let names: Vec<_> = ["a/x", "y"].iter().map(|name| format!("STOR {root}/{name}.")).collect();
        let is_temporary = |(stored, name): (&&String, &String)| {
            stored.starts_with(name) && stored.ends_with(oxftp::PART_SUFFIX)
        };
        assert_eq!(stored.len(), names.len());
        assert!(stored.iter().zip(&names).all(is_temporary), "{stored:?}");
    }
    assert_eq!(
        server.paths(),
        ["copy/", "copy/a/", "copy/a/x", "copy/y", "site/", "site/a/", "site/a/x", "site/y"]
    );
    assert_eq!(server.content("copy/y").as_deref(), Some("new"));
}

#[cfg(unix)]
#[tokio::test]
async fn mirror_preserves_permissions_on_request() {
    use std::os::unix::fs::PermissionsExt;

    let behaviour = ServerBehaviour::list_only().listing(|name, item| match item.is_directory() {
        true => format!("drwxr-x--- 1 ann staff 0 Jan  2  2020 {name}"),
        false => format!("-rwxr-x--- 1 ann staff {} Jan  2  2020 {name}", item.size()),
    });
    let (server, local) = (MemoryServer::start(behaviour).await, tempfile::tempdir().unwrap());
    server.add_file("site/run", "x", 0);
    let builder = scripts::builder().pipelining(Pipelining::Off);
    let pool = Pool::new(builder, server.address(), Credentials::anonymous()).size(1);
    let mode = |file: &str| fs::metadata(local.path().join(file)).unwrap().permissions().mode() & 0o777;

    pool.mirror_down("site", local.path().join("plain")).await.unwrap();
    pool.mirror_down("site", local.path().join("kept")).preserve_mode(true).await.unwrap();
    server.change(|behaviour| behaviour.refused.clear());
    pool.mirror_up(local.path().join("kept"), "back").preserve_mode(true).await.unwrap();

    assert_eq!((mode("plain/run") & 0o111, mode("kept/run")), (0, 0o750));
    let commands = server.commands();
    assert!(commands.contains(&"SITE CHMOD 750 back/run".to_owned()), "{commands:?}");
}

#[tokio::test]
async fn failed_directory_is_distinguished_from_files() {
    let behaviour = ServerBehaviour { refused: vec!["MKD"], ..ServerBehaviour::default() };
    let (server, local) = (MemoryServer::start(behaviour).await, tempfile::tempdir().unwrap());
    create_file(local.path(), "directory/x", "x");
    create_file(local.path(), "file", "x");
    // A directory in the place of a file.
    server.add_file("site/file/y", "y", 0);

    let error = pool(&server).mirror_up(local.path(), "site").await.unwrap_err();

    let text = error.to_string();
    let Error::PartialFailure { report } = error else { panic!("{error:?}") };
    assert_eq!((report.failures.len(), report.failed_directories), (2, 1));
    assert_eq!(text, "1 file of the tree and 1 directory failed, the latter with everything below");
}

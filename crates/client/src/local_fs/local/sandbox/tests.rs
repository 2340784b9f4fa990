//! Tests of the sandbox: no symbolic link is followed below the root.

use std::{
    fs::{self, read, read_dir},
    os::unix::fs::symlink,
    time::{Duration, UNIX_EPOCH},
};

use tokio::io::AsyncWriteExt;

use super::*;
use crate::local_fs::LocalFs;

/// Creates a root that contains links to a directory and a file outside it.
fn rooted() -> (tempfile::TempDir, Sandbox, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("root");
    fs::create_dir(&root).unwrap();
    fs::create_dir(home.path().join("outside")).unwrap();
    fs::write(home.path().join("outside/file"), "keep me").unwrap();
    symlink("../outside", root.join("out")).unwrap();
    symlink("../outside/file", root.join("link")).unwrap();
    (home, Sandbox::new(Arc::new(LocalFs::new()), &root), root)
}

#[tokio::test]
async fn sandbox_supports_all_operations_below_its_root() {
    let (_home, fs, root) = rooted();
    let all = CreateDirOptions { parents: true, exist_ok: true };

    fs.create_dir(&root.join("a/b"), all).await.unwrap();
    fs.create_dir(&root.join("a/b"), all).await.unwrap();
    let mut file = fs.open(&root.join("a/b/c"), OpenMode::CreateNew).await.unwrap();
    file.write_all(b"hello").await.unwrap();
    file.shutdown().await.unwrap();
    fs.rename(&root.join("a/b/c"), &root.join("a/d")).await.unwrap();
    let time = UNIX_EPOCH + Duration::new(1_000_000_000, 5);
    fs.set_modified(&root.join("a/d"), time).await.unwrap();

    let found = fs.metadata(&root.join("a/d")).await.unwrap();
    assert_eq!((found.kind, found.size, found.modified), (FileKind::File, 5, Some(time)));
    let items = fs.read_dir(&root.join("a")).await.unwrap();
    assert_eq!(items.len(), 2, "{items:?}");
    fs.remove_file(&root.join("a/d")).await.unwrap();
    fs.remove_dir(&root.join("a/b")).await.unwrap();
    assert!(!fs.try_exists(&root.join("a/b")).await.unwrap());
}

#[tokio::test]
async fn sandbox_follows_no_symlink() {
    let (home, fs, root) = rooted();
    let through = root.join("out/file");

    assert!(fs.open(&through, OpenMode::Write).await.is_err());
    assert!(fs.open(&root.join("link"), OpenMode::Write).await.is_err());
    assert!(fs.open(&root.join("link"), OpenMode::Read).await.is_err());
    assert!(fs.metadata(&through).await.is_err());
    assert!(fs.remove_file(&through).await.is_err());
    assert!(fs.read_dir(&root.join("out")).await.is_err());
    assert!(fs.rename(&root.join("link"), &through).await.is_err());
    for options in [CreateDirOptions::default(), CreateDirOptions { parents: true, exist_ok: true }] {
        assert!(fs.create_dir(&root.join("out/new"), options).await.is_err());
        assert!(fs.create_dir(&root.join("out"), options).await.is_err());
    }

    assert_eq!(read(home.path().join("outside/file")).unwrap(), b"keep me");
    assert_eq!(read_dir(home.path().join("outside")).unwrap().count(), 1);
}

#[tokio::test]
async fn sandbox_rejects_path_traversal_and_pipes() {
    let (_home, fs, root) = rooted();
    rustix::fs::mknodat(CWD, root.join("pipe"), rustix::fs::FileType::Fifo, Mode::from_raw_mode(0o666), 0)
        .unwrap();

    assert!(fs.open(&root.join("out/../file"), OpenMode::Write).await.is_err());
    assert!(fs.open(&root.join("pipe"), OpenMode::Write).await.is_err());
    assert!(fs.open(&root.join("pipe"), OpenMode::Read).await.is_err());
}

#[tokio::test]
async fn small_file_replaces_stale_partial_but_no_symlink() {
    let (_home, fs, root) = rooted();
    fs::write(root.join("new.part"), "of old").unwrap();
    let put = |part: &str, target: &str| {
        let (part, target) = (root.join(part), root.join(target));
        fs.write_atomic(AtomicWrite {
            content: "content".into(),
            part,
            target,
            modified: Some(UNIX_EPOCH),
            sync: false,
        })
    };

    assert!(put("new.part", "new").await.unwrap());
    assert!(!put("link", "other").await.unwrap(), "the partial file is a link");
    assert!(!put("link.part", "link").await.unwrap(), "the target is a link");
    assert!(put("out/x.part", "out/x").await.is_err(), "the directory is a link");

    assert_eq!(read(root.join("new")).unwrap(), b"content");
    assert_eq!(fs::metadata(root.join("new")).unwrap().modified().unwrap(), UNIX_EPOCH);
    assert_eq!(read(root.join("../outside/file")).unwrap(), b"keep me");
    assert!(!root.join("new.part").exists() && !root.join("other").exists());
    assert_eq!(fs.read_whole(&root.join("new"), 7).await.unwrap().unwrap().content, "content");
    assert_eq!(fs.read_whole(&root.join("new"), 6).await.unwrap(), None);
}

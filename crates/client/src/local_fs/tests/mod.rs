//! Conformance of the backends, and their behaviour beyond the conformance test.

mod doubles;

use std::io::{ErrorKind, SeekFrom};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio::time::Instant;

use self::doubles::{Fault, FaultyFs, HangingFs};
use super::*;

const PARENTS: CreateDirOptions = CreateDirOptions { parents: true, exist_ok: false };

#[tokio::test]
async fn local_fs_passes_the_conformance_test() {
    let dir = tempfile::tempdir().unwrap();

    conformance::check(&LocalFs::new(), dir.path()).await.unwrap();

    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn memory_fs_passes_the_conformance_test() {
    conformance::check(&MemoryFs::new(), Path::new("/")).await.unwrap();
}

#[tokio::test]
async fn memory_fs_passes_conformance_at_relative_root() {
    let fs = MemoryFs::new();
    fs.create_dir(Path::new("a/b"), PARENTS).await.unwrap();

    conformance::check(&fs, Path::new("./a/b")).await.unwrap();
}

#[tokio::test]
async fn memory_fs_with_timeout_passes_the_conformance_test() {
    let fs = TimeoutFs::new(MemoryFs::new(), Duration::from_secs(60));

    conformance::check(&fs, Path::new("/")).await.unwrap();
}

#[tokio::test]
async fn boxed_local_fs_with_timeout_passes_conformance() {
    let dir = tempfile::tempdir().unwrap();
    let inner: Arc<dyn FileSystem> = Arc::new(LocalFs::new());

    conformance::check(&TimeoutFs::new(inner, Duration::from_secs(60)), dir.path()).await.unwrap();
}

#[tokio::test]
async fn conformance_test_names_the_violated_rule() {
    let faults = [
        (Fault::CreateDirAcceptsExisting, "create_dir of an existing path is AlreadyExists"),
        (Fault::RenameReplacesNothing, "rename replaces a file"),
        (Fault::Opens(OpenMode::Read, OpenMode::Update), "a file opened for reading cannot be written"),
        (Fault::Opens(OpenMode::Write, OpenMode::Append), "open Write truncates the file immediately"),
        (
            Fault::Opens(OpenMode::CreateNew, OpenMode::Write),
            "open CreateNew creates a file and rejects an existing one",
        ),
        (
            Fault::Opens(OpenMode::Append, OpenMode::Write),
            "open Append writes at the end regardless of seeks",
        ),
        (Fault::Opens(OpenMode::Update, OpenMode::Write), "open Read and Update require an existing file"),
    ];

    for (fault, rule) in faults {
        let violation = conformance::check(&FaultyFs::new(fault), Path::new("/")).await.unwrap_err();

        assert_eq!(violation.rule, rule, "{fault:?}: {}", violation.found);
    }
}

#[tokio::test]
async fn conformance_test_requires_an_empty_root() {
    let fs = MemoryFs::new();
    fs.write("/file", "").unwrap();

    let violation = conformance::check(&fs, Path::new("/")).await.unwrap_err();

    assert_eq!(violation.rule, "the root of the check is an empty directory");
    assert!(fs.read("/file").is_some());
}

#[tokio::test]
async fn set_modified_is_unsupported_by_default() {
    let error = FaultyFs::new(Fault::CreateDirAcceptsExisting)
        .set_modified(Path::new("/"), SystemTime::now())
        .await
        .unwrap_err();

    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.to_string(), "cannot set the time of \"/\"");
}

#[tokio::test]
async fn error_names_operation_and_path() {
    let error = LocalFs::new().open(Path::new("no such dir/x"), OpenMode::Read).await.unwrap_err();

    assert_eq!(error.to_string(), "cannot open \"no such dir/x\"");
    assert_eq!(error.path, Path::new("no such dir/x"));
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn local_file_writes_one_mebibyte_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = LocalFs::new().open(&dir.path().join("file"), OpenMode::Write).await.unwrap();

    let written = file.write(&vec![0; 2 * 1024 * 1024]).await.unwrap();

    assert_eq!(written, 1024 * 1024);
}

#[cfg(unix)]
mod links {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[tokio::test]
    async fn metadata_and_read_dir_do_not_follow_symlinks() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "content").unwrap();
        symlink("file", dir.path().join("link")).unwrap();

        let metadata = LocalFs::new().metadata(&dir.path().join("link")).await.unwrap();
        let items = LocalFs::new().read_dir(dir.path()).await.unwrap();

        assert!(metadata.is_symlink());
        assert!(items.contains(&DirEntry::new(dir.path().join("link"), FileKind::Symlink)));
    }

    #[tokio::test]
    async fn queries_and_open_follow_a_symlink() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "content").unwrap();
        symlink("file", dir.path().join("link")).unwrap();
        symlink(".", dir.path().join("here")).unwrap();
        let fs = LocalFs::new();

        assert!(fs.is_file(&dir.path().join("link")).await.unwrap());
        assert!(fs.is_dir(&dir.path().join("here")).await.unwrap());
        fs.open(&dir.path().join("link"), OpenMode::Read).await.unwrap();
    }

    #[tokio::test]
    async fn dangling_symlink_is_missing_but_blocks_create_new() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("link");
        symlink("nothing", &link).unwrap();
        let fs = LocalFs::new();

        assert!(!fs.try_exists(&link).await.unwrap());
        let refused = fs.open(&link, OpenMode::CreateNew).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
    }

    #[tokio::test]
    async fn removing_a_directory_symlink_keeps_the_directory() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("dir")).unwrap();
        symlink("dir", dir.path().join("link")).unwrap();

        LocalFs::new().remove_file(&dir.path().join("link")).await.unwrap();

        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(dir.path().join("dir").is_dir());
    }

    #[tokio::test]
    async fn exist_ok_accepts_a_directory_symlink() {
        let dir = tempfile::tempdir().unwrap();
        symlink(".", dir.path().join("link")).unwrap();
        let lenient = CreateDirOptions { parents: true, exist_ok: true };

        LocalFs::new().create_dir(&dir.path().join("link"), lenient).await.unwrap();

        assert!(dir.path().join("link").is_symlink());
    }

    #[tokio::test]
    async fn metadata_returns_permission_bits_only() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();

        let metadata = LocalFs::new().metadata(&file).await.unwrap();

        assert_eq!(metadata.mode, Some(0o640));
    }
}

#[tokio::test]
async fn open_memory_file_survives_removal() {
    let fs = MemoryFs::new();
    fs.write("/file", "old").unwrap();
    let mut file = fs.open(Path::new("/file"), OpenMode::Update).await.unwrap();

    fs.remove_file(Path::new("/file")).await.unwrap();
    fs.write("/file", "new").unwrap();
    file.seek(SeekFrom::End(0)).await.unwrap();
    file.write_all(b"er").await.unwrap();

    file.rewind().await.unwrap();
    let mut content = String::new();
    file.read_to_string(&mut content).await.unwrap();
    assert_eq!(content, "older");
    assert_eq!(fs.read("/file").unwrap(), b"new");
}

#[tokio::test]
async fn clones_of_memory_fs_share_files() {
    let fs = MemoryFs::new();
    let clone = fs.clone();

    fs.write("/a/b", "content").unwrap();

    assert_eq!(clone.read("a/b").unwrap(), b"content");
    assert!(clone.is_dir(Path::new("/a")).await.unwrap());
}

#[test]
fn memory_fs_rejects_reading_and_writing_directories() {
    let fs = MemoryFs::new();
    fs.write("/a/b", "").unwrap();

    assert_eq!(fs.write("/a", "").unwrap_err().kind(), ErrorKind::IsADirectory);
    fs.write("/a/b/c", "").unwrap_err();
    assert_eq!(fs.read("/a"), None);
}

#[tokio::test]
async fn root_of_memory_fs_cannot_be_removed() {
    let fs = MemoryFs::new();
    let root = Path::new("/");

    fs.remove_dir(root).await.unwrap_err();
    fs.remove_file(root).await.unwrap_err();
    fs.rename(root, Path::new("/a")).await.unwrap_err();

    assert!(fs.is_dir(Path::new("/../..")).await.unwrap());
}

#[tokio::test]
async fn deep_memory_tree_drops_without_stack_overflow() {
    let fs = MemoryFs::new();
    let deep: PathBuf = std::iter::repeat_n("d", 100_000).collect();

    fs.create_dir(&deep, PARENTS).await.unwrap();

    drop(fs);
}

#[tokio::test(start_paused = true)]
async fn hanging_operation_ends_with_a_timeout() {
    let fs = TimeoutFs::new(HangingFs, Duration::from_secs(5));
    let start = Instant::now();

    let error = fs.remove_file(Path::new("x")).await.unwrap_err();

    assert_eq!(start.elapsed(), Duration::from_secs(5));
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(error.to_string(), "cannot remove \"x\"");
    assert_eq!(error.source.to_string(), "not completed within 5s");
}

#[tokio::test(start_paused = true)]
async fn every_hanging_file_operation_ends_with_a_timeout() {
    let mut file = hanging_file(5).await;
    let start = Instant::now();

    let outcomes = [
        file.read(&mut [0]).await.map(drop),
        file.write(b"x").await.map(drop),
        file.flush().await,
        file.shutdown().await,
        file.seek(SeekFrom::Start(0)).await.map(drop),
        file.sync().await,
    ];

    for outcome in outcomes {
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::TimedOut);
    }
    assert_eq!(start.elapsed(), Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn timeout_restarts_after_a_cancelled_operation() {
    let mut file = hanging_file(5).await;
    let given_up = tokio::time::timeout(Duration::from_secs(4), file.read(&mut [0])).await;
    given_up.unwrap_err();
    let start = Instant::now();

    file.flush().await.unwrap_err();

    assert_eq!(start.elapsed(), Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn timeout_beyond_the_clock_is_unlimited() {
    let fs = TimeoutFs::new(HangingFs, Duration::MAX);
    let mut file = fs.open(Path::new("x"), OpenMode::Read).await.unwrap();

    let waited = tokio::time::timeout(Duration::from_secs(1_000_000), file.read(&mut [0])).await;

    waited.unwrap_err();
}

#[test]
fn futures_and_files_are_send() {
    fn sendable<T: Send>(value: T) -> T {
        value
    }
    let fs = MemoryFs::new();
    let open = pin!(sendable(fs.open(Path::new("/x"), OpenMode::Write)));
    let mut context = Context::from_waker(std::task::Waker::noop());

    let Poll::Ready(file) = open.poll(&mut context) else { panic!("memory does not wait") };

    sendable(file.unwrap());
}

async fn hanging_file(limit_seconds: u64) -> Box<dyn FileHandle> {
    let fs = TimeoutFs::new(HangingFs, Duration::from_secs(limit_seconds));
    fs.open(Path::new("x"), OpenMode::Update).await.unwrap()
}

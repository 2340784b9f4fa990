//! Name collisions on case-insensitive local file systems.

use std::path::{Path, PathBuf};

use oxftp::{
    Error, Pipelining, Result,
    local_fs::{
        BoxFuture, CreateDirOptions, DirEntry, FileHandle, FileSystem, LocalFsResult, MemoryFs, Metadata,
        OpenMode,
    },
};
use oxftp_testing::scripted::Script;
use tokio::io::AsyncReadExt;

use crate::common::scripts::{builder, mlst_dir, play_with, send_file};

/// A case-insensitive and case-preserving file system, like NTFS and APFS.
#[derive(Debug, Clone, Default)]
pub(crate) struct CaseInsensitiveFs(pub(crate) MemoryFs);

impl CaseInsensitiveFs {
    /// Returns the path as it is spelled on the disk.
    async fn spelled(&self, path: &Path) -> PathBuf {
        let mut spelled = PathBuf::new();
        for component in path.components() {
            let name = component.as_os_str();
            let items = self.0.read_dir(&spelled).await.unwrap_or_default();
            let there = items.iter().find(|item| item.name().eq_ignore_ascii_case(name));
            spelled.push(there.map_or(name, |item| item.name()));
        }
        spelled
    }

    pub(crate) async fn content(&self, path: &str) -> String {
        let mut file = self.open(Path::new(path), OpenMode::Read).await.unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).await.unwrap();
        text
    }
}

/// Defines methods that look up the spelling of the path on the disk first.
macro_rules! spelled {
    ($($method:ident($($argument:ident: $type:ty),*) -> $output:ty;)+) => {
        $(
            fn $method<'a>(&'a self, path: &'a Path $(, $argument: $type)*) -> BoxFuture<'a, LocalFsResult<$output>> {
                Box::pin(async move { self.0.$method(&self.spelled(path).await $(, $argument)*).await })
            }
        )+
    };
}

impl FileSystem for CaseInsensitiveFs {
    spelled! {
        try_exists() -> bool;
        is_dir() -> bool;
        is_file() -> bool;
        create_dir(options: CreateDirOptions) -> ();
        remove_dir() -> ();
        remove_file() -> ();
        read_dir() -> Vec<DirEntry>;
        metadata() -> Metadata;
        open(mode: OpenMode) -> Box<dyn FileHandle>;
    }

    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        Box::pin(async move { self.0.rename(&self.spelled(from).await, &self.spelled(to).await).await })
    }
}

/// Downloads the tree `r` of the script; returns the names of the failures.
async fn download(script: Script) -> (CaseInsensitiveFs, Vec<String>) {
    let fs = CaseInsensitiveFs::default();
    let (server, mut client) =
        play_with(builder().file_system(fs.clone()).pipelining(Pipelining::Off), script).await;
    let outcome: Result<_> = client.download("r").to("/").write_into(true).await;
    let Err(Error::PartialFailure { report }) = outcome else { panic!("{outcome:?}") };
    server.done().await;
    assert!(
        report.failures.iter().all(|failure| matches!(failure.error, Error::Skipped { .. })),
        "{report:?}"
    );
    (fs, report.failures.into_iter().map(|failure| failure.name).collect())
}

fn tree(lines: &str) -> Script {
    send_file(Script::new().expect("MLST r").reply(mlst_dir()).type_image(), "MLSD r", lines)
}

#[tokio::test]
async fn case_folded_file_name_does_not_overwrite() {
    let script = tree("type=file;size=1; Readme\r\ntype=file;size=1; README\r\n");

    let (fs, failed) = download(send_file(script, "RETR r/Readme", "1")).await;

    assert_eq!(failed, ["r/README"]);
    assert_eq!(fs.content("/Readme").await, "1");
}

#[tokio::test]
async fn case_folded_directories_are_not_merged() {
    let script = tree("type=dir; Sub\r\ntype=dir; SUB\r\n");
    let script = send_file(script, "MLSD r/Sub", "type=file;size=1; a\r\n");

    let (fs, failed) = download(send_file(script, "RETR r/Sub/a", "1")).await;

    assert_eq!(failed, ["r/SUB"]);
    assert_eq!(fs.content("/Sub/a").await, "1");
}

#[tokio::test]
async fn case_sensitive_file_system_keeps_both_names() {
    let fs = MemoryFs::new();
    let script = tree("type=file;size=1; a\r\ntype=file;size=1; A\r\n");
    let script = send_file(send_file(script, "RETR r/a", "1"), "RETR r/A", "2");
    let (server, mut client) = play_with(builder().file_system(fs.clone()), script).await;

    client.download("r").to("/").write_into(true).await.unwrap();

    assert_eq!(fs.read_dir(Path::new("/")).await.unwrap().len(), 2);
    server.done().await;
}

//! A file system in memory.

pub(crate) mod file;
pub(crate) mod tree;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use self::file::MemoryFile;
use self::tree::{Tree, TreeNode};
use super::{DirectoryItem, Metadata, MkdirOptions, OpenMode, PathFile, PathIo};
use crate::error::local_fs::{PathIoError, PathIoResult};
use crate::future::BoxFuture;

/// A file system that lives in memory: for tests, and for transfers that should leave no trace on disk.
///
/// A clone shares everything with the original. At first there is only the root directory.
///
/// Paths start at the root, so `a/b` is `/a/b`. `..` takes back the name before it, even one that does not
/// exist, and stays at the root from there on. There are no links and no permissions. An open file stays
/// usable after it was unlinked or replaced. A gap left by seeking takes no memory.
///
/// ```
/// use oxftp::path_io::{MemoryFs, PathIo};
/// use std::path::Path;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let fs = MemoryFs::new();
/// fs.write("/in/a.txt", "hello")?;
///
/// fs.rename(Path::new("/in/a.txt"), Path::new("/in/b.txt")).await?;
///
/// assert_eq!(fs.read("/in/b.txt").as_deref(), Some(&b"hello"[..]));
/// assert_eq!(fs.read("/in/a.txt"), None);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct MemoryFs {
    tree: Arc<Mutex<Tree>>,
}

impl MemoryFs {
    /// Makes a file system that holds nothing but its root directory.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the whole content of a file; `None` when there is no file at `path`.
    ///
    /// Gaps are filled, so the size of the file is what this takes in memory.
    #[must_use]
    pub fn read(&self, path: impl AsRef<Path>) -> Option<Vec<u8>> {
        let content = self.tree().node(path.as_ref()).and_then(TreeNode::file).ok()?;
        let bytes = content.lock().to_vec();
        Some(bytes)
    }

    /// Puts a file there with this content, replacing a file and making missing parents.
    ///
    /// # Errors
    ///
    /// When `path` is a directory or goes through a file.
    pub fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathIoResult<()> {
        let path = path.as_ref();
        self.put(path, content.as_ref()).map_err(|source| PathIoError::new("write", path, source))
    }

    fn put(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let mut tree = self.tree();
        if let Some(parent) = path.parent() {
            tree.mkdir(parent, MkdirOptions { parents: true, exist_ok: true })?;
        }
        let file = tree.open(path, OpenMode::Write)?;
        file.lock().write_at(0, content)
    }

    fn tree(&self) -> MutexGuard<'_, Tree> {
        self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does `work` when the future is polled, like a file system that takes a while.
    fn run<'a, T: Send + 'a>(
        &'a self,
        operation: &'static str,
        path: &'a Path,
        work: impl FnOnce(&mut Tree) -> io::Result<T> + Send + 'a,
    ) -> BoxFuture<'a, PathIoResult<T>> {
        Box::pin(
            async move { work(&mut self.tree()).map_err(|source| PathIoError::new(operation, path, source)) },
        )
    }
}

impl PathIo for MemoryFs {
    fn exists<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<bool>> {
        self.run("look for", path, |tree| Ok(tree.node(path).is_ok()))
    }

    fn is_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<bool>> {
        self.run("look for", path, |tree| Ok(tree.node(path).and_then(TreeNode::directory).is_ok()))
    }

    fn is_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<bool>> {
        self.run("look for", path, |tree| Ok(tree.node(path).and_then(TreeNode::file).is_ok()))
    }

    fn mkdir<'a>(&'a self, path: &'a Path, options: MkdirOptions) -> BoxFuture<'a, PathIoResult<()>> {
        self.run("make directory", path, move |tree| tree.mkdir(path, options))
    }

    fn rmdir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        self.run("remove directory", path, |tree| tree.rmdir(path))
    }

    fn unlink<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        self.run("remove", path, |tree| tree.unlink(path))
    }

    fn list<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<Vec<DirectoryItem>>> {
        self.run("list", path, |tree| {
            let children = &tree.node(path)?.directory()?.children;
            Ok(children.iter().map(|(name, node)| DirectoryItem::new(path.join(name), node.kind())).collect())
        })
    }

    fn stat<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<Metadata>> {
        self.run("stat", path, |tree| tree.node(path).map(TreeNode::metadata))
    }

    fn open<'a>(&'a self, path: &'a Path, mode: OpenMode) -> BoxFuture<'a, PathIoResult<Box<dyn PathFile>>> {
        self.run("open", path, move |tree| {
            let content = tree.open(path, mode)?;
            Ok(Box::new(MemoryFile::new(content, mode)) as Box<dyn PathFile>)
        })
    }

    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
        self.run("rename", from, move |tree| tree.rename(from, to))
    }

    fn set_modified<'a>(&'a self, path: &'a Path, time: SystemTime) -> BoxFuture<'a, PathIoResult<()>> {
        self.run("set the time of", path, move |tree| tree.set_modified(path, time))
    }
}

impl fmt::Debug for MemoryFs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryFs").finish_non_exhaustive()
    }
}

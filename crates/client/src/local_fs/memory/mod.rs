//! A file system in memory.

mod file;
mod tree;

use std::{
    fmt, io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use self::{
    file::{MemoryFile, SharedContent},
    tree::{Tree, TreeNode},
};
use super::{CreateDirOptions, DirEntry, FileHandle, FileSystem, Metadata, OpenMode};
use crate::{
    error::local_fs::{LocalFsError, LocalFsResult},
    future::BoxFuture,
};

/// A file system in memory: for tests, and for transfers that must not touch the disk.
///
/// Clones share the same files. A new file system contains only the root directory.
///
/// Paths start at the root, so `a/b` is `/a/b`. `..` removes the name before it, even if that does not exist; the
/// parent of the root is the root. There are no links and no permissions. An open file stays usable after it was
/// removed or replaced. A gap left by seeking uses no memory.
///
/// ```
/// use oxftp::local_fs::{MemoryFs, FileSystem};
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
    /// Creates a file system that contains only the root directory.
    ///
    /// ```
    /// use oxftp::local_fs::MemoryFs;
    ///
    /// let memory = MemoryFs::new();
    /// assert_eq!(memory.read("/a.txt"), None);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the content of a file; `None` if `path` is not a file.
    ///
    /// Gaps are filled with zeros, so the result uses as much memory as the size of the file.
    ///
    /// ```
    /// use oxftp::local_fs::MemoryFs;
    ///
    /// let memory = MemoryFs::new();
    /// memory.write("/a.txt", "text")?;
    /// assert_eq!(memory.read("/a.txt").as_deref(), Some(&b"text"[..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn read(&self, path: impl AsRef<Path>) -> Option<Vec<u8>> {
        let content = self.file(path.as_ref()).ok()?;
        let bytes = content.lock().to_vec();
        Some(bytes)
    }

    /// Writes a file with this content; replaces an existing file and creates missing parents.
    ///
    /// ```
    /// use oxftp::local_fs::MemoryFs;
    ///
    /// MemoryFs::new().write("/a.txt", "text")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if `path` is a directory or goes through a file.
    pub fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> LocalFsResult<()> {
        let path = path.as_ref();
        self.put(path, content.as_ref()).map_err(|source| LocalFsError::new("write", path, source))
    }

    fn put(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let mut tree = self.tree();
        if let Some(parent) = path.parent() {
            tree.create_dir(parent, CreateDirOptions { parents: true, exist_ok: true })?;
        }
        let file = tree.open(path, OpenMode::Write)?;
        file.lock().write_at(0, content)
    }

    fn file(&self, path: &Path) -> io::Result<SharedContent> {
        self.tree().node(path).and_then(TreeNode::file)
    }

    fn tree(&self) -> MutexGuard<'_, Tree> {
        self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` when the future is polled, not before.
    fn run<'a, T: Send + 'a>(
        &'a self,
        operation: &'static str,
        path: &'a Path,
        work: impl FnOnce(&mut Tree) -> io::Result<T> + Send + 'a,
    ) -> BoxFuture<'a, LocalFsResult<T>> {
        Box::pin(async move {
            work(&mut self.tree()).map_err(|source| LocalFsError::new(operation, path, source))
        })
    }
}

impl FileSystem for MemoryFs {
    fn try_exists<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        self.run("look for", path, |tree| Ok(tree.node(path).is_ok()))
    }

    fn is_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        self.run("look for", path, |tree| Ok(tree.node(path).and_then(TreeNode::directory).is_ok()))
    }

    fn is_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        self.run("look for", path, |tree| Ok(tree.node(path).and_then(TreeNode::file).is_ok()))
    }

    fn create_dir<'a>(
        &'a self,
        path: &'a Path,
        options: CreateDirOptions,
    ) -> BoxFuture<'a, LocalFsResult<()>> {
        self.run("make directory", path, move |tree| tree.create_dir(path, options))
    }

    fn remove_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        self.run("remove directory", path, |tree| tree.remove_dir(path))
    }

    fn remove_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        self.run("remove", path, |tree| tree.remove_file(path))
    }

    fn read_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<Vec<DirEntry>>> {
        self.run("list", path, |tree| {
            let children = &tree.node(path)?.directory()?.children;
            Ok(children.iter().map(|(name, node)| DirEntry::new(path.join(name), node.kind())).collect())
        })
    }

    fn metadata<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<Metadata>> {
        self.run("stat", path, |tree| tree.node(path).map(TreeNode::metadata))
    }

    fn open<'a>(
        &'a self,
        path: &'a Path,
        mode: OpenMode,
    ) -> BoxFuture<'a, LocalFsResult<Box<dyn FileHandle>>> {
        self.run("open", path, move |tree| {
            let content = tree.open(path, mode)?;
            Ok(Box::new(MemoryFile::new(self.clone(), content, mode)) as Box<dyn FileHandle>)
        })
    }

    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        self.run("rename", from, move |tree| tree.rename(from, to))
    }

    fn set_modified<'a>(&'a self, path: &'a Path, time: SystemTime) -> BoxFuture<'a, LocalFsResult<()>> {
        self.run("set the time of", path, move |tree| tree.set_modified(path, time))
    }
}

impl fmt::Debug for MemoryFs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryFs").finish_non_exhaustive()
    }
}

//! Reader of a directory, which returns its entries in parts.

use std::path::Path;

use super::{DirEntry, FileSystem, LocalFsResult};
use crate::future::BoxFuture;

/// An open directory whose entries are read in parts; see [`FileSystem::open_dir`].
///
/// ```
/// use oxftp::local_fs::{FileSystem, LocalFs};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// std::fs::write(dir.path().join("notes"), "hello")?;
///
/// let mut entries = LocalFs::new().open_dir(dir.path()).await?;
/// let mut count = 0;
/// while let Some(part) = entries.next_entries().await? {
///     count += part.len();
/// }
/// assert_eq!(count, 1);
/// # Ok(())
/// # }
/// ```
pub trait DirReader: Send {
    /// Returns some of the entries that were not returned yet, or `None` at the end.
    ///
    /// After the future was dropped, or has returned an error, the next call may return an error.
    ///
    /// # Errors
    ///
    /// Returns the errors of the system.
    fn next_entries(&mut self) -> BoxFuture<'_, LocalFsResult<Option<Vec<DirEntry>>>>;
}

/// Reads all entries of a directory, as one part.
pub(crate) async fn read_whole_dir<P: FileSystem + ?Sized>(
    fs: &P,
    path: &Path,
) -> LocalFsResult<Box<dyn DirReader>> {
    Ok(Box::new(WholeDir(Some(fs.read_dir(path).await?))))
}

/// All entries of a directory.
struct WholeDir(Option<Vec<DirEntry>>);

impl DirReader for WholeDir {
    fn next_entries(&mut self) -> BoxFuture<'_, LocalFsResult<Option<Vec<DirEntry>>>> {
        Box::pin(std::future::ready(Ok(self.0.take())))
    }
}

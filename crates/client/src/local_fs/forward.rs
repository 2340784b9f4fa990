//! [`FileSystem`] for `Arc` and `Box`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::{
    AtomicWrite, CommitOptions, CreateDirOptions, DirEntry, DirReader, FileHandle, FileSystem, Metadata,
    OpenMode, ReadFile,
};
use crate::error::local_fs::LocalFsResult;
use crate::future::BoxFuture;

// Methods with a default are forwarded too: otherwise the default would replace the backend's method.
macro_rules! forward {
    ($pointer:ident) => {
        impl<P: FileSystem + ?Sized> FileSystem for $pointer<P> {
            fn try_exists<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
                (**self).try_exists(path)
            }

            fn is_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
                (**self).is_dir(path)
            }

            fn is_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
                (**self).is_file(path)
            }

            fn create_dir<'a>(
                &'a self,
                path: &'a Path,
                options: CreateDirOptions,
            ) -> BoxFuture<'a, LocalFsResult<()>> {
                (**self).create_dir(path, options)
            }

            fn remove_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
                (**self).remove_dir(path)
            }

            fn remove_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
                (**self).remove_file(path)
            }

            fn read_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<Vec<DirEntry>>> {
                (**self).read_dir(path)
            }

            fn open_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<Box<dyn DirReader>>> {
                (**self).open_dir(path)
            }

            fn metadata<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<Metadata>> {
                (**self).metadata(path)
            }

            fn open<'a>(
                &'a self,
                path: &'a Path,
                mode: OpenMode,
            ) -> BoxFuture<'a, LocalFsResult<Box<dyn FileHandle>>> {
                (**self).open(path, mode)
            }

            fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
                (**self).rename(from, to)
            }

            fn commit<'a>(
                &'a self,
                part: &'a Path,
                target: &'a Path,
                options: CommitOptions,
            ) -> BoxFuture<'a, LocalFsResult<()>> {
                (**self).commit(part, target, options)
            }

            fn set_modified<'a>(
                &'a self,
                path: &'a Path,
                time: SystemTime,
            ) -> BoxFuture<'a, LocalFsResult<()>> {
                (**self).set_modified(path, time)
            }

            fn write_atomic<'a>(&'a self, file: AtomicWrite) -> BoxFuture<'a, LocalFsResult<bool>> {
                (**self).write_atomic(file)
            }

            fn read_whole<'a>(
                &'a self,
                path: &'a Path,
                max_size: usize,
            ) -> BoxFuture<'a, LocalFsResult<Option<ReadFile>>> {
                (**self).read_whole(path, max_size)
            }

            fn read_link<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<PathBuf>> {
                (**self).read_link(path)
            }

            fn symlink<'a>(&'a self, target: &'a Path, path: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
                (**self).symlink(target, path)
            }

            fn set_permissions<'a>(&'a self, path: &'a Path, mode: u32) -> BoxFuture<'a, LocalFsResult<()>> {
                (**self).set_permissions(path, mode)
            }

            fn sandbox(&self, root: &Path) -> Option<Arc<dyn FileSystem>> {
                (**self).sandbox(root)
            }
        }
    };
}

forward!(Arc);
forward!(Box);

//! [`PathIo`] for `Arc` and `Box`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::{
    DirectoryItem, FinishOptions, Metadata, MkdirOptions, OpenMode, PathFile, PathIo, ReadFile, WholeFile,
};
use crate::error::local_fs::PathIoResult;
use crate::future::BoxFuture;

// Methods with a default are forwarded too: otherwise the default would replace the backend's own method.
macro_rules! forward {
    ($pointer:ident) => {
        impl<P: PathIo + ?Sized> PathIo for $pointer<P> {
            fn exists<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<bool>> {
                (**self).exists(path)
            }

            fn is_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<bool>> {
                (**self).is_dir(path)
            }

            fn is_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<bool>> {
                (**self).is_file(path)
            }

            fn mkdir<'a>(&'a self, path: &'a Path, options: MkdirOptions) -> BoxFuture<'a, PathIoResult<()>> {
                (**self).mkdir(path, options)
            }

            fn rmdir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
                (**self).rmdir(path)
            }

            fn unlink<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
                (**self).unlink(path)
            }

            fn list<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<Vec<DirectoryItem>>> {
                (**self).list(path)
            }

            fn stat<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<Metadata>> {
                (**self).stat(path)
            }

            fn open<'a>(
                &'a self,
                path: &'a Path,
                mode: OpenMode,
            ) -> BoxFuture<'a, PathIoResult<Box<dyn PathFile>>> {
                (**self).open(path, mode)
            }

            fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
                (**self).rename(from, to)
            }

            fn finish<'a>(
                &'a self,
                part: &'a Path,
                target: &'a Path,
                options: FinishOptions,
            ) -> BoxFuture<'a, PathIoResult<()>> {
                (**self).finish(part, target, options)
            }

            fn set_modified<'a>(
                &'a self,
                path: &'a Path,
                time: SystemTime,
            ) -> BoxFuture<'a, PathIoResult<()>> {
                (**self).set_modified(path, time)
            }

            fn write_whole<'a>(&'a self, file: WholeFile) -> BoxFuture<'a, PathIoResult<bool>> {
                (**self).write_whole(file)
            }

            fn read_whole<'a>(
                &'a self,
                path: &'a Path,
                max_size: usize,
            ) -> BoxFuture<'a, PathIoResult<Option<ReadFile>>> {
                (**self).read_whole(path, max_size)
            }

            fn read_link<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, PathIoResult<PathBuf>> {
                (**self).read_link(path)
            }

            fn symlink<'a>(&'a self, target: &'a Path, path: &'a Path) -> BoxFuture<'a, PathIoResult<()>> {
                (**self).symlink(target, path)
            }

            fn set_permissions<'a>(&'a self, path: &'a Path, mode: u32) -> BoxFuture<'a, PathIoResult<()>> {
                (**self).set_permissions(path, mode)
            }

            fn beneath(&self, root: &Path) -> Option<Arc<dyn PathIo>> {
                (**self).beneath(root)
            }
        }
    };
}

forward!(Arc);
forward!(Box);

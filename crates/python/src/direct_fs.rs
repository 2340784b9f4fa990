//! Local file system that writes files under their final names, as the transfers of aioftp do.
//!
//! The library writes a partial file, which it renames when it is complete. [`DirectFs`] maps the name of the partial
//! file to the final one while [`set_direct`](DirectFs::set_direct) is on, so an interrupted download leaves what it
//! has received under the final name, and an existing file keeps its permissions and links.

use std::{
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant, SystemTime},
};

use oxftp::{
    PART_SUFFIX,
    local_fs::{
        AtomicWrite, BoxFuture, CommitOptions, CreateDirOptions, DirEntry, DirReader, FileHandle, FileKind,
        FileSystem, LocalFs, LocalFsError, LocalFsResult, Metadata, OpenMode, ReadFile,
    },
};
use tokio::io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

/// The disk, with or without partial files.
#[derive(Debug, Clone, Default)]
pub(crate) struct DirectFs {
    disk: LocalFs,
    direct: Arc<AtomicBool>,
    /// Whether the latest small file was written fast, so that the next one is not worth another thread.
    writes_fast: Arc<AtomicBool>,
}

/// The role of a path in a transfer.
enum Role {
    /// A file under its final name.
    Final(PathBuf),
    /// A file that the library keeps beside a partial file.
    Companion,
    Other,
}

impl DirectFs {
    /// Sets whether files are written under their final names.
    pub(crate) fn set_direct(&self, direct: bool) {
        self.direct.store(direct, Ordering::Relaxed);
    }

    fn is_direct(&self) -> bool {
        self.direct.load(Ordering::Relaxed)
    }

    fn role(&self, path: &Path) -> Role {
        let Some(name) = path.file_name().filter(|_| self.is_direct()) else { return Role::Other };
        let name = name.as_encoded_bytes();
        let is_companion = COMPANIONS.iter().any(|suffix| {
            name.strip_suffix(suffix.as_bytes()).is_some_and(|name| name.ends_with(PART_SUFFIX.as_bytes()))
        });
        if is_companion {
            return Role::Companion;
        }
        match name.strip_suffix(PART_SUFFIX.as_bytes()) {
            // The partial names of longer ones are shortened.
            Some(name) if !name.is_empty() && name.len() <= LONGEST_NAME => match std::str::from_utf8(name) {
                Ok(name) => Role::Final(path.with_file_name(name)),
                Err(_) => raw_name(name).map_or(Role::Other, |name| Role::Final(path.with_file_name(name))),
            },
            _ => Role::Other,
        }
    }
}

#[cfg(unix)]
fn raw_name(name: &[u8]) -> Option<&OsStr> {
    Some(std::os::unix::ffi::OsStrExt::from_bytes(name))
}

#[cfg(not(unix))]
fn raw_name(_: &[u8]) -> Option<&OsStr> {
    None
}

/// The suffixes of the files beside a partial file.
const COMPANIONS: [&str; 3] = [".origin", ".segments", ".segments.new"];

const LONGEST_NAME: usize = 240;

const FAST: Duration = Duration::from_micros(200);

fn blocking<'a, T: Send + 'static>(
    operation: &'static str,
    path: &'a Path,
    work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
) -> BoxFuture<'a, LocalFsResult<T>> {
    Box::pin(async move {
        let owned = path.to_owned();
        let done = tokio::task::spawn_blocking(move || work(&owned)).await;
        let done = done.unwrap_or_else(|failure| Err(io::Error::other(failure)));
        done.map_err(|source| LocalFsError::new(operation, path, source))
    })
}

fn missing<T: Send + 'static>(operation: &'static str, path: &Path) -> BoxFuture<'static, LocalFsResult<T>> {
    let error = LocalFsError::new(operation, path, io::ErrorKind::NotFound.into());
    Box::pin(std::future::ready(Err(error)))
}

fn describe(found: &std::fs::Metadata) -> Metadata {
    let kind = match found.file_type() {
        kind if kind.is_dir() => FileKind::Directory,
        kind if kind.is_file() => FileKind::File,
        _ => FileKind::Other,
    };
    let described = Metadata::new(kind, found.len());
    match found.modified() {
        Ok(time) => described.with_modified(time),
        Err(_) => described,
    }
}

impl FileSystem for DirectFs {
    fn try_exists<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        match self.role(path) {
            Role::Other => self.disk.try_exists(path),
            _ => Box::pin(std::future::ready(Ok(false))),
        }
    }

    fn is_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        self.disk.is_dir(path)
    }

    fn is_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<bool>> {
        self.disk.is_file(path)
    }

    fn create_dir<'a>(
        &'a self,
        path: &'a Path,
        options: CreateDirOptions,
    ) -> BoxFuture<'a, LocalFsResult<()>> {
        self.disk.create_dir(path, options)
    }

    fn remove_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        self.disk.remove_dir(path)
    }

    fn remove_file<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        match self.role(path) {
            Role::Other => self.disk.remove_file(path),
            _ => missing("remove", path),
        }
    }

    fn read_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<Vec<DirEntry>>> {
        self.disk.read_dir(path)
    }

    fn open_dir<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<Box<dyn DirReader>>> {
        self.disk.open_dir(path)
    }

    /// Follows symbolic links in direct mode, in which files are written through them.
    fn metadata<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<Metadata>> {
        match self.role(path) {
            Role::Other if self.is_direct() => {
                blocking("stat", path, |path| Ok(describe(&std::fs::metadata(path)?)))
            }
            Role::Other => self.disk.metadata(path),
            _ => missing("stat", path),
        }
    }

    fn open<'a>(
        &'a self,
        path: &'a Path,
        mode: OpenMode,
    ) -> BoxFuture<'a, LocalFsResult<Box<dyn FileHandle>>> {
        match self.role(path) {
            Role::Other => self.disk.open(path, mode),
            Role::Companion => missing("open", path),
            Role::Final(_) if !mode.is_exclusive() => missing("open", path),
            Role::Final(path) => Box::pin(async move {
                let file = self.disk.open(&path, OpenMode::Write).await?;
                Ok(Box::new(DirectFile(file)) as Box<dyn FileHandle>)
            }),
        }
    }

    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        self.disk.rename(from, to)
    }

    fn commit<'a>(
        &'a self,
        part: &'a Path,
        target: &'a Path,
        options: CommitOptions,
    ) -> BoxFuture<'a, LocalFsResult<()>> {
        match self.role(part) {
            Role::Final(path) if path == target => Box::pin(std::future::ready(Ok(()))),
            _ => self.disk.commit(part, target, options),
        }
    }

    fn set_modified<'a>(&'a self, path: &'a Path, time: SystemTime) -> BoxFuture<'a, LocalFsResult<()>> {
        self.disk.set_modified(path, time)
    }

    fn write_atomic<'a>(&'a self, file: AtomicWrite) -> BoxFuture<'a, LocalFsResult<bool>> {
        if !self.is_direct() {
            return self.disk.write_atomic(file);
        }
        Box::pin(async move {
            let AtomicWrite { content, target, .. } = file;
            let writes_fast = self.writes_fast.clone();
            let write = move |path: &Path| {
                let start = Instant::now();
                let written = std::fs::write(path, &content);
                writes_fast.store(start.elapsed() < FAST, Ordering::Relaxed);
                written
            };
            match self.writes_fast.load(Ordering::Relaxed) {
                true => write(&target).map_err(|source| LocalFsError::new("write", &target, source))?,
                false => blocking("write", &target, write).await?,
            }
            Ok(true)
        })
    }

    fn read_whole<'a>(
        &'a self,
        path: &'a Path,
        max_size: usize,
    ) -> BoxFuture<'a, LocalFsResult<Option<ReadFile>>> {
        self.disk.read_whole(path, max_size)
    }

    fn read_link<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, LocalFsResult<PathBuf>> {
        self.disk.read_link(path)
    }

    fn symlink<'a>(&'a self, target: &'a Path, path: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
        self.disk.symlink(target, path)
    }

    fn set_permissions<'a>(&'a self, path: &'a Path, mode: u32) -> BoxFuture<'a, LocalFsResult<()>> {
        self.disk.set_permissions(path, mode)
    }

    fn sandbox(&self, root: &Path) -> Option<Arc<dyn FileSystem>> {
        if self.is_direct() { None } else { self.disk.sandbox(root) }
    }
}

/// A file under its final name. It is not locked: two downloads of one file are not told apart, as in aioftp.
#[derive(Debug)]
struct DirectFile(Box<dyn FileHandle>);

impl FileHandle for DirectFile {
    fn sync(&mut self) -> BoxFuture<'_, io::Result<()>> {
        self.0.sync()
    }

    fn reserve(&mut self, length: u64) -> BoxFuture<'_, io::Result<()>> {
        self.0.reserve(length)
    }

    fn system_file(&self) -> Option<std::fs::File> {
        self.0.system_file()
    }
}

impl AsyncRead for DirectFile {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for DirectFile {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl AsyncSeek for DirectFile {
    fn start_seek(mut self: Pin<&mut Self>, position: io::SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.0).start_seek(position)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Pin::new(&mut self.0).poll_complete(cx)
    }
}

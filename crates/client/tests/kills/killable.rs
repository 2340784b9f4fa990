//! Local files and connections of a process that is killed at its nth step.

use std::{
    fmt, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::SystemTime,
};

use oxftp::{
    connect::{BoxSocket, Connector, Socket, Target, TcpConnector},
    local_fs::{
        AtomicWrite, BoxFuture, CommitOptions, CreateDirOptions, DirEntry, FileHandle, FileSystem,
        LocalFsResult, Metadata, OpenMode, ReadFile,
    },
};
use tokio::{
    io::{AsyncRead, AsyncSeek, AsyncWrite, ReadBuf},
    sync::Notify,
};

/// Kill switch of one process: counts its steps, and ends at one of them.
pub(crate) struct KillSwitch {
    steps: AtomicU64,
    last: u64,
    over: Notify,
    options: KillOptions,
    /// Receives the path of each file that got a final name.
    on_final_name: Box<dyn Fn(&Path) + Send + Sync>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct KillOptions {
    /// The last write is cut in the middle.
    pub(crate) tears_last_write: bool,
    /// Connections of a dead process are closed in an orderly way, as the system does it, and not reset.
    pub(crate) closes_orderly: bool,
    /// Blocks are written to the files of the system on other threads, and are no steps.
    pub(crate) is_direct: bool,
}

impl KillSwitch {
    pub(crate) fn new(
        last: u64,
        options: KillOptions,
        on_final_name: impl Fn(&Path) + Send + Sync + 'static,
    ) -> Arc<Self> {
        let on_final_name = Box::new(on_final_name);
        Arc::new(Self { steps: AtomicU64::new(0), last, over: Notify::new(), options, on_final_name })
    }

    pub(crate) fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    /// Waits until the process is killed.
    pub(crate) async fn end(&self) {
        self.over.notified().await;
    }

    /// Counts a step; returns whether the process is alive.
    fn step(&self) -> bool {
        let alive = self.steps.fetch_add(1, Ordering::Relaxed) < self.last;
        if !alive {
            self.over.notify_one();
        }
        alive
    }

    fn is_last(&self) -> bool {
        self.steps() == self.last
    }

    /// Counts a step; never returns in a dead process.
    async fn step_or_stop(&self) {
        if !self.step() {
            std::future::pending().await
        }
    }
}

impl fmt::Debug for KillSwitch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KillSwitch({} of {})", self.steps(), self.last)
    }
}

/// The file system of a process.
#[derive(Debug)]
pub(crate) struct KillableFs<F> {
    inner: F,
    kill_switch: Arc<KillSwitch>,
}

/// As [`KillableFs`], with small files and renames made of single steps.
#[derive(Debug)]
pub(crate) struct StepwiseFs<F>(KillableFs<F>);

impl<F> KillableFs<F> {
    pub(crate) fn new(inner: F, kill_switch: &Arc<KillSwitch>) -> Self {
        Self { inner, kill_switch: Arc::clone(kill_switch) }
    }
}

impl<F> StepwiseFs<F> {
    pub(crate) fn new(inner: F, kill_switch: &Arc<KillSwitch>) -> Self {
        Self(KillableFs::new(inner, kill_switch))
    }
}

macro_rules! killable {
    ($this:ident => $fs:expr; $($method:ident($($arg:ident: $type:ty),*) -> $output:ty;)*) => {
        $(fn $method<'a>(&'a $this, $($arg: $type),*) -> BoxFuture<'a, LocalFsResult<$output>> {
            Box::pin(async move {
                $fs.kill_switch.step_or_stop().await;
                $fs.inner.$method($($arg),*).await
            })
        })*
    };
}

macro_rules! file_system {
    ($name:ident, $this:ident => $fs:expr; { $($whole:item)* }) => {
        impl<F: FileSystem> FileSystem for $name<F> {
            killable! { $this => $fs;
                try_exists(path: &'a Path) -> bool;
                is_dir(path: &'a Path) -> bool;
                is_file(path: &'a Path) -> bool;
                create_dir(path: &'a Path, options: CreateDirOptions) -> ();
                remove_dir(path: &'a Path) -> ();
                remove_file(path: &'a Path) -> ();
                read_dir(path: &'a Path) -> Vec<DirEntry>;
                metadata(path: &'a Path) -> Metadata;
                set_modified(path: &'a Path, time: SystemTime) -> ();
                read_link(path: &'a Path) -> PathBuf;
                symlink(target: &'a Path, path: &'a Path) -> ();
                set_permissions(path: &'a Path, mode: u32) -> ();
            }

            fn open<'a>(
                &'a $this,
                path: &'a Path,
                mode: OpenMode,
            ) -> BoxFuture<'a, LocalFsResult<Box<dyn FileHandle>>> {
                Box::pin(async move {
                    $fs.kill_switch.step_or_stop().await;
                    let file = $fs.inner.open(path, mode).await?;
                    Ok(Box::new(KillableFile { file, kill_switch: Arc::clone(&$fs.kill_switch) }) as Box<dyn FileHandle>)
                })
            }

            fn rename<'a>(&'a $this, from: &'a Path, to: &'a Path) -> BoxFuture<'a, LocalFsResult<()>> {
                Box::pin(async move {
                    $fs.kill_switch.step_or_stop().await;
                    $fs.inner.rename(from, to).await?;
                    ($fs.kill_switch.on_final_name)(to);
                    Ok(())
                })
            }

            fn sandbox(&$this, root: &Path) -> Option<Arc<dyn FileSystem>> {
                let inner = $fs.inner.sandbox(root)?;
                Some(Arc::new($name::new(inner, &$fs.kill_switch)))
            }

            $($whole)*
        }
    };
}

file_system!(StepwiseFs, self => self.0; {});

file_system!(KillableFs, self => self; {
    fn commit<'a>(
        &'a self,
        part: &'a Path,
        target: &'a Path,
        options: CommitOptions,
    ) -> BoxFuture<'a, LocalFsResult<()>> {
        Box::pin(async move {
            self.kill_switch.step_or_stop().await;
            self.inner.commit(part, target, options).await?;
            (self.kill_switch.on_final_name)(target);
            Ok(())
        })
    }

    fn write_atomic<'a>(&'a self, file: AtomicWrite) -> BoxFuture<'a, LocalFsResult<bool>> {
        Box::pin(async move {
            self.kill_switch.step_or_stop().await;
            let target = file.target.clone();
            let written = self.inner.write_atomic(file).await?;
            (self.kill_switch.on_final_name)(&target);
            Ok(written)
        })
    }

    fn read_whole<'a>(
        &'a self,
        path: &'a Path,
        max_size: usize,
    ) -> BoxFuture<'a, LocalFsResult<Option<ReadFile>>> {
        Box::pin(async move {
            self.kill_switch.step_or_stop().await;
            self.inner.read_whole(path, max_size).await
        })
    }
});

#[derive(Debug)]
struct KillableFile {
    file: Box<dyn FileHandle>,
    kill_switch: Arc<KillSwitch>,
}

impl AsyncRead for KillableFile {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.file).poll_read(cx, buf))?;
        if self.kill_switch.step() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
}

impl AsyncWrite for KillableFile {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.kill_switch.step() {
            return Pin::new(&mut self.file).poll_write(cx, bytes);
        }
        if self.kill_switch.options.tears_last_write && self.kill_switch.steps() == self.kill_switch.last + 1
        {
            let _ = Pin::new(&mut self.file).poll_write(cx, &bytes[..bytes.len() / 2]);
        }
        Poll::Pending
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.file).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.file).poll_shutdown(cx)
    }
}

impl AsyncSeek for KillableFile {
    fn start_seek(mut self: Pin<&mut Self>, position: io::SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.file).start_seek(position)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Pin::new(&mut self.file).poll_complete(cx)
    }
}

impl FileHandle for KillableFile {
    fn sync(&mut self) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(async {
            self.kill_switch.step_or_stop().await;
            self.file.sync().await
        })
    }

    fn reserve(&mut self, length: u64) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(async move {
            self.kill_switch.step_or_stop().await;
            self.file.reserve(length).await
        })
    }

    fn try_lock(&mut self) -> BoxFuture<'_, io::Result<bool>> {
        Box::pin(async {
            self.kill_switch.step_or_stop().await;
            self.file.try_lock().await
        })
    }

    fn is_at<'a>(&'a mut self, path: &'a Path) -> BoxFuture<'a, io::Result<bool>> {
        Box::pin(async {
            self.kill_switch.step_or_stop().await;
            self.file.is_at(path).await
        })
    }

    fn system_file(&self) -> Option<std::fs::File> {
        self.file.system_file().filter(|_| self.kill_switch.options.is_direct)
    }
}

/// Opens the connections of a process.
#[derive(Debug)]
pub(crate) struct KillableConnector {
    tcp: TcpConnector,
    kill_switch: Arc<KillSwitch>,
}

impl KillableConnector {
    pub(crate) fn new(kill_switch: &Arc<KillSwitch>) -> Self {
        Self { tcp: TcpConnector::new(), kill_switch: Arc::clone(kill_switch) }
    }
}

impl Connector for KillableConnector {
    fn connect<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, io::Result<BoxSocket>> {
        Box::pin(async move {
            self.kill_switch.step_or_stop().await;
            let socket = self.tcp.connect(target).await?;
            Ok(Box::new(KillableSocket { socket, kill_switch: Arc::clone(&self.kill_switch) }) as BoxSocket)
        })
    }
}

#[derive(Debug)]
struct KillableSocket {
    socket: BoxSocket,
    kill_switch: Arc<KillSwitch>,
}

impl Drop for KillableSocket {
    fn drop(&mut self) {
        if self.kill_switch.steps() > self.kill_switch.last && self.kill_switch.options.closes_orderly {
            self.socket.reset_on_close(false);
        }
    }
}

impl Socket for KillableSocket {
    fn peer_address(&self) -> Option<SocketAddr> {
        self.socket.peer_address()
    }

    fn local_address(&self) -> Option<SocketAddr> {
        self.socket.local_address()
    }

    fn reset_on_close(&self, reset: bool) {
        self.socket.reset_on_close(reset);
    }

    fn has_unread(&self) -> bool {
        self.socket.has_unread()
    }
}

impl AsyncRead for KillableSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.socket).poll_read(cx, buf))?;
        if self.kill_switch.step() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
}

impl AsyncWrite for KillableSocket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        // The step counts once the system takes the bytes.
        let is_last = self.kill_switch.is_last();
        if self.kill_switch.steps() > self.kill_switch.last {
            return Poll::Pending;
        }
        let bytes = match is_last && self.kill_switch.options.tears_last_write {
            true => &bytes[..bytes.len().div_ceil(2)],
            false => bytes,
        };
        let written = ready!(Pin::new(&mut self.socket).poll_write(cx, bytes))?;
        if self.kill_switch.step() { Poll::Ready(Ok(written)) } else { Poll::Pending }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

//! The runtime of the blocking API: one thread that serves the sockets.

use std::{
    future::IntoFuture,
    io,
    ops::{Deref, DerefMut},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::OnceLock,
};

use tokio::runtime::{Builder, Handle, Runtime};

use crate::{Error, Result};

/// Starts an operation that is built in steps, and blocks until it is done.
///
/// ```no_run
/// use oxftp::blocking::{Client, Run};
///
/// # fn example(client: &mut Client) -> oxftp::Result<()> {
/// let report = client.upload("site").to("/www").resume(true).run()?;
/// println!("{} files", report.files);
/// # Ok(())
/// # }
/// ```
pub trait Run: IntoFuture {
    /// Starts the operation and blocks until it is done.
    ///
    /// # Errors
    ///
    /// The errors of the operation, and [`Error::BlockingInAsync`].
    fn run<T>(self) -> Result<T>
    where
        Self: IntoFuture<Output = Result<T>> + Sized,
    {
        block_on(self.into_future())
    }
}

impl<F: IntoFuture> Run for F {}

/// Runs a future on this thread, with the sockets of the background thread.
pub(super) fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    handle()?.block_on(future)
}

/// Runs the future of a stream on this thread.
pub(super) fn block_on_io<T>(future: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    handle()?.block_on(future)
}

fn handle() -> Result<Handle> {
    let runtime = runtime()?;
    // tokio has no query for whether this thread runs asynchronous tasks; only a panic shows it.
    let is_async = Handle::try_current().is_ok()
        && catch_unwind(AssertUnwindSafe(|| runtime.block_on(std::future::ready(())))).is_err();
    match is_async {
        true => Err(Error::BlockingInAsync),
        false => Ok(runtime.clone()),
    }
}

fn runtime() -> Result<&'static Handle> {
    static RUNTIME: OnceLock<io::Result<(Handle, Runtime)>> = OnceLock::new();
    let started = RUNTIME.get_or_init(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("oxftp-blocking")
            .enable_all()
            .build()?;
        Ok((runtime.handle().clone(), runtime))
    });
    match started {
        Ok((handle, _)) => Ok(handle),
        Err(error) => Err(Error::LocalStream {
            what: "background thread",
            source: io::Error::new(error.kind(), error.to_string()),
        }),
    }
}

/// A value that is dropped with the runtime at hand, so that a session can be closed in the background.
#[derive(Debug)]
pub(super) struct Entered<T>(Option<T>);

impl<T> Entered<T> {
    pub(super) fn new(value: T) -> Self {
        Self(Some(value))
    }

    pub(super) fn into_inner(mut self) -> T {
        self.0.take().expect("the value is present until drop")
    }
}

impl<T> Deref for Entered<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect("the value is present until drop")
    }
}

impl<T> DerefMut for Entered<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().expect("the value is present until drop")
    }
}

impl<T> Drop for Entered<T> {
    fn drop(&mut self) {
        let Some(value) = self.0.take() else { return };
        let _guard = runtime().ok().map(Handle::enter);
        drop(value);
    }
}

//! Signals: Ctrl-C, and the signal for files that exceed the size limit.

use std::{
    pin::pin,
    process,
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

use oxftp::BoxFuture;
use tokio::{runtime, signal, time::timeout};

use crate::failure::{Exit, Failure, Result};

/// Runs the work until it is done or the user presses Ctrl-C.
///
/// A second Ctrl-C ends the program at once, even during cleanup.
pub(crate) async fn until_interrupted(work: impl Future<Output = Result>) -> Result {
    {
        let mut work = pin!(work);
        tokio::select! {
            biased;
            _ = signal::ctrl_c() => {
                // The work is dropped, and cleans up, at the end of this block: the thread must run before.
                thread::spawn(exit_on_ctrl_c);
            }
            outcome = &mut work => return outcome,
        }
    }
    let cleanup = std::mem::take(&mut *CLEANUP.lock().unwrap_or_else(PoisonError::into_inner));
    let _ = timeout(MAX_CLEANUP, futures_util::future::join_all(cleanup)).await;
    Err(Failure::Interrupted)
}

/// Has work done after an interruption, once the command was dropped.
pub(crate) fn at_interrupt(cleanup: impl Future<Output = ()> + Send + 'static) {
    CLEANUP.lock().unwrap_or_else(PoisonError::into_inner).push(Box::pin(cleanup));
}

/// Lets a write beyond the file size limit (`ulimit -f`) fail with an error instead of ending the program.
pub(crate) fn ignore_file_size_signal() {
    #[cfg(unix)]
    {
        let kind = signal::unix::SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
        // If this fails, the signal keeps its default action.
        let _ = signal::unix::signal(kind);
    }
}

fn exit_on_ctrl_c() {
    let Ok(runtime) = runtime::Builder::new_current_thread().enable_all().build() else { return };
    if runtime.block_on(signal::ctrl_c()).is_ok() {
        process::exit(i32::from(Exit::Interrupted.code()));
    }
}

static CLEANUP: Mutex<Vec<BoxFuture<'static, ()>>> = Mutex::new(Vec::new());

const MAX_CLEANUP: Duration = Duration::from_secs(5);

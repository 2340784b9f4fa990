//! Signals: Ctrl-C, and the signal for files that exceed the size limit.

use std::{pin::pin, process, thread};

use tokio::{runtime, signal};

use crate::failure::{Exit, Failure, Result};

/// Runs the work until it is done or the user presses Ctrl-C.
///
/// A second Ctrl-C ends the program at once, even during cleanup.
pub(crate) async fn until_interrupted(work: impl Future<Output = Result>) -> Result {
    let mut work = pin!(work);
    tokio::select! {
        biased;
        _ = signal::ctrl_c() => {
            // The work is dropped, and cleans up, when this function returns: the thread must run before.
            thread::spawn(exit_on_ctrl_c);
            Err(Failure::Interrupted)
        }
        outcome = &mut work => outcome,
    }
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

//! Signals: Ctrl-C, and the one that would end the program for a file too large.

use std::{pin::pin, process, thread};

use tokio::{runtime, signal};

use crate::failure::{Exit, Failure, Result};

/// Does the work until it is done or the user presses Ctrl-C; a second Ctrl-C ends the program at
/// once, whatever is being cleaned up.
pub(crate) async fn until_interrupted(work: impl Future<Output = Result>) -> Result {
    let mut work = pin!(work);
    tokio::select! {
        biased;
        _ = signal::ctrl_c() => {
            // The work is dropped only when this function returns, so the second Ctrl-C is heard
            // while it cleans up.
            thread::spawn(exit_on_ctrl_c);
            Err(Failure::Interrupted)
        }
        outcome = &mut work => outcome,
    }
}

/// Makes the write that goes beyond the limit on the size of files (`ulimit -f`) fail, rather than
/// end the program without a word.
pub(crate) fn outlive_file_size_limit() {
    #[cfg(unix)]
    {
        let kind = signal::unix::SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
        // Failing leaves everything as it is.
        let _ = signal::unix::signal(kind);
    }
}

fn exit_on_ctrl_c() {
    let Ok(runtime) = runtime::Builder::new_current_thread().enable_all().build() else { return };
    if runtime.block_on(signal::ctrl_c()).is_ok() {
        process::exit(i32::from(Exit::Interrupted.code()));
    }
}

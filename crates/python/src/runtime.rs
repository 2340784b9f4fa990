//! The tokio runtime of this process.
//!
//! A forked child has none of its parent's threads, so it starts its own runtime and leaks the parent's.
//! Before the interpreter ends, [`stop`] ends the runtime and the thread that wakes event loops.

use std::{
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use pyo3::{exceptions::PyRuntimeError, prelude::*};
use tokio::runtime::Handle;

use crate::completion::{Completion, wake_loops};

/// The runtime of one process.
pub(crate) struct Runtime {
    process: u32,
    handle: Handle,
    /// Completed futures of event loops, for the thread that wakes the loops.
    completions: mpsc::Sender<Completion>,
}

/// The parts that are ended at exit.
struct Owned {
    tokio: tokio::runtime::Runtime,
    waker: JoinHandle<()>,
}

enum State {
    NotStarted,
    Running(Arc<Runtime>, Owned),
    Stopped,
}

/// Locked only by threads that are attached to the interpreter, and for short: with a global lock of the interpreter,
/// no thread holds it during `fork`.
static STATE: Mutex<State> = Mutex::new(State::NotStarted);

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the runtime of this process; starts it at the first call.
pub(crate) fn current() -> PyResult<Arc<Runtime>> {
    let mut state = state();
    match &*state {
        State::Running(runtime, _) if runtime.process == std::process::id() => return Ok(runtime.clone()),
        State::Stopped => return Err(PyRuntimeError::new_err("the interpreter is exiting")),
        _ => {}
    }
    let (runtime, owned) = start()?;
    // The threads of a parent process do not exist here, so nothing of it can be ended.
    std::mem::forget(std::mem::replace(&mut *state, State::Running(runtime.clone(), owned)));
    Ok(runtime)
}

fn start() -> PyResult<(Arc<Runtime>, Owned)> {
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .thread_name("oxftp")
        .enable_all()
        .build()?;
    let (completions, completed) = mpsc::channel();
    let waker =
        std::thread::Builder::new().name("oxftp-waker".to_owned()).spawn(move || wake_loops(&completed))?;
    let handle = tokio.handle().clone();
    let runtime = Arc::new(Runtime { process: std::process::id(), handle, completions });
    Ok((runtime, Owned { tokio, waker }))
}

impl Runtime {
    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Hands a completed future to the thread that wakes event loops.
    pub(crate) fn complete(&self, completion: Completion) {
        // It fails only while the interpreter exits.
        let _ = self.completions.send(completion);
    }

    /// Runs a future without an event loop. Signals interrupt it.
    pub(crate) fn block<F>(&self, py: Python<'_>, future: F) -> PyResult<F::Output>
    where
        F: Future + Send,
        F::Output: Send,
    {
        let mut future = Box::pin(future);
        loop {
            let outcome = py.detach(|| {
                self.handle.block_on(async { tokio::time::timeout(SIGNALS_EVERY, &mut future).await })
            });
            match outcome {
                Ok(outcome) => return Ok(outcome),
                Err(_) => py.check_signals()?,
            }
        }
    }
}

/// Ends the runtime: drops all its tasks, and joins its threads. Nothing can be started afterwards.
#[pyfunction]
pub(crate) fn stop(py: Python<'_>) {
    let stopped = std::mem::replace(&mut *state(), State::Stopped);
    let State::Running(runtime, owned) = stopped else { return };
    if runtime.process != std::process::id() {
        std::mem::forget((runtime, owned));
        return;
    }
    py.detach(|| {
        owned.tokio.shutdown_timeout(STOP_WITHIN);
        runtime.complete(Completion::Last);
        let _ = owned.waker.join();
    });
}

/// Sockets need one; the second decrypts while the first one waits for a lock.
const WORKERS: usize = 2;

const SIGNALS_EVERY: Duration = Duration::from_millis(100);

/// For threads that resolve names.
const STOP_WITHIN: Duration = Duration::from_secs(1);

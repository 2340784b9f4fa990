//! Futures of the runtime as awaitables of Python.
//!
//! Completions are handed to one thread, which attaches to the interpreter once for all that are there, and calls
//! `call_soon_threadsafe` once for each event loop. The threads of the runtime never wait for the interpreter.

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, RecvError},
    },
};

use pyo3::{IntoPyObjectExt, exceptions::PyRuntimeError, prelude::*, sync::PyOnceLock, types::PyAny};
use tokio::task::AbortHandle;

use crate::runtime::{self, Runtime};

/// Converts the outcome of a future, in a thread that is attached to the interpreter.
pub(crate) type Outcome = Box<dyn for<'py> FnOnce(Python<'py>) -> PyResult<Py<PyAny>> + Send>;

type Work = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Converts a result whose value converts into a Python object.
pub(crate) fn outcome<T, E>(result: Result<T, E>, failed: fn(Python<'_>, E) -> PyErr) -> Outcome
where
    T: for<'py> IntoPyObject<'py> + Send + 'static,
    E: Send + 'static,
{
    Box::new(move |py| match result {
        Ok(value) => value.into_py_any(py),
        Err(error) => Err(failed(py, error)),
    })
}

/// An operation that was not started yet. It is either awaited or waited for, once.
#[pyclass(frozen, module = "oxftp._oxftp")]
pub(crate) struct Job {
    work: Mutex<Option<Work>>,
}

impl Job {
    pub(crate) fn new(work: impl Future<Output = Outcome> + Send + 'static) -> Self {
        Self { work: Mutex::new(Some(Box::pin(work))) }
    }

    fn take(&self) -> PyResult<Work> {
        let work = self.work.lock().unwrap_or_else(PoisonError::into_inner).take();
        work.ok_or_else(|| PyRuntimeError::new_err("an operation cannot be awaited twice"))
    }
}

#[pymethods]
impl Job {
    fn __await__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        start(py, self.take()?)?.call_method0("__await__")
    }

    /// Waits without an event loop.
    fn wait(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let work = self.take()?;
        runtime::current()?.block(py, work)?(py)
    }
}

/// Starts a future, and returns a future of the running event loop. If that is cancelled, this one is dropped.
fn start<'py>(py: Python<'py>, work: Work) -> PyResult<Bound<'py, PyAny>> {
    static RUNNING_LOOP: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let event_loop = RUNNING_LOOP
        .get_or_try_init(py, || Ok::<_, PyErr>(py.import("asyncio")?.getattr("get_running_loop")?.unbind()))?
        .bind(py)
        .call0()?;
    let future = event_loop.call_method0("create_future")?;
    let runtime = runtime::current()?;
    let (target, owner) = (future.clone().unbind(), event_loop.unbind());
    let completing = runtime.clone();
    let task = runtime.handle().spawn(async move {
        let outcome = work.await;
        completing.complete(Completion::Of { future: target, event_loop: owner, outcome });
    });
    future.call_method1("add_done_callback", (Canceller { task: task.abort_handle() },))?;
    Ok(future)
}

/// Drops the Rust future when the Python future is done, which matters if it was cancelled.
#[pyclass(frozen)]
struct Canceller {
    task: AbortHandle,
}

#[pymethods]
impl Canceller {
    fn __call__(&self, _future: &Bound<'_, PyAny>) {
        self.task.abort();
    }
}

/// A future of Python with its result.
type Completed = (Py<PyAny>, Outcome);

/// A message to the thread that wakes event loops.
pub(crate) enum Completion {
    Of {
        future: Py<PyAny>,
        event_loop: Py<PyAny>,
        outcome: Outcome,
    },
    /// The interpreter exits.
    Last,
}

pub(crate) fn stop_waking(runtime: &Runtime) {
    runtime.complete(Completion::Last);
}

/// Wakes event loops until the interpreter exits.
pub(crate) fn wake_loops(completions: &Receiver<Completion>) {
    loop {
        let first = match completions.recv() {
            Ok(Completion::Last) | Err(RecvError) => return,
            Ok(first) => first,
        };
        let attached = Python::try_attach(|py| {
            // Those that arrived while this thread waited for the interpreter.
            let batch = std::iter::once(first).chain(completions.try_iter());
            let mut loops: HashMap<usize, (Py<PyAny>, Vec<Completed>)> = HashMap::new();
            let mut is_last = false;
            for completion in batch {
                let Completion::Of { future, event_loop, outcome } = completion else {
                    is_last = true;
                    break;
                };
                let of_loop = loops.entry(event_loop.as_ptr() as usize);
                of_loop.or_insert_with(|| (event_loop, Vec::new())).1.push((future, outcome));
            }
            for (event_loop, completed) in loops.into_values() {
                let deliver = Deliver { completed: Mutex::new(completed) };
                // It fails if the loop is closed; then nobody waits any more.
                let _ = event_loop.bind(py).call_method1("call_soon_threadsafe", (deliver,));
            }
            is_last
        });
        if attached != Some(false) {
            return;
        }
    }
}

/// Sets the results of completed futures, in the thread of their loop.
#[pyclass(frozen)]
struct Deliver {
    completed: Mutex<Vec<Completed>>,
}

#[pymethods]
impl Deliver {
    fn __call__(&self, py: Python<'_>) -> PyResult<()> {
        let completed = std::mem::take(&mut *self.completed.lock().unwrap_or_else(PoisonError::into_inner));
        for (future, outcome) in completed {
            let future = future.bind(py);
            if future.call_method0("done")?.is_truthy()? {
                continue;
            }
            match outcome(py) {
                Ok(value) => future.call_method1("set_result", (value,))?,
                Err(error) => future.call_method1("set_exception", (error,))?,
            };
        }
        Ok(())
    }
}

/// Imports a class or function of the Python part once.
pub(crate) fn python<'py>(
    py: Python<'py>,
    cell: &'static PyOnceLock<Py<PyAny>>,
    module: &str,
    name: &str,
) -> PyResult<&'py Bound<'py, PyAny>> {
    let it = cell.get_or_try_init(py, || Ok::<_, PyErr>(py.import(module)?.getattr(name)?.unbind()))?;
    Ok(it.bind(py))
}

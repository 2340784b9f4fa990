//! Futures of the runtime as awaitables of Python.

use std::{
    future::Future,
    pin::Pin,
    sync::{Mutex, PoisonError},
};

use pyo3::{IntoPyObjectExt, exceptions::PyRuntimeError, prelude::*, sync::PyOnceLock, types::PyAny};
use tokio::task::AbortHandle;

use crate::{
    completion::{Completion, Outcome},
    runtime,
};

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

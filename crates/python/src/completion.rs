//! Completed futures, which are handed to event loops.
//!
//! One thread attaches to the interpreter once for all completions that are there, and calls `call_soon_threadsafe` once
//! for each event loop. The threads of the runtime never wait for the interpreter.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, RecvError},
    },
};

use pyo3::{prelude::*, types::PyAny};

/// Converts the outcome of a future, in a thread that is attached to the interpreter.
pub(crate) type Outcome = Box<dyn for<'py> FnOnce(Python<'py>) -> PyResult<Py<PyAny>> + Send>;

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
                // An error means that the loop is closed: nothing awaits these futures.
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

//! Errors of the library as exceptions of Python.

use std::{error::Error as _, io};

use oxftp::{Error, ErrorKind};
use pyo3::{prelude::*, sync::PyOnceLock};

use crate::bridge::python;

/// Builds the exception of a library error. `oxftp.errors` has the classes.
pub(crate) fn exception(py: Python<'_>, error: Error) -> PyErr {
    build(py, "_from_native", kind(&error), &error).unwrap_or_else(|failed| failed)
}

/// Builds an exception with a function of `oxftp.errors`.
fn build(py: Python<'_>, function: &str, kind: &str, error: &Error) -> PyResult<PyErr> {
    let errno = cause(error).and_then(io::Error::raw_os_error);
    let reply = error.reply();
    let code = reply.map(|reply| reply.code().to_string());
    let lines: Vec<String> = reply
        .map(|reply| reply.lines().map(|line| String::from_utf8_lossy(line).into_owned()).collect())
        .unwrap_or_default();
    let expected: Vec<String> = match error {
        Error::StatusCode(status) => status.expected.clone(),
        _ => Vec::new(),
    };
    let exception = py.import("oxftp.errors")?.getattr(function)?.call1((
        kind,
        message(error),
        code,
        lines,
        expected,
        errno,
    ))?;
    Ok(PyErr::from_value(exception))
}

/// Builds the exception of a transfer over the session of a Python client: those that its own methods raise. In a tree,
/// it is that of the first failure.
pub(crate) fn transfer_exception(py: Python<'_>, error: Error) -> PyErr {
    let error = first_failure(error);
    let kind = match &error {
        Error::LocalFs(_) | Error::LocalStream { .. } => "local",
        Error::Name(_) => "usage",
        error => kind(error),
    };
    build(py, "_of_transfer", kind, &error).unwrap_or_else(|failed| failed)
}

fn first_failure(error: Error) -> Error {
    match error {
        Error::PartialFailure { mut report } if !report.failures.is_empty() => {
            first_failure(report.failures.swap_remove(0).error)
        }
        Error::Stopped { mut report, .. } if !report.failures.is_empty() => {
            first_failure(report.failures.swap_remove(0).error)
        }
        Error::Stopped { source, .. } => first_failure(*source),
        error => error,
    }
}

/// The text of an error, with its causes.
pub(crate) fn message(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

fn cause(error: &Error) -> Option<&io::Error> {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref() {
            return Some(io);
        }
        source = cause.source();
    }
    None
}

/// The name by which the Python part chooses a class.
fn kind(error: &Error) -> &'static str {
    match (error, error.kind()) {
        (Error::InvalidCommand(_), _) => "command",
        (Error::IsDirectory { .. }, _) => "directory",
        (_, ErrorKind::NotFound) => "not-found",
        (_, ErrorKind::Permission) => "permission",
        (_, ErrorKind::Exists) => "exists",
        (_, ErrorKind::Timeout) => "timeout",
        (_, ErrorKind::Tls) => "tls",
        (_, ErrorKind::Auth) => "auth",
        (_, ErrorKind::Full) => "full",
        (_, ErrorKind::Usage) => "usage",
        (_, ErrorKind::Connect) => "connection",
        (_, ErrorKind::Unsupported) => "unsupported",
        (_, ErrorKind::Local) => "local",
        (Error::StatusCode(_), _) => "status",
        _ => "other",
    }
}

/// Builds the exception of a socket.
pub(crate) fn socket_exception(_py: Python<'_>, error: io::Error) -> PyErr {
    error.into()
}

/// Builds the exception of a TLS handshake.
pub(crate) fn tls_exception(py: Python<'_>, error: io::Error) -> PyErr {
    static TLS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let built =
        python(py, &TLS, "oxftp.errors", "TlsError").and_then(|class| class.call1((error.to_string(),)));
    built.map_or_else(|failed| failed, PyErr::from_value)
}

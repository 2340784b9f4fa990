//! Native part of the Python package `oxftp`. The documented API is the typed Python code above it.
//!
//! [`runtime`] owns the tokio runtime of a process, [`bridge`] connects its futures with event loops, [`error`]
//! converts errors. [`connection`] is one socket, plain or encrypted, for the commands that Python code sends itself, and
//! [`listener`] waits for one in active mode; [`session`] runs transfers on it in the client library, with [`direct_fs`]; [`pool`] runs whole jobs there. [`tls`] and [`proxy`] configure both, and [`parse`] parses listings.

mod bridge;
mod completion;
mod connection;
mod direct_fs;
mod error;
mod listener;
mod parse;
mod pool;
mod proxy;
mod runtime;
mod session;
mod tls;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
mod _oxftp {
    #[pymodule_export]
    use crate::bridge::Job;
    #[pymodule_export]
    use crate::connection::Connection;
    #[pymodule_export]
    use crate::listener::Listener;
    #[pymodule_export]
    use crate::parse::{parse_list, parse_mlsd};
    #[pymodule_export]
    use crate::pool::{Pool, ReadStream, WriteStream};
    #[pymodule_export]
    use crate::runtime::stop;
    #[pymodule_export]
    use crate::session::Session;
    #[pymodule_export]
    use crate::tls::{TlsConfig, TlsSession};
}

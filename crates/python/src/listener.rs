//! Listener for the data connection of one transfer in active mode.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Mutex, PoisonError},
};

use oxftp::connect::{BoxListener, ListenAt};
use pyo3::{exceptions::PyRuntimeError, prelude::*};

use crate::{
    bridge::{Job, outcome},
    connection::Connection,
    error::socket_exception,
    proxy::Route,
};

/// A socket to which the server connects.
#[pyclass(frozen, module = "oxftp._oxftp")]
pub(crate) struct Listener {
    /// `None` after the first call of `accept`.
    listener: Mutex<Option<BoxListener>>,
    local: SocketAddr,
    peer: IpAddr,
}

#[pymethods]
impl Listener {
    /// Listens on any free port of the local address of a control connection, for the peer of that.
    #[staticmethod]
    #[pyo3(signature = (address, peer, *, route=None))]
    fn bind(address: IpAddr, peer: IpAddr, route: Option<Route>) -> PyResult<Job> {
        let connector = route.unwrap_or_default().connector()?;
        Ok(Job::new(async move {
            let bound = async {
                let listener = connector.listen(ListenAt { address, ports: None }).await?;
                let local = listener.local_address()?;
                Ok(Self { listener: Mutex::new(Some(listener)), local, peer })
            };
            outcome(bound.await, socket_exception)
        }))
    }

    #[getter]
    fn local(&self) -> (String, u16) {
        (self.local.ip().to_string(), self.local.port())
    }

    /// Waits for the connection of the server; drops those from other addresses.
    fn accept(&self) -> PyResult<Job> {
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut listener =
            listener.ok_or_else(|| PyRuntimeError::new_err("a listener accepts one connection"))?;
        let peer = self.peer.to_canonical();
        Ok(Job::new(async move {
            let accepted = async {
                loop {
                    let socket = listener.accept().await?;
                    if socket.peer_address().is_none_or(|from| from.ip().to_canonical() == peer) {
                        return Ok(Connection::new(socket));
                    }
                }
            };
            outcome(accepted.await, socket_exception)
        }))
    }
}

//! Connectors: sockets are opened directly, or through a proxy.

use std::{net::IpAddr, sync::Arc};

use oxftp::connect::{Connector, Family, Proxy, TcpConnector};
use pyo3::{exceptions::PyValueError, prelude::*};

/// The options of a socket, as a dictionary of Python.
#[derive(FromPyObject, Default)]
#[pyo3(from_item_all)]
pub(crate) struct Route {
    proxy: Option<ProxyOptions>,
    family: Option<String>,
    local_address: Option<String>,
}

#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct ProxyOptions {
    kind: String,
    host: String,
    port: u16,
    user: Option<String>,
    password: Option<String>,
}

impl Route {
    pub(crate) fn connector(self) -> PyResult<Arc<dyn Connector>> {
        let tcp = self.tcp()?;
        let Some(options) = self.proxy else { return Ok(Arc::new(tcp)) };
        Ok(Arc::new(options.proxy()?.via(tcp)))
    }

    /// Applies the options to a builder.
    pub(crate) fn apply(self, builder: oxftp::ClientBuilder) -> PyResult<oxftp::ClientBuilder> {
        let tcp = self.tcp()?;
        Ok(match self.proxy {
            Some(options) => builder.connector(options.proxy()?.via(tcp)),
            None => builder.connector(tcp),
        })
    }

    fn tcp(&self) -> PyResult<TcpConnector> {
        let mut tcp = TcpConnector::new();
        match self.family.as_deref() {
            None => {}
            Some("ipv4") => tcp = tcp.family(Family::Ipv4),
            Some("ipv6") => tcp = tcp.family(Family::Ipv6),
            Some(other) => return Err(PyValueError::new_err(format!("unknown address family {other:?}"))),
        }
        if let Some(address) = &self.local_address {
            let address: IpAddr = address
                .parse()
                .map_err(|_| PyValueError::new_err(format!("{address:?} is not an IP address")))?;
            tcp = tcp.bind(address);
        }
        Ok(tcp)
    }
}

impl ProxyOptions {
    fn proxy(self) -> PyResult<Proxy> {
        let proxy = match self.kind.as_str() {
            "socks5" => Proxy::socks5(self.host, self.port),
            "socks4" => Proxy::socks4(self.host, self.port),
            "http" => Proxy::http(self.host, self.port),
            other => return Err(PyValueError::new_err(format!("unknown kind of proxy {other:?}"))),
        };
        Ok(match (self.user, self.password) {
            (Some(user), Some(password)) => proxy.credentials(user, password),
            (Some(user), None) => proxy.user(user),
            _ => proxy,
        })
    }
}

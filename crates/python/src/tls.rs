//! TLS configuration, and the TLS sessions of one control connection.

use oxftp::TlsVersion;
use pyo3::{exceptions::PyValueError, prelude::*};

use crate::error::exception;

/// TLS configuration, native part. The Python class of the same name reads the files.
#[pyclass(frozen, module = "oxftp._oxftp")]
pub(crate) struct TlsConfig {
    pub(crate) config: oxftp::TlsConfig,
}

#[pymethods]
impl TlsConfig {
    #[new]
    fn new(py: Python<'_>, options: TlsOptions) -> PyResult<Self> {
        let TlsOptions { roots, chain, key, minimum, maximum, verify, pins } = options;
        let failed = |error| exception(py, error);
        let mut config = oxftp::TlsConfig::new();
        if let Some(roots) = roots {
            config = config.root_certificates_pem(roots).map_err(failed)?;
        }
        if let (Some(chain), Some(key)) = (chain, key) {
            config = config.client_certificate_pem(chain, key).map_err(failed)?;
        }
        for pin in pins {
            config = config.pin_sha256(pin);
        }
        if let Some(minimum) = minimum {
            config = config.min_version(version(&minimum)?);
        }
        if let Some(maximum) = maximum {
            config = config.max_version(version(&maximum)?);
        }
        if !verify {
            config = config.danger_accept_any_certificate();
        }
        // A configuration that cannot work fails here, and not at the first connection.
        oxftp::TlsSession::new(&config, "localhost").map_err(failed)?;
        Ok(Self { config })
    }
}

/// The options of TLS, as a dictionary of Python.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct TlsOptions {
    roots: Option<Vec<u8>>,
    chain: Option<Vec<u8>>,
    key: Option<Vec<u8>>,
    minimum: Option<String>,
    maximum: Option<String>,
    verify: bool,
    pins: Vec<[u8; 32]>,
}

fn version(name: &str) -> PyResult<TlsVersion> {
    match name {
        "1.2" => Ok(TlsVersion::Tls12),
        "1.3" => Ok(TlsVersion::Tls13),
        _ => Err(PyValueError::new_err(format!("TLS version must be \"1.2\" or \"1.3\", not {name:?}"))),
    }
}

/// TLS of one control connection and its data connections.
#[pyclass(frozen, module = "oxftp._oxftp")]
pub(crate) struct TlsSession {
    pub(crate) session: oxftp::TlsSession,
}

#[pymethods]
impl TlsSession {
    #[new]
    fn new(py: Python<'_>, config: &TlsConfig, host: &str) -> PyResult<Self> {
        let session = oxftp::TlsSession::new(&config.config, host).map_err(|error| exception(py, error))?;
        Ok(Self { session })
    }

    /// The numbers of full and resumed handshakes.
    #[getter]
    fn counts(&self) -> (u64, u64) {
        let counts = self.session.counts();
        (counts.full, counts.resumed)
    }
}

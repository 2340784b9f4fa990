#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod builder;
mod config;
mod core;
mod delete;
mod failure;
mod list;
mod moves;
mod names;
mod read;
mod service;
mod upload;
mod uri;
mod write;

use opendal_core::OperatorRegistry;

pub use crate::builder::OxftpBuilder;
pub use crate::config::{OXFTP_SCHEME, OxftpConfig};
pub use crate::failure::OxftpError;

/// Registers the service for URIs and maps of options: `oxftp` and `ftpes` (explicit TLS).
///
/// `ftp` and `ftps` are left to the FTP service of OpenDAL; `oxftp` with the option `endpoint` serves them.
///
/// ```
/// use opendal::{Operator, OperatorRegistry};
///
/// # fn example() -> opendal::Result<()> {
/// opendal_service_oxftp::register_oxftp_service(OperatorRegistry::get());
/// let operator = Operator::from_uri("ftpes://me@ftp.example.org/data")?;
/// assert_eq!(operator.info().scheme(), "oxftp");
/// # Ok(())
/// # }
/// # example().unwrap();
/// ```
pub fn register_oxftp_service(registry: &OperatorRegistry) {
    registry.register::<OxftpBuilder>(OXFTP_SCHEME);
    registry.register::<OxftpBuilder>("ftpes");
}

//! SQL over files on FTP and FTPS servers, with Apache DataFusion.
//!
//! ```no_run
//! # async fn example() -> datafusion::error::Result<()> {
//! use std::sync::Arc;
//!
//! use oxftp_datafusion::{FtpOptions, FtpRegistry, session_context};
//!
//! let registry = Arc::new(FtpRegistry::new(FtpOptions::from_env()));
//! let context = session_context(&registry)?;
//! let frame = context.sql("SELECT count(*) FROM 'ftpes://ftp.example.org/data/*.parquet'").await?;
//! frame.show().await?;
//! registry.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! | type | role |
//! |---|---|
//! | [`FtpOptions`] | user, password, sessions: an extension of DataFusion's configuration, so that `SET ftp.sessions = 8` works |
//! | [`FtpRegistry`] | creates an object store for each server that a query names |
//! | [`FtpTables`] | reads a quoted URL in `FROM` as a table, with wildcards in the name of the file |
//! | [`session_context`] | a context with all of them |
//!
//! A URL with a password is refused, since plans and logs show URLs.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod context;
mod options;
pub mod program;
mod registry;
mod tables;

pub use crate::context::{cluster_runtime_env, runtime_env, session_context, with_url_tables};
pub use crate::options::FtpOptions;
pub use crate::registry::{FtpRegistry, RegistryError};
pub use crate::tables::{FtpTables, TableError};

/// Compiles the examples in the guide.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/query-engines.md")]
struct GuideExamples;

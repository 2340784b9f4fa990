//! Files on FTP and FTPS servers for what reads an `ObjectStore`: DataFusion, Polars, delta-rs, Lance.
//!
//! ```no_run
//! # #[cfg(feature = "v0_13")]
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use object_store_013::{ObjectStore, ObjectStoreExt, path::Path};
//! use oxftp_object_store::FtpStore;
//!
//! let store = FtpStore::builder("ftpes://ftp.example.org/data".parse()?).credentials_from_env()?.build()?;
//! let header = store.get_range(&Path::from("2026/11.parquet"), 0..4).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Versions
//!
//! The feature `v0_13` (default) implements the trait of object_store 0.13, and `v0_14` that of 0.14. Both may be enabled.
//!
//! # Operations over FTP
//!
//! | operation | over FTP |
//! |---|---|
//! | put, multipart upload | `STOR` to a hidden name, then a rename: no other client sees a part of an object. On servers that do not replace a file by a rename, there is a moment without the object |
//! | put with `Create`, copy and rename if not exists | under a lock, which excludes other users of this crate and of oxftp, but no other clients |
//! | put with `Update` | `NotImplemented` |
//! | etags | of time, size and, if the server sends it, `unique`. They are weak: two versions of the same size within one second may have the same etag. None where the server reports times to the minute only |
//! | attributes | `NotImplemented` |
//! | ranges | `REST` and `RETR`; several ranges are read together or on several sessions, whichever costs less |
//! | list | `MLSD` or `LIST`, sorted by path; names of unfinished uploads and locks are left out |
//! | copy | by the server where it has `SITE CPFR` and `SITE CPTO`, else through this client |
//!
//! Directories are created as needed, and remain when they are empty. Symbolic links are left out of listings, but can
//! be read.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::unwrap_used))]

#[cfg(not(any(feature = "v0_13", feature = "v0_14")))]
compile_error!("enable the feature v0_13 or v0_14");

#[macro_use]
mod implement;

mod builder;
mod cache;
mod copy;
mod core;
mod create;
mod failure;
mod list;
mod meta;
mod multipart;
mod names;
mod read;
mod write;

#[cfg(feature = "v0_13")]
mod v0_13;
#[cfg(feature = "v0_14")]
mod v0_14;

pub use crate::builder::{BuildError, FtpStoreBuilder};
pub use crate::core::FtpStore;
pub use crate::failure::FtpObjectError;

/// Compiles the examples in the README.
#[cfg(all(doctest, feature = "v0_13"))]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;

/// Compiles the examples in the guide.
#[cfg(all(doctest, feature = "v0_13"))]
#[doc = include_str!("../../../docs/object-store.md")]
struct GuideExamples;

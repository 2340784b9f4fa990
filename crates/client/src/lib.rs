//! An async FTP and FTPS client.
//!
//! ```no_run
//! use oxftp::{Client, Credentials, TlsConfig};
//!
//! # async fn example() -> oxftp::Result<()> {
//! let mut client = Client::builder().explicit_tls(TlsConfig::new()).connect("ftp.example.org").await?;
//! client.login(Credentials::new("me", "secret")).await?;
//!
//! for found in client.list("reports").await? {
//!     println!("{:>12} {}", found.size.unwrap_or(0), found.name());
//! }
//! client.download("reports").to("backup").await?;
//! client.upload("index.html").to("/www").await?;
//! client.quit().await
//! # }
//! ```
//!
//! - [`Client`] is a connection to one server; [`ClientBuilder`] says what it is to be like.
//! - [`Pool`] is many connections to one server, for trees and for those who share them.
//! - [`DataStream`] is a transfer that runs, [`Entries`] a listing that arrives.
//! - [`mirror`] makes one tree like another.
//! - [`connect`] opens sockets, directly or through proxies; [`path_io`] is the local side.
//! - [`listing`] and the other items of `oxftp-proto` read what servers send.
//!
//! Any future may be dropped at any point: the client then works on, or says that it is
//! [broken](Client::is_broken). Certificates are verified unless told otherwise. A download stands
//! under its final name only when it is whole.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod client;
mod config;
pub mod connect;
mod control;
mod data;
pub(crate) mod deadline;
mod error;
mod future;
mod list;
pub mod local_fs;
#[doc(hidden)]
pub use local_fs as path_io;
pub mod mirror;
mod pool;
mod progress;
mod stream;
mod tls;
mod transfer;
mod url;

pub use crate::client::streams::DataStream;
pub use crate::client::{Client, DataCommand, RangeStream, RawCommand, RawExchange, UniqueStream};
pub use crate::config::pipelining::Pipelining;
pub use crate::config::timeouts::Timeouts;
pub use crate::connect::data_dialer::ActiveMode;
pub use crate::data::TransferSummary;
pub use crate::error::report::{Failure, Report};
pub use crate::error::{Error, Result};
pub use crate::future::BoxFuture;
pub use crate::local_fs::hash::hash_file;
pub use crate::pool::{Pool, PooledClient};
pub use crate::progress::{Counter, Progress, ProgressEvent};
pub use crate::stream::rate_limit::Throttle;
pub use crate::transfer::ascii::{AsciiReader, AsciiWriter, LineEnd};
pub use crate::transfer::fxp::fxp;
pub use crate::transfer::{Connections, Download, Order, PART_SUFFIX, Upload, Verify};
pub use crate::url::{FtpUrl, Scheme, UrlError};
pub use crate::{
    config::list_command::ListCommand,
    list::{Entries, List, PathEntry},
};
pub use crate::{
    config::{ClientBuilder, CustomOrder, Utf8},
    url::Host,
};
pub use crate::{
    error::tls::TlsFailure,
    tls::{TlsConfig, TlsCounts, TlsVersion},
};
pub use oxftp_proto::{
    Code, Command, Encoding, Entry, EntryKind, Facts, Features, FileHash, FileName, HashAlgorithm,
    InvalidCommand, Limits, NameError, Platform, Precision, RemotePath, Reply, ReplyDecoder, ServerZone,
    StatusCodeError, Timestamp, TransferType, UnknownHash, UnknownZone, Zone, address,
    dialog::{Aborted, Credentials, PassiveMode, Secret},
    listing, parse_directory,
};

/// Compiles the examples of the guide for users of aioftp.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/aioftp.md")]
struct AioftpGuide;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct ReadmeExamples;

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

mod ascii;
mod client;
mod config;
pub mod connect;
mod control;
mod data;
mod dial;
mod error;
mod fxp;
mod keep_alive;
mod list;
mod local_hash;
pub mod path_io;
mod pipelining;
mod pool;
mod progress;
mod report;
mod stream;
mod throttle;
mod timeouts;
mod tls;
mod tree;
mod url;

pub use ascii::{AsciiReader, AsciiWriter, LineEnd};
pub use client::{Client, DataCommand, RangeStream, RawCommand, RawExchange, UniqueStream};
pub use config::{ClientBuilder, CustomOrder, Host, Utf8};
pub use data::{DataStream, TransferSummary};
pub use dial::ActiveMode;
pub use error::{Error, Result};
pub use fxp::fxp;
pub use list::{Entries, List, ListCommand, PathEntry};
pub use local_hash::hash_file;
pub use oxftp_proto::{
    Code, Command, Encoding, Entry, EntryKind, Facts, Features, FileHash, FileName, HashAlgorithm,
    InvalidCommand, Limits, NameError, Platform, Precision, RemotePath, Reply, ReplyDecoder, Secret,
    ServerZone, StatusCodeError, Timestamp, TransferType, UnknownHash, UnknownZone, Zone, address, classify,
    dialog::{Aborted, Credentials, PassiveMode},
    listing, parse_directory,
};
pub use pipelining::Pipelining;
pub use pool::{Pool, PooledClient};
pub use progress::{Counter, Progress};
pub use report::{Failure, Report};
pub use throttle::Throttle;
pub use timeouts::Timeouts;
pub use tls::{TlsConfig, TlsCounts, TlsFailure, TlsVersion};
pub use tree::{Connections, Download, Order, PART_SUFFIX, Upload, Verify, mirror};
pub use url::{FtpUrl, Scheme, UrlError};

/// Compiles the examples of the guide for users of aioftp.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/aioftp.md")]
struct AioftpGuide;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct ReadmeExamples;

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
//! # Sessions
//!
//! A [`Client`] is one session on one server, configured by a [`ClientBuilder`]. A [`Pool`] holds several sessions
//! on one server, for trees and for concurrent tasks.
//!
//! # Transfers
//!
//! [`Client::download`] and [`Client::upload`] transfer files and trees between the server and a local file system
//! ([`local_fs`]). A download has its final name only after it is complete. [`fxp()`] transfers a file from one
//! server to another, and [`mirror`] makes one tree equal to another. [`DownloadStream`] and [`UploadStream`] read and
//! write the bytes of one transfer.
//!
//! # Listings
//!
//! [`Client::list`] lists a directory or a tree. [`Entries`] is a stream of its entries. [`listing`] parses the
//! formats of servers, and comes from the protocol crate `oxftp-proto`, like the other re-exported types of it.
//!
//! # Connections
//!
//! [`connect`] opens sockets, directly or through proxies. [`TlsConfig`] configures TLS; certificates are verified
//! by default. [`Timeouts`] and [`Limits`] bound what a server can make the client wait for and store.
//!
//! # Cancellation
//!
//! Every future is cancel-safe: after one is dropped, the [`Client`] is either still usable or
//! [`is_broken()`](Client::is_broken) returns `true`.
//!
//! # Errors
//!
//! Every operation returns an [`Error`], with predicates such as [`is_not_found`](Error::is_not_found) and
//! [`is_transient`](Error::is_transient). Its text names the command that the server refused, and so the path. Operations
//! on trees return a [`Report`] of the files that were transferred, and of the items that failed.
//!
//! # Features
//!
//! The features are additive, and those marked with * are on by default.
//!
//! | feature | adds |
//! |---|---|
//! | `tls` * | FTPS: `TlsConfig`, `ClientBuilder::explicit_tls`, `implicit_tls` and `tls_if_offered` |
//! | `aws-lc-rs` * | cryptography for TLS, with post-quantum key exchange |
//! | `ring` | cryptography for TLS; used if `aws-lc-rs` is off |
//! | `platform-verifier` * | trust in the root certificates of the system, by its own verifier |
//! | `webpki-roots` | `TlsConfig::webpki_roots`: Mozilla's root certificates, built in |
//! | `native-roots` | `TlsConfig::native_roots`: the root certificates of the system |
//! | `compression` * | `MODE Z`: `ClientBuilder::compress` |
//! | `hashes` * | CRC32, MD5 and SHA-1 of local files; SHA-256 and SHA-512 are always there |
//! | `encodings` * | encodings of names besides UTF-8, and listings in them |
//! | `proxy` * | `connect::Proxy`: HTTP and SOCKS proxies |
//! | `mirror` * | mirrors of trees |
//! | `blocking` | the same client without `async` |
//! | `idna` | host names of URLs in other alphabets than ASCII |
//! | `serde` | `Serialize` for entries, reports, events, steps and URLs; `Deserialize` for entries and URLs |
//! | `tracing` | diagnostics by the crate `tracing` |
//!
//! A `tls` without cryptography of its own uses the `CryptoProvider` that the program passes to `TlsConfig` or installs
//! as the default of rustls.
//!
//! # Runtime
//!
//! The asynchronous API needs a tokio runtime with time and I/O enabled (`#[tokio::main]`, or `enable_all` of its builder);
//! without one it panics with the message of tokio. Builders, URLs, paths and [`Pool::new`] need none. The sockets of
//! a client belong to the runtime in which it was connected. A runtime of one thread is enough. [`local_fs`] uses the
//! blocking threads of tokio. Without a runtime, use `blocking` (a feature).
//!
//! # Diagnostics
//!
//! With the feature `tracing`, targets are:
//!
//! | target | level | contents |
//! |---|---|---|
//! | `oxftp::operation` | info | a span for each of `connect`, `login`, `list`, `read`, `write`, `download`, `upload` and `mirror`, with the fields `host`, `path`, `target`, `user`, and at its end `bytes`, `files`, `failures`, `entries`, `error` |
//! | `oxftp::protocol` | debug | commands (`>`) and replies (`<`) |
//! | `oxftp::report` | warn | each failure in a tree |
//! | `oxftp::` and the module | debug to warn | everything else |
//!
//! Passwords and accounts are written as `***` everywhere.
//!
//! # Testing
//!
//! The crate `oxftp-serve` has a server on loopback for the tests of a program that uses this crate; [`local_fs::MemoryFs`]
//! keeps the files of downloads in memory.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use oxftp::{Client, Credentials};
//! use oxftp_serve::{ServeOptions, Server};
//!
//! let root = tempfile::tempdir()?;
//! std::fs::write(root.path().join("a.txt"), "text")?;
//! let server = Server::start(ServeOptions::new(root.path())).await?;
//!
//! let mut client = Client::builder().connect(server.address()).await?;
//! client.login(Credentials::anonymous()).await?;
//! assert_eq!(client.read("a.txt").await?, "text");
//! # Ok(())
//! # }
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::unwrap_used))]
// Code that only TLS, compression or mirrors use has no `cfg` condition of its own.
#![cfg_attr(
    not(all(feature = "tls", feature = "compression", feature = "mirror")),
    allow(dead_code, unreachable_code)
)]

mod backoff;
#[cfg(feature = "blocking")]
#[cfg_attr(docsrs, doc(cfg(feature = "blocking")))]
pub mod blocking;
mod capabilities;
mod client;
mod config;
pub mod connect;
mod control;
mod data;
mod deadline;
mod error;
mod future;
mod list;
pub mod local_fs;
mod lock;
#[cfg(feature = "mirror")]
#[cfg_attr(docsrs, doc(cfg(feature = "mirror")))]
pub mod mirror;
mod netrc;
mod pool;
mod progress;
mod selection;
#[cfg(feature = "serde")]
mod serial;
mod stream;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
#[path = "tls/absent.rs"]
mod tls;
mod trace;
mod transfer;
mod url;

pub use crate::backoff::Backoff;
pub use crate::client::{
    Client, DataCommand, DataStream, DotNames, DownloadStream, OpenSession, RangeStream, RawCommand,
    UniqueStream, UploadStream,
};
pub use crate::config::list_command::ListCommand;
pub use crate::config::pipelining::Pipelining;
pub use crate::config::timeouts::Timeouts;
pub use crate::config::{ClientBuilder, ParserOrder, Utf8};
pub use crate::connect::data_dialer::ActiveMode;
pub use crate::data::TransferSummary;
pub use crate::error::kind::ErrorKind;
pub use crate::error::lock_holder::LockHolder;
pub use crate::error::report::{Failure, Location, Report, TransferredFile};
pub use crate::error::tls::TlsFailure;
pub use crate::error::{Error, Result};
pub use crate::future::BoxFuture;
pub use crate::list::{Entries, List, PathEntry};
pub use crate::local_fs::hash::hash_file;
pub use crate::lock::{LOCK_SUFFIX, LocalLock, RemoteLock};
pub use crate::netrc::{Netrc, NetrcError, NetrcLogin};
pub use crate::pool::{EntryStream, Pool, PoolStream, PooledClient};
pub use crate::progress::{Counter, Progress, ProgressEvent};
pub use crate::selection::{Candidate, Selection};
pub use crate::stream::rate_limit::Throttle;
#[cfg(feature = "tls")]
#[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
pub use crate::tls::{TlsConfig, TlsCounts, TlsSession, TlsVersion};
pub use crate::transfer::ascii::{AsciiReader, AsciiWriter, LineEnd};
pub use crate::transfer::fxp::fxp;
pub use crate::transfer::{
    Backup, Connections, Download, Existing, Links, Order, PART_SUFFIX, ServerCopy, Upload, Verify,
    is_reserved_name, new_partial_name,
};
pub use crate::url::{FtpUrl, Host, Scheme, UrlError};
pub use oxftp_proto::{
    Code, Command, DecodeError, Encoding, Entry, EntryKind, Facts, Features, FileHash, FileName,
    HashAlgorithm, InvalidCommand, InvalidMask, Limits, NameError, ParseCodeError, ParseTimestampError,
    PathStyle, PathStyleHints, Platform, Precision, RemotePath, Reply, ReplyDecoder, Secret, ServerZone,
    StatusCodeError, Timestamp, TransferType, UnknownEncoding, UnknownHash, UnknownZone, Zone, address,
    classify,
    dialog::{Aborted, Credentials, PassiveMode},
    escape, listing, parse_directory, redact_password, redact_urls, server,
};

/// Compiles the examples in the migration guide for aioftp.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/aioftp.md")]
struct AioftpGuide;

/// Compiles the examples in the migration guide for suppaftp.
#[cfg(all(doctest, feature = "blocking"))]
#[doc = include_str!("../../../docs/coming-from-suppaftp.md")]
struct SuppaftpGuide;

/// Compiles the examples in the README of the repository.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct ReadmeExamples;

/// Compiles the examples in the README of the crate.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct CrateReadmeExamples;

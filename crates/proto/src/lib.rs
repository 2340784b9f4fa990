//! The FTP protocol without I/O.
//!
//! This crate parses and formats everything that FTP sends, and decides which command comes next. It has no
//! socket, no clock, no randomness and no runtime: bytes are arguments, and if a date depends on the current
//! day, `now` is an argument too. The `oxftp` crate adds the network.
//!
//! - [`ReplyDecoder`] decodes [`Reply`]s; [`Command`] is a command to send.
//! - [`dialog`] contains the command sequences: login, data connections, transfers, abort.
//! - [`address`], [`Features`] and [`Timestamp`] parse the contents of replies.
//! - [`classify`] and [`server`] know the texts and the deviations of real servers.
//! - [`listing`] parses the lines of `LIST`, `MLSD` and `MLST` into [`Entry`]s.

#![cfg_attr(test, allow(clippy::unwrap_used))]
#![warn(clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::indexing_slicing))]

pub mod address;
mod charset;
mod code;
mod command;
mod decode;
pub mod dialog;
mod directory_reply;
mod encoding;
mod entry;
mod escape;
mod features;
mod hash;
mod limits;
pub mod listing;
mod name;
mod path;
mod path_style;
mod redact;
mod reply;
mod secret;
#[cfg(feature = "serde")]
mod serial;
pub mod server;
mod stou;
mod time;
mod wire_text;

pub use code::{Code, InvalidMask, ParseCodeError};
pub use command::{Command, InvalidCommand, TransferType};
pub use decode::{DecodeError, ReplyDecoder};
pub use directory_reply::parse_directory;
pub use encoding::{Encoding, UnknownEncoding};
pub use entry::{Entry, EntryKind, Facts};
pub use escape::escape;
pub use features::Features;
pub use hash::{FileHash, HashAlgorithm, HashOffer, UnknownHash};
pub use limits::Limits;
pub use name::{FileName, NameError, Platform};
pub use path::RemotePath;
pub use path_style::{PathStyle, PathStyleHints, Route};
pub use redact::{redact_password, redact_urls};
pub use reply::{Reply, StatusCodeError, classify};
pub use secret::Secret;
pub use stou::parse_stou_name;
pub use time::{ParseTimestampError, Precision, ServerZone, Timestamp, UnknownZone, Zone};

/// Compiles the examples in the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExamples;

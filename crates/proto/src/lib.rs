//! What FTP says, decided without I/O.
//!
//! This crate turns bytes into values and back, and decides what to say next. It has no socket,
//! no clock, no randomness and no runtime: bytes come in as arguments, and where a date needs to
//! know what day it is, `now` is an argument too. The `oxftp` crate adds the network.
//!
//! - [`ReplyDecoder`] joins bytes into [`Reply`]s, [`Command`] is what is sent.
//! - [`dialog`] holds the conversations: login, data connections, transfers, abort.
//! - [`address`], [`Features`] and [`Timestamp`] read what replies carry.
//! - [`listing`] reads the lines of `LIST`, `MLSD` and `MLST` into [`Entry`]s.

#![cfg_attr(test, allow(clippy::unwrap_used))]
#![warn(clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::indexing_slicing))]

pub mod address;
mod code;
mod command;
mod decode;
pub mod dialog;
mod encoding;
mod entry;
mod features;
mod hash;
mod limits;
pub mod listing;
mod name;
mod path;
mod reply;
mod secret;
pub mod server;
mod stou;
mod time;

pub use code::{Code, ParseCodeError};
pub use command::{Command, InvalidCommand, TransferType};
pub use decode::{DecodeError, ReplyDecoder};
pub use encoding::{Encoding, UnknownEncoding};
pub use entry::{Entry, EntryKind, Facts};
pub use features::Features;
pub use hash::{FileHash, HashAlgorithm, HashOffer, UnknownHash};
pub use limits::Limits;
pub use name::{FileName, NameError, Platform};
pub use path::{RemotePath, parse_directory};
pub use reply::{Reply, StatusCodeError, classify};
pub use secret::Secret;
pub use stou::parse_stou_name;
pub use time::{ParseTimestampError, Precision, ServerZone, Timestamp, UnknownZone, Zone};

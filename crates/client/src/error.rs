//! What can go wrong.

mod questions;

use std::{io, time::Duration};

use oxftp_proto::{
    DecodeError, FileHash, InvalidCommand, NameError, Reply, StatusCodeError, UnknownEncoding,
    dialog::DialogError, listing::ListingError,
};

use crate::{path_io::PathIoError, report::Report, url::UrlError};

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong.
///
/// Each message is about its own level only; [`source`](std::error::Error::source) has the cause.
///
/// ```no_run
/// use oxftp::Error;
///
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// match client.download("report.pdf").await {
///     Ok(report) => println!("{} bytes", report.bytes),
///     Err(error) if error.is_not_found() => println!("there is none"),
///     Err(error) if error.is_transient() => println!("worth another try: {error}"),
///     Err(Error::SizeMismatch { expected, transferred }) => println!("{transferred} of {expected}"),
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The control connection could not be opened.
    #[error("cannot connect to {host}:{port}")]
    Connect {
        /// The host as it was given.
        host: String,
        /// The port.
        port: u16,
        /// Why.
        source: io::Error,
    },
    /// Something took longer than its deadline (see [`Timeouts`](crate::Timeouts)).
    #[error("{what} took longer than {}", seconds(*.deadline))]
    Timeout {
        /// What was waited for.
        what: &'static str,
        /// How long.
        deadline: Duration,
    },
    /// The server answered with a code that was not expected.
    #[error(transparent)]
    StatusCode(#[from] StatusCodeError),
    /// The server broke the protocol.
    #[error("the server broke the protocol")]
    Protocol(#[from] DecodeError),
    /// A listing of its parent does not name the path; the server was not asked about it itself.
    #[error("{path} is not there")]
    NotFound {
        /// The path.
        path: String,
    },
    /// The server cannot do it, as it says itself or as was found out.
    #[error("the server offers no {what}")]
    NotOffered {
        /// What would be needed.
        what: &'static str,
    },
    /// A reply carries no usable value.
    #[error("the answer to {command} cannot be used: {reply}")]
    UnusableReply {
        /// The command.
        command: &'static str,
        /// What was answered.
        reply: Reply,
    },
    /// The server sent something that nothing had asked for, so that replies and commands no
    /// longer belong together. The connection is of no use any more.
    #[error("the server sent what was not asked for: {text:?}")]
    Desynchronised {
        /// What it sent.
        text: String,
    },
    /// Bytes came in clear between the answer to `AUTH` and the TLS handshake, as in an attack
    /// that injects replies.
    #[error("the server sent data in clear before the TLS handshake")]
    InjectedBeforeTls,
    /// The control connection is closed.
    #[error("the server closed the connection{}", last_words(.reply.as_ref()))]
    Closed {
        /// The `421` that announced it, if there was one.
        reply: Option<Reply>,
    },
    /// The control connection failed.
    #[error("the control connection failed")]
    Control(#[source] io::Error),
    /// The connection was left in a state that cannot be repaired; a new one is needed.
    #[error("the connection cannot be used any more: {why}")]
    Broken {
        /// What happened to it.
        why: String,
    },
    /// The data connection could not be opened.
    #[error("no data connection to the server can be opened")]
    DataConnect(#[source] io::Error),
    /// The data connection failed during the transfer.
    #[error("the data connection failed{}", last_words(.reply.as_ref()))]
    Data {
        /// What the server said about it, if it said something.
        reply: Option<Reply>,
        /// What happened.
        source: io::Error,
    },
    /// A transfer was ended by this side before all data were read.
    #[error("the transfer was ended after {received} bytes, before its end")]
    Unfinished {
        /// Bytes that were read.
        received: u64,
    },
    /// Fewer or more bytes came or went than the file has.
    #[error("{transferred} bytes were transferred where the file has {expected}")]
    SizeMismatch {
        /// Bytes the file should have.
        expected: u64,
        /// Bytes that were transferred.
        transferred: u64,
    },
    /// What was transferred has another hash than the server's file.
    #[error("the server's file has the {} hash {there}, the one here {here}", there.algorithm())]
    HashMismatch {
        /// The hash that the server tells.
        there: FileHash,
        /// The hash of the local file.
        here: FileHash,
    },
    /// An upload differs from what the server has of it, and lies under its final name all the same.
    #[error("{path} on the server is not what was sent")]
    StoredWrongly {
        /// Where it lies on the server.
        path: String,
        /// What differs.
        source: Box<Self>,
    },
    /// An upload is whole, but could not be given its final name (see [`Upload::temporary`](crate::Upload::temporary)).
    #[error("the upload is whole but is still called {temporary}: it cannot be renamed to {path}")]
    NotRenamed {
        /// Its final name.
        path: String,
        /// The name it has.
        temporary: String,
        /// How the server refused.
        source: Box<Self>,
    },
    /// Two things were asked for that exclude each other.
    #[error("{what} cannot be combined with {with}")]
    Incompatible {
        /// The one.
        what: &'static str,
        /// The other.
        with: &'static str,
    },
    /// A file has another time on the server than when its download began, so that its parts may be of
    /// different contents.
    #[error("{path} changed on the server while it was downloaded")]
    Changed {
        /// The file.
        path: String,
    },
    /// TLS failed: the certificate was refused, or the handshake broke off.
    #[error("TLS failed")]
    Tls(#[source] io::Error),
    /// The TLS configuration cannot be used.
    #[error("the TLS configuration cannot be used: {why}")]
    TlsConfig {
        /// What is wrong with it.
        why: String,
    },
    /// The server offers no TLS, and nothing falls back to plain text unasked.
    #[error("the server refuses TLS: {reply}")]
    TlsRefused {
        /// What it answered to `AUTH TLS`, or greeted with in place of letting that be said.
        reply: Reply,
    },
    /// The server encrypts commands, and not data (`PBSZ`, `PROT`; RFC 4217, 8 and 9).
    #[error("the server refuses to protect data: {reply}")]
    ProtectionRefused {
        /// What it answered.
        reply: Reply,
    },
    /// The server has no virtual host of this name, or knows of none at all (`HOST`; RFC 7151).
    #[error("the server refuses the virtual host {host}: {reply}")]
    VirtualHostRefused {
        /// The name that was asked for.
        host: String,
        /// What the server answered.
        reply: Reply,
    },
    /// The encryption of commands has been [ended](crate::Client::clear_command_channel), so that a password would
    /// go in clear.
    #[error("commands are not encrypted any more, so no password is sent")]
    ControlInClear,
    /// A text cannot be sent as a command.
    #[error(transparent)]
    InvalidCommand(#[from] InvalidCommand),
    /// A name cannot be used as one component of a path.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A listing cannot be read.
    #[error(transparent)]
    Listing(#[from] ListingError),
    /// Something from the server is beyond its limit (see [`Limits`](crate::Limits)).
    #[error("the server sent more than the limit of {limit} {what}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A directory lists just what the directories above it list, as in a tree without end. Neither it nor others
    /// of which that is known are entered (see [`Limits::identical_ancestors`](crate::Limits::identical_ancestors)).
    #[error("{path} lists the same as the directories above it, as if the tree had no end")]
    EndlessTree {
        /// The directory.
        path: String,
    },
    /// The local file system failed.
    #[error(transparent)]
    PathIo(#[from] PathIoError),
    /// Something in a tree is not transferred, because of what it is.
    #[error("{path} is not transferred: {why}")]
    Skipped {
        /// What it is.
        path: String,
        /// Why.
        why: &'static str,
    },
    /// The server said of a listing that it is not whole, with a reply of success.
    #[error("the server says that its listing is not whole")]
    ListingCut,
    /// A listing has lines that no format explains: there may be more in the directory than was seen.
    #[error("{} of its listing not understood, such as {sample:?}", lines(*.count))]
    Unexplained {
        /// How many lines.
        count: u64,
        /// The first of them, cut to 256 bytes.
        sample: String,
    },
    /// Some of the files of a tree failed; the others were transferred.
    #[error("{} of the tree's files failed", .report.failures.len())]
    SomeFailed {
        /// What was done, and what failed.
        report: Box<Report>,
    },
    /// A tree was left unfinished: what was not begun yet is named nowhere.
    #[error("the tree is not finished: {} done, {} failed", .report.files, .report.failures.len())]
    Stopped {
        /// What was done until then, and what failed.
        report: Box<Report>,
        /// Why it could not go on.
        source: Box<Self>,
    },
    /// More failed than was to be put up with (see [`Download::max_errors`](crate::Download::max_errors)).
    #[error("more than {limit} failed")]
    TooManyFailures {
        /// How many may fail.
        limit: usize,
    },
    /// A mirror would have deleted more than it may (see
    /// [`Mirror::max_deletions`](crate::mirror::Mirror::max_deletions)).
    #[error("more than {limit} would be deleted: what is left of it stays")]
    TooManyDeletions {
        /// How many may be deleted.
        limit: u64,
    },
    /// A directory stands where only a file is wanted.
    #[error("{path} is a directory")]
    IsDirectory {
        /// The path.
        path: String,
    },
    /// The server allows not one session more, and the pool has none.
    #[error("the server allows no session more")]
    TooManySessions {
        /// How it refused.
        source: Box<Self>,
    },
    /// The pool is closed.
    #[error("the pool of sessions is closed")]
    PoolClosed,
    /// A URL cannot be used.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// An encoding is not known.
    #[error(transparent)]
    Encoding(#[from] UnknownEncoding),
}

impl From<DialogError> for Error {
    fn from(error: DialogError) -> Self {
        match error {
            DialogError::StatusCode(error) => Self::StatusCode(error),
            DialogError::InvalidCommand(error) => Self::InvalidCommand(error),
            DialogError::Address(error) => {
                Self::DataConnect(io::Error::new(io::ErrorKind::InvalidData, error))
            }
            error => Self::DataConnect(io::Error::other(error)),
        }
    }
}

fn seconds(deadline: Duration) -> String {
    format!("{} s", deadline.as_secs_f64())
}

fn lines(count: u64) -> String {
    if count == 1 { "1 line".to_owned() } else { format!("{count} lines") }
}

fn last_words(reply: Option<&Reply>) -> String {
    reply.map(|reply| format!(", saying: {reply}")).unwrap_or_default()
}

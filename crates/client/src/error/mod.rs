//! Errors of the crate.

pub(crate) mod kind;
pub(crate) mod local_fs;
pub(crate) mod lock_holder;
pub(crate) mod predicates;
pub(crate) mod report;
pub(crate) mod tls;

use std::{borrow::Cow, io, path::PathBuf, time::Duration};

use oxftp_proto::{
    DecodeError, FileHash, InvalidCommand, InvalidMask, NameError, Reply, StatusCodeError, UnknownEncoding,
    dialog::DialogError, listing::ListingError,
};

use self::{local_fs::LocalFsError, lock_holder::LockHolder, report::Report};
use crate::url::UrlError;

/// The result type of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
/// An error of this crate.
///
/// `Display` does not include the cause; it is the [`source`](std::error::Error::source).
///
/// ```no_run
/// use oxftp::Error;
///
/// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
/// match client.download("report.pdf").await {
///     Ok(report) => println!("{} bytes", report.bytes),
///     Err(error) if error.is_not_found() => println!("no such file"),
///     Err(error) if error.is_transient() => println!("retry later: {error}"),
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
        /// The host, as given by the user.
        host: String,
        /// The port.
        port: u16,
        /// The cause.
        source: io::Error,
    },
    /// An operation took longer than its timeout (see [`Timeouts`](crate::Timeouts)).
    #[error("{what} took longer than {}", seconds(*.deadline))]
    Timeout {
        /// The operation, as a noun.
        what: &'static str,
        /// The timeout.
        deadline: Duration,
    },
    /// The server sent a reply with an unexpected code.
    #[error(transparent)]
    StatusCode(#[from] StatusCodeError),
    /// The server violated the FTP protocol.
    #[error("the server violated the FTP protocol")]
    Protocol(#[from] DecodeError),
    /// The listing of the parent directory does not contain the path.
    #[error("{} does not exist", shown(.path))]
    NotFound {
        /// The path.
        path: String,
        /// The earlier refusal, which did not say whether the path exists.
        #[source]
        refusal: Option<Box<Self>>,
    },
    /// The server does not support an operation.
    #[error("the server offers no {what}")]
    Unsupported {
        /// The missing feature, as a noun.
        what: &'static str,
    },
    /// The crate was built without a feature that the configuration needs.
    #[error("{what} needs the feature `{feature}` of the crate oxftp")]
    FeatureMissing {
        /// The part of the configuration that needs the feature.
        what: &'static str,
        /// The name of the feature.
        feature: &'static str,
    },
    /// A method of the blocking API was called in asynchronous code.
    #[error(
        "a blocking method was called in asynchronous code: use the asynchronous client there, or spawn_blocking"
    )]
    BlockingInAsync,
    /// The server does not answer an optional command, or closes the connection after it. The command is not sent to
    /// this server again.
    #[error("the server does not answer {command}, or closes the connection after it")]
    Unanswered {
        /// The command.
        command: &'static str,
    },
    /// The server refused a command that the user wants to be sent (see
    /// [`ClientBuilder::on_login`](crate::ClientBuilder::on_login)).
    #[error("the server refused the command {command}: {reply}")]
    CommandRefused {
        /// The command, with secrets hidden.
        command: String,
        /// The reply.
        reply: Reply,
    },
    /// A reply does not contain the expected value.
    #[error("invalid reply to {command}: {reply}")]
    UnusableReply {
        /// The command.
        command: &'static str,
        /// The reply.
        reply: Reply,
    },
    /// The server sent a reply without a command, so replies can no longer be assigned to commands. The connection
    /// is no longer usable. A second `200`, `226` or `250` after a command is skipped.
    #[error("the server sent an unexpected reply: {text:?}")]
    Desynchronised {
        /// The text of the reply.
        text: String,
    },
    /// The server sent plain text between the reply to `AUTH` and the TLS handshake, as in a reply injection attack.
    #[error("the server sent plain text before the TLS handshake")]
    InjectedBeforeTls,
    /// The control connection is closed.
    #[error("the server closed the connection{}", colon_and(.reply.as_ref()))]
    Closed {
        /// The earlier `421` reply, if there was one.
        reply: Option<Reply>,
    },
    /// The control connection failed.
    #[error("the control connection failed")]
    Control(#[source] io::Error),
    /// The connection is in an undefined state, after an earlier error or cancellation; a new one is needed.
    #[error("the connection is no longer usable: {why}")]
    Broken {
        /// The reason.
        why: String,
    },
    /// The data connection could not be opened.
    #[error("cannot open a data connection to the server")]
    DataConnect(#[source] io::Error),
    /// The data connection failed during the transfer.
    #[error("the data connection failed{}", colon_and(.reply.as_ref()))]
    Data {
        /// The server's reply about it, if there was one.
        reply: Option<Reply>,
        /// The cause.
        source: io::Error,
    },
    /// The client ended a transfer before all data were read.
    #[error("the transfer was ended after {received} bytes, before all data were read")]
    Unfinished {
        /// Number of bytes that were read.
        received: u64,
    },
    /// A part of a file was requested that begins after the end of the file.
    #[error("the file ends before byte {start}")]
    BeyondEnd {
        /// Offset of the first byte of the part.
        start: u64,
    },
    /// The number of transferred bytes differs from the size of the file.
    #[error("{transferred} bytes were transferred, but the file has {expected} bytes")]
    SizeMismatch {
        /// Size of the file in bytes.
        expected: u64,
        /// Number of transferred bytes.
        transferred: u64,
    },
    /// The hashes of the remote and the local file differ.
    #[error("the remote file has the {} hash {there}, the local file {here}", there.algorithm())]
    HashMismatch {
        /// The hash of the remote file.
        there: FileHash,
        /// The hash of the local file.
        here: FileHash,
    },
    /// The file on the server differs from the uploaded file. It already has its final name.
    #[error("{} on the server differs from the uploaded file", shown(.path))]
    UploadMismatch {
        /// The remote path.
        path: String,
        /// The difference.
        source: Box<Self>,
    },
    /// The server stored an upload, but does not show a file of that name: it shows a similar one.
    #[error(
        "the upload succeeded, but the server does not list {}; it may have renamed it to {}",
        shown(.path),
        shown(.stored)
    )]
    StoredElsewhere {
        /// The requested path.
        path: String,
        /// The path that the server shows.
        stored: String,
    },
    /// An upload is complete, but its temporary file could not be renamed (see
    /// [`Upload::temporary`](crate::Upload::temporary)).
    #[error("the upload is complete, but {} cannot be renamed to {}", shown(.temporary), shown(.path))]
    NotRenamed {
        /// The final name.
        path: String,
        /// The temporary name, which the file still has.
        temporary: String,
        /// The server's refusal.
        source: Box<Self>,
    },
    /// A file was neither replaced nor deleted, because it could not be moved to its backup (see
    /// [`Backup`](crate::Backup)).
    #[error("{} is kept as it is: it cannot be moved to {}", shown(.path), shown(.backup))]
    NotBackedUp {
        /// The file.
        path: String,
        /// The path of its backup.
        backup: String,
        /// The reason why it cannot be moved.
        source: Box<Self>,
    },
    /// Two options exclude each other.
    #[error("{what} cannot be combined with {with}")]
    Incompatible {
        /// The first option.
        what: &'static str,
        /// The second option.
        with: &'static str,
    },
    /// The modification time of a remote file changed during its download, so the downloaded segments may belong to
    /// different versions.
    #[error("{} changed on the server during the download", shown(.path))]
    Changed {
        /// The remote path.
        path: String,
    },
    /// The TLS handshake failed, for example because the certificate was rejected.
    #[error("TLS failed")]
    Tls(#[source] io::Error),
    /// The TLS configuration is invalid.
    #[error("invalid TLS configuration: {why}")]
    TlsConfig {
        /// The reason.
        why: String,
    },
    /// The server refused TLS. The client never falls back to plain text by itself.
    #[error("the server refused TLS: {reply}")]
    TlsRefused {
        /// The reply to `AUTH TLS`, or a greeting that refuses the connection.
        reply: Reply,
    },
    /// The server encrypts the control connection, but not data connections (`PBSZ`, `PROT`; RFC 4217, 8 and 9).
    #[error("the server refused to encrypt data connections: {reply}")]
    ProtectionRefused {
        /// The reply.
        reply: Reply,
    },
    /// The server has no virtual host of this name, or does not support `HOST` (RFC 7151).
    #[error("the server refused the virtual host {host}: {reply}")]
    VirtualHostRefused {
        /// The requested virtual host.
        host: String,
        /// The reply.
        reply: Reply,
    },
    /// The control connection was [reverted to plain text](crate::Client::clear_command_channel), so a password would
    /// be sent unencrypted.
    #[error("the control connection is no longer encrypted, so no password is sent")]
    ControlNotEncrypted,
    /// A text is not a valid command.
    #[error(transparent)]
    InvalidCommand(#[from] InvalidCommand),
    /// A text is not a mask of reply codes, such as `2xx`.
    #[error(transparent)]
    InvalidMask(#[from] InvalidMask),
    /// A removal names the root, the working directory or one above it, and not an entry in a directory. Nothing was
    /// sent.
    #[error(
        "refusing to remove {path:?}: name a file or a directory below the working directory or the root"
    )]
    NothingToRemove {
        /// The path.
        path: String,
    },
    /// A local path ends in no name, such as `.` or `/`, so that its name on the server is unknown (see
    /// [`Upload::write_into`](crate::Upload::write_into)).
    #[error("{path:?} has no name of its own: give the name on the server")]
    NoName {
        /// The path.
        path: PathBuf,
    },
    /// A name is not valid as one component of a path.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A listing cannot be parsed.
    #[error(transparent)]
    Listing(#[from] ListingError),
    /// Data from the server exceed a limit (see [`Limits`](crate::Limits)).
    #[error("the server sent more than the limit of {limit} {what}")]
    Limit {
        /// The limited quantity.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A directory has the same listing as the directories above it, as in a cyclic tree. It is not entered (see
    /// [`Limits::identical_ancestors`](crate::Limits::identical_ancestors)).
    #[error("{path} has the same listing as the directories above it; the tree may be cyclic")]
    CyclicTree {
        /// The directory.
        path: String,
    },
    /// Another download, of this process or another one, is writing the partial file. This download changed nothing.
    #[error("another download is writing {}{}", shown(.path), of_process(*.process))]
    InUse {
        /// The local path of the partial file.
        path: String,
        /// The other process, if it is known (on Linux).
        process: Option<u32>,
    },
    /// Another job holds the lock of the target (see [`LocalLock`](crate::LocalLock) and
    /// [`RemoteLock`](crate::RemoteLock)). This job changed nothing.
    #[error("{path} is held by {}", held_by(.holder.as_ref()))]
    Locked {
        /// The path of the lock: of a local file, or of a directory on the server.
        path: String,
        /// The holder, if it is written in the lock.
        holder: Option<LockHolder>,
    },
    /// Another job broke the lock of this job, because it could not be refreshed in time.
    #[error("another job has broken {path}")]
    LockLost {
        /// The path of the lock on the server.
        path: String,
    },
    /// The local file system failed.
    #[error(transparent)]
    LocalFs(#[from] LocalFsError),
    /// The reader or writer of the caller failed.
    #[error("the local {what} failed")]
    LocalStream {
        /// The reader or writer, as a noun.
        what: &'static str,
        /// The cause.
        source: io::Error,
    },
    /// An entry of a tree was skipped.
    #[error("{} was skipped: {why}", shown(.path))]
    Skipped {
        /// The path of the entry.
        path: String,
        /// The reason.
        why: &'static str,
    },
    /// The server's successful reply says that the listing is incomplete.
    #[error("the server reported an incomplete listing")]
    IncompleteListing,
    /// A listing has lines of unknown format: the directory may have more entries than were found.
    #[error("cannot parse {} of the listing, for example {sample:?}", lines(*.count))]
    UnparsedListing {
        /// Number of such lines.
        count: u64,
        /// The first such line, truncated to 256 bytes.
        sample: String,
    },
    /// Some files of a tree failed; the others were transferred.
    #[error("{}", .report.failed())]
    PartialFailure {
        /// The completed entries and the failures.
        report: Box<Report>,
    },
    /// The transfer of a tree was stopped. The report does not contain entries that were not started.
    #[error("the tree is incomplete: {} files done, {} failed", .report.files, .report.failures.len())]
    Stopped {
        /// The completed entries and the failures.
        report: Box<Report>,
        /// The reason.
        source: Box<Self>,
    },
    /// The maximum number of failures was exceeded (see [`Download::max_errors`](crate::Download::max_errors)).
    #[error("more than {limit} files failed")]
    TooManyFailures {
        /// Maximum number of failures.
        limit: usize,
    },
    /// A mirror reached its deletion limit (see [`Mirror::max_deletions`](crate::mirror::Mirror::max_deletions)).
    #[error("deletion limit of {limit} reached; remaining items were kept")]
    TooManyDeletions {
        /// Maximum number of deletions.
        limit: u64,
    },
    /// A stored file or directory is missing from a listing that was taken afterwards: the server, or the local file
    /// system, may have it under another name. A mirror deletes nothing in that directory.
    #[error(
        "{path:?} was stored, but its directory does not list that name{}; nothing was deleted there",
        found_instead(.found.as_deref())
    )]
    StoredUnderOtherName {
        /// The path that was stored.
        path: String,
        /// The name that was probably stored in its place.
        found: Option<String>,
    },
    /// A path is a directory, but a file is required.
    #[error("{} is a directory", shown(.path))]
    IsDirectory {
        /// The path.
        path: String,
    },
    /// The server refused a session because there are too many, and the pool has none.
    #[error("the server refused the connection: too many sessions")]
    TooManySessions {
        /// The refusal.
        source: Box<Self>,
    },
    /// The pool is closed.
    #[error("the connection pool is closed")]
    PoolClosed,
    /// A URL is invalid.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// An encoding is unknown.
    #[error(transparent)]
    Encoding(#[from] UnknownEncoding),
}

impl crate::trace::SpanOutcome for Error {
    fn record(&self, span: &crate::trace::Span) {
        if let Self::PartialFailure { report } | Self::Stopped { report, .. } = self {
            report.record(span);
        }
        crate::trace::set(span, "error", self);
    }
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

/// Formats a path; in quotes if a blank at its start or end would not be seen.
fn shown(path: &str) -> Cow<'_, str> {
    match path.trim() == path && !path.is_empty() {
        true => path.into(),
        false => format!("\"{path}\"").into(),
    }
}

fn of_process(process: Option<u32>) -> String {
    process.map(|process| format!(" (process {process})")).unwrap_or_default()
}

/// Formats the holder of a lock.
fn held_by(holder: Option<&LockHolder>) -> String {
    holder.map_or_else(|| "another job".to_owned(), ToString::to_string)
}

fn found_instead(name: Option<&str>) -> String {
    name.map(|name| format!(" (but {name:?})")).unwrap_or_default()
}

fn seconds(deadline: Duration) -> String {
    format!("{} s", deadline.as_secs_f64())
}

fn lines(count: u64) -> String {
    if count == 1 { "1 line".to_owned() } else { format!("{count} lines") }
}

fn colon_and(reply: Option<&Reply>) -> String {
    reply.map(|reply| format!(": {reply}")).unwrap_or_default()
}

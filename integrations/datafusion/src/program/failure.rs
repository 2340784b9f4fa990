//! Failures, their texts on stderr, and exit codes.

use std::{
    error::Error as StdError,
    io::{self, Write},
    process::ExitCode,
};

use datafusion::{arrow::error::ArrowError, error::DataFusionError};
use oxftp::{Error, ErrorKind, TlsFailure, redact_urls};
use oxftp_object_store::{BuildError, FtpObjectError};

use crate::{RegistryError, TableError};

/// The reason why a program ends with another code than 0.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// The query failed.
    Query(DataFusionError),
    /// `--user` has a password, which other users of the machine could see.
    PasswordInUser,
    /// Stdin cannot be read.
    Input(io::Error),
    /// Stdout cannot be written.
    Output(io::Error),
    /// Something besides the FTP server cannot be reached. The text says what it is, and what to do.
    Unreachable(String),
    /// An argument cannot be used. The text says which.
    Usage(String),
    /// This machine lacks something, such as a port. The text says what it is, and what to do.
    Local(String),
    /// Ctrl-C.
    Interrupted,
}

impl From<DataFusionError> for Failure {
    fn from(error: DataFusionError) -> Self {
        Self::Query(error)
    }
}

impl From<ArrowError> for Failure {
    fn from(error: ArrowError) -> Self {
        match error {
            ArrowError::IoError(_, error) => Self::Output(error),
            error => Self::Query(error.into()),
        }
    }
}

impl Failure {
    /// Prints the failure; returns its exit code.
    #[must_use]
    pub fn report(&self) -> ExitCode {
        let (exit, lines) = self.described();
        let mut stderr = io::stderr().lock();
        for line in lines {
            // Without stderr, the exit code remains.
            let _ = writeln!(stderr, "{}", redact_urls(&line));
        }
        exit.into()
    }

    /// Returns the exit code and the lines on stderr.
    fn described(&self) -> (u8, Vec<String>) {
        match self {
            Self::Query(error) => of_query(error),
            Self::PasswordInUser => {
                (USAGE, vec!["error: --user must not contain a password: set OXFTP_PASSWORD".to_owned()])
            }
            // The reader has ended, such as head.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => (0, Vec::new()),
            Self::Output(error) => (LOCAL, vec![format!("error: cannot write to stdout: {error}")]),
            Self::Input(error) => (LOCAL, vec![format!("error: cannot read from stdin: {error}")]),
            Self::Unreachable(text) => (CONNECT, vec![format!("error: {text}")]),
            Self::Usage(text) => (USAGE, vec![format!("error: {text}")]),
            Self::Local(text) => (LOCAL, vec![format!("error: {text}")]),
            Self::Interrupted => (INTERRUPTED, vec!["error: interrupted".to_owned()]),
        }
    }
}

fn of_query(error: &DataFusionError) -> (u8, Vec<String>) {
    let chain = std::iter::successors(Some(error as &dyn StdError), |&error| error.source());
    for reason in chain {
        if let Some(object) = reason.downcast_ref::<FtpObjectError>() {
            return of_object(object);
        }
        if let Some(table) = reason.downcast_ref::<TableError>() {
            let exit = if matches!(table, TableError::NoFile { .. }) { NOT_FOUND } else { USAGE };
            return (exit, lines(table));
        }
        if let Some(registry) = reason.downcast_ref::<RegistryError>() {
            return (of_registry(registry), lines(registry));
        }
    }
    let root = error.find_root();
    let exit = match root {
        DataFusionError::SQL(..)
        | DataFusionError::Plan(_)
        | DataFusionError::SchemaError(..)
        | DataFusionError::Configuration(_)
        | DataFusionError::NotImplemented(_) => USAGE,
        DataFusionError::IoError(_) | DataFusionError::ResourcesExhausted(_) => LOCAL,
        DataFusionError::ObjectStore(_) => LOCAL,
        _ => DATA,
    };
    (exit, vec![format!("error: {}", root.strip_backtrace())])
}

/// Returns the lines for an error and its sources.
fn lines(error: &(dyn StdError + 'static)) -> Vec<String> {
    let chain = std::iter::successors(Some(error), |&error| error.source());
    let prefix = |at| if at == 0 { "error" } else { "caused by" };
    chain.enumerate().map(|(at, error)| format!("{}: {error}", prefix(at))).collect()
}

fn of_object(object: &FtpObjectError) -> (u8, Vec<String>) {
    let reasons = object.reasons();
    let mut lines = Vec::new();
    if let Some((first, causes)) = reasons.split_first() {
        lines.push(format!("error: {}: {first}", object.url()));
        lines.extend(causes.iter().map(|cause| format!("caused by: {cause}")));
    }
    let Some(error) = object.client_error() else { return (NOT_FOUND, lines) };
    lines.extend(hint(error).map(|hint| format!("hint: {hint}")));
    (of_client(error), lines)
}

fn of_client(error: &Error) -> u8 {
    match error.kind() {
        ErrorKind::Usage => USAGE,
        ErrorKind::Limit if matches!(error, Error::Limit { .. } | Error::CyclicTree { .. }) => PROTOCOL,
        ErrorKind::Connect | ErrorKind::Limit => CONNECT,
        ErrorKind::Tls => TLS,
        ErrorKind::Auth => LOGIN,
        ErrorKind::NotFound => NOT_FOUND,
        ErrorKind::Permission | ErrorKind::Exists | ErrorKind::Refused => REFUSED,
        ErrorKind::Local => LOCAL,
        ErrorKind::Timeout => TIMEOUT,
        ErrorKind::Protocol | ErrorKind::Unsupported => PROTOCOL,
        _ => DATA,
    }
}

fn of_registry(error: &RegistryError) -> u8 {
    match error {
        RegistryError::CaFile { .. } => LOCAL,
        RegistryError::Store(BuildError::Netrc { .. } | BuildError::CaFile { .. }) => LOCAL,
        RegistryError::Store(BuildError::Client(_)) => TLS,
        _ => USAGE,
    }
}

/// Returns what to try next.
fn hint(error: &Error) -> Option<&'static str> {
    match error.tls_failure() {
        Some(TlsFailure::UnknownIssuer | TlsFailure::UnusableCertificate) => {
            Some("use --tls-ca FILE to trust the certificate authority in FILE")
        }
        Some(TlsFailure::WrongName) => {
            Some("the certificate is for another host name: use that name in the URL")
        }
        Some(TlsFailure::Expired) => {
            Some("the certificate has expired, or the clock of this machine is wrong")
        }
        Some(_) => None,
        None if error.kind() == ErrorKind::Auth => {
            Some("set OXFTP_PASSWORD, or use --netrc; the user is that of the URL or of --user")
        }
        None => None,
    }
}

const USAGE: u8 = 2;
const CONNECT: u8 = 3;
const TLS: u8 = 4;
const LOGIN: u8 = 5;
const NOT_FOUND: u8 = 6;
const REFUSED: u8 = 7;
const DATA: u8 = 8;
const LOCAL: u8 = 9;
const TIMEOUT: u8 = 10;
const PROTOCOL: u8 = 11;
const INTERRUPTED: u8 = 130;

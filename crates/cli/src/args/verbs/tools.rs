//! Verbs about the protocol and the program itself.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, ValueEnum};
use oxftp::{Encoding, ServerZone};

use crate::args::{ConnectionArgs, Listed, Moment};

#[derive(Debug, Args)]
pub(crate) struct RawArgs {
    /// Where to; its path is entered first
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    /// A command and its arguments, as one word
    #[arg(value_name = "COMMAND", required = true)]
    pub(crate) commands: Vec<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ProbeArgs {
    /// Prints one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// What to look at; its path is listed
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ParseListingArgs {
    /// The format: auto, list (any of LIST), mlsd, unix, dos, eplf, vms, mvs, zvm, os400, os2,
    /// netware, nonstop, connect-enterprise, supertcp, wince, vxworks, vshell, os9, wfftp or dls
    #[arg(long, value_name = "FORMAT", default_value = "auto")]
    pub(crate) format: Listed,
    /// What day it is, for dates without a year, as in 2024-05-01T12:00Z [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<Moment>,
    /// The zone of the times that tell none, as in Europe/Berlin, UTC or +02:00
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub(crate) zone: Option<ServerZone>,
    /// What the server says of itself (SYST)
    #[arg(long, value_name = "TEXT")]
    pub(crate) syst: Option<String>,
    /// The encoding of names
    #[arg(long, value_name = "LABEL", default_value = "utf-8")]
    pub(crate) encoding: Encoding,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The directory to serve
    #[arg(value_name = "DIR")]
    pub(crate) directory: PathBuf,
    /// Where to listen; port 0 is any that is free
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:2121")]
    pub(crate) bind: SocketAddr,
    /// Allows an address that others can reach
    #[arg(long)]
    pub(crate) public: bool,
    /// Lets clients change files
    #[arg(long)]
    pub(crate) writable: bool,
    /// Demands TLS: explicit (ftpes://) or implicit (ftps://)
    #[arg(long, value_name = "WHEN", num_args = 0..=1, require_equals = true, default_missing_value = "explicit")]
    pub(crate) tls: Option<ServeTls>,
    /// Writes the certificate to trust to this file [default: a temporary one]
    #[arg(long, value_name = "FILE", requires = "tls")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Lets in this user only; without it, anybody
    #[arg(long, value_name = "USER[:PASSWORD]")]
    pub(crate) user: Option<String>,
    /// Reads the user's password from the first line of this file; - is stdin
    #[arg(long, value_name = "FILE", requires = "user")]
    pub(crate) password_file: Option<PathBuf>,
}

/// When a served connection turns to TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ServeTls {
    Explicit,
    Implicit,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// The size of the largest file, in MiB
    #[arg(long, value_name = "MIB", default_value = "64", value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub(crate) size: u32,
}

//! The verbs and their own flags.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use globset::{Glob, GlobMatcher};
use oxftp::{Encoding, Order, ServerZone, Verify};

use super::{ByteRange, ConnectionArgs, Fetched, Jobs, Listed, MirrorArgs, Mode, Moment, Size, Stored};

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Lists a directory
    #[command(after_help = "Example: oxftp ls -l ftp://example.org/pub/")]
    Ls(LsArgs),
    /// Downloads files and trees
    #[command(after_help = "Example: oxftp get -r -d backup ftpes://me@example.org/www")]
    Get(GetArgs),
    /// Uploads files and trees
    #[command(after_help = "Example: oxftp put -r site ftpes://me@example.org/www/")]
    Put(PutArgs),
    /// Makes a tree like another, here or on a server
    #[command(after_help = "Example: oxftp mirror --delete site ftpes://me@example.org/www")]
    Mirror(MirrorArgs),
    /// Writes files to stdout
    #[command(after_help = "Example: oxftp cat ftp://example.org/pub/log.gz | zcat")]
    Cat(CatArgs),
    /// Removes files and trees
    #[command(after_help = "Example: oxftp rm -r ftpes://me@example.org/www/old")]
    Rm(RmArgs),
    /// Removes empty directories
    #[command(after_help = "Example: oxftp rmdir ftpes://me@example.org/www/old")]
    Rmdir(RmdirArgs),
    /// Makes directories
    #[command(after_help = "Example: oxftp mkdir -p ftpes://me@example.org/www/a/b")]
    Mkdir(MkdirArgs),
    /// Renames or moves
    #[command(after_help = "Example: oxftp mv ftpes://me@example.org/draft.txt final.txt")]
    Mv(MvArgs),
    /// Sets permissions
    #[command(after_help = "Example: oxftp chmod 644 ftpes://me@example.org/www/index.html")]
    Chmod(ChmodArgs),
    /// Sets the time of files, and makes those that are missing
    #[command(after_help = "Example: oxftp touch -d 2024-05-01T12:00Z ftpes://me@example.org/www/index.html")]
    Touch(TouchArgs),
    /// Copies a file from one server to another, straight
    #[command(after_help = "Example: oxftp fxp ftpes://me@example.org/a.iso ftpes://me@example.net/isos/")]
    Fxp(FxpArgs),
    /// Says what something is
    #[command(after_help = "Example: oxftp stat --json ftp://example.org/pub/readme.txt")]
    Stat(StatArgs),
    /// Searches a tree
    #[command(after_help = "Example: oxftp find --name '*.log' --larger 10M ftp://example.org/pub/")]
    Find(FindArgs),
    /// Sends commands and prints the replies
    #[command(after_help = "Example: oxftp raw ftpes://me@example.org/ SYST 'SITE CHMOD 644 index.html'")]
    Raw(RawArgs),
    /// Reads the lines of LIST or MLSD on stdin and prints each as JSON
    #[command(after_help = "Example: oxftp parse-listing --now 2024-05-01 < listing.txt")]
    ParseListing(ParseListingArgs),
    /// Serves a directory, for trying and testing
    #[command(after_help = "Example: oxftp serve . --writable --tls")]
    Serve(ServeArgs),
    /// Uploads a tree to a server of its own, fetches it back and compares
    #[command(after_help = "Example: oxftp demo")]
    Demo(DemoArgs),
}

#[derive(Debug, Args)]
pub(crate) struct LsArgs {
    /// Shows kind, mode, size and time
    #[arg(short, long)]
    pub(crate) long: bool,
    /// Shows names that begin with a dot, too
    #[arg(short, long)]
    pub(crate) all: bool,
    /// Lists the directories below, too
    #[arg(short = 'R', long)]
    pub(crate) recursive: bool,
    /// Prints a JSON object on a line for each
    #[arg(long, conflicts_with = "long")]
    pub(crate) json: bool,
    /// What to list
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct GetArgs {
    /// Downloads directories with everything in them
    #[arg(short, long)]
    pub(crate) recursive: bool,
    /// Goes on where an earlier download stopped
    #[arg(short = 'c', long = "continue")]
    pub(crate) resume: bool,
    /// Downloads a part: FROM-TO counts bytes from 0 and includes both, FROM- goes to the end, -N
    /// is the last N
    #[arg(long, value_name = "FROM-TO", allow_hyphen_values = true, conflicts_with_all = ["recursive", "resume"])]
    pub(crate) range: Option<ByteRange>,
    /// Fetches a large file in parts, over so many connections at once [default: up to 4 with -j auto, else 1]
    #[arg(long, value_name = "N", conflicts_with_all = ["recursive", "range"])]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) segments: Option<u16>,
    /// Names the result, with -r the root of the tree; - is stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Puts the result into this directory
    #[arg(short, long, value_name = "DIR", conflicts_with = "output")]
    pub(crate) directory: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) fetched: Fetched,
    /// What to download
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,
    #[command(flatten)]
    pub(crate) many: ManyArgs,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PutArgs {
    /// Uploads directories with everything in them
    #[arg(short, long)]
    pub(crate) recursive: bool,
    /// Goes on behind what the server has already
    #[arg(short = 'c', long = "continue")]
    pub(crate) resume: bool,
    /// Gives the files on the server the times of the local ones
    #[arg(short, long)]
    pub(crate) times: bool,
    #[command(flatten)]
    pub(crate) stored: Stored,
    /// Puts the sources into this directory, seen from the URL's path
    #[arg(short, long, value_name = "REMOTE_DIR")]
    pub(crate) directory: Option<String>,
    /// What to upload; - is stdin
    #[arg(value_name = "SRC", required = true)]
    pub(crate) sources: Vec<PathBuf>,
    /// Where to: a directory if it ends in /, else the new name
    #[arg(value_name = "URL", required = true)]
    pub(crate) url: String,
    #[command(flatten)]
    pub(crate) many: ManyArgs,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// How many files at once, and which first.
#[derive(Debug, Args)]
pub(crate) struct ManyArgs {
    /// Transfers over at most so many connections; auto takes more, up to 16, while that is faster
    #[arg(short, long, value_name = "N", default_value = "auto")]
    pub(crate) jobs: Jobs,
    /// Which files of a tree come first: found (as they are listed), largest, smallest or name
    #[arg(long, value_name = "ORDER", default_value = "found", hide_possible_values = true)]
    pub(crate) order: FilesFirst,
    /// Compares each file with the server's once more: by size or hash
    #[arg(long, value_name = "HOW", hide_possible_values = true)]
    pub(crate) verify: Option<VerifyBy>,
}

/// How files are compared with the server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum VerifyBy {
    Size,
    Hash,
}

impl From<VerifyBy> for Verify {
    fn from(by: VerifyBy) -> Self {
        match by {
            VerifyBy::Size => Self::Size,
            VerifyBy::Hash => Self::Hash,
        }
    }
}

/// Which files of a tree come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FilesFirst {
    Found,
    Largest,
    Smallest,
    Name,
}

impl From<FilesFirst> for Order {
    fn from(first: FilesFirst) -> Self {
        match first {
            FilesFirst::Found => Self::AsFound,
            FilesFirst::Largest => Self::LargestFirst,
            FilesFirst::Smallest => Self::SmallestFirst,
            FilesFirst::Name => Self::Name,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct CatArgs {
    /// Transfers text: line ends become those of this system
    #[arg(long)]
    pub(crate) ascii: bool,
    /// What to print
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RmArgs {
    /// Removes directories with everything in them
    #[arg(short, long)]
    pub(crate) recursive: bool,
    /// Does not mind what is not there
    #[arg(short, long)]
    pub(crate) force: bool,
    /// What to remove
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct MkdirArgs {
    /// Makes what is missing above, and does not mind what exists
    #[arg(short, long)]
    pub(crate) parents: bool,
    /// What to make
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct MvArgs {
    /// What to rename
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    /// Its new path as the server is to read it: relative to the login directory, or absolute with
    /// a / at its start
    #[arg(value_name = "PATH")]
    pub(crate) path: String,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RmdirArgs {
    /// What to remove
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ChmodArgs {
    /// The permissions in octal, as in 644
    #[arg(value_name = "MODE")]
    pub(crate) mode: Mode,
    /// What to change
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct TouchArgs {
    /// The time to set, as in 2024-05-01T12:00Z [default: now]
    #[arg(short, long, value_name = "TIME")]
    pub(crate) date: Option<Moment>,
    /// Makes no files
    #[arg(short = 'c', long)]
    pub(crate) no_create: bool,
    /// What to touch
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct FxpArgs {
    /// What to copy
    #[arg(value_name = "SRC_URL")]
    pub(crate) source: String,
    /// Where to: a directory if it ends in /, else the new name
    #[arg(value_name = "DST_URL")]
    pub(crate) target: String,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct StatArgs {
    /// Prints a JSON object on a line for each
    #[arg(long)]
    pub(crate) json: bool,
    /// What to ask about
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct FindArgs {
    /// Finds names that match a pattern, as in *.log
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    pub(crate) name: Option<GlobMatcher>,
    /// Finds files (f), directories (d) or symbolic links (l), or several of them: f,l
    #[arg(long = "type", value_name = "KINDS", value_delimiter = ',', hide_possible_values = true)]
    pub(crate) kinds: Vec<KindWanted>,
    /// Finds what was modified after this time, as in 2024-05-01T12:00Z
    #[arg(long, value_name = "TIME")]
    pub(crate) newer: Option<Moment>,
    /// Finds files of more than so many bytes, as in 500k or 2M
    #[arg(long, value_name = "SIZE")]
    pub(crate) larger: Option<Size>,
    /// Prints a JSON object on a line for each
    #[arg(long)]
    pub(crate) json: bool,
    /// Where to search
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// A kind that is searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KindWanted {
    #[value(name = "f")]
    File,
    #[value(name = "d")]
    Directory,
    #[value(name = "l")]
    Link,
}

/// Reads a pattern in which `*` stands for any characters, `/` too: it is compared with names.
fn glob(pattern: &str) -> Result<GlobMatcher, String> {
    Glob::new(pattern).map(|glob| glob.compile_matcher()).map_err(|error| error.kind().to_string())
}

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

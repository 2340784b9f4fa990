//! The verbs and their own flags.

mod changes;
mod content;
mod program;
mod questions;
mod tools;

pub(crate) use changes::{ChmodArgs, MkdirArgs, MvArgs, RmArgs, RmdirArgs, TouchArgs};
pub(crate) use content::{CatArgs, FxpArgs, HeadArgs, RcatArgs};
pub(crate) use program::{BookmarkAction, BookmarkArgs, CompletionsArgs, ManArgs, ShellArgs};
pub(crate) use questions::{DuArgs, FindArgs, KindWanted, LsArgs, StatArgs};
pub(crate) use tools::{DemoArgs, ParseListingArgs, ProbeArgs, RawArgs, ServeArgs, ServeTls};

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use oxftp::{Order, Verify};

use super::{ByteRange, ConnectionArgs, EventArgs, Fetched, Jobs, MirrorArgs, Stored};

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
    /// Writes the beginning of a file to stdout
    #[command(after_help = "Example: oxftp head -c 1k ftp://example.org/pub/log.txt")]
    Head(HeadArgs),
    /// Writes stdin to a file on the server
    #[command(after_help = "Example: tar cz site | oxftp rcat ftpes://me@example.org/site.tgz")]
    Rcat(RcatArgs),
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
    /// Adds up the sizes of files in directories
    #[command(after_help = "Example: oxftp du -s -h ftp://example.org/pub/")]
    Du(DuArgs),
    /// Sends commands and prints the replies
    #[command(after_help = "Example: oxftp raw ftpes://me@example.org/ SYST 'SITE CHMOD 644 index.html'")]
    Raw(RawArgs),
    /// Finds out what a server is and can do
    #[command(after_help = "Example: oxftp probe ftpes://me@example.org/")]
    Probe(ProbeArgs),
    /// Takes commands, one after the other, with names completed
    #[command(
        after_help = "Example: oxftp shell ftpes://me@example.org/www; its command help lists the others"
    )]
    Shell(ShellArgs),
    /// Reads the lines of LIST or MLSD on stdin and prints each as JSON
    #[command(after_help = "Example: oxftp parse-listing --now 2024-05-01 < listing.txt")]
    ParseListing(ParseListingArgs),
    /// Serves a directory, for trying and testing
    #[command(after_help = "Example: oxftp serve . --writable --tls")]
    Serve(ServeArgs),
    /// Uploads a tree to a server of its own, fetches it back and compares
    #[command(after_help = "Example: oxftp demo")]
    Demo(DemoArgs),
    /// Keeps names for URLs: @NAME and @NAME/PATH stand for them
    #[command(after_help = "Example: oxftp bookmark add work ftpes://me@example.org/www; oxftp ls @work/img")]
    Bookmark(BookmarkArgs),
    /// Prints what a shell needs to complete words
    #[command(
        after_help = "Example: oxftp completions bash > ~/.local/share/bash-completion/completions/oxftp"
    )]
    Completions(CompletionsArgs),
    /// Writes manual pages
    #[command(after_help = "Example: oxftp man | man -l -")]
    Man(ManArgs),
}

impl Verb {
    /// Tells whether events are wanted in place of a display.
    pub(crate) fn tells_events(&self) -> bool {
        match self {
            Self::Get(args) => args.events.json,
            Self::Put(args) => args.events.json,
            _ => false,
        }
    }
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
    pub(crate) events: EventArgs,
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
    pub(crate) events: EventArgs,
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
    /// Compares each file with the server's once more: by size, by hash, or off [default: by size where that costs next
    /// to nothing]
    #[arg(long, value_name = "HOW", hide_possible_values = true)]
    pub(crate) verify: Option<VerifyBy>,
}

/// How files are compared with the server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum VerifyBy {
    Size,
    Hash,
    Off,
}

impl From<VerifyBy> for Verify {
    fn from(by: VerifyBy) -> Self {
        match by {
            VerifyBy::Size => Self::Size,
            VerifyBy::Hash => Self::Hash,
            VerifyBy::Off => Self::Nothing,
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

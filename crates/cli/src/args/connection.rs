//! Flags of every verb that connects.

use std::{net::IpAddr, path::PathBuf};

use clap::{Args, ValueEnum};
use oxftp::{Encoding, ListCommand, Pipelining, ServerZone, TlsVersion};

use super::{ActiveAt, FlowArgs, Rate, Seconds};

/// Login, TLS, and how connections are made.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionArgs {
    #[command(flatten)]
    pub(crate) login: LoginArgs,
    #[command(flatten, next_help_heading = "Connection")]
    pub(crate) tls: TlsArgs,
    #[command(flatten, next_help_heading = "Connection")]
    pub(crate) network: NetworkArgs,
}

/// Who logs in.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct LoginArgs {
    /// Logs in as this user, where the URL names none
    #[arg(long, value_name = "USER[:PASSWORD]")]
    pub(crate) user: Option<String>,
    /// Reads the password from the first line of this file; - is stdin
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// Takes users and passwords from ~/.netrc, which nobody else may be able to read
    #[arg(long, conflicts_with = "netrc_file")]
    pub(crate) netrc: bool,
    /// Takes users and passwords from this file, as from ~/.netrc
    #[arg(long, value_name = "FILE")]
    pub(crate) netrc_file: Option<PathBuf>,
}

/// What TLS must be like.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct TlsArgs {
    /// Trusts the authorities in this PEM file, and no others
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_ca: Vec<PathBuf>,
    /// Shows the server this certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The private key of that certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// The least TLS version, 1.2 or 1.3
    #[arg(long, value_name = "VERSION", hide_possible_values = true)]
    pub(crate) tls_min: Option<Version>,
    /// The greatest TLS version, 1.2 or 1.3
    #[arg(long, value_name = "VERSION", hide_possible_values = true)]
    pub(crate) tls_max: Option<Version>,
    /// Turns TLS on for ftp:// where the server offers it, and goes on in clear where it does not: protects from
    /// listeners only
    #[arg(long)]
    pub(crate) tls_if_offered: bool,
    /// Accepts any certificate, even an attacker's
    #[arg(long, conflicts_with = "tls_ca")]
    pub(crate) insecure: bool,
}

/// How connections are made.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct NetworkArgs {
    /// Goes through a proxy: socks5://, socks4a:// or http://, with user:password@ and :port where they are needed;
    /// none goes straight [default: ftp_proxy or all_proxy of the environment, but for hosts in no_proxy]
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// Lets the server connect to this side, at this address and these ports if given
    #[arg(long, value_name = "ADDR[:PORTS]", num_args = 0..=1, require_equals = true, default_missing_value = ":")]
    #[arg(value_parser = active)]
    pub(crate) active: Option<ActiveAt>,
    /// Asks by PASV alone
    #[arg(long)]
    pub(crate) no_epsv: bool,
    /// Logs in to this virtual host of the server (HOST)
    #[arg(long, value_name = "NAME")]
    pub(crate) virtual_host: Option<String>,
    /// The encoding of names, such as latin1
    #[arg(long, value_name = "LABEL", default_value = "utf-8", hide_default_value = true)]
    pub(crate) encoding: Encoding,
    /// Sends control characters in names and commands, for files that have them in their names
    #[arg(long)]
    pub(crate) control_characters: bool,
    /// Lists by this command alone: mlsd, list or stat [default: mlsd, then list]
    #[arg(long, value_name = "COMMAND", hide_possible_values = true)]
    pub(crate) list_by: Option<ListBy>,
    /// The zone of the server's clock, as in Europe/Berlin or +02:00, for listings that do not tell it
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub(crate) server_zone: Option<ServerZone>,
    /// Gives up connecting after so many seconds; 0 is never [default: 15]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) connect_timeout: Option<Seconds>,
    /// Gives up after so many seconds of silence; 0 is never [default: 30 for a reply, 60 for data]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) timeout: Option<Seconds>,
    /// Tries again so many times what fails for a passing reason: opening a connection, and each file of get and put
    #[arg(long, value_name = "N", default_value = "2")]
    pub(crate) retries: u32,
    /// Transfers at most so many bytes a second, as in 500k or 2M
    #[arg(long, value_name = "RATE")]
    pub(crate) limit_rate: Option<Rate>,
    /// Asks for the next file before the present one is answered: auto (where the server takes it), on or off
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub(crate) pipelining: PipeliningWhen,
    #[command(flatten)]
    pub(crate) flow: FlowArgs,
    /// Connects from this local address
    #[arg(long, value_name = "ADDR")]
    pub(crate) bind: Option<IpAddr>,
    /// Uses IPv4 only
    #[arg(short = '4', long, conflicts_with = "ipv6")]
    pub(crate) ipv4: bool,
    /// Uses IPv6 only
    #[arg(short = '6', long)]
    pub(crate) ipv6: bool,
}

/// A command that lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListBy {
    Mlsd,
    List,
    Stat,
}

impl From<ListBy> for ListCommand {
    fn from(by: ListBy) -> Self {
        match by {
            ListBy::Mlsd => Self::Mlsd,
            ListBy::List => Self::List,
            ListBy::Stat => Self::Stat,
        }
    }
}

/// When the next file is asked for early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PipeliningWhen {
    Auto,
    On,
    Off,
}

impl From<PipeliningWhen> for Pipelining {
    fn from(when: PipeliningWhen) -> Self {
        match when {
            PipeliningWhen::Auto => Self::Auto,
            PipeliningWhen::On => Self::On,
            PipeliningWhen::Off => Self::Off,
        }
    }
}

/// A version of TLS as people write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, ValueEnum)]
pub(crate) enum Version {
    #[value(name = "1.2")]
    Tls12,
    #[value(name = "1.3")]
    Tls13,
}

impl From<Version> for TlsVersion {
    fn from(version: Version) -> Self {
        match version {
            Version::Tls12 => Self::Tls12,
            Version::Tls13 => Self::Tls13,
        }
    }
}

fn active(text: &str) -> Result<ActiveAt, &'static str> {
    if text == ":" { Ok(ActiveAt::default()) } else { text.parse() }
}

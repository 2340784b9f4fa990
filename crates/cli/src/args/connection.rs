//! Connection flags: login, TLS and network.

use std::{net::IpAddr, path::PathBuf};

use clap::{Args, ValueEnum};
use oxftp::{Command, Encoding, ListCommand, Pipelining, ServerZone, TlsVersion};

use super::{ActiveAt, Fingerprint, RateTimetable, TimeoutSeconds, local_path};

/// Flags of every command that connects.
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

/// User and password.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct LoginArgs {
    /// Log in as this user, unless the URL names one
    #[arg(long, value_name = "USER[:PASSWORD]")]
    pub(crate) user: Option<String>,
    /// Read the password from the first line of this file; - is stdin
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// Run this command and read the password from the first line that it prints; OXFTP_USER and OXFTP_HOST tell it which
    #[arg(long, value_name = "COMMAND", conflicts_with = "password_file")]
    pub(crate) password_command: Option<String>,
    /// Read the password from the keyring of the desktop; one that is typed is stored there after the login. =new asks for
    /// it even if the keyring has one
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "read")]
    #[arg(hide_possible_values = true)]
    pub(crate) keyring: Option<KeyringArg>,
    /// Read users and passwords from ~/.netrc, which must be readable by you only
    #[arg(long, conflicts_with = "netrc_file")]
    pub(crate) netrc: bool,
    /// Read users and passwords from this file instead of ~/.netrc
    #[arg(long, value_name = "FILE")]
    pub(crate) netrc_file: Option<PathBuf>,
}

/// Use of the keyring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyringArg {
    /// Read the password; ask for one that the keyring does not have.
    Read,
    /// Ask for the password, and replace the one in the keyring.
    New,
}

/// TLS versions and certificates.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct TlsArgs {
    /// Trust only the certificates in this PEM file: authorities, or the self-signed certificate of the server
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_ca: Vec<PathBuf>,
    /// Trust only the certificate with this SHA-256 fingerprint, whatever its host names and dates; probe shows it
    /// (repeatable)
    #[arg(long, value_name = "sha256:HEX", conflicts_with_all = ["tls_ca", "insecure"])]
    pub(crate) tls_pin: Vec<Fingerprint>,
    /// Trust the certificates in this file, lines HOST:PORT sha256:HEX; on a terminal, ask about other certificates that cannot
    /// be verified, and add them; none turns this off [default: ~/.config/oxftp/known_hosts]
    #[arg(long, value_name = "FILE", value_parser = local_path())]
    pub(crate) known_hosts: Option<PathBuf>,
    /// Send this client certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key of the client certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Minimum TLS version, 1.2 or 1.3
    #[arg(long, value_name = "VERSION", hide_possible_values = true)]
    pub(crate) tls_min: Option<TlsVersionArg>,
    /// Maximum TLS version, 1.2 or 1.3
    #[arg(long, value_name = "VERSION", hide_possible_values = true)]
    pub(crate) tls_max: Option<TlsVersionArg>,
    /// Use TLS with ftp:// if the server offers it, else send everything unencrypted; no protection against an active
    /// attacker
    #[arg(long)]
    pub(crate) tls_if_offered: bool,
    /// Accept any certificate, even an attacker's
    #[arg(long, conflicts_with = "tls_ca")]
    pub(crate) insecure: bool,
}

/// Network connections, listings and timeouts.
#[derive(Debug, Clone, PartialEq, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct NetworkArgs {
    /// Connect through a proxy: socks5://, socks4a:// or http:// (the default), with user:password@ and :port if needed; none
    /// connects directly [default: ftp_proxy or all_proxy of the environment, except for hosts in no_proxy]
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// Use active mode: the server connects to this machine, at this address and these ports if given
    #[arg(long, value_name = "ADDR[:PORTS]", num_args = 0..=1, require_equals = true, default_missing_value = ":")]
    #[arg(value_parser = active)]
    pub(crate) active: Option<ActiveAt>,
    /// Disable EPSV; use PASV only
    #[arg(long)]
    pub(crate) no_epsv: bool,
    /// Log in to this virtual host of the server (HOST)
    #[arg(long, value_name = "NAME")]
    pub(crate) virtual_host: Option<String>,
    /// Send this FTP command after each login, as in 'SITE UMASK 022'; with - before it, a refusal is no error
    #[arg(long, value_name = "COMMAND", allow_hyphen_values = true, value_parser = ftp_command)]
    pub(crate) on_login: Vec<String>,
    /// Send this FTP command before each file of get, put and mirror
    #[arg(long, value_name = "COMMAND", allow_hyphen_values = true, value_parser = ftp_command)]
    pub(crate) before: Vec<String>,
    /// Send this FTP command after each file of get, put and mirror
    #[arg(long, value_name = "COMMAND", allow_hyphen_values = true, value_parser = ftp_command)]
    pub(crate) after: Vec<String>,
    /// Encoding of file names, such as latin1
    #[arg(long, value_name = "LABEL", default_value = "utf-8", hide_default_value = true)]
    pub(crate) encoding: Encoding,
    /// Allow control characters in commands, for files that have them in their names
    #[arg(long)]
    pub(crate) control_characters: bool,
    /// List with this command only: mlsd, list or stat [default: mlsd, then list]
    #[arg(long, value_name = "COMMAND", hide_possible_values = true)]
    pub(crate) list_by: Option<ListCommandArg>,
    /// Time zone of the server, such as Europe/Berlin or +02:00, for listings that do not contain it
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub(crate) server_zone: Option<ServerZone>,
    /// Timeout for connecting, in seconds; 0 disables it [default: 15]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) connect_timeout: Option<TimeoutSeconds>,
    /// Timeout without any response, in seconds; 0 disables it [default: 30 for a reply, 60 for data]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) timeout: Option<TimeoutSeconds>,
    /// Retry N times after a temporary failure: opening a connection, each file, and each listing or command of other verbs
    /// after a lost connection
    #[arg(long, value_name = "N", default_value = "2")]
    pub(crate) retries: u32,
    /// Limit the transfer rate in bytes per second, as in 500k, 2M or 5MiB/s; a timetable is "08:00,512k 19:00,off", in local
    /// time
    #[arg(long, value_name = "RATE")]
    pub(crate) limit_rate: Option<RateTimetable>,
    /// Send the commands for the next file before the current reply: auto (if the server allows it), on or off
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub(crate) pipelining: PipeliningArg,
    /// Compress data in transit if the server offers it (MODE Z)
    #[arg(long)]
    pub(crate) compress: bool,
    /// Send NOOP at this interval during transfers, for routers that drop idle control connections
    #[arg(long, value_name = "SECONDS")]
    pub(crate) noop_during_transfers: Option<TimeoutSeconds>,
    /// Timeout for the server's reply at the end of a transfer, in seconds; 0 disables it [default: 300, or --timeout]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) completion_timeout: Option<TimeoutSeconds>,
    /// Connect from this local address
    #[arg(long, value_name = "ADDR")]
    pub(crate) bind: Option<IpAddr>,
    /// Use IPv4 only
    #[arg(short = '4', long, conflicts_with = "ipv6")]
    pub(crate) ipv4: bool,
    /// Use IPv6 only
    #[arg(short = '6', long)]
    pub(crate) ipv6: bool,
}

/// Values of `--list-by`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListCommandArg {
    Mlsd,
    List,
    Stat,
}

impl From<ListCommandArg> for ListCommand {
    fn from(by: ListCommandArg) -> Self {
        match by {
            ListCommandArg::Mlsd => Self::Mlsd,
            ListCommandArg::List => Self::List,
            ListCommandArg::Stat => Self::Stat,
        }
    }
}

/// Values of `--pipelining`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PipeliningArg {
    Auto,
    On,
    Off,
}

impl From<PipeliningArg> for Pipelining {
    fn from(when: PipeliningArg) -> Self {
        match when {
            PipeliningArg::Auto => Self::Auto,
            PipeliningArg::On => Self::On,
            PipeliningArg::Off => Self::Off,
        }
    }
}

/// Values of `--tls-min` and `--tls-max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, ValueEnum)]
pub(crate) enum TlsVersionArg {
    #[value(name = "1.2")]
    Tls12,
    #[value(name = "1.3")]
    Tls13,
}

impl From<TlsVersionArg> for TlsVersion {
    fn from(version: TlsVersionArg) -> Self {
        match version {
            TlsVersionArg::Tls12 => Self::Tls12,
            TlsVersionArg::Tls13 => Self::Tls13,
        }
    }
}

/// Checks a command of the user. A hyphen before it allows a refusal.
fn ftp_command(text: &str) -> Result<String, String> {
    let command = text.strip_prefix('-').unwrap_or(text);
    match Command::raw(command, Encoding::UTF_8) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn active(text: &str) -> Result<ActiveAt, &'static str> {
    if text == ":" { Ok(ActiveAt::default()) } else { text.parse() }
}

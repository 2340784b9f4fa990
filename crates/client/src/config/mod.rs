//! Client configuration: [`ClientBuilder`] and the [`Config`] that it builds.

pub(crate) mod list_command;
mod login_options;
pub(crate) mod pipelining;
pub(crate) mod timeouts;
mod tls_mode;

pub use self::login_options::Utf8;
pub(crate) use self::login_options::{LoginOptions, UserCommand};
pub(crate) use self::tls_mode::TlsMode;
pub use oxftp_proto::listing::ParserOrder;

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use oxftp_proto::{Encoding, Limits, ServerZone, dialog::PassiveMode, listing::LineParser};

use crate::{
    ActiveMode, FtpUrl, ListCommand, Pipelining, Scheme, Throttle, Timeouts,
    capabilities::optional_commands::KnownServers,
    connect::{Connector, TcpConnector},
    local_fs::{FileSystem, LocalFs, TimeoutFs},
};

/// Builder for a [`Client`](crate::Client).
///
/// Clones of a builder share the experience of their clients with optional commands: a command that a server never
/// answers, or after which it closes the connection, is not sent to this server again.
///
/// ```no_run
/// use std::time::Duration;
/// use oxftp::{Client, Credentials, TlsConfig};
///
/// # async fn example() -> oxftp::Result<()> {
/// let mut client = Client::builder()
///     .explicit_tls(TlsConfig::new())
///     .socket_timeout(Duration::from_secs(20))
///     .read_limit(1024 * 1024)
///     .connect("ftp.example.org")
///     .await?;
/// client.login(Credentials::new("me", "secret")).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ClientBuilder {
    config: Config,
}

/// Configuration of a client; shared by the sessions of a pool.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) connector: Arc<dyn Connector>,
    pub(crate) timeouts: Timeouts,
    pub(crate) throttle: Throttle,
    pub(crate) file_system: Arc<dyn FileSystem>,
    pub(crate) file_system_timeout: Option<Duration>,
    pub(crate) upload_records: Option<PathBuf>,
    pub(crate) encoding: Encoding,
    pub(crate) tls: TlsMode,
    pub(crate) passive: Vec<PassiveMode>,
    pub(crate) active: Option<ActiveMode>,
    pub(crate) trust_passive_address: bool,
    pub(crate) list_parser: Option<(Arc<dyn LineParser>, ParserOrder)>,
    pub(crate) list_command: Option<ListCommand>,
    pub(crate) list_all: bool,
    pub(crate) server_zone: Option<ServerZone>,
    pub(crate) pipelining: Pipelining,
    pub(crate) limits: Limits,
    pub(crate) compress: bool,
    pub(crate) keep_alive: Option<Duration>,
    pub(crate) login_options: LoginOptions,
    pub(crate) known_servers: Arc<KnownServers>,
    pub(crate) reconnects: u32,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self::new()
    }
}

/// Creates a builder as [`ClientBuilder::from_url`] does.
impl From<&FtpUrl> for ClientBuilder {
    fn from(url: &FtpUrl) -> Self {
        Self::from_url(url)
    }
}

impl ClientBuilder {
    pub(crate) fn new() -> Self {
        Self {
            config: Config {
                connector: Arc::new(TcpConnector::new()),
                timeouts: Timeouts::default(),
                throttle: Throttle::unlimited(),
                file_system: Arc::new(LocalFs::new()),
                file_system_timeout: None,
                upload_records: None,
                encoding: Encoding::UTF_8,
                tls: TlsMode::Off,
                passive: vec![PassiveMode::Epsv, PassiveMode::Pasv],
                active: None,
                trust_passive_address: false,
                list_parser: None,
                list_command: None,
                list_all: true,
                server_zone: None,
                pipelining: Pipelining::default(),
                limits: Limits::default(),
                compress: false,
                keep_alive: None,
                login_options: LoginOptions::default(),
                known_servers: Arc::default(),
                reconnects: 0,
            },
        }
    }

    /// Creates a builder for the server of a URL: its scheme selects the TLS mode, with the system's trust anchors.
    ///
    /// Without the feature `tls`, connecting to an `ftps` or `ftpes` URL is [`Error::FeatureMissing`](crate::Error).
    ///
    /// ```no_run
    /// use oxftp::{ClientBuilder, FtpUrl};
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let url: FtpUrl = "ftpes://me:secret@ftp.example.org/pub".parse()?;
    /// let mut client = ClientBuilder::from_url(&url).connect(url.host()).await?;
    /// client.login(url.credentials()).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn from_url(url: &FtpUrl) -> Self {
        let builder = Self::new();
        match url.scheme() {
            Scheme::Ftp => builder,
            #[cfg(feature = "tls")]
            Scheme::Ftpes => builder.explicit_tls(crate::TlsConfig::new()),
            #[cfg(feature = "tls")]
            Scheme::Ftps => builder.implicit_tls(crate::TlsConfig::new()),
            #[cfg(not(feature = "tls"))]
            Scheme::Ftpes | Scheme::Ftps => {
                let mut builder = builder;
                builder.config.tls = TlsMode::Missing;
                builder
            }
        }
    }

    /// Sets a local directory in which uploads in progress are recorded: the version of each file, and the name to
    /// which it is sent. Defaults to none. It is created when needed.
    ///
    /// A later upload with [`resume`](crate::Upload::resume) then continues an interrupted one after a short comparison,
    /// and finds its [temporary name](crate::Upload::temporary) again. Files below 1 MiB are recorded only when they are
    /// interrupted or have a temporary name. A record has less than 200 bytes, contains no name, and is removed when the
    /// upload is complete. Those of other uploads are removed after 30 days, or when there are more than a thousand.
    ///
    /// Some servers store files under other names than the given ones, and find them by those names only. A
    /// [mirror](crate::Pool::mirror_up) to such a server records the names here, so that the next one does not send
    /// unchanged files again. It still fails for these files.
    ///
    /// ```no_run
    /// let builder = oxftp::Client::builder().upload_records("/var/lib/publisher/uploads");
    /// ```
    #[must_use]
    pub fn upload_records(mut self, directory: impl Into<PathBuf>) -> Self {
        self.config.upload_records = Some(directory.into());
        self
    }

    /// Sets the connector that opens control and data connections. Defaults to [`TcpConnector`].
    ///
    /// ```
    /// use oxftp::connect::TcpConnector;
    ///
    /// let from = "192.0.2.7".parse().unwrap();
    /// let builder = oxftp::Client::builder().connector(TcpConnector::new().bind(from));
    /// ```
    #[must_use]
    pub fn connector(mut self, connector: impl Connector) -> Self {
        self.config.connector = Arc::new(connector);
        self
    }

    /// Sets the same deadline for every wait for the server (see [`Timeouts::all`]). Defaults to those of
    /// [`Timeouts`].
    ///
    /// ```
    /// let builder = oxftp::Client::builder().socket_timeout(std::time::Duration::from_secs(10));
    /// ```
    #[must_use]
    pub fn socket_timeout(self, deadline: Duration) -> Self {
        self.timeouts(Timeouts::all(deadline))
    }

    /// Sets all deadlines. Defaults to those of [`Timeouts`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use oxftp::Timeouts;
    ///
    /// let mut timeouts = Timeouts::default();
    /// timeouts.total = Some(Duration::from_secs(3600));
    /// let builder = oxftp::Client::builder().timeouts(timeouts);
    /// ```
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.config.timeouts = timeouts;
        self
    }

    /// Limits the receive rate in bytes per second, over all connections of the client. Defaults to no
    /// limit; 0 also means no limit.
    ///
    /// ```
    /// let builder = oxftp::Client::builder().read_limit(1_000_000);
    /// ```
    #[must_use]
    pub fn read_limit(self, bytes_per_second: u64) -> Self {
        self.config.throttle.set_read_limit(Some(bytes_per_second));
        self
    }

    /// Limits the send rate in bytes per second, over all connections of the client. Defaults to no limit;
    /// 0 also means no limit.
    ///
    /// ```
    /// let builder = oxftp::Client::builder().write_limit(1_000_000);
    /// ```
    #[must_use]
    pub fn write_limit(self, bytes_per_second: u64) -> Self {
        self.config.throttle.set_write_limit(Some(bytes_per_second));
        self
    }

    /// Sets a throttle, which several clients can share. Defaults to a separate throttle without limits.
    ///
    /// ```
    /// use oxftp::{Client, Throttle};
    ///
    /// let shared = Throttle::unlimited();
    /// let first = Client::builder().throttle(shared.clone());
    /// let second = Client::builder().throttle(shared.clone());
    /// shared.set_read_limit(Some(1_000_000)); // for both together
    /// ```
    #[must_use]
    pub fn throttle(mut self, throttle: Throttle) -> Self {
        self.config.throttle = throttle;
        self
    }

    /// Sets the deadline of each local file system operation. Defaults to none.
    ///
    /// ```
    /// let builder = oxftp::Client::builder().file_system_timeout(std::time::Duration::from_secs(10));
    /// ```
    #[must_use]
    pub fn file_system_timeout(mut self, deadline: Duration) -> Self {
        self.config.file_system_timeout = Some(deadline);
        self
    }

    /// Sets the file system that uploads read and downloads write. Defaults to [`LocalFs`].
    ///
    /// ```
    /// use oxftp::local_fs::MemoryFs;
    ///
    /// let memory = MemoryFs::new();
    /// let builder = oxftp::Client::builder().file_system(memory.clone());
    /// ```
    #[must_use]
    pub fn file_system(mut self, file_system: impl FileSystem) -> Self {
        self.config.file_system = Arc::new(file_system);
        self
    }

    /// Sets the encoding of remote paths. Defaults to UTF-8.
    ///
    /// ```
    /// let latin1 = "windows-1252".parse::<oxftp::Encoding>()?;
    /// let builder = oxftp::Client::builder().encoding(latin1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.config.encoding = encoding;
        self
    }

    /// Sets the passive commands and the order in which they are tried; the client remembers which one
    /// works. Defaults to `EPSV`, then `PASV`.
    ///
    /// An empty list keeps the default.
    ///
    /// ```
    /// let builder = oxftp::Client::builder().passive_commands([oxftp::PassiveMode::Pasv]);
    /// ```
    #[must_use]
    pub fn passive_commands(mut self, modes: impl Into<Vec<PassiveMode>>) -> Self {
        let modes = modes.into();
        if !modes.is_empty() {
            self.config.passive = modes;
        }
        self
    }

    /// Selects active mode: the server connects to the client (`EPRT`, then `PORT`). Defaults to passive
    /// mode.
    ///
    /// ```
    /// let builder = oxftp::Client::builder().active(oxftp::ActiveMode::new());
    /// ```
    #[must_use]
    pub fn active(mut self, mode: ActiveMode) -> Self {
        self.config.active = Some(mode);
        self
    }

    /// Sets whether the client connects to the address in a reply to `PASV` even if it is not the server's
    /// own address.
    ///
    /// Defaults to false, because a server could make the client connect to any other host.
    ///
    /// ```
    /// let builder = oxftp::Client::builder().trust_passive_address(true);
    /// ```
    #[must_use]
    pub fn trust_passive_address(mut self, trust: bool) -> Self {
        self.config.trust_passive_address = trust;
        self
    }

    /// Adds a parser for lines of `LIST`, before or after the built-in ones. Defaults to the built-in ones
    /// only.
    ///
    /// ```
    /// use oxftp::{Client, Entry, EntryKind, ParserOrder, Timestamp, listing::ListingError};
    ///
    /// // Lines such as `d pub` and `f a.txt`.
    /// fn parse(line: &[u8], _now: Timestamp) -> Result<Entry, ListingError> {
    ///     let (kind, name) = match line {
    ///         [b'd', b' ', name @ ..] => (EntryKind::Directory, name),
    ///         [b'f', b' ', name @ ..] => (EntryKind::File, name),
    ///         _ => return Err(ListingError::not_understood(line, "neither d nor f")),
    ///     };
    ///     let mut entry = Entry::new(name);
    ///     entry.kind = kind;
    ///     Ok(entry)
    /// }
    ///
    /// let builder = Client::builder().list_parser(parse, ParserOrder::First);
    /// ```
    #[must_use]
    pub fn list_parser(mut self, parser: impl LineParser + 'static, order: ParserOrder) -> Self {
        self.config.list_parser = Some((Arc::new(parser), order));
        self
    }

    /// Sets the only command that lists directories. Unless it is `MLSD`, the entry of a path is read from
    /// the listing of its parent. Defaults to `MLSD` and `MLST`, with `LIST` as the fallback.
    ///
    /// ```
    /// let builder = oxftp::Client::builder().list_command(oxftp::ListCommand::List);
    /// ```
    #[must_use]
    pub fn list_command(mut self, command: ListCommand) -> Self {
        self.config.list_command = Some(command);
        self
    }

    /// Sets whether listings by `LIST` request names that begin with a dot (`LIST -a`) if a server leaves them out
    /// otherwise. Defaults to true.
    ///
    /// The first listing by `LIST` is followed by one with `-a`, and the more complete one is used from then on; see
    /// [`Client::dot_names`](crate::Client::dot_names).
    ///
    /// ```
    /// let builder = oxftp::Client::builder().list_all(false);
    /// ```
    #[must_use]
    pub fn list_all(mut self, ask: bool) -> Self {
        self.config.list_all = ask;
        self
    }

    /// Sets the time zone of `LIST`. Defaults to unknown; see also
    /// [`Client::measure_server_zone`](crate::Client::measure_server_zone).
    ///
    /// ```
    /// let zone = "Europe/Oslo".parse::<oxftp::ServerZone>()?;
    /// let builder = oxftp::Client::builder().server_zone(zone);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn server_zone(mut self, zone: ServerZone) -> Self {
        self.config.server_zone = Some(zone);
        self
    }

    /// Sets whether the next file of a tree is requested before the server has replied to the current one.
    /// Defaults to [`Pipelining::Auto`].
    ///
    /// ```
    /// let builder = oxftp::Client::builder().pipelining(oxftp::Pipelining::Off);
    /// ```
    #[must_use]
    pub fn pipelining(mut self, pipelining: Pipelining) -> Self {
        self.config.pipelining = pipelining;
        self
    }

    /// Sets the limits on data received from a server. Defaults to those of [`Limits`].
    ///
    /// ```
    /// use oxftp::Limits;
    ///
    /// let mut limits = Limits::default();
    /// limits.tree_directories = 1_000;
    /// let builder = oxftp::Client::builder().limits(limits);
    /// ```
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.config.limits = limits;
        self
    }

    /// Sets whether listings and files are compressed during transfer, if the server offers it (`MODE Z`;
    /// draft-preston-ftpext-deflate). Defaults to false.
    ///
    /// Compression pays off only on slow lines, and costs both sides CPU time. If the server does not offer
    /// it, the client logs a warning and transfers uncompressed. Transfers with an offset and
    /// [upload streams](crate::Client::upload_stream) are never compressed. The size of each compressed
    /// upload is compared with the local size, and a file that differs is sent again uncompressed: some
    /// servers lose bytes of data that compress well.
    ///
    /// ```
    /// let builder = oxftp::Client::builder().compress(true);
    /// ```
    #[cfg(feature = "compression")]
    #[cfg_attr(docsrs, doc(cfg(feature = "compression")))]
    #[must_use]
    pub fn compress(mut self, compress: bool) -> Self {
        self.config.compress = compress;
        self
    }

    /// Sets the interval at which `NOOP` is sent on the control connection during transfers, for routers
    /// that drop idle connections. Defaults to never; 0 also means never.
    ///
    /// [`TcpConnector`] always enables TCP keep-alive, which suffices for most routers. Some servers reply
    /// only after the transfer, and some never. The client skips those replies, and sends `PWD` after the
    /// transfer if some are missing.
    ///
    /// ```
    /// let builder = oxftp::Client::builder().noop_during_transfers(std::time::Duration::from_secs(60));
    /// ```
    #[must_use]
    pub fn noop_during_transfers(mut self, every: Duration) -> Self {
        self.config.keep_alive = Some(every).filter(|every| !every.is_zero());
        self
    }

    /// Sets how often an operation opens the session again after it was lost, and repeats the command. Defaults to 0.
    ///
    /// This covers listings, which continue at the next entry, and commands that may be sent twice: queries, `CWD`,
    /// `DELE`, `RMD`, `MKD`, `RNFR` with `RNTO`, and commands that set times and permissions. A removal counts as
    /// done if the path is missing at the repetition, a creation if the directory exists. Transfers and raw commands
    /// are not repeated. The pauses before the attempts grow from a quarter of a second. The sessions of a
    /// [`Pool`](crate::Pool) do not use it: its jobs retry by themselves, and its commands that change something open
    /// a lost session again twice, and repeat a command that is refused for the moment (`450`) twice.
    ///
    /// ```no_run
    /// use oxftp::{Client, Credentials};
    ///
    /// # async fn example() -> oxftp::Result<()> {
    /// let mut client = Client::builder().reconnects(2).connect("ftp.example.org").await?;
    /// client.login(Credentials::anonymous()).await?;
    /// client.remove_dir_all("old").await?;              // continues after a lost connection
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn reconnects(mut self, attempts: u32) -> Self {
        self.config.reconnects = attempts;
        self
    }

    pub(crate) fn into_config(self) -> Config {
        let mut config = self.config;
        if let Some(deadline) = config.file_system_timeout {
            config.file_system = Arc::new(TimeoutFs::new(config.file_system, deadline));
        }
        config
    }
}

/// Omits the list parser, which may be a closure.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("connector", &self.connector)
            .field("timeouts", &self.timeouts)
            .field("throttle", &self.throttle)
            .field("encoding", &self.encoding)
            .field("tls", &self.tls)
            .field("passive", &self.passive)
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

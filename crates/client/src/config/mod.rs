//! What a client is to be like.
//!
//! [`tls_mode`] is about TLS, [`login_options`] about what the server is told around the login.

pub(crate) mod list_command;
mod login_options;
pub(crate) mod pipelining;
pub(crate) mod timeouts;
mod tls_mode;

pub(crate) use self::login_options::LoginOptions;
pub use self::login_options::Utf8;
pub(crate) use self::tls_mode::TlsMode;

use std::{fmt, sync::Arc, time::Duration};

use oxftp_proto::{Encoding, Limits, ServerZone, dialog::PassiveMode, listing::LineParser};

use crate::{
    ActiveMode, ListCommand, Pipelining, Throttle, Timeouts,
    connect::{Connector, TcpConnector},
    local_fs::{LocalFs, PathIo, Timed},
};

/// Makes a [`Client`].
///
/// ```no_run
/// use std::time::Duration;
/// use oxftp::{Client, Credentials, TlsConfig};
///
/// # async fn example() -> oxftp::Result<()> {
/// let mut client = Client::builder()
///     .explicit_tls(crate::TlsConfig::new())
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

/// Everything a client was told; shared by all that belongs to it.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) connector: Arc<dyn Connector>,
    pub(crate) timeouts: Timeouts,
    pub(crate) throttle: Throttle,
    pub(crate) path_io: Arc<dyn PathIo>,
    pub(crate) path_timeout: Option<Duration>,
    pub(crate) encoding: Encoding,
    pub(crate) tls: TlsMode,
    pub(crate) passive: Vec<PassiveMode>,
    pub(crate) active: Option<ActiveMode>,
    pub(crate) trust_passive_address: bool,
    pub(crate) list_parser: Option<(Arc<dyn LineParser>, CustomOrder)>,
    pub(crate) list_command: Option<ListCommand>,
    pub(crate) server_zone: Option<ServerZone>,
    pub(crate) pipelining: Pipelining,
    pub(crate) limits: Limits,
    pub(crate) compress: bool,
    pub(crate) keep_alive: Option<Duration>,
    pub(crate) login_options: LoginOptions,
}

pub use oxftp_proto::listing::CustomOrder;

impl ClientBuilder {
    pub(crate) fn new() -> Self {
        Self {
            config: Config {
                connector: Arc::new(TcpConnector::new()),
                timeouts: Timeouts::default(),
                throttle: Throttle::unlimited(),
                path_io: Arc::new(LocalFs::new()),
                path_timeout: None,
                encoding: Encoding::UTF_8,
                tls: TlsMode::Off,
                passive: vec![PassiveMode::Epsv, PassiveMode::Pasv],
                active: None,
                trust_passive_address: false,
                list_parser: None,
                list_command: None,
                server_zone: None,
                pipelining: Pipelining::default(),
                limits: Limits::default(),
                compress: false,
                keep_alive: None,
                login_options: LoginOptions::default(),
            },
        }
    }

    /// Opens control and data connections by this connector. Defaults to [`TcpConnector`].
    #[must_use]
    pub fn connector(mut self, connector: impl Connector) -> Self {
        self.config.connector = Arc::new(connector);
        self
    }

    /// Gives every wait for the server the same deadline (see [`Timeouts::all`]). Defaults to
    /// those of [`Timeouts`].
    #[must_use]
    pub fn socket_timeout(self, deadline: Duration) -> Self {
        self.timeouts(Timeouts::all(deadline))
    }

    /// Sets all deadlines. Defaults to those of [`Timeouts`].
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.config.timeouts = timeouts;
        self
    }

    /// Limits what is received, in bytes per second, over all connections of the client. Defaults
    /// to no limit; 0 is no limit too.
    #[must_use]
    pub fn read_limit(self, bytes_per_second: u64) -> Self {
        self.config.throttle.set_read_limit(Some(bytes_per_second));
        self
    }

    /// Limits what is sent, in bytes per second, over all connections of the client. Defaults to
    /// no limit; 0 is no limit too.
    #[must_use]
    pub fn write_limit(self, bytes_per_second: u64) -> Self {
        self.config.throttle.set_write_limit(Some(bytes_per_second));
        self
    }

    /// Shares the limits of this throttle with everything else that holds it. Defaults to one of
    /// the client's own, without limits.
    #[must_use]
    pub fn throttle(mut self, throttle: Throttle) -> Self {
        self.config.throttle = throttle;
        self
    }

    /// Bounds every operation on the local file system. Defaults to no bound.
    #[must_use]
    pub fn path_timeout(mut self, deadline: Duration) -> Self {
        self.config.path_timeout = Some(deadline);
        self
    }

    /// Reads uploads from and writes downloads to this file system. Defaults to [`LocalFs`].
    #[must_use]
    pub fn path_io(mut self, path_io: impl PathIo) -> Self {
        self.config.path_io = Arc::new(path_io);
        self
    }

    /// Spells names in this encoding. Defaults to UTF-8.
    #[must_use]
    pub fn encoding(mut self, encoding: Encoding) -> Self {
        self.config.encoding = encoding;
        self
    }

    /// Asks for data connections by these commands, in this order; what works is remembered.
    /// Defaults to `EPSV`, then `PASV`.
    ///
    /// An empty list keeps the default.
    #[must_use]
    pub fn passive_commands(mut self, modes: impl Into<Vec<PassiveMode>>) -> Self {
        let modes = modes.into();
        if !modes.is_empty() {
            self.config.passive = modes;
        }
        self
    }

    /// Lets the server connect to this side (`EPRT`, then `PORT`). Defaults to passive mode.
    #[must_use]
    pub fn active(mut self, mode: ActiveMode) -> Self {
        self.config.active = Some(mode);
        self
    }

    /// Connects to the address that a reply to `PASV` names, even if it is not the server's own.
    ///
    /// Defaults to false: a server could make the client connect to anybody else.
    #[must_use]
    pub fn trust_passive_address(mut self, trust: bool) -> Self {
        self.config.trust_passive_address = trust;
        self
    }

    /// Reads lines of `LIST` by this parser, before or after the built-in ones. Defaults to the
    /// built-in ones alone.
    #[must_use]
    pub fn list_parser(mut self, parser: impl LineParser + 'static, order: CustomOrder) -> Self {
        self.config.list_parser = Some((Arc::new(parser), order));
        self
    }

    /// Lists by this command and no other, and asks what a path is by listing its parent unless that
    /// command is `MLSD`. Defaults to `MLSD` and `MLST`, then `LIST`.
    #[must_use]
    pub fn list_command(mut self, command: ListCommand) -> Self {
        self.config.list_command = Some(command);
        self
    }

    /// Says in which zone the server tells the times of `LIST`. Defaults to not knowing; see also
    /// [`Client::measure_server_zone`](crate::Client::measure_server_zone).
    #[must_use]
    pub fn server_zone(mut self, zone: ServerZone) -> Self {
        self.config.server_zone = Some(zone);
        self
    }

    /// Says whether the server is asked for the next file of a tree before it has answered the present one.
    /// Defaults to [`Pipelining::Auto`].
    #[must_use]
    pub fn pipelining(mut self, pipelining: Pipelining) -> Self {
        self.config.pipelining = pipelining;
        self
    }

    /// Sets the bounds on what is taken from a server. Defaults to those of [`Limits`].
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.config.limits = limits;
        self
    }

    /// Compresses listings and files on their way where the server offers it (`MODE Z`;
    /// draft-preston-ftpext-deflate). Defaults to false.
    ///
    /// It pays off over slow lines alone, and costs both sides time. Where the server does not offer it, that
    /// is a warning, and all goes as it is; so does what starts at an offset, and what a
    /// [stream](Client::upload_stream) sends. The size of each file that is sent compressed is compared after it,
    /// and what differs is sent once more as it is: some servers lose bytes of what shrinks a lot.
    #[must_use]
    pub fn compress(mut self, compress: bool) -> Self {
        self.config.compress = compress;
        self
    }

    /// Sends `NOOP` on the control connection each time this has passed while data flow, for routers that
    /// forget connections on which nothing is said. Defaults to never; 0 is never, too.
    ///
    /// TCP's own keep-alive probes are sent in any case, by [`TcpConnector`], and most routers
    /// heed them. Some servers answer only when the transfer is over, and some never: answers are waited past, by a
    /// `PWD` behind the transfer where they are missing.
    #[must_use]
    pub fn noop_during_transfers(mut self, every: Duration) -> Self {
        self.config.keep_alive = Some(every).filter(|every| !every.is_zero());
        self
    }

    pub(crate) fn into_config(self) -> Config {
        let mut config = self.config;
        if let Some(deadline) = config.path_timeout {
            config.path_io = Arc::new(Timed::new(config.path_io, deadline));
        }
        config
    }
}

impl crate::FtpUrl {
    /// Starts to describe a client for this URL: TLS as the scheme says, with what the system
    /// trusts.
    #[must_use]
    pub fn builder(&self) -> ClientBuilder {
        let builder = ClientBuilder::new();
        match self.scheme() {
            crate::Scheme::Ftp => builder,
            crate::Scheme::Ftpes => builder.explicit_tls(crate::TlsConfig::new()),
            crate::Scheme::Ftps => builder.implicit_tls(crate::TlsConfig::new()),
        }
    }
}

/// Shows what is set, but no parser, which may be a closure.
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

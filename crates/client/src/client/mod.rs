//! Client: one session on one server. Each file holds one group of commands.

mod attributes;
mod ccc;
mod compression;
mod connection_modes;
mod contents;
mod data_command;
mod data_transfer;
mod directories;
mod dot_names;
mod encryption;
mod exchange;
mod file_queries;
mod fxp;
mod hash;
mod login_options;
mod metadata;
mod navigation;
mod open_session;
mod path_command;
mod raw;
mod reconnecting;
mod self_description;
mod session;
mod state;
mod stou;
mod streams;
mod transfer_command;

pub(crate) use self::attributes::SizeAndTime;
pub use self::data_command::DataCommand;
pub(crate) use self::directories::check_removable;
pub use self::dot_names::DotNames;
pub(crate) use self::file_queries::UploadQueries;
pub(crate) use self::fxp::Handshake;
pub(crate) use self::metadata::{
    FoundEntry, NO_IMAGE_TYPE, SizeAnswer, is_unknown_command, leaves_existence_open,
};
pub(crate) use self::navigation::{Entering, may_be_about_slash};
pub use self::open_session::OpenSession;
pub use self::raw::RawCommand;
pub use self::stou::UniqueStream;
pub(crate) use self::streams::ByteRange;
pub use self::streams::{DataStream, DownloadStream, RangeStream, UploadStream};
pub(crate) use self::transfer_command::{FollowUp, TransferCommand};

use std::{fmt, sync::Arc, time::Duration};

use oxftp_proto::{Encoding, Reply, ServerZone, dialog::Credentials, server::ServerKind};

use tokio::time::Instant;

use self::state::SessionState;
use crate::{
    ClientBuilder, Error, Host, Limits, Result, Throttle,
    capabilities::{ServerCapabilities, listing::ListingCapabilities},
    config::Config,
    control::ControlChannel,
    deadline::ReusedTimer,
    future::BoxFuture,
    local_fs::FileSystem,
    tls::TlsSession,
};

/// A session on one server.
///
/// Every operation takes `&mut self`, because a session runs one command at a time. Every future is
/// cancel-safe: after one is dropped, the client is either still usable or [`is_broken`](Self::is_broken)
/// returns `true`. A reply is never attributed to the wrong command.
///
/// ```no_run
/// use oxftp::{Client, Credentials};
///
/// # async fn example() -> oxftp::Result<()> {
/// let mut client = Client::builder().connect("ftp.example.org").await?;
/// client.login(Credentials::anonymous()).await?;
/// for found in client.list("/pub").await? {
///     println!("{} {:?}", found.path(), found.size);
/// }
/// client.download("/pub/readme.txt").to("downloads").await?;
/// client.quit().await
/// # }
/// ```
pub struct Client {
    config: Arc<Config>,
    control: ControlChannel,
    tls: Option<TlsSession>,
    host: Host,
    greeting: Reply,
    capabilities: ServerCapabilities,
    state: SessionState,
    /// The credentials of the login, for opening the session again.
    credentials: Option<Credentials>,
    /// The number of times that an operation opens the session again and is repeated.
    reconnects: u32,
    /// The number of times that a change is repeated that the server refuses for the moment; 0 in a session that a pool has
    /// lent, since jobs repeat it themselves.
    pub(crate) busy_retries: u32,
    /// The timer for the first replies to transfer commands.
    start_timer: ReusedTimer,
}

impl Client {
    /// Creates a builder with the default settings.
    ///
    /// ```
    /// let builder = oxftp::Client::builder().read_limit(1_000_000);
    /// ```
    #[must_use]
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// Returns the server's greeting.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// println!("{}", client.greeting());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn greeting(&self) -> &Reply {
        &self.greeting
    }

    /// Returns the host and port of the server.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// println!("{}", client.host());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Returns the throttle. Its limits can be changed while a transfer runs.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.throttle().set_read_limit(Some(1_000_000));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn throttle(&self) -> &Throttle {
        &self.config.throttle
    }

    /// Returns the local file system that uploads read and downloads write.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// println!("{}", client.file_system().is_file("a.txt".as_ref()).await?);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn file_system(&self) -> &dyn FileSystem {
        &*self.config.file_system
    }

    /// Returns the encoding of remote paths.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// println!("{}", client.encoding());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.config.encoding
    }

    /// Returns the time zone of the server's listings, if it was configured or measured.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// println!("{:?}", client.server_zone());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn server_zone(&self) -> Option<&ServerZone> {
        self.capabilities.server_zone.as_ref().or(self.config.server_zone.as_ref())
    }

    /// Returns whether the control connection is unusable. Every further operation fails then.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// if client.is_broken() {
    ///     client.reconnect().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.control.is_broken()
    }

    /// Returns whether a final reply is outstanding.
    pub(crate) fn has_outstanding(&self) -> bool {
        self.control.has_outstanding()
    }

    /// Reads the outstanding replies to commands whose futures were dropped, and returns at most the last 16 of
    /// them.
    ///
    /// Each operation does this by itself. Call it only to see the replies.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// client.download_stream("image.iso").await?.abort_without_waiting().await?;
    /// for late in client.settle().await? {
    ///     println!("{late}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`](crate::Error::Timeout) if a reply does not arrive. The client is broken then.
    pub async fn settle(&mut self) -> Result<Vec<Reply>> {
        self.control.settle().await?;
        Ok(self.control.take_unclaimed())
    }

    /// Returns the time that the server needed for connecting and logging in, without the round trips.
    pub(crate) fn login_cost(&self) -> Duration {
        self.state.login_cost
    }

    /// Returns when the login was complete.
    pub(crate) fn logged_in_at(&self) -> Option<Instant> {
        self.state.logged_in_at
    }

    /// Returns when the login began.
    pub(crate) fn login_began(&self) -> Option<Instant> {
        self.state.login_began
    }

    /// Returns whether the server ended the connection, without a timeout.
    pub(crate) fn was_closed_by_server(&self) -> bool {
        self.control.was_closed_by_server()
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.config.limits
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn control_mut(&mut self) -> &mut ControlChannel {
        &mut self.control
    }

    pub(crate) fn capabilities(&self) -> &ServerCapabilities {
        &self.capabilities
    }

    pub(crate) fn capabilities_mut(&mut self) -> &mut ServerCapabilities {
        &mut self.capabilities
    }

    pub(crate) fn listing_capabilities(&self) -> ListingCapabilities {
        self.capabilities.listing.get()
    }

    /// Returns whether the listings of the server have shown that it lists the requested directory, or directories
    /// have to be entered before they are listed.
    pub(crate) fn honours_paths(&self) -> bool {
        let ListingCapabilities { mlsd, list, .. } = self.listing_capabilities();
        let command = if mlsd.works { mlsd } else { list };
        command.is_faithful || command.must_enter
    }

    pub(crate) fn learn_listing(&self, change: impl FnOnce(&mut ListingCapabilities)) {
        self.capabilities.listing.update(change);
    }

    pub(crate) fn state_mut(&mut self) -> &mut SessionState {
        &mut self.state
    }

    /// Returns whether the caller may have changed the session since its login.
    pub(crate) fn is_dirty(&self) -> bool {
        self.state.dirty
    }

    /// Returns an error with the reason if the control connection is unusable.
    pub(crate) fn check_usable(&self) -> Result<()> {
        self.control.check_usable()
    }

    /// Returns the deadline for the final reply of a transfer.
    pub(crate) fn completion_deadline(&self) -> Option<Duration> {
        self.config.timeouts.completion
    }

    /// Returns the texts in which the server has described itself so far: its greeting and the reply to `SYST`.
    pub(crate) fn self_descriptions(&self) -> impl Iterator<Item = String> {
        [self.capabilities.system.clone(), Some(self.greeting.text())].into_iter().flatten()
    }

    /// Returns the kind of the server, as far as its greeting and its reply to `SYST` reveal it.
    pub(crate) fn server_kind(&self) -> ServerKind {
        self.capabilities.kind
    }

    /// Returns whether the server probably shows more names for `LIST -a` than for `LIST`, so that `LIST -a` is tried
    /// first. The listing shows whether this is true.
    pub(crate) fn may_hide_dot_files(&self) -> bool {
        self.server_kind().quirks().hides_dot_files
    }

    /// Opens the session again after its connection was lost: connects, logs in with the same credentials, and changes
    /// to the same working directory. Any connection that is still open is closed first.
    ///
    /// Nothing else is repeated: the caller decides which operations are safe to repeat. The client does this by itself
    /// after an optional command that the server did not answer, or after which it closed the connection; that command
    /// is not sent to this server again.
    ///
    /// ```no_run
    /// # async fn example(client: &mut oxftp::Client) -> oxftp::Result<()> {
    /// match client.remove_dir_all("old").await {
    ///     Err(error) if error.is_connection_lost() => {
    ///         client.reconnect().await?;
    ///         client.remove_dir_all("old").await?;             // removes the rest
    ///     }
    ///     other => drop(other?),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [`ClientBuilder::connect`] and [`login`](Self::login). [`Error::Broken`] if the client was never logged
    /// in, or if its state cannot be restored: after [raw commands](Self::command), a second login, or
    /// [`clear_command_channel`](Self::clear_command_channel).
    pub async fn reconnect(&mut self) -> Result<()> {
        self.reopen().await
    }

    /// Boxed, since a login may open the session again.
    pub(super) fn reopen(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            if self.state.altered {
                return Err(Error::Broken { why: "its state after raw commands cannot be restored".into() });
            }
            let Some(credentials) = self.credentials.clone() else {
                return Err(Error::Broken { why: "it was not logged in".into() });
            };
            self.control.close();
            let mut new = Self::open(self.config.clone(), self.host.clone()).await?;
            // The attempts of the operation must not multiply.
            new.reconnects = 0;
            new.log_in(credentials).await?;
            new.capabilities.learn(&self.capabilities);
            new.send_login_options().await?;
            // Until the new session is in the same directory it must not be used: relative paths would name other files.
            for directory in &self.state.directories {
                new.change_dir(directory).await?;
            }
            new.reconnects = self.reconnects;
            new.busy_retries = self.busy_retries;
            *self = new;
            Ok(())
        })
    }
}

impl crate::trace::SpanOutcome for Client {}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("host", &self.host)
            .field("encrypted", &self.is_encrypted())
            .field("broken", &self.is_broken())
            .finish_non_exhaustive()
    }
}

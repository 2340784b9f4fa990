//! The client: one login on one server.
//!
//! A file for each kind of operation: [`session`] for connecting, logging in and quitting,
//! [`introduction`] for what the server is told around the login, [`greeted`] for what a greeting tells, [`encryption`] for what is known of TLS, [`clear`] for its end, [`raw`] for commands of the user's own, [`paths`] for directories and files on the server,
//! [`stat`] for questions, [`times`] and [`permissions`] for what a file is given, [`hash`] for
//! what it holds, [`transfer`] for data connections, [`compression`] for what they carry and
//! [`completion`] for their end, [`allocate`] for room, [`unique`] for names that the server chooses, [`range`] for parts of files, [`pipeline`] for several commands in one go, [`peer`] for
//! data connections between two servers, [`zone`] for the server's clock.

mod allocate;
mod clear;
mod completion;
mod compression;
mod encryption;
mod greeted;
mod hash;
mod introduction;
mod look_up;
mod paths;
mod peer;
mod permissions;
mod pipeline;
mod pret;
mod questions;
mod range;
mod raw;
mod session;
mod size_and_time;
mod stat;
mod times;
mod transfer;
mod unique;
mod zone;

pub(crate) use peer::Handshake;
pub use range::RangeStream;
pub use raw::{RawCommand, RawExchange};
pub(crate) use size_and_time::SizeAndTime;
pub(crate) use stat::{is_missing, is_unknown_command};
pub use transfer::DataCommand;
pub(crate) use transfer::RESTART_TAKEN;
pub use unique::UniqueStream;

use std::{fmt, sync::Arc, time::Duration};

use oxftp_proto::{
    Encoding, Features, HashAlgorithm, RemotePath, Reply, ServerZone, TransferType, dialog::PassiveMode,
    server::ServerKind,
};

use crate::{
    ClientBuilder, Host, Limits, Result, Throttle, config::Config, control::ControlChannel, path_io::PathIo,
    tls::TlsSession,
};

/// A connection to one server.
///
/// All operations take `&mut self`: one connection does one thing at a time. Any future may be
/// dropped at any point; the client then either works on or reports itself
/// [broken](Self::is_broken), and never takes one command's reply for another's.
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
    known: Known,
}

/// What the client knows of the server's state and abilities.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// The `TYPE` that is set; `None` while that is not certain.
    transfer_type: Option<TransferType>,
    /// The passive mode that worked.
    passive: Option<PassiveMode>,
    /// Another transfer follows the present one.
    expects_more: bool,
    /// The server did not take a command ahead of its time.
    no_pipelining: bool,
    /// The server wants to know what is transferred before it listens (`PRET`).
    wants_pret: bool,
    /// How bytes go over data connections (`MODE`).
    mode: compression::Mode,
    /// The server does not compress.
    no_compression: bool,
    /// What is sent compressed is not what it stores.
    no_compressed_uploads: bool,
    /// `EPRT` was refused.
    no_eprt: bool,
    /// The server makes no room for files (`ALLO`).
    no_allocation: bool,
    /// The server was asked to list permissions.
    permissions_asked: bool,
    /// A `REST` was sent that perhaps no transfer used up.
    stale_restart: bool,
    /// Data connections are encrypted (`PROT P`).
    protects_data: bool,
    /// `PBSZ` and `PROT` must be sent again after the login.
    protection_pending: bool,
    pub(crate) no_mlsd: bool,
    no_mlst: bool,
    no_size: bool,
    no_mdtm: bool,
    features: Option<Features>,
    /// The reply to `SYST`, once it was asked for.
    system: Option<String>,
    server_zone: Option<ServerZone>,
    time_setting: times::TimeSetting,
    /// What `OPTS HASH` selected; `Some(None)` while that is not certain.
    hash_selected: Option<Option<HashAlgorithm>>,
    /// The server begins the TLS handshake of data connections (`SSCN ON`).
    begins_handshakes: bool,
    /// What was to be renamed, while that is not done.
    half_renamed: Option<RemotePath>,
    /// The working directory, while another was entered for a question.
    home: Option<RemotePath>,
    /// The user may have changed the session: its directory, its login, anything by commands.
    astray: bool,
    logged_in: bool,
}

impl Known {
    /// Notes that a transfer that began at an offset was broken off: libunftp begins the next one there, too,
    /// unless it is told otherwise.
    pub(crate) fn doubt_restart(&mut self) {
        self.stale_restart = true;
    }

    /// Takes over what another session on the same server learned of it.
    pub(crate) fn learn(&mut self, other: &Self) {
        self.passive = other.passive.or(self.passive);
        self.no_pipelining |= other.no_pipelining;
        self.wants_pret |= other.wants_pret;
        self.no_mlsd |= other.no_mlsd;
        self.no_mlst |= other.no_mlst;
        self.no_size |= other.no_size;
        self.no_mdtm |= other.no_mdtm;
        self.no_compression |= other.no_compression;
        self.no_compressed_uploads |= other.no_compressed_uploads;
        self.no_eprt |= other.no_eprt;
        self.no_allocation |= other.no_allocation;
        if self.features.is_none() {
            self.features.clone_from(&other.features);
        }
        if self.system.is_none() {
            self.system.clone_from(&other.system);
        }
        if other.server_zone.is_some() {
            self.server_zone.clone_from(&other.server_zone);
        }
    }
}

impl Client {
    /// Starts to describe a client.
    #[must_use]
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// Gives the server's greeting.
    #[must_use]
    pub fn greeting(&self) -> &Reply {
        &self.greeting
    }

    /// Gives the host and port that the client is connected to.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Gives the throttle, whose limits may be changed while a transfer runs.
    #[must_use]
    pub fn throttle(&self) -> &Throttle {
        &self.config.throttle
    }

    /// Gives the local file system that uploads read and downloads write.
    #[must_use]
    pub fn path_io(&self) -> &dyn PathIo {
        &*self.config.path_io
    }

    /// Gives the encoding of names.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.config.encoding
    }

    /// Tells whether the connection is of no use any more; every operation fails then.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.control.is_broken()
    }

    /// Reads what is still owed to commands whose futures were dropped, and gives those replies,
    /// at most the last 16.
    ///
    /// Each operation does so by itself; this is for those who want to see the replies.
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
    /// [`Error::Timeout`](crate::Error::Timeout) when they do not come; the client is broken then.
    pub async fn settle(&mut self) -> Result<Vec<Reply>> {
        self.control.settle().await?;
        Ok(self.control.take_settled())
    }

    /// Says whether another transfer is to follow the next one, so that it may be prepared meanwhile.
    pub(crate) fn expect_more(&mut self, more: bool) {
        self.known.expects_more = more;
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

    pub(crate) fn known(&self) -> &Known {
        &self.known
    }

    pub(crate) fn known_mut(&mut self) -> &mut Known {
        &mut self.known
    }

    /// Tells whether the user may have left the session in another state than after its login.
    pub(crate) fn is_astray(&self) -> bool {
        self.known.astray
    }

    /// Fails when the connection is of no use, saying why.
    pub(crate) fn check_usable(&self) -> Result<()> {
        self.control.check_usable()
    }

    /// Gives the zone of the server's clock, where it was told or measured.
    #[must_use]
    pub fn server_zone(&self) -> Option<&ServerZone> {
        self.known.server_zone.as_ref().or(self.config.server_zone.as_ref())
    }

    pub(crate) fn completion_deadline(&self) -> Option<Duration> {
        self.config.timeouts.completion
    }

    /// Gives what the server has said of itself so far: its greeting and the reply to `SYST`.
    pub(crate) fn self_descriptions(&self) -> impl Iterator<Item = String> {
        [self.known.system.clone(), Some(self.greeting.text())].into_iter().flatten()
    }

    /// Returns the kind of the server, as far as its greeting and its reply to `SYST` reveal it.
    pub(crate) fn server_kind(&self) -> ServerKind {
        ServerKind::identify(&self.greeting.text(), self.known.system.as_deref())
    }

    /// Tells whether the server hides names that begin with a dot from `LIST`, and shows them for
    /// `LIST -a`; others would take that for a name.
    pub(crate) fn hides_dot_files(&self) -> bool {
        self.server_kind().quirks().hides_dot_files
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("host", &self.host)
            .field("encrypted", &self.is_encrypted())
            .field("broken", &self.is_broken())
            .finish_non_exhaustive()
    }
}

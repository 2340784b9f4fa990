//! Many sessions of one login.
//!
//! [`Pool`] opens, checks and lends them; [`seats`] counts them and knows who is next, [`spare`] opens them
//! ahead of need, [`refusal`] knows how servers say that there are too many. Trees over many sessions are the business of `tree`.

mod client;
mod refusal;
mod seats;
mod spare;
mod twin;

pub use client::PooledClient;

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use oxftp_proto::{
    Command,
    dialog::{Credentials, Exchange},
};

use self::{
    refusal::{is_full, is_full_at_connecting},
    seats::{Seat, Seats},
};
use crate::{
    Client, ClientBuilder, Error, Host, Result, Throttle, client::Known, config::Config, timeouts::within,
};

/// Sessions of one login on one server, opened as they are needed.
///
/// [`client`](Self::client) lends one: one at rest if there is one, else a new one, and else the next
/// that comes back; whoever asks first is served first. A session that rested for long is asked
/// whether it lives (`NOOP`), one that broke is replaced.
///
/// A server that allows fewer sessions says so by `421` or `530`: the pool then makes do with those
/// it has, and asks for one more only after a minute. All share one [`Throttle`]; each has TLS sessions
/// of its own. What one learned of the server, such as that it knows no `MLSD`, later ones know.
///
/// Clones are the same pool. Dropping it closes the sessions at rest without a word;
/// [`close`](Self::close) says goodbye.
///
/// ```no_run
/// use oxftp::{Client, Credentials, Pool};
///
/// # async fn example() -> oxftp::Result<()> {
/// let pool = Pool::new(Client::builder(), "ftp.example.org", Credentials::anonymous()).size(8);
/// let report = pool.download("/pub/photos").to("photos").write_into(true).await?;
/// println!("{} files", report.files);
///
/// let mut client = pool.client().await?;
/// let size = client.size("/pub/readme.txt").await?;
/// drop(client); // for the next one
/// pool.close().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Pool {
    shared: Arc<Shared>,
}

/// What a pool and the sessions it lent share.
struct Shared {
    config: Config,
    host: Host,
    credentials: Credentials,
    seats: Arc<Seats<Client>>,
    /// In milliseconds.
    check_after: AtomicU64,
    /// What the session that came back last knows of the server.
    known: Mutex<Known>,
}

impl Pool {
    /// Makes a pool of at most [`DEFAULT_SIZE`](Self::DEFAULT_SIZE) sessions; none is opened yet.
    #[must_use]
    pub fn new(builder: ClientBuilder, host: impl Into<Host>, credentials: Credentials) -> Self {
        let shared = Shared {
            config: builder.into_config(),
            host: host.into(),
            credentials,
            seats: Arc::new(Seats::new(Self::DEFAULT_SIZE)),
            check_after: AtomicU64::new(LONG_REST_MS),
            known: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// How many sessions a pool has at most unless told otherwise.
    pub const DEFAULT_SIZE: usize = 4;

    /// Sets how many sessions there are at most, at least one. Defaults to
    /// [`DEFAULT_SIZE`](Self::DEFAULT_SIZE).
    #[must_use]
    pub fn size(self, sessions: usize) -> Self {
        self.shared.seats.set_size(sessions.max(1));
        self
    }

    /// Asks a session that rested for so long whether it lives before it is lent (`NOOP`). Defaults to 15
    /// seconds.
    #[must_use]
    pub fn check_after(self, rest: Duration) -> Self {
        let rest_ms = u64::try_from(rest.as_millis()).unwrap_or(u64::MAX);
        self.shared.check_after.store(rest_ms, Ordering::Relaxed);
        self
    }

    /// Gives how many sessions there are at most at present: what was asked for, or what the server
    /// allows.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.shared.seats.limit()
    }

    /// Gives the throttle of all sessions, whose limits may be changed while transfers run.
    #[must_use]
    pub fn throttle(&self) -> &Throttle {
        &self.shared.config.throttle
    }

    /// Lends a session, opening it if need be (`USER`, `PASS`; `NOOP` for one that rested for long).
    ///
    /// Waits while all are lent. This future may be dropped, which loses the place in the queue.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// let mut session = pool.client().await?;
    /// session.upload("report.pdf").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`ClientBuilder::connect`] and [`Client::login`]; [`Error::TooManySessions`] when
    /// the server allows not even one; [`Error::PoolClosed`].
    pub async fn client(&self) -> Result<PooledClient> {
        let seats = &self.shared.seats;
        let ticket = seats.ticket();
        loop {
            let seat = seats.seat(ticket).await.ok_or(Error::PoolClosed)?;
            if let Some(client) = self.rested(&seat).await {
                return Ok(PooledClient::new(client, seat, self.shared.clone()));
            }
            match self.open().await {
                Ok(client) => return Ok(PooledClient::new(client, seat, self.shared.clone())),
                Err(Refused::Full(source)) if seat.refuse() => tracing::debug!("one session less: {source}"),
                Err(Refused::Full(source)) => return Err(Error::TooManySessions { source: source.into() }),
                Err(Refused::Otherwise(error)) => return Err(error),
            }
        }
    }

    /// Adds a session that was opened elsewhere, logged in by the same credentials; one for which
    /// there is no room is closed.
    pub fn add(&self, client: Client) {
        self.shared.remember(&client);
        drop(self.shared.seats.add(client));
    }

    /// Says goodbye on every session (`QUIT`) and closes them, without waiting for answers. Those that are lent follow when they come
    /// back, and nobody gets one any more.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// pool.upload("site").await?;
    /// pool.close().await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(&self) {
        let sessions = self.shared.seats.close().into_iter();
        let mut leaving: FuturesUnordered<_> = sessions.map(Client::leave).collect();
        while leaving.next().await.is_some() {}
    }

    pub(crate) fn config(&self) -> &Config {
        &self.shared.config
    }

    /// Gives how many sessions the user wants.
    pub(crate) fn wanted_size(&self) -> usize {
        self.shared.seats.size()
    }

    /// Tells whether somebody waits for a session.
    pub(crate) fn is_wanted(&self) -> bool {
        self.shared.seats.is_wanted()
    }

    /// Takes a session at rest that still lives.
    async fn rested(&self, seat: &Seat<Client>) -> Option<Client> {
        let long = Duration::from_millis(self.shared.check_after.load(Ordering::Relaxed));
        loop {
            let (mut client, rested) = seat.take_rested()?;
            if client.is_alive(rested >= long).await {
                return Some(client);
            }
            tracing::debug!("a session at rest broke");
        }
    }

    async fn open(&self) -> Result<Client, Refused> {
        let shared = &self.shared;
        let mut client = match Client::open(shared.config.clone(), shared.host.clone()).await {
            Ok(client) => client,
            Err(error) if is_full_at_connecting(&error) => return Err(Refused::Full(error)),
            Err(error) => return Err(Refused::Otherwise(error)),
        };
        match client.login(shared.credentials.clone()).await {
            Ok(_) => {}
            Err(error) if is_full(&error) => return Err(Refused::Full(error)),
            Err(error) => return Err(Refused::Otherwise(error)),
        }
        client.known_mut().learn(&shared.known.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(client)
    }
}

/// Why a session could not be opened.
enum Refused {
    /// It is one too many.
    Full(Error),
    Otherwise(Error),
}

impl Shared {
    /// Keeps what a session learned, for those opened later.
    fn remember(&self, client: &Client) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).learn(client.known());
    }
}

impl Client {
    /// Tells whether the session can be used: by what came on it meanwhile, and on demand by asking
    /// (`NOOP`).
    async fn is_alive(&mut self, ask: bool) -> bool {
        let deadline = self.config().timeouts.command.map_or(CHECKING, |deadline| deadline.min(CHECKING));
        let alive = async {
            let control = self.control_mut();
            match ask {
                // Any answer is a sign of life, but for 421.
                true => match control.run(Exchange::new(Command::new("NOOP"), &["2xx"])).await {
                    Err(Error::StatusCode(_)) => Ok(()),
                    answer => answer.map(drop),
                },
                false => control.settle().await,
            }
        };
        within(Some(deadline), alive).await.is_some_and(|alive| alive.is_ok()) && !self.is_broken()
    }
}

/// How long a session may rest without being asked whether it lives: routers forget idle connections
/// after minutes.
const LONG_REST_MS: u64 = 15_000;

/// How long a session may take to show that it lives.
const CHECKING: Duration = Duration::from_secs(5);

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("host", &self.shared.host)
            .field("limit", &self.limit())
            .finish_non_exhaustive()
    }
}

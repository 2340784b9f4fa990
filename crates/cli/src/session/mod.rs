//! Sessions: turns URLs and flags into clients that are logged in.

mod client_factory;
mod connection_cache;
mod keyring;
pub(crate) mod known_hosts;
mod login_blocklist;
mod login_key;
mod netrc;
mod password;
mod proxy;
mod proxy_choice;
mod rate;
mod url;

pub(crate) use connection_cache::ConnectionCache;
pub(crate) use password::Passwords;
pub(crate) use url::url;

use std::{
    io::ErrorKind,
    time::{Duration, Instant},
};

use client_factory::ClientFactory;
use connection_cache::{CachedConnections, CachedPool};
use login_blocklist::LoginBlocklist;
use login_key::LoginKey;
use oxftp::{Backoff, Client, ClientBuilder, Credentials, Error, FtpUrl, Pool};

use crate::{
    args::ConnectionArgs,
    failure::{Failure, Result, Stage},
};

/// Clients and pools for URLs.
///
/// Consecutive URLs with the same server and login share a client; each server and login has one pool.
#[derive(Debug)]
pub(crate) struct Session {
    factory: ClientFactory,
    passwords: Passwords,
    retries: u32,
    blocklist: LoginBlocklist,
    connections: CachedConnections,
    /// The cache that takes the connections when the session is dropped, and the flags that they were opened with.
    cache: Option<(ConnectionCache, ConnectionArgs)>,
    /// The duration of the slowest login.
    login_time: Duration,
}

impl Session {
    /// Reads the files that the flags name, such as certificates.
    pub(crate) fn new(args: ConnectionArgs) -> Result<Self> {
        let passwords = Passwords::of(&args.login)?;
        let retries = args.network.retries;
        let cache = ConnectionCache::current().map(|cache| (cache, args.clone()));
        let connections = cache.as_ref().map(|(cache, args)| cache.take(args)).unwrap_or_default();
        let factory = ClientFactory::new(args.tls, args.network)?;
        let blocklist = LoginBlocklist::default();
        let login_time = Duration::ZERO;
        Ok(Self { factory, passwords, retries, blocklist, connections, cache, login_time })
    }

    /// Returns a client that is logged in for this URL.
    pub(crate) async fn client(&mut self, url: &FtpUrl) -> Result<&mut Client> {
        let credentials = self.passwords.credentials(url).await?;
        let key = LoginKey::new(url, credentials);
        let client = match self.connections.client(&key).await {
            Some(client) => client,
            // A server may have room for one session only.
            None => match self.connections.take_from_pool(&key).await {
                Some(client) => client,
                None => self.log_in(url, &key).await?,
            },
        };
        Ok(&mut self.connections.open.insert((key, client)).1)
    }

    /// Returns a pool of `size` clients for this URL; one of them is logged in already.
    pub(crate) async fn pool(&mut self, url: &FtpUrl, size: usize) -> Result<Pool> {
        let credentials = self.passwords.credentials(url).await?;
        let key = LoginKey::new(url, credentials);
        let open = self.connections.client(&key).await;
        if let Some(pool) = self.connections.pool(&key, size) {
            open.into_iter().for_each(|client| pool.add(client));
            return Ok(pool);
        }
        let client = match (open, self.connections.take_from_pool(&key).await) {
            (Some(client), _) | (None, Some(client)) => client,
            // The error of the first login says more than an error of the pool.
            (None, None) => self.log_in(url, &key).await?,
        };
        let builder = self.factory.builder(url);
        let pool = Pool::new(builder, url.host(), key.credentials.clone()).size(size);
        pool.add(client);
        self.connections.pools.push(CachedPool { key, size, pool: pool.clone() });
        Ok(pool)
    }

    /// Returns a client that is connected but not logged in, and the credentials; `change` may override flags.
    pub(crate) async fn connected(
        &mut self,
        url: &FtpUrl,
        change: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Result<(Client, Credentials)> {
        let credentials = self.passwords.credentials(url).await?;
        let connected = change(self.factory.builder(url)).connect(url.host()).await;
        let failed = |error| Failure::opening(url, Stage::Connect, self.factory.explain(url, error));
        Ok((connected.map_err(failed)?, credentials))
    }

    /// Returns how long the slowest login took; zero where sessions were open already.
    pub(crate) fn login_time(&self) -> Duration {
        self.login_time
    }

    /// Logs in, unless the server refused this login before.
    async fn log_in(&mut self, url: &FtpUrl, key: &LoginKey) -> Result<Client> {
        self.blocklist.check(key, url)?;
        let begun = Instant::now();
        let mut outcome = self.log_in_with_retries(url, key.credentials.clone()).await;
        if let Err(Failure::Opening { error, .. }) = &outcome
            && self.factory.trust(url, error).await?
        {
            outcome = self.log_in_with_retries(url, key.credentials.clone()).await;
        }
        self.login_time = self.login_time.max(begun.elapsed());
        if outcome.is_ok() {
            self.passwords.store_prompted(url).await;
        }
        outcome.inspect_err(|failure| self.blocklist.record(key, failure))
    }

    async fn log_in_with_retries(&self, url: &FtpUrl, credentials: Credentials) -> Result<Client> {
        let mut backoff = Backoff::new(self.retries, FIRST_PAUSE);
        loop {
            let outcome = self.log_in_once(url, credentials.clone()).await;
            let is_transient = matches!(&outcome, Err(Failure::Opening { error, .. }) if is_transient(error));
            if !is_transient || !backoff.wait().await {
                return outcome;
            }
        }
    }

    async fn log_in_once(&self, url: &FtpUrl, credentials: Credentials) -> Result<Client> {
        let failed = |stage| move |error| Failure::opening(url, stage, self.factory.explain(url, error));
        let builder = self.factory.builder(url);
        let mut client = builder.connect(url.host()).await.map_err(failed(Stage::Connect))?;
        let stage = Stage::of_login(&credentials);
        client.login(credentials).await.map_err(failed(stage))?;
        Ok(client)
    }

    /// Sends `QUIT` on all connections, unless the cache keeps them.
    pub(crate) async fn quit(mut self) {
        if self.cache.is_none() {
            std::mem::take(&mut self.connections).quit().await;
        }
    }
}

/// Returns the connections to the cache, also after a failure: a client that is broken says so.
impl Drop for Session {
    fn drop(&mut self) {
        if let Some((cache, args)) = self.cache.take() {
            cache.put(args, std::mem::take(&mut self.connections));
        }
    }
}

/// Returns whether a retry may succeed. A host that is unknown, refuses the connection or does not respond in time is
/// not tried again.
fn is_transient(error: &Error) -> bool {
    match error {
        Error::Connect { source, .. } => {
            matches!(source.kind(), ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted)
        }
        error => error.is_transient() && !error.is_timeout(),
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(500);

//! From URLs and flags to clients that are logged in.

mod connect;
mod keeper;
mod netrc;
mod password;
mod proxy;
mod proxy_choice;
mod refused;
mod url;

pub(crate) use keeper::Keeper;
pub(crate) use password::Passwords;
pub(crate) use url::{url, urls};

use std::{io::ErrorKind, time::Duration};

use connect::Connecting;
use keeper::Connections;
use oxftp::{Client, ClientBuilder, Credentials, Error, FtpUrl, Host, Pool, Scheme};
use refused::RefusedLogins;

use crate::{
    args::ConnectionArgs,
    failure::{Failure, Result, Stage},
};

/// Clients for URLs, one at a time: URLs in a row for the same server and login share one. And pools of
/// them, one for each server and login.
#[derive(Debug)]
pub(crate) struct Session {
    connecting: Connecting,
    passwords: Passwords,
    retries: u32,
    refused: RefusedLogins,
    kept: Connections,
    /// Who takes the connections when this is done, and how they were made.
    keeper: Option<(Keeper, ConnectionArgs)>,
}

/// A server and a login on it.
type Place = (Scheme, Host, Credentials);

impl Session {
    /// Reads what the flags name, such as certificates.
    pub(crate) fn new(args: ConnectionArgs) -> Result<Self> {
        let passwords = Passwords::of(&args.login)?;
        let retries = args.network.retries;
        let keeper = Keeper::current().map(|keeper| (keeper, args.clone()));
        let kept = keeper.as_ref().map(|(keeper, args)| keeper.take(args)).unwrap_or_default();
        let connecting = Connecting::new(args.tls, args.network)?;
        let refused = RefusedLogins::default();
        Ok(Self { connecting, passwords, retries, refused, kept, keeper })
    }

    /// Gives a client that is logged in where the URL says.
    pub(crate) async fn client(&mut self, url: &FtpUrl) -> Result<&mut Client> {
        let credentials = self.passwords.credentials(url).await?;
        let place = (url.scheme(), url.host(), credentials);
        let client = match self.kept.client(&place).await {
            Some(client) => client,
            None => self.log_in(url, &place).await?,
        };
        Ok(&mut self.kept.open.insert((place, client)).1)
    }

    /// Gives a pool of so many clients for where the URL says, one of which is logged in already.
    pub(crate) async fn pool(&mut self, url: &FtpUrl, size: usize) -> Result<Pool> {
        let credentials = self.passwords.credentials(url).await?;
        let place = (url.scheme(), url.host(), credentials);
        if let Some(pool) = self.kept.pool(&place, size) {
            return Ok(pool);
        }
        // A failure at the first login says more than one of the pool.
        let client = self.log_in(url, &place).await?;
        let builder = self.connecting.builder(url);
        let pool = Pool::new(builder, url.host(), place.2.clone()).size(size);
        pool.add(client);
        self.kept.pools.push((place, size, pool.clone()));
        Ok(pool)
    }

    /// Gives a client that is connected where the URL says and not yet logged in, and who is to log in;
    /// `change` may describe the client otherwise than the flags do.
    pub(crate) async fn connected(
        &mut self,
        url: &FtpUrl,
        change: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Result<(Client, Credentials)> {
        let credentials = self.passwords.credentials(url).await?;
        let connected = change(self.connecting.builder(url)).connect(url.host()).await;
        let failed = |error| Failure::opening(url, Stage::Connect, self.connecting.explained(url, error));
        Ok((connected.map_err(failed)?, credentials))
    }

    /// Logs in, unless that was refused before.
    async fn log_in(&mut self, url: &FtpUrl, place: &Place) -> Result<Client> {
        self.refused.check(place, url)?;
        let outcome = self.log_in_patiently(url, place.2.clone()).await;
        outcome.inspect_err(|failure| self.refused.note(place, failure))
    }

    async fn log_in_patiently(&self, url: &FtpUrl, credentials: Credentials) -> Result<Client> {
        let mut pause = FIRST_PAUSE;
        for _ in 0..self.retries {
            match self.log_in_once(url, credentials.clone()).await {
                Err(Failure::Opening { error, .. }) if is_passing(&error) => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                outcome => return outcome,
            }
        }
        self.log_in_once(url, credentials).await
    }

    async fn log_in_once(&self, url: &FtpUrl, credentials: Credentials) -> Result<Client> {
        let failed = |stage| move |error| Failure::opening(url, stage, self.connecting.explained(url, error));
        let builder = self.connecting.builder(url);
        let mut client = builder.connect(url.host()).await.map_err(failed(Stage::Connect))?;
        client.login(credentials).await.map_err(failed(Stage::Login))?;
        Ok(client)
    }

    /// Says goodbye, if a connection is left to say it on and nobody keeps it.
    pub(crate) async fn quit(mut self) {
        if self.keeper.is_none() {
            std::mem::take(&mut self.kept).quit().await;
        }
    }
}

/// Hands the connections to who keeps them, whether all went well or not: a client works or knows that it
/// is broken.
impl Drop for Session {
    fn drop(&mut self) {
        if let Some((keeper, args)) = self.keeper.take() {
            keeper.put(args, std::mem::take(&mut self.kept));
        }
    }
}

/// Tells whether opening a session may go better the next time. A host that is not there, refuses, or
/// says nothing for as long as the user wants to wait will not change its mind.
fn is_passing(error: &Error) -> bool {
    match error {
        Error::Connect { source, .. } => {
            matches!(source.kind(), ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted)
        }
        error => error.is_transient() && !error.is_timeout(),
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(500);

//! From URLs and flags to clients that are logged in.

mod connect;
mod password;
mod proxy;

pub(crate) use password::Passwords;

use std::{io::ErrorKind, time::Duration};

use connect::Connecting;
use oxftp::{Client, Credentials, Error, FtpUrl, Host, Pool, Scheme};

use crate::{
    args::{ConnectionArgs, without_password},
    failure::{Failure, Result, Stage},
};

/// Clients for URLs, one at a time: URLs in a row for the same server and login share one. And pools of
/// them, one for each server and login.
#[derive(Debug)]
pub(crate) struct Session {
    connecting: Connecting,
    passwords: Passwords,
    retries: u32,
    open: Option<(Place, Client)>,
    pools: Vec<(Place, Pool)>,
}

/// A server and a login on it.
type Place = (Scheme, Host, Credentials);

impl Session {
    /// Reads what the flags name, such as certificates.
    pub(crate) fn new(args: ConnectionArgs) -> Result<Self> {
        let passwords = Passwords::new(args.login.user.as_deref(), args.login.password_file.as_deref())?;
        let retries = args.network.retries;
        let connecting = Connecting::new(args.tls, args.network)?;
        Ok(Self { connecting, passwords, retries, open: None, pools: Vec::new() })
    }

    /// Gives a client that is logged in where the URL says.
    pub(crate) async fn client(&mut self, url: &FtpUrl) -> Result<&mut Client> {
        let credentials = self.passwords.credentials(url).await?;
        let place = (url.scheme(), url.host(), credentials);
        let kept = self.open.take().filter(|(kept, client)| *kept == place && !client.is_broken());
        let open = match kept {
            Some(open) => open,
            None => {
                let client = self.log_in(url, place.2.clone()).await?;
                (place, client)
            }
        };
        Ok(&mut self.open.insert(open).1)
    }

    /// Gives a pool of so many clients for where the URL says, one of which is logged in already.
    pub(crate) async fn pool(&mut self, url: &FtpUrl, size: usize) -> Result<Pool> {
        let credentials = self.passwords.credentials(url).await?;
        let place = (url.scheme(), url.host(), credentials);
        if let Some((_, pool)) = self.pools.iter().find(|(kept, _)| *kept == place) {
            return Ok(pool.clone());
        }
        // A failure at the first login says more than one of the pool.
        let client = self.log_in(url, place.2.clone()).await?;
        let builder = self.connecting.builder(url.scheme());
        let pool = Pool::new(builder, url.host(), place.2.clone()).size(size);
        pool.add(client);
        self.pools.push((place, pool.clone()));
        Ok(pool)
    }

    async fn log_in(&self, url: &FtpUrl, credentials: Credentials) -> Result<Client> {
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
        let failed = |stage| {
            move |error: Error| Failure::Opening { url: Box::new(url.clone()), stage, error: error.into() }
        };
        let builder = self.connecting.builder(url.scheme());
        let mut client = builder.connect(url.host()).await.map_err(failed(Stage::Connect))?;
        client.login(credentials).await.map_err(failed(Stage::Login))?;
        Ok(client)
    }

    /// Says goodbye, if a connection is left to say it on.
    pub(crate) async fn quit(self) {
        for (_, pool) in &self.pools {
            pool.close().await;
        }
        if let Some((_, client)) = self.open.filter(|(_, client)| !client.is_broken()) {
            // All is done; a server that hangs up without a word does no harm.
            let _ = client.quit().await;
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

/// Reads a URL; the error leaves out whatever may be a password.
pub(crate) fn url(word: &str) -> Result<FtpUrl> {
    word.parse().map_err(|error: oxftp::UrlError| {
        Failure::Usage(format!("the URL {:?} cannot be used: {}", without_password(word), error.why))
    })
}

/// Reads all URLs before anything is done with the first.
pub(crate) fn urls(words: &[String]) -> Result<Vec<FtpUrl>> {
    words.iter().map(|word| url(word)).collect()
}

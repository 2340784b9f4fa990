//! Keyring of the desktop: the Secret Service of GNOME and KDE, the Keychain of macOS, the Credential Manager of Windows.
//!
//! An entry belongs to a user on a server, `USER@HOST:PORT`.

use std::{io, time::Duration};

use keyring::{Entry, Error};
use oxftp::{FtpUrl, Secret};
use tokio::{task, time};

use super::known_hosts::server_name;
use crate::failure::{Failure, Result};

/// The entry of a user on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyringAccount {
    user: String,
    /// `HOST:PORT`.
    server: String,
}

impl KeyringAccount {
    pub(super) fn of(user: &str, url: &FtpUrl) -> Self {
        Self { user: user.to_owned(), server: server_name(url) }
    }

    pub(super) fn is_on(&self, url: &FtpUrl) -> bool {
        self.server == server_name(url)
    }

    /// Returns the password, or `None` if the keyring has no entry. The desktop may ask the user to unlock the keyring; an
    /// error says that it did not answer within two minutes.
    pub(super) async fn password(&self) -> Result<Option<Secret>> {
        let found = self.clone().off_thread(|entry| match entry.get_password() {
            Err(Error::NoEntry) => Ok(None),
            found => found.map(Some),
        });
        match found.await {
            Ok(password) => Ok(password.map(Secret::new)),
            Err(error) => Err(Failure::local("cannot read the password from the keyring", error)),
        }
    }

    /// Stores a password in place of an older one.
    pub(super) async fn store(&self, password: &Secret) -> io::Result<()> {
        let password = password.clone();
        self.clone().off_thread(move |entry| entry.set_password(password.expose())).await
    }

    /// Calls the keyring on another thread: it may wait for the user.
    async fn off_thread<T: Send + 'static>(
        self,
        call: impl FnOnce(Entry) -> keyring::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let name = format!("{}@{}", self.user, self.server);
        within(MAX_WAIT, move || Entry::new(SERVICE, &name).and_then(call)).await
    }
}

const SERVICE: &str = "oxftp";

/// Time for the user to unlock the keyring. A job in the background must not wait forever.
const MAX_WAIT: Duration = Duration::from_secs(120);

/// Calls the keyring on another thread and waits for at most `limit`. A call that takes longer is left to its thread.
async fn within<T: Send + 'static>(
    limit: Duration,
    call: impl FnOnce() -> keyring::Result<T> + Send + 'static,
) -> io::Result<T> {
    let Ok(called) = time::timeout(limit, task::spawn_blocking(call)).await else {
        let why = format!("it did not answer within {} s; it may be locked", limit.as_secs());
        return Err(io::Error::new(io::ErrorKind::TimedOut, why));
    };
    called.map_err(io::Error::other)?.map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn locked_keyring_is_an_error_after_timeout() {
        let (unlock, unlocked) = mpsc::channel::<()>();

        let outcome = within(Duration::ZERO, move || {
            let _ = unlocked.recv();
            Ok(())
        });

        let error = outcome.await.unwrap_err();
        assert_eq!(error.to_string(), "it did not answer within 0 s; it may be locked");
        drop(unlock);
    }
}

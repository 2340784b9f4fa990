//! Keyring of the desktop: the Secret Service of GNOME and KDE, the Keychain of macOS, the Credential Manager of Windows.
//!
//! An entry belongs to a user on a server, `USER@HOST:PORT`.

use std::io;

use keyring::{Entry, Error};
use oxftp::{FtpUrl, Secret};

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

    /// Returns the password, or `None` if the keyring has no entry. The desktop may ask the user to unlock the keyring.
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
        let called = tokio::task::spawn_blocking(move || Entry::new(SERVICE, &name).and_then(call));
        called.await.map_err(io::Error::other)?.map_err(io::Error::other)
    }
}

const SERVICE: &str = "oxftp";

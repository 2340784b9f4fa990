//! Settings of a store.

use std::{env, fs, path::PathBuf, time::Duration};

use oxftp::{ClientBuilder, Credentials, Error, FtpUrl, Netrc, Pool, RemotePath, Scheme, TlsConfig};

use crate::core::{FtpStore, Settings};

/// Settings of an [`FtpStore`]; created by [`FtpStore::builder`].
#[derive(Debug, Clone)]
#[must_use]
pub struct FtpStoreBuilder {
    url: FtpUrl,
    credentials: Option<Credentials>,
    client: Option<ClientBuilder>,
    tls: Option<TlsConfig>,
    sessions: usize,
    settings: Settings,
}

impl FtpStore {
    /// Returns a builder for a store below the path of a URL (`ftp`, `ftpes` or `ftps`).
    pub fn builder(url: FtpUrl) -> FtpStoreBuilder {
        FtpStoreBuilder::new(url)
    }
}

impl FtpStoreBuilder {
    fn new(url: FtpUrl) -> Self {
        let settings = Settings::default();
        Self { url, credentials: None, client: None, tls: None, sessions: Pool::DEFAULT_SIZE, settings }
    }

    /// Sets user and password. Defaults to the user of the URL without a password, and to an anonymous login without a
    /// user.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Takes the password from `OXFTP_PASSWORD`, the user from the URL or else `OXFTP_USER`, and the root certificates
    /// from the PEM file that `OXFTP_CA_FILE` names. A variable that is not set changes nothing.
    ///
    /// # Errors
    ///
    /// [`BuildError::CaFile`] if the file cannot be read; [`BuildError::Client`] if it has no certificates.
    pub fn credentials_from_env(mut self) -> Result<Self, BuildError> {
        let user = self.url.user().map(str::to_owned).or_else(|| env::var("OXFTP_USER").ok());
        if let Some(user) = user {
            let password = env::var("OXFTP_PASSWORD").unwrap_or_default();
            self.credentials = Some(Credentials::new(&user, password));
        }
        if let Some(path) = env::var_os("OXFTP_CA_FILE").map(PathBuf::from) {
            let pem = fs::read(&path).map_err(|source| BuildError::CaFile { path, source })?;
            self.tls = Some(self.tls.unwrap_or_default().root_certificates_pem(pem)?);
        }
        Ok(self)
    }

    /// Takes user and password from a netrc file, if it names the host (and the user of the URL). One that other users
    /// can read is refused.
    ///
    /// # Errors
    ///
    /// [`BuildError::Netrc`] if the file cannot be read.
    pub fn credentials_from_netrc(mut self, path: impl Into<PathBuf>) -> Result<Self, BuildError> {
        let path = path.into();
        let netrc = Netrc::read(&path).map_err(|source| BuildError::Netrc { path, source })?;
        if let Some(login) = netrc.find(&self.url.host().name, self.url.user())
            && let Some(user) = login.user.as_deref().or(self.url.user())
        {
            let mut credentials = Credentials::new(user, login.password.clone().unwrap_or_default());
            credentials.account = login.account.clone().unwrap_or(credentials.account);
            self.credentials = Some(credentials);
        }
        Ok(self)
    }

    /// Sets the TLS configuration. Used for `ftpes` and `ftps` only.
    pub fn tls(mut self, tls: TlsConfig) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Sets everything else about the sessions: timeouts, proxies, limits. Its TLS mode must be that of the scheme.
    pub fn client(mut self, client: ClientBuilder) -> Self {
        self.client = Some(client);
        self
    }

    /// Sets the maximum number of sessions. Defaults to 4. Servers limit the sessions of an address, and each process
    /// of a cluster has its own store.
    pub fn sessions(mut self, sessions: usize) -> Self {
        self.sessions = sessions;
        self
    }

    /// Sets whether an object has its name only when it is complete. Defaults to `true`. Without it, an object is
    /// stored under its name at once: for servers that refuse renames. A reader may then see a part of it.
    pub fn atomic(mut self, atomic: bool) -> Self {
        self.settings.atomic = atomic;
        self
    }

    /// Sets the size up to which a file is read as a whole, even if only a range of it is requested. Defaults to 8 MiB; 0 reads
    /// ranges only.
    pub fn whole_files_up_to(mut self, bytes: u64) -> Self {
        self.settings.whole_files_up_to = bytes;
        self
    }

    /// Sets how much memory holds the contents of files that were read as a whole. Defaults to 64 MiB. They are used
    /// again while time and size of the file are the same.
    pub fn cache(mut self, bytes: u64) -> Self {
        self.settings.cache_bytes = bytes;
        self
    }

    /// Sets how long size and time of a listed file are taken as they were. Defaults to 5 seconds. An object that another
    /// client replaces meanwhile is read with the old size, which is an error if the sizes differ.
    pub fn trust_listing(mut self, age: Duration) -> Self {
        self.settings.trust_listing = age;
        self
    }

    /// Creates the store. Opens no connection yet.
    ///
    /// # Errors
    ///
    /// [`BuildError::PasswordInUrl`].
    pub fn build(self) -> Result<FtpStore, BuildError> {
        if self.url.password().is_some() {
            return Err(BuildError::PasswordInUrl { url: self.url.to_string() });
        }
        let mut client = self.client.unwrap_or_else(|| ClientBuilder::from_url(&self.url));
        if let Some(tls) = self.tls {
            client = match self.url.scheme() {
                Scheme::Ftp => client,
                Scheme::Ftpes => client.explicit_tls(tls),
                Scheme::Ftps => client.implicit_tls(tls),
            };
        }
        let credentials = self.credentials.unwrap_or_else(|| self.url.credentials());
        let pool = Pool::new(client, self.url.host(), credentials).size(self.sessions);
        let root = self.url.path();
        let root = match root.as_bytes() {
            [.., b'/'] if root.as_bytes().len() > 1 => {
                RemotePath::from(root.to_string_lossy().trim_end_matches('/'))
            }
            _ => root,
        };
        Ok(FtpStore::with_settings(pool, root, self.url.to_string(), self.settings))
    }
}

/// Error of creating a store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The URL contains a password, which would be shown in query plans and logs.
    #[error("the URL {url} must not contain a password: set OXFTP_PASSWORD, or pass credentials")]
    PasswordInUrl {
        /// The URL, without its password.
        url: String,
    },
    /// The file of root certificates cannot be read.
    #[error("cannot read {path:?}, which OXFTP_CA_FILE names")]
    CaFile {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The netrc file cannot be read.
    #[error("cannot use the netrc file {path:?}")]
    Netrc {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The settings of the sessions are invalid.
    #[error(transparent)]
    Client(#[from] Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn password_in_url_is_refused_and_hidden() {
        let error = FtpStore::builder("ftp://me:secret@h/data".parse().unwrap()).build().unwrap_err();
        assert!(matches!(error, BuildError::PasswordInUrl { .. }), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
        assert!(error.to_string().contains("OXFTP_PASSWORD"), "{error}");
    }

    #[test]
    fn netrc_login_is_taken_for_its_host() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("netrc");
        fs::write(&path, "machine h login me password one machine h login you password two").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let login = |url: &str| {
            let builder = FtpStore::builder(url.parse().unwrap()).credentials_from_netrc(&path).unwrap();
            builder.credentials.map(|login| (login.user, login.password.expose().to_owned()))
        };

        assert_eq!(login("ftp://h/"), Some(("me".to_owned(), "one".to_owned())));
        assert_eq!(login("ftp://you@h/"), Some(("you".to_owned(), "two".to_owned())));
        assert_eq!(login("ftp://else@h/"), None);
        assert_eq!(login("ftp://elsewhere/"), None);
        let missing = FtpStore::builder("ftp://h/".parse().unwrap()).credentials_from_netrc("/no/such/file");
        assert!(matches!(missing, Err(BuildError::Netrc { .. })));
    }

    #[test]
    fn store_shows_its_url() {
        let store = FtpStore::builder("ftpes://me@h:2121/data/".parse().unwrap()).build().unwrap();
        assert_eq!(store.to_string(), "FtpStore(ftpes://me@h:2121/data/)");
        assert!(format!("{store:?}").contains("ftpes://me@h:2121/data/"));
    }
}

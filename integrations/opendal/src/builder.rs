//! The builder of the service.

use std::{fs, path::PathBuf, sync::Arc};

use opendal_core::{Builder, Error, ErrorKind, Result, raw::Service};
use oxftp::{ClientBuilder, Credentials, FtpUrl, Pool, RemotePath, Scheme, TlsConfig};

use crate::{
    config::{OxftpConfig, password_in_url},
    core::Core,
    service::OxftpService,
};

/// Settings of the service.
///
/// ```
/// use opendal::Operator;
/// use opendal_service_oxftp::OxftpBuilder;
///
/// # fn example() -> opendal::Result<()> {
/// let builder = OxftpBuilder::default().endpoint("ftpes://ftp.example.org").user("me").password("secret").root("data");
/// let operator = Operator::new(builder)?;
/// assert!(operator.info().capability().rename);
/// # Ok(())
/// # }
/// # example().unwrap();
/// ```
#[derive(Debug, Default)]
#[must_use]
pub struct OxftpBuilder {
    config: OxftpConfig,
    pool: Option<Pool>,
}

impl OxftpBuilder {
    pub(crate) fn from_config(config: OxftpConfig) -> Self {
        Self { config, pool: None }
    }

    /// Sets protocol, host and port: `ftp://host` (no encryption), `ftpes://host` (explicit TLS) or `ftps://host`
    /// (implicit TLS), each perhaps with a user and a port. A password or a path in it is refused.
    ///
    /// ```
    /// let builder = opendal_service_oxftp::OxftpBuilder::default().endpoint("ftpes://ftp.example.org:2121");
    /// ```
    pub fn endpoint(mut self, url: &str) -> Self {
        self.config.endpoint = Some(url.to_owned());
        self
    }

    /// Sets the directory of all paths. A path without a leading slash is below the login directory, which is the
    /// default.
    ///
    /// The directory is created by the first write.
    ///
    /// ```
    /// let builder = opendal_service_oxftp::OxftpBuilder::default().root("/srv/data");
    /// ```
    pub fn root(mut self, directory: &str) -> Self {
        self.config.root = Some(directory.to_owned());
        self
    }

    /// Sets the user name. Defaults to that of the endpoint, and without one to an anonymous login.
    ///
    /// ```
    /// let builder = opendal_service_oxftp::OxftpBuilder::default().user("me");
    /// ```
    pub fn user(mut self, name: &str) -> Self {
        self.config.user = Some(name.to_owned());
        self
    }

    /// Sets the password. Defaults to an empty one.
    ///
    /// ```
    /// let builder = opendal_service_oxftp::OxftpBuilder::default().user("me").password("secret");
    /// assert!(!format!("{builder:?}").contains("secret"));
    /// ```
    pub fn password(mut self, password: &str) -> Self {
        self.config.password = Some(password.to_owned());
        self
    }

    /// Sets the maximum number of sessions. Defaults to 4. Servers limit the sessions of an address.
    ///
    /// ```
    /// let builder = opendal_service_oxftp::OxftpBuilder::default().sessions(8);
    /// ```
    pub fn sessions(mut self, sessions: usize) -> Self {
        self.config.sessions = Some(sessions);
        self
    }

    /// Sets a PEM file of root certificates, which are trusted besides those of the system.
    ///
    /// ```
    /// let builder = opendal_service_oxftp::OxftpBuilder::default().ca_file("ca.pem");
    /// ```
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.config.ca_file = Some(path.into());
        self
    }

    /// Sets whether a file has its name only when it is complete. Defaults to `true`: a file is stored under a hidden
    /// name and then renamed.
    ///
    /// Without it, a file is stored under its name at once: for servers that refuse renames. A reader may then see a part of
    /// it.
    ///
    /// ```
    /// let builder = opendal_service_oxftp::OxftpBuilder::default().atomic(false);
    /// ```
    pub fn atomic(mut self, atomic: bool) -> Self {
        self.config.atomic = Some(atomic);
        self
    }

    /// Sets an existing pool, for proxies, timeouts and other settings of its sessions. It has host and login, so
    /// only [`root`](Self::root) and [`atomic`](Self::atomic) may be set besides it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use oxftp::{Client, Credentials, Pool};
    ///
    /// let client = Client::builder().socket_timeout(Duration::from_secs(10));
    /// let pool = Pool::new(client, "ftp.example.org", Credentials::anonymous());
    /// let builder = opendal_service_oxftp::OxftpBuilder::default().pool(pool).root("pub");
    /// ```
    pub fn pool(mut self, pool: Pool) -> Self {
        self.pool = Some(pool);
        self
    }
}

impl Builder for OxftpBuilder {
    type Config = OxftpConfig;

    /// Creates the service. Opens no connection yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ConfigInvalid`] for a missing or unusable endpoint, a password in it, no sessions, or a file of root
    /// certificates that cannot be used.
    fn build(self) -> Result<impl Service> {
        let Self { mut config, pool } = self;
        let (root, atomic) = (config.root.take().unwrap_or_default(), config.atomic.take().unwrap_or(true));
        let pool = match pool {
            None => create_pool(&config)?,
            Some(pool) if config == OxftpConfig::default() => pool,
            Some(_) => {
                return Err(invalid("a pool has its own endpoint, login, sessions and root certificates"));
            }
        };
        Ok(OxftpService::new(Arc::new(Core::new(pool, directory(&root), atomic))))
    }
}

fn create_pool(config: &OxftpConfig) -> Result<Pool> {
    let endpoint = config.endpoint.as_ref().ok_or_else(|| invalid("the endpoint is not set"))?;
    let url: FtpUrl = endpoint.parse().map_err(|error| {
        invalid("the endpoint is not an ftp, ftpes or ftps URL").set_source(oxftp::Error::from(error))
    })?;
    if url.password().is_some() {
        return Err(password_in_url());
    }
    if !matches!(url.path().as_bytes(), b"" | b"/") {
        return Err(invalid("the endpoint has a path: set it as root").with_context("endpoint", &url));
    }
    let credentials = match config.user.as_deref().or(url.user()) {
        Some(user) => Credentials::new(user, config.password.clone().unwrap_or_default()),
        None if config.password.is_some() => return Err(invalid("a password needs a user")),
        None => url.credentials(),
    };
    let mut client = ClientBuilder::from_url(&url);
    if let Some(path) = &config.ca_file {
        let unusable = || {
            invalid("the file of root certificates cannot be used").with_context("ca_file", path.display())
        };
        let pem = fs::read(path).map_err(|error| unusable().set_source(error))?;
        let tls =
            TlsConfig::new().root_certificates_pem(pem).map_err(|error| unusable().set_source(error))?;
        client = match url.scheme() {
            Scheme::Ftp => {
                return Err(invalid("root certificates have no use with ftp, which is not encrypted"));
            }
            Scheme::Ftpes => client.explicit_tls(tls),
            Scheme::Ftps => client.implicit_tls(tls),
        };
    }
    let pool = Pool::new(client, url.host(), credentials);
    match config.sessions {
        None => Ok(pool),
        Some(0) => Err(invalid("at least one session is needed")),
        Some(sessions) => Ok(pool.size(sessions)),
    }
}

/// Returns a directory without repeated slashes and without those at its end.
fn directory(root: &str) -> RemotePath {
    let names: Vec<_> = root.split('/').filter(|name| !name.is_empty()).collect();
    let first = if root.starts_with('/') { "/" } else { "" };
    format!("{first}{}", names.join("/")).into()
}

fn invalid(message: &str) -> Error {
    Error::new(ErrorKind::ConfigInvalid, message).with_operation("Builder::build")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(builder: OxftpBuilder) -> String {
        let error = builder.build().map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{error:?}");
        format!("{error:?}")
    }

    fn at(endpoint: &str) -> OxftpBuilder {
        OxftpBuilder::default().endpoint(endpoint)
    }

    #[test]
    fn endpoint_with_password_is_refused_and_hidden() {
        for endpoint in ["ftp://me:secret@h", "ftp://me:secret@h:99999999/"] {
            let text = refusal(at(endpoint));
            assert!(!text.contains("secret"), "{text}");
        }
        assert!(refusal(at("ftp://me:secret@h")).contains("`password`"));
    }

    #[test]
    fn unusable_settings_are_refused() {
        assert!(refusal(OxftpBuilder::default()).contains("endpoint"));
        assert!(refusal(at("http://h")).contains("ftpes"));
        assert!(refusal(at("ftp://h/data")).contains("root"));
        assert!(refusal(at("ftp://h").password("x")).contains("user"));
        assert!(refusal(at("ftp://h").sessions(0)).contains("session"));
        assert!(refusal(at("ftpes://h").ca_file("no/such/file")).contains("no/such/file"));
    }

    #[test]
    fn pool_excludes_login_settings() {
        let pool = Pool::new(ClientBuilder::default(), "h", Credentials::anonymous());
        assert!(OxftpBuilder::default().pool(pool.clone()).root("x").atomic(false).build().is_ok());
        assert!(refusal(OxftpBuilder::default().pool(pool).user("me")).contains("pool"));
    }

    #[test]
    fn root_is_absolute_or_below_login_directory() {
        for (root, expected) in [("", ""), ("/", "/"), ("a/b/", "a/b"), ("/a//", "/a"), ("//a//b", "/a/b")] {
            assert_eq!(directory(root), RemotePath::from(expected), "{root:?}");
        }
    }
}

//! Registry of object stores: one for each server and user that queries name.

use std::{
    collections::HashMap,
    fmt, fs, io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use datafusion::{
    error::{DataFusionError, Result},
    execution::object_store::{DefaultObjectStoreRegistry, ObjectStoreRegistry},
};
use object_store::ObjectStore;
use oxftp::{Credentials, FtpUrl, RemotePath, Scheme, TlsConfig, UrlError};
use oxftp_object_store::{BuildError, FtpStore};
use url::{Position, Url};

use crate::options::{FtpOptions, Values};

/// An [`ObjectStoreRegistry`] that creates a store when a query first names a server by `ftp`, `ftpes` or `ftps`. It
/// passes other schemes on to the registry of DataFusion, which has the local files.
///
/// Two users of one server have two stores. A store that was registered by hand is preferred, for proxies and other
/// settings that [`FtpOptions`] do not have.
///
/// ```
/// use datafusion::execution::object_store::ObjectStoreRegistry;
/// use oxftp_datafusion::{FtpOptions, FtpRegistry};
///
/// let registry = FtpRegistry::new(FtpOptions::default());
/// let store = registry.get_store(&"ftpes://me@ftp.example.org/data/".parse()?)?;
/// assert_eq!(store.to_string(), "FtpStore(ftpes://me@ftp.example.org/)");
/// registry.get_store(&"ftp://me:sesame@ftp.example.org/".parse()?).unwrap_err();
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub struct FtpRegistry {
    options: FtpOptions,
    others: DefaultObjectStoreRegistry,
    stores: Mutex<HashMap<String, Created>>,
    on_further_store: Mutex<Option<Box<dyn Fn() + Send>>>,
}

/// A store, and the options that it was created with.
struct Created {
    store: FtpStore,
    values: Values,
}

impl FtpRegistry {
    /// Creates a registry without stores.
    #[must_use]
    pub fn new(options: FtpOptions) -> Self {
        Self {
            options,
            others: DefaultObjectStoreRegistry::new(),
            stores: Mutex::default(),
            on_further_store: Mutex::default(),
        }
    }

    /// Returns the options.
    #[must_use]
    pub fn options(&self) -> &FtpOptions {
        &self.options
    }

    /// Returns how many bytes of files all stores have received.
    #[must_use]
    pub fn received_bytes(&self) -> u64 {
        self.lock().values().map(|created| created.store.received_bytes()).sum()
    }

    /// Ends the sessions of all stores (`QUIT`). They are created again when they are needed.
    pub async fn close(&self) {
        let stores: Vec<_> = self.lock().drain().map(|(_, created)| created.store).collect();
        for store in stores {
            store.close().await;
        }
    }

    /// Sets the action that is done when a store is created besides another one, or instead of it.
    pub(crate) fn on_further_store(&self, action: impl Fn() + Send + 'static) {
        *self.on_further_store.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(action));
    }

    fn store(&self, url: &Url) -> Result<FtpStore, RegistryError> {
        if url.password().is_some() {
            let mut shown = url.clone();
            // A URL with a password has a host, so that this cannot fail.
            let _ = shown.set_password(None);
            return Err(BuildError::PasswordInUrl { url: shown.to_string() }.into());
        }
        let server = &url[..Position::BeforePath];
        let values = self.options.values();
        let mut stores = self.lock();
        if let Some(created) = stores.get(server)
            && created.values == values
        {
            return Ok(created.store.clone());
        }
        let store = create(server, &values)?;
        let replaced = stores.insert(server.to_owned(), Created { store: store.clone(), values });
        let is_further = replaced.is_some() || stores.len() > 1;
        drop(stores);
        if is_further
            && let Some(action) = &*self.on_further_store.lock().unwrap_or_else(PoisonError::into_inner)
        {
            action();
        }
        Ok(store)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Created>> {
        self.stores.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ObjectStoreRegistry for FtpRegistry {
    fn register_store(&self, url: &Url, store: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        self.others.register_store(url, store)
    }

    fn deregister_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        match self.lock().remove(&url[..Position::BeforePath]) {
            Some(created) => Ok(Arc::new(created.store)),
            None => self.others.deregister_store(url),
        }
    }

    fn get_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        let registered = self.others.get_store(url);
        if registered.is_ok() || !is_ftp(url.scheme()) {
            return registered;
        }
        let store = self.store(url).map_err(|error| DataFusionError::External(Box::new(error)))?;
        Ok(Arc::new(store))
    }
}

impl fmt::Debug for FtpRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers: Vec<_> = self.lock().keys().cloned().collect();
        f.debug_struct("FtpRegistry").field("servers", &servers).field("others", &self.others).finish()
    }
}

/// Error of creating a store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// The URL is not one of a server.
    #[error("{url} cannot be used")]
    Url {
        /// The URL.
        url: String,
        /// The reason.
        source: UrlError,
    },
    /// The file of root certificates cannot be read.
    #[error("cannot read the root certificates {path:?}")]
    CaFile {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The settings cannot be used.
    #[error(transparent)]
    Store(#[from] BuildError),
}

/// Returns whether a scheme is one of FTP.
pub(crate) fn is_ftp(scheme: &str) -> bool {
    matches!(scheme, "ftp" | "ftpes" | "ftps")
}

/// Creates the store of a server: scheme, user, host and port.
fn create(server: &str, values: &Values) -> Result<FtpStore, RegistryError> {
    let url: FtpUrl =
        server.parse().map_err(|source| RegistryError::Url { url: server.to_owned(), source })?;
    let user = url.user().map(str::to_owned).or_else(|| values.user.clone());
    let is_encrypted = url.scheme() != Scheme::Ftp;
    let url = match values.root.as_str() {
        "" => url,
        root => url.with_path(RemotePath::from(root)),
    };
    let mut builder = FtpStore::builder(url).sessions(values.sessions);
    if let Some(bytes) = values.whole_files_up_to {
        builder = builder.whole_files_up_to(bytes);
    }
    match (user, &values.password, &values.netrc) {
        (Some(user), Some(password), _) => {
            builder = builder.credentials(Credentials::new(&user, password.expose()));
        }
        (user, _, Some(netrc)) => {
            if let Some(user) = user {
                builder = builder.credentials(Credentials::new(&user, ""));
            }
            builder = builder.credentials_from_netrc(netrc)?;
        }
        (Some(user), None, None) => builder = builder.credentials(Credentials::new(&user, "")),
        (None, _, None) => {}
    }
    if let Some(path) = values.ca_file.as_ref().filter(|_| is_encrypted) {
        let pem = fs::read(path).map_err(|source| RegistryError::CaFile { path: path.clone(), source })?;
        let tls = TlsConfig::new().root_certificates_pem(pem).map_err(BuildError::from)?;
        builder = builder.tls(tls);
    }
    Ok(builder.build()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn stores_are_made_per_server_and_user() {
        let options = FtpOptions::default();
        let registry = FtpRegistry::new(options.clone());
        let shown = |text: &str| registry.get_store(&url(text)).unwrap().to_string();

        assert_eq!(shown("ftp://h/a/x.csv"), "FtpStore(ftp://h/)");
        assert_eq!(shown("ftps://me@h:2121/a"), "FtpStore(ftps://me@h:2121/)");
        assert_eq!(shown("ftps://you@h:2121/a"), "FtpStore(ftps://you@h:2121/)");
        assert_eq!(registry.lock().len(), 3);
        shown("ftp://h/b/");
        assert_eq!(registry.lock().len(), 3);

        // Other options make another store.
        options.set_root("/data");
        assert_eq!(shown("ftp://h/b/"), "FtpStore(ftp://h//data)");
        assert!(registry.get_store(&url("file:///tmp/x")).is_ok());
        registry.get_store(&url("s3://bucket/x")).unwrap_err();
        registry.close().await;
        assert!(registry.lock().is_empty());
    }

    #[test]
    fn password_in_url_is_refused_and_hidden() {
        let registry = FtpRegistry::new(FtpOptions::default());
        let error = registry.get_store(&url("ftpes://me:sesame@h/data/x.csv")).unwrap_err().to_string();
        assert!(error.contains("ftpes://me@h/data/x.csv") && error.contains("OXFTP_PASSWORD"), "{error}");
        assert!(!error.contains("sesame"), "{error}");
    }

    #[test]
    fn further_stores_run_the_action() {
        let options = FtpOptions::default();
        let registry = FtpRegistry::new(options.clone());
        let runs = Arc::new(Mutex::new(0));
        let counted = Arc::clone(&runs);
        registry.on_further_store(move || *counted.lock().unwrap() += 1);

        for (server, expected) in [("ftp://a/", 0), ("ftp://a/x", 0), ("ftp://b/", 1), ("ftp://c/", 2)] {
            registry.get_store(&url(server)).unwrap();
            assert_eq!(*runs.lock().unwrap(), expected, "{server}");
        }
        options.set_root("/data");
        registry.get_store(&url("ftp://a/")).unwrap();
        assert_eq!(*runs.lock().unwrap(), 3);
    }

    #[test]
    fn unreadable_root_certificates_name_their_file() {
        let options = FtpOptions::default();
        options.set_ca_file("/no/such/ca.pem");
        let registry = FtpRegistry::new(options);
        let error = registry.get_store(&url("ftpes://h/")).unwrap_err().to_string();
        assert!(error.contains("/no/such/ca.pem"), "{error}");
        registry.get_store(&url("ftp://h/")).unwrap();
    }
}

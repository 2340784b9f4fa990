//! Options of the sessions, as an extension of DataFusion's configuration.

use std::{
    any::Any,
    env,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use datafusion::{
    common::{
        config::{ConfigEntry, ConfigExtension, ExtensionOptions},
        config_err,
    },
    error::Result,
};
use oxftp::Secret;

/// Options of the sessions that queries open: the extension `ftp` of DataFusion's configuration.
///
/// | key | value |
/// |---|---|
/// | `ftp.user` | user, for URLs without one |
/// | `ftp.password` | password; shown as `***` |
/// | `ftp.netrc` | netrc file with users and passwords |
/// | `ftp.ca_file` | PEM file with root certificates, besides those of the system |
/// | `ftp.sessions` | maximum number of sessions for each server and user; 4 by default |
/// | `ftp.root` | directory that the paths of URLs start from; the login directory by default |
///
/// Clones share their values, so that `SET` reaches the registry: a value that is set applies to the next query. Give
/// each user's context its own options.
///
/// ```
/// use datafusion::prelude::SessionConfig;
/// use oxftp_datafusion::FtpOptions;
///
/// let options = FtpOptions::default();
/// options.set_password("sesame");
/// let config = SessionConfig::new().with_option_extension(options.clone());
/// assert!(!format!("{config:?}").contains("sesame"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct FtpOptions {
    values: Arc<Mutex<Values>>,
    /// The values of the machine, if this is a part of a cluster: a query sets those of [`OF_QUERIES`] only.
    machine: Option<Arc<Values>>,
}

/// The values at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Values {
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Secret>,
    pub(crate) netrc: Option<PathBuf>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) sessions: usize,
    pub(crate) root: String,
    pub(crate) whole_files_up_to: Option<u64>,
}

impl Default for Values {
    fn default() -> Self {
        Self {
            user: None,
            password: None,
            netrc: None,
            ca_file: None,
            sessions: DEFAULT_SESSIONS,
            root: String::new(),
            whole_files_up_to: None,
        }
    }
}

impl FtpOptions {
    /// Returns options with the values of `OXFTP_USER`, `OXFTP_PASSWORD` and `OXFTP_CA_FILE`, as far as they are set.
    #[must_use]
    pub fn from_env() -> Self {
        let values = Values {
            user: env::var("OXFTP_USER").ok(),
            password: env::var("OXFTP_PASSWORD").ok().map(Secret::new),
            ca_file: env::var_os("OXFTP_CA_FILE").map(PathBuf::from),
            ..Values::default()
        };
        Self { values: Arc::new(Mutex::new(values)), machine: None }
    }

    /// Returns options for one query of a cluster on this machine, whose own options these are.
    ///
    /// The query comes from another machine, with all options of DataFusion. It sets `ftp.user` and `ftp.root` only; other
    /// options of `ftp` are ignored, and the result shows none of them. So a password, the path of a file and the number of
    /// sessions are always those of the machine that uses them.
    ///
    /// ```
    /// use datafusion::common::config::ExtensionOptions;
    /// use oxftp_datafusion::FtpOptions;
    ///
    /// let machine = FtpOptions::default();
    /// machine.set_sessions(2);
    /// let mut query = machine.for_query();
    /// query.set("root", "/data")?;
    /// query.set("sessions", "9")?;
    /// assert_eq!((query.root().as_str(), query.sessions()), ("/data", 2));
    /// # Ok::<_, datafusion::error::DataFusionError>(())
    /// ```
    #[must_use]
    pub fn for_query(&self) -> Self {
        Self { values: Arc::default(), machine: Some(Arc::new(self.values())) }
    }

    /// Sets the user for URLs that name none. Without a user, the login is anonymous.
    pub fn set_user(&self, user: impl Into<String>) {
        self.lock().user = Some(user.into());
    }

    /// Sets the password.
    pub fn set_password(&self, password: impl Into<Secret>) {
        self.lock().password = Some(password.into());
    }

    /// Sets the netrc file. It is used for servers whose password is not set otherwise, and only if no other user of this
    /// machine can read it.
    pub fn set_netrc(&self, path: impl Into<PathBuf>) {
        self.lock().netrc = Some(path.into());
    }

    /// Sets a PEM file with root certificates to trust besides those of the system.
    pub fn set_ca_file(&self, path: impl Into<PathBuf>) {
        self.lock().ca_file = Some(path.into());
    }

    /// Sets the maximum number of sessions for each server and user; at least 1.
    pub fn set_sessions(&self, sessions: usize) {
        self.lock().sessions = sessions.max(1);
    }

    /// Returns the maximum number of sessions for each server and user.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.values().sessions
    }

    /// Returns the user for URLs that name none.
    #[must_use]
    pub fn user(&self) -> Option<String> {
        self.values().user
    }

    /// Returns the directory that the paths of URLs start from; empty for the login directory.
    #[must_use]
    pub fn root(&self) -> String {
        self.lock().root.clone()
    }

    /// Sets the size in bytes up to which files are read whole and kept in memory. Set 0 if only a part of each file is
    /// needed, such as the end of a Parquet file.
    pub fn set_whole_files_up_to(&self, bytes: u64) {
        self.lock().whole_files_up_to = Some(bytes);
    }

    /// Sets the directory that the paths of URLs start from: `/` makes them absolute. Empty for the login directory.
    pub fn set_root(&self, root: impl Into<String>) {
        self.lock().root = root.into();
    }

    /// Returns the values that apply.
    pub(crate) fn values(&self) -> Values {
        let set = self.lock().clone();
        match &self.machine {
            None => set,
            Some(machine) => {
                let machine = Values::clone(machine);
                Values { user: set.user.or(machine.user), root: set.root, ..machine }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Values> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConfigExtension for FtpOptions {
    const PREFIX: &'static str = "ftp";
}

impl ExtensionOptions for FtpOptions {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        if self.machine.is_some() && KEYS.contains(&&*format!("ftp.{key}")) && !OF_QUERIES.contains(&key) {
            return Ok(());
        }
        let text = || (!value.is_empty()).then(|| value.to_owned());
        let mut values = self.lock();
        match key {
            "user" => values.user = text(),
            "password" => values.password = text().map(Secret::new),
            "netrc" => values.netrc = text().map(PathBuf::from),
            "ca_file" => values.ca_file = text().map(PathBuf::from),
            "root" => value.clone_into(&mut values.root),
            "sessions" => match value.parse() {
                Ok(sessions) if sessions > 0 => values.sessions = sessions,
                _ => return config_err!("ftp.sessions must be a number from 1 on, not {value:?}"),
            },
            _ => return config_err!("there is no option ftp.{key}; the options are {}", KEYS.join(", ")),
        }
        Ok(())
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        let values = self.lock().clone();
        let is_shown =
            |key: &str| self.machine.is_none() || OF_QUERIES.contains(&key.trim_start_matches("ftp."));
        let path = |path: Option<PathBuf>| path.map(|path| path.display().to_string());
        let shown = [
            values.user,
            values.password.map(|_| HIDDEN.to_owned()),
            path(values.netrc),
            path(values.ca_file),
            Some(values.sessions.to_string()),
            Some(values.root),
        ];
        let entry = |((key, description), value): ((&str, &'static str), Option<String>)| ConfigEntry {
            key: key.to_owned(),
            value: value.filter(|_| is_shown(key)),
            description,
        };
        KEYS.into_iter().zip(DESCRIPTIONS).zip(shown).map(entry).collect()
    }
}

const KEYS: [&str; 6] = ["ftp.user", "ftp.password", "ftp.netrc", "ftp.ca_file", "ftp.sessions", "ftp.root"];

const DESCRIPTIONS: [&str; 6] = [
    "User, for URLs without one",
    "Password",
    "Netrc file with users and passwords",
    "PEM file with root certificates, besides those of the system",
    "Maximum number of sessions for each server and user",
    "Directory that the paths of URLs start from; empty for the login directory",
];

/// The options that a query of a cluster brings with it.
const OF_QUERIES: [&str; 2] = ["user", "root"];

/// The value of a password that is set.
const HIDDEN: &str = "***";

/// As many as the object store has by default.
const DEFAULT_SESSIONS: usize = 4;

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionConfig;

    use super::*;

    #[test]
    fn set_reaches_clones_and_hides_password() {
        let options = FtpOptions::default();
        let mut config = SessionConfig::new().with_option_extension(options.clone());

        for (key, value) in [("ftp.password", "sesame"), ("ftp.sessions", "9"), ("ftp.root", "/data")] {
            config.options_mut().set(key, value).unwrap();
        }

        let values = options.values();
        assert_eq!(values.password.unwrap().expose(), "sesame");
        assert_eq!((values.sessions, values.root.as_str()), (9, "/data"));
        assert!(!format!("{config:?} {:?}", options.entries()).contains("sesame"));
        assert!(options.entries().iter().any(|entry| entry.value.as_deref() == Some("***")));
    }

    #[test]
    fn query_of_cluster_sets_user_and_root_only() {
        let machine = FtpOptions::default();
        machine.set_user("machine");
        machine.set_password("sesame");
        machine.set_sessions(2);
        let client = FtpOptions::default();
        client.set_password("other");
        client.set_netrc("/home/client/.netrc");
        client.set_root("/data");

        // As it travels: with all entries that have a value.
        let mut query = machine.for_query();
        for entry in client.entries() {
            let key = entry.key.trim_start_matches("ftp.");
            entry.value.map_or(Ok(()), |value| query.set(key, &value)).unwrap();
        }

        let values = query.values();
        assert_eq!(values.password.unwrap().expose(), "sesame");
        assert_eq!((values.user.as_deref(), values.netrc), (Some("machine"), None));
        assert_eq!((values.sessions, values.root.as_str()), (2, "/data"));
        let shown: Vec<_> = query.entries().into_iter().filter_map(|entry| entry.value).collect();
        assert_eq!(shown, ["/data"]);
        query.set("user", "client").unwrap();
        assert_eq!(query.user().as_deref(), Some("client"));
        query.set("pasword", "sesame").unwrap_err();
    }

    #[test]
    fn unknown_and_unusable_options_are_refused() {
        let mut options = FtpOptions::default();
        let unknown = options.set("pasword", "sesame").unwrap_err().to_string();
        assert!(unknown.contains("ftp.password") && !unknown.contains("sesame"), "{unknown}");
        for sessions in ["0", "many", ""] {
            options.set("sessions", sessions).unwrap_err();
        }
        assert_eq!(options.sessions(), 4);
    }
}

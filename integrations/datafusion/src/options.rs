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
        Self { values: Arc::new(Mutex::new(values)) }
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
        self.lock().sessions
    }

    /// Sets the directory that the paths of URLs start from: `/` makes them absolute. Empty for the login directory.
    pub fn set_root(&self, root: impl Into<String>) {
        self.lock().root = root.into();
    }

    pub(crate) fn values(&self) -> Values {
        self.lock().clone()
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
        let values = self.values();
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
            value,
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

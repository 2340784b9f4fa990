//! The configuration.

use std::{fmt, path::PathBuf};

use opendal_core::{Error, ErrorKind};
use oxftp::FtpUrl;
use serde::{Deserialize, Serialize};

/// The scheme of the service.
pub const OXFTP_SCHEME: &str = "oxftp";

/// Configuration of the service. `Debug` shows no password; serializing it does.
///
/// ```
/// use opendal::{Configurator, Operator};
/// use opendal_service_oxftp::OxftpConfig;
///
/// # fn example() -> opendal::Result<()> {
/// let options = [("endpoint", "ftpes://ftp.example.org"), ("root", "data"), ("sessions", "8")];
/// let config = OxftpConfig::from_iter(options.map(|(key, value)| (key.to_owned(), value.to_owned())))?;
/// assert_eq!(config.sessions, Some(8));
/// let operator = Operator::from_config(config)?;
/// # Ok(())
/// # }
/// # example().unwrap();
/// ```
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct OxftpConfig {
    /// Protocol, host and port of the server: see [`endpoint`](crate::OxftpBuilder::endpoint).
    pub endpoint: Option<String>,
    /// The directory of all paths: see [`root`](crate::OxftpBuilder::root).
    pub root: Option<String>,
    /// The user name: see [`user`](crate::OxftpBuilder::user).
    pub user: Option<String>,
    /// The password: see [`password`](crate::OxftpBuilder::password).
    pub password: Option<String>,
    /// The maximum number of sessions: see [`sessions`](crate::OxftpBuilder::sessions).
    pub sessions: Option<usize>,
    /// A PEM file of root certificates: see [`ca_file`](crate::OxftpBuilder::ca_file).
    pub ca_file: Option<PathBuf>,
    /// `false` stores a file under its name at once: see [`atomic`](crate::OxftpBuilder::atomic).
    pub atomic: Option<bool>,
}

impl fmt::Debug for OxftpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL of the client shows no password.
        let endpoint = self.endpoint.as_ref().map(|endpoint| match endpoint.parse::<FtpUrl>() {
            Ok(url) => url.to_string(),
            Err(_) => "an invalid URL".to_owned(),
        });
        f.debug_struct("OxftpConfig")
            .field("endpoint", &endpoint)
            .field("root", &self.root)
            .field("user", &self.user)
            .field("password", &self.password.as_ref().map(|_| "***"))
            .field("sessions", &self.sessions)
            .field("ca_file", &self.ca_file)
            .field("atomic", &self.atomic)
            .finish()
    }
}

/// Returns the error for a password where logs and query plans would show it.
pub(crate) fn password_in_url() -> Error {
    let message =
        "a URL must not contain a password: pass it as the option or by the builder's method `password`";
    Error::new(ErrorKind::ConfigInvalid, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_of_config_redacts_passwords() {
        let mut config = OxftpConfig { password: Some("secret".to_owned()), ..OxftpConfig::default() };
        for endpoint in ["ftp://me:secret@h", "ftp://me:secret@h:99999999", "secret"] {
            config.endpoint = Some(endpoint.to_owned());
            assert!(!format!("{config:?}").contains("secret"), "{config:?}");
        }
    }
}

//! The configuration as OpenDAL reads it from URIs and maps of options.

use opendal_core::{Configurator, OperatorUri, Result};

use crate::{
    builder::OxftpBuilder,
    config::{OxftpConfig, password_in_url},
};

impl Configurator for OxftpConfig {
    type Builder = OxftpBuilder;

    /// Takes host, user and root from a URI, and the rest from its options.
    ///
    /// `oxftp://host` means explicit TLS, unless the option `endpoint` says something else.
    ///
    /// # Errors
    ///
    /// [`ConfigInvalid`](opendal_core::ErrorKind::ConfigInvalid) if the URI contains a password, or an option has another type.
    fn from_uri(uri: &OperatorUri) -> Result<Self> {
        if uri.password().is_some() {
            return Err(password_in_url());
        }
        let mut config = Self::from_iter(uri.options().clone())?;
        if let (Some(authority), None) = (uri.authority(), &config.endpoint) {
            let scheme = match uri.scheme() {
                scheme @ ("ftp" | "ftps") => scheme,
                _ => "ftpes",
            };
            config.endpoint = Some(format!("{scheme}://{authority}"));
        }
        config.user = config.user.or_else(|| uri.username().map(str::to_owned));
        config.root = config.root.or_else(|| uri.root().map(str::to_owned));
        Ok(config)
    }

    fn into_builder(self) -> OxftpBuilder {
        OxftpBuilder::from_config(self)
    }
}

#[cfg(test)]
mod tests {
    use opendal_core::ErrorKind;

    use super::*;

    fn uri(text: &str, options: &[(&str, &str)]) -> Result<OxftpConfig> {
        let options = options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        OxftpConfig::from_uri(&OperatorUri::new(text, options).unwrap())
    }

    #[test]
    fn uri_sets_endpoint_user_and_root() {
        let config = uri("oxftp://me@h:2121/data/x?sessions=3", &[("password", "secret")]).unwrap();
        assert_eq!(config.endpoint.as_deref(), Some("ftpes://h:2121"));
        assert_eq!(config.user.as_deref(), Some("me"));
        assert_eq!(config.root.as_deref(), Some("data/x"));
        assert_eq!(config.password.as_deref(), Some("secret"));
        assert_eq!(config.sessions, Some(3));

        let config = uri("oxftp", &[("endpoint", "ftps://h"), ("atomic", "false")]).unwrap();
        assert_eq!(config.endpoint.as_deref(), Some("ftps://h"));
        assert_eq!(config.atomic, Some(false));
        assert_eq!(uri("ftps://h/", &[]).unwrap().endpoint.as_deref(), Some("ftps://h"));
    }

    #[test]
    fn password_in_uri_is_refused() {
        let error = uri("ftpes://me:secret@h/data", &[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConfigInvalid);
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
}

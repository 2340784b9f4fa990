//! Addresses of schedulers.

use std::{fmt, str::FromStr};

use url::Url;

/// The address of a scheduler: `df://host:port`. The port is 50050 if there is none, and `df://` may be left out.
///
/// ```
/// use oxftp_ballista::SchedulerAddress;
///
/// let address: SchedulerAddress = "node1".parse()?;
/// assert_eq!(address.to_string(), "df://node1:50050");
/// # Ok::<_, oxftp_ballista::AddressError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchedulerAddress {
    /// With brackets around an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// A text is not the address of a scheduler.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not the address of a scheduler: write df://HOST:PORT")]
pub struct AddressError {
    text: String,
}

impl FromStr for SchedulerAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let unusable = || AddressError { text: text.to_owned() };
        let url = match text.contains("://") {
            true => Url::parse(text),
            false => Url::parse(&format!("df://{text}")),
        };
        let url = url.map_err(|_| unusable())?;
        let has_more = !matches!(url.path(), "" | "/") || !url.username().is_empty() || url.query().is_some();
        match url.host_str() {
            Some(host) if url.scheme() == "df" && !has_more => {
                Ok(Self { host: host.to_owned(), port: url.port().unwrap_or(DEFAULT_PORT) })
            }
            _ => Err(unusable()),
        }
    }
}

impl fmt::Display for SchedulerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "df://{}:{}", self.host, self.port)
    }
}

/// The port of Ballista's own schedulers.
const DEFAULT_PORT: u16 = 50050;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scheduler_addresses_are_parsed_and_shown() {
        for (text, shown) in [
            ("df://node1:4000", "df://node1:4000"),
            ("df://node1/", "df://node1:50050"),
            ("node1:4000", "df://node1:4000"),
            ("127.0.0.1:4000", "df://127.0.0.1:4000"),
            ("df://[::1]:4000", "df://[::1]:4000"),
        ] {
            assert_eq!(text.parse::<SchedulerAddress>().unwrap().to_string(), shown);
        }
        for text in ["", "df://", "http://node1:4000", "df://node1/data", "df://me@node1", "node1:port"] {
            let error = text.parse::<SchedulerAddress>().unwrap_err().to_string();
            assert!(error.contains("df://HOST:PORT"), "{error}");
        }
    }
}

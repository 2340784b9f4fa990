//! Addresses of schedulers.

use std::{fmt, str::FromStr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use url::Url;

use crate::ClusterError;

/// The address of a scheduler: `df://host:port`. The port is 50050 if there is none, and `df://` may be left out.
///
/// ```
/// use oxftp_ballista::SchedulerAddress;
///
/// let address: SchedulerAddress = "node1".parse()?;
/// assert_eq!(address.to_string(), "df://node1:50050");
/// # Ok::<_, oxftp_ballista::ClusterError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchedulerAddress {
    /// With brackets around an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl SchedulerAddress {
    /// Asks the scheduler whether it has executors.
    ///
    /// # Errors
    ///
    /// [`ClusterError::NoScheduler`] and [`ClusterError::NoExecutor`].
    pub async fn check(&self) -> Result<(), ClusterError> {
        let unreachable = |reason: String| ClusterError::NoScheduler { scheduler: self.clone(), reason };
        let answer = match timeout(PATIENCE, self.ask()).await {
            Ok(answer) => answer.map_err(|error| unreachable(error.to_string()))?,
            Err(_) => return Err(unreachable(format!("no answer within {} s", PATIENCE.as_secs()))),
        };
        match answer.split_ascii_whitespace().nth(1) {
            Some("200") => Ok(()),
            Some("503") => Err(ClusterError::NoExecutor { scheduler: self.clone() }),
            _ => Err(unreachable("it does not answer like a scheduler".to_owned())),
        }
    }

    /// Returns the answer of the scheduler's HTTP service.
    async fn ask(&self) -> std::io::Result<String> {
        let Self { host, port } = self;
        let mut stream = TcpStream::connect((host.trim_matches(['[', ']']), *port)).await?;
        let request = format!("GET /readyz HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(LONGEST_ANSWER).read_to_end(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

impl FromStr for SchedulerAddress {
    type Err = ClusterError;

    fn from_str(text: &str) -> Result<Self, ClusterError> {
        let unusable = || ClusterError::Address { text: text.to_owned() };
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
const PATIENCE: Duration = Duration::from_secs(10);
const LONGEST_ANSWER: u64 = 64 << 10;

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

//! Proxies.

use std::io;

use oxftp::{
    ClientBuilder, Error, Secret,
    connect::{self, TcpConnector},
    redact_password,
};
use percent_encoding::percent_decode_str;
use url::Url;

use crate::failure::{Failure, Result};

/// A proxy: `socks5://`, `socks4a://` or `http://`, `[user[:password]@]host[:port]`.
#[derive(Debug)]
pub(crate) struct Proxy {
    kind: ProxyKind,
    host: String,
    port: u16,
    login: Option<(String, Secret)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProxyKind {
    Socks5,
    Socks4,
    Http,
}

impl Proxy {
    pub(crate) fn new(word: &str) -> Result<Self> {
        let unusable = |why: &str| {
            Failure::Usage(format!("the proxy {:?} cannot be used: {why}", redact_password(word)))
        };
        let url = Url::parse(word).map_err(|error| match error {
            url::ParseError::RelativeUrlWithoutBase => {
                unusable("a proxy is socks5://host:port or http://host:port")
            }
            error => unusable(&error.to_string()),
        })?;
        let (kind, usual_port) = match url.scheme() {
            "socks5" | "socks5h" => (ProxyKind::Socks5, 1080),
            "socks4" | "socks4a" => (ProxyKind::Socks4, 1080),
            "http" => (ProxyKind::Http, 80),
            _ => return Err(unusable("the scheme must be socks5, socks4a or http")),
        };
        let host =
            url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| unusable("it has no host"))?;
        let decode = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let login = (!url.username().is_empty())
            .then(|| (decode(url.username()), Secret::new(decode(url.password().unwrap_or_default()))));
        Ok(Self {
            kind,
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: url.port().unwrap_or(usual_port),
            login,
        })
    }

    /// Adds the proxy to the error of a failed connection.
    pub(crate) fn explain(&self, error: Error) -> Error {
        match error {
            Error::Connect { host, port, source } => {
                let way = format!("through the proxy {}:{}: {source}", self.host, self.port);
                Error::Connect { host, port, source: io::Error::new(source.kind(), way) }
            }
            error => error,
        }
    }

    /// Makes a client connect through the proxy, which it reaches with `tcp`.
    pub(crate) fn connect(&self, builder: ClientBuilder, tcp: TcpConnector) -> ClientBuilder {
        let (host, port, login) = (self.host.clone(), self.port, self.login.clone());
        match self.kind {
            ProxyKind::Socks5 => {
                let proxy = connect::Proxy::socks5(host, port).via(tcp);
                match login {
                    Some((user, password)) => builder.connector(proxy.credentials(user, password)),
                    None => builder.connector(proxy),
                }
            }
            ProxyKind::Socks4 => {
                let proxy = connect::Proxy::socks4(host, port).via(tcp);
                match login {
                    Some((user, _)) => builder.connector(proxy.user(user)),
                    None => builder.connector(proxy),
                }
            }
            ProxyKind::Http => {
                let proxy = connect::Proxy::http(host, port).via(tcp);
                match login {
                    Some((user, password)) => builder.connector(proxy.credentials(user, password)),
                    None => builder.connector(proxy),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxy_url_never_shows_its_password() {
        let proxy = Proxy::new("socks5://me:s%3Acret@[::1]").unwrap();

        assert_eq!((proxy.kind, proxy.host.as_str(), proxy.port), (ProxyKind::Socks5, "::1", 1080));
        assert_eq!(proxy.login, Some(("me".to_owned(), Secret::new("s:cret"))));
        assert!(!format!("{proxy:?}").contains("cret"));
    }

    #[test]
    fn proxy_without_scheme_has_an_example() {
        let failure = Proxy::new("127.0.0.1:3128").unwrap_err();
        assert!(format!("{failure:?}").contains("socks5://host:port"), "{failure:?}");
    }

    #[test]
    fn wrong_proxy_url_is_reported_without_password() {
        for word in ["ftp://u:secret@h", "socks5://u:secret@h:x", "http://", "proxy:8080"] {
            let failure = Proxy::new(word).unwrap_err();
            assert!(!format!("{failure:?}").contains("secret"), "{failure:?}");
        }
    }
}

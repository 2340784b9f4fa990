//! URLs of servers and files.

use std::{fmt, str::FromStr};

use oxftp_proto::{Encoding, RemotePath, Secret, dialog::Credentials};
use percent_encoding::percent_decode_str;

use crate::{Client, ClientBuilder, Host, TlsConfig};

/// A URL: `scheme://[user[:password]@]host[:port]/path` (RFC 1738, 3.2).
///
/// The scheme is `ftp` (plain), `ftpes` (explicit TLS) or `ftps` (implicit TLS, port 990). A path
/// `/x` is relative to the login directory, `//x` and `/%2Fx` are absolute. `?` and `#` are part
/// of the path, which has no query in FTP; a `;type=` at the end is left out.
///
/// The password is shown by nothing.
///
/// ```
/// let url: oxftp::FtpUrl = "ftpes://me:secret@example.org:2121//pub/a%20b".parse()?;
///
/// assert_eq!(url.path().to_string(), "/pub/a b");
/// assert_eq!(url.host().port, Some(2121));
/// assert_eq!(url.to_string(), "ftpes://me@example.org:2121//pub/a%20b");
/// # Ok::<(), oxftp::UrlError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FtpUrl {
    scheme: Scheme,
    user: Option<String>,
    password: Option<Secret>,
    host: Host,
    /// Without the slash after the host, still encoded.
    path: String,
}

/// How a connection is protected.
///
/// ```
/// use oxftp::{FtpUrl, Scheme};
///
/// let url: FtpUrl = "ftpes://ftp.example.org/pub".parse().unwrap();
/// assert_eq!(url.scheme(), Scheme::Ftpes);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `ftp`: not at all.
    Ftp,
    /// `ftpes`: explicit TLS.
    Ftpes,
    /// `ftps`: implicit TLS.
    Ftps,
}

impl Scheme {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ftp => "ftp",
            Self::Ftpes => "ftpes",
            Self::Ftps => "ftps",
        }
    }
}

impl FtpUrl {
    /// Gives the scheme.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Gives the host and, where the URL names it, the port.
    #[must_use]
    pub fn host(&self) -> Host {
        self.host.clone()
    }

    /// Gives the user, where the URL names one.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Gives the password, where the URL names one.
    #[must_use]
    pub fn password(&self) -> Option<&Secret> {
        self.password.as_ref()
    }

    /// Gives who logs in; anonymous where the URL names nobody, an empty password where it names
    /// none.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        match &self.user {
            Some(user) => Credentials::new(user, self.password.clone().unwrap_or_default()),
            None => Credentials::anonymous(),
        }
    }

    /// Gives the path, decoded; the empty path is the login directory.
    #[must_use]
    pub fn path(&self) -> RemotePath {
        let bytes: Vec<u8> = percent_decode_str(&self.path).collect();
        RemotePath::from_wire(&bytes, Encoding::UTF_8)
    }

    /// Tells whether the path ends in a slash, which names a directory.
    #[must_use]
    pub fn names_directory(&self) -> bool {
        self.path.is_empty() || self.path.ends_with('/')
    }

    /// Starts to describe a client for this URL: TLS as the scheme says, with what the system
    /// trusts.
    #[must_use]
    pub fn builder(&self) -> ClientBuilder {
        let builder = Client::builder();
        match self.scheme {
            Scheme::Ftp => builder,
            Scheme::Ftpes => builder.explicit_tls(TlsConfig::new()),
            Scheme::Ftps => builder.implicit_tls(TlsConfig::new()),
        }
    }
}

impl FromStr for FtpUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let error = |why| UrlError { url: without_password(text), why };
        let (scheme, rest) =
            text.split_once("://").ok_or_else(|| error("it has no scheme such as ftp://"))?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "ftp" => Scheme::Ftp,
            "ftpes" => Scheme::Ftpes,
            "ftps" => Scheme::Ftps,
            _ => return Err(error("its scheme is none of ftp, ftpes and ftps")),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, place) = match authority.rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, authority),
        };
        let (user, password) = match login {
            Some(login) => {
                let (user, password) = match login.split_once(':') {
                    Some((user, password)) => (user, Some(password)),
                    None => (login, None),
                };
                (Some(decode(user).ok_or_else(|| error("its user is not UTF-8"))?), password)
            }
            None => (None, None),
        };
        let password =
            password.map(|it| decode(it).ok_or_else(|| error("its password is not UTF-8"))).transpose()?;
        if [login.unwrap_or_default(), path].into_iter().any(breaks_a_line) {
            return Err(error("it holds a line break or NUL, which no command can carry"));
        }
        Ok(Self {
            scheme,
            user: user.filter(|user| !user.is_empty()),
            password: password.map(Secret::new),
            host: host(place).ok_or_else(|| error("its host or port cannot be used"))?,
            path: without_type(path).to_owned(),
        })
    }
}

/// Shows the URL without its password.
impl fmt::Display for FtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme.as_str())?;
        if let Some(user) = &self.user {
            write!(
                f,
                "{}@",
                percent_encoding::utf8_percent_encode(user, percent_encoding::NON_ALPHANUMERIC)
            )?;
        }
        let name = &self.host.name;
        if name.contains(':') {
            write!(f, "[{name}]")?
        } else {
            f.write_str(name)?
        };
        if let Some(port) = self.host.port {
            write!(f, ":{port}")?;
        }
        write!(f, "/{}", self.path.escape_debug())
    }
}

/// A URL cannot be used.
///
/// ```
/// let error = "http://example.org/".parse::<oxftp::FtpUrl>().unwrap_err();
/// assert_eq!(error.why, "its scheme is none of ftp, ftpes and ftps");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the URL {url:?} cannot be used: {why}")]
pub struct UrlError {
    /// The URL, without its password.
    pub url: String,
    /// What is wrong with it.
    pub why: &'static str,
}

/// Tells whether a part of a URL would be more than one line on the wire.
fn breaks_a_line(part: &str) -> bool {
    percent_decode_str(part).any(|byte| matches!(byte, b'\r' | b'\n' | 0))
}

fn decode(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(Into::into)
}

fn host(place: &str) -> Option<Host> {
    let (name, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (name, port) = rest.split_once(']')?;
            name.parse::<std::net::Ipv6Addr>().ok()?;
            (name, if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
        }
        None => match place.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (place, None),
        },
    };
    let port = match port {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse().ok()?),
        Some(_) => return None,
        None => None,
    };
    let name = match url::Host::parse(name) {
        Ok(url::Host::Domain(name)) => name,
        Ok(url::Host::Ipv4(address)) => address.to_string(),
        _ => name.parse::<std::net::Ipv6Addr>().ok()?.to_string(),
    };
    (port != Some(0)).then_some(Host { name, port })
}

fn without_type(path: &str) -> &str {
    match path.rsplit_once(";type=") {
        Some((path, "a" | "A" | "i" | "I" | "d" | "D")) => path,
        _ => path,
    }
}

/// Hides what may be a password: all from the first colon to the last `@`, also where the URL is
/// written wrongly.
fn without_password(text: &str) -> String {
    let start = text.find("://").map_or(0, |at| at + 3);
    let (before, rest) = text.split_at(start);
    let colon = rest.find(':');
    match rest.rfind('@') {
        Some(at) if colon.is_some_and(|colon| colon < at) => {
            let user = rest.split(':').next().unwrap_or_default();
            format!("{before}{user}{}", &rest[at..])
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> FtpUrl {
        text.parse().unwrap()
    }

    #[test]
    fn paths_are_relative_to_the_login_directory_unless_they_begin_with_two_slashes() {
        let path = |text| parse(text).path().to_string();

        assert_eq!(path("ftp://h"), "");
        assert_eq!(path("ftp://h/a/b"), "a/b");
        assert_eq!(path("ftp://h//a"), "/a");
        assert_eq!(path("ftp://h/%2Fa"), "/a");
        assert_eq!(path("ftp://h/a?b#c"), "a?b#c");
        assert_eq!(path("ftp://h/a;type=i"), "a");
        assert_eq!(path("ftp://h/a;b"), "a;b");
        assert_eq!(path("ftp://h/a%20%C3%A9"), "a é");
    }

    #[test]
    fn what_would_be_a_second_line_is_refused() {
        for bad in ["%0d%0aDELE%20x", "%0A", "%0D", "%00", "\n", "\0"] {
            for url in [format!("ftp://h/a{bad}"), format!("ftp://u{bad}@h/"), format!("ftp://u:p{bad}@h/a")]
            {
                let error = url.parse::<FtpUrl>().unwrap_err();
                assert!(error.to_string().contains("line break or NUL"), "{error}");
            }
        }
    }

    #[test]
    fn bytes_that_are_no_text_stay_bytes() {
        assert_eq!(parse("ftp://h/%FF").path().as_bytes(), b"\xff");
    }

    #[test]
    fn logins_are_decoded_and_never_shown() {
        let url = parse("ftps://a%40b:p%3Aw@[::1]:2121/");

        assert_eq!(url.credentials(), Credentials::new("a@b", "p:w"));
        assert_eq!(url.host(), Host { name: "::1".into(), port: Some(2121) });
        assert_eq!(url.to_string(), "ftps://a%40b@[::1]:2121/");
        assert!(!format!("{url:?}").contains("p:w"));
    }

    #[test]
    fn what_is_no_url_is_named_without_its_password() {
        for text in [
            "h/x",
            "http://u:p/w@h/x",
            "ftp://u:pw/pw@h/x",
            "ftp://u:pw@pw@/",
            "http://u:pw@h/x",
            "ftp://u:pw@/x",
            "ftp://u:pw@h:99999/",
            "ftp://u:pw@h:x/",
            "ftp://[::g]/",
        ] {
            let error = text.parse::<FtpUrl>().unwrap_err();
            assert!(!error.to_string().contains("pw"), "{error}");
        }
    }
}

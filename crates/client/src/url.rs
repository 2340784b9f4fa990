//! FTP URLs.

use std::{
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use oxftp_proto::{Encoding, RemotePath, Secret, dialog::Credentials, escape, redact_password};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode, utf8_percent_encode};

/// A URL: `scheme://[user[:password]@]host[:port]/path` (RFC 1738, 3.2).
///
/// The scheme is `ftp` (plain text), `ftpes` (explicit TLS) or `ftps` (implicit TLS, port 990). A path
/// `/x` is relative to the login directory, `//x` and `/%2Fx` are absolute. `?` and `#` are part of the
/// path, since FTP URLs have no query; a trailing `;type=` is ignored.
///
/// `Display` and `Debug` omit the password.
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
    /// Without the slash after the host, percent-encoded.
    path: String,
}

/// The scheme of a URL.
///
/// ```
/// use oxftp::{FtpUrl, Scheme};
///
/// let url: FtpUrl = "ftpes://ftp.example.org/pub".parse().unwrap();
/// assert_eq!(url.scheme(), Scheme::Ftpes);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `ftp`: plain text.
    Ftp,
    /// `ftpes`: explicit TLS.
    Ftpes,
    /// `ftps`: implicit TLS.
    Ftps,
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
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

/// Hashes all parts but the password.
impl Hash for FtpUrl {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.scheme, &self.user, &self.host, &self.path).hash(state);
    }
}

impl FtpUrl {
    /// Returns the scheme.
    ///
    /// ```
    /// let url: oxftp::FtpUrl = "ftps://me:secret@example.org:990/pub/a%20b".parse()?;
    /// assert_eq!(url.scheme(), oxftp::Scheme::Ftps);
    /// # Ok::<(), oxftp::UrlError>(())
    /// ```
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Returns the host, with the port if the URL contains one.
    ///
    /// ```
    /// let url: oxftp::FtpUrl = "ftps://me:secret@example.org:990/pub/a%20b".parse()?;
    /// assert_eq!(url.host().to_string(), "example.org:990");
    /// # Ok::<(), oxftp::UrlError>(())
    /// ```
    #[must_use]
    pub fn host(&self) -> Host {
        self.host.clone()
    }

    /// Returns the user, if the URL contains one.
    ///
    /// ```
    /// let url: oxftp::FtpUrl = "ftps://me:secret@example.org:990/pub/a%20b".parse()?;
    /// assert_eq!(url.user(), Some("me"));
    /// # Ok::<(), oxftp::UrlError>(())
    /// ```
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Returns the password, if the URL contains one.
    ///
    /// ```
    /// let url: oxftp::FtpUrl = "ftps://me:secret@example.org:990/pub/a%20b".parse()?;
    /// assert_eq!(url.password().map(|it| it.expose()), Some("secret"));
    /// # Ok::<(), oxftp::UrlError>(())
    /// ```
    #[must_use]
    pub fn password(&self) -> Option<&Secret> {
        self.password.as_ref()
    }

    /// Returns the credentials: anonymous if the URL contains no user, with an empty password if it contains none.
    ///
    /// ```
    /// let url: oxftp::FtpUrl = "ftps://me:secret@example.org:990/pub/a%20b".parse()?;
    /// assert_eq!(url.credentials().user, "me");
    /// # Ok::<(), oxftp::UrlError>(())
    /// ```
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        match &self.user {
            Some(user) => Credentials::new(user, self.password.clone().unwrap_or_default()),
            None => Credentials::anonymous(),
        }
    }

    /// Returns the decoded path; the empty path is the login directory.
    ///
    /// ```
    /// let url: oxftp::FtpUrl = "ftps://me:secret@example.org:990/pub/a%20b".parse()?;
    /// assert_eq!(url.path().to_string(), "pub/a b");
    /// # Ok::<(), oxftp::UrlError>(())
    /// ```
    #[must_use]
    pub fn path(&self) -> RemotePath {
        let bytes: Vec<u8> = percent_decode_str(&self.path).collect();
        RemotePath::from_wire(&bytes, Encoding::UTF_8)
    }

    /// Returns the path as it was written, percent-encoded.
    ///
    /// ```
    /// let url: oxftp::FtpUrl = "ftps://me:secret@example.org:990/pub/a%20b".parse()?;
    /// assert!(url.encoded_path().ends_with("pub/a%20b"));
    /// # Ok::<(), oxftp::UrlError>(())
    /// ```
    #[must_use]
    pub fn encoded_path(&self) -> &str {
        &self.path
    }

    /// Returns the URL of another path on the same server, with the same login. A slash at the end is kept.
    ///
    /// ```
    /// let url: oxftp::FtpUrl = "ftp://me@example.org/pub/a.txt".parse()?;
    /// assert_eq!(url.with_path("/pub/50% b").to_string(), "ftp://me@example.org//pub/50%25%20b");
    /// # Ok::<(), oxftp::UrlError>(())
    /// ```
    #[must_use]
    pub fn with_path(&self, path: impl Into<RemotePath>) -> Self {
        Self { path: encode_path(path.into().as_bytes()), ..self.clone() }
    }

    /// Returns whether the path ends in a slash, and so refers to a directory.
    ///
    /// ```
    /// let url: oxftp::FtpUrl = "ftps://me:secret@example.org:990/pub/a%20b".parse()?;
    /// assert!(!url.names_directory());
    /// assert!(url.with_path("pub/").names_directory());
    /// # Ok::<(), oxftp::UrlError>(())
    /// ```
    #[must_use]
    pub fn names_directory(&self) -> bool {
        self.path.is_empty() || self.path.ends_with('/')
    }
}

impl FromStr for FtpUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let error = |why| UrlError { url: redact_password(text), why };
        let (scheme, rest) =
            text.split_once("://").ok_or_else(|| error("it has no scheme such as ftp://"))?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "ftp" => Scheme::Ftp,
            "ftpes" => Scheme::Ftpes,
            "ftps" => Scheme::Ftps,
            _ => return Err(error("the scheme is not ftp, ftpes or ftps")),
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, host_and_port) = match authority.rsplit_once('@') {
            Some((login, host_and_port)) => (Some(login), host_and_port),
            None => (None, authority),
        };
        let (user, password) = match login {
            Some(login) => {
                let (user, password) = match login.split_once(':') {
                    Some((user, password)) => (user, Some(password)),
                    None => (login, None),
                };
                (Some(decode(user).ok_or_else(|| error("the user is not UTF-8"))?), password)
            }
            None => (None, None),
        };
        let password =
            password.map(|it| decode(it).ok_or_else(|| error("the password is not UTF-8"))).transpose()?;
        if [login.unwrap_or_default(), path].into_iter().any(has_line_break) {
            return Err(error("it contains a line break or NUL, which cannot be sent in a command"));
        }
        Ok(Self {
            scheme,
            user: user.filter(|user| !user.is_empty()),
            password: password.map(Secret::new),
            host: parse_host(host_and_port).map_err(|why| {
                // The text up to the slash is `user:start of the password`.
                let is_cut = login.is_none() && authority.contains(':') && path.contains('@');
                error(if is_cut { PASSWORD_WITH_SLASH } else { why })
            })?,
            path: without_type(path).to_owned(),
        })
    }
}

const PASSWORD_WITH_SLASH: &str =
    "the host or port is invalid; a / in a password must be written %2F, and @ as %40";

/// Omits the password.
impl fmt::Display for FtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme.as_str())?;
        if let Some(user) = &self.user {
            write!(f, "{}@", utf8_percent_encode(user, NON_ALPHANUMERIC))?;
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
        write!(f, "/{}", escape(&self.path))
    }
}

/// An invalid URL.
///
/// ```
/// let error = "http://example.org/".parse::<oxftp::FtpUrl>().unwrap_err();
/// assert_eq!(error.why, "the scheme is not ftp, ftpes or ftps");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the URL {url:?} cannot be used: {why}")]
pub struct UrlError {
    /// The URL, without its password.
    pub url: String,
    /// The reason.
    pub why: &'static str,
}

/// Returns whether a part of a URL contains a line break or NUL, which would inject a command.
fn has_line_break(part: &str) -> bool {
    percent_decode_str(part).any(|byte| matches!(byte, b'\r' | b'\n' | 0))
}

/// Encodes characters that have a meaning in a URL or in a pattern; text in other alphabets stays readable.
fn encode_path(path: &[u8]) -> String {
    let Ok(text) = str::from_utf8(path) else { return percent_encode(path, NOT_IN_PATHS).to_string() };
    let mut encoded = String::with_capacity(text.len());
    for character in text.chars() {
        match character.is_ascii() {
            true => encoded.extend(utf8_percent_encode(character.encode_utf8(&mut [0; 4]), NOT_IN_PATHS)),
            false => encoded.push(character),
        }
    }
    encoded
}

fn decode(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(Into::into)
}

fn parse_host(text: &str) -> Result<Host, &'static str> {
    let (name, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (name, port) = rest.split_once(']').ok_or(INVALID_HOST)?;
            name.parse::<std::net::Ipv6Addr>().map_err(|_| INVALID_HOST)?;
            (name, if port.is_empty() { None } else { Some(port.strip_prefix(':').ok_or(INVALID_HOST)?) })
        }
        None => match text.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (text, None),
        },
    };
    let port = match port {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.parse().map_err(|_| INVALID_HOST)?)
        }
        Some(_) => return Err(INVALID_HOST),
        None => None,
    };
    if port == Some(0) {
        return Err(INVALID_HOST);
    }
    let name = match name.parse::<std::net::Ipv6Addr>() {
        Ok(address) => address.to_string(),
        Err(_) => host_name(&decode(name).ok_or(INVALID_HOST)?)?,
    };
    Ok(Host { name, port })
}

/// Returns the name in ASCII, in lower case.
fn host_name(text: &str) -> Result<String, &'static str> {
    let name = ascii_host_name(text)?;
    let is_forbidden = |byte: u8| byte <= b' ' || byte == 0x7f || b"#%/:<>?@[\\]^|".contains(&byte);
    match name.is_empty() || name.bytes().any(is_forbidden) {
        true => Err(INVALID_HOST),
        false => Ok(name),
    }
}

#[cfg(feature = "idna")]
fn ascii_host_name(text: &str) -> Result<String, &'static str> {
    idna::domain_to_ascii_cow(text.as_bytes(), idna::AsciiDenyList::URL)
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| INVALID_HOST)
}

#[cfg(not(feature = "idna"))]
fn ascii_host_name(text: &str) -> Result<String, &'static str> {
    match text.is_ascii() {
        true => Ok(text.to_ascii_lowercase()),
        false => {
            Err("the host name is not ASCII: write it as xn--..., or build oxftp with the feature `idna`")
        }
    }
}

const INVALID_HOST: &str = "the host or port is invalid";

fn without_type(path: &str) -> &str {
    match path.rsplit_once(";type=") {
        Some((path, "a" | "A" | "i" | "I" | "d" | "D")) => path,
        _ => path,
    }
}

/// A host, and its port unless it is the default.
///
/// ```
/// use oxftp::Host;
///
/// assert_eq!(Host::from("ftp.example.org"), Host { name: "ftp.example.org".into(), port: None });
/// assert_eq!(Host::from(("::1", 2121)).port, Some(2121));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Host {
    /// The host name or IP address, IPv6 without brackets.
    pub name: String,
    /// The port; `None` for the default.
    pub port: Option<u16>,
}

impl From<String> for Host {
    fn from(name: String) -> Self {
        name.as_str().into()
    }
}

impl From<&String> for Host {
    fn from(name: &String) -> Self {
        name.as_str().into()
    }
}

impl From<std::net::IpAddr> for Host {
    fn from(address: std::net::IpAddr) -> Self {
        Self { name: address.to_string(), port: None }
    }
}

impl From<(std::net::IpAddr, u16)> for Host {
    fn from((address, port): (std::net::IpAddr, u16)) -> Self {
        std::net::SocketAddr::from((address, port)).into()
    }
}

/// Writes the host as in a URL: `name`, `name:port` or `[address]:port`.
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.contains(':') {
            true => write!(f, "[{}]", self.name)?,
            false => f.write_str(&self.name)?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl From<std::net::SocketAddr> for Host {
    fn from(address: std::net::SocketAddr) -> Self {
        Self { name: address.ip().to_string(), port: Some(address.port()) }
    }
}

/// Parses a host as in a URL: `name`, `name:2121`, `192.0.2.1` or `[::1]:2121`. Unlike `From<&str>`, it refuses text
/// that is not a host, and returns the name in lower case.
///
/// ```
/// use oxftp::Host;
///
/// let host: Host = "FTP.example.org:2121".parse()?;
/// assert_eq!(host, Host { name: "ftp.example.org".into(), port: Some(2121) });
/// assert!("ftp.example.org:port".parse::<Host>().is_err());
/// # Ok::<(), oxftp::UrlError>(())
/// ```
impl FromStr for Host {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        if let Ok(address) = text.parse::<std::net::IpAddr>() {
            return Ok(address.into());
        }
        parse_host(text).map_err(|why| UrlError { url: redact_password(text), why })
    }
}

/// Parses a host, with its port if there is one: `name`, `name:2121`, `::1` or `[::1]:2121`.
impl From<&str> for Host {
    fn from(text: &str) -> Self {
        let bracketed = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let (name, port) = match bracketed {
            Some((name, "")) => (name, None),
            Some((name, rest)) => (name, rest.strip_prefix(':')),
            // Several colons are those of an IPv6 address.
            None => match text.split_once(':') {
                Some((name, port)) if !port.contains(':') => (name, Some(port)),
                _ => (text, None),
            },
        };
        match port.map(str::parse) {
            Some(Ok(port)) if !name.is_empty() => Self { name: name.to_owned(), port: Some(port) },
            None if bracketed.is_none_or(|(_, rest)| rest.is_empty()) => {
                Self { name: name.to_owned(), port: None }
            }
            _ => Self { name: text.to_owned(), port: None },
        }
    }
}

impl From<(&str, u16)> for Host {
    fn from((name, port): (&str, u16)) -> Self {
        Self { name: name.to_owned(), port: Some(port) }
    }
}

impl From<(String, u16)> for Host {
    fn from((name, port): (String, u16)) -> Self {
        Self { name, port: Some(port) }
    }
}

const NOT_IN_PATHS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'.')
    .remove(b'-')
    .remove(b'_')
    .remove(b'~')
    .remove(b'+')
    .remove(b',')
    .remove(b'=')
    .remove(b'@')
    .remove(b'!')
    .remove(b'(')
    .remove(b')')
    .remove(b':');

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> FtpUrl {
        text.parse().unwrap()
    }

    #[test]
    fn slash_in_password_is_explained() {
        for text in ["ftp://me:pa/ss@h/x", "ftps://me:/@h", "ftp://me:p@/s@h/"] {
            let error = text.parse::<FtpUrl>().unwrap_err();
            assert_eq!(error.why.contains("%2F"), !text.contains("p@"), "{text}: {error}");
        }
        assert!(!"ftp://h:x/a".parse::<FtpUrl>().unwrap_err().why.contains("%2F"));
        assert_eq!(parse("ftp://me:pa%2Fss@h/x").password().unwrap().expose(), "pa/ss");
    }

    #[test]
    fn host_text_may_contain_a_port() {
        let host = |text: &str| {
            let Host { name, port } = Host::from(text);
            (name, port)
        };

        assert_eq!(host("127.0.0.1:2121"), ("127.0.0.1".into(), Some(2121)));
        assert_eq!(host("ftp.example.org"), ("ftp.example.org".into(), None));
        assert_eq!(host("::1"), ("::1".into(), None));
        assert_eq!(host("[::1]:2121"), ("::1".into(), Some(2121)));
        assert_eq!(host("[::1]"), ("::1".into(), None));
        for odd in ["h:x", "h:", ":21", "h:99999", "[::1]x"] {
            assert_eq!(host(odd), (odd.into(), None));
        }
    }

    #[test]
    fn path_with_two_slashes_is_absolute() {
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
    fn command_injection_by_line_breaks_is_rejected() {
        for bad in ["%0d%0aDELE%20x", "%0A", "%0D", "%00", "\n", "\0"] {
            for url in [format!("ftp://h/a{bad}"), format!("ftp://u{bad}@h/"), format!("ftp://u:p{bad}@h/a")]
            {
                let error = url.parse::<FtpUrl>().unwrap_err();
                assert!(error.to_string().contains("line break or NUL"), "{error}");
            }
        }
    }

    #[test]
    fn path_of_another_url_is_encoded() {
        let url = parse("ftps://me:pw@h:2121/a*b");

        for path in ["a b/%*?[]{}#;\"'\\|", "/é/x", "dir/", "", "//a"] {
            let other = url.with_path(path);
            assert_eq!(other.path().to_string_lossy(), path);
            assert_eq!(parse(&format!("ftps://me:pw@h:2121/{}", other.encoded_path())), other);
        }
        assert_eq!(url.with_path("é*").to_string(), "ftps://me@h:2121/é%2A");
        assert_eq!(url.with_path(RemotePath::from_wire(b"\xff", Encoding::UTF_8)).path().as_bytes(), b"\xff");
        assert_eq!(url.encoded_path(), "a*b");
    }

    #[test]
    fn undecodable_path_keeps_its_bytes() {
        assert_eq!(parse("ftp://h/%FF").path().as_bytes(), b"\xff");
    }

    #[test]
    fn credentials_are_decoded_and_never_shown() {
        let url = parse("ftps://a%40b:p%3Aw@[::1]:2121/");

        assert_eq!(url.credentials(), Credentials::new("a@b", "p:w"));
        assert_eq!(url.host(), Host { name: "::1".into(), port: Some(2121) });
        assert_eq!(url.to_string(), "ftps://a%40b@[::1]:2121/");
        assert!(!format!("{url:?}").contains("p:w"));
    }

    #[test]
    fn host_names_are_checked_and_in_lower_case() {
        for (text, name) in [
            ("FTP.Example.ORG", "ftp.example.org"),
            ("h%6Fst", "host"),
            ("my_host", "my_host"),
            ("192.0.2.1", "192.0.2.1"),
            ("[2001:DB8::1]", "2001:db8::1"),
            ("xn--mller-kva.example", "xn--mller-kva.example"),
        ] {
            assert_eq!(parse(&format!("ftp://{text}/x")).host().name, name, "{text}");
        }
        for odd in ["", "a b", "a%20b", "a%0Ab", "a<b", "a|b", "a\\b", "a?b", "a#b", "h:0", "[::1", "[h]"] {
            assert!(format!("ftp://{odd}/x").parse::<FtpUrl>().is_err(), "{odd}");
        }
        let international = "ftp://Müller.example/x".parse::<FtpUrl>();
        match cfg!(feature = "idna") {
            true => assert_eq!(international.unwrap().host().name, "xn--mller-kva.example"),
            false => assert!(international.unwrap_err().why.contains("feature `idna`")),
        }
    }

    #[test]
    fn error_of_an_invalid_url_omits_the_password() {
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

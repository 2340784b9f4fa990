//! Current directory of the shell on the server.

use oxftp::{Credentials, FtpUrl, Host, PathStyle, RemotePath, Scheme};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// A server, a login, and the current directory.
#[derive(Debug, Clone)]
pub(super) struct WorkingDir {
    /// `scheme://user:password@host:port`, which is never printed.
    base: String,
    /// User and host, for the prompt.
    pub(super) shown: String,
    /// Directory after the login; `None` until the server was asked, and empty if it does not report it.
    pub(super) home: Option<String>,
    /// The server's spelling of paths.
    pub(super) style: PathStyle,
    pub(super) directory: String,
    pub(super) previous: String,
}

impl WorkingDir {
    pub(super) fn new(url: &FtpUrl, credentials: &Credentials) -> Self {
        let (user, host) = (&credentials.user, address(&url.host()));
        let login = format!("{}:{}", encoded(user), encoded(credentials.password.expose()));
        Self {
            base: format!("{}://{login}@{host}", scheme(url.scheme())),
            shown: format!("{user}@{host}"),
            home: None,
            style: PathStyle::default(),
            directory: String::new(),
            previous: String::new(),
        }
    }

    /// Returns a path as the server understands it: absolute, or relative to the login directory.
    pub(super) fn path(&self, path: &str) -> String {
        match path {
            "" | "." => self.directory.clone(),
            "~" => self.home.clone().unwrap_or_default(),
            "-" => self.previous.clone(),
            _ if self.directory.is_empty() || self.style.is_absolute(&path.into()) => path.to_owned(),
            _ if self.directory.starts_with('/') || self.style.takes_paths() => {
                normalised(&format!("{}/{path}", self.directory.trim_end_matches('/')))
            }
            _ => {
                let directory = RemotePath::from(self.directory.as_str());
                self.style.join_path(&directory, &path.into()).to_string_lossy().into_owned()
            }
        }
    }

    /// Returns the URL of a path; a slash at its end is kept.
    pub(super) fn url(&self, path: &str) -> String {
        let whole = self.path(path);
        // Every session starts in the same login directory, so relative paths stay valid.
        let slash = if path.ends_with('/') && !whole.ends_with('/') { "/" } else { "" };
        format!("{}/{}{slash}", self.base, utf8_percent_encode(&whole, PATH))
    }

    /// Returns the URL of a path with patterns; those in the name of the current directory are no patterns.
    pub(super) fn url_of_pattern(&self, pattern: &str) -> String {
        let whole = self.path(pattern);
        let (directory, pattern) = whole.split_at(whole.strip_suffix(pattern).map_or(0, str::len));
        let encoded = (utf8_percent_encode(directory, PATH), utf8_percent_encode(pattern, PATTERN));
        format!("{}/{}{}", self.base, encoded.0, encoded.1)
    }

    /// Returns the URL of the current directory, as the destination of uploads.
    pub(super) fn url_of_directory(&self) -> String {
        let url = self.url("");
        if url.ends_with('/') { url } else { url + "/" }
    }
}

/// Resolves `.` and `..` in a path.
fn normalised(path: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("{root}{}", names.join("/"))
}

fn scheme(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Ftp => "ftp",
        Scheme::Ftpes => "ftpes",
        Scheme::Ftps => "ftps",
    }
}

fn address(host: &Host) -> String {
    let name = if host.name.contains(':') { format!("[{}]", host.name) } else { host.name.clone() };
    host.port.map_or_else(|| name.clone(), |port| format!("{name}:{port}"))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Encodes everything with a meaning in URLs, except slashes.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');

/// As [`PATH`], except the characters of patterns and the backslashes before quoted ones.
const PATTERN: &AsciiSet = &PATH.remove(b'*').remove(b'?').remove(b'[').remove(b']').remove(b'\\');

#[cfg(test)]
mod tests {
    use super::*;

    fn place(directory: &str) -> WorkingDir {
        let url: FtpUrl = "ftpes://me@h:2121/".parse().unwrap();
        let mut place = WorkingDir::new(&url, &Credentials::new("me", "p/w"));
        (place.home, place.directory) = (Some("/home/me".to_owned()), directory.to_owned());
        place
    }

    #[test]
    fn paths_are_joined_in_style_of_server() {
        for (style, directory, path, joined) in [
            (PathStyle::Mvs, "'ANN.'", "SRC", "'ANN.SRC'"),
            (PathStyle::Mvs, "'ANN.'", "SRC/MENU", "'ANN.SRC(MENU)'"),
            (PathStyle::Mvs, "'ANN.SRC'", "..", "'ANN.'"),
            (PathStyle::Mvs, "'ANN.'", "'BOB.X'", "'BOB.X'"),
            (PathStyle::Mvs, "/u/ann", "../bob", "/u/bob"),
            (PathStyle::Vms, "DISK:[ANN]", "A.TXT", "DISK:[ANN]A.TXT"),
            (PathStyle::Windows, "C:\\pub", "a/b", "C:\\pub\\a\\b"),
            (PathStyle::RelativeOnly, "", "a", "a"),
            (PathStyle::RelativeOnly, "a", "b", "a/b"),
            (PathStyle::RelativeOnly, "a/b", "..", "a"),
        ] {
            let place = WorkingDir { style, ..place(directory) };
            assert_eq!(place.path(path), joined, "{style}");
        }
    }

    #[test]
    fn relative_paths_start_at_the_current_directory() {
        let place = place("/pub/x");

        assert_eq!(place.path("a"), "/pub/x/a");
        assert_eq!(place.path("../a/./b/"), "/pub/a/b");
        assert_eq!(place.path("../../../.."), "/");
        assert_eq!(place.path("/abs/../x"), "/abs/../x");
        assert_eq!(place.path("~"), "/home/me");
        assert_eq!(place.path(""), "/pub/x");
    }

    #[test]
    fn urls_parse_to_the_paths_they_encode() {
        for path in ["a b", "/x%20y?#;type=a", "é", "dir/"] {
            let url: FtpUrl = place("/pub").url(path).parse().unwrap();
            assert_eq!(
                url.path().to_string().trim_end_matches('/'),
                place("/pub").path(path).trim_end_matches('/')
            );
            assert_eq!(url.names_directory(), path.ends_with('/'));
            assert_eq!(url.credentials(), Credentials::new("me", "p/w"));
        }
        assert!(place("/pub").url_of_directory().ends_with("/"));
    }
}

//! Names of bookmarks, and what stands below them.

use std::{fmt, str::FromStr};

/// A name for a URL: letters, digits, `.`, `-` and `_`, so that it is one word in a shell and ends at a slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BookmarkName(String);

impl BookmarkName {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BookmarkName {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let fits = |character: char| character.is_alphanumeric() || ".-_".contains(character);
        match name.chars().all(fits) && !name.is_empty() {
            true => Ok(Self(name.to_owned())),
            false => Err("a bookmark's name is letters, digits, '.', '-' and '_'"),
        }
    }
}

impl fmt::Display for BookmarkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Gives the URL of a path below a bookmark's; two slashes begin an absolute path on its server.
pub(super) fn below(url: &str, path: &str) -> String {
    if path.is_empty() {
        return url.to_owned();
    }
    if path.starts_with("//") {
        let host = url.find("://").map_or(0, |at| at + 3);
        let end = url.get(host..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| host + at);
        return format!("{}{path}", url.get(..end).unwrap_or(url));
    }
    format!("{}{path}", url.trim_end_matches('/'))
}

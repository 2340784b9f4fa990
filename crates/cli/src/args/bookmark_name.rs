//! Names of bookmarks.

use std::{fmt, str::FromStr};

/// Name of a bookmark: letters, digits, `.`, `-` and `_`, so that it needs no quotes and ends at a slash.
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
            false => Err("the name of a bookmark consists of letters, digits, '.', '-' and '_'"),
        }
    }
}

impl fmt::Display for BookmarkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

//! Glob patterns in the last component of a path.

use std::{fs, path::Path};

use globset::{GlobBuilder, GlobMatcher};

use crate::failure::{Failure, Result};

/// A path whose last component is a pattern.
pub(super) struct Pattern {
    /// The directory before the pattern, with its slash.
    pub(super) directory: String,
    matcher: GlobMatcher,
    /// The pattern begins with a dot, so it may match such names.
    dots: bool,
}

impl Pattern {
    /// Parses a pattern; patterns in directory names are not supported.
    pub(super) fn new(pattern: &str) -> Result<Self> {
        let wrong = |why: &str| Failure::Usage(format!("the pattern {pattern:?} cannot be used: {why}"));
        let (directory, name) = pattern.rfind('/').map_or(("", pattern), |at| pattern.split_at(at + 1));
        let plain =
            unescaped(directory).ok_or_else(|| wrong("only the last component may contain *, ? or ["))?;
        let glob = GlobBuilder::new(name).backslash_escape(true).build();
        let matcher = glob.map_err(|error| wrong(&error.kind().to_string()))?.compile_matcher();
        Ok(Self { directory: plain, matcher, dots: name.starts_with('.') })
    }

    /// Returns whether a name matches.
    pub(super) fn matches(&self, name: &str) -> bool {
        self.matcher.is_match(name) && (self.dots || !name.starts_with('.'))
    }

    /// Returns the paths of the matching names.
    pub(super) fn paths<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Vec<String> {
        let names = names.into_iter().filter(|name| self.matches(name));
        let mut paths: Vec<_> = names.map(|name| format!("{}{name}", self.directory)).collect();
        paths.sort_unstable();
        paths
    }

    /// Returns the paths of matching local files.
    pub(super) fn local_paths(&self) -> Vec<String> {
        let directory = if self.directory.is_empty() { Path::new(".") } else { Path::new(&self.directory) };
        let names = fs::read_dir(directory).into_iter().flatten().flatten();
        let names: Vec<_> = names.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        self.paths(names.iter().map(String::as_str))
    }
}

/// Removes backslashes; returns `None` if an unescaped character is special.
fn unescaped(pattern: &str) -> Option<String> {
    let mut plain = String::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            '*' | '?' | '[' => return None,
            other => plain.push(other),
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glob_skips_dot_files_by_default() {
        let paths =
            |pattern: &str| Pattern::new(pattern).unwrap().paths(["b.txt", "a.txt", ".c.txt", "a*b", "x"]);

        assert_eq!(paths("*.txt"), ["a.txt", "b.txt"]);
        assert_eq!(paths("dir/sub/?.txt"), ["dir/sub/a.txt", "dir/sub/b.txt"]);
        assert_eq!(paths(".*"), [".c.txt"]);
        assert_eq!(paths(r"a\**"), ["a*b"]);
        assert!(Pattern::new("a*/b").is_err());
        assert!(Pattern::new("[").is_err());
    }
}

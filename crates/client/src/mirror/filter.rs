//! Filter: glob rules for the entries that a mirror leaves out.

use globset::{GlobBuilder, GlobMatcher};

use crate::{Candidate, Selection};

/// Ordered rules for the entries that are mirrored. The first matching rule decides.
///
/// An excluded entry is neither transferred nor deleted, and an excluded directory is not
/// entered. With inclusions only, files that match none of them are left out. With at least one exclusion, everything
/// that no rule matches is mirrored; end with `exclude("*")` to mirror only what is included.
///
/// In a pattern, `*` and `?` match anything but `/`, `**` matches any number of directories, `[a-z]` matches one
/// character, and `{a,b}` matches either alternative. A backslash escapes the next character.
///
/// | pattern | matches |
/// |---|---|
/// | `*.log` | every name with this suffix, in any directory |
/// | `a/b` | every path that ends with `a/b` |
/// | `/a`, `./a` | `a` in the root of the mirror only |
/// | `cache/` | directories with this name, and so everything in them, unless another rule decides |
///
/// ```
/// use oxftp::mirror::Filter;
///
/// let filter = Filter::new().exclude("/private/")?.include("*.html")?.exclude("*.*")?;
/// assert!(filter.matches("a/index.html", false));
/// assert!(!filter.matches("a/photo.png", false));
/// assert!(!filter.matches("private", true));
/// assert!(filter.matches("a/private", true));
/// # Ok::<(), oxftp::mirror::FilterError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Filter {
    rules: Vec<Rule>,
    selection: Option<Selection>,
}

#[derive(Debug, Clone)]
struct Rule {
    includes: bool,
    directories_only: bool,
    matcher: GlobMatcher,
}

impl Filter {
    /// Creates a filter that leaves nothing out.
    ///
    /// ```
    /// use oxftp::mirror::Filter;
    ///
    /// assert!(Filter::new().matches("a.txt", false));
    /// # Ok::<(), oxftp::mirror::FilterError>(())
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a rule that includes matching entries.
    ///
    /// ```
    /// use oxftp::mirror::Filter;
    ///
    /// let texts = Filter::new().include("*.txt")?;
    /// assert!(!texts.matches("a.png", false));
    /// # Ok::<(), oxftp::mirror::FilterError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`FilterError`] when the pattern is invalid.
    pub fn include(self, pattern: &str) -> Result<Self, FilterError> {
        self.with_rule(true, pattern)
    }

    /// Adds a rule that excludes matching entries.
    ///
    /// ```
    /// use oxftp::mirror::Filter;
    ///
    /// let rest = Filter::new().exclude("*.txt")?;
    /// assert!(rest.matches("a.png", false));
    /// # Ok::<(), oxftp::mirror::FilterError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`FilterError`] when the pattern is invalid.
    pub fn exclude(self, pattern: &str) -> Result<Self, FilterError> {
        self.with_rule(false, pattern)
    }

    /// Adds rules from a text, one on each line: `+ pattern` includes, `- pattern` excludes. Empty lines and lines
    /// that begin with `#` are ignored.
    ///
    /// ```
    /// use oxftp::mirror::Filter;
    ///
    /// let filter = Filter::new().lines("# web pages only\n+ *.html\n- *.*")?;
    /// assert!(!filter.matches("photo.png", false));
    /// # Ok::<(), oxftp::mirror::FilterError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`FilterError`] with the first line that is invalid.
    pub fn lines(mut self, text: &str) -> Result<Self, FilterError> {
        for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
            self = match line.split_at_checked(2) {
                _ if line.starts_with('#') => self,
                Some(("+ ", pattern)) => self.include(pattern)?,
                Some(("- ", pattern)) => self.exclude(pattern)?,
                _ => return Err(FilterError::new(line, "a rule must begin with '+ ' or '- '")),
            };
        }
        Ok(self)
    }

    /// Returns whether a path, relative to the root and without a `/` at either end, is mirrored.
    ///
    /// Checks the path alone: the caller has to check its parent directories.
    ///
    /// ```
    /// use oxftp::mirror::Filter;
    ///
    /// let filter = Filter::new().exclude("cache/")?;
    /// assert!(!filter.matches("a/cache", true));
    /// # Ok::<(), oxftp::mirror::FilterError>(())
    /// ```
    #[must_use]
    pub fn matches(&self, path: &str, is_directory: bool) -> bool {
        let matches = |rule: &&Rule| (is_directory || !rule.directories_only) && rule.matcher.is_match(path);
        match self.rules.iter().find(matches) {
            Some(rule) => rule.includes,
            None if is_directory || self.rules.is_empty() => true,
            None if self.rules.iter().any(|rule| !rule.includes) => true,
            None => self.rules.iter().any(|rule| rule.directories_only && rule.matches_above(path)),
        }
    }

    /// Adds a condition that entries must meet as well, such as one for their size. If it rejects an entry in the
    /// source, the target's entry of that name is kept unchanged, too.
    ///
    /// ```
    /// use oxftp::mirror::Filter;
    ///
    /// use oxftp::Selection;
    ///
    /// let small = Selection::new(|found| found.is_dir || found.size < Some(1_000_000));
    /// let filter = Filter::new().exclude("cache/")?.select(small);
    /// # Ok::<(), oxftp::mirror::FilterError>(())
    /// ```
    #[must_use]
    pub fn select(mut self, selection: Selection) -> Self {
        self.selection = Some(selection);
        self
    }

    /// Returns whether an entry is mirrored, by its path and its facts.
    pub(crate) fn accepts(&self, candidate: &Candidate<'_>) -> bool {
        self.matches(candidate.path, candidate.is_dir)
            && self.selection.as_ref().is_none_or(|selection| selection.accepts(candidate))
    }

    /// Returns whether there are no rules, so that nothing is left out.
    ///
    /// ```
    /// use oxftp::mirror::Filter;
    ///
    /// assert!(Filter::new().is_empty());
    /// # Ok::<(), oxftp::mirror::FilterError>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.selection.is_none()
    }

    fn with_rule(mut self, includes: bool, pattern: &str) -> Result<Self, FilterError> {
        self.rules.push(Rule::new(includes, pattern)?);
        Ok(self)
    }
}

impl Rule {
    fn new(includes: bool, pattern: &str) -> Result<Self, FilterError> {
        let body = pattern.strip_suffix('/').unwrap_or(pattern);
        let glob = match body.strip_prefix("./").or_else(|| body.strip_prefix('/')) {
            Some(anchored) => anchored.to_owned(),
            None => format!("**/{body}"),
        };
        if matches!(glob.as_str(), "" | "**/" | "**/.") {
            return Err(FilterError::new(pattern, "it contains no name"));
        }
        let built = GlobBuilder::new(&glob).literal_separator(true).backslash_escape(true).build();
        let matcher = built.map_err(|error| FilterError::new(pattern, &error.kind().to_string()))?;
        Ok(Self { includes, directories_only: pattern.ends_with('/'), matcher: matcher.compile_matcher() })
    }
}

impl Rule {
    /// Returns whether the rule matches a directory above a path.
    fn matches_above(&self, path: &str) -> bool {
        path.match_indices('/')
            .any(|(at, _)| path.get(..at).is_some_and(|above| self.matcher.is_match(above)))
    }
}

/// A pattern of a [`Filter`] is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid pattern {pattern:?}: {why}")]
pub struct FilterError {
    /// The pattern, or the line without a valid rule.
    pub pattern: String,
    /// The reason.
    pub why: String,
}

impl FilterError {
    fn new(pattern: &str, why: &str) -> Self {
        Self { pattern: pattern.to_owned(), why: why.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn excluding(pattern: &str) -> Filter {
        Filter::new().exclude(pattern).unwrap()
    }

    #[test]
    fn a_name_matches_in_any_directory() {
        for path in ["x.log", "a/x.log", "a/b/x.log", ".log"] {
            assert!(!excluding("*.log").matches(path, false), "{path}");
        }
        for path in ["x.log/y", "x.logs", "xlog"] {
            assert!(excluding("*.log").matches(path, false), "{path}");
        }
    }

    #[test]
    fn leading_slash_anchors_pattern_at_root() {
        assert!(!excluding("/a").matches("a", false));
        assert!(excluding("/a").matches("b/a", false));
        assert!(!excluding("/a/*/c").matches("a/b/c", false));
        assert!(excluding("/a/*/c").matches("a/b/b/c", false));
        assert!(!excluding("/a/**/c").matches("a/b/b/c", false));
    }

    #[test]
    fn leading_dot_slash_anchors_pattern_at_root() {
        assert!(!excluding("./.git").matches(".git", true));
        assert!(excluding("./.git").matches("a/.git", true));
        assert!(!excluding("./a/b/").matches("a/b", true));
        assert!(Filter::new().exclude("./").is_err());
    }

    #[test]
    fn included_directory_includes_its_contents() {
        let filter = Filter::new().include("img/").unwrap().include("*.html").unwrap();
        for path in ["img/logo", "a/img/b/logo", "index.html"] {
            assert!(filter.matches(path, false), "{path}");
        }
        for path in ["logo", "img", "imgs/logo"] {
            assert!(!filter.matches(path, false), "{path}");
        }
        let filter = Filter::new().include("img/").unwrap().exclude("*").unwrap();
        assert!(!filter.matches("img/logo", false));
    }

    #[test]
    fn inner_slash_matches_end_of_path() {
        assert!(!excluding("a/b").matches("a/b", false));
        assert!(!excluding("a/b").matches("x/a/b", false));
        assert!(excluding("a/b").matches("xa/b", false));
    }

    #[test]
    fn trailing_slash_matches_directories_only() {
        assert!(!excluding("cache/").matches("a/cache", true));
        assert!(excluding("cache/").matches("a/cache", false));
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let filter = Filter::new().include("keep.log").unwrap().exclude("*.log").unwrap();
        assert!(filter.matches("a/keep.log", false));
        assert!(!filter.matches("a/other.log", false));
        assert!(filter.matches("a/other.txt", false));
    }

    #[test]
    fn inclusions_alone_exclude_other_files() {
        let filter = Filter::new().include("*.jpg").unwrap();
        assert!(filter.matches("a/x.jpg", false));
        assert!(!filter.matches("a/x.png", false));
        assert!(filter.matches("a", true));
    }

    #[test]
    fn filter_rules_are_read_line_by_line() {
        let filter = Filter::new().lines("# all\n\n+ *.c\n- *\r\n").unwrap();
        assert!(filter.matches("x.c", false));
        assert!(!filter.matches("x.d", false));
    }

    #[test]
    fn invalid_pattern_is_named_in_error() {
        for (pattern, text) in [("[", "\"[\""), ("/", "\"/\""), ("", "\"\"")] {
            assert!(Filter::new().exclude(pattern).unwrap_err().to_string().contains(text), "{pattern}");
        }
        assert!(Filter::new().lines("+ a\nb").unwrap_err().to_string().contains("\"b\""));
    }

    #[test]
    fn backslash_escapes_next_character() {
        assert!(!excluding("\\*").matches("*", false));
        assert!(excluding("\\*").matches("a", false));
    }

    proptest! {
        #[test]
        fn filter_never_panics(text: String, path: String, is_directory: bool) {
            if let Ok(filter) = Filter::new().lines(&text) {
                let _ = filter.matches(&path, is_directory);
            }
            if let Ok(filter) = Filter::new().exclude(&text) {
                let _ = filter.matches(&path, is_directory);
            }
        }

        #[test]
        fn plain_name_is_excluded_at_any_depth(name in "[a-z]{1,8}", above in "([a-z]{1,3}/){0,3}") {
            let path = format!("{above}{name}");
            prop_assert!(!excluding(&name).matches(&path, false));
        }
    }
}

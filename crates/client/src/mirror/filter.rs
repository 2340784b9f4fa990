//! What a mirror leaves out.

use globset::{GlobBuilder, GlobMatcher};

/// Rules for what is mirrored, in their order: the first that matches decides.
///
/// What a rule leaves out is neither transferred nor deleted, and a directory that is left out is not
/// entered. Where all rules include, files that none matches are left out; else what none matches is
/// mirrored.
///
/// In a pattern `*` and `?` stand for anything but `/`, `**` for any number of directories, `[a-z]` for one
/// character and `{a,b}` for either; a backslash takes the meaning of the next character.
///
/// | pattern | matches |
/// |---|---|
/// | `*.log` | each name that ends so, in any directory |
/// | `a/b` | each path that ends so |
/// | `/a` | `a` in the root of the mirror alone |
/// | `cache/` | directories of this name, and so all that is in them |
///
/// ```
/// use oxftp::mirror::Filter;
///
/// let filter = Filter::new().exclude("/private/")?.include("*.html")?.exclude("*.*")?;
/// assert!(filter.takes("a/index.html", false));
/// assert!(!filter.takes("a/photo.png", false));
/// assert!(!filter.takes("private", true));
/// assert!(filter.takes("a/private", true));
/// # Ok::<(), oxftp::mirror::FilterError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Filter {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    includes: bool,
    directories_only: bool,
    matcher: GlobMatcher,
}

impl Filter {
    /// Makes a filter that leaves nothing out.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a rule that takes what matches.
    ///
    /// # Errors
    ///
    /// [`FilterError`] when the pattern cannot be read.
    pub fn include(self, pattern: &str) -> Result<Self, FilterError> {
        self.with(true, pattern)
    }

    /// Adds a rule that leaves out what matches.
    ///
    /// # Errors
    ///
    /// [`FilterError`] when the pattern cannot be read.
    pub fn exclude(self, pattern: &str) -> Result<Self, FilterError> {
        self.with(false, pattern)
    }

    /// Adds the rules of a text, one on a line: `+ pattern` includes, `- pattern` excludes; lines that are
    /// empty or begin with `#` say nothing.
    ///
    /// # Errors
    ///
    /// [`FilterError`] that names the first line that cannot be read.
    pub fn lines(mut self, text: &str) -> Result<Self, FilterError> {
        for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
            self = match line.split_at_checked(2) {
                _ if line.starts_with('#') => self,
                Some(("+ ", pattern)) => self.include(pattern)?,
                Some(("- ", pattern)) => self.exclude(pattern)?,
                _ => return Err(FilterError::new(line, "it begins neither with '+ ' nor with '- '")),
            };
        }
        Ok(self)
    }

    /// Tells whether a path, seen from the root and without a `/` at either end, is mirrored.
    ///
    /// That the directories above it are is for the caller to see to.
    #[must_use]
    pub fn takes(&self, path: &str, is_directory: bool) -> bool {
        let matches = |rule: &&Rule| (is_directory || !rule.directories_only) && rule.matcher.is_match(path);
        match self.rules.iter().find(matches) {
            Some(rule) => rule.includes,
            None => is_directory || self.rules.is_empty() || self.rules.iter().any(|rule| !rule.includes),
        }
    }

    /// Tells whether nothing is left out.
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    fn with(mut self, includes: bool, pattern: &str) -> Result<Self, FilterError> {
        self.rules.push(Rule::new(includes, pattern)?);
        Ok(self)
    }
}

impl Rule {
    fn new(includes: bool, pattern: &str) -> Result<Self, FilterError> {
        let body = pattern.strip_suffix('/').unwrap_or(pattern);
        let glob = match body.strip_prefix('/') {
            Some(anchored) => anchored.to_owned(),
            None => format!("**/{body}"),
        };
        if matches!(glob.as_str(), "" | "**/") {
            return Err(FilterError::new(pattern, "it names nothing"));
        }
        let built = GlobBuilder::new(&glob).literal_separator(true).backslash_escape(true).build();
        let matcher = built.map_err(|error| FilterError::new(pattern, &error.kind().to_string()))?;
        Ok(Self { includes, directories_only: pattern.ends_with('/'), matcher: matcher.compile_matcher() })
    }
}

/// A pattern cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the pattern {pattern:?} cannot be used: {why}")]
pub struct FilterError {
    /// The pattern, or the line that was to hold one.
    pub pattern: String,
    /// What is wrong with it.
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
            assert!(!excluding("*.log").takes(path, false), "{path}");
        }
        for path in ["x.log/y", "x.logs", "xlog"] {
            assert!(excluding("*.log").takes(path, false), "{path}");
        }
    }

    #[test]
    fn a_slash_at_the_start_is_the_root() {
        assert!(!excluding("/a").takes("a", false));
        assert!(excluding("/a").takes("b/a", false));
        assert!(!excluding("/a/*/c").takes("a/b/c", false));
        assert!(excluding("/a/*/c").takes("a/b/b/c", false));
        assert!(!excluding("/a/**/c").takes("a/b/b/c", false));
    }

    #[test]
    fn a_slash_within_matches_the_end_of_a_path() {
        assert!(!excluding("a/b").takes("a/b", false));
        assert!(!excluding("a/b").takes("x/a/b", false));
        assert!(excluding("a/b").takes("xa/b", false));
    }

    #[test]
    fn a_slash_at_the_end_means_directories() {
        assert!(!excluding("cache/").takes("a/cache", true));
        assert!(excluding("cache/").takes("a/cache", false));
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let filter = Filter::new().include("keep.log").unwrap().exclude("*.log").unwrap();
        assert!(filter.takes("a/keep.log", false));
        assert!(!filter.takes("a/other.log", false));
        assert!(filter.takes("a/other.txt", false));
    }

    #[test]
    fn includes_alone_leave_out_all_other_files_but_enter_directories() {
        let filter = Filter::new().include("*.jpg").unwrap();
        assert!(filter.takes("a/x.jpg", false));
        assert!(!filter.takes("a/x.png", false));
        assert!(filter.takes("a", true));
    }

    #[test]
    fn a_file_of_rules_is_read_line_by_line() {
        let filter = Filter::new().lines("# all\n\n+ *.c\n- *\r\n").unwrap();
        assert!(filter.takes("x.c", false));
        assert!(!filter.takes("x.d", false));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (pattern, text) in [("[", "\"[\""), ("/", "\"/\""), ("", "\"\"")] {
            assert!(Filter::new().exclude(pattern).unwrap_err().to_string().contains(text), "{pattern}");
        }
        assert!(Filter::new().lines("+ a\nb").unwrap_err().to_string().contains("\"b\""));
    }

    #[test]
    fn a_backslash_takes_the_meaning() {
        assert!(!excluding("\\*").takes("*", false));
        assert!(excluding("\\*").takes("a", false));
    }

    proptest! {
        #[test]
        fn no_rules_make_a_filter_panic(text: String, path: String, is_directory: bool) {
            if let Ok(filter) = Filter::new().lines(&text) {
                let _ = filter.takes(&path, is_directory);
            }
            if let Ok(filter) = Filter::new().exclude(&text) {
                let _ = filter.takes(&path, is_directory);
            }
        }

        #[test]
        fn a_plain_name_excludes_itself_wherever_it_is(name in "[a-z]{1,8}", above in "([a-z]{1,3}/){0,3}") {
            let path = format!("{above}{name}");
            prop_assert!(!excluding(&name).takes(&path, false));
        }
    }
}

//! Flags that select files: by path, by age and by size.

use std::{path::PathBuf, str::FromStr};

use clap::Args;
use regex_automata::{meta::Regex, util::syntax};

use super::{Age, FilterArgs, Size};

/// Flags that select the files of a command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Selection")]
pub(crate) struct SelectionArgs {
    #[command(flatten, next_help_heading = "Selection")]
    pub(crate) filter: FilterArgs,
    /// Select only files whose path matches a regular expression, as in '_\d{8}\.csv$' (repeatable: any of them)
    #[arg(long, value_name = "REGEX")]
    pub(crate) include_re: Vec<ByteRegex>,
    /// Skip files and directories whose path matches a regular expression (repeatable)
    #[arg(long, value_name = "REGEX")]
    pub(crate) exclude_re: Vec<ByteRegex>,
    /// Select only files that are at least this old, as in 30d, 12h or 2024-05-01
    #[arg(long, value_name = "AGE")]
    pub(crate) min_age: Option<Age>,
    /// Select only files that are at most this old, as in 30d, 12h or 2024-05-01
    #[arg(long, value_name = "AGE")]
    pub(crate) max_age: Option<Age>,
    /// Select only files of at least SIZE bytes, as in 500k or 2M
    #[arg(long, value_name = "SIZE")]
    pub(crate) min_size: Option<Size>,
    /// Select only files of at most SIZE bytes
    #[arg(long, value_name = "SIZE")]
    pub(crate) max_size: Option<Size>,
    /// Enter directories down to N levels: 1 is the directory itself without its subdirectories
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), alias = "maxdepth")]
    pub(crate) max_depth: Option<u32>,
    /// Skip files that change or grow within S seconds: those that are not older are looked at twice, S seconds apart
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) stable: Option<u32>,
}

impl SelectionArgs {
    /// Returns the number of levels that a listing enters.
    pub(crate) fn levels(&self) -> usize {
        self.max_depth.map_or(usize::MAX, |levels| levels as usize)
    }
}

/// Whether names contain patterns.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "Selection")]
pub(crate) struct GlobArgs {
    /// Take *, ?, [, ] and { in names as they are; otherwise they are patterns, as in 'logs/{a,b}*.gz' or 'pub/**/*.csv'
    #[arg(long)]
    pub(crate) no_glob: bool,
}

/// Flags that say how the paths of URLs are read.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub(crate) struct NameArgs {
    #[command(flatten)]
    pub(crate) glob: GlobArgs,
    /// Read names from this file, one per line; - is stdin. URLs, or paths below the URL of the command line
    #[arg(long, value_name = "FILE")]
    pub(crate) files_from: Option<PathBuf>,
    /// Read names that end with NUL from this file, as find -0 prints them
    #[arg(long, value_name = "FILE", conflicts_with = "files_from")]
    pub(crate) files_from0: Option<PathBuf>,
}

/// Names of the files of two trees that take part.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub(crate) struct ListedArgs {
    /// Select only the files and directories that this file names, one per line; - is stdin. Names are relative to the
    /// trees
    #[arg(long, value_name = "FILE")]
    pub(crate) files_from: Option<PathBuf>,
    /// Select only what this file names; each name ends with NUL
    #[arg(long, value_name = "FILE", conflicts_with = "files_from")]
    pub(crate) files_from0: Option<PathBuf>,
}

/// A regular expression over the bytes of a path. Classes such as `\d` and `\w` are ASCII.
#[derive(Debug, Clone)]
pub(crate) struct ByteRegex(Regex);

impl ByteRegex {
    pub(crate) fn is_match(&self, path: &str) -> bool {
        self.0.is_match(path)
    }

    /// Replaces the first match or all of them; `$1` in the text is the first group.
    pub(crate) fn replace(&self, name: &str, text: &str, all: bool) -> String {
        let mut replaced = Vec::new();
        let mut end = 0;
        let found = self.0.captures_iter(name);
        for captures in found.take(if all { usize::MAX } else { 1 }) {
            let Some(span) = captures.get_match().map(|found| found.range()) else { continue };
            replaced.extend_from_slice(&name.as_bytes()[end..span.start]);
            captures.interpolate_bytes_into(name.as_bytes(), text.as_bytes(), &mut replaced);
            end = span.end;
        }
        replaced.extend_from_slice(&name.as_bytes()[end..]);
        String::from_utf8_lossy(&replaced).into_owned()
    }
}

impl FromStr for ByteRegex {
    type Err = String;

    fn from_str(pattern: &str) -> Result<Self, Self::Err> {
        let syntax = syntax::Config::new().unicode(false).utf8(false);
        let config = Regex::config().utf8_empty(false).nfa_size_limit(Some(MAX_SIZE));
        let built = Regex::builder().syntax(syntax).configure(config).build(pattern);
        built.map(Self).map_err(|error| match error.syntax_error() {
            Some(error) => {
                let text = error.to_string();
                let last = text.lines().last().unwrap_or_default();
                last.trim_start_matches("error: ").to_owned()
            }
            None => error.to_string(),
        })
    }
}

/// Memory that a compiled expression may take.
const MAX_SIZE: usize = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regular_expression_matches_part_of_path() {
        let matches = |pattern: &str, path: &str| pattern.parse::<ByteRegex>().unwrap().is_match(path);

        assert!(matches(r"_\d{8}\.csv$", "a/orders_20261128.csv"));
        assert!(!matches(r"_\d{8}\.csv$", "a/orders_2026.csv"));
        assert!(matches("(?i)readme", "README.md"));
        assert!(matches("^é.$", "éx"));
        let error = "(".parse::<ByteRegex>().unwrap_err();
        assert!(error.contains("unclosed group"), "{error}");
        assert!("a{99999999}".parse::<ByteRegex>().is_err());
    }
}

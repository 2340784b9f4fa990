//! Filter rules, in the order of the command line.

use std::{fs, path::PathBuf};

use clap::{
    ArgAction, ArgMatches, Args, Command, Error, FromArgMatches, builder::ValueParser, error::ErrorKind,
};
use oxftp::mirror::{Filter, FilterError};

/// Filter flags; their rules apply in the order of the command line.
#[derive(Debug, Clone, Default)]
pub(crate) struct FilterArgs(pub(crate) Filter);

impl FilterArgs {
    /// Returns whether there are no rules.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Name, value and help of the flags.
const FLAGS: [(&str, &str, &str); 4] = [
    (
        "include",
        "GLOB",
        "Select only files that match, or that are in a directory that matches, as in a/ (repeatable). The first matching --include or --exclude wins; with --include alone, everything else is skipped",
    ),
    (
        "exclude",
        "GLOB",
        "Skip what matches: *.log (a name), a/b (the end of a path), /a (in the root), a/ (directories)",
    ),
    ("include-from", "FILE", "Read --include patterns from this file, one per line"),
    (
        "exclude-from",
        "FILE",
        "Read --exclude patterns from this file, one per line; '+ GLOB' includes, '- GLOB' excludes",
    ),
];

impl Args for FilterArgs {
    fn augment_args(command: Command) -> Command {
        FLAGS.into_iter().fold(command, |command, (name, value, help)| {
            let parser = if value == "FILE" { ValueParser::path_buf() } else { ValueParser::string() };
            let flag = clap::Arg::new(name).long(name).value_name(value).help(help).help_heading("Selection");
            command.arg(flag.action(ArgAction::Append).value_parser(parser))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for FilterArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut rules: Vec<_> = FLAGS.iter().flat_map(|(name, ..)| rules(matches, name)).collect();
        rules.sort_by_key(|(at, _)| *at);
        let filter = rules.into_iter().try_fold(Filter::new(), |filter, (_, rule)| rule.add_to(filter));
        filter.map(Self).map_err(|why| Error::raw(ErrorKind::ValueValidation, format!("{why}\n")))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// A filter flag with its value.
enum Rule {
    Glob { includes: bool, pattern: String },
    File { includes: bool, path: PathBuf },
}

impl Rule {
    fn add_to(self, filter: Filter) -> Result<Filter, String> {
        let shown = |error: FilterError| error.to_string();
        match self {
            Self::Glob { includes, pattern } => add(filter, includes, &pattern).map_err(shown),
            Self::File { includes, path } => {
                let text = fs::read_to_string(&path)
                    .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
                let lines = text.lines().map(str::trim_end);
                let patterns = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
                patterns
                    .into_iter()
                    .try_fold(filter, |filter, line| match line.get(..2) {
                        Some("+ " | "- ") => filter.lines(line),
                        _ if line.starts_with('!') => Err(FilterError {
                            pattern: line.to_owned(),
                            why: "write '+ GLOB' to include, or \\! for a name that begins with !".to_owned(),
                        }),
                        _ => add(filter, includes, line),
                    })
                    .map_err(|error| format!("{}: {error}", path.display()))
            }
        }
    }
}

fn add(filter: Filter, includes: bool, pattern: &str) -> Result<Filter, FilterError> {
    if includes { filter.include(pattern) } else { filter.exclude(pattern) }
}

/// Returns the rules of one flag, each with its position on the command line.
fn rules(matches: &ArgMatches, name: &str) -> Vec<(usize, Rule)> {
    let includes = name.starts_with("include");
    let positions = matches.indices_of(name).into_iter().flatten();
    if name.ends_with("-from") {
        let paths = matches.get_many::<PathBuf>(name).into_iter().flatten();
        return positions.zip(paths.map(|path| Rule::File { includes, path: path.clone() })).collect();
    }
    let patterns = matches.get_many::<String>(name).into_iter().flatten();
    positions.zip(patterns.map(|pattern| Rule::Glob { includes, pattern: pattern.clone() })).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct FilterOnly {
        #[command(flatten)]
        filter: FilterArgs,
    }

    fn filter(words: &[&str]) -> Filter {
        FilterOnly::try_parse_from(["x"].iter().chain(words)).unwrap().filter.0
    }

    #[test]
    fn rules_keep_the_order_of_the_command_line() {
        let kept = filter(&["--include", "a.log", "--exclude", "*.log"]);
        let dropped = filter(&["--exclude", "*.log", "--include", "a.log"]);

        assert!(kept.matches("a.log", false) && !kept.matches("b.log", false));
        assert!(!dropped.matches("a.log", false));
    }

    #[test]
    fn rules_from_a_file_keep_their_position() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("rules");
        fs::write(&file, "# nothing else\n+ keep\n*.log\n").unwrap();

        let filter = filter(&["--exclude", "x.txt", "--exclude-from", file.to_str().unwrap()]);

        assert!(!filter.matches("x.txt", false) && !filter.matches("b.log", false));
        assert!(filter.matches("keep", false) && filter.matches("y.txt", false));
    }

    #[test]
    fn invalid_pattern_is_in_the_error_message() {
        let error = FilterOnly::try_parse_from(["x", "--exclude", "["]).unwrap_err();
        assert!(error.to_string().contains("\"[\""), "{error}");
    }
}

//! Flags of `mirror`.

use std::{fs, path::PathBuf};

use clap::{
    ArgAction, ArgMatches, Args, Command, Error, FromArgMatches, ValueEnum, builder::ValueParser,
    error::ErrorKind,
};
use oxftp::mirror::{Compare, Delete, Filter, FilterError, Links};

use super::{ConnectionArgs, ManyArgs};

#[derive(Debug, Args)]
pub(crate) struct MirrorArgs {
    /// Deletes what only the target has: after all transfers, or before those of each directory
    #[arg(long, value_name = "WHEN", num_args = 0..=1, require_equals = true, default_missing_value = "after")]
    pub(crate) delete: Option<DeleteWhen>,
    /// Deletes at most so many files and directories
    #[arg(long, value_name = "N", requires = "delete")]
    pub(crate) max_delete: Option<u64>,
    /// Transfers only what is newer at the source, whatever the sizes
    #[arg(long, conflicts_with_all = ["size_only", "checksum"])]
    pub(crate) newer: bool,
    /// Compares sizes, and no times
    #[arg(long, conflicts_with = "checksum")]
    pub(crate) size_only: bool,
    /// Compares sizes and hashes, which the server must offer
    #[arg(long)]
    pub(crate) checksum: bool,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// What becomes of symbolic links: skip, follow (what they lead to is mirrored) or copy (made anew, if
    /// they stay inside; downwards only)
    #[arg(long, value_name = "HOW", default_value = "skip", hide_possible_values = true)]
    pub(crate) links: LinksHow,
    /// Says what would be done, and does nothing
    #[arg(short = 'n', long)]
    pub(crate) dry_run: bool,
    /// Prints a JSON object on a line for each step
    #[arg(long)]
    pub(crate) json: bool,
    /// Goes on in the middle of files where an earlier mirror stopped, if they are still the same
    #[arg(short = 'c', long = "continue")]
    pub(crate) resume: bool,
    /// Waits until each file that is downloaded has reached the disk before it counts as whole
    #[arg(long)]
    pub(crate) fsync: bool,
    /// Stops once more than so many things have failed
    #[arg(long, value_name = "N")]
    pub(crate) max_errors: Option<usize>,
    /// What to mirror: a URL or a local directory
    #[arg(value_name = "SRC")]
    pub(crate) source: String,
    /// What to make like it: a URL or a local directory
    #[arg(value_name = "DST")]
    pub(crate) target: String,
    #[command(flatten)]
    pub(crate) many: ManyArgs,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

impl MirrorArgs {
    pub(crate) fn compare(&self) -> Compare {
        match self {
            Self { newer: true, .. } => Compare::Newer,
            Self { size_only: true, .. } => Compare::Size,
            Self { checksum: true, .. } => Compare::Hash,
            _ => Compare::SizeAndTime,
        }
    }
}

/// When things are deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DeleteWhen {
    Before,
    After,
}

impl From<DeleteWhen> for Delete {
    fn from(when: DeleteWhen) -> Self {
        match when {
            DeleteWhen::Before => Self::Before,
            DeleteWhen::After => Self::After,
        }
    }
}

/// What becomes of symbolic links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LinksHow {
    Skip,
    Follow,
    Copy,
}

impl From<LinksHow> for Links {
    fn from(how: LinksHow) -> Self {
        match how {
            LinksHow::Skip => Self::Skip,
            LinksHow::Follow => Self::Follow,
            LinksHow::Copy => Self::Copy,
        }
    }
}

/// What is left out, by rules that stand in the order of the command line.
#[derive(Debug, Clone, Default)]
pub(crate) struct FilterArgs(pub(crate) Filter);

/// The flags that make rules.
const FLAGS: [(&str, &str, &str); 4] = [
    ("include", "GLOB", "Takes what matches; the first rule that matches decides"),
    (
        "exclude",
        "GLOB",
        "Leaves out what matches: *.log (a name), a/b (the end of a path), /a (in the root), a/ (directories)",
    ),
    ("include-from", "FILE", "Takes what matches a line of this file"),
    (
        "exclude-from",
        "FILE",
        "Leaves out what matches a line of this file; a line may be '+ GLOB' or '- GLOB', too",
    ),
];

impl Args for FilterArgs {
    fn augment_args(command: Command) -> Command {
        FLAGS.into_iter().fold(command, |command, (name, value, help)| {
            let parser = if value == "FILE" { ValueParser::path_buf() } else { ValueParser::string() };
            let flag = clap::Arg::new(name).long(name).value_name(value).help(help);
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

/// A word of the command line that makes rules.
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

/// Gives the rules of one flag, each with its place on the command line.
fn rules(matches: &ArgMatches, name: &str) -> Vec<(usize, Rule)> {
    let includes = name.starts_with("include");
    let places = matches.indices_of(name).into_iter().flatten();
    if name.ends_with("-from") {
        let paths = matches.get_many::<PathBuf>(name).into_iter().flatten();
        return places.zip(paths.map(|path| Rule::File { includes, path: path.clone() })).collect();
    }
    let patterns = matches.get_many::<String>(name).into_iter().flatten();
    places.zip(patterns.map(|pattern| Rule::Glob { includes, pattern: pattern.clone() })).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Words {
        #[command(flatten)]
        filter: FilterArgs,
    }

    fn filter(words: &[&str]) -> Filter {
        Words::try_parse_from(["x"].iter().chain(words)).unwrap().filter.0
    }

    #[test]
    fn rules_stand_in_the_order_of_the_command_line() {
        let kept = filter(&["--include", "a.log", "--exclude", "*.log"]);
        let dropped = filter(&["--exclude", "*.log", "--include", "a.log"]);

        assert!(kept.takes("a.log", false) && !kept.takes("b.log", false));
        assert!(!dropped.takes("a.log", false));
    }

    #[test]
    fn a_file_of_rules_stands_where_it_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("rules");
        fs::write(&file, "# nothing else\n+ keep\n*.log\n").unwrap();

        let filter = filter(&["--exclude", "x.txt", "--exclude-from", file.to_str().unwrap()]);

        assert!(!filter.takes("x.txt", false) && !filter.takes("b.log", false));
        assert!(filter.takes("keep", false) && filter.takes("y.txt", false));
    }

    #[test]
    fn a_pattern_that_cannot_be_read_is_named() {
        let error = Words::try_parse_from(["x", "--exclude", "["]).unwrap_err();
        assert!(error.to_string().contains("\"[\""), "{error}");
    }
}

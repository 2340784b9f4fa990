//! The command line, and its help with the commands grouped by purpose.

use std::cell::Cell;

use clap::{Arg, ArgMatches, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand};

use super::{
    bookmark::BookmarkArgs, cat::CatArgs, check::CheckArgs, chmod::ChmodArgs, completions::CompletionsArgs,
    config::ConfigArgs, cp::CpArgs, demo::DemoArgs, du::DuArgs, find::FindArgs, fxp::FxpArgs, get::GetArgs,
    head::HeadArgs, ls::LsArgs, man::ManArgs, mirror::MirrorArgs, mkdir::MkdirArgs, mv::MvArgs,
    parse_listing::ParseListingArgs, probe::ProbeArgs, put::PutArgs, raw::RawArgs, rcat::RcatArgs,
    rm::RmArgs, rmdir::RmdirArgs, serve::ServeArgs, stat::StatArgs, tail::TailArgs, touch::TouchArgs,
    tree::TreeArgs,
};
use crate::args::{Global, RecordArgs, ShellArgs};

/// An FTP and FTPS client
#[derive(Debug, Parser)]
#[command(name = "oxftp", version, about, after_help = FIRST_STEPS, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Verb,
    #[command(flatten)]
    pub(crate) global: Global,
}

/// A command and its arguments.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List a directory
    #[command(after_help = "Example: oxftp ls -l ftp://example.org/pub/")]
    Ls(OnDemand<LsArgs>),
    /// Download files and directory trees
    #[command(after_help = "Example: oxftp get -r -d backup ftpes://me@example.org/www")]
    Get(OnDemand<GetArgs>),
    /// Upload files and directory trees
    #[command(after_help = "Example: oxftp put -r site ftpes://me@example.org/www/")]
    Put(OnDemand<PutArgs>),
    /// Copy new and changed files from SRC to DST (sync)
    #[command(after_help = "Example: oxftp mirror --delete site ftpes://me@example.org/www")]
    Mirror(OnDemand<MirrorArgs>),
    /// Compare two trees, or files with their checksums, without transferring them
    #[command(after_help = "Example: oxftp check --content site ftpes://me@example.org/www")]
    Check(OnDemand<CheckArgs>),
    /// Write files to stdout
    #[command(after_help = "Example: oxftp cat ftp://example.org/pub/log.gz | zcat")]
    Cat(OnDemand<CatArgs>),
    /// Write the beginning of a file to stdout
    #[command(after_help = "Example: oxftp head -c 1k ftp://example.org/pub/log.txt")]
    Head(OnDemand<HeadArgs>),
    /// Write the end of a file to stdout
    #[command(after_help = "Example: oxftp tail -f ftpes://me@example.org/logs/access.log")]
    Tail(OnDemand<TailArgs>),
    /// Write stdin to a file on the server
    #[command(after_help = "Example: tar cz site | oxftp rcat ftpes://me@example.org/site.tgz")]
    Rcat(OnDemand<RcatArgs>),
    /// Remove files and directory trees
    #[command(after_help = "Example: oxftp rm -r ftpes://me@example.org/www/old")]
    Rm(OnDemand<RmArgs>),
    /// Remove empty directories
    #[command(after_help = "Example: oxftp rmdir ftpes://me@example.org/www/old")]
    Rmdir(OnDemand<RmdirArgs>),
    /// Create directories
    #[command(after_help = "Example: oxftp mkdir -p ftpes://me@example.org/www/a/b")]
    Mkdir(OnDemand<MkdirArgs>),
    /// Copy files and directory trees on a server or to another one
    #[command(after_help = "Example: oxftp cp -r ftpes://me@example.org/www old/")]
    Cp(OnDemand<CpArgs>),
    /// Rename or move a file or directory
    #[command(after_help = "Example: oxftp mv ftpes://me@example.org/draft.txt final.txt")]
    Mv(OnDemand<MvArgs>),
    /// Set permissions
    #[command(after_help = "Example: oxftp chmod 644 ftpes://me@example.org/www/index.html")]
    Chmod(OnDemand<ChmodArgs>),
    /// Set the modification time of files; create missing files
    #[command(after_help = "Example: oxftp touch -d 2024-05-01T12:00Z ftpes://me@example.org/www/index.html")]
    Touch(OnDemand<TouchArgs>),
    /// Copy a file directly from one server to another (FXP)
    #[command(after_help = "Example: oxftp fxp ftpes://me@example.org/a.iso ftpes://me@example.net/isos/")]
    Fxp(OnDemand<FxpArgs>),
    /// Show type, size and time
    #[command(after_help = "Example: oxftp stat --json ftp://example.org/pub/readme.txt")]
    Stat(OnDemand<StatArgs>),
    /// Search a directory tree
    #[command(after_help = "Example: oxftp find --name '*.log' --larger 10M ftp://example.org/pub/")]
    Find(OnDemand<FindArgs>),
    /// Draw a directory tree
    #[command(after_help = "Example: oxftp tree --max-depth 2 ftp://example.org/pub/")]
    Tree(OnDemand<TreeArgs>),
    /// Sum up file sizes by directory
    #[command(after_help = "Example: oxftp du -s -h ftp://example.org/pub/")]
    Du(OnDemand<DuArgs>),
    /// Send FTP commands and print the replies
    #[command(after_help = "Example: oxftp raw ftpes://me@example.org/ SYST 'SITE CHMOD 644 index.html'")]
    Raw(OnDemand<RawArgs>),
    /// Examine a server: software, features, listings, data connections
    #[command(after_help = "Example: oxftp probe ftpes://me@example.org/")]
    Probe(OnDemand<ProbeArgs>),
    /// Run commands interactively or from a script over one session
    #[command(
        after_help = "Example: oxftp shell ftpes://me@example.org/www; its command help lists the others"
    )]
    Shell(OnDemand<ShellArgs>),
    /// Parse LIST or MLSD lines from stdin and print each as JSON
    #[command(after_help = "Example: oxftp parse-listing --now 2024-05-01 < listing.txt")]
    ParseListing(OnDemand<ParseListingArgs>),
    /// Serve a directory, for trials and tests
    #[command(after_help = "Example: oxftp serve . --writable --tls")]
    Serve(OnDemand<ServeArgs>),
    /// Upload a tree to a built-in server, download it and compare
    #[command(after_help = "Example: oxftp demo")]
    Demo(OnDemand<DemoArgs>),
    /// Manage bookmarks: @NAME and @NAME/PATH stand for URLs
    #[command(after_help = "Example: oxftp bookmark add work ftpes://me@example.org/www; oxftp ls @work/img")]
    Bookmark(OnDemand<BookmarkArgs>),
    /// Check the settings file
    #[command(after_help = "Example: oxftp config check")]
    Config(OnDemand<ConfigArgs>),
    /// Print a completion script for your shell
    #[command(
        after_help = "Example: oxftp completions bash > ~/.local/share/bash-completion/completions/oxftp"
    )]
    Completions(OnDemand<CompletionsArgs>),
    /// Print the manual page, or write all pages into a directory
    #[command(after_help = "Example: oxftp man | man -l -")]
    Man(OnDemand<ManArgs>),
}

/// The arguments of a command, whose flags are described when the command is used: describing those of all commands takes
/// longer than the start of the program.
#[derive(Debug)]
pub(crate) struct OnDemand<A>(pub(crate) A);

thread_local! {
    static DESCRIBES_ALL: Cell<bool> = const { Cell::new(true) };
}

impl Cli {
    /// Creates the command line for parsing. Only the flags of the command in use are described; the help needs
    /// [`Cli::command`], for the order of its sections.
    pub(crate) fn command_on_demand() -> Command {
        DESCRIBES_ALL.set(false);
        let command = Self::command();
        DESCRIBES_ALL.set(true);
        command
    }
}

impl<A: Args> Args for OnDemand<A> {
    fn augment_args(command: Command) -> Command {
        if DESCRIBES_ALL.get() { A::augment_args(command) } else { command.defer(A::augment_args) }
    }

    fn augment_args_for_update(command: Command) -> Command {
        A::augment_args_for_update(command)
    }
}

impl<A: FromArgMatches> FromArgMatches for OnDemand<A> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        A::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl Verb {
    /// Returns whether progress is written as events.
    pub(crate) fn prints_events(&self) -> bool {
        match self {
            Self::Get(args) => args.0.events.json,
            Self::Put(args) => args.0.events.json,
            Self::Cp(args) => args.0.events.json,
            Self::Rm(args) => args.0.events.json,
            Self::Rmdir(args) => args.0.events.json,
            Self::Mkdir(args) => args.0.events.json,
            Self::Mv(args) => args.0.events.json,
            Self::Chmod(args) => args.0.events.json,
            Self::Touch(args) => args.0.events.json,
            _ => false,
        }
    }

    /// Returns the name of a command that transfers, and its flags for records; an empty name for all others.
    pub(crate) fn records(&self) -> (&'static str, Option<&RecordArgs>) {
        match self {
            Self::Get(args) => ("get", Some(&args.0.records)),
            Self::Put(args) => ("put", Some(&args.0.records)),
            Self::Mirror(args) => ("mirror", Some(&args.0.records)),
            Self::Cp(args) => ("cp", Some(&args.0.records)),
            Self::Rcat(args) => ("rcat", Some(&args.0.records)),
            Self::Fxp(args) => ("fxp", Some(&args.0.records)),
            _ => ("", None),
        }
    }
}

/// Lists the commands in groups on the first help page.
pub(crate) fn with_grouped_help(command: Command) -> Command {
    let groups: Vec<String> = GROUPS.iter().map(|(heading, verbs)| group(&command, heading, verbs)).collect();
    let template =
        TEMPLATE.replace("{verbs}", &groups.join("\n")).replace("{flags}", &heading(&command, "Options"));
    command.help_template(template)
}

/// Hides the flags that few people need, for the help that fits on a screen.
pub(crate) fn brief(command: Command) -> Command {
    let verbs: Vec<String> = command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    let command = command.mut_args(|arg| if is_rare(&arg) { arg.hide(true) } else { arg });
    verbs.into_iter().fold(command, |command, name| {
        command.mut_subcommand(&name, |verb| {
            let more = format!("More flags: oxftp {name} --help");
            let after = verb.get_after_help().map_or_else(String::new, |text| format!("{text}\n"));
            verb.mut_args(|arg| if is_rare(&arg) { arg.hide(true) } else { in_short(arg) })
                .after_help(after + &more)
        })
    })
}

fn is_rare(arg: &Arg) -> bool {
    let common = arg.get_long().is_some_and(|name| IN_BRIEF_HELP.contains(&name));
    let has_long_section = matches!(arg.get_help_heading(), Some("Connection" | "Selection" | "Output"));
    let is_special = arg.get_long().is_some_and(|name| NOT_IN_BRIEF_HELP.contains(&name));
    !common && (has_long_section || is_special)
}

/// Keeps the first statement of the help of a flag.
fn in_short(arg: Arg) -> Arg {
    let text = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let ends =
        ["; ", " [default", ". ", ": ", ", as in ", ", which "].iter().filter_map(|mark| text.find(mark));
    let end = ends.min().unwrap_or(text.len());
    let short = text.get(..end).unwrap_or_default().to_owned();
    arg.help(short)
}

/// Flags of long sections that the brief help shows.
const IN_BRIEF_HELP: [&str; 14] = [
    "user",
    "netrc",
    "tls-ca",
    "insecure",
    "timeout",
    "limit-rate",
    "include",
    "exclude",
    "min-age",
    "max-age",
    "ignore-existing",
    "quiet",
    "verbose",
    "json",
];

/// Flags of the verbs that the brief help does not show.
const NOT_IN_BRIEF_HELP: [&str; 30] = [
    "links",
    "max-delete",
    "checksum",
    "move-to",
    "rename-with",
    "iname",
    "regex",
    "smaller",
    "one-way",
    "empty-dirs",
    "exit-code",
    "range",
    "min-depth",
    "print0",
    "url",
    "segments",
    "ascii",
    "fsync",
    "order",
    "verify",
    "max-errors",
    "size-only",
    "file-mode",
    "dir-mode",
    "lock",
    "remote-lock",
    "lock-age",
    "lock-wait",
    "backup-dir",
    "suffix",
];

fn group(command: &Command, heading: &str, verbs: &[&str]) -> String {
    let lines: String = verbs.iter().map(|verb| line(command, verb)).collect();
    format!("{}\n{lines}", self::heading(command, heading))
}

fn heading(command: &Command, text: &str) -> String {
    let style = command.get_styles().get_header();
    format!("{style}{text}:{style:#}")
}

fn line(command: &Command, verb: &str) -> String {
    let style = command.get_styles().get_literal();
    let about = command.find_subcommand(verb).and_then(Command::get_about).map(ToString::to_string);
    format!("  {style}{verb:<13}{style:#}  {}\n", about.unwrap_or_default())
}

const GROUPS: &[(&str, &[&str])] = &[
    ("Look", &["ls", "stat", "find", "tree", "du", "check", "cat", "head", "tail", "probe"]),
    ("Transfer", &["get", "put", "mirror", "rcat", "fxp"]),
    ("Change", &["rm", "rmdir", "mkdir", "cp", "mv", "chmod", "touch"]),
    ("Stay connected", &["shell", "raw"]),
    ("This program", &["bookmark", "config", "serve", "demo", "parse-listing", "completions", "man"]),
];

const TEMPLATE: &str = "\
{about}

{usage-heading} oxftp VERB [OPTION]... URL...

{verbs}
{flags}
{options}{after-help}";

/// Text below the flags.
const FIRST_STEPS: &str = "\
First steps:
  oxftp ls -l ftp://example.org/pub/
  oxftp get ftpes://me@example.org/report.pdf        asks for the password
  oxftp put -r site ftpes://me@example.org/www/      creates www/site

Mirror a tree over TLS, with a bookmark and a netrc file:
  echo 'machine example.org login me password ...' >> ~/.netrc; chmod 600 ~/.netrc
  oxftp bookmark add work ftpes://example.org/www
  oxftp mirror --netrc --dry-run @work backup        shows what would be done
  oxftp mirror --netrc @work backup                  downloads; swap the two to upload
Add --tls-ca FILE to trust the server's own certificate authority.

URLs are scheme://[user[:password]@]host[:port]/path. The scheme is ftp (plain), ftpes (TLS on port 21) or ftps (TLS \
on port 990). /path is relative to the login directory, //path is absolute. @NAME/PATH is a bookmark's URL followed by \
/PATH.

The user comes from the URL, else --user, else netrc (--netrc). The password comes from the URL, else --password-file, \
else OXFTP_PASSWORD, else netrc, else a prompt. Passwords are never printed.

~/.config/oxftp/config.toml holds bookmarks and defaults of flags: [defaults], netrc = true, timeout = 20.

Exit codes: 0 done, 1 some of many failed, 2 usage, 3 cannot connect, 4 TLS, 5 login, 6 not found, 7 denied, \
8 transfer failed, 9 local file, 10 timed out, 11 protocol, 12 held by \
another run, 130 interrupted.

More: oxftp VERB --help shows all flags and an example; oxftp man | man -l - shows the manual; the guide is in docs/ \
of the source, and docs/walk.md explains the steps above.";

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use clap::CommandFactory;

    use super::*;
    use crate::failure::Exit;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn one_flag_means_one_thing_in_all_verbs() {
        let cli = Cli::command();
        let mut meanings: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for verb in cli.get_subcommands() {
            for arg in verb.get_arguments() {
                let value = arg.get_value_names().map(|names| names.join(" ")).unwrap_or_default();
                let takes_value = arg.get_action().takes_values();
                let meaning = (
                    if takes_value { value } else { String::new() },
                    arg.get_help().map(ToString::to_string).unwrap_or_default(),
                );
                let names = arg.get_long().into_iter().chain(arg.get_visible_aliases().into_iter().flatten());
                for name in names {
                    meanings.entry(name.to_owned()).or_default().push(meaning.clone());
                }
            }
        }
        let mut several = Vec::new();
        for (name, mut found) in meanings {
            found.sort();
            found.dedup();
            let values: BTreeSet<_> = found.iter().map(|(value, _)| value).collect();
            if values.len() > 1 && !SAME_IN_SPIRIT.contains(&name.as_str()) {
                several.push(format!("--{name} takes {values:?}"));
            }
            if found.len() > 1 && !DESCRIBED_BY_VERB.contains(&name.as_str()) {
                several.push(format!("--{name} is described as {found:#?}"));
            }
        }
        assert!(several.is_empty(), "{}", several.join("\n"));
    }

    #[test]
    fn commands_described_on_demand_have_the_same_flags() {
        let (mut all, mut on_demand) = (Cli::command(), Cli::command_on_demand());
        let undescribed = on_demand.find_subcommand("get").unwrap().get_arguments().count();
        assert_eq!(undescribed, 0, "all commands are described at the start");
        all.build();
        on_demand.build();
        for verb in all.get_subcommands() {
            let same = on_demand.find_subcommand(verb.get_name()).unwrap();
            let flags = |verb: &Command| {
                let mut flags: Vec<_> = verb.get_arguments().map(|flag| format!("{flag:?}")).collect();
                flags.sort();
                flags
            };
            assert_eq!(flags(same), flags(verb));
        }
    }

    /// Flags whose values differ between verbs, with one purpose.
    const SAME_IN_SPIRIT: [&str; 3] = ["delete", "directory", "output"];
    /// Flags that each verb describes for what it acts on, with one purpose.
    const DESCRIBED_BY_VERB: [&str; 26] = [
        "bytes",
        "lines",
        "jobs",
        "verify",
        "user",
        "password-file",
        "ascii",
        "continue",
        "delete",
        "directory",
        "dry-run",
        "files-from",
        "files-from0",
        "force",
        "fsync",
        "help",
        "human",
        "json",
        "links",
        "output",
        "parents",
        "perms",
        "recursive",
        "times",
        "commands",
        "checksum",
    ];

    #[test]
    fn brief_help_fits_on_a_screen() {
        let names: Vec<_> = Cli::command().get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
        let mut too_long = Vec::new();
        for name in names {
            let mut cli = brief(Cli::command());
            cli.build();
            let help = cli.find_subcommand_mut(&name).unwrap().render_help().to_string();
            let lines = help.lines().count();
            if lines > 40 {
                too_long.push(format!("{name}: {lines} lines\n{help}"));
            }
            assert!(help.contains(&format!("More flags: oxftp {name} --help")), "{help}");
        }
        assert!(too_long.is_empty(), "{}", too_long.join("\n"));
    }

    #[test]
    fn help_lists_every_exit_code() {
        let help = Cli::command().render_long_help().to_string();
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        let (_, list) = help.split_once("Exit codes: 0 done, ").unwrap();
        let (list, _) = list.split_once('.').unwrap();
        let listed: Vec<u8> =
            list.split(", ").map(|code| code.split(' ').next().unwrap().parse().unwrap()).collect();

        assert_eq!(listed, Exit::ALL.map(Exit::code));
    }

    #[test]
    fn every_verb_is_in_one_help_group() {
        let mut grouped: Vec<_> = GROUPS.iter().flat_map(|(_, verbs)| verbs.iter().copied()).collect();
        let cli = Cli::command();
        let mut verbs: Vec<_> = cli.get_subcommands().map(Command::get_name).collect();
        grouped.sort_unstable();
        verbs.sort_unstable();
        assert_eq!(grouped, verbs);
    }
}

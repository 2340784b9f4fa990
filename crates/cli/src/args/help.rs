//! The first page of help: the verbs by what they are for, and a way through them.

use clap::Command;

/// Gives the verbs in groups, where clap would give them in one row.
pub(crate) fn grouped(command: Command) -> Command {
    let groups: Vec<String> = GROUPS.iter().map(|(heading, verbs)| group(&command, heading, verbs)).collect();
    let template =
        TEMPLATE.replace("{verbs}", &groups.join("\n")).replace("{flags}", &heading(&command, "Options"));
    command.help_template(template)
}

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
    ("Look", &["ls", "stat", "find", "du", "cat", "head", "probe"]),
    ("Transfer", &["get", "put", "mirror", "rcat", "fxp"]),
    ("Change", &["rm", "rmdir", "mkdir", "mv", "chmod", "touch"]),
    ("Stay connected", &["shell", "raw"]),
    ("This program", &["bookmark", "serve", "demo", "parse-listing", "completions", "man"]),
];

const TEMPLATE: &str = "\
{about}

{usage-heading} oxftp VERB [OPTION]... URL...

{verbs}
{flags}
{options}{after-help}";

/// What stands below the flags.
pub(crate) const FIRST_STEPS: &str = "\
First steps:
  oxftp ls -l ftp://example.org/pub/
  oxftp get ftpes://me@example.org/report.pdf        asks for the password
  oxftp put -r site ftpes://me@example.org/www/

A tree kept like another over TLS, with a bookmark and a netrc:
  echo 'machine example.org login me password ...' >> ~/.netrc; chmod 600 ~/.netrc
  oxftp bookmark add work ftpes://example.org/www
  oxftp mirror --netrc --dry-run @work backup        says what would be done
  oxftp mirror --netrc @work backup                  does it; @work last would upload
With --tls-ca FILE the server's own authority is trusted, and no other.

URLs are scheme://[user[:password]@]host[:port]/path. The scheme is ftp (plain), ftpes (TLS on port 21) or ftps (TLS \
on port 990). /path is relative to the login directory, //path is absolute. @NAME/PATH is a bookmark's URL with /PATH \
behind it.

A user comes from the URL, else --user, else netrc (--netrc). A password comes from the URL, else --password-file, else \
OXFTP_PASSWORD, else netrc; else it is asked for. None is ever shown.

~/.config/oxftp/config.toml holds bookmarks, and defaults of flags: [defaults], netrc = true, timeout = 20.

Exit codes: 0 done, 1 some of many failed, 2 usage, 3 cannot connect, 4 TLS, 5 login, 6 not found, 7 denied, \
8 transfer broken, 9 local file, 10 timed out, 11 protocol, 130 interrupted.

Read on: oxftp VERB --help has all flags and an example; oxftp man | man -l - is the manual; the guide is docs/ of \
the source, and docs/walk.md the way through what stands above.";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::args::Cli;

    #[test]
    fn every_verb_stands_in_one_group() {
        let mut grouped: Vec<_> = GROUPS.iter().flat_map(|(_, verbs)| verbs.iter().copied()).collect();
        let cli = Cli::command();
        let mut verbs: Vec<_> = cli.get_subcommands().map(Command::get_name).collect();
        grouped.sort_unstable();
        verbs.sort_unstable();
        assert_eq!(grouped, verbs);
    }
}

//! Messages about a wrong command line, with passwords redacted.

mod foreign_flags;
mod synonyms;

use std::{
    borrow::Cow,
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

use clap::{
    Command, CommandFactory,
    error::{ContextKind, ContextValue, ErrorKind},
};
use oxftp::redact_password;

use crate::{
    commands::Cli,
    failure::Exit,
    output,
    terminal::{self, Terminal},
};

/// Prints the help, the version or the error, and returns the exit code.
pub(crate) fn report(mut error: clap::Error, words: &[OsString]) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let shown = error.print().and_then(|()| io::stdout().flush());
        return match shown {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => Terminal::new(true).report_fatal(&output::failed(error)),
        };
    }
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let hint = hint(&error, &words);
    if error.kind() == ErrorKind::UnknownArgument {
        // "To pass '-k' as a value, use '-- -k'": hardly anybody wants that.
        error.remove(ContextKind::Suggested);
        if hint.is_some() {
            // Flags of similar spelling, with the usage of one of them.
            error.remove(ContextKind::SuggestedArg);
            error.remove(ContextKind::Usage);
        }
    }
    let mut text = error.render().ansi().to_string();
    // The error may quote the value of a flag alone: of `--output=URL` or `-oURL`.
    let values = |word: &str| word.split_once('=').map(|(_, value)| value.to_owned());
    let joined = |word: &str| Some(word.strip_prefix('-')?.get(1..)?.to_owned());
    for word in words.iter().flat_map(|word| [Some((*word).to_owned()), values(word), joined(word)]).flatten()
    {
        let shown = redact_password(&word);
        if shown != word {
            text = text.replace(&word, &shown);
        }
    }
    let mut stderr = anstream::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
    drop(stderr);
    if let Some(hint) = hint {
        terminal::print_hint(&hint);
    }
    Exit::Usage.into()
}

/// Returns a hint for a word of another program; clap suggests only words of similar spelling.
fn hint(error: &clap::Error, words: &[&str]) -> Option<Cow<'static, str>> {
    let cli = Cli::command();
    let verb = words.iter().skip(1).find(|word| cli.find_subcommand(word).is_some()).copied();
    match error.kind() {
        ErrorKind::InvalidSubcommand => match error.get(ContextKind::InvalidSubcommand)? {
            ContextValue::String(word) => of_command(word),
            _ => None,
        },
        ErrorKind::UnknownArgument => match error.get(ContextKind::InvalidArg)? {
            ContextValue::String(flag) if flag.starts_with('-') => {
                of_flag(&cli, verb.unwrap_or_default(), flag, words)
            }
            ContextValue::String(_) => Some(
                "there is one word too many: put quotes around names with blanks, and around patterns".into(),
            ),
            _ => None,
        },
        ErrorKind::MissingRequiredArgument => of_missing(verb?, words).map(Cow::from),
        _ => None,
    }
}

/// Returns a hint for a word that is no command.
fn of_command(word: &str) -> Option<Cow<'static, str>> {
    if word.contains("://") || word.starts_with('@') {
        let url = redact_password(word);
        return Some(
            format!("begin with a command: oxftp ls {url} lists, oxftp get {url} downloads, oxftp shell {url} connects")
                .into(),
        );
    }
    if word == "localhost" || word.contains(['.', ':', '/']) {
        let host = redact_password(&format!("ftpes://{word}"));
        return Some(format!("to connect, use oxftp shell {host}, or ftp:// for plain FTP").into());
    }
    synonyms::find(word).map(Cow::from)
}

/// Returns a hint for a flag that a command does not have.
fn of_flag(cli: &Command, verb: &str, flag: &str, words: &[&str]) -> Option<Cow<'static, str>> {
    let word = words.iter().copied().find(|word| word.starts_with(flag));
    let word = word.or_else(|| words.iter().copied().find(|word| in_cluster(word, flag))).unwrap_or(flag);
    if let Some(hint) = foreign_flags::find(verb, flag, word) {
        return Some(hint.into());
    }
    let described = cli.find_subcommand(verb);
    let name = word.trim_start_matches('-').split('=').next().unwrap_or_default();
    let has = |command: &Command| {
        let mut flags = command.get_arguments();
        flags.any(|arg| arg.get_long() == Some(name) && name.len() > 1)
    };
    if word.starts_with('-') && !word.starts_with("--") && described.is_some_and(has) {
        return Some(format!("write two hyphens: --{name}").into());
    }
    let others: Vec<_> =
        cli.get_subcommands().filter(|command| has(command)).map(Command::get_name).collect();
    match (others.is_empty(), described) {
        (false, Some(_)) => Some(format!("--{name} is a flag of {}", others.join(", ")).into()),
        _ => None,
    }
}

/// Returns whether a word of several letters, such as `-lX`, contains a flag of one letter.
fn in_cluster(word: &str, flag: &str) -> bool {
    let letters = word.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
    letters.is_some_and(|letters| flag.len() == 2 && letters.contains(&flag[1..]))
}

/// Returns a hint for missing words.
fn of_missing(verb: &str, words: &[&str]) -> Option<&'static str> {
    match verb {
        "ls" | "du" if words.contains(&"-h") => {
            Some("-h is --human here, and needs a URL; --help shows the help of the command")
        }
        "mirror" => Some("use mirror URL DIR to download, or mirror DIR URL to upload"),
        "check" => Some("use check SRC DST, where SRC and DST are URLs or local directories"),
        "chmod" => Some("use chmod MODE URL..., as in oxftp chmod 644 ftp://example.org/a.txt"),
        "put" => Some("use put SRC... URL, as in oxftp put a.txt ftp://example.org/dir/"),
        _ => None,
    }
}

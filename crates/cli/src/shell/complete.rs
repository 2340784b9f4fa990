//! Completion of words.

use std::{fs, path::Path};

use rustyline::completion::Pair;

use super::{
    Shell, builtins,
    command_line::{quoted, split},
    directory_cache::CachedName,
    translate::{OperandKind, verb},
};

impl Shell {
    /// Returns where the last word of the text begins, and its completions.
    pub(super) async fn complete(&mut self, before: &str) -> (usize, Vec<Pair>) {
        // The mark makes an empty word at the end count as a word.
        let commands = split(&format!("{before}{MARK}")).commands;
        let Some((word, earlier)) = commands.last().and_then(|command| command.words.split_last()) else {
            return (before.len(), Vec::new());
        };
        let typed = word.text.trim_end_matches(MARK);
        let first = earlier.first().map(|word| word.text.as_str());
        let found = match first {
            None => self.commands(typed),
            Some(command) if typed.starts_with('-') => self.flags(command, typed),
            Some(command) if is_local(command, earlier.iter().any(|word| word.text == "-R")) => files(typed),
            Some(_) => self.remote_names(typed).await,
        };
        (word.start, found)
    }

    fn commands(&self, typed: &str) -> Vec<Pair> {
        let verbs =
            self.cli.get_subcommands().map(|verb| verb.get_name()).filter(|name| verb(name).is_some());
        let mut names: Vec<_> =
            verbs.chain(builtins::NAMES.iter().copied()).filter(|name| name.starts_with(typed)).collect();
        names.sort_unstable();
        names.into_iter().map(|name| pair(name, format!("{name} "))).collect()
    }

    fn flags(&self, command: &str, typed: &str) -> Vec<Pair> {
        let described = verb(command).and_then(|known| self.cli.find_subcommand(known.verb));
        let flags =
            described.into_iter().flat_map(|verb| verb.get_arguments()).filter_map(|arg| arg.get_long());
        let flags = flags.map(|flag| format!("--{flag}")).filter(|flag| flag.starts_with(typed));
        flags.map(|flag| pair(&flag, format!("{flag} "))).collect()
    }

    async fn remote_names(&mut self, typed: &str) -> Vec<Pair> {
        let (directory, start) = split_path(typed);
        // Errors are not reported during completion.
        let names = self.directories.of(directory, &self.cwd, &self.connection).await;
        candidates(directory, start, names.unwrap_or_default())
    }
}

fn is_local(command: &str, backwards: bool) -> bool {
    let puts = verb(command).is_some_and(|known| known.operands == OperandKind::Local);
    puts || matches!(command, "lcd" | "lls" | "source") || (command == "mirror" && backwards)
}

fn files(typed: &str) -> Vec<Pair> {
    let (directory, start) = split_path(typed);
    let shown = if directory.is_empty() { Path::new(".") } else { Path::new(directory) };
    let entries = fs::read_dir(shown).into_iter().flatten().flatten();
    let mut names: Vec<CachedName> = entries
        .filter_map(|entry| {
            let text = entry.file_name().into_string().ok()?;
            Some(CachedName { text, is_directory: entry.path().is_dir() })
        })
        .collect();
    names.sort_by(|one, other| one.text.cmp(&other.text));
    candidates(directory, start, &names)
}

/// Splits a path after its last slash.
fn split_path(path: &str) -> (&str, &str) {
    path.rfind('/').map_or(("", path), |at| path.split_at(at + 1))
}

fn candidates(directory: &str, start: &str, names: &[CachedName]) -> Vec<Pair> {
    let fits = |name: &&CachedName| {
        name.text.starts_with(start) && (!name.text.starts_with('.') || start.starts_with('.'))
    };
    let candidates = names.iter().filter(fits).map(|name| {
        let end = if name.is_directory { '/' } else { ' ' };
        pair(&name.text, format!("{}{end}", quoted(&format!("{directory}{}", name.text))))
    });
    candidates.collect()
}

fn pair(display: &str, replacement: String) -> Pair {
    Pair { display: oxftp::escape(display).into_owned(), replacement }
}

/// A character that no name contains.
const MARK: char = '\u{1}';

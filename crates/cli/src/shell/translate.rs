//! Translation of shell commands to command lines: paths become URLs, patterns become names.

use std::path::Path;

use super::{
    Shell,
    command_line::{ShellCommand, ShellWord},
    globs::Pattern,
    operands::classify,
};
use crate::failure::{Exit, Failure, Result};

/// Operands of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operands {
    /// Paths on the server, by default the current directory.
    RemoteOrHere,
    /// Paths on the server.
    Remote,
    /// A word, then paths on the server.
    WordThenRemote,
    /// A path on the server and its new path.
    Renamed,
    /// Local paths, uploaded into the current directory.
    Local,
    /// FTP commands.
    Raw,
    /// A remote tree and a local tree, or the reverse with `-R`.
    Trees,
}

/// Returns the command of the program for a command name, the flags that the name implies, and its operands.
pub(super) fn verb(name: &str) -> Option<(&str, &'static [&'static str], Operands)> {
    use Operands::{Local, Raw, Remote, RemoteOrHere, Renamed, Trees, WordThenRemote};
    Some(match name {
        "ls" | "find" | "du" | "probe" => (name, &[], RemoteOrHere),
        "dir" | "ll" => ("ls", &["-l"], RemoteOrHere),
        "get" | "cat" | "head" | "rm" | "rmdir" | "mkdir" | "stat" | "touch" | "rcat" => (name, &[], Remote),
        "mget" => ("get", &[], Remote),
        "chmod" => (name, &[], WordThenRemote),
        "mv" | "rename" => ("mv", &[], Renamed),
        "put" | "mput" => ("put", &[], Local),
        "raw" | "quote" => ("raw", &[], Raw),
        "mirror" => (name, &[], Trees),
        _ => return None,
    })
}

/// Returns whether a command changes nothing on the server.
pub(super) fn is_read_only(verb: &str) -> bool {
    matches!(verb, "ls" | "find" | "du" | "probe" | "get" | "cat" | "head" | "stat")
}

impl Shell {
    /// Returns the command line for a shell command.
    pub(super) async fn translate(&mut self, command: &ShellCommand) -> Result<Vec<String>> {
        let name = command.words.first().map(|word| word.text.as_str()).unwrap_or_default();
        let Some((verb, more, operands)) = verb(name) else {
            return Err(Failure::Usage(format!("unknown command {name:?}: use help for a list")));
        };
        let described = self.cli.find_subcommand(verb);
        let described =
            described.ok_or_else(|| Failure::Usage(format!("the program has no command {verb:?}")))?;
        let classified =
            classify(described, command.words.iter().skip(1).collect(), |word| word.text.as_str());
        let mut words = vec!["oxftp".to_owned(), verb.to_owned()];
        words.extend(self.flags.iter().cloned());
        words.extend(more.iter().map(|flag| (*flag).to_owned()));
        let backwards = operands == Operands::Trees && classified.flags.iter().any(|flag| flag.text == "-R");
        let flags = classified.flags.iter().filter(|flag| !(backwards && flag.text == "-R"));
        words.extend(flags.map(|flag| flag.text.clone()));
        words.push("--".to_owned());
        let has_target = classified
            .flags
            .iter()
            .any(|flag| ["-d", "-o", "--d", "--o"].iter().any(|target| flag.text.starts_with(target)));
        match (name, &*classified.operands) {
            ("put", [from, to]) if !has_target && self.is_new_name(from, to) => {
                words.extend([from.text.clone(), self.cwd.url(&to.text)]);
            }
            ("get", [from, to]) if !has_target && self.is_local_target(from, to).await => {
                let flag = if Path::new(&to.text).is_dir() { "-d" } else { "-o" };
                words.splice(2..2, [flag.to_owned(), to.text.clone()]);
                words.push(self.cwd.url(&from.text));
            }
            (_, paths) => words.extend(self.operands(operands, backwards, paths).await?),
        }
        Ok(words)
    }

    /// Returns whether the second operand of `put` is a name on the server, as in `put LOCAL REMOTE` of other clients:
    /// there is no such local file.
    fn is_new_name(&self, from: &ShellWord, to: &ShellWord) -> bool {
        let plain = from.pattern.is_none() && to.pattern.is_none();
        plain && Path::new(&from.text).exists() && Path::new(&to.text).symlink_metadata().is_err()
    }

    /// Returns whether the second operand of `get` is a local name, as in `get REMOTE LOCAL` of other clients: the server
    /// has no such file.
    async fn is_local_target(&mut self, from: &ShellWord, to: &ShellWord) -> bool {
        if from.pattern.is_some() || to.pattern.is_some() {
            return false;
        }
        let (directory, name) = to.text.rsplit_once('/').map_or(("", &*to.text), |(directory, name)| {
            (to.text.get(..=directory.len()).unwrap_or_default(), name)
        });
        match self.directories.of(directory, &self.cwd, &self.connection).await {
            Ok(names) => !name.is_empty() && names.iter().all(|found| found.text != name),
            // A local path that the server does not know as a directory.
            Err(_) => Path::new(&to.text).parent().is_some_and(Path::is_dir),
        }
    }

    async fn operands(
        &mut self,
        kind: Operands,
        backwards: bool,
        words: &[&ShellWord],
    ) -> Result<Vec<String>> {
        let texts = || words.iter().map(|word| word.text.clone());
        Ok(match kind {
            Operands::RemoteOrHere if words.is_empty() => vec![self.cwd.url("")],
            Operands::RemoteOrHere | Operands::Remote => self.remote(words).await?,
            Operands::WordThenRemote => match words.split_first() {
                Some((first, paths)) => [vec![first.text.clone()], self.remote(paths).await?].concat(),
                None => Vec::new(),
            },
            Operands::Renamed => match words {
                [from, to] => vec![self.cwd.url(&from.text), self.cwd.url(&to.text)],
                _ => texts().collect(),
            },
            Operands::Local => {
                let mut sources = Vec::new();
                for word in words {
                    sources.extend(local(word)?);
                }
                sources.push(self.cwd.url_of_directory());
                sources
            }
            Operands::Raw => [self.cwd.url("")].into_iter().chain(texts()).collect(),
            Operands::Trees => {
                let at = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
                let (here, there) = if backwards { (at(0), at(1)) } else { (at(1), at(0)) };
                let here = if here.is_empty() { "." } else { here }.to_owned();
                let there = self.cwd.url(there);
                if backwards { vec![here, there] } else { vec![there, here] }
            }
        })
    }

    /// Returns the URLs of paths, with patterns replaced by the matching names.
    async fn remote(&mut self, words: &[&ShellWord]) -> Result<Vec<String>> {
        let mut urls = Vec::new();
        for word in words {
            let Some(pattern) = &word.pattern else {
                urls.push(self.cwd.url(&word.text));
                continue;
            };
            let pattern = Pattern::new(pattern)?;
            let paths = self.directories.matching(&pattern, &self.cwd, &self.connection).await?;
            urls.extend(some(paths, &word.text)?.iter().map(|path| self.cwd.url(path)));
        }
        Ok(urls)
    }
}

fn local(word: &ShellWord) -> Result<Vec<String>> {
    match &word.pattern {
        Some(pattern) => some(Pattern::new(pattern)?.local_paths(), &word.text),
        None => Ok(vec![word.text.clone()]),
    }
}

/// Fails for a pattern without matches: the command would do something else without this operand.
fn some(paths: Vec<String>, pattern: &str) -> Result<Vec<String>> {
    if !paths.is_empty() {
        return Ok(paths);
    }
    crate::terminal::print_error(&format!("nothing matches {pattern}"), &[]);
    Err(Failure::AlreadyReported(Exit::NotFound))
}

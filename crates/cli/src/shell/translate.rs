//! Translation of shell commands to command lines: paths become URLs, patterns become names.

use std::path::Path;

use super::{
    Shell,
    command_line::{ShellCommand, ShellWord},
    globs::Pattern,
    operands::classify,
};
use crate::failure::{Exit, Failure, Result};

/// Kind of the operands of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OperandKind {
    /// Paths on the server, by default the current directory.
    RemoteOrHere,
    /// Paths on the server.
    Remote,
    /// Paths on the server; or one, and the local name of its copy.
    Downloaded,
    /// A word, then paths on the server.
    WordThenRemote,
    /// Paths on the server, and their new path.
    Renamed,
    /// Local paths, uploaded into the current directory; or one, and its new name.
    Local,
    /// FTP commands.
    Raw,
    /// A remote tree and a local tree, or the reverse with `-R` or a first word such as `./site`.
    Trees,
}

/// A command of the program for a command of the shell.
pub(super) struct ShellVerb<'n> {
    pub(super) verb: &'n str,
    /// The flags that the name of the command implies.
    flags: &'static [&'static str],
    pub(super) operands: OperandKind,
}

/// Returns the command of the program for a command name.
pub(super) fn verb(name: &str) -> Option<ShellVerb<'_>> {
    use OperandKind::{Downloaded, Local, Raw, Remote, RemoteOrHere, Renamed, Trees, WordThenRemote};
    let (verb, flags, operands): (&str, &[&str], _) = match name {
        "ls" | "find" | "tree" | "du" | "probe" => (name, &[], RemoteOrHere),
        "dir" | "ll" => ("ls", &["-l"], RemoteOrHere),
        "get" | "recv" | "mget" => ("get", &[], Downloaded),
        "cat" | "head" | "tail" | "rm" | "rmdir" | "mkdir" | "stat" | "touch" | "rcat" => (name, &[], Remote),
        "delete" | "mdelete" => ("rm", &[], Remote),
        "size" | "modtime" => ("stat", &[], Remote),
        "chmod" => (name, &[], WordThenRemote),
        "mv" | "rename" => ("mv", &[], Renamed),
        "cp" => ("cp", &[], Renamed),
        "put" | "send" | "mput" => ("put", &[], Local),
        "raw" | "quote" => ("raw", &[], Raw),
        "mirror" => (name, &[], Trees),
        _ => return None,
    };
    Some(ShellVerb { verb, flags, operands })
}

/// Returns whether a command changes nothing on the server.
pub(super) fn is_read_only(words: &[String]) -> bool {
    let verb = words.get(1).map(String::as_str);
    let changes = |word: &String| ["--move", "--delete", "--exec"].iter().any(|flag| word.starts_with(flag));
    matches!(verb, Some("ls" | "find" | "tree" | "du" | "probe" | "get" | "cat" | "head" | "tail" | "stat"))
        && !words.iter().any(changes)
}

impl Shell {
    /// Returns the command line for a shell command.
    pub(super) async fn translate(&mut self, command: &ShellCommand) -> Result<Vec<String>> {
        let name = command.words.first().map(|word| word.text.as_str()).unwrap_or_default();
        let Some(ShellVerb { verb, flags: more, operands }) = verb(name) else {
            return Err(Failure::Usage(format!("unknown command {name:?}: use help for a list")));
        };
        let described = self.cli.find_subcommand(verb);
        let described =
            described.ok_or_else(|| Failure::Usage(format!("the program has no command {verb:?}")))?;
        let classified =
            classify(described, command.words.iter().skip(1).collect(), |word| word.text.as_str());
        let has_rule = classified.flags.iter().any(|flag| flag.text.starts_with("--rename-with"));
        // With a rule for the names, no word is a new path.
        let operands =
            if operands == OperandKind::Renamed && has_rule { OperandKind::Remote } else { operands };
        let mut words = vec!["oxftp".to_owned(), verb.to_owned()];
        words.extend(self.flags.iter().cloned());
        words.extend(more.iter().map(|flag| (*flag).to_owned()));
        let reversed =
            operands == OperandKind::Trees && classified.flags.iter().any(|flag| flag.text == "-R");
        let flags = classified.flags.iter().filter(|flag| !(reversed && flag.text == "-R"));
        words.extend(flags.map(|flag| flag.text.clone()));
        // The shell expands patterns itself; what is quoted is a name.
        words.extend((verb == "put").then(|| "--no-glob".to_owned()));
        words.extend((self.text && matches!(verb, "get" | "put" | "cat")).then(|| "--ascii".to_owned()));
        let backwards = reversed || names_local_tree(&classified.operands);
        if let (OperandKind::Trees, false, [from, ..]) = (operands, backwards, &classified.operands[..])
            && Path::new(&from.text).is_dir()
            && self.names_copy(from, from).await?
        {
            return Err(Failure::UsageWithHint {
                what: format!("the server has no directory {:?}, but this machine has", from.text),
                hint: "mirror downloads; mirror -R LOCAL [REMOTE], or mirror ./LOCAL REMOTE, uploads"
                    .to_owned(),
            });
        }
        let renames = !classified.flags.iter().any(|flag| {
            ["-o", "-d", "--output", "--directory"].iter().any(|name| flag.text.starts_with(name))
        });
        if let (OperandKind::Downloaded, true, [from, to]) = (operands, renames, &classified.operands[..])
            && self.names_copy(from, to).await?
        {
            let flag = if Path::new(&to.text).is_dir() { "-d" } else { "-o" };
            words.extend([flag.to_owned(), to.text.clone(), "--".to_owned(), self.cwd.url(&from.text)]);
            return Ok(words);
        }
        words.push("--".to_owned());
        if let (OperandKind::Local, true, [from, to]) = (operands, renames, &classified.operands[..])
            && is_new_name(from, to)
        {
            words.extend([from.text.clone(), self.cwd.url(&to.text)]);
            return Ok(words);
        }
        words.extend(self.operands(operands, backwards, &classified.operands).await?);
        Ok(words)
    }

    async fn operands(
        &mut self,
        kind: OperandKind,
        backwards: bool,
        words: &[&ShellWord],
    ) -> Result<Vec<String>> {
        let texts = || words.iter().map(|word| word.text.clone());
        Ok(match kind {
            OperandKind::RemoteOrHere if words.is_empty() => vec![self.cwd.url("")],
            OperandKind::RemoteOrHere | OperandKind::Remote | OperandKind::Downloaded => {
                self.remote(words).await?
            }
            OperandKind::WordThenRemote => match words.split_first() {
                Some((first, paths)) => [vec![first.text.clone()], self.remote(paths).await?].concat(),
                None => Vec::new(),
            },
            OperandKind::Renamed => match words {
                [sources @ .., to] if !sources.is_empty() => {
                    let to = if to.text.contains("://") { to.text.clone() } else { self.cwd.url(&to.text) };
                    [self.remote(sources).await?, vec![to]].concat()
                }
                _ => texts().collect(),
            },
            OperandKind::Local => {
                let mut sources = Vec::new();
                for word in words {
                    sources.extend(local(word)?);
                }
                sources.push(self.cwd.url_of_directory());
                sources
            }
            OperandKind::Raw => [self.cwd.url("")].into_iter().chain(texts()).collect(),
            OperandKind::Trees => {
                let at = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
                let (here, there) = if backwards { (at(0), at(1)) } else { (at(1), at(0)) };
                let here = if here.is_empty() { "." } else { here }.to_owned();
                let pattern = words.first().filter(|_| !backwards).and_then(|word| word.pattern.as_deref());
                let there =
                    pattern.map_or_else(|| self.cwd.url(there), |pattern| self.cwd.url_of_pattern(pattern));
                if backwards { vec![here, there] } else { vec![there, here] }
            }
        })
    }

    /// Returns whether the second word names the local copy of the first, because the server has no such file.
    async fn names_copy(&mut self, from: &ShellWord, to: &ShellWord) -> Result<bool> {
        if from.pattern.is_some() || to.pattern.is_some() || to.text.ends_with('/') {
            return Ok(false);
        }
        let (directory, name) =
            to.text.rfind('/').map_or(("", to.text.as_str()), |at| to.text.split_at(at + 1));
        let found = self.directories.of(directory, &self.cwd, &self.connection).await;
        Ok(match found {
            Ok(names) => !names.iter().any(|found| found.text == name),
            Err(failure) => failure.exit() == Some(Exit::NotFound),
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

/// Returns whether the second word is the new name of the first, because there is no such local file.
fn is_new_name(from: &ShellWord, to: &ShellWord) -> bool {
    let plain = from.pattern.is_none() && to.pattern.is_none();
    plain && Path::new(&from.text).exists() && Path::new(&to.text).symlink_metadata().is_err()
}

/// Returns whether the first of two trees is written as a local one, and the second is not.
fn names_local_tree(words: &[&ShellWord]) -> bool {
    let is_local = |word: &ShellWord| {
        [".", ".."].contains(&word.text.as_str())
            || ["./", "../"].iter().any(|start| word.text.starts_with(start))
    };
    matches!(words, [from, to] if is_local(from) && !is_local(to))
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

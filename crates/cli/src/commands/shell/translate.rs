//! Commands of the shell as words of the command line: paths become URLs, patterns names.

use super::{
    Shell,
    globs::Pattern,
    operands::sort,
    words::{Command, Word},
};
use crate::failure::{Exit, Failure, Result};

/// What the operands of a verb are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operands {
    /// Paths on the server, the directory itself where there are none.
    RemoteOrHere,
    /// Paths on the server.
    Remote,
    /// A word, then paths on the server.
    WordThenRemote,
    /// A path on the server and its new one.
    Renamed,
    /// Local paths, which go into the directory.
    Local,
    /// Commands of the protocol.
    Raw,
    /// A tree there and one here, or with `-R` the other way round.
    Trees,
}

/// Gives the verb that a command names, flags that its name stands for, and what its operands are.
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

/// Tells whether a verb leaves the server as it is.
pub(super) fn only_asks(verb: &str) -> bool {
    matches!(verb, "ls" | "find" | "du" | "probe" | "get" | "cat" | "head" | "stat")
}

impl Shell {
    /// Gives the words that the program would take for this command.
    pub(super) async fn translate(&mut self, command: &Command) -> Result<Vec<String>> {
        let name = command.words.first().map(|word| word.text.as_str()).unwrap_or_default();
        let Some((verb, more, operands)) = verb(name) else {
            return Err(Failure::Usage(format!("there is no command {name:?}: help lists those there are")));
        };
        let described = self.cli.find_subcommand(verb);
        let described = described.ok_or_else(|| Failure::Usage(format!("there is no verb {verb:?}")))?;
        let sorted = sort(described, command.words.iter().skip(1).collect(), |word| word.text.as_str());
        let mut words = vec!["oxftp".to_owned(), verb.to_owned()];
        words.extend(self.flags.iter().cloned());
        words.extend(more.iter().map(|flag| (*flag).to_owned()));
        let backwards = operands == Operands::Trees && sorted.flags.iter().any(|flag| flag.text == "-R");
        let flags = sorted.flags.iter().filter(|flag| !(backwards && flag.text == "-R"));
        words.extend(flags.map(|flag| flag.text.clone()));
        words.push("--".to_owned());
        words.extend(self.operands(operands, backwards, &sorted.operands).await?);
        Ok(words)
    }

    async fn operands(&mut self, kind: Operands, backwards: bool, words: &[&Word]) -> Result<Vec<String>> {
        let texts = || words.iter().map(|word| word.text.clone());
        Ok(match kind {
            Operands::RemoteOrHere if words.is_empty() => vec![self.place.url("")],
            Operands::RemoteOrHere | Operands::Remote => self.remote(words).await?,
            Operands::WordThenRemote => match words.split_first() {
                Some((first, paths)) => [vec![first.text.clone()], self.remote(paths).await?].concat(),
                None => Vec::new(),
            },
            Operands::Renamed => match words {
                [from, to] => vec![self.place.url(&from.text), self.place.url(&to.text)],
                _ => texts().collect(),
            },
            Operands::Local => {
                let mut sources = Vec::new();
                for word in words {
                    sources.extend(local(word)?);
                }
                sources.push(self.place.url_of_directory());
                sources
            }
            Operands::Raw => [self.place.url("")].into_iter().chain(texts()).collect(),
            Operands::Trees => {
                let at = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
                let (here, there) = if backwards { (at(0), at(1)) } else { (at(1), at(0)) };
                let here = if here.is_empty() { "." } else { here }.to_owned();
                let there = self.place.url(there);
                if backwards { vec![here, there] } else { vec![there, here] }
            }
        })
    }

    /// Gives the URLs of paths; a pattern stands for the names that there are.
    async fn remote(&mut self, words: &[&Word]) -> Result<Vec<String>> {
        let mut urls = Vec::new();
        for word in words {
            let Some(pattern) = &word.pattern else {
                urls.push(self.place.url(&word.text));
                continue;
            };
            let pattern = Pattern::new(pattern)?;
            let paths = self.names.fitting(&pattern, &self.place, &self.connection).await?;
            urls.extend(some(paths, &word.text)?.iter().map(|path| self.place.url(path)));
        }
        Ok(urls)
    }
}

fn local(word: &Word) -> Result<Vec<String>> {
    match &word.pattern {
        Some(pattern) => some(Pattern::new(pattern)?.local_paths(), &word.text),
        None => Ok(vec![word.text.clone()]),
    }
}

/// A pattern that nothing fits is a mistake: the command would do something else without its operand.
fn some(paths: Vec<String>, pattern: &str) -> Result<Vec<String>> {
    if !paths.is_empty() {
        return Ok(paths);
    }
    crate::terminal::complain(&format!("nothing fits {pattern}"), &[]);
    Err(Failure::Named(Exit::NotFound))
}

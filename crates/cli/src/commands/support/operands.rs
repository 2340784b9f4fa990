//! Operands: the URLs of a command line, with patterns replaced by the names that match on the server.

use std::{io::Read, path::Path};

use oxftp::{Client, Entry, EntryKind, FtpUrl, PathEntry, RemotePath};

use super::{
    diagnose::missing,
    selector::Selector,
    stability::Stability,
    url_glob::{NamePattern, Names, UrlGlob, alternatives},
};
use crate::{
    app::App,
    args::{GlobArgs, NameArgs, OperandArgs, SelectionArgs},
    failure::{Failure, FailureCollector, Result},
    session::{self, Session},
};

/// A path that a command acts on.
#[derive(Debug, Clone)]
pub(crate) struct Operand {
    pub(crate) url: FtpUrl,
    /// What the server lists for it, if that is known.
    pub(crate) entry: Option<Entry>,
    /// A pattern matched it.
    pub(crate) is_match: bool,
}

/// The operands of a command line, in order.
#[derive(Debug)]
pub(crate) struct Operands {
    pub(crate) found: Vec<Operand>,
    /// Words that could not be expanded.
    failed: Vec<Failure>,
}

impl Operands {
    /// Parses the words as URLs without patterns.
    pub(crate) fn literal(words: &[String]) -> Result<Self> {
        let found = words.iter().map(|word| Ok(Operand::literal(session::url(word)?)));
        Ok(Self { found: found.collect::<Result<_>>()?, failed: Vec::new() })
    }

    /// Parses the words, and lists the directories of their patterns.
    pub(crate) async fn expand(session: &mut Session, args: &OperandArgs) -> Result<Self> {
        let OperandArgs { urls: words, names, selection } = args;
        let written = written(words, names)?;
        let mut operands = Self { found: Vec::new(), failed: Vec::new() };
        for url in written {
            match expand(session, url, names.glob, selection.levels()).await {
                Ok(found) => operands.found.extend(found),
                Err(failure @ (Failure::Usage(_) | Failure::Interrupted)) => return Err(failure),
                Err(failure) => operands.failed.push(failure),
            }
        }
        Ok(operands)
    }

    /// Returns what the pattern in a URL matches; without one, the URL itself.
    pub(crate) async fn expand_url(
        session: &mut Session,
        url: &FtpUrl,
        levels: usize,
    ) -> Result<Vec<Operand>> {
        expand(session, WrittenUrl { url: url.clone(), is_literal: false }, GlobArgs::default(), levels).await
    }

    /// Like [`Operands::expand`], with only the operands that the flags select.
    pub(crate) async fn expand_selected(session: &mut Session, args: &OperandArgs) -> Result<Self> {
        let mut operands = Self::expand(session, args).await?;
        operands.selector(session, args, false).await?;
        Ok(operands)
    }

    /// Returns what the flags select: among the operands themselves, which are selected now, or, with `recursive`, among
    /// the files in them.
    ///
    /// With `--stable` it looks at the files for the first time, and waits.
    pub(crate) async fn selector(
        &mut self,
        session: &mut Session,
        args: &OperandArgs,
        recursive: bool,
    ) -> Result<Selector> {
        let levels = if recursive { args.selection.levels() } else { 0 };
        let selector = self.selector_of_levels(session, &args.selection, levels).await?;
        if !recursive {
            self.select(session, &selector).await?;
        }
        Ok(selector)
    }

    /// Returns what the flags select in the operands and in this number of levels below them.
    pub(crate) async fn selector_of_levels(
        &mut self,
        session: &mut Session,
        args: &SelectionArgs,
        levels: usize,
    ) -> Result<Selector> {
        let selector = Selector::new(args);
        let Some(seconds) = args.stable else { return Ok(selector) };
        let looked_at = self.found.iter().map(|operand| (&operand.url, operand.entry.as_ref()));
        let stability = Stability::of_urls(session, looked_at, seconds, levels).await?;
        // The listings where patterns matched are older than that. A file that is gone since then fails alone, when the
        // command reaches it.
        for operand in self.found.iter_mut().filter(|operand| operand.entry.is_some()) {
            operand.entry = metadata(session, &operand.url).await.ok();
        }
        Ok(selector.and([stability.into_selection()]))
    }

    /// Keeps the operands that the selection accepts; looks up those that no listing showed.
    pub(crate) async fn select(&mut self, session: &mut Session, selector: &Selector) -> Result {
        if !selector.is_active() {
            return Ok(());
        }
        let mut selected = Vec::with_capacity(self.found.len());
        for mut operand in self.found.drain(..) {
            let name = operand.name();
            let entry = match operand.entry.take() {
                Some(entry) => entry,
                None => match metadata(session, &operand.url).await {
                    Ok(entry) => entry,
                    Err(failure) => {
                        self.failed.push(failure);
                        continue;
                    }
                },
            };
            if selector.accepts_operand(&name, &entry) {
                selected.push(Operand { entry: Some(entry), ..operand });
            }
        }
        self.found = selected;
        Ok(())
    }

    /// Returns a collector for the failures of all operands; those of the expansion are reported first.
    pub(crate) fn collect_failures<'a>(&mut self, app: &'a App) -> Result<FailureCollector<'a>> {
        let mut failures = app.collect_failures(self.found.len() + self.failed.len());
        for failure in self.failed.drain(..) {
            failures.record(Err(failure))?;
        }
        Ok(failures)
    }

    /// Calls `each` for every operand, with a client of its server, then ends the session. An operand that fails does not
    /// stop the others.
    pub(crate) async fn run(
        mut self,
        session: Session,
        app: &App,
        mut each: impl AsyncFnMut(&mut Client, &FtpUrl) -> Result,
    ) -> Result {
        let failures = self.collect_failures(app)?;
        run_each(&self.found, session, failures, async |session, Operand { url, .. }| {
            each(session.client(url).await?, url).await
        })
        .await
    }

    /// Returns the URLs.
    pub(crate) fn urls(&self) -> Vec<FtpUrl> {
        self.found.iter().map(|operand| operand.url.clone()).collect()
    }
}

impl Operand {
    pub(crate) fn literal(url: FtpUrl) -> Self {
        Self { url, entry: None, is_match: false }
    }

    /// Returns the last component of the path, as the selection sees it.
    fn name(&self) -> String {
        let name = self.url.path().file_name();
        name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// Returns whether a listing showed that it is not a directory.
    pub(crate) fn is_listed_file(&self) -> bool {
        self.entry.as_ref().is_some_and(|entry| matches!(entry.kind, EntryKind::File | EntryKind::Special))
    }
}

/// Calls `each` for every item, then ends the session. An item that fails does not stop the others.
pub(crate) async fn run_each<T>(
    items: &[T],
    mut session: Session,
    mut failures: FailureCollector<'_>,
    mut each: impl AsyncFnMut(&mut Session, &T) -> Result,
) -> Result {
    for item in items {
        failures.record(each(&mut session, item).await)?;
    }
    session.quit().await;
    failures.finish()
}

async fn metadata(session: &mut Session, url: &FtpUrl) -> Result<Entry> {
    let client = session.client(url).await?;
    client.metadata(url.path()).await.map_err(|error| Failure::about(url, error))
}

/// Returns the URLs of the command line and of the file with names.
fn written(words: &[String], names: &NameArgs) -> Result<Vec<WrittenUrl>> {
    let (path, separator) = match (&names.files_from, &names.files_from0) {
        (Some(path), _) => (path, b'\n'),
        (None, Some(path)) => (path, 0),
        (None, None) => {
            return words
                .iter()
                .map(|word| Ok(WrittenUrl { url: session::url(word)?, is_literal: false }))
                .collect();
        }
    };
    let base = match words {
        [] => None,
        [base] => Some(session::url(base)?),
        _ => {
            return Err(Failure::Usage(
                "the names of a file are relative to one URL, but there are several".to_owned(),
            ));
        }
    };
    let mut urls = Vec::new();
    for line in read_names(path, separator)? {
        urls.push(match (str::from_utf8(&line), &base) {
            (Ok(text), _) if text.contains("://") => {
                WrittenUrl { url: session::url(text)?, is_literal: false }
            }
            (_, Some(base)) => {
                let path = base.path().join_path(&RemotePath::from_wire(&line, oxftp::Encoding::UTF_8));
                WrittenUrl { url: base.with_path(path), is_literal: true }
            }
            (_, None) => {
                let shown = String::from_utf8_lossy(&line).into_owned();
                return Err(Failure::Usage(format!(
                    "{shown:?} is not a URL: add the URL of its directory to the command line"
                )));
            }
        });
    }
    Ok(urls)
}

/// A URL as the user wrote it.
struct WrittenUrl {
    url: FtpUrl,
    /// Its path contains no pattern, whatever characters it contains.
    is_literal: bool,
}

/// Reads names that end with a separator; lines may end as on Windows, and empty ones are skipped.
pub(crate) fn read_names(path: &Path, separator: u8) -> Result<Vec<Vec<u8>>> {
    let mut bytes = Vec::new();
    let read = match path.as_os_str() == "-" {
        true => std::io::stdin().read_to_end(&mut bytes).map(drop),
        false => std::fs::read(path).map(|read| bytes = read),
    };
    read.map_err(|error| Failure::local(format!("cannot read {path:?}"), error))?;
    let names = bytes.split(|byte| *byte == separator);
    let names =
        names.map(|name| if separator == b'\n' { name.strip_suffix(b"\r").unwrap_or(name) } else { name });
    Ok(names.filter(|name| !name.is_empty()).map(<[u8]>::to_vec).collect())
}

async fn expand(
    session: &mut Session,
    written: WrittenUrl,
    glob: GlobArgs,
    levels: usize,
) -> Result<Vec<Operand>> {
    let WrittenUrl { url, is_literal } = written;
    if glob.no_glob || is_literal {
        return Ok(vec![Operand::literal(url)]);
    }
    let mut operands = Vec::new();
    for encoded in alternatives(url.encoded_path()) {
        let glob = UrlGlob::parse(&encoded)
            .map_err(|why| Failure::Usage(format!("the pattern {encoded:?} cannot be used: {why}")))?;
        let Some(glob) = glob else {
            let bytes: Vec<u8> = percent_encoding::percent_decode_str(&encoded).collect();
            // A URL without braces keeps the spelling of its path.
            let same = encoded == url.encoded_path();
            operands.push(Operand::literal(if same {
                url.clone()
            } else {
                url.with_path(RemotePath::from_wire(&bytes, oxftp::Encoding::UTF_8))
            }));
            continue;
        };
        let client = session.client(&url).await?;
        let matching = matching(client, &glob, levels).await.map_err(|error| Failure::about(&url, error))?;
        if matching.is_empty() {
            return Err(Failure::NoMatch { pattern: url.to_string() });
        }
        let found = matching.into_iter().map(|found| Operand {
            url: url.with_path(found.path()),
            entry: Some(found.into_entry()),
            is_match: true,
        });
        operands.extend(found);
    }
    Ok(operands)
}

/// Returns what matches on the server, sorted by path; `**` enters this number of levels.
async fn matching(client: &mut Client, glob: &UrlGlob, levels: usize) -> oxftp::Result<Vec<PathEntry>> {
    let base = RemotePath::from_wire(&glob.base, oxftp::Encoding::UTF_8);
    let mut found = match &glob.names {
        Names::Tree(pattern) => matching_in_tree(client, &base, pattern, levels).await?,
        Names::Levels(levels) => matching_by_level(client, base, levels).await?,
    };
    found.sort_by_cached_key(|found| found.path().as_bytes().to_vec());
    Ok(found)
}

async fn matching_in_tree(
    client: &mut Client,
    base: &RemotePath,
    pattern: &NamePattern,
    levels: usize,
) -> oxftp::Result<Vec<PathEntry>> {
    let mut found = Vec::new();
    let mut entries = client.list(base).recursive().max_depth(levels).stream();
    while let Some(entry) = entries.next().await {
        let entry = entry?;
        let path = entry.path();
        let below = path.as_bytes().strip_prefix(base.as_bytes()).unwrap_or(path.as_bytes());
        let below = String::from_utf8_lossy(below.strip_prefix(b"/").unwrap_or(below));
        if pattern.matches(&below) {
            found.push(entry);
        }
    }
    Ok(found)
}

async fn matching_by_level(
    client: &mut Client,
    base: RemotePath,
    levels: &[NamePattern],
) -> oxftp::Result<Vec<PathEntry>> {
    let mut directories = vec![base];
    for (level, pattern) in levels.iter().enumerate() {
        let is_last = level + 1 == levels.len();
        let mut found = Vec::new();
        for directory in directories {
            let entries = match client.list(&directory).await {
                Ok(entries) => entries,
                // Below a pattern, a link that leads to no directory matches nothing.
                Err(error) if level > 0 && error.reply().is_some() => continue,
                Err(error) if error.is_not_found() => continue,
                Err(error) => match missing(client, &error, &directory).await {
                    Some(_) => continue,
                    None => return Err(error),
                },
            };
            let exact = entries.iter().position(|entry| pattern.is_exactly(&entry.name().to_string_lossy()));
            match exact {
                Some(at) => found.extend(entries.into_iter().nth(at)),
                None => found.extend(
                    entries.into_iter().filter(|entry| pattern.matches(&entry.name().to_string_lossy())),
                ),
            }
        }
        if is_last {
            return Ok(found);
        }
        let enterable = found.iter().filter(|entry| entry.is_dir() || entry.kind == EntryKind::Link);
        directories = enterable.map(PathEntry::path).collect();
    }
    Ok(Vec::new())
}

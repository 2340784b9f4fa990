//! Names in remote directories: asked for once, and forgotten when something changes.

use std::collections::HashMap;

use oxftp::{PathEntry, RemotePath};

use super::{globs::Pattern, place::Place};
use crate::{
    args::ConnectionArgs,
    failure::{Failure, Result},
    session::{self, Session},
};

/// A name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) is_directory: bool,
}

/// What a directory holds, or as much of it as is worth completing.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) names: Vec<Name>,
    /// All of it.
    whole: bool,
}

/// What directories hold, by their paths.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<String, Held>);

impl Names {
    /// Gives what a directory holds, or the first of it where that is very much.
    pub(super) async fn of(
        &mut self,
        directory: &str,
        place: &Place,
        flags: &ConnectionArgs,
    ) -> Result<&[Name]> {
        let path = place.path(directory);
        if !self.0.contains_key(&path) {
            let held = hold(&path, place, flags).await?;
            if self.0.len() >= MOST_DIRECTORIES {
                self.0.clear();
            }
            self.0.insert(path.clone(), held);
        }
        Ok(self.0.get(&path).map(|held| held.names.as_slice()).unwrap_or_default())
    }

    /// Gives the paths that fit a pattern, each and every one: of a directory too large to be remembered they
    /// are picked while it is listed again.
    pub(super) async fn fitting(
        &mut self,
        pattern: &Pattern,
        place: &Place,
        flags: &ConnectionArgs,
    ) -> Result<Vec<String>> {
        let path = place.path(&pattern.directory);
        let fits = |name: &str| pattern.fits(name);
        self.of(&pattern.directory, place, flags).await?;
        let mut names: Vec<String> = match self.0.get(&path).filter(|held| held.whole) {
            Some(held) => held.names.iter().map(|name| name.text.clone()).filter(|name| fits(name)).collect(),
            None => pick(&path, place, flags, fits).await?,
        };
        names.sort_unstable();
        Ok(names.iter().map(|name| format!("{}{name}", pattern.directory)).collect())
    }

    /// Forgets all, since something may have changed.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

async fn hold(path: &str, place: &Place, flags: &ConnectionArgs) -> Result<Held> {
    let mut held = Held { names: Vec::new(), whole: true };
    list(path, place, flags, |found| {
        held.whole = held.names.len() < MOST_NAMES;
        if held.whole {
            let text = found.name().to_string_lossy().into_owned();
            held.names.push(Name { text, is_directory: found.is_dir() });
        }
        Ok(())
    })
    .await?;
    held.names.sort_by(|one, other| one.text.cmp(&other.text));
    Ok(held)
}

async fn pick(
    path: &str,
    place: &Place,
    flags: &ConnectionArgs,
    fits: impl Fn(&str) -> bool,
) -> Result<Vec<String>> {
    let mut picked = Vec::new();
    list(path, place, flags, |found| {
        picked.extend(Some(found.name().to_string_lossy().into_owned()).filter(|name| fits(name)));
        match picked.len() > MOST_PICKED {
            true => Err(Failure::Usage(format!(
                "more than {MOST_PICKED} names fit: a narrower pattern is needed"
            ))),
            false => Ok(()),
        }
    })
    .await?;
    Ok(picked)
}

/// Hands each entry over as it comes.
async fn list(
    path: &str,
    place: &Place,
    flags: &ConnectionArgs,
    mut each: impl FnMut(&PathEntry) -> Result,
) -> Result {
    let url = session::url(&place.url(path))?;
    let mut session = Session::new(flags.clone())?;
    let client = session.client(&url).await?;
    let mut entries = client.list(RemotePath::from(path)).stream();
    while let Some(found) = entries.next().await {
        each(&found.map_err(|error| Failure::about(&url, error))?)?;
    }
    drop(entries);
    session.quit().await;
    Ok(())
}

const MOST_DIRECTORIES: usize = 64;
/// So many names are remembered of a directory, and completed.
const MOST_NAMES: usize = 20_000;
/// More than a server can be asked about one by one.
const MOST_PICKED: usize = 1_000_000;

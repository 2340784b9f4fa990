//! Names in remote directories: asked for once, and forgotten when something changes.

use std::collections::HashMap;

use oxftp::RemotePath;

use super::place::Place;
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

/// What directories hold, by their paths.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<String, Vec<Name>>);

impl Names {
    /// Gives what a directory holds.
    pub(super) async fn of(
        &mut self,
        directory: &str,
        place: &Place,
        flags: &ConnectionArgs,
    ) -> Result<&[Name]> {
        let path = place.path(directory);
        if !self.0.contains_key(&path) {
            let names = list(&path, place, flags).await?;
            if self.0.len() >= MOST_DIRECTORIES {
                self.0.clear();
            }
            self.0.insert(path.clone(), names);
        }
        Ok(self.0.get(&path).map(Vec::as_slice).unwrap_or_default())
    }

    /// Forgets all, since something may have changed.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

async fn list(path: &str, place: &Place, flags: &ConnectionArgs) -> Result<Vec<Name>> {
    let url = session::url(&place.url(path))?;
    let mut session = Session::new(flags.clone())?;
    let client = session.client(&url).await?;
    let failed = |error| Failure::about(&url, error);
    let mut names = Vec::new();
    {
        let mut entries = client.list(RemotePath::from(path)).stream();
        while let Some(found) = entries.next().await {
            let found = found.map_err(failed)?;
            if names.len() < MOST_NAMES {
                names.push(Name {
                    text: found.name().to_string_lossy().into_owned(),
                    is_directory: found.is_dir(),
                });
            }
        }
    }
    session.quit().await;
    names.sort_by(|one, other| one.text.cmp(&other.text));
    Ok(names)
}

const MOST_DIRECTORIES: usize = 64;
const MOST_NAMES: usize = 20_000;

//! `find`: searches a tree.

use globset::GlobMatcher;
use oxftp::{Encoding, Entry, EntryKind, FileName};

use super::{
    entry::JsonEntry,
    lone,
    walk::{below, walk},
};
use crate::{
    app::App,
    args::{FindArgs, KindWanted},
    failure::{Failure, Result},
    output::Output,
    session::{self, Session},
};

pub(crate) async fn run(args: FindArgs, app: &App) -> Result {
    let url = session::url(&args.url)?;
    let mut session = Session::new(args.connection)?;
    let wanted = Wanted {
        name: args.name,
        kinds: args.kinds,
        newer: args.newer.map(|moment| moment.0),
        larger: args.larger.map(|size| size.0),
        json: args.json,
    };
    let client = session.client(&url).await?;
    let mut output = Output::new();
    let root = url.path();
    let entries = client.list(&root).recursive().stream();
    let walked = walk(entries, (&url, app), &mut output, async |found, output| {
        let path = found.path();
        wanted.print(below(path.as_bytes(), root.as_bytes()), &found.name(), found, output).await
    });
    let walked = walked.await?;
    if let Some(error) = walked.failure {
        return Err(Failure::about(&url, error));
    }
    // Some servers list what is not there as empty, and a file as nothing.
    if let Some(name) = root.file_name().filter(|_| walked.nothing) {
        let entry = lone::look_at(client, &root).await.map_err(|error| Failure::about(&url, error))?;
        if !entry.is_dir() {
            wanted.print(root.as_bytes(), &name, &entry, &mut output).await?;
        }
    }
    output.flush().await?;
    session.quit().await;
    walked.of_tree()
}

/// What is searched for; all of it must hold.
struct Wanted {
    name: Option<GlobMatcher>,
    kinds: Vec<KindWanted>,
    /// Seconds since 1970.
    newer: Option<i64>,
    larger: Option<u64>,
    json: bool,
}

impl Wanted {
    async fn print(&self, path: &[u8], name: &FileName, found: &Entry, output: &mut Output) -> Result {
        if !self.is(name, found) {
            return Ok(());
        }
        if self.json {
            let object = JsonEntry::new(found, Encoding::UTF_8).at(path, name.as_bytes());
            return output.line(object.line()).await;
        }
        output.line(output.showable(path)).await
    }

    fn is(&self, name: &FileName, found: &Entry) -> bool {
        self.name.as_ref().is_none_or(|glob| glob.is_match(&*name.to_string_lossy()))
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| kind.is(found.kind)))
            // A time of an unknown zone is taken for UTC.
            && self.newer.is_none_or(|than| found.modified.is_some_and(|time| time.to_unix(0) > than))
            && self.larger.is_none_or(|than| found.is_file() && found.size.is_some_and(|size| size > than))
    }
}

impl KindWanted {
    fn is(self, kind: EntryKind) -> bool {
        match self {
            Self::File => kind == EntryKind::File,
            Self::Directory => kind == EntryKind::Directory,
            Self::Link => kind == EntryKind::Link,
        }
    }
}

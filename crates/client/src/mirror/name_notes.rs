//! Notes of the names under which a server keeps files that it does not find by the names that were sent.
//!
//! Such a server seems to lack the files, and each mirror would send them again. The notes of a target are a local
//! file beside the [records](crate::ClientBuilder::upload_records) of uploads:
//!
//! ```text
//! oxftp names 1
//! 613a62 615f62 7 1700000000
//! ```
//!
//! Each line has the relative path and the stored name, as hexadecimal bytes, and the size and time of the source.

use std::{
    collections::BTreeMap,
    fmt::Write,
    io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use oxftp_proto::{FileName, RemotePath};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::OnceCell,
};

use super::{node::NodeFacts, relative_path::RelativePath};
use crate::{
    error::local_fs::LocalFsError,
    local_fs::{CreateDirOptions, FileSystem, OpenMode},
    transfer::partial_name::new_token,
};

/// The notes of one target.
#[derive(Debug, Default)]
pub(crate) struct NameNotes {
    /// `None` if nothing is recorded.
    path: Option<PathBuf>,
    found: OnceCell<Notes>,
    /// Changes by this mirror: a note, or `None` for a file that was stored under its name.
    changes: Mutex<BTreeMap<Vec<u8>, Option<NameNote>>>,
}

type Notes = BTreeMap<Vec<u8>, NameNote>;

#[derive(Debug, Clone, PartialEq, Eq)]
struct NameNote {
    stored: Vec<u8>,
    size: u64,
    modified: Option<i64>,
}

impl NameNotes {
    pub(crate) fn new(path: Option<PathBuf>) -> Self {
        Self { path, ..Self::default() }
    }

    /// Returns the name under which the server stored this version of a file in an earlier run.
    pub(crate) async fn stored_name(
        &self,
        fs: &dyn FileSystem,
        path: &RelativePath,
        source: &NodeFacts,
    ) -> Option<Vec<u8>> {
        let note = self.found(fs).await.get(path.to_remote_path().as_bytes())?;
        let is_same = (Some(note.size), note.modified) == (source.size, seconds(source));
        is_same.then(|| note.stored.clone())
    }

    /// Returns whether notes are kept for the next run.
    pub(crate) fn are_kept(&self) -> bool {
        self.path.is_some()
    }

    /// Returns whether there are notes of an earlier run.
    pub(crate) async fn are_found(&self, fs: &dyn FileSystem) -> bool {
        !self.found(fs).await.is_empty()
    }

    /// Notes that a file was stored under another name than its own.
    pub(crate) fn note(&self, path: &RelativePath, source: &NodeFacts, stored: &str) {
        let Some(stored) = RemotePath::from(stored).file_name() else { return };
        let Some(size) = source.size else { return };
        let note = NameNote { stored: stored.as_bytes().to_vec(), size, modified: seconds(source) };
        self.change(path, Some(note));
    }

    /// Forgets a file that was stored under its own name.
    pub(crate) fn forget(&self, path: &RelativePath) {
        let is_noted =
            self.found.get().is_some_and(|found| found.contains_key(path.to_remote_path().as_bytes()));
        if is_noted {
            self.change(path, None);
        }
    }

    /// Writes the notes, if they have changed. A failure is logged only: the files are sent again.
    pub(crate) async fn save(&self, fs: &dyn FileSystem) {
        let changes = std::mem::take(&mut *self.changes.lock().unwrap_or_else(PoisonError::into_inner));
        let Some(path) = self.path.as_deref().filter(|_| !changes.is_empty()) else { return };
        let mut notes = self.found(fs).await.clone();
        for (path, change) in changes {
            match change {
                Some(note) => drop(notes.insert(path, note)),
                None => drop(notes.remove(&path)),
            }
        }
        let text = encode(&notes);
        let written = async {
            if let Some(directory) = path.parent() {
                fs.create_dir(directory, CreateDirOptions { parents: true, exist_ok: true }).await?;
            }
            // A temporary file and a rename keep the file complete, even if another mirror writes it as well.
            let temporary = path.with_extension(new_token());
            let mut file = fs.open(&temporary, OpenMode::CreatePrivate).await?;
            file.write_all(text.as_bytes()).await.map_err(|source| write_error(&temporary, source))?;
            file.shutdown().await.map_err(|source| write_error(&temporary, source))?;
            drop(file);
            fs.rename(&temporary, path).await
        };
        if let Err(error) = written.await {
            crate::trace::debug!("{error}");
        }
    }

    async fn found(&self, fs: &dyn FileSystem) -> &Notes {
        let read = async {
            let path = self.path.as_deref()?;
            let file = fs.open(path, OpenMode::Read).await.ok()?;
            let mut text = String::new();
            file.take(MAX_BYTES).read_to_string(&mut text).await.ok()?;
            decode(&text)
        };
        self.found.get_or_init(|| async { read.await.unwrap_or_default() }).await
    }

    fn change(&self, path: &RelativePath, note: Option<NameNote>) {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        if changes.len() < MAX_NOTES {
            changes.insert(path.to_remote_path().as_bytes().to_vec(), note);
        }
    }
}

fn write_error(path: &Path, source: io::Error) -> LocalFsError {
    LocalFsError::new("write", path, source)
}

fn seconds(facts: &NodeFacts) -> Option<i64> {
    facts.modified.map(|time| time.to_unix(0))
}

fn encode(notes: &Notes) -> String {
    let mut text = format!("{FIRST_LINE}\n");
    for (path, NameNote { stored, size, modified }) in notes.iter().take(MAX_NOTES) {
        let (path, stored) = (hex(path), hex(stored));
        // Writing to a string cannot fail.
        let _ = match modified {
            Some(time) => writeln!(text, "{path} {stored} {size} {time}"),
            None => writeln!(text, "{path} {stored} {size} {UNKNOWN}"),
        };
    }
    text
}

/// Parses the output of [`encode`]; lines of another form are left out.
fn decode(text: &str) -> Option<Notes> {
    let mut lines = text.lines();
    lines.next().filter(|line| *line == FIRST_LINE)?;
    Some(lines.filter_map(decode_line).collect())
}

fn decode_line(line: &str) -> Option<(Vec<u8>, NameNote)> {
    let mut words = line.split(' ');
    let path = unhex(words.next()?)?;
    let stored = unhex(words.next()?)?;
    let size = words.next()?.parse().ok()?;
    let modified = match words.next()? {
        UNKNOWN => None,
        time => Some(time.parse().ok()?),
    };
    // A name that came from a file is checked like any other.
    FileName::new(std::str::from_utf8(&stored).ok()?).ok()?;
    Some((path, NameNote { stored, size, modified }))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

const FIRST_LINE: &str = "oxftp names 1";
const UNKNOWN: &str = "unknown";

/// Maximum number of notes, and maximum number of bytes that are read from the file.
const MAX_NOTES: usize = 10_000;
const MAX_BYTES: u64 = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::local_fs::MemoryFs;

    fn facts(size: u64) -> NodeFacts {
        NodeFacts { size: Some(size), ..NodeFacts::default() }
    }

    #[test]
    fn name_note_round_trips_without_garbage() {
        let note = NameNote { stored: b"a_b".to_vec(), size: 7, modified: Some(-3) };
        let other = NameNote { modified: None, ..note.clone() };
        let notes = Notes::from([(b"d/a:b".to_vec(), note), ("ä".as_bytes().to_vec(), other)]);

        assert_eq!(decode(&encode(&notes)), Some(notes.clone()));
        assert_eq!(decode(&(encode(&notes) + "zz 61 1 1\n61 2e2e2f78 1 1\n61")), Some(notes));
        assert_eq!(decode("other"), None);
    }

    #[tokio::test]
    async fn stored_name_is_noted_for_its_version() {
        let fs: Arc<dyn FileSystem> = Arc::new(MemoryFs::new());
        let path = RelativePath::default().join(&FileName::new("a:b").unwrap());
        let notes = || NameNotes::new(Some("/records/x.names".into()));
        let first = notes();
        first.note(&path, &facts(7), "site/a_b");
        first.save(&*fs).await;

        let second = notes();
        assert_eq!(second.stored_name(&*fs, &path, &facts(7)).await.as_deref(), Some(&b"a_b"[..]));
        assert_eq!(second.stored_name(&*fs, &path, &facts(8)).await, None);
        second.forget(&path);
        second.save(&*fs).await;

        assert!(!notes().are_found(&*fs).await);
    }
}

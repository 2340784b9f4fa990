//! Compact table of the files of one directory.

use std::sync::Arc;

use oxftp_proto::{FileName, RemotePath, Timestamp};

use super::{
    block_store::BlockStore,
    entry::{EntryLocation, PathEntry},
};
use crate::Result;

/// The files of one directory, with the facts that a transfer needs of each.
///
/// They share the path of the directory, and each file uses 40 bytes besides its name. The names of a large directory are in a
/// temporary file.
#[derive(Debug, Default)]
pub(crate) struct FileTable {
    location: Option<Arc<EntryLocation>>,
    /// The rows in chunks, which are never moved.
    chunks: Vec<Vec<Row>>,
    /// The names: a block for each chunk.
    names: BlockStore,
    length: usize,
}

#[derive(Debug)]
struct Row {
    /// `u64::MAX` if it is not known.
    size: u64,
    modified: Option<Timestamp>,
    /// End of the name in the block of the chunk.
    name_end: u32,
    /// [`NO_MODE`] if it is not known.
    mode: u16,
}

/// One file of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableFile {
    pub(crate) name: FileName,
    pub(crate) path: RemotePath,
    /// The size, if it is exact.
    pub(crate) size: Option<u64>,
    pub(crate) modified: Option<Timestamp>,
    pub(crate) mode: Option<u32>,
}

impl FileTable {
    /// Adds a file of the same directory.
    pub(crate) fn push(&mut self, entry: &PathEntry) {
        if self.location.is_none() {
            self.location = Some(entry.location().clone());
        }
        if self.length.is_multiple_of(CHUNK_ROWS) {
            if let Some(full) = self.chunks.last_mut() {
                full.shrink_to_fit();
                self.names.start_block();
            }
            self.chunks.push(Vec::new());
        }
        let Some(rows) = self.chunks.last_mut() else { return };
        let names = self.names.last_mut();
        names.extend_from_slice(entry.entry().name());
        rows.push(Row {
            size: entry.exact_size().unwrap_or(u64::MAX),
            modified: entry.modified,
            // A line is far shorter than 4 GiB / CHUNK_ROWS.
            name_end: u32::try_from(names.len()).unwrap_or(u32::MAX),
            mode: entry.mode.and_then(|mode| u16::try_from(mode).ok()).unwrap_or(NO_MODE),
        });
        self.length += 1;
    }

    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Returns the bytes of memory that a further file takes.
    pub(crate) fn memory_of(&mut self, entry: &PathEntry) -> usize {
        size_of::<Row>() + if self.names.is_spilling() { 0 } else { entry.entry().name().len() }
    }

    /// Fails if a file could not be read again.
    pub(crate) fn check(&self) -> Result<()> {
        self.names.check()
    }

    /// Returns a file, or `None` beyond the end.
    pub(crate) fn get(&self, index: usize) -> Option<TableFile> {
        let location = self.location.as_ref()?;
        let name = FileName::from_wire(&self.name(index)?, location.encoding).ok()?;
        let row = self.row(index)?;
        Some(TableFile {
            path: location.path.join_in(&name, location.encoding),
            name,
            size: (row.size != u64::MAX).then_some(row.size),
            modified: row.modified,
            mode: (row.mode != NO_MODE).then(|| row.mode.into()),
        })
    }

    /// Returns the size of a file, if it is exact.
    pub(crate) fn size(&self, index: usize) -> Option<u64> {
        let row = self.row(index)?;
        (row.size != u64::MAX).then_some(row.size)
    }

    /// Returns the name of a file, as the server spells it.
    pub(crate) fn name(&self, index: usize) -> Option<Vec<u8>> {
        let end = self.row(index)?.name_end as usize;
        let before = if index.is_multiple_of(CHUNK_ROWS) { None } else { self.row(index - 1) };
        let start = before.map_or(0, |before| before.name_end as usize);
        self.names.block(index / CHUNK_ROWS)?.get(start..end).map(<[u8]>::to_vec)
    }

    /// Returns all names, as the server spells them.
    pub(crate) fn names(&self) -> impl Iterator<Item = Vec<u8>> + Clone {
        (0..self.length).filter_map(|index| self.name(index))
    }

    fn row(&self, index: usize) -> Option<&Row> {
        self.chunks.get(index / CHUNK_ROWS)?.get(index % CHUNK_ROWS)
    }
}

/// The number of files in a chunk.
const CHUNK_ROWS: usize = 1024;

/// No mode of a file; modes have 12 bits.
const NO_MODE: u16 = u16::MAX;

#[cfg(test)]
mod tests {
    use oxftp_proto::{Encoding, Entry};

    use super::*;

    #[test]
    fn files_of_several_chunks_are_kept() {
        let location = Arc::new(EntryLocation { path: "pub".into(), encoding: Encoding::UTF_8 });
        let mut table = FileTable::default();
        for number in 0..2 * CHUNK_ROWS + 1 {
            let mut entry = Entry::new(format!("file{number}"));
            entry.size = (number % 2 == 0).then_some(number as u64);
            entry.mode = (number % 3 == 0).then_some(0o644);
            table.push(&PathEntry::new(&location, entry).unwrap());
        }

        assert_eq!(table.len(), 2 * CHUNK_ROWS + 1);
        assert_eq!(table.names().count(), table.len());
        for number in [0, 1, CHUNK_ROWS - 1, CHUNK_ROWS, 2 * CHUNK_ROWS] {
            let file = table.get(number).unwrap();
            assert_eq!(file.path, format!("pub/file{number}").into());
            assert_eq!(file.size, (number % 2 == 0).then_some(number as u64));
            assert_eq!(table.size(number), file.size);
            assert_eq!(file.mode, (number % 3 == 0).then_some(0o644));
        }
        assert_eq!(table.get(2 * CHUNK_ROWS + 1), None);
    }

    #[test]
    fn row_takes_little_memory() {
        assert!(size_of::<Row>() <= 40);
    }
}

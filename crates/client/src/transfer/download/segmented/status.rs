//! Status file of a segmented download: records which bytes are written.
//!
//! ```text
//! oxftp segments 1
//! size 1048576
//! modified 20240501120000
//! segment 0 524288 done 524288
//! segment 524288 1048576 done 600000
//! ```
//!
//! It is stored beside the partial file, which has its full length from the start: without the status, written bytes
//! could not be distinguished from reserved ones.

use std::{fmt::Write, path::Path};

use oxftp_proto::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::plan::SegmentRecord;
use crate::transfer::download::partial_file::{new_segments_path, segments_path};
use crate::{
    error::local_fs::{LocalFsError, LocalFsResult},
    local_fs::{FileSystem, OpenMode},
};

/// The content of a status file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) size: u64,
    /// The remote file's time, in UTC.
    pub(crate) modified: Option<String>,
    pub(crate) segments: Vec<SegmentRecord>,
}

impl Status {
    pub(crate) fn encode(&self) -> String {
        let modified = self.modified.as_deref().unwrap_or(UNKNOWN);
        let mut text = format!("{FIRST_LINE}\nsize {}\nmodified {modified}\n", self.size);
        for SegmentRecord { start, done, end } in &self.segments {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "segment {start} {end} done {done}");
        }
        text
    }

    /// Parses the output of [`encode`](Self::encode); returns `None` for anything else, and where the segments are not
    /// the whole file.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        lines.next().filter(|line| *line == FIRST_LINE)?;
        let size = lines.next()?.strip_prefix("size ")?.parse().ok()?;
        let modified = lines.next()?.strip_prefix("modified ")?;
        let segments: Vec<_> = lines.map(segment_record).collect::<Option<_>>()?;
        let mut expected = 0;
        for record in &segments {
            let in_order =
                record.start == expected && record.start <= record.done && record.done <= record.end;
            expected = in_order.then_some(record.end)?;
        }
        let modified = (modified != UNKNOWN).then(|| modified.to_owned());
        (expected == size).then_some(Self { size, modified, segments })
    }

    /// Reads the status of a partial file; returns `None` where there is no valid one.
    pub(crate) async fn load(fs: &dyn FileSystem, partial: &Path) -> Option<Self> {
        let file = fs.open(&segments_path(partial), OpenMode::Read).await.ok()?;
        let mut text = String::new();
        file.take(MAX_BYTES).read_to_string(&mut text).await.ok()?;
        Self::decode(&text)
    }

    /// Replaces the status of a partial file atomically: a reader sees the old or the new one.
    pub(crate) async fn save(&self, fs: &dyn FileSystem, partial: &Path) -> LocalFsResult<()> {
        let path = segments_path(partial);
        let fresh = new_segments_path(partial);
        let mut file = fs.open(&fresh, OpenMode::Write).await?;
        let written = async {
            file.write_all(self.encode().as_bytes()).await?;
            // Otherwise a power failure may leave the new name without its content.
            file.sync().await
        };
        written.await.map_err(|source| LocalFsError::new("write", &fresh, source))?;
        drop(file);
        fs.rename(&fresh, &path).await
    }
}

/// Formats a time so that two times are equal exactly if their texts are.
pub(crate) fn spell(time: Timestamp) -> String {
    time.to_mlsx()
}

fn segment_record(line: &str) -> Option<SegmentRecord> {
    let mut words = line.strip_prefix("segment ")?.split(' ');
    let mut number = || words.next()?.parse().ok();
    let (start, end) = (number()?, number()?);
    words.next().filter(|word| *word == "done")?;
    let done = words.next()?.parse().ok()?;
    words.next().is_none().then_some(SegmentRecord { start, done, end })
}

const FIRST_LINE: &str = "oxftp segments 1";
const UNKNOWN: &str = "unknown";

/// A longer file is not a status.
const MAX_BYTES: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn status() -> Status {
        let segments = vec![
            SegmentRecord { start: 0, done: 400, end: 500 },
            SegmentRecord { start: 500, done: 500, end: 1000 },
        ];
        Status { size: 1000, modified: Some("20240501120000".to_owned()), segments }
    }

    #[test]
    fn status_round_trips() {
        let unknown = Status { modified: None, ..status() };

        assert_eq!(Status::decode(&status().encode()), Some(status()));
        assert_eq!(Status::decode(&unknown.encode()), Some(unknown));
    }

    #[test]
    fn status_file_is_readable_text() {
        assert_eq!(
            status().encode(),
            "oxftp segments 1\nsize 1000\nmodified 20240501120000\n\
             segment 0 500 done 400\nsegment 500 1000 done 500\n"
        );
    }

    #[test]
    fn truncated_or_inconsistent_status_is_refused() {
        let text = status().encode();
        for length in 0..text.len() {
            assert_eq!(Status::decode(&text[..length]), None, "{length}");
        }
        for (from, to) in [
            ("segments 1", "segments 2"),
            ("size 1000", "size 1001"),
            ("done 400", "done 501"),
            ("segment 500", "segment 501"),
            ("done 500", "done 499"),
            ("done 500", "done 500 x"),
        ] {
            assert_eq!(Status::decode(&text.replace(from, to)), None, "{to}");
        }
    }

    #[tokio::test]
    async fn status_is_discarded_with_its_partial_file() {
        let fs = crate::local_fs::MemoryFs::new();
        let partial = Path::new("x.part");
        status().save(&fs, partial).await.unwrap();
        assert_eq!(Status::load(&fs, partial).await, Some(status()));

        crate::transfer::download::partial_file::discard(&fs, partial).await.unwrap();

        assert_eq!(Status::load(&fs, partial).await, None);
        assert!(fs.read_dir(Path::new("")).await.unwrap().is_empty());
    }
}

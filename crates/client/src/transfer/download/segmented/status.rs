//! The file that says what of a download in segments is written.
//!
//! ```text
//! oxftp segments 1
//! size 1048576
//! modified 20240501120000
//! segment 0 524288 done 524288
//! segment 524288 1048576 done 600000
//! ```
//!
//! It stands beside the part file, which has its full length from the start: without it nobody could tell
//! written bytes from such as were only reserved.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use oxftp_proto::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::plan::Claim;
use crate::{
    error::local_fs::{PathIoError, PathIoResult},
    local_fs::{OpenMode, PathIo},
};

/// What is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) size: u64,
    /// The remote file's time, in UTC.
    pub(crate) modified: Option<String>,
    pub(crate) claims: Vec<Claim>,
}

impl Status {
    pub(crate) fn encode(&self) -> String {
        let modified = self.modified.as_deref().unwrap_or(UNKNOWN);
        let mut text = format!("{FIRST_LINE}\nsize {}\nmodified {modified}\n", self.size);
        for Claim { start, done, end } in &self.claims {
            // Nothing can go wrong with a string.
            let _ = writeln!(text, "segment {start} {end} done {done}");
        }
        text
    }

    /// Reads what [`encode`](Self::encode) wrote; `None` for anything else, and where the segments are not
    /// the whole file.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        lines.next().filter(|line| *line == FIRST_LINE)?;
        let size = lines.next()?.strip_prefix("size ")?.parse().ok()?;
        let modified = lines.next()?.strip_prefix("modified ")?;
        let claims: Vec<_> = lines.map(claim).collect::<Option<_>>()?;
        let mut expected = 0;
        for claim in &claims {
            let in_order = claim.start == expected && claim.start <= claim.done && claim.done <= claim.end;
            expected = in_order.then_some(claim.end)?;
        }
        let modified = (modified != UNKNOWN).then(|| modified.to_owned());
        (expected == size).then_some(Self { size, modified, claims })
    }

    /// Reads the status beside a part file; `None` where there is none of use.
    pub(crate) async fn load(fs: &dyn PathIo, part: &Path) -> Option<Self> {
        let file = fs.open(&status_path(part), OpenMode::Read).await.ok()?;
        let mut text = String::new();
        file.take(MOST_BYTES).read_to_string(&mut text).await.ok()?;
        Self::decode(&text)
    }

    /// Writes the status beside a part file, in one step: whoever reads it sees the old or the new.
    pub(crate) async fn save(&self, fs: &dyn PathIo, part: &Path) -> PathIoResult<()> {
        let path = status_path(part);
        let mut fresh = path.clone().into_os_string();
        fresh.push(".new");
        let fresh = PathBuf::from(fresh);
        let mut file = fs.open(&fresh, OpenMode::Write).await?;
        let written = async {
            file.write_all(self.encode().as_bytes()).await?;
            // Else a power failure may leave the new name without its content.
            file.sync().await
        };
        written.await.map_err(|source| PathIoError::new("write", &fresh, source))?;
        drop(file);
        fs.rename(&fresh, &path).await
    }
}

/// Gives the name of the status beside a part file.
pub(crate) fn status_path(part: &Path) -> PathBuf {
    let mut name = part.as_os_str().to_owned();
    name.push(".segments");
    name.into()
}

/// Removes a part file and its status, in this order: a part file without status would pass for written.
pub(crate) async fn discard(fs: &dyn PathIo, part: &Path) -> PathIoResult<()> {
    for path in [part, &status_path(part)] {
        match fs.unlink(path).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Spells a time so that two are the same if and only if their spellings are.
pub(crate) fn spell(time: Timestamp) -> String {
    time.to_mlsx()
}

fn claim(line: &str) -> Option<Claim> {
    let mut words = line.strip_prefix("segment ")?.split(' ');
    let mut number = || words.next()?.parse().ok();
    let (start, end) = (number()?, number()?);
    words.next().filter(|word| *word == "done")?;
    let done = words.next()?.parse().ok()?;
    words.next().is_none().then_some(Claim { start, done, end })
}

const FIRST_LINE: &str = "oxftp segments 1";
const UNKNOWN: &str = "unknown";

/// Longer ones are not ours.
const MOST_BYTES: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn status() -> Status {
        let claims =
            vec![Claim { start: 0, done: 400, end: 500 }, Claim { start: 500, done: 500, end: 1000 }];
        Status { size: 1000, modified: Some("20240501120000".to_owned()), claims }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let unknown = Status { modified: None, ..status() };

        assert_eq!(Status::decode(&status().encode()), Some(status()));
        assert_eq!(Status::decode(&unknown.encode()), Some(unknown));
    }

    #[test]
    fn it_is_made_for_people_too() {
        assert_eq!(
            status().encode(),
            "oxftp segments 1\nsize 1000\nmodified 20240501120000\n\
             segment 0 500 done 400\nsegment 500 1000 done 500\n"
        );
    }

    #[test]
    fn what_is_cut_or_claims_too_much_is_refused() {
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
    async fn a_status_is_saved_beside_its_part_and_discarded_with_it() {
        let fs = crate::local_fs::MemoryFs::new();
        let part = Path::new("x.part");
        status().save(&fs, part).await.unwrap();
        assert_eq!(Status::load(&fs, part).await, Some(status()));

        discard(&fs, part).await.unwrap();

        assert_eq!(Status::load(&fs, part).await, None);
        assert!(fs.list(Path::new("")).await.unwrap().is_empty());
    }
}

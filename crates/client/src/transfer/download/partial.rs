//! Whether a part file may be gone on with: it must be a part of the very file that is there now.
//!
//! Beside the part of a file stands a note of what it is a part of ([`ResumeToken`]), and the end of the part
//! is compared with what the server sends for it.

use oxftp_proto::Zone;
use std::{
    io,
    path::{Path, PathBuf},
};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use super::file::RemoteFile;
use crate::{
    data::DataConnection,
    error::local_fs::{PathIoError, PathIoResult},
    local_fs::{OpenMode, PathFile, PathIo},
    transfer::local_path::refuse_link,
};

/// How much of a part is asked for again and compared.
pub(crate) const OVERLAP: u64 = 64 * 1024;

/// The note of a file of this size is written when it is begun, so that it is there whatever happens to this process;
/// that of a smaller one when it breaks off.
pub(crate) const LARGE: u64 = 1024 * 1024;

/// What is known of the file that a part is of, as a line of text.
pub(crate) struct ResumeToken(String);

impl ResumeToken {
    /// Describes a file; `None` for one that is small, or of which too little is known.
    pub(crate) fn of(wanted: &RemoteFile<'_>) -> Option<Self> {
        let size = wanted.size.filter(|size| *size > OVERLAP)?;
        let modified = wanted.modified.filter(|time| time.zone() != Zone::Unknown);
        let modified = modified.map(|time| time.to_mlsx()).unwrap_or_default();
        Some(Self(format!("{MARK} size={size};modify={modified};\n")))
    }

    /// Notes it beside a part that is begun. What cannot be noted is not compared later; a file that is no
    /// note, and has the name of one, stays.
    pub(crate) async fn note(&self, fs: &dyn PathIo, part: &Path) {
        let path = beside(part);
        if fs.stat(&path).await.is_ok() && read(fs, part).await.is_none() {
            return;
        }
        if let Err(error) = self.write(fs, &path).await {
            tracing::debug!("{error}");
        }
    }

    async fn write(&self, fs: &dyn PathIo, path: &Path) -> PathIoResult<()> {
        let mut file = fs.open(path, OpenMode::Write).await?;
        let written = async {
            file.write_all(self.0.as_bytes()).await?;
            file.shutdown().await
        };
        written.await.map_err(|source| PathIoError::new("write", path, source))
    }

    /// Tells whether a part is noted to be of another file. One without a note may be of this one.
    pub(crate) async fn differs(&self, fs: &dyn PathIo, part: &Path) -> bool {
        read(fs, part).await.is_some_and(|noted| noted != self.0)
    }

    /// Removes the note of a part that is whole now; a file that is no note stays.
    pub(crate) async fn forget(fs: &dyn PathIo, part: &Path) {
        if read(fs, part).await.is_some() {
            let _ = fs.unlink(&beside(part)).await;
        }
    }
}

/// Reads the end of a part, from `start` on, and as much of the transfer; tells whether they are the same.
pub(crate) async fn overlaps(
    fs: &dyn PathIo,
    part: &Path,
    start: u64,
    data: &mut DataConnection,
) -> io::Result<PathIoResult<bool>> {
    let here = match end_of(fs, part, start).await {
        Ok(here) => here,
        Err(error) => return Ok(Err(error)),
    };
    let mut there = Vec::with_capacity(here.len());
    data.take(here.len() as u64).read_to_end(&mut there).await?;
    Ok(Ok(here == there))
}

async fn end_of(fs: &dyn PathIo, part: &Path, start: u64) -> PathIoResult<Vec<u8>> {
    let mut file = fs.open(part, OpenMode::Read).await?;
    let mut end = Vec::new();
    let read = async {
        file.seek(io::SeekFrom::Start(start)).await?;
        (&mut file).take(OVERLAP).read_to_end(&mut end).await
    };
    read.await.map_err(|source| PathIoError::new("read", part, source))?;
    Ok(end)
}

/// Gives the note beside a part, if there is one.
async fn read(fs: &dyn PathIo, part: &Path) -> Option<String> {
    let path = beside(part);
    refuse_link(fs, &path).await.ok()?;
    let file = fs.open(&path, OpenMode::Read).await.ok()?;
    let mut text = String::new();
    file.take(LONGEST).read_to_string(&mut text).await.ok()?;
    text.starts_with(MARK).then_some(text)
}

fn beside(part: &Path) -> PathBuf {
    let mut name = part.as_os_str().to_owned();
    name.push(".origin");
    name.into()
}

/// By this a note is told from a file that happens to have its name.
const MARK: &str = "oxftp: a part of";

const LONGEST: u64 = 1024;

// ==== merged from tree/anew.rs
//- Part files that are begun anew.

/// Makes a part file; what an earlier download left in its place goes, with what was noted of it.
///
/// The file is a new one, and nobody else's until it is whole: what has links elsewhere, or is held open by
/// somebody, is never written to. Whatever is no regular file stays, and is an error.
pub(crate) async fn make_anew(fs: &dyn PathIo, part: &Path) -> PathIoResult<Box<dyn PathFile>> {
    match fs.open(part, OpenMode::CreatePrivate).await {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => return made,
    }
    if !fs.stat(part).await?.is_file() {
        return Err(PathIoError::new("replace", part, io::Error::other("it is no regular file")));
    }
    ResumeToken::forget(fs, part).await;
    fs.unlink(part).await?;
    fs.open(part, OpenMode::CreatePrivate).await
}

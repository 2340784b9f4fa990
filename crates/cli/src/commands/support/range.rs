//! Download of a byte range, for `get --range` and `head`.

use std::{
    io,
    path::{Path, PathBuf},
};

use oxftp::{Client, FtpUrl, Platform, RangeStream};
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::{
    args::ByteRange,
    failure::{Failure, Result},
    output,
};

/// Downloads a byte range to the output file, into the directory, or to stdout.
pub(crate) async fn get(
    client: &mut Client,
    url: &FtpUrl,
    range: ByteRange,
    (output, directory): (Option<&Path>, Option<&Path>),
) -> Result {
    let part = open(client, url, range).await?;
    if output.is_some_and(|output| output.as_os_str() == "-") {
        let received = copy(part, url, &mut tokio::io::stdout(), output::failed).await?;
        return check(url, range, received);
    }
    let target = target(url, output, directory)?;
    let cannot = |error| Failure::local(format!("cannot write {target:?}"), error);
    // The final name is created only when the range is complete.
    let unfinished = unfinished(&target).map_err(cannot)?;
    let file = unfinished.as_file().try_clone().map_err(cannot)?;
    let received = copy(part, url, &mut tokio::fs::File::from_std(file), cannot).await?;
    check(url, range, received)?;
    unfinished.persist(&target).map(drop).map_err(|error| cannot(error.error))
}

async fn open<'c>(client: &'c mut Client, url: &FtpUrl, range: ByteRange) -> Result<RangeStream<'c>> {
    let path = url.path();
    let opened = match range {
        ByteRange::Between(first, last) => client.download_range(path, first..=last).await,
        ByteRange::From(first) => client.download_range(path, first..).await,
        ByteRange::Last(count) => match client.size(&path).await {
            Ok(size) => client.download_range(path, size.saturating_sub(count)..).await,
            Err(error) => Err(error),
        },
    };
    opened.map_err(|error| Failure::about(url, error))
}

async fn copy(
    mut part: RangeStream<'_>,
    url: &FtpUrl,
    sink: &mut (impl AsyncWrite + Unpin),
    failed: impl Fn(io::Error) -> Failure,
) -> Result<u64> {
    let mut block = Vec::with_capacity(BLOCK);
    loop {
        match part.read_buf(&mut block).await {
            Ok(0) => break,
            Ok(_) => sink.write_all(&block).await.map_err(&failed)?,
            Err(error) => return Err(Failure::about(url, part.fail(error).await)),
        }
        block.clear();
    }
    sink.flush().await.map_err(&failed)?;
    part.finish().await.map_err(|error| Failure::about(url, error))
}

/// Fails if the range begins after the end of the file: some servers send nothing then.
fn check(url: &FtpUrl, range: ByteRange, received: u64) -> Result {
    match range {
        ByteRange::Between(first, _) if first > 0 && received == 0 => {
            Err(Failure::Mismatch(format!("{url} ends before byte {first}")))
        }
        _ => Ok(()),
    }
}

/// Returns the local path; a name that comes from the URL must be valid on this system.
fn target(url: &FtpUrl, output: Option<&Path>, directory: Option<&Path>) -> Result<PathBuf> {
    if let Some(output) = output {
        return Ok(output.to_owned());
    }
    let Some(name) = url.path().file_name() else {
        return Err(Failure::Usage(format!("{url} names no file: use -o to name the result")));
    };
    name.local(Platform::CURRENT).map_err(|error| Failure::about(url, error.into()))?;
    Ok(directory.unwrap_or(Path::new("")).join(&*name.to_string_lossy()))
}

/// Creates a temporary file in the directory of the target.
fn unfinished(target: &Path) -> io::Result<NamedTempFile> {
    let beside = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(beside)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".").suffix(".part");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(beside)
}

const BLOCK: usize = 256 * 1024;

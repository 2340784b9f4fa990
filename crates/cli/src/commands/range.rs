//! `get --range`: downloads a part of a file.

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

/// Writes the part to the file or into the directory that the flags name, or to stdout.
pub(super) async fn get(
    client: &mut Client,
    url: &FtpUrl,
    range: ByteRange,
    (output, directory): (Option<&Path>, Option<&Path>),
) -> Result {
    let part = open(client, url, range).await?;
    if output.is_some_and(|output| output.as_os_str() == "-") {
        let came = copy(part, url, &mut tokio::io::stdout(), output::failed).await?;
        return check(url, range, came);
    }
    let target = target(url, output, directory)?;
    let cannot = |error| Failure::local(format!("cannot write {target:?}"), error);
    // Nothing stands under the name until the part is whole.
    let unfinished = unfinished(&target).map_err(cannot)?;
    let file = unfinished.as_file().try_clone().map_err(cannot)?;
    let came = copy(part, url, &mut tokio::fs::File::from_std(file), cannot).await?;
    check(url, range, came)?;
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

/// Fails for a part of which nothing is there: some servers send nothing from beyond the end.
fn check(url: &FtpUrl, range: ByteRange, came: u64) -> Result {
    match range {
        ByteRange::Between(first, _) if first > 0 && came == 0 => {
            Err(Failure::Differs(format!("{url} ends before byte {first}")))
        }
        _ => Ok(()),
    }
}

/// Gives the name of the result; one that the URL ends in must be fit for this system.
fn target(url: &FtpUrl, output: Option<&Path>, directory: Option<&Path>) -> Result<PathBuf> {
    if let Some(output) = output {
        return Ok(output.to_owned());
    }
    let Some(name) = url.path().file_name() else {
        return Err(Failure::Usage(format!("{url} names no file: -o names the result")));
    };
    name.local(Platform::CURRENT).map_err(|error| Failure::about(url, error.into()))?;
    Ok(directory.unwrap_or(Path::new("")).join(&*name.to_string_lossy()))
}

/// Makes a file of a name of its own beside the target.
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

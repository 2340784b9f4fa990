//! Download of a byte range, for `get --range`, `head` and `tail`.

use std::{
    ops::Bound,
    path::{Path, PathBuf},
};

use oxftp::{Client, Error, FtpUrl, Platform, RangeStream};
use tokio::io::AsyncReadExt;

use super::{
    destination::{Destination, Sink},
    diagnose,
};
use crate::{
    args::ByteRange,
    failure::{Failure, Result},
};

/// Downloads a byte range to the output file, into the directory, or to stdout. Returns the number of bytes.
pub(crate) async fn get(
    client: &mut Client,
    url: &FtpUrl,
    range: ByteRange,
    output: Option<&Destination>,
    directory: Option<&Path>,
) -> Result<u64> {
    match download(client, url, range, output, directory).await {
        Err(Failure::Client { error, .. }) => Err(diagnose::explained(client, url, *error).await),
        outcome => outcome,
    }
}

async fn download(
    client: &mut Client,
    url: &FtpUrl,
    range: ByteRange,
    output: Option<&Destination>,
    directory: Option<&Path>,
) -> Result<u64> {
    let failed = |error| match error {
        Error::BeyondEnd { start } => Failure::Mismatch(format!("{url} ends before byte {start}")),
        error => Failure::about(url, error),
    };
    let bounds = bounds(client, url, range).await.map_err(failed)?;
    let sink = match output {
        Some(Destination::Stdout) => Some(Sink::stdout()),
        Some(Destination::Special(path)) => Some(Sink::open(path).await?),
        Some(Destination::File(_)) | None => None,
    };
    if let Some(mut sink) = sink {
        let part = client.download_range(url.path(), bounds).await.map_err(failed)?;
        let received = copy(part, url, &mut sink).await?;
        return match bounds {
            // Some servers send nothing from an offset after the end of the file.
            (Bound::Included(start), Bound::Included(_)) if start > 0 && received == 0 => {
                Err(failed(Error::BeyondEnd { start }))
            }
            _ => Ok(received),
        };
    }
    let target = match output {
        Some(Destination::File(path)) => path.clone(),
        _ => target(url, directory)?,
    };
    client.download_range_to(url.path(), bounds, target).await.map_err(failed)
}

/// Returns the first and the last byte of a range; asks for the size of the file if the range counts from its end.
async fn bounds(
    client: &mut Client,
    url: &FtpUrl,
    range: ByteRange,
) -> oxftp::Result<(Bound<u64>, Bound<u64>)> {
    Ok(match range {
        ByteRange::Between(first, last) => (Bound::Included(first), Bound::Included(last)),
        ByteRange::From(first) => (Bound::Included(first), Bound::Unbounded),
        ByteRange::Last(count) => {
            let size = client.size(url.path()).await?;
            (Bound::Included(size.saturating_sub(count)), Bound::Unbounded)
        }
    })
}

async fn copy(mut part: RangeStream<&mut Client>, url: &FtpUrl, sink: &mut Sink) -> Result<u64> {
    let mut block = Vec::with_capacity(BLOCK);
    loop {
        match part.read_buf(&mut block).await {
            Ok(0) => break,
            Ok(_) => sink.bytes(&block).await?,
            Err(error) => return Err(Failure::about(url, part.fail(error).await)),
        }
        block.clear();
    }
    sink.flush().await?;
    part.finish().await.map_err(|error| Failure::about(url, error))
}

/// Returns the local path; a name that comes from the URL must be valid on this system.
fn target(url: &FtpUrl, directory: Option<&Path>) -> Result<PathBuf> {
    let Some(name) = url.path().file_name() else {
        return Err(Failure::Usage(format!("{url} names no file: use -o to name the result")));
    };
    name.local(Platform::CURRENT).map_err(|error| Failure::about(url, error.into()))?;
    Ok(directory.unwrap_or(Path::new("")).join(&*name.to_string_lossy()))
}

const BLOCK: usize = 256 * 1024;

//! Downloads to stdout.

use futures_util::FutureExt;
use oxftp::{AsciiReader, Client, DownloadStream, FtpUrl, Progress, ProgressEvent, TransferType};
use tokio::io::AsyncReadExt;

use super::diagnose;
use crate::{
    failure::{Failure, Result},
    output::Output,
};

/// Copies a file to stdout.
pub(crate) async fn copy(
    client: &mut Client,
    url: &FtpUrl,
    output: &mut Output,
    progress: &dyn Progress,
) -> Result {
    match transfer(client, url, output, progress).await {
        Err(Failure::Client { error, .. }) => {
            Err(diagnose::file_error(client, url, *error, DIRECTORY_HINT).await)
        }
        outcome => outcome,
    }
}

/// Copies a text file to stdout, with the line ends of this system.
pub(crate) async fn copy_text(client: &mut Client, url: &FtpUrl, output: &mut Output) -> Result {
    match transfer_text(client, url, output).await {
        Err(Failure::Client { error, .. }) => {
            Err(diagnose::file_error(client, url, *error, DIRECTORY_HINT).await)
        }
        outcome => outcome,
    }
}

async fn transfer_text(client: &mut Client, url: &FtpUrl, output: &mut Output) -> Result {
    let failed = |error| Failure::about(url, error);
    let opened = client.download_stream(url.path()).transfer_type(TransferType::Ascii).await;
    let mut text = AsciiReader::new(opened.map_err(failed)?);
    let mut block = Vec::with_capacity(BLOCK);
    loop {
        match text.read_buf(&mut block).await {
            Ok(0) => break,
            Ok(_) => output.bytes(&block).await?,
            Err(error) => return Err(failed(text.into_inner().fail(error).await)),
        }
        block.clear();
    }
    output.flush().await?;
    text.into_inner().finish().await.map(drop).map_err(failed)
}

async fn transfer(client: &mut Client, url: &FtpUrl, output: &mut Output, progress: &dyn Progress) -> Result {
    let failed = |error| Failure::about(url, error);
    let mut stream = client.download_stream(url.path()).await.map_err(failed)?;
    let name = &url.to_string();
    progress.on_event(ProgressEvent::FileStarted { name, size: None, offset: 0 });
    let mut block = Vec::with_capacity(BLOCK);
    loop {
        match fill(&mut stream, &mut block).await {
            Ok(()) if block.is_empty() => break,
            Ok(()) => output.bytes(&block).await?,
            Err(error) => return Err(failed(stream.fail(error).await)),
        }
        progress.on_event(ProgressEvent::Advanced { name: Some(name), bytes: block.len() as u64 });
        block.clear();
    }
    output.flush().await?;
    stream.finish().await.map_err(failed)?;
    progress.on_event(ProgressEvent::FileFinished { name });
    Ok(())
}

/// Reads until the block is full, but waits for the first bytes only.
async fn fill(stream: &mut DownloadStream<&mut Client>, block: &mut Vec<u8>) -> std::io::Result<()> {
    let mut read = stream.read_buf(block).await?;
    while read > 0 && block.len() < BLOCK {
        let Some(more) = stream.read_buf(block).now_or_never() else { break };
        // The next read returns the error again.
        read = more.unwrap_or(0);
    }
    Ok(())
}

/// Hint for a directory where a file is expected.
pub(crate) const DIRECTORY_HINT: &str = "use get -r to download it recursively";
const BLOCK: usize = 256 * 1024;

//! Downloads to stdout, and to devices and FIFOs.

use futures_util::FutureExt;
use oxftp::{AsciiReader, Client, DownloadStream, FtpUrl, Progress, ProgressEvent, TransferType};
use tokio::io::AsyncReadExt;

use super::{destination::Sink, diagnose};
use crate::{
    app::App,
    failure::{Failure, Result},
    output::Output,
};

/// Copies a file to stdout or a special file.
pub(crate) async fn copy(
    client: &mut Client,
    url: &FtpUrl,
    sink: &mut Sink,
    progress: &dyn Progress,
) -> Result {
    let copied = transfer(client, url, sink, progress).await;
    explained(client, url, copied).await
}

/// Copies a text file to stdout or a special file, with the line ends of this system. Returns the number of bytes.
pub(crate) async fn copy_text(client: &mut Client, url: &FtpUrl, sink: &mut Sink) -> Result<u64> {
    let copied = transfer_text(client, url, sink).await;
    explained(client, url, copied).await
}

/// Adds to the error of a file that could not be read whether it is a directory.
pub(crate) async fn explained<T>(client: &mut Client, url: &FtpUrl, read: Result<T>) -> Result<T> {
    match read {
        Err(Failure::Client { error, .. }) => {
            Err(diagnose::file_error(client, url, *error, DIRECTORY_HINT).await)
        }
        read => read,
    }
}

async fn transfer_text(client: &mut Client, url: &FtpUrl, sink: &mut Sink) -> Result<u64> {
    let failed = |error| Failure::about(url, error);
    let opened = client.download_stream(url.path()).transfer_type(TransferType::Ascii).await;
    let mut text = AsciiReader::new(opened.map_err(failed)?);
    let mut block = Vec::with_capacity(BLOCK);
    let mut copied = 0;
    loop {
        match text.read_buf(&mut block).await {
            Ok(0) => break,
            Ok(read) => {
                sink.bytes(&block).await?;
                copied += read as u64;
            }
            Err(error) => return Err(failed(text.into_inner().fail(error).await)),
        }
        block.clear();
    }
    sink.flush().await?;
    text.into_inner().finish().await.map(|_| copied).map_err(failed)
}

async fn transfer(client: &mut Client, url: &FtpUrl, sink: &mut Sink, progress: &dyn Progress) -> Result {
    let failed = |error| Failure::about(url, error);
    let mut stream = client.download_stream(url.path()).await.map_err(failed)?;
    let name = &url.to_string();
    progress.on_event(ProgressEvent::FileStarted { name, size: None, offset: 0 });
    let mut block = Vec::with_capacity(BLOCK);
    loop {
        match fill(&mut stream, &mut block).await {
            Ok(()) if block.is_empty() => break,
            Ok(()) => sink.bytes(&block).await?,
            Err(error) => return Err(failed(stream.fail(error).await)),
        }
        progress.on_event(ProgressEvent::Advanced { name: Some(name), bytes: block.len() as u64 });
        block.clear();
    }
    sink.flush().await?;
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

/// Lines between the contents of several files, as `head` of coreutils writes them. A single file has none.
#[derive(Debug)]
pub(crate) struct FileHeadings<'a> {
    app: &'a App,
    are_wanted: bool,
    is_first: bool,
}

impl<'a> FileHeadings<'a> {
    /// Creates the headings for this number of files.
    pub(crate) fn new(files: usize, app: &'a App) -> Self {
        Self { app, are_wanted: files > 1, is_first: true }
    }

    /// Prints the heading of the next file.
    pub(crate) async fn print(&mut self, url: &FtpUrl) -> Result {
        let is_first = std::mem::replace(&mut self.is_first, false);
        if !self.are_wanted {
            return Ok(());
        }
        let mut output = Output::new();
        if !is_first {
            output.line("").await?;
        }
        let path = url.path();
        let name = output.displayable(self.app.shown(path.as_bytes())).into_owned();
        output.line([b"==> ", &name[..], b" <=="].concat()).await?;
        output.flush().await
    }
}

/// Hint for a directory where a file is expected.
pub(crate) const DIRECTORY_HINT: &str = "use get -r to download it recursively";
const BLOCK: usize = 256 * 1024;

//! Upload of stdin.

use std::{io, time::Instant};

use oxftp::{
    AsciiWriter, Client, FtpUrl, LineEnd, Progress, ProgressEvent, RemotePath, TransferType, UploadStream,
};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::diagnose;
use crate::{
    app::App,
    failure::{Failure, Result},
    progress::Scope,
    units::Throughput,
};

/// Uploads stdin under this name, unchanged or as text.
pub(crate) async fn upload(
    client: &mut Client,
    url: &FtpUrl,
    path: &RemotePath,
    ascii: bool,
    app: &App,
) -> Result {
    match store(client, url, path, ascii, app).await {
        Err(Failure::Client { error, .. }) => {
            Err(diagnose::file_error(client, url, *error, DIRECTORY_HINT).await)
        }
        outcome => outcome,
    }
}

async fn store(client: &mut Client, url: &FtpUrl, path: &RemotePath, ascii: bool, app: &App) -> Result {
    let begun = Instant::now();
    let progress = app.start_progress(Scope::File);
    let (representation, line_end) = match ascii {
        true => (TransferType::Ascii, LineEnd::local()),
        // CR LF is the line end on the wire: nothing is converted.
        false => (TransferType::Image, LineEnd::CrLf),
    };
    make_parent(client, path).await.map_err(|error| Failure::about(url, error))?;
    let opened = client.upload_stream(path).transfer_type(representation).await;
    let stream = opened.map_err(|error| Failure::about(url, error))?;
    progress.on_event(ProgressEvent::FileStarted { name: "stdin", size: None, offset: 0 });
    let stream = copied(AsciiWriter::with_line_end(stream, line_end), url, &*progress).await?;
    let summary = stream.finish().await.map_err(|error| Failure::about(url, error))?;
    progress.on_event(ProgressEvent::FileFinished { name: "stdin" });
    drop(progress);
    let rate = Throughput { bytes: summary.transferred, elapsed: begun.elapsed() };
    app.terminal.summary(format_args!("stdin: {rate}"));
    Ok(())
}

/// Creates the directory of the file and its parents. A refusal is no error: some servers let a user store files in a
/// directory, and not create directories.
async fn make_parent(client: &mut Client, path: &RemotePath) -> oxftp::Result<()> {
    let Some(parent) = path.parent().filter(|parent| !parent.is_empty() && parent.file_name().is_some())
    else {
        return Ok(());
    };
    match client.create_dir_all(parent).await {
        Err(error @ oxftp::Error::StatusCode(_)) if !error.is_connection_lost() => {
            tracing::debug!("the directory of {path} is not created: {error}");
            Ok(())
        }
        made => made,
    }
}

/// Copies all of stdin into the stream and returns the stream.
async fn copied<'c>(
    mut writer: AsciiWriter<UploadStream<&'c mut Client>>,
    url: &FtpUrl,
    progress: &dyn Progress,
) -> Result<UploadStream<&'c mut Client>> {
    let outcome = copy(&mut writer, progress).await;
    let stream = writer.into_inner_unflushed();
    match outcome {
        Ok(()) => Ok(stream),
        Err(Side::Server(error)) => Err(Failure::about(url, stream.fail(error).await)),
        Err(Side::Stdin(error)) => {
            // The error of stdin matters more than the server's reply.
            let _ = stream.abort().await;
            Err(Failure::local("cannot read stdin", error))
        }
    }
}

/// The side of a copy that failed.
enum Side {
    Stdin(io::Error),
    Server(io::Error),
}

async fn copy(writer: &mut (impl AsyncWrite + Unpin), progress: &dyn Progress) -> Result<(), Side> {
    let mut stdin = tokio::io::stdin();
    let mut block = vec![0; BLOCK];
    loop {
        let read = stdin.read(&mut block).await.map_err(Side::Stdin)?;
        let Some(read) = block.get(..read).filter(|read| !read.is_empty()) else { break };
        writer.write_all(read).await.map_err(Side::Server)?;
        progress.on_event(ProgressEvent::Advanced { name: Some("stdin"), bytes: read.len() as u64 });
    }
    writer.flush().await.map_err(Side::Server)
}

/// Hint for a directory as the destination of stdin.
const DIRECTORY_HINT: &str = "stdin has no name: append a file name to the URL";
const BLOCK: usize = 256 * 1024;

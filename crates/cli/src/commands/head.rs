//! `head`: writes the beginning of files to stdout.

use clap::Args;
use oxftp::{Client, FtpUrl};
use tokio::io::AsyncReadExt;

use super::support::{
    destination::Destination,
    operands::Operands,
    range,
    stdout::{self, FileHeadings},
};
use crate::{
    app::App,
    args::{ByteRange, ConnectionArgs, OperandArgs, Size},
    failure::{Failure, Result},
    output::Output,
    session::Session,
};

#[derive(Debug, Args)]
#[command(mut_arg("urls", |urls| urls.help("Files to print the beginning of; several have headings")))]
pub(crate) struct HeadArgs {
    /// Print the first SIZE bytes, as in 500 or 2M
    #[arg(short = 'c', long, value_name = "SIZE", conflicts_with = "lines")]
    bytes: Option<Size>,
    /// Print the first N lines
    #[arg(short = 'n', long, value_name = "N", default_value = "10")]
    lines: u64,
    #[command(flatten)]
    operands: OperandArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: HeadArgs, app: &App) -> Result {
    let mut session = Session::new(args.connection)?;
    let operands = Operands::expand_selected(&mut session, &args.operands).await?;
    let mut headings = FileHeadings::new(operands.found.len(), app);
    let each = async |client: &mut Client, url: &FtpUrl| {
        headings.print(url).await?;
        let printed = match args.bytes {
            Some(Size(bytes)) => first(client, url, bytes).await,
            None => lines(client, url, args.lines).await,
        };
        stdout::explained(client, url, printed).await
    };
    operands.run(session, app, each).await
}

/// Prints the first bytes; for 0 bytes only checks that the file exists.
async fn first(client: &mut Client, url: &FtpUrl, bytes: u64) -> Result {
    let Some(last) = bytes.checked_sub(1) else {
        return client.metadata(url.path()).await.map(drop).map_err(|error| Failure::about(url, error));
    };
    range::get(client, url, ByteRange::Between(0, last), Some(&Destination::Stdout), None).await.map(drop)
}

/// Prints the first lines, then aborts the transfer.
async fn lines(client: &mut Client, url: &FtpUrl, mut wanted: u64) -> Result {
    let failed = |error| Failure::about(url, error);
    let mut stream = client.download_stream(url.path()).await.map_err(failed)?;
    let mut output = Output::new();
    let mut block = Vec::with_capacity(BLOCK);
    while wanted > 0 {
        match stream.read_buf(&mut block).await {
            Ok(0) => {
                output.flush().await?;
                return stream.finish().await.map(drop).map_err(failed);
            }
            Ok(_) => output.bytes(take_lines(&block, &mut wanted)).await?,
            Err(error) => return Err(failed(stream.fail(error).await)),
        }
        block.clear();
    }
    output.flush().await?;
    stream.abort().await.map(drop).map_err(failed)
}

/// Returns the part of the block that belongs to the wanted lines, and counts the lines that end in it.
fn take_lines<'b>(block: &'b [u8], wanted: &mut u64) -> &'b [u8] {
    let mut taken = 0;
    while *wanted > 0 {
        let rest = block.get(taken..).unwrap_or_default();
        let Some(end) = memchr::memchr(b'\n', rest) else { return block };
        taken += end + 1;
        *wanted -= 1;
    }
    block.get(..taken).unwrap_or_default()
}

const BLOCK: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_across_blocks() {
        let mut wanted = 2;

        assert_eq!(take_lines(b"a\nb", &mut wanted), b"a\nb");
        assert_eq!(take_lines(b"c\nd\n", &mut wanted), b"c\n");
        assert_eq!(wanted, 0);
    }
}

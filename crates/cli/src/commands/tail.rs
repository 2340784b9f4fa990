//! `tail`: writes the end of files to stdout.

use std::{ops::Range, time::Duration};

use clap::Args;
use memchr::memrchr_iter;
use oxftp::{Client, Code, FtpUrl};
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
    session::Session,
    terminal::warn,
};

#[derive(Debug, Args)]
#[command(mut_arg("urls", |urls| urls.help("Files to print the end of; several have headings")))]
pub(crate) struct TailArgs {
    /// Print the last SIZE bytes, as in 500 or 2M
    #[arg(short = 'c', long, value_name = "SIZE", conflicts_with = "lines")]
    bytes: Option<Size>,
    /// Print the last N lines
    #[arg(short = 'n', long, value_name = "N", default_value = "10")]
    lines: u64,
    /// Print what is appended to a single file, looking every second until you interrupt
    #[arg(short = 'f', long)]
    follow: bool,
    #[command(flatten)]
    operands: OperandArgs,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(args: TailArgs, app: &App) -> Result {
    let mut session = Session::new(args.connection.clone())?;
    let operands = Operands::expand_selected(&mut session, &args.operands).await?;
    if args.follow && operands.found.len() > 1 {
        return Err(Failure::Usage("--follow takes one file".to_owned()));
    }
    let mut headings = FileHeadings::new(operands.found.len(), app);
    let each = async |client: &mut Client, url: &FtpUrl| {
        headings.print(url).await?;
        let printed = print(&args, client, url).await;
        stdout::explained(client, url, printed).await
    };
    operands.run(session, app, each).await
}

/// Prints the end of a file, and what is appended to it if the flags ask for that.
async fn print(args: &TailArgs, client: &mut Client, url: &FtpUrl) -> Result {
    let mut tail = Tail { client, url };
    let mut end = tail.print_last(args.bytes, args.lines).await?;
    if !args.follow {
        return Ok(());
    }
    loop {
        tokio::time::sleep(INTERVAL).await;
        end = tail.print_new(end).await?;
    }
}

struct Tail<'a> {
    client: &'a mut Client,
    url: &'a FtpUrl,
}

impl Tail<'_> {
    /// Prints the last bytes or lines; returns where the next byte of the file would be.
    async fn print_last(&mut self, bytes: Option<Size>, lines: u64) -> Result<u64> {
        let size = self.size().await?;
        let start = match bytes {
            Some(Size(bytes)) => size.saturating_sub(bytes),
            None => self.start_of_lines(size, lines).await?,
        };
        self.print_from(start, size).await
    }

    /// Prints what was appended to the file since it ended at `end`; returns its new end.
    async fn print_new(&mut self, end: u64) -> Result<u64> {
        let size = self.size().await?;
        if size >= end {
            return self.print_from(end, size).await;
        }
        warn(format_args!("{} is shorter than before: its new contents follow", self.url));
        self.print_from(0, size).await
    }

    /// Prints the file from `start`, to its end if it has grown beyond `size`; returns its end.
    async fn print_from(&mut self, start: u64, size: u64) -> Result<u64> {
        if start == size {
            return Ok(size);
        }
        let from = ByteRange::From(start);
        let printed = range::get(self.client, self.url, from, Some(&Destination::Stdout), None).await?;
        Ok(start + printed)
    }

    /// Returns where the last lines of a file begin. Reads it backwards, in blocks that become larger.
    async fn start_of_lines(&mut self, size: u64, lines: u64) -> Result<u64> {
        let (mut wanted, mut end, mut block) = (lines, size, FIRST_BLOCK);
        while wanted > 0 && end > 0 {
            let start = end.saturating_sub(block);
            let mut bytes = self.read(start..end).await?;
            if end == size {
                // The last line end begins no line.
                bytes.pop();
            }
            if let Some(found) = start_of_last(&bytes, &mut wanted) {
                return Ok(start + found as u64);
            }
            (end, block) = (start, MAX_BLOCK.min(block * 4));
        }
        Ok(end)
    }

    async fn read(&mut self, part: Range<u64>) -> Result<Vec<u8>> {
        let failed = |error| Failure::about(self.url, error);
        let mut stream = self.client.download_range(self.url.path(), part).await.map_err(failed)?;
        let mut bytes = Vec::new();
        match stream.read_to_end(&mut bytes).await {
            Ok(_) => stream.finish().await.map(|_| bytes).map_err(failed),
            Err(error) => Err(failed(stream.fail(error).await)),
        }
    }

    /// Returns the size of the file by `SIZE`, or from a listing if the server does not know that.
    async fn size(&mut self) -> Result<u64> {
        let failed = |error| Failure::about(self.url, error);
        match self.client.size(self.url.path()).await {
            Err(error) if error.code().is_some_and(Code::is_unsupported) => {
                let listed = self.client.metadata(self.url.path()).await.map_err(failed)?;
                listed.size.ok_or_else(|| failed(error))
            }
            size => size.map_err(failed),
        }
    }
}

/// Returns where the last `wanted` lines begin, or counts the lines that begin in these bytes.
fn start_of_last(bytes: &[u8], wanted: &mut u64) -> Option<usize> {
    for end in memrchr_iter(b'\n', bytes) {
        *wanted -= 1;
        if *wanted == 0 {
            return Some(end + 1);
        }
    }
    None
}

const INTERVAL: Duration = Duration::from_secs(1);
const FIRST_BLOCK: u64 = 16 * 1024;
const MAX_BLOCK: u64 = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_lines_are_counted_across_blocks() {
        let mut wanted = 3;

        assert_eq!(start_of_last(b"c\nd", &mut wanted), None);
        assert_eq!(start_of_last(b"a\nbb\n", &mut wanted), Some(2));
    }
}

//! `head`: writes the beginning of a file to stdout.

use oxftp::{Client, FtpUrl};
use tokio::io::AsyncReadExt;

use super::{cat, range, refusal};
use crate::{
    args::{ByteRange, HeadArgs, Size},
    failure::{Failure, Result},
    output::Output,
    session::{self, Session},
};

pub(crate) async fn run(args: HeadArgs) -> Result {
    let url = session::url(&args.url)?;
    let mut session = Session::new(args.connection)?;
    let client = session.client(&url).await?;
    let printed = match args.bytes {
        Some(Size(bytes)) => first(client, &url, bytes).await,
        None => lines(client, &url, args.lines).await,
    };
    match printed {
        Err(Failure::Client { error, .. }) => {
            return Err(refusal::of_file(client, &url, *error, cat::FOR_DIRECTORIES).await);
        }
        outcome => outcome?,
    }
    session.quit().await;
    Ok(())
}

/// Prints so many bytes; none of a file that is there is nothing.
async fn first(client: &mut Client, url: &FtpUrl, bytes: u64) -> Result {
    let Some(last) = bytes.checked_sub(1) else {
        return client.stat(url.path()).await.map(drop).map_err(|error| Failure::about(url, error));
    };
    range::get(client, url, ByteRange::Between(0, last), (Some("-".as_ref()), None)).await
}

/// Prints so many lines, and breaks the transfer off behind the last.
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

/// Gives what belongs to the lines that are still wanted, and counts those that end in it.
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
    fn lines_are_counted_over_blocks() {
        let mut wanted = 2;

        assert_eq!(take_lines(b"a\nb", &mut wanted), b"a\nb");
        assert_eq!(take_lines(b"c\nd\n", &mut wanted), b"c\n");
        assert_eq!(wanted, 0);
    }
}

//! Streams that lend their session to others while they are not read, and that survive lost connections.
//!
//! A task reads the file and queues its blocks. When the queue is full and a caller waits for a session, the stream
//! that has been idle for longest ends its transfer, returns its session, and continues later by `REST`. From then on
//! it holds a session for one large block at a time. In this way, any number of streams can be read alternately with
//! few sessions.

use std::{
    ops::RangeBounds,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use oxftp_proto::{Entry, Precision, RemotePath};
use tokio::{
    io::AsyncReadExt,
    sync::mpsc::{self, Sender, error::TrySendError},
    time::sleep,
};

use super::Pool;
use crate::{
    Error, PooledClient, RangeStream, Result,
    backoff::Backoff,
    client::{ByteRange, FollowUp},
};

impl Pool {
    /// Streams a part of a file, in blocks (`REST`, `RETR`; RFC 3659, 5).
    ///
    /// Unlike the stream of [`open_range`](Self::open_range), this one lends its session: while it is not read and
    /// another caller of [`client`](Self::client) waits, the transfer is ended, and continued later from its offset. More
    /// streams than the pool has sessions can be read alternately. It also continues after a lost connection, several
    /// times if some bytes arrive in between.
    ///
    /// A transfer is continued only if size and time of the file (`MLST`, or `SIZE` and `MDTM`) are those of the
    /// beginning. `known` contains known facts of the file, for example from a listing; without a size and a time to
    /// the second, the server is asked first. A file without either is streamed in one transfer.
    ///
    /// The transfer begins at once, in a task. Dropping the stream ends it.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// let mut stream = pool.stream_range("data.csv", 1_000_000.., None);
    /// while let Some(block) = stream.next().await {
    ///     println!("{} bytes", block?.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Panics outside a tokio runtime.
    ///
    /// # Errors
    ///
    /// The stream returns an error as its last item: those of [`client`](Self::client) and of a transfer;
    /// [`Error::Changed`] if the file changed before it was continued; [`Error::SizeMismatch`] if it ends before or
    /// after its size.
    pub fn stream_range(
        &self,
        path: impl Into<RemotePath>,
        range: impl RangeBounds<u64>,
        known: Option<&Entry>,
    ) -> PoolStream {
        let (sender, blocks) = mpsc::channel(QUEUED_BLOCKS);
        let ByteRange { start, end } = ByteRange::new(&range);
        let reader = Reader {
            pool: self.clone(),
            path: path.into(),
            at: start,
            end,
            known: known.filter(|entry| is_exact(entry)).cloned(),
            begun: false,
            whole_blocks: false,
        };
        tokio::spawn(reader.run(sender));
        PoolStream { blocks }
    }

    /// Waits until a caller of [`client`](Self::client) waits for a session.
    ///
    /// Meant for work that holds a session for long and can pause without it.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) {
    /// pool.contended().await;
    /// println!("all sessions are in use, and a task waits for one");
    /// # }
    /// ```
    pub async fn contended(&self) {
        self.inner.permits.contended().await;
    }
}

/// A part of a file as a stream of blocks; returned by [`Pool::stream_range`].
#[derive(Debug)]
#[must_use = "dropping it ends the transfer"]
pub struct PoolStream {
    blocks: mpsc::Receiver<Result<Bytes>>,
}

impl PoolStream {
    /// Returns the next block; `None` after the last one, and after an error.
    ///
    /// ```no_run
    /// # async fn example(pool: &oxftp::Pool) -> oxftp::Result<()> {
    /// let mut blocks = pool.stream_range("a.bin", .., None);
    /// while let Some(block) = blocks.next().await {
    ///     println!("{} bytes", block?.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next(&mut self) -> Option<Result<Bytes>> {
        self.blocks.recv().await
    }
}

impl Stream for PoolStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.blocks.poll_recv(cx)
    }
}

/// The task of a stream.
struct Reader {
    pool: Pool,
    path: RemotePath,
    /// The next byte.
    at: u64,
    end: Option<u64>,
    /// The entry of the file, from before its first byte was read; `None` if it is unknown.
    known: Option<Entry>,
    /// `true` if a transfer was begun.
    begun: bool,
    /// `true` if a session is held for one large block at a time.
    whole_blocks: bool,
}

/// The result of one transfer of a stream.
enum Ended {
    /// All bytes are queued.
    Complete,
    /// The session was returned; these bytes are not queued yet.
    Suspended(Bytes),
    /// The stream was dropped.
    Unwanted,
}

impl Reader {
    async fn run(mut self, blocks: Sender<Result<Bytes>>) {
        let mut backoff = Backoff::new(RETRIES, PAUSE);
        loop {
            let begun_at = self.at;
            let outcome = tokio::select! {
                outcome = self.transfer(&blocks) => outcome,
                () = blocks.closed() => return,
            };
            match outcome {
                Ok(Ended::Complete | Ended::Unwanted) => return,
                Ok(Ended::Suspended(block)) => {
                    backoff = Backoff::new(RETRIES, PAUSE);
                    // A caller may take an empty block for the end.
                    if !block.is_empty() && blocks.send(Ok(block)).await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    if self.at > begun_at {
                        backoff = Backoff::new(RETRIES, PAUSE);
                    }
                    let pause = backoff.next_pause().filter(|_| self.may_continue(&error));
                    let Some(pause) = pause else {
                        let _ = blocks.send(Err(error)).await;
                        return;
                    };
                    crate::trace::debug!("{} is continued at byte {} after: {error}", self.path, self.at);
                    sleep(pause).await;
                }
            }
        }
    }

    fn may_continue(&self, error: &Error) -> bool {
        error.is_transient() && (self.known.is_some() || self.at == 0)
    }

    /// Reads from the current offset in one transfer.
    async fn transfer(&mut self, blocks: &Sender<Result<Bytes>>) -> Result<Ended> {
        let mut session = self.pool.client().await?;
        self.check_unchanged(&mut session).await?;
        let size = self.known.as_ref().and_then(|entry| entry.size);
        let wanted_end = self.end.filter(|end| size.is_none_or(|size| *end < size));
        let block_end = self.at.saturating_add(WHOLE_BLOCK);
        let is_last = !self.whole_blocks || wanted_end.or(size).is_none_or(|end| end <= block_end);
        let end = if is_last { wanted_end } else { Some(block_end) };
        if end.is_some_and(|end| end <= self.at) {
            return Ok(Ended::Complete);
        }

        let range = ByteRange { start: self.at, end };
        let mut part = RangeStream::open(session, &self.path, range, FollowUp::Nothing).await?;
        let least = if self.whole_blocks { WHOLE_BLOCK as usize } else { LEAST_BLOCK };
        loop {
            let mut block = BytesMut::with_capacity(BLOCK);
            let is_at_end = loop {
                match part.read_buf(&mut block).await {
                    Ok(0) => break true,
                    Ok(_) if block.len() >= least => break false,
                    Ok(_) => {}
                    Err(error) => return Err(part.fail(error).await),
                }
            };
            let block = block.freeze();
            if is_at_end {
                let at = self.at + block.len() as u64;
                match end {
                    Some(end) if end == at => part.suspend().await,
                    _ => _ = part.finish().await?,
                }
                check_end(at, end.or(size))?;
                // The position must not advance earlier: after a lost connection, this block is read again.
                self.at = at;
                return match is_last {
                    false => Ok(Ended::Suspended(block)),
                    true if block.is_empty() => Ok(Ended::Complete),
                    true => match blocks.send(Ok(block)).await {
                        Ok(()) => Ok(Ended::Complete),
                        Err(_) => Ok(Ended::Unwanted),
                    },
                };
            }
            let length = block.len() as u64;
            let block = match blocks.try_send(Ok(block)) {
                Ok(()) => {
                    self.at += length;
                    continue;
                }
                Err(TrySendError::Closed(_)) => return Ok(Ended::Unwanted),
                Err(TrySendError::Full(block)) => block?,
            };
            let idle = self.pool.inner.idle_streams.enter();
            tokio::select! {
                biased;
                room = blocks.reserve() => match room {
                    Ok(room) => room.send(Ok(block)),
                    Err(_) => return Ok(Ended::Unwanted),
                },
                () = idle.should_yield(&self.pool), if self.known.is_some() => {
                    part.suspend().await;
                    self.at += length;
                    self.whole_blocks = true;
                    return Ok(Ended::Suspended(block));
                }
            }
            self.at += length;
        }
    }

    /// Fails if the file changed since its first byte was read; notes its state before that.
    async fn check_unchanged(&mut self, session: &mut PooledClient) -> Result<()> {
        let is_continued = std::mem::replace(&mut self.begun, true);
        if !is_continued && self.known.is_some() {
            return Ok(());
        }
        let found = session.file_metadata(&self.path).await?;
        match &self.known {
            Some(known) if !is_same(known, &found) => Err(Error::Changed { path: self.path.to_string() }),
            Some(_) => Ok(()),
            None => {
                self.known = is_exact(&found).then_some(found);
                Ok(())
            }
        }
    }
}

fn check_end(at: u64, expected: Option<u64>) -> Result<()> {
    match expected {
        Some(expected) if at != expected => Err(Error::SizeMismatch { expected, transferred: at }),
        _ => Ok(()),
    }
}

/// Returns whether an entry shows when the file was changed.
fn is_exact(entry: &Entry) -> bool {
    entry.size.is_some() && entry.modified.is_some_and(|time| time.precision() >= Precision::Second)
}

fn is_same(known: &Entry, found: &Entry) -> bool {
    known.size == found.size
        && known.modified.map(|time| time.to_unix(0)) == found.modified.map(|time| time.to_unix(0))
}

/// Blocks that are read ahead of the reader of a stream.
const QUEUED_BLOCKS: usize = 2;

/// Capacity of a block.
const BLOCK: usize = 256 << 10;

/// Smallest block, except the last one.
const LEAST_BLOCK: usize = 64 << 10;

/// Bytes that a stream reads at a time after it was suspended once.
const WHOLE_BLOCK: u64 = 2 << 20;

/// Attempts to continue without a new byte in between.
const RETRIES: u32 = 6;

/// The pause before the first attempt; it doubles each time.
const PAUSE: Duration = Duration::from_millis(100);

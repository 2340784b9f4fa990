//! Zero-copy transfer on Linux: `splice` and `sendfile`.
//!
//! An upload to a peer that is nearly as fast as memory is copied instead where that is faster, see [`SendTrial`].
//!
//! A [`Pump`] runs on a blocking thread, in turns. A turn lasts while bytes flow, and ends when they pause,
//! so that idle timeouts and rate limits work as usual. Encrypted, rate-limited and custom connections are
//! not supported; their bytes are copied through memory.

use std::{
    fs::File,
    future::poll_fn,
    io::{self, Read, Seek, SeekFrom, Write},
    net::TcpStream as StdTcpStream,
    ops::Range,
    os::fd::OwnedFd,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::sendfile,
    io::Errno,
    pipe::{PipeFlags, SpliceFlags, fcntl_setpipe_size, pipe_with, splice},
};
use tokio::{net::TcpStream, task::spawn_blocking};

use super::send_trial::{SendMethod, SendTrial};
use crate::{Progress, ProgressEvent, stream::Stream};
use crate::{
    data::{CopySide, DataConnection, SpliceOutcome},
    stream::Direction,
};

impl DataConnection {
    /// Returns whether bytes can be moved inside the kernel.
    pub(crate) fn can_splice(&self) -> bool {
        self.compression.is_none()
            && self.stream.as_ref().is_some_and(|stream| stream.is_unhindered(self.direction))
    }

    /// Moves bytes between the connection and a local file, from the current position of the file, for as
    /// long as [`can_splice`](Self::can_splice) allows.
    ///
    /// When the future is dropped, the transfer stops within a few milliseconds. The connection stays open
    /// until then, and is closed as by [`close`](Self::close) afterwards.
    pub(crate) async fn splice_file(
        &mut self,
        file: &File,
        progress: &dyn Progress,
    ) -> Result<SpliceOutcome, CopySide> {
        let mut moved = SpliceOutcome::default();
        if !self.can_splice() {
            return Ok(moved);
        }
        let Some(pump) = Pump::new(file, self.direction) else { return Ok(moved) };
        let pump = Arc::new(pump);
        let stop = StopOnDrop(Arc::default());
        while self.can_splice() {
            let Turn { bytes, end } = self.turn(&pump, &stop).await?;
            moved.bytes += bytes;
            self.transferred += bytes;
            if bytes > 0 {
                progress.on_event(ProgressEvent::advanced(bytes));
            }
            match end? {
                TurnEnd::Source => {
                    moved.ended = true;
                    self.at_end = self.direction == Direction::Down;
                    break;
                }
                TurnEnd::Limit => {
                    moved.ended = true;
                    break;
                }
                TurnEnd::Pause => self.until_movable().await.map_err(CopySide::Data)?,
                TurnEnd::Time => {}
                TurnEnd::Unsupported => break,
            }
        }
        Ok(moved)
    }

    /// Runs one turn of the pump with the socket on a blocking thread.
    ///
    /// The socket is deregistered from tokio meanwhile. Otherwise each segment that arrives would wake the
    /// runtime.
    async fn turn(&mut self, pump: &Arc<Pump>, stop: &StopOnDrop) -> Result<Turn, CopySide> {
        let gone = || CopySide::Data(io::ErrorKind::NotConnected.into());
        let (socket, detached) = self.stream.take().and_then(Stream::detach).ok_or_else(gone)?;
        let socket = socket.into_std().map_err(CopySide::Data)?;
        let (pump, stop) = (Arc::clone(pump), Arc::clone(&stop.0));
        let (limit, before) = (self.limit.clone(), self.transferred);
        let turn = spawn_blocking(move || {
            let turn = pump.turn(&socket, &stop, |moved| limit.most(before + moved, PIPE_BYTES));
            (socket, turn)
        });
        let (socket, turn) = turn.await.map_err(|failure| CopySide::File(io::Error::other(failure)))?;
        let socket = TcpStream::from_std(socket).map_err(CopySide::Data)?;
        self.stream = Some(detached.plug(socket));
        Ok(turn)
    }

    async fn until_movable(&mut self) -> io::Result<()> {
        let direction = self.direction;
        match &mut self.stream {
            Some(stream) => poll_fn(|cx| stream.poll_movable(direction, cx)).await,
            None => Ok(()),
        }
    }
}

/// Stops the current turn when the transfer is dropped.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Result of one turn.
struct Turn {
    /// The number of bytes moved, also before a failure.
    bytes: u64,
    end: Result<TurnEnd, CopySide>,
}

/// The reason why a turn ended.
#[derive(Debug, PartialEq, Eq)]
enum TurnEnd {
    /// The source is at its end.
    Source,
    /// All requested bytes were moved.
    Limit,
    /// The peer is slower.
    Pause,
    /// The time of the turn is over, or the transfer was dropped.
    Time,
    /// The file system does not support the system call. No byte is lost.
    Unsupported,
}

/// Local end of a transfer, used on a blocking thread.
struct Pump {
    file: File,
    /// The pipe for received bytes. Sending needs none.
    pipe: Option<Pipe>,
    sender: Mutex<Sender>,
}

struct Pipe {
    reader: OwnedFd,
    writer: OwnedFd,
}

impl Pump {
    /// Creates a pump. Returns `None` if the process is out of file descriptors; bytes are copied through
    /// memory then.
    fn new(file: &File, direction: Direction) -> Option<Self> {
        let pipe = match direction {
            Direction::Down => {
                let (reader, writer) = pipe_with(PipeFlags::CLOEXEC).ok()?;
                // If the user's limit for pipe memory is exceeded, the pipe stays small, and slower.
                let _ = fcntl_setpipe_size(&writer, PIPE_BYTES);
                Some(Pipe { reader, writer })
            }
            Direction::Up => None,
        };
        Some(Self { file: file.try_clone().ok()?, pipe, sender: Mutex::default() })
    }

    /// Moves bytes until they pause, for at most [`MAX_TURN`].
    fn turn(&self, socket: &StdTcpStream, stop: &AtomicBool, limit: impl Fn(u64) -> usize) -> Turn {
        let begun = Instant::now();
        let mut sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        sender.started = begun;
        let mut bytes = 0;
        let mut end = loop {
            if stop.load(Ordering::Relaxed) {
                break Ok(TurnEnd::Time);
            }
            let step = match &self.pipe {
                Some(_) if limit(bytes) == 0 => break Ok(TurnEnd::Limit),
                Some(pipe) => self.receive(socket, pipe, limit(bytes)),
                None => sender.send(&self.file, socket),
            };
            match step {
                Ok(PumpStep::Moved(moved)) => bytes += moved,
                Ok(PumpStep::Blocked) if self.is_silent(socket) => break Ok(TurnEnd::Pause),
                Ok(PumpStep::Blocked) => {}
                Ok(PumpStep::End) => break Ok(TurnEnd::Source),
                Ok(PumpStep::Unsupported(moved)) => {
                    bytes += moved;
                    break Ok(TurnEnd::Unsupported);
                }
                Err(side) => break Err(side),
            }
            if begun.elapsed() >= MAX_TURN {
                break Ok(TurnEnd::Time);
            }
        };
        if let Err(error) = sender.give_back(&self.file) {
            end = Err(CopySide::File(error));
        }
        Turn { bytes, end }
    }

    fn receive(&self, socket: &StdTcpStream, pipe: &Pipe, limit: usize) -> Result<PumpStep, CopySide> {
        let flags = SpliceFlags::MOVE | SpliceFlags::NONBLOCK;
        let arrived = match splice(socket, None, &pipe.writer, None, limit, flags) {
            Ok(0) => return Ok(PumpStep::End),
            Ok(arrived) => arrived,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(PumpStep::Blocked),
            Err(Errno::INVAL) => return Ok(PumpStep::Unsupported(0)),
            Err(error) => return Err(CopySide::Data(error.into())),
        };
        let mut rest = arrived;
        while rest > 0 {
            match splice(&pipe.reader, None, &self.file, None, rest, SpliceFlags::MOVE) {
                Ok(0) => return Err(CopySide::File(io::ErrorKind::WriteZero.into())),
                Ok(written) => rest -= written,
                Err(Errno::INTR) => {}
                Err(Errno::INVAL) => {
                    self.write_out(&pipe.reader, rest).map_err(CopySide::File)?;
                    return Ok(PumpStep::Unsupported(arrived as u64));
                }
                Err(error) => return Err(CopySide::File(error.into())),
            }
        }
        Ok(PumpStep::Moved(arrived as u64))
    }

    /// Copies the rest of the pipe through memory, for files that do not support `splice`.
    fn write_out(&self, reader: &OwnedFd, bytes: usize) -> io::Result<()> {
        let mut left = Read::take(File::from(reader.try_clone()?), bytes as u64);
        io::copy(&mut left, &mut &self.file)?;
        Ok(())
    }

    /// Waits briefly for the connection, and returns whether it is still not ready.
    fn is_silent(&self, socket: &StdTcpStream) -> bool {
        let flags = if self.pipe.is_some() { PollFlags::IN } else { PollFlags::OUT };
        let mut waiting = [PollFd::new(socket, flags)];
        matches!(poll(&mut waiting, Some(&POLL_TIMEOUT)), Ok(0))
    }
}

/// Sends the bytes of a file, by the method that is faster.
struct Sender {
    trial: SendTrial,
    /// The time when the latest bytes were sent.
    started: Instant,
    /// Bytes of the file to be copied; empty while `sendfile` is used.
    buffer: Vec<u8>,
    /// The part of the buffer that was read in this turn, but not sent.
    unsent: Range<usize>,
}

impl Default for Sender {
    fn default() -> Self {
        Self { trial: SendTrial::default(), started: Instant::now(), buffer: Vec::new(), unsent: 0..0 }
    }
}

impl Sender {
    fn send(&mut self, file: &File, socket: &StdTcpStream) -> Result<PumpStep, CopySide> {
        let step = match self.trial.method() {
            SendMethod::Copy => self.copy(file, socket),
            SendMethod::Sendfile if !self.unsent.is_empty() => self.copy(file, socket),
            SendMethod::Sendfile => send_file(file, socket),
        };
        if let Ok(PumpStep::Moved(sent)) = step {
            let now = Instant::now();
            self.trial.record(sent, now - self.started);
            self.started = now;
        }
        step
    }

    fn copy(&mut self, mut file: &File, mut socket: &StdTcpStream) -> Result<PumpStep, CopySide> {
        self.buffer.resize(COPIED_BLOCK, 0);
        if self.unsent.is_empty() {
            match file.read(&mut self.buffer) {
                Ok(0) => return Ok(PumpStep::End),
                Ok(read) => self.unsent = 0..read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(PumpStep::Blocked),
                Err(error) => return Err(CopySide::File(error)),
            }
        }
        match socket.write(&self.buffer[self.unsent.clone()]) {
            Ok(sent) => {
                self.unsent.start += sent;
                Ok(PumpStep::Moved(sent as u64))
            }
            Err(error) if is_passing(&error) => Ok(PumpStep::Blocked),
            Err(error) => Err(CopySide::Data(error)),
        }
    }

    /// Sets the position of the file to the first byte that was not sent.
    fn give_back(&mut self, mut file: &File) -> io::Result<()> {
        let unsent = std::mem::take(&mut self.unsent).len();
        if unsent > 0 {
            file.seek(SeekFrom::Current(-i64::try_from(unsent).unwrap_or(i64::MAX)))?;
        }
        Ok(())
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

fn send_file(file: &File, socket: &StdTcpStream) -> Result<PumpStep, CopySide> {
    match sendfile(socket, file, None, MAX_SENT_PER_CALL) {
        Ok(0) => Ok(PumpStep::End),
        Ok(sent) => Ok(PumpStep::Moved(sent as u64)),
        Err(Errno::AGAIN | Errno::INTR) => Ok(PumpStep::Blocked),
        Err(Errno::INVAL | Errno::NOSYS) => Ok(PumpStep::Unsupported(0)),
        // These are errors of a disk. Connections fail with other errors.
        Err(error @ Errno::IO) => Err(CopySide::File(error.into())),
        Err(error) => Err(CopySide::Data(error.into())),
    }
}

/// Result of one system call.
enum PumpStep {
    Moved(u64),
    Blocked,
    End,
    Unsupported(u64),
}

/// Maximum capacity of a pipe for unprivileged users.
const PIPE_BYTES: usize = 1024 * 1024;

/// Maximum number of bytes per `sendfile`, so that a call returns within its turn.
const MAX_SENT_PER_CALL: usize = 4 * 1024 * 1024;

/// Number of bytes that are copied at once. They stay in the cache of the processor until they are sent.
const COPIED_BLOCK: usize = 256 * 1024;

/// Maximum duration of one turn. A progress bar is drawn ten times a second.
const MAX_TURN: Duration = Duration::from_millis(50);

/// The time that one call waits for bytes: longer than a pause on a busy line, but short enough for a dropped
/// transfer to stop quickly.
const POLL_TIMEOUT: Timespec = Timespec { tv_sec: 0, tv_nsec: 10_000_000 };

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn no_limit(_: u64) -> usize {
        PIPE_BYTES
    }

    /// Returns both ends of a connection. The second one is non-blocking, like the sockets of tokio.
    fn connection() -> (StdTcpStream, StdTcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = StdTcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (far, _) = listener.accept().unwrap();
        near.set_nonblocking(true).unwrap();
        (far, near)
    }

    #[test]
    fn file_without_splice_support_loses_no_bytes() {
        let path = tempfile::NamedTempFile::new().unwrap();
        // `splice` does not support files that are open for appending.
        let file = File::options().append(true).open(path.path()).unwrap();
        let (mut far, near) = connection();
        far.write_all(b"hello").unwrap();
        let pump = Pump::new(&file, Direction::Down).unwrap();

        let Turn { bytes, end } = pump.turn(&near, &AtomicBool::new(false), no_limit);

        assert_eq!((bytes, end.unwrap()), (5, TurnEnd::Unsupported));
        assert_eq!(std::fs::read(path.path()).unwrap(), b"hello");
    }

    #[test]
    fn sendfile_starts_at_the_file_position() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"not this").unwrap();
        file.write_all(b"this").unwrap();
        file.seek(SeekFrom::Start(8)).unwrap();
        let (mut far, near) = connection();
        let pump = Pump::new(&file, Direction::Up).unwrap();

        let Turn { bytes, end } = pump.turn(&near, &AtomicBool::new(false), no_limit);
        drop(near);

        assert_eq!((bytes, end.unwrap()), (4, TurnEnd::Source));
        let mut sent = String::new();
        far.read_to_string(&mut sent).unwrap();
        assert_eq!(sent, "this");
    }

    #[test]
    fn copied_upload_gives_unsent_bytes_back() {
        let content: Vec<u8> = (0..16 << 20).map(|number: u32| number.to_be_bytes()[2]).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&content).unwrap();
        file.rewind().unwrap();
        let (mut far, near) = connection();
        let pump = Pump::new(&file, Direction::Up).unwrap();
        pump.sender.lock().unwrap().trial = SendTrial::decided(SendMethod::Copy);

        // The peer does not read yet, so the connection is full in the end. On a busy machine, the time of a turn may be over
        // before.
        let mut sent = 0;
        loop {
            let Turn { bytes, end } = pump.turn(&near, &AtomicBool::new(false), no_limit);
            sent += bytes;
            match end.unwrap() {
                TurnEnd::Time => {}
                end => break assert_eq!(end, TurnEnd::Pause),
            }
        }
        assert_eq!(file.stream_position().unwrap(), sent);

        let reader = std::thread::spawn(move || {
            let mut received = Vec::new();
            far.read_to_end(&mut received).unwrap();
            received
        });
        while pump.turn(&near, &AtomicBool::new(false), no_limit).end.unwrap() != TurnEnd::Source {}
        drop(near);
        assert!(reader.join().unwrap() == content);
    }

    #[test]
    fn turn_ends_on_pause_and_when_stopped() {
        let file = tempfile::tempfile().unwrap();
        let (_far, near) = connection();
        let pump = Pump::new(&file, Direction::Down).unwrap();

        assert_eq!(pump.turn(&near, &AtomicBool::new(false), no_limit).end.unwrap(), TurnEnd::Pause);
        assert_eq!(pump.turn(&near, &AtomicBool::new(true), no_limit).end.unwrap(), TurnEnd::Time);
    }
}

//! Bytes between a data connection and a local file that never leave the kernel (Linux).
//!
//! A [`Pump`] works on a blocking thread, in turns: while bytes flow it stays there, and it comes
//! back when they pause, so that silence is watched and a speed limit is heeded where they always
//! are. Encrypted, limited and foreign connections are not its matter: their bytes go through
//! memory.

use std::{
    fs::File,
    future::poll_fn,
    io,
    net::TcpStream as Socket,
    os::fd::OwnedFd,
    sync::{
        Arc,
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

use crate::{Progress, ProgressEvent, stream::Stream};
use crate::{
    data::{CopySide, DataConnection, SpliceOutcome},
    stream::Direction,
};

impl DataConnection {
    /// Tells whether bytes may pass by this side's memory.
    pub(crate) fn is_unhindered(&self) -> bool {
        self.compression.is_none()
            && self.stream.as_ref().is_some_and(|stream| stream.is_unhindered(self.direction))
    }

    /// Moves bytes between the connection and a local file, from its position on, for as long as
    /// nothing stands between them.
    ///
    /// Dropped, it stops within a few milliseconds; until then the connection stays open, and then
    /// it is closed as [`close`](Self::close) does.
    pub(crate) async fn move_through_kernel(
        &mut self,
        file: &File,
        progress: &dyn Progress,
    ) -> Result<SpliceOutcome, CopySide> {
        let mut moved = SpliceOutcome::default();
        if !self.is_unhindered() {
            return Ok(moved);
        }
        let Some(mut pump) = Pump::new(file, self.direction) else { return Ok(moved) };
        let stop = StopOnDrop(Arc::default());
        while self.is_unhindered() {
            let (back, bytes, end) = self.turn(pump, &stop).await?;
            pump = back;
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

    /// Lends the socket to a blocking thread for one turn.
    ///
    /// Registered with tokio it would wake the runtime at each segment that arrives.
    async fn turn(
        &mut self,
        pump: Pump,
        stop: &StopOnDrop,
    ) -> Result<(Pump, u64, Result<TurnEnd, CopySide>), CopySide> {
        let gone = || CopySide::Data(io::ErrorKind::NotConnected.into());
        let (socket, unplugged) = self.stream.take().and_then(Stream::detach).ok_or_else(gone)?;
        let socket = socket.into_std().map_err(CopySide::Data)?;
        let stop = Arc::clone(&stop.0);
        let (limit, before) = (self.limit.clone(), self.transferred);
        let turn = spawn_blocking(move || {
            let (bytes, end) = pump.turn(&socket, &stop, |moved| limit.most(before + moved, PIPE_BYTES));
            (pump, socket, bytes, end)
        });
        let (pump, socket, bytes, end) =
            turn.await.map_err(|failure| CopySide::File(io::Error::other(failure)))?;
        let socket = TcpStream::from_std(socket).map_err(CopySide::Data)?;
        self.stream = Some(unplugged.plug(socket));
        Ok((pump, bytes, end))
    }

    async fn until_movable(&mut self) -> io::Result<()> {
        let direction = self.direction;
        match &mut self.stream {
            Some(stream) => poll_fn(|cx| stream.poll_movable(direction, cx)).await,
            None => Ok(()),
        }
    }
}

/// Stops the turn under way when the transfer is dropped.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Why a turn ended.
#[derive(Debug, PartialEq, Eq)]
enum TurnEnd {
    /// The file or the data are through.
    Source,
    /// All that is wanted is through.
    Limit,
    /// The other side of the connection is slower.
    Pause,
    /// It was long enough, or is of no use any more.
    Time,
    /// The file system cannot do this; nothing is lost.
    Unsupported,
}

/// The local end of a transfer, as a blocking thread holds it.
struct Pump {
    file: File,
    /// What is received goes through a pipe: its two ends. What is sent needs none.
    pipe: Option<(OwnedFd, OwnedFd)>,
}

impl Pump {
    /// Gives none when the system is short of descriptors: through memory it goes without.
    fn new(file: &File, direction: Direction) -> Option<Self> {
        let pipe = match direction {
            Direction::Down => {
                let (outlet, inlet) = pipe_with(PipeFlags::CLOEXEC).ok()?;
                // Beyond the user's share of such memory it stays small, and slower.
                let _ = fcntl_setpipe_size(&inlet, PIPE_BYTES);
                Some((outlet, inlet))
            }
            Direction::Up => None,
        };
        Some(Self { file: file.try_clone().ok()?, pipe })
    }

    /// Moves bytes until they pause, for at most [`TURN`]; gives how many, also before a failure.
    fn turn(
        &self,
        socket: &Socket,
        stop: &AtomicBool,
        most: impl Fn(u64) -> usize,
    ) -> (u64, Result<TurnEnd, CopySide>) {
        let begun = Instant::now();
        let mut moved = 0;
        loop {
            if stop.load(Ordering::Relaxed) {
                return (moved, Ok(TurnEnd::Time));
            }
            let step = match &self.pipe {
                Some(_) if most(moved) == 0 => return (moved, Ok(TurnEnd::Limit)),
                Some((outlet, inlet)) => self.receive(socket, outlet, inlet, most(moved)),
                None => self.send(socket),
            };
            match step {
                Ok(PumpStep::SpliceOutcome(bytes)) => moved += bytes,
                Ok(PumpStep::Blocked) if self.is_silent(socket) => return (moved, Ok(TurnEnd::Pause)),
                Ok(PumpStep::Blocked) => {}
                Ok(PumpStep::End) => return (moved, Ok(TurnEnd::Source)),
                Ok(PumpStep::Unsupported(bytes)) => return (moved + bytes, Ok(TurnEnd::Unsupported)),
                Err(side) => return (moved, Err(side)),
            }
            if begun.elapsed() >= TURN {
                return (moved, Ok(TurnEnd::Time));
            }
        }
    }

    fn receive(
        &self,
        socket: &Socket,
        outlet: &OwnedFd,
        inlet: &OwnedFd,
        most: usize,
    ) -> Result<PumpStep, CopySide> {
        let flags = SpliceFlags::MOVE | SpliceFlags::NONBLOCK;
        let arrived = match splice(socket, None, inlet, None, most, flags) {
            Ok(0) => return Ok(PumpStep::End),
            Ok(arrived) => arrived,
            Err(Errno::AGAIN | Errno::INTR) => return Ok(PumpStep::Blocked),
            Err(Errno::INVAL) => return Ok(PumpStep::Unsupported(0)),
            Err(error) => return Err(CopySide::Data(error.into())),
        };
        let mut rest = arrived;
        while rest > 0 {
            match splice(outlet, None, &self.file, None, rest, SpliceFlags::MOVE) {
                Ok(0) => return Err(CopySide::File(io::ErrorKind::WriteZero.into())),
                Ok(written) => rest -= written,
                Err(Errno::INTR) => {}
                Err(Errno::INVAL) => {
                    self.write_out(outlet, rest).map_err(CopySide::File)?;
                    return Ok(PumpStep::Unsupported(arrived as u64));
                }
                Err(error) => return Err(CopySide::File(error.into())),
            }
        }
        Ok(PumpStep::SpliceOutcome(arrived as u64))
    }

    /// Writes what is left in the pipe where the file takes it only from memory.
    fn write_out(&self, outlet: &OwnedFd, bytes: usize) -> io::Result<()> {
        let mut left = io::Read::take(File::from(outlet.try_clone()?), bytes as u64);
        io::copy(&mut left, &mut &self.file)?;
        Ok(())
    }

    fn send(&self, socket: &Socket) -> Result<PumpStep, CopySide> {
        match sendfile(socket, &self.file, None, MOST_SENT) {
            Ok(0) => Ok(PumpStep::End),
            Ok(sent) => Ok(PumpStep::SpliceOutcome(sent as u64)),
            Err(Errno::AGAIN | Errno::INTR) => Ok(PumpStep::Blocked),
            Err(Errno::INVAL | Errno::NOSYS) => Ok(PumpStep::Unsupported(0)),
            // What a disk says; connections end otherwise.
            Err(error @ Errno::IO) => Err(CopySide::File(error.into())),
            Err(error) => Err(CopySide::Data(error.into())),
        }
    }

    /// Waits for the connection for a moment, and tells whether it was in vain.
    fn is_silent(&self, socket: &Socket) -> bool {
        let flags = if self.pipe.is_some() { PollFlags::IN } else { PollFlags::OUT };
        let mut waiting = [PollFd::new(socket, flags)];
        matches!(poll(&mut waiting, Some(&PATIENCE)), Ok(0))
    }
}

/// What became of one system call.
enum PumpStep {
    SpliceOutcome(u64),
    Blocked,
    End,
    Unsupported(u64),
}

/// The most that a pipe holds for a user without privileges.
const PIPE_BYTES: usize = 1024 * 1024;

/// One call is to return while its turn lasts.
const MOST_SENT: usize = 4 * 1024 * 1024;

/// How long one turn takes at most: a progress bar is drawn ten times a second.
const TURN: Duration = Duration::from_millis(50);

/// How long a turn waits for bytes: longer than a pause on a busy line, shorter than anybody
/// notices who dropped the transfer.
const PATIENCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 10_000_000 };

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Seek, Write},
        net::TcpListener,
    };

    use super::*;

    fn all(_: u64) -> usize {
        PIPE_BYTES
    }

    /// Two ends of a connection, the second as tokio leaves its sockets.
    fn connection() -> (Socket, Socket) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = Socket::connect(listener.local_addr().unwrap()).unwrap();
        let (far, _) = listener.accept().unwrap();
        near.set_nonblocking(true).unwrap();
        (far, near)
    }

    #[test]
    fn what_a_file_takes_only_from_memory_is_not_lost() {
        let path = tempfile::NamedTempFile::new().unwrap();
        // Nothing can be spliced into a file that is open for appending.
        let file = File::options().append(true).open(path.path()).unwrap();
        let (mut far, near) = connection();
        far.write_all(b"hello").unwrap();
        let pump = Pump::new(&file, Direction::Down).unwrap();

        let (bytes, end) = pump.turn(&near, &AtomicBool::new(false), all);

        assert_eq!((bytes, end.unwrap()), (5, TurnEnd::Unsupported));
        assert_eq!(std::fs::read(path.path()).unwrap(), b"hello");
    }

    #[test]
    fn a_file_is_sent_from_its_position_to_its_end() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"not this").unwrap();
        file.write_all(b"this").unwrap();
        file.seek(io::SeekFrom::Start(8)).unwrap();
        let (mut far, near) = connection();
        let pump = Pump::new(&file, Direction::Up).unwrap();

        let (bytes, end) = pump.turn(&near, &AtomicBool::new(false), all);
        drop(near);

        assert_eq!((bytes, end.unwrap()), (4, TurnEnd::Source));
        let mut sent = String::new();
        far.read_to_string(&mut sent).unwrap();
        assert_eq!(sent, "this");
    }

    #[test]
    fn a_turn_ends_where_nothing_moves_and_at_once_when_stopped() {
        let file = tempfile::tempfile().unwrap();
        let (_far, near) = connection();
        let pump = Pump::new(&file, Direction::Down).unwrap();

        assert_eq!(pump.turn(&near, &AtomicBool::new(false), all).1.unwrap(), TurnEnd::Pause);
        assert_eq!(pump.turn(&near, &AtomicBool::new(true), all).1.unwrap(), TurnEnd::Time);
    }
}

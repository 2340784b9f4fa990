//! Readiness of a socket, asked of the system itself (Linux).

use std::{
    io,
    os::fd::AsFd,
    task::{Context, Poll, ready},
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::{io::Interest, net::TcpStream};

use super::Direction;

/// Asks a socket itself whether it can be moved from or to, and has the task woken when it can.
pub(super) fn poll_socket(
    socket: &TcpStream,
    direction: Direction,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    let (interest, flags) = match direction {
        Direction::Down => (Interest::READABLE, PollFlags::IN),
        Direction::Up => (Interest::WRITABLE, PollFlags::OUT),
    };
    loop {
        ready!(match direction {
            Direction::Down => socket.poll_read_ready(cx),
            Direction::Up => socket.poll_write_ready(cx),
        })?;
        // What tokio knows is older than what the pump did.
        let asked = socket.try_io(interest, || {
            let mut waiting = [PollFd::from_borrowed_fd(socket.as_fd(), flags)];
            match poll(&mut waiting, Some(&AT_ONCE))? {
                0 => Err(io::ErrorKind::WouldBlock.into()),
                _ => Ok(()),
            }
        });
        match asked {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            asked => return Poll::Ready(asked),
        }
    }
}

const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

//! Readiness of a socket, queried from the operating system (Linux).

use std::{
    io,
    os::fd::AsFd,
    task::{Context, Poll, ready},
};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::{io::Interest, net::TcpStream};

use super::Direction;

/// Waits until a socket is readable or writable, as reported by `poll`.
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
        // The readiness cached by tokio may be outdated, because splice moves bytes without tokio.
        let polled = socket.try_io(interest, || {
            let mut descriptors = [PollFd::from_borrowed_fd(socket.as_fd(), flags)];
            match poll(&mut descriptors, Some(&NO_WAIT))? {
                0 => Err(io::ErrorKind::WouldBlock.into()),
                _ => Ok(()),
            }
        });
        match polled {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            polled => return Poll::Ready(polled),
        }
    }
}

const NO_WAIT: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

//! Ports that the servers listen on.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::ops::RangeInclusive;

/// Below the ephemeral port range of Linux, so that no outgoing connection takes a port between its reservation and the
/// start of the server.
const CONTROL_PORTS: RangeInclusive<u16> = 20_000..=32_000;

/// Above the ephemeral port range, for servers that choose passive ports themselves.
pub(crate) const PASSIVE_PORTS: RangeInclusive<u16> = 61_000..=65_535;

/// A free port that no other test process reserves while this value exists.
#[derive(Debug)]
pub(crate) struct ReservedPort {
    number: u16,
    // The mark is a listener at the same port of another loopback address: it ends with the process in any case.
    _mark: Option<TcpListener>,
}

impl ReservedPort {
    /// Reserves a random port that is free on `host`.
    pub(crate) fn take(host: IpAddr) -> io::Result<Self> {
        for _ in 0..ATTEMPTS {
            let number = random_port();
            let Ok(mark) = mark(number) else { continue };
            if TcpListener::bind(SocketAddr::new(host, number)).is_ok() {
                return Ok(Self { number, _mark: mark });
            }
        }
        Err(ErrorKind::AddrInUse.into())
    }

    pub(crate) fn number(&self) -> u16 {
        self.number
    }
}

fn mark(number: u16) -> io::Result<Option<TcpListener>> {
    match TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), number)) {
        Ok(mark) => Ok(Some(mark)),
        // Only Linux assigns all of 127.0.0.0/8 to loopback; elsewhere a collision is handled by starting again.
        Err(error) if error.kind() == ErrorKind::AddrNotAvailable => Ok(None),
        Err(error) => Err(error),
    }
}

fn random_port() -> u16 {
    let span = u64::from(CONTROL_PORTS.end() - CONTROL_PORTS.start()) + 1;
    let offset = RandomState::new().build_hasher().finish() % span;
    CONTROL_PORTS.start() + u16::try_from(offset).expect("the offset is within the range of ports")
}

const ATTEMPTS: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_port_is_not_given_twice() {
        let host = Ipv4Addr::LOCALHOST.into();
        let held = ReservedPort::take(host).unwrap();

        if cfg!(target_os = "linux") {
            assert!(mark(held.number()).is_err());
        }
        assert!(TcpListener::bind((host, held.number())).is_ok());
    }
}

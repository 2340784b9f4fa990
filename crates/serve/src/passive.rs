//! Passive ports: free ports of the operating system.

use std::io;
use std::net::IpAddr;
use std::ops::RangeInclusive;

use async_trait::async_trait;
use libunftp::options::Binder;
use tokio::net::TcpSocket;

/// Allocator of passive ports that asks the operating system for a free port, instead of guessing in a range.
#[derive(Debug)]
pub(crate) struct AnyPort;

#[async_trait]
impl Binder for AnyPort {
    async fn bind(&mut self, local: IpAddr, _: RangeInclusive<u16>) -> io::Result<TcpSocket> {
        let socket = match local {
            IpAddr::V4(_) => TcpSocket::new_v4()?,
            IpAddr::V6(_) => TcpSocket::new_v6()?,
        };
        socket.bind((local, 0).into())?;
        Ok(socket)
    }
}

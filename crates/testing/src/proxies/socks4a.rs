//! SOCKS4a.

use std::io;
use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Rules, read_bytes, read_until, refused};

/// Reads the request and answers it; an address 0.0.0.x means that a host name follows.
pub(super) async fn open(inside: &mut TcpStream, rules: &Rules) -> io::Result<TcpStream> {
    let [_, command] = read_bytes(inside, 2).await?[..] else { return Err(refused("no request")) };
    let port = inside.read_u16().await?;
    let address = Ipv4Addr::from(inside.read_u32().await?);
    let user = read_until(inside, b"\0").await?;
    let host = match address.octets() {
        [0, 0, 0, last] if last != 0 => read_until(inside, b"\0").await?,
        _ => address.to_string(),
    };
    if command != CONNECT || rules.login.as_ref().is_some_and(|login| login.0 != user) {
        reply(inside, REJECTED).await?;
        return Err(refused("not a CONNECT of the right user"));
    }
    let opened = rules.open(&format!("{host}:{port}")).await;
    reply(inside, if opened.is_ok() { GRANTED } else { REJECTED }).await?;
    opened
}

async fn reply(inside: &mut TcpStream, code: u8) -> io::Result<()> {
    inside.write_all(&[0, code, 0, 0, 0, 0, 0, 0]).await
}

const CONNECT: u8 = 1;
const GRANTED: u8 = 90;
const REJECTED: u8 = 91;

//! SOCKS5 (RFC 1928, 1929).

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Rules, read_bytes, refused};

/// Negotiates the authentication, reads the request, and answers it.
pub(super) async fn open(inside: &mut TcpStream, rules: &Rules) -> io::Result<TcpStream> {
    authenticate(inside, rules).await?;
    let [_, command, _, kind] = read_bytes(inside, 4).await?[..] else { return Err(refused("no request")) };
    let target = read_target(inside, kind).await?;
    if command != CONNECT {
        reply(inside, COMMAND_NOT_SUPPORTED).await?;
        return Err(refused("not a CONNECT"));
    }
    let opened = rules.open(&target).await;
    reply(inside, if opened.is_ok() { SUCCEEDED } else { CONNECTION_REFUSED }).await?;
    opened
}

async fn authenticate(inside: &mut TcpStream, rules: &Rules) -> io::Result<()> {
    let [_, count] = read_bytes(inside, 2).await?[..] else { return Err(refused("no greeting")) };
    let offered = read_bytes(inside, count.into()).await?;
    let wanted = if rules.login.is_some() { USER_AND_PASSWORD } else { NO_AUTHENTICATION };
    if !offered.contains(&wanted) {
        inside.write_all(&[VERSION, NO_METHOD]).await?;
        return Err(refused("no method in common"));
    }
    inside.write_all(&[VERSION, wanted]).await?;
    let Some(login) = &rules.login else { return Ok(()) };
    inside.read_u8().await?;
    let given = (read_text(inside).await?, read_text(inside).await?);
    let right = given == *login;
    inside.write_all(&[1, u8::from(!right)]).await?;
    if right { Ok(()) } else { Err(refused("wrong login")) }
}

async fn read_target(inside: &mut TcpStream, kind: u8) -> io::Result<String> {
    let name = match kind {
        IPV4 => {
            return Ok(SocketAddr::from((
                Ipv4Addr::from(inside.read_u32().await?),
                inside.read_u16().await?,
            ))
            .to_string());
        }
        IPV6 => {
            let address = Ipv6Addr::from(inside.read_u128().await?);
            return Ok(SocketAddr::from((address, inside.read_u16().await?)).to_string());
        }
        _ => read_text(inside).await?,
    };
    Ok(format!("{name}:{}", inside.read_u16().await?))
}

async fn read_text(inside: &mut TcpStream) -> io::Result<String> {
    let length = inside.read_u8().await?;
    Ok(String::from_utf8_lossy(&read_bytes(inside, length.into()).await?).into_owned())
}

async fn reply(inside: &mut TcpStream, code: u8) -> io::Result<()> {
    inside.write_all(&[VERSION, code, 0, IPV4, 0, 0, 0, 0, 0, 0]).await
}

const VERSION: u8 = 5;
const CONNECT: u8 = 1;
const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NO_METHOD: u8 = 0xff;
const IPV4: u8 = 1;
const IPV6: u8 = 4;
const SUCCEEDED: u8 = 0;
const CONNECTION_REFUSED: u8 = 5;
const COMMAND_NOT_SUPPORTED: u8 = 7;

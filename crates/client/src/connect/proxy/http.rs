//! HTTP `CONNECT` (RFC 9110, 9.3.6).

use std::io;

use base64::{Engine, prelude::BASE64_STANDARD};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{ProxyLogin, ProxyRefused};

pub(super) async fn open_tunnel(
    mut socket: TcpStream,
    host: &str,
    port: u16,
    login: Option<&ProxyLogin>,
) -> io::Result<TcpStream> {
    let authority = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    socket.write_all(request(&authority, login).as_bytes()).await?;
    read_response(&mut socket).await?;
    Ok(socket)
}

fn request(authority: &str, login: Option<&ProxyLogin>) -> String {
    let authorization = login.map(|login| {
        let token = BASE64_STANDARD.encode(format!("{}:{}", login.user, login.password.expose()));
        format!("Proxy-Authorization: Basic {token}\r\n")
    });
    let authorization = authorization.unwrap_or_default();
    format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{authorization}\r\n")
}

/// Reads the response of the proxy and no byte after it: the next bytes are the server's greeting.
async fn read_response(socket: &mut TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == MAX_RESPONSE_BYTES {
            return Err(ProxyRefused::into_io("its response is too long"));
        }
        head.push(socket.read_u8().await?);
    }
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    response
        .parse(&head)
        .map_err(|error| ProxyRefused::into_io(format!("its response is not HTTP: {error}")))?;
    match response.code {
        Some(200..=299) => Ok(()),
        Some(code) => Err(ProxyRefused::into_io(format!("{code} {}", response.reason.unwrap_or_default()))),
        None => Err(ProxyRefused::into_io("its response has no status code")),
    }
}

const MAX_RESPONSE_BYTES: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;

//! SOCKS4a and SOCKS5 (RFC 1928).

use std::io;

use tokio::net::TcpStream;
use tokio_socks::tcp::{Socks4Stream, Socks5Stream};

use super::{ProxyLogin, ProxyRefused};

pub(super) async fn open_v5(
    socket: TcpStream,
    host: &str,
    port: u16,
    login: Option<&ProxyLogin>,
) -> io::Result<TcpStream> {
    let target = (host, port);
    let tunnel = match login {
        Some(ProxyLogin { user, password }) => {
            let password = password.expose();
            Socks5Stream::connect_with_password_and_socket(socket, target, user, password).await
        }
        None => Socks5Stream::connect_with_socket(socket, target).await,
    };
    Ok(tunnel.map_err(proxy_error)?.into_inner())
}

pub(super) async fn open_v4(
    socket: TcpStream,
    host: &str,
    port: u16,
    login: Option<&ProxyLogin>,
) -> io::Result<TcpStream> {
    let target = (host, port);
    let tunnel = match login {
        Some(ProxyLogin { user, .. }) => {
            Socks4Stream::connect_with_userid_and_socket(socket, target, user).await
        }
        None => Socks4Stream::connect_with_socket(socket, target).await,
    };
    Ok(tunnel.map_err(proxy_error)?.into_inner())
}

fn proxy_error(error: tokio_socks::Error) -> io::Error {
    match error {
        tokio_socks::Error::Io(error) => error,
        error => ProxyRefused::into_io(error.to_string()),
    }
}

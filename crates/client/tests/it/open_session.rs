//! Sessions that other code has opened, and continues after transfers of the library.

use std::net::SocketAddr;

use oxftp::{
    Client, Code, OpenSession, Reply,
    connect::{BoxSocket, Connector, Target, TcpConnector},
};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::common::{embedded, local_files::create_file};

/// Sends a command, and returns the first line of its reply.
async fn send(socket: &mut BoxSocket, command: &str) -> String {
    socket.write_all(format!("{command}\r\n").as_bytes()).await.unwrap();
    read_line(socket).await
}

async fn read_line(socket: &mut BoxSocket) -> String {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        line.push(socket.read_u8().await.unwrap());
    }
    String::from_utf8(line).unwrap()
}

async fn logged_in(server: SocketAddr, user: &str, password: &str) -> BoxSocket {
    let host = server.ip().to_string();
    let target = Target::Control { host: &host, port: server.port() };
    let mut socket = TcpConnector::new().connect(target).await.unwrap();
    read_line(&mut socket).await;
    send(&mut socket, &format!("USER {user}")).await;
    assert!(send(&mut socket, &format!("PASS {password}")).await.starts_with("230"));
    socket
}

#[tokio::test]
async fn open_session_is_adopted_and_returned() {
    let server = embedded().await;
    create_file(server.root(), "sub/a", "content");
    let mut socket = logged_in(server.address(), server.user(), server.password()).await;
    assert!(send(&mut socket, "CWD sub").await.starts_with("250"));
    let greeting = Reply::new(Code::READY, [&b"hello"[..]]);
    let mut client = Client::builder().adopt(OpenSession::new(server.address(), greeting, socket));
    let local = TempDir::new().unwrap();

    for _ in 0..2 {
        client.download("a").to(local.path()).await.unwrap();
        // A dropped transfer leaves replies, which belong to it.
        drop(client.download_stream("a").await.unwrap());
        let mut socket = client.detach().await.unwrap();

        assert!(client.is_broken());
        assert!(send(&mut socket, "PWD").await.contains("sub"));
        client.attach(socket);
    }

    assert_eq!(std::fs::read(local.path().join("a")).unwrap(), b"content");
    assert_eq!(client.read("a").await.unwrap(), "content");
}

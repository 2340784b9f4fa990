//! Serves files of an FTP server over HTTP: one pool for all requests, and a stream for each.
//!
//! Usage: `cargo run -p oxftp --example web_handler -- [ftp://HOST/]`
//!
//! The HTTP part is as small as it can be. With axum, hyper or actix the handler is the same: a [`PoolStream`] is `'static`
//! and `Send`, and a stream of blocks of bytes, so it is a body: `axum::body::Body::from_stream(stream)`.

#![allow(clippy::print_stdout, reason = "examples print")]

use oxftp::{ClientBuilder, ErrorKind, FtpUrl, Pool, PoolStream};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

mod support;

/// Answers one request: `200` with the file, `404`, or `502` if the server fails.
async fn handle(pool: Pool, socket: TcpStream) -> support::Result {
    let mut socket = BufReader::new(socket);
    let mut request = String::new();
    socket.read_line(&mut request).await?;
    let path = request.split(' ').nth(1).unwrap_or("/").trim_start_matches('/').to_owned();

    let (status, body): (_, Option<(u64, PoolStream)>) = match open(&pool, &path).await {
        Ok(body) => ("200 OK", Some(body)),
        Err(error) if error.kind() == ErrorKind::NotFound => ("404 Not Found", None),
        Err(_) => ("502 Bad Gateway", None),
    };
    let length = body.as_ref().map_or(0, |(size, _)| *size);
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    socket.write_all(head.as_bytes()).await?;
    if let Some((_, mut blocks)) = body {
        // If the browser goes away, dropping the stream returns the session to the pool.
        while let Some(block) = blocks.next().await {
            socket.write_all(&block?).await?;
        }
    }
    socket.shutdown().await?;
    Ok(())
}

async fn open(pool: &Pool, path: &str) -> oxftp::Result<(u64, PoolStream)> {
    let size = pool.size_of(path).await?;
    Ok((size, pool.stream_range(path, 0..size, None)))
}

/// Serves, and requests two files.
pub(crate) async fn run(url: &FtpUrl) -> support::Result {
    let pool = Pool::new(ClientBuilder::from_url(url), url.host(), url.credentials()).size(2);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let serving = tokio::spawn({
        let pool = pool.clone();
        async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(handle(pool.clone(), socket));
            }
        }
    });

    let mut answers = Vec::new();
    for path in ["reports/readme.txt", "missing.txt"] {
        let mut socket = TcpStream::connect(address).await?;
        socket.write_all(format!("GET /{path} HTTP/1.1\r\n\r\n").as_bytes()).await?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await?;
        println!("{}", answer.lines().next().unwrap_or_default());
        answers.push(answer);
    }
    serving.abort();
    pool.close().await;

    assert!(answers[0].ends_with("Reports of each month.\n"));
    assert!(answers[1].starts_with("HTTP/1.1 404"));
    Ok(())
}

#[tokio::main]
#[allow(dead_code, reason = "the tests call `run`")]
async fn main() -> support::Result {
    run(&support::target().await?.url).await
}

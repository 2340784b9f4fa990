//! Invariants of a whole client against a server controlled by the fuzzer.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use oxftp::{
    Client, Credentials, PART_SUFFIX,
    connect::{BoxSocket, Connector, Socket, Target},
    local_fs::{BoxFuture, FileSystem, MemoryFs},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Logs in, lists, downloads and uploads against a server with these replies. Checks that the client
/// terminates, that it sends exactly one whole line for each of its commands, and that the memory file system
/// holds no more bytes than were sent to the client.
///
/// The first byte selects the operation, and the size of the pieces. The rest is cut at 0x1D: the replies on
/// the control connection, then the contents of each data connection. 0x1E separates the replies to each
/// command.
pub fn check_session(input: &[u8]) {
    let Some((choice, script)) = input.split_first() else { return };
    let server = Server::of(*choice, script);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let fs = MemoryFs::new();

    let _ = runtime.expect("a runtime").block_on(run(*choice, server.clone(), fs.clone()));

    let sent = server.0.sent.lock().expect("no thread panicked").clone();
    check_commands(&sent);
    let partial = format!("/in/a{PART_SUFFIX}");
    let held: usize =
        ["/in/a", partial.as_str()].iter().filter_map(|path| fs.read(path)).map(|it| it.len()).sum();
    assert!(held <= 2 * input.len(), "{held} bytes of {}", input.len());
}

async fn run(choice: u8, server: Server, fs: MemoryFs) -> oxftp::Result<()> {
    fs.write("/up", "content").expect("memory is writable");
    let builder =
        Client::builder().file_system(fs.clone()).connector(server).socket_timeout(Duration::from_secs(1));
    let mut client = builder.connect("server").await?;
    client.login(Credentials::new("user", "password")).await?;
    let outcome = match choice % 6 {
        0 => client.list("d").await.map(drop),
        1 => client.list("d").recursive().await.map(drop),
        2 => client.download("a").to("/in").await.map(drop),
        3 => client.upload("/up").to("a").await.map(drop),
        4 => client.download("d").to("/in").await.map(drop),
        _ => client.metadata("a").await.map(drop),
    };
    // A client that claims to be usable must be usable.
    let _ = (outcome, client.current_dir().await, fs.try_exists(Path::new("/in/a")).await);
    client.quit().await
}

/// Checks that every command is a line of its own, begins with a verb, and deletes and renames nothing.
fn check_commands(sent: &[u8]) {
    // The last line may have been cut together with its connection.
    let whole = sent.iter().rposition(|byte| *byte == b'\n').map_or(&[][..], |end| &sent[..=end]);
    for line in whole.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r\n").expect("a line ends in CR LF");
        assert!(!line.iter().any(|byte| b"\r\n\0".contains(byte)), "{}", line.escape_ascii());
        let verb = line.split(|byte| *byte == b' ').next().unwrap_or_default();
        let is_verb = matches!(verb.len(), 3 | 4) && verb.iter().all(u8::is_ascii_uppercase);
        assert!(is_verb && !NEVER_SENT.contains(&verb), "{}", line.escape_ascii());
    }
}

#[derive(Debug, Clone)]
struct Server(Arc<State>);

#[derive(Debug)]
struct State {
    piece: usize,
    control: Vec<Vec<u8>>,
    data: Mutex<std::vec::IntoIter<Vec<u8>>>,
    sent: Mutex<Vec<u8>>,
    steps: AtomicUsize,
}

impl Server {
    fn of(choice: u8, script: &[u8]) -> Self {
        let mut parts = script.split(|byte| *byte == 0x1d);
        let control = parts.next().unwrap_or_default();
        let control = control.split(|byte| *byte == 0x1e).map(<[u8]>::to_vec).collect();
        let data: Vec<Vec<u8>> = parts.map(<[u8]>::to_vec).collect();
        Self(Arc::new(State {
            piece: usize::from(choice / 6) + 1,
            control,
            data: Mutex::new(data.into_iter()),
            sent: Mutex::default(),
            steps: AtomicUsize::new(0),
        }))
    }

    /// Counts the steps; a client that never terminates is detected.
    fn step(&self) {
        assert!(self.0.steps.fetch_add(1, Ordering::Relaxed) < MOST_STEPS, "the client never terminates");
    }
}

impl Connector for Server {
    fn connect<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, io::Result<BoxSocket>> {
        self.step();
        let said = match target {
            Target::Control { .. } => self.0.control.clone(),
            _ => self.0.data.lock().expect("no thread panicked").next().into_iter().collect(),
        };
        let is_control = matches!(target, Target::Control { .. });
        let line = Line { server: self.clone(), said: said.into_iter(), ready: Vec::new(), is_control };
        Box::pin(async move { Ok(Box::new(line) as BoxSocket) })
    }
}

/// One connection.
#[derive(Debug)]
struct Line {
    server: Server,
    said: std::vec::IntoIter<Vec<u8>>,
    /// Bytes that can be read.
    ready: Vec<u8>,
    is_control: bool,
}

impl Socket for Line {
    fn peer_address(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 21))
    }

    fn local_address(&self) -> Option<SocketAddr> {
        self.peer_address()
    }

    fn reset_on_close(&self, _reset: bool) {}

    fn has_unread(&self) -> bool {
        !self.ready.is_empty()
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.server.step();
        // A caller that only polls for pending bytes has not asked for more.
        let looks = cx.waker().will_wake(Waker::noop());
        if self.ready.is_empty() && looks {
            return Poll::Pending;
        }
        if self.ready.is_empty() {
            self.ready = self.said.next().unwrap_or_default();
        }
        let some = self.ready.len().min(self.server.0.piece).min(buf.remaining());
        buf.put_slice(&self.ready.drain(..some).collect::<Vec<u8>>());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.server.step();
        if self.is_control {
            self.server.0.sent.lock().expect("no thread panicked").extend_from_slice(bytes);
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Commands that these operations must never send: each changes something that the caller did not ask for.
const NEVER_SENT: [&[u8]; 6] = [b"DELE", b"RMD", b"RNFR", b"RNTO", b"SITE", b"REIN"];

/// Far more than a normal session of a few kilobytes takes.
const MOST_STEPS: usize = 200_000;

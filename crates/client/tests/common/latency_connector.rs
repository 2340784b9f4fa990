//! Connector that goes through a slow network, and counts the round trips that the client has waited for.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf, Bytes};
use oxftp::{
    connect::{BoxSocket, Connector, Socket, Target, TcpConnector},
    local_fs::BoxFuture,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::{Instant, sleep, sleep_until},
};

/// Delays all bytes, connections and ends of connections by half a round trip in each direction.
///
/// The client and the server each have a logical clock, in round trips. What one sends carries its time, and advances the
/// clock of the other when it is received; what the server sends arrives one round trip later. The clock of the client thus
/// shows on how many round trips it has waited, however busy the machine is.
#[derive(Debug, Clone)]
pub(crate) struct LatencyConnector {
    clocks: Arc<Clocks>,
    tcp: Arc<TcpConnector>,
}

#[derive(Debug)]
struct Clocks {
    /// Half a round trip.
    delay: Duration,
    client: AtomicU64,
    server: AtomicU64,
}

impl Clocks {
    /// Returns the time at which what the server sends now arrives.
    fn arrival(&self) -> u64 {
        self.server.load(Ordering::SeqCst) + 1
    }

    fn reached_client(&self, time: u64) {
        self.client.fetch_max(time, Ordering::SeqCst);
    }

    fn reached_server(&self, time: u64) {
        self.server.fetch_max(time, Ordering::SeqCst);
    }

    fn client(&self) -> u64 {
        self.client.load(Ordering::SeqCst)
    }
}

impl LatencyConnector {
    pub(crate) fn new(round_trip: Duration) -> Self {
        let clocks = Clocks { delay: round_trip / 2, client: AtomicU64::new(0), server: AtomicU64::new(0) };
        Self { clocks: Arc::new(clocks), tcp: Arc::default() }
    }

    /// Lets this number of round trips pass without anything to wait for.
    pub(crate) async fn pass(&self, round_trips: u64) {
        sleep(self.clocks.delay * 2 * u32::try_from(round_trips).unwrap()).await;
        self.clocks.client.fetch_add(round_trips, Ordering::SeqCst);
    }

    /// Returns the number of round trips that the client has waited for.
    pub(crate) fn round_trips(&self) -> u64 {
        self.clocks.client()
    }
}

impl Connector for LatencyConnector {
    fn connect<'a>(&'a self, target: Target<'a>) -> BoxFuture<'a, io::Result<BoxSocket>> {
        Box::pin(async move {
            let sent = self.clocks.client();
            sleep(self.clocks.delay).await;
            let socket = self.tcp.connect(target).await?;
            self.clocks.reached_server(sent);
            sleep(self.clocks.delay).await;
            self.clocks.reached_client(sent + 1);
            Ok(Box::new(LatencySocket::new(socket, self.clocks.clone())) as BoxSocket)
        })
    }
}

/// Bytes on their way; none are the end of the stream.
#[derive(Debug)]
struct InFlight {
    bytes: Bytes,
    due: Instant,
    /// The time by the clock of the sender, or the time of arrival at the client.
    time: u64,
}

#[derive(Debug)]
struct LatencySocket {
    peer: Option<SocketAddr>,
    local: Option<SocketAddr>,
    clocks: Arc<Clocks>,
    reset: Arc<AtomicBool>,
    outgoing: UnboundedSender<InFlight>,
    incoming: UnboundedReceiver<InFlight>,
    /// What has arrived, or is on its way.
    next: Option<InFlight>,
    wait: Option<Pin<Box<tokio::time::Sleep>>>,
    failed: Arc<Mutex<Option<io::ErrorKind>>>,
}

impl LatencySocket {
    fn new(socket: BoxSocket, clocks: Arc<Clocks>) -> Self {
        let (outgoing, to_server) = unbounded_channel();
        let (to_client, incoming) = unbounded_channel();
        let (reset, failed) = (Arc::<AtomicBool>::default(), Arc::<Mutex<_>>::default());
        let this = Self {
            peer: socket.peer_address(),
            local: socket.local_address(),
            clocks: clocks.clone(),
            reset: reset.clone(),
            outgoing,
            incoming,
            next: None,
            wait: None,
            failed: failed.clone(),
        };
        tokio::spawn(async move {
            if let Err(error) = forward(socket, &clocks, &reset, to_server, to_client).await {
                *failed.lock().unwrap() = Some(error.kind());
            }
        });
        this
    }
}

/// Forwards in both directions until the client drops its socket.
async fn forward(
    mut socket: BoxSocket,
    clocks: &Clocks,
    reset: &AtomicBool,
    mut to_server: UnboundedReceiver<InFlight>,
    to_client: UnboundedSender<InFlight>,
) -> io::Result<()> {
    let mut space = vec![0; 64 << 10];
    let mut at_end = false;
    loop {
        tokio::select! {
            sent = to_server.recv() => {
                let Some(InFlight { bytes, due, time }) = sent else { break };
                sleep_until(due).await;
                clocks.reached_server(time);
                match bytes.is_empty() {
                    true => socket.shutdown().await?,
                    false => socket.write_all(&bytes).await?,
                }
            }
            read = socket.read(&mut space), if !at_end => {
                let bytes = Bytes::copy_from_slice(&space[..read?]);
                at_end = bytes.is_empty();
                let due = Instant::now() + clocks.delay;
                // The client may be gone.
                let _ = to_client.send(InFlight { bytes, due, time: clocks.arrival() });
            }
        }
    }
    let closed = clocks.client();
    sleep(clocks.delay).await;
    clocks.reached_server(closed);
    socket.reset_on_close(reset.load(Ordering::SeqCst));
    Ok(())
}

impl Socket for LatencySocket {
    fn peer_address(&self) -> Option<SocketAddr> {
        self.peer
    }

    fn local_address(&self) -> Option<SocketAddr> {
        self.local
    }

    fn reset_on_close(&self, reset: bool) {
        self.reset.store(reset, Ordering::SeqCst);
    }
}

impl AsyncRead for LatencySocket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.next.is_none() {
            let Some(next) = ready!(this.incoming.poll_recv(cx)) else {
                let failed = *this.failed.lock().unwrap();
                return Poll::Ready(failed.map_or(Ok(()), |kind| Err(kind.into())));
            };
            this.wait = Some(Box::pin(sleep_until(next.due)));
            this.next = Some(next);
        }
        if let Some(wait) = &mut this.wait {
            ready!(wait.as_mut().poll(cx));
            this.wait = None;
        }
        let Some(next) = &mut this.next else { return Poll::Ready(Ok(())) };
        this.clocks.reached_client(next.time);
        let length = buf.remaining().min(next.bytes.len());
        buf.put_slice(&next.bytes[..length]);
        next.bytes.advance(length);
        if next.bytes.is_empty() {
            this.next = None;
        }
        Poll::Ready(Ok(()))
    }
}

impl LatencySocket {
    fn send(&self, bytes: Bytes) -> io::Result<()> {
        let due = Instant::now() + self.clocks.delay;
        let sent = self.outgoing.send(InFlight { bytes, due, time: self.clocks.client() });
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl AsyncWrite for LatencySocket {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if !bytes.is_empty() {
            self.send(Bytes::copy_from_slice(bytes))?;
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The server may be gone.
        let _ = self.send(Bytes::new());
        Poll::Ready(Ok(()))
    }
}

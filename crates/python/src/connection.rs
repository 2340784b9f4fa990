//! One socket of a session whose commands are sent by Python code: its control connection, or a data connection.
//!
//! Received bytes are read ahead, sent bytes are queued. [`take`](Connection::take) and [`put`](Connection::put) do
//! not wait, so most blocks of a transfer cross without a turn of the event loop. Only an empty input and a full
//! output are awaited ([`fill`](Connection::fill), [`drain`](Connection::drain)). A future that waits holds no bytes,
//! so nothing is lost when it is dropped.

use std::{
    future::{Future, poll_fn},
    io,
    net::{IpAddr, SocketAddr},
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use bytes::{BufMut, BytesMut};
use oxftp::connect::{BoxSocket, Target};
use pyo3::{
    exceptions::{PyConnectionResetError, PyRuntimeError, PyValueError},
    prelude::*,
    types::PyBytes,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWrite as _},
    sync::Notify,
};

use crate::{
    bridge::{Job, outcome},
    completion::Outcome,
    error::{socket_exception, tls_exception},
    proxy::Route,
    runtime,
    tls::TlsSession,
};

/// A connection of a session.
#[pyclass(frozen, module = "oxftp._oxftp")]
pub(crate) struct Connection {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    /// Never locked while waiting for the interpreter.
    state: Mutex<ConnectionState>,
    /// A socket wakes one reader only.
    filling: tokio::sync::Mutex<()>,
    /// The state changed in a way that a waiting future cannot see from the socket.
    changed: Notify,
    /// The process that opened the connection.
    process: u32,
    peer: Option<SocketAddr>,
    local: Option<SocketAddr>,
}

struct ConnectionState {
    link: Link,
    input: BytesMut,
    at_end: bool,
    read_error: Option<io::Error>,
    output: BytesMut,
    /// A task sends the output.
    flushing: bool,
    write_error: Option<io::Error>,
    closing: bool,
    /// Closed at once, without what is queued.
    is_reset: bool,
    encrypted: bool,
    has_sent: bool,
    lingers: bool,
}

enum Link {
    Open(BoxSocket),
    /// The socket is with a handshake.
    Handshaking,
    /// The socket is with a transfer of the library.
    Lent,
    HandshakeFailed(io::Error),
    Closed,
}

#[pymethods]
impl Connection {
    /// Opens a connection. With `data`, `host` may be an IP address from a reply of the server.
    #[staticmethod]
    #[pyo3(signature = (host, port, *, data=false, route=None))]
    fn connect(host: String, port: u16, data: bool, route: Option<Route>) -> PyResult<Job> {
        let connector = route.unwrap_or_default().connector()?;
        Ok(Job::new(async move {
            let address: Option<IpAddr> = host.parse().ok().filter(|_| data);
            let host = host.as_str();
            let target =
                if data { Target::Data { host, address, port } } else { Target::Control { host, port } };
            let connected = connector.connect(target).await.map(Self::new);
            outcome(connected, socket_exception)
        }))
    }

    /// Returns up to `count` received bytes; `b""` at the end of the stream, `None` if none have arrived.
    fn take<'py>(&self, py: Python<'py>, count: usize) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let mut state = self.shared.lock();
        if state.input.is_empty() {
            return state.end(py);
        }
        let taken = count.min(state.input.len());
        let block = PyBytes::new(py, &state.input[..taken]);
        state.input.advance_to(taken);
        Ok(Some(block))
    }

    /// Returns exactly `count` bytes, or fewer at the end of the stream; `None` if they have not all arrived. Call
    /// [`fill`](Self::fill) with the same number.
    fn take_exactly<'py>(&self, py: Python<'py>, count: usize) -> PyResult<Option<Bound<'py, PyBytes>>> {
        {
            let state = self.shared.lock();
            if state.input.len() < count && !state.at_end && state.read_error.is_none() {
                return Ok(None);
            }
        }
        self.take(py, count)
    }

    /// Returns a line with its end; what is left at the end of the stream; `None` if no line has arrived.
    fn take_line<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let mut state = self.shared.lock();
        if state.input.is_empty() {
            return state.end(py);
        }
        let length = match state.input.iter().position(|byte| *byte == b'\n') {
            Some(at) => at + 1,
            None if state.input.len() > MAX_LINE => {
                return Err(PyValueError::new_err("the server sent a line that is longer than 64 KiB"));
            }
            None if state.at_end || state.read_error.is_some() => state.input.len(),
            None => return Ok(None),
        };
        let line = PyBytes::new(py, &state.input[..length]);
        state.input.advance_to(length);
        Ok(Some(line))
    }

    /// Returns all complete lines that have arrived; what is left at the end of the stream; `None` if there is none.
    fn take_lines<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let mut state = self.shared.lock();
        if state.input.is_empty() {
            return state.end(py);
        }
        let length = match state.input.iter().rposition(|byte| *byte == b'\n') {
            Some(at) => at + 1,
            None if state.input.len() > MAX_LINE => {
                return Err(PyValueError::new_err("the server sent a line that is longer than 64 KiB"));
            }
            None if state.at_end || state.read_error.is_some() => state.input.len(),
            None => return Ok(None),
        };
        let lines = PyBytes::new(py, &state.input[..length]);
        state.input.advance_to(length);
        Ok(Some(lines))
    }

    /// Waits until more bytes than `beyond` have arrived, by default than are there already, or the stream has ended.
    #[pyo3(signature = (beyond=None))]
    fn fill(&self, beyond: Option<usize>) -> PyResult<Job> {
        self.check_process()?;
        let shared = self.shared.clone();
        let beyond = beyond.unwrap_or_else(|| shared.lock().input.len());
        Ok(Job::new(async move {
            shared.fill(beyond).await;
            none()
        }))
    }

    /// Waits until lines have arrived, and then for a moment for those after them, so that many cross at once.
    fn fill_lines(&self) -> PyResult<Job> {
        self.check_process()?;
        let shared = self.shared.clone();
        Ok(Job::new(async move {
            let arrived = shared.lock().input.len();
            shared.fill(arrived).await;
            let more = async {
                loop {
                    let arrived = shared.lock().unfilled(LINES)?;
                    shared.fill(arrived).await;
                }
            };
            let _: Result<Option<()>, _> = tokio::time::timeout(MOMENT, more).await;
            none()
        }))
    }

    /// Queues bytes, and sends what the socket takes. Returns whether more may be queued at once; otherwise
    /// [`drain`](Self::drain) waits, or raises the error.
    fn put(&self, py: Python<'_>, data: &Bound<'_, PyAny>) -> PyResult<bool> {
        self.check_process()?;
        let owned: pyo3::pybacked::PyBackedBytes;
        let buffer;
        let bytes: &[u8] = match data.extract() {
            Ok(exact) => {
                owned = exact;
                &owned
            }
            Err(_) => {
                buffer = pyo3::buffer::PyBuffer::<u8>::get(data)?.to_vec(py)?;
                &buffer
            }
        };
        if bytes.len() < DETACHED_FROM {
            return self.shared.put(bytes);
        }
        py.detach(|| self.shared.put(bytes))
    }

    /// Waits until most of the queued bytes are sent. Raises the error of sending.
    fn drain(&self) -> PyResult<Job> {
        self.check_process()?;
        let shared = self.shared.clone();
        Ok(Job::new(async move { outcome(shared.drain().await, socket_exception) }))
    }

    /// Starts the TLS handshake, without waiting for it. With `data`, it resumes the session of the control connection.
    fn begin_tls(&self, py: Python<'_>, session: &TlsSession, data: bool) -> PyResult<()> {
        self.check_process()?;
        let socket = {
            let mut state = self.shared.lock();
            if !state.input.is_empty() {
                let injected = "the server sent plain text before the TLS handshake";
                return Err(tls_exception(py, io::Error::new(io::ErrorKind::InvalidData, injected)));
            }
            match std::mem::replace(&mut state.link, Link::Handshaking) {
                Link::Open(socket) => socket,
                other => {
                    state.link = other;
                    return Err(PyConnectionResetError::new_err("the connection is closed"));
                }
            }
        };
        let (session, shared) = (session.session.clone(), self.shared.clone());
        runtime::current()?.handle().spawn(async move {
            let handshake =
                async { if data { session.data(socket).await } else { session.control(socket).await } };
            let secured = tokio::select! {
                secured = handshake => secured,
                () = shared.until(|state| state.is_reset) => Err(io::Error::from(io::ErrorKind::ConnectionAborted)),
            };
            {
                let mut state = shared.lock();
                state.encrypted = true;
                state.link = match secured {
                    Ok(socket) if !state.is_reset => Link::Open(socket),
                    Ok(_) => Link::Closed,
                    Err(error) => Link::HandshakeFailed(error),
                };
            }
            shared.changed.notify_waiters();
        });
        Ok(())
    }

    /// Waits for the end of the handshake. Raises its error.
    fn handshake(&self) -> PyResult<Job> {
        self.check_process()?;
        let shared = self.shared.clone();
        Ok(Job::new(async move { outcome(shared.ready().await, tls_exception) }))
    }

    #[getter]
    fn is_encrypted(&self) -> bool {
        self.shared.lock().encrypted
    }

    /// Returns whether nothing is received or sent, and the connection is open.
    #[getter]
    fn is_idle(&self) -> bool {
        self.shared.lock().is_idle()
    }

    /// Returns whether `close` or `reset` was called.
    #[getter]
    fn is_closing(&self) -> bool {
        self.shared.lock().closing
    }

    #[getter]
    fn peer(&self) -> Option<(String, u16)> {
        self.shared.peer.map(|it| (it.ip().to_string(), it.port()))
    }

    #[getter]
    fn local(&self) -> Option<(String, u16)> {
        self.shared.local.map(|it| (it.ip().to_string(), it.port()))
    }

    /// Sends what is queued, then closes. Does not wait. With `linger`, the peer closes first, as with native TLS: bytes
    /// that arrive meanwhile do not reset the connection.
    #[pyo3(signature = (linger=false))]
    fn close(&self, linger: bool) -> PyResult<()> {
        {
            let mut state = self.shared.lock();
            state.lingers = linger;
            if std::mem::replace(&mut state.closing, true) {
                return Ok(());
            }
            let nothing_to_send = state.output.is_empty() && !state.flushing && !state.encrypted && !linger;
            if nothing_to_send && matches!(state.link, Link::Open(_)) {
                state.link = Link::Closed;
            }
        }
        self.shared.changed.notify_waiters();
        if matches!(self.shared.lock().link, Link::Closed) || self.check_process().is_err() {
            return Ok(());
        }
        let shared = self.shared.clone();
        // While the interpreter exits, the operating system closes it.
        if let Ok(runtime) = runtime::current() {
            runtime.handle().spawn(async move { shared.end().await });
        }
        Ok(())
    }

    /// Closes at once, with a reset, so that no server takes what was sent for a complete file.
    fn reset(&self) {
        {
            let mut state = self.shared.lock();
            (state.closing, state.is_reset) = (true, true);
            if let Link::Open(socket) = &state.link {
                socket.reset_on_close(true);
            }
            state.link = Link::Closed;
            state.output.clear();
        }
        self.shared.changed.notify_waiters();
    }

    /// Waits until the connection is closed.
    fn wait_closed(&self) -> PyResult<Job> {
        self.check_process()?;
        let shared = self.shared.clone();
        Ok(Job::new(async move {
            shared.until(|state| matches!(state.link, Link::Closed | Link::HandshakeFailed(_))).await;
            none()
        }))
    }
}

impl Connection {
    pub(crate) fn new(socket: BoxSocket) -> Self {
        let (peer, local) = (socket.peer_address(), socket.local_address());
        let state = ConnectionState {
            link: Link::Open(socket),
            input: BytesMut::new(),
            at_end: false,
            read_error: None,
            output: BytesMut::new(),
            flushing: false,
            write_error: None,
            closing: false,
            is_reset: false,
            encrypted: false,
            has_sent: false,
            lingers: false,
        };
        let shared = Shared {
            state: Mutex::new(state),
            filling: tokio::sync::Mutex::new(()),
            changed: Notify::new(),
            process: std::process::id(),
            peer,
            local,
        };
        Self { shared: Arc::new(shared) }
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        self.shared.clone()
    }

    fn check_process(&self) -> PyResult<()> {
        self.shared.check_process()
    }
}

impl Shared {
    pub(crate) fn check_process(&self) -> PyResult<()> {
        if self.process == std::process::id() {
            return Ok(());
        }
        Err(PyRuntimeError::new_err(
            "the connection belongs to the parent process; connect again after a fork",
        ))
    }

    fn lock(&self) -> MutexGuard<'_, ConnectionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a state.
    async fn until(&self, reached: impl Fn(&ConnectionState) -> bool) {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            if reached(&self.lock()) {
                return;
            }
            changed.await;
        }
    }

    pub(crate) async fn closed(&self) {
        self.until(|state| state.closing).await;
    }

    /// Lends the socket of an open connection on which nothing is sent or received.
    pub(crate) fn lend(&self) -> Option<BoxSocket> {
        let mut state = self.lock();
        if !state.is_idle() {
            return None;
        }
        match std::mem::replace(&mut state.link, Link::Lent) {
            Link::Open(socket) => Some(socket),
            other => {
                state.link = other;
                None
            }
        }
    }

    /// Takes the socket back; `None` if it was closed.
    pub(crate) fn take_back(&self, socket: Option<BoxSocket>) {
        {
            let mut state = self.lock();
            if matches!(state.link, Link::Lent) {
                state.link = match socket {
                    Some(socket) if !state.is_reset => Link::Open(socket),
                    _ => Link::Closed,
                };
            }
        }
        self.changed.notify_waiters();
    }

    /// Waits for the end of a handshake, or of a transfer of the library.
    async fn ready(&self) -> io::Result<()> {
        self.until(|state| !matches!(state.link, Link::Handshaking | Link::Lent)).await;
        match &self.lock().link {
            Link::HandshakeFailed(error) => Err(again(error)),
            _ => Ok(()),
        }
    }

    async fn fill(&self, beyond: usize) {
        if let Err(error) = self.ready().await {
            self.lock().read_error.get_or_insert(error);
            return;
        }
        let _turn = self.filling.lock().await;
        tokio::select! {
            () = poll_fn(|cx| self.lock().poll_fill(cx, beyond)) => {}
            () = self.closed() => self.lock().at_end = true,
        }
    }

    fn put(self: &Arc<Self>, bytes: &[u8]) -> PyResult<bool> {
        let runtime = runtime::current()?;
        let mut state = self.lock();
        if state.write_error.is_some() || state.closing {
            return Ok(false);
        }
        state.has_sent |= !bytes.is_empty();
        let mut rest = bytes;
        if !state.flushing && state.output.is_empty() {
            let _entered = runtime.handle().enter();
            // No task waits to write, so no other waker is replaced.
            let mut cx = Context::from_waker(Waker::noop());
            match state.poll_send(&mut cx, &mut rest) {
                Poll::Ready(Ok(())) => return Ok(true),
                Poll::Ready(Err(error)) => {
                    state.write_error = Some(error);
                    return Ok(false);
                }
                Poll::Pending => {}
            }
        }
        state.output.extend_from_slice(rest);
        if !std::mem::replace(&mut state.flushing, true) {
            let shared = self.clone();
            runtime.handle().spawn(async move { shared.flush().await });
        }
        Ok(state.output.len() < HIGH_WATER)
    }

    /// Sends the output until there is none.
    async fn flush(&self) {
        if let Err(error) = self.ready().await {
            let mut state = self.lock();
            (state.flushing, state.write_error) = (false, Some(error));
        } else {
            poll_fn(|cx| {
                let mut state = self.lock();
                let before = state.output.len();
                let polled = state.poll_flush_output(cx);
                if state.output.len() < LOW_WATER && before >= LOW_WATER {
                    self.changed.notify_waiters();
                }
                let sent = ready!(polled);
                state.flushing = false;
                if let Err(error) = sent {
                    state.output.clear();
                    state.write_error = Some(error);
                }
                Poll::Ready(())
            })
            .await;
        }
        self.changed.notify_waiters();
    }

    async fn drain(&self) -> io::Result<()> {
        self.until(|state| state.write_error.is_some() || state.output.len() < LOW_WATER).await;
        let state = self.lock();
        match &state.write_error {
            Some(error) => Err(again(error)),
            None if state.closing => Err(io::ErrorKind::ConnectionReset.into()),
            None => Ok(()),
        }
    }

    /// Sends what is queued, ends TLS, and closes.
    async fn end(&self) {
        let ended = async {
            self.until(|state| !state.flushing && !matches!(state.link, Link::Handshaking)).await;
            poll_fn(|cx| self.lock().poll_shutdown(cx)).await;
            // Closing a socket with unread bytes resets it, and the tickets of TLS 1.3 are such bytes: the server
            // could lose what was sent.
            poll_fn(|cx| self.lock().poll_discard(cx)).await;
        };
        let _ = tokio::time::timeout(CLOSE_WITHIN, ended).await;
        self.lock().link = Link::Closed;
        self.changed.notify_waiters();
    }
}

impl ConnectionState {
    fn is_idle(&self) -> bool {
        let is_empty = self.input.is_empty() && self.output.is_empty() && !self.flushing;
        let has_failed = self.read_error.is_some() || self.write_error.is_some();
        matches!(self.link, Link::Open(_)) && is_empty && !has_failed && !self.closing && !self.at_end
    }

    /// Returns what an empty input means.
    fn end<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        match &self.read_error {
            Some(error) if !self.closing => Err(socket_exception(py, again(error))),
            Some(_) => Ok(Some(PyBytes::new(py, b""))),
            None if self.at_end => Ok(Some(PyBytes::new(py, b""))),
            None => Ok(None),
        }
    }

    /// Returns the number of bytes that have arrived if more can, and they are fewer than so many.
    fn unfilled(&self, enough: usize) -> Option<usize> {
        let arrived = self.input.len();
        let is_over = self.at_end || self.read_error.is_some() || matches!(self.link, Link::Closed);
        (!is_over && arrived < enough).then_some(arrived)
    }

    /// Reads as much as the socket has, up to the limit of the read-ahead.
    fn poll_fill(&mut self, cx: &mut Context<'_>, beyond: usize) -> Poll<()> {
        let Self { link, input, at_end, read_error, .. } = self;
        loop {
            let Link::Open(socket) = link else {
                *at_end = true;
                return Poll::Ready(());
            };
            if *at_end || read_error.is_some() || input.len() >= READ_AHEAD.max(beyond + 1) {
                return Poll::Ready(());
            }
            input.reserve(READ_BLOCK);
            let mut block = (&mut *input).limit(READ_BLOCK);
            let polled = pin!(socket.read_buf(&mut block)).poll(cx);
            match polled {
                Poll::Ready(Ok(0)) => *at_end = true,
                Poll::Ready(Ok(_)) => {}
                // TLS without close_notify. As with asyncio, the reply on the control connection decides.
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => *at_end = true,
                Poll::Ready(Err(error)) => *read_error = Some(error),
                Poll::Pending if input.len() > beyond => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Sends bytes past the output, and advances them.
    fn poll_send(&mut self, cx: &mut Context<'_>, bytes: &mut &[u8]) -> Poll<io::Result<()>> {
        let socket = match &mut self.link {
            Link::Open(socket) => socket,
            Link::Handshaking | Link::Lent => return Poll::Pending,
            Link::HandshakeFailed(error) => return Poll::Ready(Err(again(error))),
            Link::Closed => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        };
        let mut socket = Pin::new(socket);
        while !bytes.is_empty() {
            let sent = ready!(socket.as_mut().poll_write(cx, bytes))?;
            *bytes = &bytes[sent..];
        }
        socket.poll_flush(cx)
    }

    fn poll_flush_output(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let output = std::mem::take(&mut self.output);
        let mut rest = &output[..];
        let polled = self.poll_send(cx, &mut rest);
        let sent = output.len() - rest.len();
        let mut output = output;
        output.advance_to(sent);
        self.output = output;
        polled
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.link {
            Link::Open(socket) => Pin::new(socket).poll_shutdown(cx).map(|_| ()),
            _ => Poll::Ready(()),
        }
    }

    /// Reads to the end of the stream, if bytes were sent encrypted.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !((self.encrypted || self.lingers) && self.has_sent) {
            return Poll::Ready(());
        }
        let Link::Open(socket) = &mut self.link else { return Poll::Ready(()) };
        let mut block = [0; 1024];
        loop {
            match ready!(pin!(socket.read(&mut block)).poll(cx)) {
                Ok(1..) => {}
                _ => return Poll::Ready(()),
            }
        }
    }
}

trait Advance {
    fn advance_to(&mut self, bytes: usize);
}

impl Advance for BytesMut {
    /// Forgets the first bytes; an empty buffer is used again from its start.
    fn advance_to(&mut self, bytes: usize) {
        if bytes == self.len() {
            self.clear();
        } else {
            bytes::Buf::advance(self, bytes);
        }
    }
}

/// Errors of sockets are reported by each operation after them.
fn again(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

fn none() -> Outcome {
    Box::new(|py| Ok(py.None()))
}

const READ_BLOCK: usize = 64 * 1024;
const READ_AHEAD: usize = 512 * 1024;
const HIGH_WATER: usize = 512 * 1024;
const LOW_WATER: usize = 256 * 1024;
/// Lines of a listing that cross at once, if they arrive within a moment.
const LINES: usize = 64 * 1024;
const MOMENT: Duration = Duration::from_millis(2);
const MAX_LINE: usize = 64 * 1024;

/// Shorter blocks are sent while other Python threads wait.
const DETACHED_FROM: usize = 32 * 1024;

const CLOSE_WITHIN: Duration = Duration::from_secs(10);

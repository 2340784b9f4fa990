"""Native connections as readers and writers, and TLS of an `ssl.SSLContext` over them."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from . import _oxftp
from ._tls import TlsConfig


class SSLSessionBoundContext(ssl.SSLContext):
    """An SSL context whose connections resume one session.

    It has the settings of ``context``: that is what makes its connections, with ``session``.
    """

    context: ssl.SSLContext
    session: ssl.SSLSession | None

    def __new__(
        cls, protocol: int, context: ssl.SSLContext, session: ssl.SSLSession | None
    ) -> SSLSessionBoundContext:
        bound = super().__new__(cls, protocol)
        bound.context, bound.session = context, session
        return bound

    def __init__(self, protocol: int, context: ssl.SSLContext, session: ssl.SSLSession | None) -> None:
        super().__init__()

    def _bound(self, session: ssl.SSLSession | None) -> ssl.SSLSession | None:
        """Returns the session of this context; its methods take no other one."""
        if session is not None:
            raise ValueError("this context has a session of its own: do not pass another one")
        return self.session

    def wrap_socket(
        self,
        sock: socket.socket,
        server_side: bool = False,
        do_handshake_on_connect: bool = True,
        suppress_ragged_eofs: bool = True,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLSocket:
        """Wraps a socket, with the session of this context."""
        resumed = self._bound(session)
        options: dict[str, Any] = {
            "do_handshake_on_connect": do_handshake_on_connect,
            "suppress_ragged_eofs": suppress_ragged_eofs,
        }
        return self.context.wrap_socket(
            sock, server_side, server_hostname=server_hostname, session=resumed, **options
        )

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """Wraps memory buffers, with the session of this context."""
        resumed = self._bound(session)
        return self.context.wrap_bio(
            incoming, outgoing, server_side, server_hostname=server_hostname, session=resumed
        )


class Link(Protocol):
    """What readers and writers need of a connection."""

    def take(self, count: int) -> bytes | None: ...
    def take_exactly(self, count: int) -> bytes | None: ...
    def take_line(self) -> bytes | None: ...
    def take_lines(self) -> bytes | None: ...
    def fill(self, beyond: int | None = None) -> Awaitable[None]: ...
    def fill_lines(self) -> Awaitable[None]: ...
    def put(self, data: bytes) -> bool: ...
    def drain(self) -> Awaitable[None]: ...
    def handshake(self) -> Awaitable[None]: ...
    @property
    def is_closing(self) -> bool: ...
    @property
    def peer(self) -> tuple[str, int] | None: ...
    @property
    def local(self) -> tuple[str, int] | None: ...
    def close(self, linger: bool = False) -> None: ...
    def reset(self) -> None: ...
    def wait_closed(self) -> Awaitable[None]: ...


class SslLink:
    """TLS of an `ssl.SSLContext` over a native connection."""

    def __init__(self, connection: Link, context: ssl.SSLContext, host: str | None) -> None:
        self._connection = connection
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.ssl_object = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._handshake: asyncio.Task[None] = asyncio.ensure_future(self._do_handshake())
        self._input = bytearray()
        self._at_end = False
        self._unsent: list[bytes] = []

    async def _do_handshake(self) -> None:
        while True:
            try:
                self.ssl_object.do_handshake()
                self._flush()
                break
            except ssl.SSLWantReadError:
                self._flush()
                if not await self._receive():
                    raise ConnectionResetError("the server closed the connection in the TLS handshake") from None
            except ssl.SSLError:
                self._flush()
                raise
        for data in self._unsent:
            self._encrypt(data)
        self._unsent.clear()
        self._flush()

    def _encrypt(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            # A call writes one record at most.
            rest = rest[self.ssl_object.write(rest) :]

    def _flush(self) -> bool:
        data = self._outgoing.read()
        return self._connection.put(data) if data else True

    async def _receive(self) -> bool:
        """Hands received bytes to TLS; returns whether there were any."""
        while (data := self._connection.take(65536)) is None:
            await self._connection.fill()
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
        return bool(data)

    async def handshake(self) -> None:
        await asyncio.shield(self._handshake)

    def _decrypt(self) -> None:
        while not self._at_end:
            try:
                data = self.ssl_object.read(65536)
            except ssl.SSLWantReadError:
                break
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                data = b""
            if data:
                self._input += data
            else:
                self._at_end = True
        self._flush()

    async def fill(self, beyond: int | None = None) -> None:
        await self.handshake()
        if beyond is None:
            beyond = len(self._input)
        while len(self._input) <= beyond and not self._at_end:
            self._decrypt()
            if len(self._input) > beyond or self._at_end:
                return
            if not await self._receive():
                self._decrypt()
                self._at_end = True

    def fill_lines(self) -> Awaitable[None]:
        return self.fill()

    def _cut(self, count: int) -> bytes:
        data = bytes(self._input[:count])
        del self._input[:count]
        return data

    def take(self, count: int) -> bytes | None:
        return self._cut(count) if self._input or self._at_end else None

    def take_exactly(self, count: int) -> bytes | None:
        return self._cut(count) if len(self._input) >= count or self._at_end else None

    def take_line(self) -> bytes | None:
        end = self._input.find(b"\n")
        if end >= 0:
            return self._cut(end + 1)
        return self._cut(len(self._input)) if self._at_end else None

    def take_lines(self) -> bytes | None:
        end = self._input.rfind(b"\n")
        if end >= 0:
            return self._cut(end + 1)
        return self._cut(len(self._input)) if self._at_end else None

    def put(self, data: bytes) -> bool:
        if not self._handshake.done():
            self._unsent.append(bytes(data))
            return len(self._unsent) < 16
        if self._handshake.cancelled() or self._handshake.exception() is not None:
            return False
        self._encrypt(data)
        return self._flush()

    async def drain(self) -> None:
        await self.handshake()
        await self._connection.drain()

    @property
    def is_closing(self) -> bool:
        return self._connection.is_closing

    @property
    def peer(self) -> tuple[str, int] | None:
        return self._connection.peer

    @property
    def local(self) -> tuple[str, int] | None:
        return self._connection.local

    def close(self, linger: bool = False) -> None:
        if not self._handshake.done():
            if self._unsent:
                self._handshake.add_done_callback(lambda _: self._close())
                return
            self._handshake.cancel()
        self._close()

    def _close(self) -> None:
        try:
            self.ssl_object.unwrap()
        except (ssl.SSLError, ValueError):
            pass
        self._flush()
        # Tickets of TLS 1.3 that were not read would reset the connection.
        self._connection.close(True)

    def reset(self) -> None:
        self._handshake.cancel()
        self._connection.reset()

    def wait_closed(self) -> Awaitable[None]:
        return self._connection.wait_closed()


class Transport:
    """Extra information about a connection, as the transports of asyncio have it."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Returns ``peername``, ``sockname`` or ``ssl_object``; the default for any other name."""
        if name == "peername":
            return self._link.peer or default
        if name == "sockname":
            return self._link.local or default
        if name in ("ssl_object", "sslcontext") and isinstance(self._link, SslLink):
            ssl_object = self._link.ssl_object
            return ssl_object if name == "ssl_object" else ssl_object.context
        return default

    def is_closing(self) -> bool:
        """Returns whether the connection is closed, or being closed."""
        return self._link.is_closing

    def close(self) -> None:
        """Closes the connection, after what is unsent."""
        self._link.close()

    def abort(self) -> None:
        """Closes the connection at once."""
        self._link.reset()


class StreamReader:
    """Reads a connection, with the methods of :class:`asyncio.StreamReader`."""

    def __init__(self, link: Link) -> None:
        self._set(link)
        self._at_end = False

    def _set(self, link: Link) -> None:
        self._link = link
        self.take: Callable[[int], bytes | None] = link.take

    async def read(self, n: int = -1) -> bytes:
        """Reads up to ``n`` bytes; -1 reads to the end of the stream."""
        if n == 0:
            return b""
        if n < 0:
            blocks = []
            while block := await self.read(1 << 20):
                blocks.append(block)
            return b"".join(blocks)
        link = self._link
        while (data := link.take(n)) is None:
            await link.fill()
        self._at_end = not data
        return data

    async def readline(self) -> bytes:
        """Reads a line with its end; ``b""`` at the end of the stream."""
        while (line := self._link.take_line()) is None:
            await self._link.fill()
        return line

    async def readlines(self) -> bytes:
        """Reads all complete lines that have arrived, at least one; ``b""`` at the end of the stream."""
        while (lines := self._link.take_lines()) is None:
            await self._link.fill_lines()
        return lines

    async def readexactly(self, n: int) -> bytes:
        """Reads ``n`` bytes. Raises :class:`asyncio.IncompleteReadError` at the end of the stream."""
        if n < 0:
            raise ValueError("readexactly size can not be less than zero")
        if n == 0:
            return b""
        while (data := self._link.take_exactly(n)) is None:
            await self._link.fill(n - 1)
        if len(data) < n:
            raise asyncio.IncompleteReadError(data, n)
        return data

    async def readuntil(self, separator: bytes = b"\n") -> bytes:
        """Reads up to a separator, and with it."""
        data = b""
        while not data.endswith(separator):
            byte = await self.read(1)
            if not byte:
                raise asyncio.IncompleteReadError(data, None)
            data += byte
        return data

    def at_eof(self) -> bool:
        """Returns whether everything was read."""
        return self._at_end


class StreamWriter:
    """Writes a connection, with the methods of :class:`asyncio.StreamWriter`."""

    def __init__(self, link: Link, reader: StreamReader) -> None:
        self._reader = reader
        self._set(link)
        #: The TLS sessions of a control connection whose TLS is native.
        self.tls_session: _oxftp.TlsSession | None = None
        #: A context that only has the defaults of Python; TLS is native then.
        self.system_context: object = None

    def _set(self, link: Link) -> None:
        self._link = link
        self.put: Callable[[bytes], bool] = link.put
        self.transport: Transport = Transport(link)

    def write(self, data: bytes) -> None:
        """Queues bytes. Errors are raised by :meth:`drain`."""
        self._link.put(data)

    def writelines(self, data: Any) -> None:
        """Queues several blocks of bytes."""
        self._link.put(b"".join(data))

    async def drain(self) -> None:
        """Waits while many bytes are unsent."""
        await self._link.drain()

    def close(self) -> None:
        """Closes the connection, after what is unsent."""
        self._link.close()

    def is_closing(self) -> bool:
        """Returns whether the connection is closed, or being closed."""
        return self._link.is_closing

    async def wait_closed(self) -> None:
        """Waits until the connection is closed."""
        await self._link.wait_closed()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Returns ``peername``, ``sockname`` or ``ssl_object``; the default for any other name."""
        return self.transport.get_extra_info(name, default)

    async def start_tls(
        self,
        sslcontext: ssl.SSLContext | TlsConfig,
        *,
        server_hostname: str | None = None,
        ssl_handshake_timeout: float | None = None,
    ) -> None:
        """Starts TLS: native with a :class:`TlsConfig`, that of Python with an :class:`ssl.SSLContext`."""
        link = self._link
        if isinstance(sslcontext, TlsConfig) or sslcontext is self.system_context:
            if not isinstance(link, _oxftp.Connection):
                raise RuntimeError("TLS was started already")
            config = sslcontext if isinstance(sslcontext, TlsConfig) else TlsConfig()
            self.tls_session = _oxftp.TlsSession(config.native, server_hostname or "")
            link.begin_tls(self.tls_session, False)
        else:
            link = SslLink(link, sslcontext, server_hostname)
        await asyncio.wait_for(_awaited(link.handshake()), ssl_handshake_timeout)
        self._reader._set(link)
        self._set(link)


async def _awaited(it: Awaitable[None]) -> None:
    await it


def pair(link: Link) -> tuple[StreamReader, StreamWriter]:
    """Creates the reader and the writer of a connection."""
    reader = StreamReader(link)
    return reader, StreamWriter(link, reader)

"""Streams, throttles, reply codes, and helpers for asynchronous iterators and context managers."""

from __future__ import annotations

import abc
import asyncio
import collections
import functools
import locale
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterable
from contextlib import contextmanager
from typing import Any, Generic, ParamSpec, Protocol, Self, TypeVar, overload

from . import _transport
from ._transport import StreamReader, StreamWriter

__all__ = (
    "with_timeout",
    "StreamIO",
    "Throttle",
    "StreamThrottle",
    "ThrottleStreamIO",
    "END_OF_LINE",
    "DEFAULT_BLOCK_SIZE",
    "wrap_with_container",
    "AsyncStreamIterator",
    "AbstractAsyncLister",
    "AsyncListerMixin",
    "async_enterable",
    "DEFAULT_PORT",
    "DEFAULT_USER",
    "DEFAULT_PASSWORD",
    "DEFAULT_ACCOUNT",
    "setlocale",
    "SSLSessionBoundContext",
    "Code",
    "wrap_into_codes",
)

END_OF_LINE = "\r\n"
DEFAULT_BLOCK_SIZE = 8192

DEFAULT_PORT = 21
DEFAULT_USER = "anonymous"
DEFAULT_PASSWORD = "anon@"
DEFAULT_ACCOUNT = ""
HALF_OF_YEAR_IN_SECONDS = 15778476
TWO_YEARS_IN_SECONDS = ((365 * 3 + 366) * 24 * 60 * 60) / 2

SSLSessionBoundContext = _transport.SSLSessionBoundContext

_P = ParamSpec("_P")
_R = TypeVar("_R")
_T = TypeVar("_T")
_AsyncMethod = Callable[_P, Awaitable[_R]]
_CoroutineMethod = Callable[_P, Coroutine[Any, Any, _R]]


@overload
def with_timeout(name: str) -> Callable[[_AsyncMethod[_P, _R]], _CoroutineMethod[_P, _R]]: ...
@overload
def with_timeout(name: _AsyncMethod[_P, _R]) -> _CoroutineMethod[_P, _R]: ...
def with_timeout(
    name: str | _AsyncMethod[_P, _R],
) -> Callable[[_AsyncMethod[_P, _R]], _CoroutineMethod[_P, _R]] | _CoroutineMethod[_P, _R]:
    """Decorates a method so that it is awaited with the timeout of an attribute, ``timeout`` by default.

    ``@with_timeout`` uses ``self.timeout``, ``@with_timeout("read_timeout")`` uses ``self.read_timeout``.
    Raises :class:`TimeoutError`.
    """
    attribute = name if isinstance(name, str) else "timeout"

    def decorate(method: _AsyncMethod[_P, _R]) -> _CoroutineMethod[_P, _R]:
        @functools.wraps(method)
        async def limited(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            timeout: float | None = getattr(args[0], attribute)
            if timeout is None:
                return await method(*args, **kwargs)
            return await asyncio.wait_for(method(*args, **kwargs), timeout)

        return limited

    return decorate if isinstance(name, str) else decorate(name)


class AsyncStreamIterator:
    """Iterates over what a coroutine function returns, until that is empty."""

    def __init__(self, read_coro: Callable[[], Awaitable[bytes]]) -> None:
        self.read_coro = read_coro

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        data = await self.read_coro()
        if data:
            return data
        raise StopAsyncIteration


class AsyncListerMixin(abc.ABC, Generic[_T]):
    """An asynchronous iterator that gives the list of all its items when it is awaited."""

    async def _to_list(self) -> list[_T]:
        return [item async for item in self]

    def __await__(self) -> Generator[Any, None, list[_T]]:
        return self._to_list().__await__()

    @abc.abstractmethod
    def __aiter__(self) -> AsyncIterator[_T]:
        """Returns the iterator."""


class AbstractAsyncLister(AsyncListerMixin[_T], abc.ABC):
    """An asynchronous iterator with a timeout for each item.

    Subclasses implement ``__anext__``, decorated with :func:`with_timeout`.
    """

    def __init__(self, *, timeout: float | None = None) -> None:
        super().__init__()
        self.timeout = timeout

    def __aiter__(self) -> Self:
        return self

    @abc.abstractmethod
    async def __anext__(self) -> _T:
        """Returns the next item."""


class AsyncContextManager(Protocol):
    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *args: Any) -> None: ...


_Context = TypeVar("_Context", bound=AsyncContextManager)
_Context_co = TypeVar("_Context_co", bound=AsyncContextManager, covariant=True)


class AsyncEnterableInstanceProtocol(Protocol[_Context_co]):
    """What :func:`async_enterable` returns: to be awaited, or entered with ``async with``."""

    async def __aenter__(self) -> _Context_co: ...
    async def __aexit__(self, *args: Any, **kwargs: Any) -> None: ...
    def __await__(self) -> Generator[Any, None, _Context_co]: ...


class _AsyncEnterable(Generic[_Context]):
    __slots__ = ("context", "open")

    context: _Context

    def __init__(self, open: Callable[[], Awaitable[_Context]]) -> None:
        self.open = open

    async def __aenter__(self) -> _Context:
        self.context = await self.open()
        return await self.context.__aenter__()

    async def __aexit__(self, *args: Any, **kwargs: Any) -> None:
        await self.context.__aexit__(*args, **kwargs)

    def __await__(self) -> Generator[Any, None, _Context]:
        return self.open().__await__()


def async_enterable(
    f: Callable[_P, Awaitable[_Context]],
) -> Callable[_P, AsyncEnterableInstanceProtocol[_Context]]:
    """Decorates a coroutine function that returns an asynchronous context manager.

    Its result can be awaited, and entered directly: ``async with f() as context``.
    """

    @functools.wraps(f)
    def wrapper(*args: _P.args, **kwargs: _P.kwargs) -> AsyncEnterableInstanceProtocol[_Context]:
        return _AsyncEnterable(lambda: f(*args, **kwargs))

    return wrapper


class Code(str):
    """The code of a reply."""

    def matches(self, mask: str) -> bool:
        """Compares with a mask, such as ``"2xx"``: what is no digit in the mask matches anything.

        Only as many characters as the shorter one has are compared.
        """
        return all(not expected.isdigit() or expected == actual for expected, actual in zip(mask, self))


_S = TypeVar("_S", bound=str)


@overload
def wrap_with_container(o: _S) -> tuple[_S]: ...
@overload
def wrap_with_container(o: _T) -> _T: ...
def wrap_with_container(o: Any) -> Any:
    """Returns a tuple with the string, or anything else as it is."""
    return (o,) if isinstance(o, str) else o


def wrap_into_codes(o: Iterable[str]) -> tuple[Code, ...]:
    """Returns the strings as codes."""
    return tuple(item if isinstance(item, Code) else Code(item) for item in o)


class StreamIO:
    """Reads and writes a connection, with timeouts for each operation.

    ``read_timeout`` and ``write_timeout`` default to ``timeout``; ``None`` is no timeout.
    """

    def __init__(
        self,
        reader: StreamReader | asyncio.StreamReader,
        writer: StreamWriter | asyncio.StreamWriter,
        *,
        timeout: float | None = None,
        read_timeout: float | None = None,
        write_timeout: float | None = None,
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.read_timeout = read_timeout or timeout
        self.write_timeout = write_timeout or timeout

    @with_timeout("read_timeout")
    async def readline(self) -> bytes:
        """Reads a line with its end; ``b""`` at the end of the stream."""
        return await self.reader.readline()

    @with_timeout("read_timeout")
    async def read(self, count: int = -1) -> bytes:
        """Reads up to ``count`` bytes; -1 reads to the end of the stream."""
        return await self.reader.read(count)

    @with_timeout("read_timeout")
    async def readexactly(self, count: int) -> bytes:
        """Reads ``count`` bytes. Raises :class:`asyncio.IncompleteReadError` at the end of the stream."""
        return await self.reader.readexactly(count)

    @with_timeout("write_timeout")
    async def write(self, data: bytes) -> None:
        """Writes bytes, and waits while many are unsent."""
        self.writer.write(data)
        await self.writer.drain()

    def close(self) -> None:
        """Closes the connection, after what is unsent."""
        self.writer.close()

    async def start_tls(self, sslcontext: ssl.SSLContext, server_hostname: str | None) -> None:
        """Starts TLS on the connection."""
        await self.writer.start_tls(
            sslcontext,
            server_hostname=server_hostname,
            ssl_handshake_timeout=self.write_timeout,
        )


class Throttle:
    """Limits a rate. ``limit`` is in bytes per second; ``None`` is no limit.

    After ``reset_rate`` seconds, what was counted is rounded.
    """

    def __init__(self, *, limit: float | None = None, reset_rate: float = 10) -> None:
        self._limit = limit
        self.reset_rate = reset_rate
        self._start: float | None = None
        self._sum = 0

    async def wait(self) -> None:
        """Waits until the next operation is due."""
        if self._limit is not None and self._limit > 0 and self._start is not None:
            due = self._start + self._sum / self._limit
            await asyncio.sleep(max(0, due - asyncio.get_running_loop().time()))

    def append(self, data: bytes, start: float) -> None:
        """Counts the bytes of an operation that began at ``start``, in the time of the event loop."""
        if self._limit is None or self._limit <= 0:
            return
        if self._start is None:
            self._start = start
        elapsed = start - self._start
        if elapsed > self.reset_rate:
            self._sum -= round(elapsed * self._limit)
            self._start = start
        self._sum += len(data)

    @property
    def limit(self) -> float | None:
        """The limit in bytes per second. Setting it forgets what was counted."""
        return self._limit

    @limit.setter
    def limit(self, value: float | None) -> None:
        self._limit = value
        self._start = None
        self._sum = 0

    def clone(self) -> Throttle:
        """Returns a throttle with the same limit, which has counted nothing."""
        return Throttle(limit=self._limit, reset_rate=self.reset_rate)

    def __repr__(self) -> str:
        return f"{self.__class__.__name__}(limit={self._limit!r}, reset_rate={self.reset_rate!r})"


class StreamThrottle(collections.namedtuple("StreamThrottle", "read write")):
    """The throttles of both directions, ``read`` and ``write``."""

    read: Throttle
    write: Throttle

    def clone(self) -> StreamThrottle:
        """Returns throttles with the same limits, which have counted nothing."""
        return StreamThrottle(read=self.read.clone(), write=self.write.clone())

    @classmethod
    def from_limits(
        cls,
        read_speed_limit: float | None = None,
        write_speed_limit: float | None = None,
    ) -> StreamThrottle:
        """Creates both throttles from limits in bytes per second; ``None`` is no limit."""
        return cls(read=Throttle(limit=read_speed_limit), write=Throttle(limit=write_speed_limit))


class ThrottleStreamIO(StreamIO):
    """A :class:`StreamIO` whose operations wait for each of ``throttles`` that has a limit."""

    def __init__(
        self,
        reader: StreamReader | asyncio.StreamReader,
        writer: StreamWriter | asyncio.StreamWriter,
        throttles: dict[str, StreamThrottle] | None = None,
        *,
        timeout: float | None = None,
        read_timeout: float | None = None,
        write_timeout: float | None = None,
    ) -> None:
        super().__init__(
            reader, writer, timeout=timeout, read_timeout=read_timeout, write_timeout=write_timeout
        )
        self.throttles = {} if throttles is None else throttles

    async def wait(self, name: str) -> None:
        """Waits for the throttles of a direction, ``"read"`` or ``"write"``."""
        limited = [it for it in (getattr(both, name) for both in self.throttles.values()) if it.limit]
        if limited:
            await asyncio.gather(*(it.wait() for it in limited))

    def append(self, name: str, data: bytes, start: float) -> None:
        """Counts the bytes of an operation in the throttles of a direction."""
        for both in self.throttles.values():
            getattr(both, name).append(data, start)

    def _is_limited(self, name: str) -> bool:
        for both in self.throttles.values():
            if getattr(both, name)._limit:
                return True
        return False

    async def read(self, count: int = -1) -> bytes:
        """Reads up to ``count`` bytes; -1 reads to the end of the stream."""
        if not self._is_limited("read"):
            reader = self.reader
            if count > 0 and type(reader) is StreamReader:
                # What has arrived already needs neither a timeout nor a turn of the event loop.
                block = reader.take(count)
                if block is not None:
                    return block
            return await super().read(count)
        await self.wait("read")
        start = asyncio.get_running_loop().time()
        data = await super().read(count)
        self.append("read", data, start)
        return data

    async def readline(self) -> bytes:
        """Reads a line with its end; ``b""`` at the end of the stream."""
        if not self._is_limited("read"):
            return await super().readline()
        await self.wait("read")
        start = asyncio.get_running_loop().time()
        data = await super().readline()
        self.append("read", data, start)
        return data

    async def write(self, data: bytes) -> None:
        """Writes bytes, and waits while many are unsent."""
        if not self._is_limited("write"):
            writer = self.writer
            if type(writer) is StreamWriter:
                if writer.put(data):
                    return
                await self._drain(writer)
                return
            await super().write(data)
            return
        await self.wait("write")
        start = asyncio.get_running_loop().time()
        await super().write(data)
        self.append("write", data, start)

    async def _drain(self, writer: StreamWriter) -> None:
        if self.write_timeout is None:
            await writer.drain()
        else:
            await asyncio.wait_for(writer.drain(), self.write_timeout)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *args: Any) -> None:
        self.close()

    def iter_by_line(self) -> AsyncStreamIterator:
        """Iterates over the lines."""
        return AsyncStreamIterator(self.readline)

    def iter_by_block(self, count: int = DEFAULT_BLOCK_SIZE) -> AsyncStreamIterator:
        """Iterates over blocks of up to ``count`` bytes."""
        return AsyncStreamIterator(lambda: self.read(count))


LOCALE_LOCK = threading.Lock()


@contextmanager
def setlocale(name: str) -> Generator[str, None, None]:
    """Sets the locale of the process within a ``with`` block, under a lock."""
    with LOCALE_LOCK:
        before = locale.setlocale(locale.LC_ALL)
        try:
            yield locale.setlocale(locale.LC_ALL, name)
        finally:
            locale.setlocale(locale.LC_ALL, before)

"""Streams, throttles, reply codes, and helpers for asynchronous iterators and context managers."""

from __future__ import annotations

import abc
import asyncio
import functools
import locale
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterable
from contextlib import contextmanager
from typing import Any, Generic, NamedTuple, ParamSpec, Protocol, Self, TypeVar, overload

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

SSLSessionBoundContext = _transport.SSLSessionBoundContext

_P = ParamSpec("_P")
_R = TypeVar("_R")
_T = TypeVar("_T")
_AsyncMethod = Callable[_P, Awaitable[_R]]
_CoroutineMethod = Callable[_P, Coroutine[Any, Any, _R]]


async def within(seconds: float | None, awaitable: Awaitable[_T]) -> _T:
    """Awaits something for so many seconds, or for ever if they are ``None``. Raises :class:`TimeoutError`."""
    if seconds is None:
        return await awaitable
    return await asyncio.wait_for(awaitable, seconds)


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
            return await within(getattr(args[0], attribute), method(*args, **kwargs))

        return limited

    return decorate if isinstance(name, str) else decorate(name)


class AsyncStreamIterator:
    """Iterates over what a coroutine function returns, until that is empty."""

    def __init__(self, read_coro: Callable[[], Awaitable[bytes]]) -> None:
        self._read_next = read_coro

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        block = await self._read_next()
        if not block:
            raise StopAsyncIteration
        return block


class AsyncListerMixin(abc.ABC, Generic[_T]):
    """An asynchronous iterator. Awaiting it returns the list of all its items."""

    async def _to_list(self) -> list[_T]:
        return [item async for item in self]

    def __await__(self) -> Generator[Any, None, list[_T]]:
        collecting = self._to_list()
        return collecting.__await__()

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
    """A call that is made when it is awaited or entered."""

    __slots__ = ("_call", "_entered")

    def __init__(self, call: Callable[[], Awaitable[_Context]]) -> None:
        self._call = call
        self._entered: _Context | None = None

    def __await__(self) -> Generator[Any, None, _Context]:
        return self._call().__await__()

    async def __aenter__(self) -> _Context:
        it = self._entered = await self._call()
        return await it.__aenter__()

    async def __aexit__(self, *reason: Any, **kwargs: Any) -> None:
        if self._entered is not None:
            await self._entered.__aexit__(*reason, **kwargs)


def async_enterable(
    f: Callable[_P, Awaitable[_Context]],
) -> Callable[_P, AsyncEnterableInstanceProtocol[_Context]]:
    """Decorates a coroutine function that returns an asynchronous context manager.

    Its result can be awaited, and entered directly: ``async with f() as context``.
    """

    @functools.wraps(f)
    def wrapper(*args: _P.args, **kwargs: _P.kwargs) -> AsyncEnterableInstanceProtocol[_Context]:
        return _AsyncEnterable(functools.partial(f, *args, **kwargs))

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
        self.reader: StreamReader | asyncio.StreamReader = reader
        self.writer: StreamWriter | asyncio.StreamWriter = writer
        self.read_timeout: float | None = read_timeout or timeout
        self.write_timeout: float | None = write_timeout or timeout

    async def readline(self) -> bytes:
        """Reads a line with its end; ``b""`` at the end of the stream."""
        return await within(self.read_timeout, self.reader.readline())

    async def read(self, count: int = -1) -> bytes:
        """Reads up to ``count`` bytes; -1 reads to the end of the stream."""
        return await within(self.read_timeout, self.reader.read(count))

    async def readexactly(self, count: int) -> bytes:
        """Reads ``count`` bytes. Raises :class:`asyncio.IncompleteReadError` at the end of the stream."""
        return await within(self.read_timeout, self.reader.readexactly(count))

    async def write(self, data: bytes) -> None:
        """Writes bytes, and waits while many are unsent."""
        self.writer.write(data)
        await within(self.write_timeout, self.writer.drain())

    def close(self) -> None:
        """Closes the connection, after what is unsent."""
        self.writer.close()

    async def start_tls(self, sslcontext: ssl.SSLContext, server_hostname: str | None) -> None:
        """Starts TLS on the connection."""
        seconds = self.write_timeout
        await self.writer.start_tls(
            sslcontext, server_hostname=server_hostname, ssl_handshake_timeout=seconds
        )


class Throttle:
    """Limits a rate. ``limit`` is in bytes per second; ``None`` or 0 is no limit.

    Bytes are counted from the first operation on, and the next one is due when the limit would have allowed for them.
    When more than ``reset_rate`` seconds have been counted, the bytes that they allowed for are forgotten.
    """

    def __init__(self, *, limit: float | None = None, reset_rate: float = 10) -> None:
        self.reset_rate: float = reset_rate
        self.limit = limit

    @property
    def limit(self) -> float | None:
        """The limit in bytes per second. Setting it forgets what was counted."""
        return self._limit

    @limit.setter
    def limit(self, value: float | None) -> None:
        self._limit = value
        self._sum = 0
        #: Since when bytes are counted.
        self._start: float | None = None

    async def wait(self) -> None:
        """Waits until the next operation is due."""
        limit = self._limit or 0
        if limit <= 0 or self._start is None:
            return
        passed = asyncio.get_running_loop().time() - self._start
        await asyncio.sleep(max(0.0, self._sum / limit - passed))

    def append(self, data: bytes, start: float) -> None:
        """Counts the bytes of an operation that began at ``start``, in the time of the event loop."""
        limit = self._limit or 0
        if limit <= 0:
            return
        since = start if self._start is None else self._start
        if start - since > self.reset_rate:
            self._sum -= round((start - since) * limit)
            since = start
        self._start = since
        self._sum += len(data)

    def clone(self) -> Throttle:
        """Returns a throttle with the same limit, which has counted nothing."""
        return type(self)(limit=self.limit, reset_rate=self.reset_rate)

    def __repr__(self) -> str:
        rate = "no limit" if self.limit is None else f"{self.limit} bytes/s"
        return f"<{type(self).__name__}: {rate}, reset after {self.reset_rate} s>"


class StreamThrottle(NamedTuple):
    """The throttles of both directions."""

    read: Throttle
    write: Throttle

    def clone(self) -> StreamThrottle:
        """Returns throttles with the same limits, which have counted nothing."""
        return StreamThrottle(*(throttle.clone() for throttle in self))

    @classmethod
    def from_limits(
        cls,
        read_speed_limit: float | None = None,
        write_speed_limit: float | None = None,
    ) -> StreamThrottle:
        """Creates both throttles from limits in bytes per second; ``None`` is no limit."""
        return cls(*(Throttle(limit=limit) for limit in (read_speed_limit, write_speed_limit)))


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
        self.throttles: dict[str, StreamThrottle] = {} if throttles is None else throttles

    def _of(self, direction: str) -> list[Throttle]:
        """Returns the throttles of a direction that have a limit."""
        found: list[Throttle] = []
        for both in self.throttles.values():
            throttle: Throttle = getattr(both, direction)
            if throttle.limit:
                found.append(throttle)
        return found

    def _is_limited(self, direction: str) -> bool:
        return bool(self._of(direction))

    async def wait(self, name: str) -> None:
        """Waits for the throttles of a direction, ``"read"`` or ``"write"``."""
        # The last one that is due decides; those before it are due by then.
        for throttle in self._of(name):
            await throttle.wait()

    def append(self, name: str, data: bytes, start: float) -> None:
        """Counts the bytes of an operation in the throttles of a direction."""
        for throttle in self._of(name):
            throttle.append(data, start)

    async def _read_limited(self, read: Callable[[], Awaitable[bytes]]) -> bytes:
        """Calls a function that reads, at the rate of the throttles."""
        await self.wait("read")
        begun = asyncio.get_running_loop().time()
        received = await read()
        self.append("read", received, begun)
        return received

    async def read(self, count: int = -1) -> bytes:
        """Reads up to ``count`` bytes; -1 reads to the end of the stream."""
        if self._is_limited("read"):
            return await self._read_limited(functools.partial(super().read, count))
        reader = self.reader
        if count > 0 and type(reader) is StreamReader:
            # What has arrived already needs neither a timeout nor a turn of the event loop.
            block = reader.take(count)
            if block is not None:
                return block
        return await super().read(count)

    async def readline(self) -> bytes:
        """Reads a line with its end; ``b""`` at the end of the stream."""
        if self._is_limited("read"):
            return await self._read_limited(super().readline)
        return await super().readline()

    async def write(self, data: bytes) -> None:
        """Writes bytes, and waits while many are unsent."""
        if self._is_limited("write"):
            await self.wait("write")
            begun = asyncio.get_running_loop().time()
            await super().write(data)
            self.append("write", data, begun)
            return
        writer = self.writer
        if type(writer) is not StreamWriter:
            await super().write(data)
        elif not writer.put(data):
            await within(self.write_timeout, writer.drain())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *args: Any) -> None:
        self.close()

    def iter_by_line(self) -> AsyncStreamIterator:
        """Iterates over the lines."""
        return AsyncStreamIterator(read_coro=self.readline)

    def iter_by_block(self, count: int = DEFAULT_BLOCK_SIZE) -> AsyncStreamIterator:
        """Iterates over blocks of up to ``count`` bytes."""
        return AsyncStreamIterator(functools.partial(self.read, count))


_locale_lock = threading.Lock()


@contextmanager
def setlocale(name: str) -> Generator[str, None, None]:
    """Sets the locale of the process within a ``with`` block, under a lock."""
    with _locale_lock:
        before = locale.setlocale(locale.LC_ALL)
        try:
            changed = locale.setlocale(locale.LC_ALL, name)
            yield changed
        finally:
            locale.setlocale(locale.LC_ALL, before)

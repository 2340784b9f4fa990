"""The client: one session on one server, with the API of aioftp."""

from __future__ import annotations

import asyncio
import calendar
import collections
import contextlib
import contextvars
import logging
import re
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal, NotRequired, Protocol, Self, TypedDict

from . import _oxftp, errors, pathio
from ._pool import Progress, Proxy, Report, Verify
from ._session import NativeSession, functions_named, functions_of, overridden
from ._tls import TlsConfig
from ._transport import Link, SslLink, SSLSessionBoundContext, StreamReader, StreamWriter, pair
from .common import (
    DEFAULT_ACCOUNT,
    DEFAULT_BLOCK_SIZE,
    DEFAULT_PASSWORD,
    DEFAULT_PORT,
    DEFAULT_USER,
    END_OF_LINE,
    AbstractAsyncLister,
    AsyncEnterableInstanceProtocol,
    Code,
    StreamThrottle,
    ThrottleStreamIO,
    async_enterable,
    setlocale,
    within,
    wrap_into_codes,
    wrap_with_container,
)

if TYPE_CHECKING:

    class SocksException(Exception): ...
else:
    try:
        from siosocks.exceptions import SocksException
    except ImportError:

        class SocksException(Exception):
            """A SOCKS proxy failed."""


__all__ = (
    "BaseClient",
    "BasicListInfo",
    "Client",
    "DataConnectionThrottleStreamIO",
    "ListInfo",
    "UnixListInfo",
)
logger: logging.Logger = logging.getLogger(__name__)


class _SocksError(errors.ProxyError, SocksException):
    """A SOCKS proxy failed."""


class DataConnectionThrottleStreamIO(ThrottleStreamIO):
    """The stream of one transfer."""

    def __init__(
        self,
        client: BaseClient,
        reader: StreamReader | asyncio.StreamReader,
        writer: StreamWriter | asyncio.StreamWriter,
        throttles: dict[str, StreamThrottle] | None = None,
        *,
        timeout: float | None = None,
        read_timeout: float | None = None,
        write_timeout: float | None = None,
    ) -> None:
        super().__init__(
            reader, writer, throttles, timeout=timeout, read_timeout=read_timeout, write_timeout=write_timeout
        )
        self.client = client
        #: Whether the server owes the final reply of the transfer.
        self._is_outstanding = False

    def close(self) -> None:
        """Closes the connection. The final reply is read before the next command, unless :meth:`finish` reads it."""
        super().close()
        self.client._ended(self)

    async def finish(
        self,
        expected_codes: str | tuple[str, ...] = "2xx",
        wait_codes: str | tuple[str, ...] = "1xx",
    ) -> None:
        """Closes the connection and reads the final reply: skips ``wait_codes``, expects ``expected_codes``."""
        # No other task comes between: nothing is awaited until this one has the turn again.
        self.close()
        await self.client.command(expected_codes=expected_codes, wait_codes=wait_codes)

    async def __aexit__(self, exc_type: Any = None, exc: BaseException | None = None, tb: Any = None) -> None:
        if exc is None:
            await self.finish()
        else:
            # The server must not take a part of a file for the whole.
            self._drop()

    def _drop(self) -> None:
        """Resets the connection."""
        self.writer.transport.abort()
        self.client._ended(self)


class _Turn:
    """Lets one task at a time use a session.

    A transfer keeps the turn until it is finished. Commands of the task that opened it pass, and so do those of tasks
    that it started since. Without that, ``asyncio.wait_for(client.command(...))`` within a transfer would wait for ever,
    as it is a task of its own before Python 3.12.
    """

    def __init__(self) -> None:
        self.owner: asyncio.Task[Any] | None = None
        self.depth = 0
        self.stream: object = None
        self.waiters: collections.deque[asyncio.Future[None]] = collections.deque()
        self.passed: contextvars.ContextVar[object] = contextvars.ContextVar("oxftp_transfer", default=None)

    def _may_enter(self, task: asyncio.Task[Any] | None) -> bool:
        if self.owner is None and self.stream is None:
            return True
        if self.owner is task:
            return True
        passed = self.passed.get()
        if self.stream is not None and passed is self.stream:
            return True
        # Its owner is gone, as after `asyncio.wait_for(client.download_stream(...))`.
        return self.owner is not None and self.owner.done()

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        while not self._may_enter(task):
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.waiters.append(waiter)
            try:
                await waiter
            except BaseException:
                if waiter.done() and not waiter.cancelled():
                    self._wake()
                raise
            finally:
                with contextlib.suppress(ValueError):
                    self.waiters.remove(waiter)
        if self.owner is None or self.owner.done():
            self.owner = task
            self.depth = 0
        self.depth += 1

    async def __aexit__(self, *args: object) -> None:
        self.depth -= 1
        self._release()

    def keep(self, stream: object) -> None:
        """Keeps the turn of the current task until :meth:`end`."""
        self.stream = stream
        self.passed.set(stream)

    def end(self, stream: object) -> None:
        if self.stream is stream:
            self.stream = None
            self._release()

    def reset(self) -> None:
        """Forgets everything, for a new connection."""
        self.owner, self.depth, self.stream = None, 0, None
        self._wake()

    @contextlib.contextmanager
    def passing(self, stream: object) -> Any:
        """Lets the current task pass a transfer."""
        token = self.passed.set(stream)
        try:
            yield
        finally:
            self.passed.reset(token)

    def _release(self) -> None:
        if self.depth <= 0 and self.stream is None:
            self.owner, self.depth = None, 0
            self._wake()

    def _wake(self) -> None:
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(None)
                return


UnixListInfo = TypedDict(
    "UnixListInfo",
    {
        "type": str,
        "unix.mode": int,
        "unix.links": str,
        "unix.owner": str,
        "unix.group": str,
        "size": str,
        "modify": str,
        "link_dst": NotRequired[str],
    },
)


class BasicListInfo(TypedDict):
    """The facts of an entry; their names and values are those of the server."""

    modify: str
    type: str
    create: NotRequired[str]
    size: str


ListInfo = BasicListInfo | UnixListInfo

PathLike = PurePosixPath | str
PathWithBasicInfo = tuple[PurePosixPath, BasicListInfo]
PathWithInfo = tuple[PurePosixPath, ListInfo]
ConnType = Literal["A", "E", "I", "L"]


class ParseListLineCustomCallable(Protocol):
    """A parser of a line of ``LIST``. It raises ``ValueError``, ``KeyError`` or ``IndexError`` for other lines."""

    def __call__(self, b: bytes) -> PathWithBasicInfo: ...


class ParseListLineCallable(Protocol):
    """A parser of a line of a listing."""

    def __call__(self, b: bytes) -> PathWithInfo: ...


_LINE_ENDS = frozenset(END_OF_LINE)

_MODE_BITS = {"rw": 6, "r-": 4, "-w": 2, "--": 0}

#: Options of asyncio's sockets that are accepted; the native connections try all addresses anyway.
_IGNORED = frozenset({"happy_eyeballs_delay", "interleave", "limit"})
_SOCKS = frozenset({"socks_host", "socks_port", "socks_version", "username", "password"})


class BaseClientArgs(TypedDict, total=False):
    """The arguments of a client, for functions that hand them on."""

    socket_timeout: float | None
    connection_timeout: float | None
    read_speed_limit: int | None
    write_speed_limit: int | None
    path_timeout: float | None
    path_io_factory: Any
    encoding: str
    ssl: ssl.SSLContext | TlsConfig | bool | None
    parse_list_line_custom: ParseListLineCustomCallable | None
    parse_list_line_custom_first: bool
    passive_commands: Sequence[str]
    trust_server_pasv_ipv4_address: bool
    tls: TlsConfig | None
    active: bool
    proxy: Proxy | None
    siosocks_asyncio_kwargs: Any


class BaseClient:
    """Commands and replies, and the parsers of replies and listings. See :class:`Client` for the parameters."""

    def __init__(
        self,
        *,
        socket_timeout: float | None = None,
        connection_timeout: float | None = None,
        read_speed_limit: int | None = None,
        write_speed_limit: int | None = None,
        path_timeout: float | None = None,
        path_io_factory: Any = pathio.PathIO,
        encoding: str = "utf-8",
        ssl: ssl.SSLContext | TlsConfig | bool | None = None,
        parse_list_line_custom: ParseListLineCustomCallable | None = None,
        parse_list_line_custom_first: bool = True,
        passive_commands: Sequence[str] = ("epsv", "pasv"),
        trust_server_pasv_ipv4_address: bool = False,
        tls: TlsConfig | None = None,
        active: bool = False,
        proxy: Proxy | None = None,
        **siosocks_asyncio_kwargs: Any,
    ) -> None:
        self.socket_timeout: float | None = socket_timeout
        self.connection_timeout: float | None = connection_timeout
        self.throttle: StreamThrottle = StreamThrottle.from_limits(read_speed_limit, write_speed_limit)
        self.path_timeout: float | None = path_timeout
        self.path_io: Any = path_io_factory(timeout=path_timeout)
        self.encoding = encoding
        self.ssl = ssl
        self.tls = tls
        self.parse_list_line_custom = parse_list_line_custom
        self.parse_list_line_custom_first = parse_list_line_custom_first
        self.trust_server_pasv_ipv4_address = trust_server_pasv_ipv4_address
        self.active = active
        self._passive_commands: Sequence[str] | None = passive_commands
        self._route, self._server_hostname = _route(proxy, siosocks_asyncio_kwargs)
        #: The control connection; :attr:`stream` requires it.
        self._control: ThrottleStreamIO | None = None
        #: The library's client for the control connection, once it has transferred something.
        self._session: NativeSession | None = None
        #: The lines of the greeting, each after its code.
        self._greeting: list[str] = []
        self._turn = _Turn()
        #: Number of final replies that the server owes to operations that were cancelled or failed.
        self._outstanding = 0

    async def _open_connection(self, host: str, port: int) -> tuple[StreamReader, StreamWriter]:
        return await asyncio.wait_for(self._open(host, port), self.connection_timeout)

    async def _open(self, host: str, port: int) -> tuple[StreamReader, StreamWriter]:
        control = self._control.writer if self._control is not None else None
        try:
            connection = await _oxftp.Connection.connect(
                host, port, data=control is not None, route=self._route
            )
        except OSError as error:
            if self._route["proxy"] is not None and type(error) in (OSError, PermissionError):
                raise _SocksError(*error.args) from error
            raise
        try:
            if isinstance(control, StreamWriter):
                return pair(self._secure_data(connection, control))
            return await self._secure_control(connection, host)
        except BaseException:
            connection.close()
            raise

    def _secure_data(self, connection: _oxftp.Connection, control: StreamWriter) -> Link:
        """Starts TLS on a data connection, if the control connection has it.

        Some servers begin the handshake only after the command, so its end is not awaited here.
        """
        if control.tls_session is not None:
            connection.begin_tls(control.tls_session, True)
            return connection
        ssl_object: ssl.SSLObject | None = control.get_extra_info("ssl_object")
        if ssl_object is None:
            return connection
        context = SSLSessionBoundContext(ssl.PROTOCOL_TLS_CLIENT, ssl_object.context, ssl_object.session)
        return SslLink(connection, context, ssl_object.server_hostname)

    async def _secure_control(
        self, connection: _oxftp.Connection, host: str
    ) -> tuple[StreamReader, StreamWriter]:
        """Starts implicit TLS on a control connection, if it is wanted."""
        reader, writer = pair(connection)
        if self.ssl:
            context = self.ssl if not isinstance(self.ssl, bool) else self.tls or TlsConfig()
            name = self._server_hostname or host
            await writer.start_tls(context, server_hostname=name)
        return reader, writer

    async def connect(self, host: str, port: int = DEFAULT_PORT) -> Any:
        """Opens the control connection."""
        self.server_host = host
        self.server_port = port
        self._control = None
        if self._session is not None:
            self._session.close()
            self._session = None
        self._outstanding = 0
        self._turn.reset()
        ends = await self._open_connection(host, port)
        self._control = ThrottleStreamIO(*ends, throttles={"client": self.throttle}, timeout=self.socket_timeout)

    @property
    def stream(self) -> ThrottleStreamIO:
        """The control connection. Raises :class:`ConnectionError` before :meth:`connect`."""
        control = self._control
        if control is None:
            raise ConnectionError("not connected: call connect() first")
        return control

    def close(self) -> None:
        """Closes the control connection."""
        if self._session is not None:
            self._session.close()
        if self._control:
            self._control.close()

    async def parse_line(self) -> tuple[Code, str]:
        """Reads a line of a reply: its first three characters, and the rest.

        Raises :class:`ConnectionResetError` if the server closed the connection.
        """
        control = self.stream
        received = await control.readline()
        if received == b"":
            control.close()
            raise ConnectionResetError("the server closed the connection")
        line = self._decode(received).rstrip()
        logger.debug(line)
        return Code(line[:3]), line[3:]

    async def parse_response(self) -> tuple[Code, list[str]]:
        """Reads a reply: its code, and its lines without the code.

        Raises :class:`StatusCodeError` if a line has another code.
        """
        first, text = await self.parse_line()
        lines = [text]
        is_last = first.isdigit() and not text.startswith("-")
        while not is_last:
            code, text = await self.parse_line()
            if not code.isdigit():
                lines.append(f"{code}{text}")
                continue
            lines.append(text)
            if code != first:
                raise errors.StatusCodeError(first, code, lines)
            is_last = not text.startswith("-")
        return first, lines

    def check_codes(self, expected_codes: Any, received_code: Code, info: list[str]) -> None:
        """Raises :class:`StatusCodeError` if a code matches none of those expected."""
        if any(map(received_code.matches, expected_codes)):
            return
        raise errors.StatusCodeError(expected_codes, received_codes=received_code, info=info)

    async def command(
        self,
        command: str | None = None,
        expected_codes: str | tuple[str, ...] = (),
        wait_codes: str | tuple[str, ...] = (),
        censor_after: int | None = None,
    ) -> Any:
        """Sends a command, and reads its reply: skips ``wait_codes``, expects ``expected_codes``.

        Without any codes, no reply is read. ``censor_after`` is the number of characters that may be logged. Returns
        the code and the lines.

        Other tasks that use the client wait. If the task is cancelled, the reply is read before the next command.
        """
        expected = wrap_into_codes(wrap_with_container(expected_codes))
        waited = wrap_into_codes(wrap_with_container(wait_codes))
        if command and not _LINE_ENDS.isdisjoint(command):
            raise errors.InvalidCommand("a command cannot contain CR or LF")
        async with self._turn:
            if self._session is not None and self._session.is_lent:
                await self._session.reclaim()
            if self._outstanding and command:
                await self._read_outstanding()
            if command:
                await self._send(command, censor_after)
            if not (expected or waited):
                return None
            return await self._read_reply(expected, waited, is_answer=bool(command))

    async def _send(self, command: str, censor_after: int | None) -> None:
        shown = command[:censor_after] if censor_after else command
        logger.debug("%s%s", shown, "*" * (len(command) - len(shown)))
        line = command + END_OF_LINE
        await self.stream.write(line.encode(self.encoding, "surrogateescape"))

    async def _read_reply(
        self, expected: tuple[Code, ...], waited: tuple[Code, ...], *, is_answer: bool
    ) -> tuple[Code, list[str]]:
        try:
            while True:
                code, lines = await self.parse_response()
                if not any(map(code.matches, waited)):
                    break
        except (asyncio.CancelledError, TimeoutError):
            self._outstanding += is_answer
            raise
        if not is_answer and self._outstanding:
            self._outstanding -= 1
        if expected:
            self.check_codes(expected, code, lines)
        return code, lines

    async def _read_outstanding(self) -> None:
        """Reads the final replies of operations that were cancelled."""
        while self._outstanding:
            code, _ = await self.parse_response()
            if not code.matches("1"):
                self._outstanding -= 1

    def _ended(self, stream: DataConnectionThrottleStreamIO) -> None:
        """Notes the end of a transfer."""
        if stream._is_outstanding:
            stream._is_outstanding = False
            self._outstanding += 1
        self._turn.end(stream)

    @staticmethod
    def parse_epsv_response(s: str) -> tuple[None, int]:
        """Parses the last line of the reply to ``EPSV``."""
        found = re.findall(r"\((.)\1\1(\d+)\1\)", s)
        return None, int(found[-1][1])

    @staticmethod
    def parse_pasv_response(s: str) -> tuple[str, int]:
        """Parses the last line of the reply to ``PASV``."""
        inner, *_ = re.findall(r"\(([^)]*)", s)
        numbers = [int(number) for number in inner.split(",")]
        return ".".join(map(str, numbers[:4])), (numbers[4] << 8) | numbers[5]

    @staticmethod
    def parse_directory_response(s: str) -> PurePosixPath:
        """Parses the last line of the reply to ``PWD``."""
        quoted = re.search(r'"((?:[^"]|"")*)', s)
        return PurePosixPath(quoted[1].replace('""', '"') if quoted else "")

    @staticmethod
    def parse_unix_mode(s: str) -> int:
        """Parses nine characters such as ``rwxr-x--t``."""
        mode = 0
        for start, shift, special, special_bits in (
            (0, 6, "s", 0o4100),
            (3, 3, "s", 0o2010),
            (6, 0, "t", 0o1000),
        ):
            mode |= _MODE_BITS[s[start : start + 2]] << shift
            last = s[start + 2]
            if last == special:
                mode |= special_bits
            elif last == "x":
                mode |= 1 << shift
            elif last != "-":
                raise ValueError(f"invalid mode {s!r}")
        return mode

    @staticmethod
    def format_date_time(d: datetime) -> str:
        """Formats a time as ``YYYYMMDDHHMM00``."""
        return f"{d:%Y%m%d%H%M}00"

    @classmethod
    def parse_ls_date(cls, s: str, *, now: datetime | None = None) -> str:
        """Parses a date of ``ls``: ``Nov 18  1958`` or ``Nov 18 12:29``.

        A date without a year is the one nearest to now.
        """
        with setlocale("C"):
            try:
                # A leap year, as February may have 29 days.
                date = datetime.strptime(f"2000 {s}", "%Y %b %d %H:%M")
            except ValueError:
                return cls.format_date_time(datetime.strptime(s, "%b %d  %Y"))
        return cls.format_date_time(_nearest_year(date, now or datetime.now()))

    def parse_list_line_unix(self, b: bytes) -> tuple[PurePosixPath, UnixListInfo]:
        """Parses a line of ``LIST`` in the format of ``ls -l``."""
        line = self._decode(b).rstrip()
        kind = {"-": "file", "d": "dir", "l": "link"}.get(line[0], "unknown")
        mode = self.parse_unix_mode(line[1:10])
        links, owner, group, size, rest = line[10:].lstrip().split(None, 4)
        if not links.isdigit() or not size.isdigit():
            raise ValueError(f"invalid line {line!r}")
        info: UnixListInfo = {
            "type": kind,
            "unix.mode": mode,
            "unix.links": links,
            "unix.owner": owner,
            "unix.group": group,
            "size": size,
            "modify": self.parse_ls_date(rest[:12].strip()),
        }
        name = rest[12:].strip()
        if kind == "link":
            arrow = name.rindex(" -> ")
            target = name[arrow + 4 :]
            name = name[:arrow]
            last = target[-2] if target[-1] in "'\"" else target[-1]
            info["type"] = "dir" if last == "/" else "file"
            info["link_dst"] = target
        return PurePosixPath(name), info

    def parse_list_line_windows(self, b: bytes) -> tuple[PurePosixPath, BasicListInfo]:
        """Parses a line of ``LIST`` in the format of ``dir``."""
        line = self._decode(b).rstrip("\r\n")
        end = line.index("M") + 1
        with setlocale("C"):
            date = datetime.strptime(line[:end].strip(), "%m/%d/%Y %I:%M %p")
        size, name = line[end:].lstrip().split(" ", 1)
        info: dict[str, str] = {"modify": self.format_date_time(date)}
        if size.startswith("<DIR>"):
            info["type"] = "dir"
        else:
            count = size.replace(",", "")
            if not count.isdigit():
                raise ValueError(f"invalid size {size!r}")
            info.update(type="file", size=count)
        name = name.lstrip()
        if name in (".", ".."):
            raise ValueError(f"{name!r} is no entry")
        return PurePosixPath(name), info  # type: ignore[return-value]

    def parse_list_line(self, b: bytes) -> PathWithInfo:
        """Parses a line of ``LIST``: with the custom parser, as ``ls -l``, and as ``dir``.

        Raises :class:`ValueError` with the errors of all parsers.
        """
        parsers: list[ParseListLineCallable] = [self.parse_list_line_unix, self.parse_list_line_windows]
        custom = self.parse_list_line_custom
        if custom is not None:
            parsers.insert(0 if self.parse_list_line_custom_first else len(parsers), custom)
        failures: list[Exception] = []
        for parser in parsers:
            try:
                return parser(b)
            except (ValueError, KeyError, IndexError) as error:
                failures.append(error)
        raise ValueError("no parser accepts the line", b, failures)

    def parse_mlsx_line(self, b: bytes | str) -> tuple[PurePosixPath, BasicListInfo]:
        """Parses a line of ``MLSD``, or the entry of ``MLST``."""
        line = (b if isinstance(b, str) else self._decode(b)).rstrip()
        facts, _, name = line.partition(" ")
        pairs = (fact.partition("=") for fact in facts[:-1].split(";"))
        entry: Any = {key.lower(): value for key, _, value in pairs}
        return PurePosixPath(name), entry

    def _decode(self, b: bytes) -> str:
        return b.decode(self.encoding, "surrogateescape")


def _nearest_year(date: datetime, now: datetime) -> datetime:
    """Returns a date in the year that brings it nearest to now."""
    is_leap_day = (date.month, date.day) == (2, 29)
    # Leap years are 8 years apart around 1900 and 2100.
    reach = 8 if is_leap_day else 1
    years = range(now.year - reach, now.year + reach + 1)
    return min(
        (date.replace(year=year) for year in years if not is_leap_day or calendar.isleap(year)),
        key=lambda candidate: abs(now - candidate),
    )


def _route(proxy: Proxy | None, options: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
    """Translates a proxy, and the options of `siosocks` or of asyncio's sockets."""
    options = {name: value for name, value in options.items() if name not in _IGNORED}
    if any(options.get(name) is not None for name in ("socks_host", "socks_port")):
        version = options.get("socks_version") or 5
        proxy = Proxy(
            "socks5" if version == 5 else "socks4",
            options["socks_host"],
            options["socks_port"],
            options.get("username"),
            options.get("password"),
        )
    for name in _SOCKS:
        options.pop(name, None)
    family = options.pop("family", 0)
    local = options.pop("local_addr", None)
    hostname = options.pop("server_hostname", None)
    if options:
        raise TypeError(f"unexpected options: {', '.join(sorted(options))}")
    families = {2: "ipv4", 10: "ipv6", 23: "ipv6", 30: "ipv6"}
    route = {
        "proxy": proxy and vars(proxy),
        "family": families.get(int(family)) if family else None,
        "local_address": local[0] if local else None,
    }
    return route, hostname


#: Returns entries, and the position after the lines that were parsed.
_ParseLines = Callable[[bytes, int], tuple[list[Any], int]]

_MLSD_PARSERS = functions_named(BaseClient, "parse_mlsx_line", "_decode")
_LIST_PARSERS = functions_named(
    BaseClient,
    "parse_list_line",
    "parse_list_line_unix",
    "parse_list_line_windows",
    "parse_unix_mode",
    "parse_ls_date",
    "format_date_time",
    "_decode",
)
_EPOCH = datetime(1970, 1, 1)


def _parse_list_now(lines: bytes, position: int, directory: PurePosixPath) -> Any:
    """Parses lines of ``LIST``, whose dates are near to now."""
    now = (datetime.now() - _EPOCH) // timedelta(microseconds=1)
    return _oxftp.parse_list(lines, position, directory, now)


class _Lister(AbstractAsyncLister[PathWithInfo]):
    """The entries of a directory, or of a tree breadth first."""

    def __init__(self, client: Client, path: PathLike, recursive: bool, raw_command: str | None) -> None:
        super().__init__()
        self.client = client
        self.start: PathLike = path
        self.recursive = recursive
        self.raw_command = raw_command
        self.stream: DataConnectionThrottleStreamIO | None = None
        self.directories: collections.deque[PurePosixPath] = collections.deque()
        self.found: collections.deque[PathWithInfo] = collections.deque()
        self.path: PathLike = path
        self.parse_line: ParseListLineCallable = client.parse_mlsx_line
        #: Lines that were received, and the position of the first one that was not parsed.
        self.lines = b""
        self.position = 0
        #: Parses lines from a position on, as far as it knows them; ``None`` if each is for :attr:`parse_line`.
        self.parse_lines: _ParseLines | None = None

    def __aiter__(self) -> Self:
        self.directories.clear()
        return self

    async def _open(self, path: PathLike) -> DataConnectionThrottleStreamIO:
        client, raw_command = self.client, self.raw_command
        self.path = path
        self.parse_line = client.parse_mlsx_line
        self.parse_lines = self._native(_oxftp.parse_mlsd, _MLSD_PARSERS)
        if raw_command not in (None, "MLSD", "LIST"):
            raise ValueError(f"raw_command must be one of MLSD or LIST, but got {raw_command}")
        if raw_command != "LIST":
            try:
                return await client.get_stream(f"MLSD {path}".strip(), "1xx")
            except errors.StatusCodeError as error:
                if raw_command is not None or not _has_code(error, "50x"):
                    raise
        self.parse_line = client.parse_list_line
        self.parse_lines = None
        if client.parse_list_line_custom is None:
            self.parse_lines = self._native(_parse_list_now, _LIST_PARSERS)
        return await client.get_stream(f"LIST {path}".strip(), "1xx")

    def _native(
        self, parse: Callable[[bytes, int, PurePosixPath], Any], parsers: dict[str, Any]
    ) -> _ParseLines | None:
        """Returns a native parser of the lines of the current directory, unless one of the methods is overridden."""
        is_utf8 = self.client.encoding.replace("-", "").lower() == "utf8"
        # The paths of other types have other children.
        if not is_utf8 or type(self.path) not in (str, PurePosixPath) or overridden(self.client, parsers):
            return None
        directory = PurePosixPath(self.path)
        return lambda lines, position: parse(lines, position, directory)

    async def _read(self, stream: DataConnectionThrottleStreamIO) -> bool:
        """Reads entries into ``found``; returns whether there were lines."""
        if self.position == len(self.lines) and self._reads_blocks(stream):
            reader: Any = stream.reader
            self.lines, self.position = await within(stream.read_timeout, reader.readlines()), 0
            if not self.lines:
                return False
        if self.position == len(self.lines):
            line = await stream.readline()
            if not line:
                return False
        else:
            if self._parse_known_lines():
                return True
            end = self.lines.find(b"\n", self.position) + 1 or len(self.lines)
            line, self.position = self.lines[self.position : end], end
        found, info = self.parse_line(line)
        # They are the directory itself and the one above it.
        if str(found) not in (".", ".."):
            path = self.path / found
            self.found.append((path, info))
            if info["type"] == "dir" and self.recursive:
                self.directories.append(path)
        return True

    def _reads_blocks(self, stream: DataConnectionThrottleStreamIO) -> bool:
        """Returns whether many lines are read at once."""
        return (
            self.parse_lines is not None
            and type(stream) is DataConnectionThrottleStreamIO
            and type(stream.reader) is StreamReader
            and not stream._is_limited("read")
        )

    def _parse_known_lines(self) -> bool:
        """Parses received lines up to the first one that only :attr:`parse_line` parses; returns whether there were any."""
        before = self.position
        if self.parse_lines is not None:
            entries, self.position = self.parse_lines(self.lines, before)
            self.found.extend(entries)
            if self.recursive:
                self.directories.extend(path for path, info in entries if info["type"] == "dir")
        return self.position > before

    async def __anext__(self) -> PathWithInfo:
        if self.found:
            return self.found.popleft()
        if self.stream is None:
            self.stream = await self._open(self.start)
        while not self.found:
            try:
                has_lines = await self._read(self.stream)
            except BaseException:
                self.stream._drop()
                raise
            if has_lines:
                continue
            await self.stream.finish()
            if not self.directories:
                raise StopAsyncIteration
            self.stream = await self._open(self.directories.popleft())
        return self.found.popleft()

    async def _to_list(self) -> list[PathWithInfo]:
        entries: list[PathWithInfo] = []
        async for entry in self:
            entries.append(entry)
            entries.extend(self.found)
            self.found.clear()
        return entries


class _Counts:
    """The numbers of a transfer whose steps are methods of the client, and its events."""

    def __init__(self, progress: Progress | None = None) -> None:
        self.progress: Progress = progress or (lambda kind, name, count: None)
        self.files = 0
        self.directories = 0
        self.bytes = 0
        self.name = ""

    @contextlib.contextmanager
    def file(self, name: str) -> Iterator[None]:
        """Counts a file, if it is transferred in the ``with`` block."""
        self.name = name
        self.progress("started", name, 0)
        try:
            yield
        except BaseException:
            self.progress("failed", name, 0)
            raise
        self.files += 1
        self.progress("finished", name, 0)

    def add(self, count: int) -> None:
        self.bytes += count
        self.progress("advanced", self.name, count)

    def report(self) -> Report:
        return Report(self.files, self.directories, self.bytes, 0, 0, 0, [])


#: Types of the facts of directories; those of a directory itself and of the one above it have names of their own.
_DIRECTORIES = frozenset({"dir", "cdir", "pdir"})


def _has_code(error: errors.StatusCodeError, mask: str) -> bool:
    return error.received_codes[-1].matches(mask)


class Client(BaseClient):
    """One session on one server.

    Timeouts are in seconds: ``socket_timeout`` is that of each read and write, ``connection_timeout`` that of opening a
    connection, ``path_timeout`` that of operations of ``path_io_factory``. Speed limits are in bytes per second.

    ``ssl`` enables implicit TLS: ``True`` or a :class:`TlsConfig` with the library's own TLS, an
    :class:`ssl.SSLContext` with that of Python. ``tls`` configures the library's TLS for ``ssl=True`` and for
    :meth:`upgrade_to_tls`.

    ``parse_list_line_custom`` is tried before the other parsers of ``LIST``, unless ``parse_list_line_custom_first`` is
    false. The address in a reply to ``PASV`` is used only with ``trust_server_pasv_ipv4_address``. With ``active``, the
    server opens data connections (``EPRT``, else ``PORT``). ``proxy`` is a :class:`Proxy`.

    Further options are those of `siosocks` (``socks_host``, ``socks_port``, ``socks_version``, ``username``,
    ``password``), and ``family``, ``local_addr``, ``server_hostname``.

    Tasks can share a client: a transfer of one task begins when that of another one is finished.
    """

    async def connect(self, host: str, port: int = DEFAULT_PORT) -> list[str]:
        """Opens the control connection. Returns the lines of the greeting."""
        await super().connect(host, port=port)
        greeting: list[str] = (await self.command(expected_codes="220", wait_codes="120"))[1]
        self._greeting = greeting
        return greeting

    async def upgrade_to_tls(self, sslcontext: ssl.SSLContext | TlsConfig | None = None) -> None:
        """Encrypts the control connection and all data connections (``AUTH TLS``, ``PBSZ 0``, ``PROT P``).

        Without an argument, or with a :class:`TlsConfig`, TLS is the library's own. With an :class:`ssl.SSLContext`, it
        is that of Python.
        """
        if self.ssl:
            raise RuntimeError("the client has implicit TLS already")
        await self.command("AUTH TLS", expected_codes="234")
        context: Any = sslcontext or self.tls
        if context is None:
            context = ssl.create_default_context()
            if isinstance(self.stream.writer, StreamWriter):
                self.stream.writer.system_context = context
        name = self._server_hostname or self.server_host
        await self.stream.start_tls(sslcontext=context, server_hostname=name)
        for request in ("PBSZ 0", "PROT P"):
            await self.command(request, expected_codes="200")

    async def login(
        self,
        user: str = DEFAULT_USER,
        password: str = DEFAULT_PASSWORD,
        account: str = DEFAULT_ACCOUNT,
    ) -> None:
        """Logs in (``USER``, ``PASS``, ``ACCT``)."""
        answers: dict[str, str] = {"331": f"PASS {password}", "332": f"ACCT {account}"}
        async with self._turn:
            code, lines = await self.command(f"USER {user}", ("230", "33x"))
            while code != "230":
                # A server that asks twice for the same would do so for ever.
                answer = answers.pop(code, None)
                if answer is None:
                    raise errors.StatusCodeError(Code("230"), code, lines)
                code, lines = await self.command(answer, ("230", "33x"), censor_after=len("PASS "))

    async def get_current_directory(self) -> PurePosixPath:
        """Returns the current directory (``PWD``)."""
        _, lines = await self.command("PWD", expected_codes="257")
        return self.parse_directory_response(lines[-1])

    async def change_directory(self, path: PathLike = "..") -> None:
        """Changes the current directory (``CWD``), by default to the one above (``CDUP``)."""
        target = PurePosixPath(path)
        await self.command("CDUP" if target.parts == ("..",) else f"CWD {target}", "2xx")

    async def make_directory(self, path: PathLike, *, parents: bool = True) -> None:
        """Creates a directory (``MKD``), with ``parents`` also those above it. An existing one is no error."""
        wanted = PurePosixPath(path)
        missing: collections.deque[PurePosixPath] = collections.deque()
        for directory in (wanted, *wanted.parents) if parents else (wanted,):
            # Only ``/`` and the current directory have no name.
            if not directory.name or await self.exists(directory):
                break
            missing.appendleft(directory)
        for directory in missing:
            await self.command(f"MKD {directory}", "257")

    async def remove_directory(self, path: PathLike) -> None:
        """Removes an empty directory (``RMD``)."""
        await self.command(f"RMD {path}", "250")

    def list(
        self,
        path: PathLike = "",
        *,
        recursive: bool = False,
        raw_command: Literal["MLSD", "LIST"] | None = None,
    ) -> AbstractAsyncLister[PathWithInfo]:
        """Lists a directory (``MLSD``, else ``LIST``), with ``recursive`` a tree.

        The result is awaited for a list, or iterated with ``async for``. No other command may be sent in such a loop.
        """
        return _Lister(self, path, recursive, raw_command)

    async def stat(self, path: PathLike) -> ListInfo:
        """Returns the facts of a path (``MLST``, else a listing of its directory)."""
        wanted = PurePosixPath(path)
        try:
            _, lines = await self.command(f"MLST {wanted}", "2xx")
        except errors.StatusCodeError as error:
            if not _has_code(error, "50x"):
                raise
        else:
            return self.parse_mlsx_line(lines[1].lstrip())[1]
        for found, facts in await self.list(wanted.parent):
            if found.name == wanted.name:
                return facts
        raise errors.StatusCodeError(Code("2xx"), Code("550"), f"{wanted.parent} has no entry {wanted.name}")

    async def is_file(self, path: PathLike) -> bool:
        """Returns whether a path is a file."""
        return (await self.stat(path))["type"] == "file"

    async def is_dir(self, path: PathLike) -> bool:
        """Returns whether a path is a directory."""
        return (await self.stat(path))["type"] in _DIRECTORIES

    async def exists(self, path: PathLike) -> bool:
        """Returns whether a path exists."""
        try:
            await self.stat(path)
        except errors.StatusCodeError as error:
            if _has_code(error, "550"):
                return False
            raise
        return True

    async def rename(self, source: PathLike, destination: PathLike) -> None:
        """Renames a file or a directory (``RNFR``, ``RNTO``)."""
        async with self._turn:
            await self.command(f"RNFR {source}", "350")
            await self.command(f"RNTO {destination}", "2xx")

    async def remove_file(self, path: PathLike) -> None:
        """Removes a file (``DELE``)."""
        await self.command(f"DELE {path}", "2xx")

    async def remove(self, path: PathLike) -> None:
        """Removes a file or a symbolic link, or a directory with everything below it. A missing path is no error."""
        try:
            facts = await self.stat(path)
        except errors.StatusCodeError:
            if await self.exists(path):
                raise
            return
        if facts["type"] == "file" or "link_dst" in facts:
            await self.remove_file(path)
        elif facts["type"] == "dir":
            await self._remove_tree(PurePosixPath(path))

    async def _remove_tree(self, top: PurePosixPath) -> None:
        directories = [top]
        async for found, kind in self._walk(top, enters_links=False):
            if kind == "dir":
                directories.append(found)
            else:
                await self.remove_file(found)
        for directory in reversed(directories):
            await self.remove_directory(directory)

    async def _walk(
        self, top: PurePosixPath, *, enters_links: bool = True
    ) -> AsyncIterator[tuple[PurePosixPath, str]]:
        """Yields the files and directories below a directory, each directory before what it has; with their types.

        A symbolic link that is not entered is a file: what it refers to may be anywhere.

        Raises :class:`ValueError` for an entry that is not in the directory whose listing has it.
        """
        unlisted = [top]
        while unlisted:
            directory = unlisted.pop()
            for found, facts in await self.list(directory):
                kind = "file" if "link_dst" in facts and not enters_links else facts["type"]
                if kind not in ("dir", "file"):
                    continue
                if found.parent != directory or found.name in ("", ".."):
                    where = f"{str(found)!r} in {str(directory)!r}"
                    raise ValueError(f"the server listed {where}: it would leave the target directory")
                if kind == "dir":
                    unlisted.append(found)
                yield found, kind

    def upload_stream(
        self, destination: PathLike, *, offset: int = 0
    ) -> AsyncEnterableInstanceProtocol[DataConnectionThrottleStreamIO]:
        """Opens a file for writing (``STOR``), from a byte offset on (``REST``)."""
        return self.get_stream(f"STOR {destination}", "1xx", offset=offset)

    def append_stream(
        self, destination: PathLike, *, offset: int = 0
    ) -> AsyncEnterableInstanceProtocol[DataConnectionThrottleStreamIO]:
        """Opens a file for appending (``APPE``)."""
        return self.get_stream(f"APPE {destination}", "1xx", offset=offset)

    def download_stream(
        self, source: PathLike, *, offset: int = 0
    ) -> AsyncEnterableInstanceProtocol[DataConnectionThrottleStreamIO]:
        """Opens a file for reading (``RETR``), from a byte offset on (``REST``)."""
        return self.get_stream(f"RETR {source}", "1xx", offset=offset)

    async def upload(
        self,
        source: str | Path,
        destination: PathLike = "",
        *,
        write_into: bool = False,
        block_size: int = DEFAULT_BLOCK_SIZE,
        resume: bool = False,
        verify: Verify | None = None,
        progress: Progress | None = None,
    ) -> Report:
        """Uploads a file or a tree into the directory ``destination``; with ``write_into``, as ``destination``.

        ``resume``, ``verify`` and ``progress`` are those of :meth:`download`.
        """
        top = Path(source)
        target = PurePosixPath(destination) if write_into else PurePosixPath(destination, top.name)
        is_file = await self.path_io.is_file(top)
        if not is_file and not await self.path_io.is_dir(top):
            return _Counts().report()
        async with self._turn:
            if (session := await self._native_session(resume, verify)) is not None:
                return await session.upload(
                    top, str(target), resume=resume, verify=verify, progress=progress
                )
        counts = _Counts(progress)
        if is_file:
            await self.make_directory(target.parent)
            await self._upload_file(top, target, block_size, counts)
        else:
            await self._upload_tree(top, target, block_size, counts)
        return counts.report()

    async def _upload_tree(
        self, top: Path, target: PurePosixPath, block_size: int, counts: _Counts
    ) -> None:
        await self.make_directory(target)
        async for found, is_directory in self._walk_local(top):
            remote = target.joinpath(*found.relative_to(top).parts)
            if is_directory:
                await self.make_directory(remote)
                counts.directories += 1
            else:
                await self._upload_file(found, remote, block_size, counts)

    async def _walk_local(self, top: Path) -> AsyncIterator[tuple[Path, bool]]:
        """Yields the files and directories below a local one, each directory before what it has; and whether it is one."""
        unlisted = [top]
        while unlisted:
            async for found in self.path_io.list(unlisted.pop()):
                is_directory = await self.path_io.is_dir(found)
                if is_directory:
                    unlisted.append(found)
                # Others are devices, FIFOs, sockets, and symbolic links to nothing.
                if is_directory or await self.path_io.is_file(found):
                    yield found, is_directory

    async def _upload_file(
        self, source: Path, target: PurePosixPath, block_size: int, counts: _Counts
    ) -> None:
        with counts.file(str(source)):
            async with self.path_io.open(source, mode="rb") as local, self.upload_stream(target) as remote:
                async for block in local.iter_by_block(self._block(block_size)):
                    await remote.write(block)
                    counts.add(len(block))

    async def download(
        self,
        source: PathLike,
        destination: str | PurePosixPath | Path = "",
        *,
        write_into: bool = False,
        block_size: int = DEFAULT_BLOCK_SIZE,
        resume: bool = False,
        verify: Verify | None = None,
        progress: Progress | None = None,
    ) -> Report:
        """Downloads a file or a tree into the directory ``destination``; with ``write_into``, as ``destination``.

        The library transfers in one piece if the files are those of :class:`PathIO`, no rate is limited, and no method
        that a transfer calls is overridden. Otherwise each step is a call of such a method.

        With ``resume`` or ``verify`` (see :class:`Pool`), files have their final names only after they are complete, and
        a tree is continued after a file that failed. Both require that the library transfers: else
        :class:`ValueError` is raised. ``progress`` is called with each event, in the thread of the event loop.
        """
        top = PurePosixPath(source)
        target = Path(destination) if write_into else Path(destination, top.name)
        async with self._turn:
            if (session := await self._native_session(resume, verify)) is not None:
                return await session.download(
                    str(top), target, resume=resume, verify=verify, progress=progress
                )
        counts = _Counts(progress)
        kind = (await self.stat(top))["type"]
        if kind == "file":
            await self._make_local(target.parent)
            await self._download_file(top, target, block_size, counts)
        elif kind in _DIRECTORIES:
            await self._download_tree(top, target, block_size, counts)
        return counts.report()

    async def _download_tree(
        self, top: PurePosixPath, target: Path, block_size: int, counts: _Counts
    ) -> None:
        await self._make_local(target)
        async for found, kind in self._walk(top):
            local = target / found.relative_to(top)
            if kind == "dir":
                await self._make_local(local)
                counts.directories += 1
            else:
                await self._download_file(found, local, block_size, counts)

    async def _make_local(self, directory: Path) -> None:
        await self.path_io.mkdir(directory, parents=True, exist_ok=True)

    async def _download_file(
        self, source: PurePosixPath, target: Path, block_size: int, counts: _Counts
    ) -> None:
        with counts.file(str(source)):
            # A file that the server refuses changes nothing here.
            async with self.download_stream(source) as remote, self.path_io.open(target, mode="wb") as local:
                async for block in remote.iter_by_block(self._block(block_size)):
                    await local.write(block)
                    counts.add(len(block))

    async def _native_session(self, resume: bool, verify: Verify | None) -> NativeSession | None:
        """Returns the library's client for this session; ``None`` if the methods of this class have to transfer.

        No reply is outstanding then.
        """
        why = self._why_not_native()
        if why is not None:
            if resume or verify is not None:
                raise ValueError(f"resume and verify are not available, because {why}")
            return None
        if self._session is not None and self._session.is_lent:
            await self._session.reclaim()
        if self._outstanding:
            await self._read_outstanding()
        writer = self.stream.writer
        assert isinstance(writer, StreamWriter) and isinstance(writer._link, _oxftp.Connection)
        if not writer._link.is_idle:
            return None
        options = {
            "host": self.server_host,
            "port": self.server_port,
            "greeting": [line[1:] for line in self._greeting],
            "socket_timeout": self.socket_timeout,
            "connection_timeout": self.connection_timeout,
            "encoding": self.encoding,
            "passive": [name.lower() for name in self._passive_commands or ()],
            "trust_passive_address": self.trust_server_pasv_ipv4_address,
            "active": self.active,
            "route": self._route,
        }
        if self._session is None or not self._session.is_for(writer._link, options):
            self._session = NativeSession(writer._link, writer.tls_session, options)
        return self._session

    def _why_not_native(self) -> str | None:
        """Returns why the library cannot transfer for this client; ``None`` if it can."""
        if (name := overridden(self, _FUNCTIONS)) is not None:
            return f"{name} is overridden"
        if type(self.path_io) is not pathio.PathIO or overridden(self.path_io, _PATH_IO_FUNCTIONS):
            return "the files are not those of PathIO"
        if self.path_timeout is not None:
            return "path_timeout is set"
        if self.throttle.read.limit or self.throttle.write.limit:
            return "a speed is limited"
        if self.parse_list_line_custom is not None:
            return "listings have a parser of their own"
        if logger.isEnabledFor(logging.DEBUG):
            return "each command is logged"
        if not {name.lower() for name in self._passive_commands or ("",)} <= {"epsv", "pasv"}:
            return "the passive commands are unknown"
        if self.encoding.replace("-", "").lower() != "utf8":
            return "names are not UTF-8"
        writer = self.stream.writer
        if type(self.stream) is not ThrottleStreamIO or not isinstance(writer, StreamWriter):
            return "the control connection is not that of this package"
        if not isinstance(writer._link, _oxftp.Connection):
            return "TLS is that of an ssl.SSLContext"
        return None

    def _block(self, block_size: int) -> int:
        """Returns the size of blocks: those of our path ios can be larger, unless a rate is limited."""
        is_limited = self.throttle.read.limit or self.throttle.write.limit
        if type(self.path_io) in (pathio.PathIO, pathio.MemoryPathIO) and not is_limited:
            return max(block_size, 1 << 19)
        return block_size

    async def quit(self) -> None:
        """Ends the session (``QUIT``) and closes the connection."""
        await self.command("QUIT", expected_codes="2xx")
        self.close()

    async def _do_epsv(self) -> tuple[str | None, int]:
        _, info = await self.command("EPSV", "229")
        return self.parse_epsv_response(info[-1])

    async def _do_pasv(self) -> tuple[str | None, int]:
        _, info = await self.command("PASV", "227")
        address, port = self.parse_pasv_response(info[-1])
        return (address if self.trust_server_pasv_ipv4_address else None), port

    async def get_passive_connection(
        self, conn_type: ConnType = "I", commands: Sequence[str] | None = None
    ) -> tuple[StreamReader, StreamWriter]:
        """Opens a data connection, with the first of ``commands`` that the server implements.

        ``commands`` are ``epsv`` and ``pasv``, by default those of the client. ``conn_type`` is the argument of
        ``TYPE``.
        """
        names = [name.lower() for name in commands or self._passive_commands or ()]
        if not names:
            raise ValueError("there is no command to open a data connection with")
        async with self._turn:
            await self.command(f"TYPE {conn_type}", "200")
            host, port = await self._listening_address(names)
            # Servers that do not know their own address send this one.
            if host in (None, "0.0.0.0"):
                host = self.server_host
            return await self._open_connection(host, port)

    async def _listen(self, conn_type: ConnType) -> _oxftp.Listener:
        """Listens for a data connection, and sends the address to the server (``EPRT``, else ``PORT``)."""
        await self.command(f"TYPE {conn_type}", "200")
        control = self.stream.writer
        local, peer = control.get_extra_info("sockname"), control.get_extra_info("peername")
        if not local or not peer:
            raise ValueError("active mode requires a connection to the server that has no proxy")
        listener = await _oxftp.Listener.bind(local[0], peer[0], route=self._route)
        host, port = listener.local
        is_ipv6 = ":" in host
        try:
            await self.command(f"EPRT |{2 if is_ipv6 else 1}|{host}|{port}|", "2xx")
        except errors.StatusCodeError as error:
            if is_ipv6 or not _has_code(error, "5xx"):
                raise
            numbers = [*host.split("."), str(port >> 8), str(port & 255)]
            await self.command(f"PORT {','.join(numbers)}", "2xx")
        return listener

    async def _accept(self, listener: _oxftp.Listener) -> tuple[StreamReader, StreamWriter]:
        """Waits for the data connection of a command that was accepted."""
        try:
            connection = await within(self.connection_timeout, listener.accept())
        except BaseException:
            # The server replies to the command when it gives up.
            self._outstanding += 1
            raise
        writer = self.stream.writer
        return pair(self._secure_data(connection, writer) if isinstance(writer, StreamWriter) else connection)

    async def _listening_address(self, names: Sequence[str]) -> tuple[Any, int]:
        """Asks the server to listen, with the first command that it implements; returns the host and the port."""
        requests = {"epsv": self._do_epsv, "pasv": self._do_pasv}
        refusal: errors.StatusCodeError | None = None
        for name in names:
            if name not in requests:
                raise ValueError(f"unknown command {name!r} to open a data connection: use epsv or pasv")
            try:
                return await requests[name]()
            except errors.StatusCodeError as error:
                if not _has_code(error, "50x"):
                    raise
                refusal = error
        assert refusal is not None
        raise refusal

    @async_enterable
    async def get_stream(
        self,
        command: str | None = None,
        expected_codes: str | tuple[str, ...] = (),
        wait_codes: str | tuple[str, ...] = (),
        censor_after: int | None = None,
        conn_type: ConnType = "I",
        offset: int = 0,
    ) -> DataConnectionThrottleStreamIO:
        """Opens a data connection and sends a command, with the arguments of :meth:`command`.

        ``offset`` is that of ``REST``. The session is the stream's until that is finished.
        """
        async with self._turn:
            listener = await self._listen(conn_type) if self.active else None
            ends = None if listener is not None else await self.get_passive_connection(conn_type)
            try:
                if offset:
                    await self.command(f"REST {offset}", "350")
                await self.command(command, expected_codes, wait_codes, censor_after=censor_after)
            except BaseException:
                if ends is not None:
                    ends[1].transport.abort()
                raise
            if listener is not None:
                ends = await self._accept(listener)
            assert ends is not None
            throttles = {"client": self.throttle}
            opened = DataConnectionThrottleStreamIO(self, *ends, throttles, timeout=self.socket_timeout)
            opened._is_outstanding = bool(command)
            self._turn.keep(opened)
            return opened

    async def abort(self, *, wait: bool = True) -> None:
        """Aborts the transfer (``ABOR``); with ``wait``, also reads the replies.

        Any task may call it.
        """
        if self._session is not None and self._session.is_running:
            self._session.abort()
            if wait:
                async with self._turn:
                    pass
            return
        stream = self._turn.stream
        with self._turn.passing(stream):
            if wait and isinstance(stream, DataConnectionThrottleStreamIO):
                stream._is_outstanding = False
            await self.command("ABOR", *(("226", "426") if wait else ()))

    @classmethod
    @contextlib.asynccontextmanager
    async def context(
        cls,
        host: str,
        port: int = DEFAULT_PORT,
        user: str = DEFAULT_USER,
        password: str = DEFAULT_PASSWORD,
        account: str = DEFAULT_ACCOUNT,
        upgrade_to_tls: bool = False,
        **kwargs: Any,
    ) -> AsyncGenerator[Self, None]:
        """Connects and logs in, and quits at the end of the ``async with`` block.

        ``kwargs`` are those of the class.
        """
        client = cls(**kwargs)
        try:
            await client.connect(host, port=port)
            if upgrade_to_tls:
                await client.upgrade_to_tls()
            await client.login(user, password=password, account=account)
        except BaseException:
            client.close()
            raise
        try:
            yield client
        except BaseException:
            # The error of the block matters more than that of ending the session.
            with contextlib.suppress(Exception):
                await asyncio.wait_for(client.quit(), 1)
            client.close()
            raise
        else:
            await client.quit()


#: The functions that a transfer calls. Those that are left out do not change how files are transferred.
_FUNCTIONS = functions_of(
    Client,
    {
        "connect",
        "upgrade_to_tls",
        "login",
        "quit",
        "close",
        "context",
        "abort",
        "upload",
        "download",
        "append_stream",
        "get_current_directory",
        "change_directory",
        "rename",
        "remove",
        "remove_file",
        "remove_directory",
    },
)
_PATH_IO_FUNCTIONS = functions_of(pathio.PathIO)

"""Pools of sessions, whose jobs run in the library."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import PurePosixPath
from typing import Any, ClassVar, Literal, Self, TypedDict
from urllib.parse import unquote, urlsplit

from . import _oxftp
from ._tls import TlsConfig

RemotePath = str | PurePosixPath
LocalPath = str | PathLike[str]
Verify = Literal["auto", "nothing", "size", "hash", "content"]
Delete = Literal["never", "before", "after"]
Links = Literal["skip", "follow", "copy"]

#: Called with the kind of an event (``started``, ``advanced``, ``retried``, ``finished``, ``failed``), the name of the
#: file if it is known, and a number of bytes: the size at the start, else those moved since the last event.
Progress = Callable[[str, str | None, int], object]


class EntryInfo(TypedDict):
    """What a server says about a path."""

    name: str
    type: Literal["file", "directory", "link", "other"]
    size: int | None
    modify: str | None
    mtime: float | None
    mode: int | None
    unique: str | None
    target: str | None


Entries = list[EntryInfo]
Blocks = list[bytes]
#: The code and the lines of a reply.
Reply = tuple[str, list[str]]


@dataclass(frozen=True)
class Report:
    """The result of a transfer: numbers of files, directories and bytes, and the names and errors of failures."""

    files: int
    directories: int
    bytes: int
    resumed: int
    deleted: int
    unchanged: int
    failures: list[tuple[str, str]]


@dataclass(frozen=True)
class MirrorReport(Report):
    """The result of a mirror. ``steps`` has what was done, if it was asked for."""

    steps: list[str]


@dataclass(frozen=True)
class Proxy:
    """A proxy for control and data connections."""

    kind: Literal["socks5", "socks4", "http"]
    host: str
    port: int
    user: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return f"Proxy(kind={self.kind!r}, host={self.host!r}, port={self.port!r}, user={self.user!r})"


def transfer_options(
    write_into: bool,
    resume: bool,
    preserve_times: bool,
    temporary: bool,
    verify: Verify,
    segments: int,
    progress: Progress | None,
) -> dict[str, Any]:
    return {
        "write_into": write_into,
        "resume": resume,
        "preserve_times": preserve_times,
        "temporary": temporary,
        "verify": verify,
        "segments": segments,
        "progress": progress,
    }


def mirror_options(
    include: Iterable[str],
    exclude: Iterable[str],
    delete: Delete,
    max_deletions: int | None,
    links: Links,
    dry_run: bool,
    steps: bool,
    progress: Progress | None,
) -> dict[str, Any]:
    return {
        "include": list(include),
        "exclude": list(exclude),
        "delete": delete,
        "max_deletions": max_deletions,
        "links": links,
        "dry_run": dry_run,
        "steps": steps,
        "progress": progress,
    }


def _url_arguments(url: str) -> dict[str, Any]:
    """Returns the arguments of a pool for a URL; its path is not among them."""
    parts = urlsplit(url)
    tls = {"ftp": None, "ftpes": "explicit", "ftps": "implicit"}
    if parts.scheme not in tls or not parts.hostname:
        raise ValueError(f"{url!r} is no URL of ftp, ftpes or ftps")
    arguments: dict[str, Any] = {"host": parts.hostname, "port": parts.port, "tls": tls[parts.scheme]}
    if parts.username is not None:
        arguments["user"] = unquote(parts.username)
        arguments["password"] = unquote(parts.password or "")
    return arguments


class ReadStream:
    """A file that is read."""

    def __init__(self, native: _oxftp.ReadStream) -> None:
        self._native = native

    async def read(self, count: int) -> bytes:
        """Reads ``count`` bytes, or fewer at the end of the file."""
        return await self._native.read(count)

    async def close(self) -> None:
        """Ends the transfer. What was not read is aborted."""
        await self._native.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *args: object) -> None:
        await self.close()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while block := await self.read(1 << 18):
            yield block


class WriteStream:
    """A file that is written. An exception in its ``async with`` block aborts the transfer."""

    def __init__(self, native: _oxftp.WriteStream) -> None:
        self._native = native

    async def write(self, data: bytes) -> None:
        """Writes bytes."""
        await self._native.write(data)

    async def close(self) -> None:
        """Ends the file and waits until the server has it."""
        await self._native.close()

    async def abort(self) -> None:
        """Aborts the transfer."""
        await self._native.abort()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, exc_type: object, exc: object, tb: object) -> None:
        if exc is None:
            await self.close()
        else:
            await self.abort()


class Sessions:
    """Sessions of one login on one server: the part that a pool and a client without asyncio share."""

    _default_sessions: ClassVar[int]

    def __init__(
        self,
        host: str,
        port: int | None = None,
        *,
        user: str = "anonymous",
        password: str = "anon@",
        account: str | None = None,
        tls: bool | Literal["explicit", "implicit"] | None = None,
        tls_config: TlsConfig | None = None,
        sessions: int | None = None,
        timeout: float | None = 30,
        encoding: str = "utf-8",
        passive_commands: Sequence[str] = ("epsv", "pasv"),
        trust_passive_address: bool = False,
        active: bool = False,
        proxy: Proxy | None = None,
    ) -> None:
        if tls not in (None, False, True, "explicit", "implicit"):
            raise ValueError(f"tls must be 'explicit' or 'implicit', not {tls!r}")
        self.host = host
        options = {
            "host": host,
            "port": port,
            "user": user,
            "password": password,
            "account": account,
            "sessions": self._default_sessions if sessions is None else sessions,
            "timeout": timeout,
            "encoding": encoding,
            "passive": list(passive_commands),
            "trust_passive_address": trust_passive_address,
            "active": active,
            "route": {
                "proxy": None if proxy is None else vars(proxy),
                "family": None,
                "local_address": None,
            },
        }
        config = (tls_config or TlsConfig()).native
        explicit = config if tls is True or tls == "explicit" else None
        implicit = config if tls == "implicit" else None
        self._native = _oxftp.Pool(options, explicit, implicit)

    @classmethod
    def from_url(cls, url: str, **options: Any) -> Self:
        """Creates an instance for a URL such as ``ftpes://me@ftp.example.org``. Its path is ignored."""
        return cls(**(_url_arguments(url) | options))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.host!r})"


class Pool(Sessions):
    """Sessions of one login on one server, opened on demand; at most 4 unless ``sessions`` is set.

    ``tls`` is ``None``, ``"explicit"`` (also ``True``) or ``"implicit"``. Any number of tasks, of any event loops, can
    use a pool at the same time. In a forked child it opens sessions of its own.

    Errors are subclasses of :class:`oxftp.errors.FTPError` and of those of Python, such as :class:`FileNotFoundError`.
    """

    _default_sessions = 4

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *args: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends idle sessions (``QUIT``)."""
        await self._native.close()

    async def info(self, path: RemotePath) -> EntryInfo:
        """Returns what the server says about a path."""
        return await self._native.info(str(path))  # type: ignore[return-value]

    async def list(self, path: RemotePath = "", *, recursive: bool = False) -> Entries:
        """Lists a directory, or with ``recursive`` a tree."""
        return await self._native.list(str(path), recursive=recursive)  # type: ignore[return-value]

    async def exists(self, path: RemotePath) -> bool:
        """Returns whether a path exists."""
        return await self._native.exists(str(path))

    async def read(self, path: RemotePath) -> bytes:
        """Reads a whole file."""
        return await self._native.read(str(path))

    async def read_range(self, path: RemotePath, start: int, end: int) -> bytes:
        """Reads the bytes from ``start`` to before ``end``; fewer if the file ends before."""
        return (await self._native.read_ranges(str(path), [(start, end)]))[0]

    async def read_ranges(self, path: RemotePath, ranges: Iterable[tuple[int, int]]) -> Blocks:
        """Reads several ranges of a file, on several sessions. Ranges that are near each other are read together."""
        return await self._native.read_ranges(str(path), [*ranges])

    async def write(self, path: RemotePath, contents: bytes) -> None:
        """Writes a whole file."""
        await self._native.write(str(path), contents)

    async def open_read(self, path: RemotePath, start: int = 0, end: int | None = None) -> ReadStream:
        """Opens a file for reading, from byte ``start`` to before byte ``end``."""
        return ReadStream(await self._native.open_read(str(path), start, end))

    async def open_write(self, path: RemotePath) -> WriteStream:
        """Opens a file for writing."""
        return WriteStream(await self._native.open_write(str(path)))

    async def make_directory(self, path: RemotePath, *, parents: bool = True) -> None:
        """Creates a directory. With ``parents``, also those above it, and an existing one is no error."""
        await self._native.mkdir(str(path), parents)

    async def rename(self, source: RemotePath, destination: RemotePath) -> None:
        """Renames a file or a directory."""
        await self._native.rename(str(source), str(destination))

    async def replace(self, source: RemotePath, destination: RemotePath) -> None:
        """Renames a file in place of an existing one, as :func:`os.replace` does.

        If the server refuses that, the older file is renamed first, and removed only after the new one has its name.
        """
        await self._native.replace(str(source), str(destination))

    async def remove_file(self, path: RemotePath) -> None:
        """Removes a file."""
        await self._native.remove_file(str(path))

    async def remove_directory(self, path: RemotePath) -> None:
        """Removes an empty directory."""
        await self._native.remove_dir(str(path))

    async def remove_tree(self, path: RemotePath) -> Report:
        """Removes a directory with everything below it."""
        return Report(**await self._native.remove_tree(str(path)))

    async def modified(self, path: RemotePath) -> float:
        """Returns the modification time of a file, in seconds since 1970 (``MDTM``)."""
        return await self._native.modified(str(path))

    async def set_modified(self, path: RemotePath, seconds: float) -> None:
        """Sets the modification time, in seconds since 1970."""
        await self._native.set_modified(str(path), int(seconds))

    async def command(self, line: str) -> Reply:
        """Sends a command on one session. Returns the code and the lines of the reply."""
        return await self._native.command(line)

    async def download(
        self,
        source: RemotePath,
        destination: LocalPath = ".",
        *,
        write_into: bool = False,
        resume: bool = False,
        preserve_times: bool = False,
        verify: Verify = "auto",
        segments: int = 1,
        progress: Progress | None = None,
    ) -> Report:
        """Downloads a file or a tree into ``destination``; with ``write_into``, as ``destination``.

        A file has its final name only after it is complete. ``segments`` is the number of sessions for one large file.
        ``progress`` is called in other threads.
        """
        options = transfer_options(write_into, resume, preserve_times, False, verify, segments, progress)
        return Report(**await self._native.download(str(source), destination, options))

    async def upload(
        self,
        source: LocalPath,
        destination: RemotePath = "",
        *,
        write_into: bool = False,
        resume: bool = False,
        preserve_times: bool = False,
        temporary: bool = False,
        verify: Verify = "auto",
        progress: Progress | None = None,
    ) -> Report:
        """Uploads a file or a tree into ``destination``; with ``write_into``, as ``destination``.

        With ``temporary``, a file has its final name only after it is complete. ``progress`` is called in other threads.
        """
        options = transfer_options(write_into, resume, preserve_times, temporary, verify, 1, progress)
        return Report(**await self._native.upload(source, str(destination), options))

    async def mirror_down(
        self,
        source: RemotePath,
        target: LocalPath,
        *,
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        delete: Delete = "never",
        max_deletions: int | None = None,
        links: Links = "skip",
        dry_run: bool = False,
        steps: bool = False,
        progress: Progress | None = None,
    ) -> MirrorReport:
        """Makes a local tree equal to one on the server. Only files that differ are transferred."""
        options = mirror_options(include, exclude, delete, max_deletions, links, dry_run, steps, progress)
        report, done = await self._native.mirror(False, target, str(source), options)
        return MirrorReport(**report, steps=done)

    async def mirror_up(
        self,
        source: LocalPath,
        target: RemotePath,
        *,
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        delete: Delete = "never",
        max_deletions: int | None = None,
        links: Links = "skip",
        dry_run: bool = False,
        steps: bool = False,
        progress: Progress | None = None,
    ) -> MirrorReport:
        """Makes a tree on the server equal to a local one. Only files that differ are transferred."""
        options = mirror_options(include, exclude, delete, max_deletions, links, dry_run, steps, progress)
        report, done = await self._native.mirror(True, source, str(target), options)
        return MirrorReport(**report, steps=done)

"""Local file systems of the client: on disk, and in memory."""

from __future__ import annotations

import abc
import asyncio
import functools
import io
import os
import stat as _stat
import time
from collections.abc import AsyncIterable, Awaitable, Callable, Coroutine, Generator, Iterable, Iterator
from concurrent.futures import Executor
from pathlib import Path, PurePath, PurePosixPath
from types import TracebackType
from typing import Any, Generic, NamedTuple, ParamSpec, Protocol, Self, TypeVar, cast

from .common import DEFAULT_BLOCK_SIZE, AbstractAsyncLister, AsyncStreamIterator, with_timeout
from .errors import PathIOError

__all__ = (
    "AbstractPathIO",
    "PathIO",
    "AsyncPathIO",
    "MemoryPathIO",
    "PathIONursery",
)

_P = ParamSpec("_P")
_R = TypeVar("_R")
_T = TypeVar("_T")
_PathType = TypeVar("_PathType", bound=PurePath)


class _Translation:
    """A ``with`` block that raises :class:`PathIOError` for the exceptions of file systems."""

    _passing = (NotImplementedError, StopAsyncIteration, PathIOError)

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception) and not isinstance(error, self._passing):
            raise PathIOError(reason=(type(error), error, cast(TracebackType, trace))) from error


_translated = _Translation()


def universal_exception(coro: Callable[_P, Awaitable[_R]]) -> Callable[_P, Coroutine[Any, Any, _R]]:
    """Decorates a coroutine function so that it raises :class:`PathIOError` for any other exception.

    Cancellation, :class:`NotImplementedError` and :class:`StopAsyncIteration` pass.
    """

    @functools.wraps(coro)
    async def translated(*positional: _P.args, **named: _P.kwargs) -> _R:
        with _translated:
            return await coro(*positional, **named)

    return translated


def defend_file_methods(coro: Callable[_P, Awaitable[_R]]) -> Callable[_P, Coroutine[Any, Any, _R]]:
    """Decorates a method of a path io so that it refuses an :class:`AsyncPathIOContext` as its file."""

    @functools.wraps(coro)
    async def defended(*positional: _P.args, **named: _P.kwargs) -> _R:
        _refuse_context(positional[1])
        return await coro(*positional, **named)

    return defended


class AsyncPathIOContext:
    """An open file: what :meth:`AbstractPathIO.open` returns, to be awaited or entered with ``async with``.

    Its methods are those of the path io, without the parameter ``file``.
    """

    def __init__(self, pathio: AbstractPathIO[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.pathio = pathio
        self.args = args
        self.kwargs = kwargs
        self._is_open = False

    async def _enter(self) -> Self:
        self.file: Any = await self.pathio._open(*self.args, **self.kwargs)
        self._is_open = True
        return self

    def __await__(self) -> Generator[Any, None, Self]:
        return self._enter().__await__()

    async def __aenter__(self) -> Self:
        return await self._enter()

    async def __aexit__(self, *args: Any) -> None:
        if self._is_open:
            await self.close()

    def seek(self, *args: Any, **kwargs: Any) -> Awaitable[int]:
        """Changes the position."""
        return self.pathio.seek(self.file, *args, **kwargs)

    def write(self, *args: Any, **kwargs: Any) -> Awaitable[int]:
        """Writes bytes."""
        return self.pathio.write(self.file, *args, **kwargs)

    def read(self, *args: Any, **kwargs: Any) -> Awaitable[bytes]:
        """Reads bytes."""
        return self.pathio.read(self.file, *args, **kwargs)

    def close(self, *args: Any, **kwargs: Any) -> Awaitable[None]:
        """Closes the file."""
        return self.pathio.close(self.file, *args, **kwargs)

    def iter_by_block(self, count: int = DEFAULT_BLOCK_SIZE) -> AsyncStreamIterator:
        """Iterates over blocks of up to ``count`` bytes."""
        return AsyncStreamIterator(functools.partial(self.read, count))


def _refuse_context(file: object) -> None:
    if isinstance(file, AsyncPathIOContext):
        raise ValueError("the methods of a path io take its own file objects; call those of the opened file")


class AbstractPathIO(Generic[_PathType], abc.ABC):
    """A local file system. ``timeout`` is that of :func:`oxftp.with_timeout`."""

    def __init__(self, timeout: float | None = None, connection: Any = None, state: Any = None) -> None:
        self.timeout: float | None = timeout
        self.connection: Any = connection

    @property
    def state(self) -> Any:
        """What all instances of one :class:`PathIONursery` share."""
        return None

    @abc.abstractmethod
    async def exists(self, path: _PathType) -> bool:
        """Returns whether a path exists."""

    @abc.abstractmethod
    async def is_dir(self, path: _PathType) -> bool:
        """Returns whether a path is a directory."""

    @abc.abstractmethod
    async def is_file(self, path: _PathType) -> bool:
        """Returns whether a path is a file."""

    @abc.abstractmethod
    async def mkdir(self, path: _PathType, *, parents: bool = False, exist_ok: bool = False) -> None:
        """Creates a directory, with ``parents`` also those above it."""

    @abc.abstractmethod
    async def rmdir(self, path: _PathType) -> None:
        """Removes an empty directory."""

    @abc.abstractmethod
    async def unlink(self, path: _PathType) -> None:
        """Removes a file."""

    @abc.abstractmethod
    def list(self, path: _PathType) -> AsyncIterable[_PathType]:
        """Returns the paths in a directory, as an :class:`AbstractAsyncLister`."""

    @abc.abstractmethod
    async def stat(self, path: _PathType) -> Any:
        """Returns ``st_size``, ``st_mtime``, ``st_ctime``, ``st_nlink`` and ``st_mode`` of a path."""

    @abc.abstractmethod
    async def _open(self, path: _PathType, mode: str = "rb") -> Any:
        """Opens a file with the mode ``rb``, ``wb``, ``ab`` or ``r+b``."""

    def open(self, *args: Any, **kwargs: Any) -> AsyncPathIOContext:
        """Opens a file; the arguments are those of :meth:`_open`."""
        return AsyncPathIOContext(self, args=args, kwargs=kwargs)

    @abc.abstractmethod
    async def seek(self, file: Any, offset: int, whence: int = io.SEEK_SET) -> int:
        """Changes the position in a file."""

    @abc.abstractmethod
    async def write(self, file: Any, data: bytes) -> int:
        """Writes bytes to a file."""

    @abc.abstractmethod
    async def read(self, file: Any, block_size: int = -1) -> bytes:
        """Reads up to ``block_size`` bytes of a file."""

    @abc.abstractmethod
    async def close(self, file: Any) -> None:
        """Closes a file."""

    @abc.abstractmethod
    async def rename(self, source: _PathType, destination: _PathType) -> _PathType:
        """Renames a path."""


_PathIOType = TypeVar("_PathIOType", bound=AbstractPathIO[Any])


class PathIONursery(Generic[_PathIOType]):
    """Creates path ios that share their state, such as the files of :class:`MemoryPathIO`."""

    def __init__(self, factory: type[_PathIOType]) -> None:
        self.factory = factory
        self.state: Any = None

    def __call__(self, timeout: float | None = None, connection: Any = None, state: Any = None) -> _PathIOType:
        shared = self.state
        created = self.factory(timeout=timeout, connection=connection, state=shared)
        if shared is None:
            self.state = created.state
        return created


class _File(Protocol):
    """What the path ios below need of the objects that they open."""

    def seek(self, offset: int, whence: int, /) -> int: ...
    def write(self, data: bytes, /) -> int: ...
    def read(self, count: int, /) -> bytes: ...
    def close(self) -> None: ...


class _Caller(Protocol):
    def __call__(self, function: Callable[[], _T], /) -> Awaitable[_T]: ...


class _PathLister(AbstractAsyncLister[_PathType]):
    """Lists a directory; each step is a call like any other of the path io."""

    def __init__(self, call: _Caller, paths: Callable[[], Iterable[_PathType]], timeout: float | None) -> None:
        super().__init__(timeout=timeout)
        self._call = call
        self._paths = paths
        self._rest: Iterator[_PathType] | None = None

    def _step(self) -> _PathType | None:
        if self._rest is None:
            self._rest = iter(self._paths())
        return next(self._rest, None)

    async def __anext__(self) -> _PathType:
        path = await self._call(self._step)
        if path is None:
            raise StopAsyncIteration
        return path


class _LocalPathIO(AbstractPathIO[_PathType]):
    """A path io whose operations are plain functions. :meth:`_call` decides where they run."""

    async def _call(self, function: Callable[..., _T], /, *args: Any, **kwargs: Any) -> _T:
        with _translated:
            return function(*args, **kwargs)

    @staticmethod
    def _own(file: Any) -> _File:
        with _translated:
            _refuse_context(file)
        return cast(_File, file)

    async def seek(self, file: Any, offset: int, whence: int = io.SEEK_SET) -> int:
        return await self._call(self._own(file).seek, offset, whence)

    async def write(self, file: Any, data: bytes) -> int:
        return await self._call(self._own(file).write, data)

    async def read(self, file: Any, block_size: int = -1) -> bytes:
        return await self._call(self._own(file).read, block_size)

    async def close(self, file: Any) -> None:
        await self._call(self._own(file).close)


class _DiskPathIO(_LocalPathIO[Path]):
    async def exists(self, path: Path) -> bool:
        return await self._call(path.exists)

    async def is_dir(self, path: Path) -> bool:
        return await self._call(path.is_dir)

    async def is_file(self, path: Path) -> bool:
        return await self._call(path.is_file)

    async def mkdir(self, path: Path, *, parents: bool = False, exist_ok: bool = False) -> None:
        await self._call(path.mkdir, parents=parents, exist_ok=exist_ok)

    async def rmdir(self, path: Path) -> None:
        await self._call(path.rmdir)

    async def unlink(self, path: Path) -> None:
        await self._call(path.unlink)

    def list(self, path: Path) -> AbstractAsyncLister[Path]:
        """Returns the paths in a directory."""
        return _PathLister(self._call, lambda: path.glob("*"), self.timeout)

    async def stat(self, path: Path) -> os.stat_result:
        return await self._call(path.stat)

    async def _open(self, path: Path, mode: str = "rb", **kwargs: Any) -> Any:
        opened: Any = await self._call(path.open, mode, **kwargs)
        return opened

    async def rename(self, source: Path, destination: Path) -> Path:
        return await self._call(source.rename, destination)


class PathIO(_DiskPathIO):
    """The disk. Operations block the event loop, which is faster than handing them to threads."""


class AsyncPathIO(_DiskPathIO):
    """The disk, with each operation in a thread of ``executor``. It is slow."""

    def __init__(
        self,
        timeout: float | None = None,
        connection: Any = None,
        state: Any = None,
        executor: Executor | None = None,
    ) -> None:
        super().__init__(timeout=timeout, connection=connection, state=state)
        self.executor = executor

    async def _call(self, function: Callable[..., _T], /, *args: Any, **kwargs: Any) -> _T:
        with _translated:
            return await self._in_thread(functools.partial(function, *args, **kwargs))

    @with_timeout
    async def _in_thread(self, function: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self.executor, function)


class Node:
    """A file or a directory of :class:`MemoryPathIO`.

    ``content`` is the bytes of a file, or the nodes in a directory. Times are in seconds, and default to now.
    """

    def __init__(
        self,
        type: str,
        name: str,
        ctime: int | None = None,
        mtime: int | None = None,
        *,
        content: list[Node] | io.BytesIO,
    ) -> None:
        now = int(time.time())
        self.type = type
        self.name = name
        self.ctime: int = ctime or now
        self.mtime: int = mtime or now
        #: The bytes of a file; ``None`` in a directory.
        self.data: io.BytesIO | None = None
        #: What a directory has, by name.
        self.entries: dict[str, Node] = {}
        if isinstance(content, io.BytesIO):
            self.data = content
        else:
            self.entries.update((node.name, node) for node in content)

    @property
    def content(self) -> list[Node] | io.BytesIO:
        """The bytes of a file, or a list of the nodes in a directory."""
        return list(self.entries.values()) if self.data is None else self.data

    def __repr__(self) -> str:
        inside = f"{len(self.entries)} entries" if self.data is None else f"{self.size} bytes"
        return f"<Node {self.type} {self.name!r}: {inside}>"

    @property
    def size(self) -> int:
        """The number of bytes in a file, 0 for a directory."""
        return 0 if self.data is None else self.data.getbuffer().nbytes


class _MemoryFile:
    """An open file of :class:`MemoryPathIO`, with a position of its own."""

    def __init__(self, data: io.BytesIO, position: int) -> None:
        self.data = data
        self.position = position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.data.seek(self.position)
        self.position = self.data.seek(offset, whence)
        return self.position

    def write(self, data: bytes) -> int:
        self.data.seek(self.position)
        count = self.data.write(data)
        self.position += count
        return count

    def read(self, count: int | None = -1) -> bytes:
        self.data.seek(self.position)
        block = self.data.read(count)
        self.position += len(block)
        return block

    def close(self) -> None:
        pass


class _Stats(NamedTuple):
    """What :meth:`MemoryPathIO.stat` returns."""

    st_size: int
    st_ctime: int
    st_mtime: int
    st_nlink: int
    st_mode: int


class _Tree:
    """The operations of :class:`MemoryPathIO`, on absolute paths."""

    def __init__(self, root: Node) -> None:
        self.root = root

    def find(self, path: PurePosixPath) -> Node | None:
        node: Node | None = self.root
        for name in path.parts[1:]:
            if node is None:
                break
            node = node.entries.get(name)
        return node

    def require(self, path: PurePosixPath) -> Node:
        node = self.find(path)
        if node is None:
            raise FileNotFoundError(f"{path} is not in memory")
        return node

    def require_directory(self, path: PurePosixPath) -> Node:
        node = self.require(path)
        if node.data is not None:
            raise NotADirectoryError(f"{path} is a file")
        return node

    def is_a(self, kind: str, path: PurePosixPath) -> bool:
        node = self.find(path)
        return node is not None and node.type == kind

    def make_directory(self, path: PurePosixPath, parents: bool, exist_ok: bool) -> None:
        existing = self.find(path)
        if existing is not None:
            if exist_ok and existing.data is None:
                return
            raise FileExistsError(f"{path} is in memory already")
        if parents and self.find(path.parent) is None:
            self.make_directory(path.parent, parents, exist_ok)
        self.add(path, Node("dir", path.name, content=[]))

    def add(self, path: PurePosixPath, node: Node) -> None:
        node.name = path.name
        self.require_directory(path.parent).entries[path.name] = node

    def drop(self, path: PurePosixPath) -> None:
        if not path.name:
            raise OSError(f"{path} cannot be removed")
        del self.require_directory(path.parent).entries[path.name]

    def remove_directory(self, path: PurePosixPath) -> None:
        if self.require_directory(path).entries:
            raise OSError(f"{path} has entries")
        self.drop(path)

    def remove_file(self, path: PurePosixPath) -> None:
        if self.require(path).data is None:
            raise IsADirectoryError(f"{path} is a directory")
        self.drop(path)

    def stat(self, path: PurePosixPath) -> _Stats:
        node = self.require(path)
        mode = _stat.S_IFDIR | 0o777 if node.data is None else _stat.S_IFREG | 0o666
        return _Stats(st_size=node.size, st_ctime=node.ctime, st_mtime=node.mtime, st_nlink=1, st_mode=mode)

    def open(self, path: PurePosixPath, mode: str) -> _MemoryFile:
        if mode not in ("rb", "wb", "ab", "r+b"):
            raise ValueError(f"files in memory have no mode {mode!r}")
        if mode != "rb" and self.find(path) is None:
            self.add(path, Node("file", path.name, content=io.BytesIO()))
        node = self.require(path)
        if node.data is None:
            raise IsADirectoryError(f"{path} is a directory")
        if mode == "wb":
            # Those who read the old content may do so to its end.
            node.data = io.BytesIO()
        return _MemoryFile(node.data, node.size if mode == "ab" else 0)

    def rename(self, source: PurePosixPath, destination: PurePosixPath) -> None:
        node = self.require(source)
        if source == destination:
            return
        self.require_directory(destination.parent)
        if destination.is_relative_to(source):
            raise OSError(f"{source} cannot be moved below itself")
        self.drop(source)
        self.add(destination, node)


class MemoryPathIO(_LocalPathIO[PurePosixPath]):
    """A tree of files in memory. ``state`` is that of another instance, whose files this one shares."""

    Stats = _Stats

    def __init__(
        self,
        timeout: float | None = None,
        connection: Any = None,
        state: list[Node] | None = None,
        cwd: str | PurePosixPath | None = None,
    ) -> None:
        super().__init__(timeout=timeout, connection=connection, state=state)
        self.cwd: PurePosixPath = PurePosixPath("/", cwd or "")
        self.fs: list[Node] = [] if state is None else state
        if not self.fs:
            self.fs.append(Node("dir", "/", content=[]))
        self._tree = _Tree(self.fs[0])

    @property
    def state(self) -> list[Node]:
        """A list with the node of ``/``."""
        return self.fs

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.fs})"

    def _at(self, path: PurePosixPath) -> PurePosixPath:
        return self.cwd / path

    def get_node(self, path: PurePosixPath) -> Node | None:
        """Returns the node of a path, or ``None``."""
        return self._tree.find(self._at(path))

    async def exists(self, path: PurePosixPath) -> bool:
        return await self._call(self.get_node, path) is not None

    async def is_dir(self, path: PurePosixPath) -> bool:
        return await self._call(self._tree.is_a, "dir", self._at(path))

    async def is_file(self, path: PurePosixPath) -> bool:
        return await self._call(self._tree.is_a, "file", self._at(path))

    async def mkdir(self, path: PurePosixPath, *, parents: bool = False, exist_ok: bool = False) -> None:
        await self._call(self._tree.make_directory, self._at(path), parents, exist_ok)

    async def rmdir(self, path: PurePosixPath) -> None:
        await self._call(self._tree.remove_directory, self._at(path))

    async def unlink(self, path: PurePosixPath) -> None:
        await self._call(self._tree.remove_file, self._at(path))

    def list(self, path: PurePosixPath) -> AbstractAsyncLister[PurePosixPath]:
        """Returns the paths in a directory."""

        def paths() -> Iterable[PurePosixPath]:
            directory = self.get_node(path)
            return [path / name for name in directory.entries] if directory is not None else ()

        return _PathLister(self._call, paths, self.timeout)

    async def stat(self, path: PurePosixPath) -> _Stats:
        return await self._call(self._tree.stat, self._at(path))

    async def _open(self, path: PurePosixPath, mode: str = "rb") -> Any:
        return await self._call(self._tree.open, self._at(path), mode)

    async def rename(self, source: PurePosixPath, destination: PurePosixPath) -> PurePosixPath:
        await self._call(self._tree.rename, self._at(source), self._at(destination))
        return destination

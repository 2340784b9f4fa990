"""Local file systems of the client: on disk, and in memory."""

from __future__ import annotations

import abc
import asyncio
import functools
import io
import os
import stat as _stat
import sys
import time
from collections.abc import AsyncIterable, Awaitable, Callable, Coroutine, Generator, Iterator
from concurrent.futures import Executor
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, Generic, NamedTuple, ParamSpec, Self, TypeVar

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


class AsyncPathIOContext:
    """An open file: what :meth:`AbstractPathIO.open` returns, to be awaited or entered with ``async with``."""

    def __init__(self, pathio: AbstractPathIO[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.close: Callable[..., Awaitable[None]] | None = None
        self.pathio = pathio
        self.args = args
        self.kwargs = kwargs

    async def __aenter__(self) -> Self:
        self.file: Any = await self.pathio._open(*self.args, **self.kwargs)
        self.seek = functools.partial(self.pathio.seek, self.file)
        self.write = functools.partial(self.pathio.write, self.file)
        self.read = functools.partial(self.pathio.read, self.file)
        self.close = functools.partial(self.pathio.close, self.file)
        return self

    async def __aexit__(self, *args: Any) -> None:
        if self.close is not None:
            await self.close()

    def __await__(self) -> Generator[Any, None, Self]:
        return self.__aenter__().__await__()

    def iter_by_block(self, count: int = DEFAULT_BLOCK_SIZE) -> AsyncStreamIterator:
        """Iterates over blocks of up to ``count`` bytes."""
        return AsyncStreamIterator(lambda: self.read(count))


def universal_exception(coro: Callable[_P, Awaitable[_R]]) -> Callable[_P, Coroutine[Any, Any, _R]]:
    """Decorates a coroutine function so that it raises :class:`PathIOError` for any other exception.

    Cancellation, :class:`NotImplementedError` and :class:`StopAsyncIteration` pass.
    """

    @functools.wraps(coro)
    async def wrapper(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return await coro(*args, **kwargs)
        except (asyncio.CancelledError, NotImplementedError, StopAsyncIteration):
            raise
        except Exception as error:
            raise PathIOError(reason=sys.exc_info()) from error

    return wrapper


def defend_file_methods(coro: Callable[_P, Awaitable[_R]]) -> Callable[_P, Coroutine[Any, Any, _R]]:
    """Decorates a method of a path io so that it refuses an :class:`AsyncPathIOContext` as its file."""

    @functools.wraps(coro)
    async def wrapper(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        if isinstance(args[1], AsyncPathIOContext):
            raise ValueError("the methods of a path io take its own file objects; call those of the opened file")
        return await coro(*args, **kwargs)

    return wrapper


class AbstractPathIO(Generic[_PathType], abc.ABC):
    """A local file system. ``timeout`` is that of :func:`oxftp.with_timeout`."""

    def __init__(self, timeout: float | None = None, connection: Any = None, state: Any = None) -> None:
        self.timeout = timeout
        self.connection = connection

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
        return AsyncPathIOContext(self, args, kwargs)

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
        instance = self.factory(timeout=timeout, connection=connection, state=self.state)
        if self.state is None:
            self.state = instance.state
        return instance


class _DirectoryLister(AbstractAsyncLister[Path]):
    def __init__(self, path: Path, timeout: float | None) -> None:
        super().__init__(timeout=timeout)
        self.path = path
        self.paths: Iterator[Path] | None = None

    def _next(self) -> Path | None:
        if self.paths is None:
            self.paths = self.path.glob("*")
        return next(self.paths, None)

    @universal_exception
    async def __anext__(self) -> Path:
        found = self._next()
        if found is None:
            raise StopAsyncIteration
        return found


class PathIO(AbstractPathIO[Path]):
    """The disk. Operations block the event loop, which is faster than handing them to threads."""

    @universal_exception
    async def exists(self, path: Path) -> bool:
        return path.exists()

    @universal_exception
    async def is_dir(self, path: Path) -> bool:
        return path.is_dir()

    @universal_exception
    async def is_file(self, path: Path) -> bool:
        return path.is_file()

    @universal_exception
    async def mkdir(self, path: Path, *, parents: bool = False, exist_ok: bool = False) -> None:
        path.mkdir(parents=parents, exist_ok=exist_ok)

    @universal_exception
    async def rmdir(self, path: Path) -> None:
        path.rmdir()

    @universal_exception
    async def unlink(self, path: Path) -> None:
        path.unlink()

    def list(self, path: Path) -> AbstractAsyncLister[Path]:
        """Returns the paths in a directory."""
        return _DirectoryLister(path, self.timeout)

    @universal_exception
    async def stat(self, path: Path) -> os.stat_result:
        return path.stat()

    @universal_exception
    async def _open(self, path: Path, mode: str = "rb", **kwargs: Any) -> Any:
        return path.open(mode, **kwargs)

    @universal_exception
    @defend_file_methods
    async def seek(self, file: Any, offset: int, whence: int = io.SEEK_SET) -> int:
        position: int = file.seek(offset, whence)
        return position

    @universal_exception
    @defend_file_methods
    async def write(self, file: Any, data: bytes) -> int:
        written: int = file.write(data)
        return written

    @universal_exception
    @defend_file_methods
    async def read(self, file: Any, block_size: int = -1) -> bytes:
        data: bytes = file.read(block_size)
        return data

    @universal_exception
    @defend_file_methods
    async def close(self, file: Any) -> None:
        file.close()

    @universal_exception
    async def rename(self, source: Path, destination: Path) -> Path:
        return source.rename(destination)


class _AsyncDirectoryLister(_DirectoryLister):
    def __init__(self, path: Path, timeout: float | None, executor: Executor | None) -> None:
        super().__init__(path, timeout)
        self.executor = executor

    @universal_exception
    @with_timeout
    async def __anext__(self) -> Path:
        found = await asyncio.get_running_loop().run_in_executor(self.executor, self._next)
        if found is None:
            raise StopAsyncIteration
        return found


class AsyncPathIO(AbstractPathIO[Path]):
    """The disk, with each operation in a thread of ``executor``. It is slow."""

    def __init__(
        self,
        timeout: float | None = None,
        connection: Any = None,
        state: Any = None,
        executor: Executor | None = None,
    ) -> None:
        super().__init__(timeout, connection, state)
        self.executor = executor

    @universal_exception
    @with_timeout
    async def _run(self, function: Callable[..., _T], *args: Any, **kwargs: Any) -> _T:
        call = functools.partial(function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self.executor, call)

    async def exists(self, path: Path) -> bool:
        return await self._run(path.exists)

    async def is_dir(self, path: Path) -> bool:
        return await self._run(path.is_dir)

    async def is_file(self, path: Path) -> bool:
        return await self._run(path.is_file)

    async def mkdir(self, path: Path, *, parents: bool = False, exist_ok: bool = False) -> None:
        await self._run(path.mkdir, parents=parents, exist_ok=exist_ok)

    async def rmdir(self, path: Path) -> None:
        await self._run(path.rmdir)

    async def unlink(self, path: Path) -> None:
        await self._run(path.unlink)

    def list(self, path: Path) -> AbstractAsyncLister[Path]:
        """Returns the paths in a directory."""
        return _AsyncDirectoryLister(path, self.timeout, self.executor)

    async def stat(self, path: Path) -> os.stat_result:
        return await self._run(path.stat)

    async def _open(self, path: Path, mode: str = "rb", **kwargs: Any) -> Any:
        opened: Any = await self._run(path.open, mode, **kwargs)
        return opened

    @universal_exception
    @defend_file_methods
    async def seek(self, file: Any, offset: int, whence: int = io.SEEK_SET) -> int:
        return await self._run(file.seek, offset, whence)

    @universal_exception
    @defend_file_methods
    async def write(self, file: Any, data: bytes) -> int:
        return await self._run(file.write, data)

    @universal_exception
    @defend_file_methods
    async def read(self, file: Any, block_size: int = -1) -> bytes:
        return await self._run(file.read, block_size)

    @universal_exception
    @defend_file_methods
    async def close(self, file: Any) -> None:
        await self._run(file.close)

    async def rename(self, source: Path, destination: Path) -> Path:
        return await self._run(source.rename, destination)


class Node:
    """A file or a directory of :class:`MemoryPathIO`."""

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
        self.ctime = ctime or now
        self.mtime = mtime or now
        self.content = content

    @property
    def children(self) -> list[Node]:
        """The entries of a directory."""
        if isinstance(self.content, io.BytesIO):
            raise NotADirectoryError(self.name)
        return self.content

    @property
    def file(self) -> io.BytesIO:
        """The content of a file."""
        if not isinstance(self.content, io.BytesIO):
            raise IsADirectoryError(self.name)
        return self.content

    def __repr__(self) -> str:
        return (
            f"{self.__class__.__name__}(type={self.type!r}, name={self.name!r}, ctime={self.ctime!r}, "
            f"mtime={self.mtime!r}, content={self.content!r})"
        )


class _MemoryLister(AbstractAsyncLister[PurePosixPath]):
    def __init__(self, paths: Callable[[], list[PurePosixPath]], timeout: float | None) -> None:
        super().__init__(timeout=timeout)
        self.paths = paths
        self.iterator: Iterator[PurePosixPath] | None = None

    @universal_exception
    async def __anext__(self) -> PurePosixPath:
        if self.iterator is None:
            self.iterator = iter(self.paths())
        for path in self.iterator:
            return path
        raise StopAsyncIteration


class MemoryPathIO(AbstractPathIO[PurePosixPath]):
    """A tree of files in memory."""

    class Stats(NamedTuple):
        """What :meth:`MemoryPathIO.stat` returns."""

        st_size: int
        st_ctime: int
        st_mtime: int
        st_nlink: int
        st_mode: int

    def __init__(
        self,
        timeout: float | None = None,
        connection: Any = None,
        state: list[Node] | None = None,
        cwd: str | PurePosixPath | None = None,
    ) -> None:
        super().__init__(timeout=timeout, connection=connection)
        self.cwd = PurePosixPath(cwd or "/")
        self.fs = [Node("dir", "/", content=[])] if state is None else state

    @property
    def state(self) -> list[Node]:
        """The tree."""
        return self.fs

    def __repr__(self) -> str:
        return repr(self.fs)

    def _absolute(self, path: PurePosixPath) -> PurePosixPath:
        return path if path.is_absolute() else self.cwd / path

    def get_node(self, path: PurePosixPath) -> Node | None:
        """Returns the node of a path, or ``None``."""
        nodes: list[Node] | io.BytesIO = self.fs
        found: Node | None = None
        for part in self._absolute(PurePosixPath(path)).parts:
            if isinstance(nodes, io.BytesIO):
                return None
            found = next((node for node in nodes if node.name == part), None)
            if found is None:
                return None
            nodes = found.content
        return found

    def _node(self, path: PurePosixPath) -> Node:
        node = self.get_node(path)
        if node is None:
            raise FileNotFoundError(str(path))
        return node

    def _siblings(self, path: PurePosixPath) -> list[Node]:
        return self._node(self._absolute(PurePosixPath(path)).parent).children

    def _detach(self, path: PurePosixPath) -> None:
        siblings = self._siblings(path)
        siblings[:] = [node for node in siblings if node.name != path.name]

    @universal_exception
    async def exists(self, path: PurePosixPath) -> bool:
        return self.get_node(path) is not None

    @universal_exception
    async def is_dir(self, path: PurePosixPath) -> bool:
        node = self.get_node(path)
        return node is not None and node.type == "dir"

    @universal_exception
    async def is_file(self, path: PurePosixPath) -> bool:
        node = self.get_node(path)
        return node is not None and node.type == "file"

    @universal_exception
    async def mkdir(self, path: PurePosixPath, *, parents: bool = False, exist_ok: bool = False) -> None:
        path = self._absolute(PurePosixPath(path))
        node = self.get_node(path)
        if node is not None:
            if node.type != "dir" or not exist_ok:
                raise FileExistsError(str(path))
        elif not parents:
            self._siblings(path).append(Node("dir", path.name, content=[]))
        else:
            nodes = self.fs
            for part in path.parts:
                found = next((node for node in nodes if node.name == part), None)
                if found is None:
                    found = Node("dir", part, content=[])
                    nodes.append(found)
                nodes = found.children

    @universal_exception
    async def rmdir(self, path: PurePosixPath) -> None:
        if self._node(path).children:
            raise OSError("Directory not empty")
        self._detach(path)

    @universal_exception
    async def unlink(self, path: PurePosixPath) -> None:
        _ = self._node(path).file
        self._detach(path)

    def list(self, path: PurePosixPath) -> AbstractAsyncLister[PurePosixPath]:
        """Returns the paths in a directory."""

        def paths() -> list[PurePosixPath]:
            node = self.get_node(path)
            if node is None or isinstance(node.content, io.BytesIO):
                return []
            return [path / child.name for child in node.content]

        return _MemoryLister(paths, self.timeout)

    @universal_exception
    async def stat(self, path: PurePosixPath) -> MemoryPathIO.Stats:
        node = self._node(path)
        if isinstance(node.content, io.BytesIO):
            size, mode = len(node.content.getbuffer()), _stat.S_IFREG | 0o666
        else:
            size, mode = 0, _stat.S_IFDIR | 0o777
        return MemoryPathIO.Stats(size, node.ctime, node.mtime, 1, mode)

    @universal_exception
    async def _open(self, path: PurePosixPath, mode: str = "rb") -> Any:
        if mode not in ("rb", "wb", "ab", "r+b"):
            raise ValueError(f"invalid mode: {mode}")
        node = self.get_node(path)
        if node is None:
            if mode == "rb":
                raise FileNotFoundError(str(path))
            node = Node("file", path.name, content=io.BytesIO())
            self._siblings(path).append(node)
        file = node.file
        if mode == "wb":
            node.content = file = io.BytesIO()
        file.seek(0, io.SEEK_END if mode == "ab" else io.SEEK_SET)
        return file

    @universal_exception
    @defend_file_methods
    async def seek(self, file: io.BytesIO, offset: int, whence: int = io.SEEK_SET) -> int:
        return file.seek(offset, whence)

    @universal_exception
    @defend_file_methods
    async def write(self, file: io.BytesIO, data: bytes) -> int:
        return file.write(data)

    @universal_exception
    @defend_file_methods
    async def read(self, file: io.BytesIO, block_size: int | None = -1) -> bytes:
        return file.read(block_size)

    @universal_exception
    @defend_file_methods
    async def close(self, file: io.BytesIO) -> None:
        pass

    @universal_exception
    async def rename(self, source: PurePosixPath, destination: PurePosixPath) -> PurePosixPath:
        if source != destination:
            node = self._node(source)
            target = self._siblings(destination)
            self._detach(source)
            target[:] = [it for it in target if it.name != destination.name]
            node.name = destination.name
            target.append(node)
        return destination

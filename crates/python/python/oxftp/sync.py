"""The client without asyncio: each method waits. Ctrl+C interrupts it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Self

from . import _oxftp
from ._pool import (
    Blocks,
    Delete,
    Entries,
    EntryInfo,
    Links,
    LocalPath,
    MirrorReport,
    Progress,
    RemotePath,
    Reply,
    Report,
    Sessions,
    Verify,
    mirror_options,
    transfer_options,
)

__all__ = ("Client", "ReadStream", "WriteStream")


class ReadStream:
    """A file that is read."""

    def __init__(self, native: _oxftp.ReadStream) -> None:
        self._native = native

    def read(self, count: int) -> bytes:
        """Reads ``count`` bytes, or fewer at the end of the file."""
        return self._native.read(count).wait()

    def close(self) -> None:
        """Ends the transfer. What was not read is aborted."""
        self._native.close().wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        while block := self.read(1 << 18):
            yield block


class WriteStream:
    """A file that is written. An exception in its ``with`` block aborts the transfer."""

    def __init__(self, native: _oxftp.WriteStream) -> None:
        self._native = native

    def write(self, data: bytes) -> None:
        """Writes bytes."""
        self._native.write(data).wait()

    def close(self) -> None:
        """Ends the file and waits until the server has it."""
        self._native.close().wait()

    def abort(self) -> None:
        """Aborts the transfer."""
        self._native.abort().wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, exc_type: object, exc: object, tb: object) -> None:
        if exc is None:
            self.close()
        else:
            self.abort()


class Client(Sessions):
    """Sessions of one login on one server, opened on demand, for code without asyncio. One unless
    ``sessions`` is set.

    ``tls`` is ``None``, ``"explicit"`` (also ``True``) or ``"implicit"``. Any number of threads can use a client at the
    same time; each operation takes one of its ``sessions``. In a forked child it opens sessions of its own.

    Errors are subclasses of :class:`oxftp.errors.FTPError` and of those of Python, such as :class:`FileNotFoundError`.
    """

    _default_sessions = 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends idle sessions (``QUIT``)."""
        self._native.close().wait()

    def info(self, path: RemotePath) -> EntryInfo:
        """Returns what the server says about a path."""
        return self._native.info(str(path)).wait()  # type: ignore[return-value]

    def list(self, path: RemotePath = "", *, recursive: bool = False) -> Entries:
        """Lists a directory, or with ``recursive`` a tree."""
        return self._native.list(str(path), recursive=recursive).wait()  # type: ignore[return-value]

    def exists(self, path: RemotePath) -> bool:
        """Returns whether a path exists."""
        return self._native.exists(str(path)).wait()

    def read(self, path: RemotePath) -> bytes:
        """Reads a whole file."""
        return self._native.read(str(path)).wait()

    def read_range(self, path: RemotePath, start: int, end: int) -> bytes:
        """Reads the bytes from ``start`` to before ``end``; fewer if the file ends before."""
        return self._native.read_ranges(str(path), [(start, end)]).wait()[0]

    def read_ranges(self, path: RemotePath, ranges: Iterable[tuple[int, int]]) -> Blocks:
        """Reads several ranges of a file, on several sessions. Ranges that are near each other are read together."""
        return self._native.read_ranges(str(path), [*ranges]).wait()

    def write(self, path: RemotePath, contents: bytes) -> None:
        """Writes a whole file."""
        self._native.write(str(path), contents).wait()

    def open_read(self, path: RemotePath, start: int = 0, end: int | None = None) -> ReadStream:
        """Opens a file for reading, from byte ``start`` to before byte ``end``."""
        return ReadStream(self._native.open_read(str(path), start, end).wait())

    def open_write(self, path: RemotePath) -> WriteStream:
        """Opens a file for writing."""
        return WriteStream(self._native.open_write(str(path)).wait())

    def make_directory(self, path: RemotePath, *, parents: bool = True) -> None:
        """Creates a directory. With ``parents``, also those above it, and an existing one is no error."""
        self._native.mkdir(str(path), parents).wait()

    def rename(self, source: RemotePath, destination: RemotePath) -> None:
        """Renames a file or a directory."""
        self._native.rename(str(source), str(destination)).wait()

    def replace(self, source: RemotePath, destination: RemotePath) -> None:
        """Renames a file in place of an existing one, as :func:`os.replace` does.

        If the server refuses that, the older file is renamed first, and removed only after the new one has its name.
        """
        self._native.replace(str(source), str(destination)).wait()

    def remove_file(self, path: RemotePath) -> None:
        """Removes a file."""
        self._native.remove_file(str(path)).wait()

    def remove_directory(self, path: RemotePath) -> None:
        """Removes an empty directory."""
        self._native.remove_dir(str(path)).wait()

    def remove_tree(self, path: RemotePath) -> Report:
        """Removes a directory with everything below it."""
        return Report(**self._native.remove_tree(str(path)).wait())

    def modified(self, path: RemotePath) -> float:
        """Returns the modification time of a file, in seconds since 1970 (``MDTM``)."""
        return self._native.modified(str(path)).wait()

    def set_modified(self, path: RemotePath, seconds: float) -> None:
        """Sets the modification time, in seconds since 1970."""
        self._native.set_modified(str(path), int(seconds)).wait()

    def command(self, line: str) -> Reply:
        """Sends a command on one session. Returns the code and the lines of the reply."""
        return self._native.command(line).wait()

    def download(
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
        return Report(**self._native.download(str(source), destination, options).wait())

    def upload(
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
        return Report(**self._native.upload(source, str(destination), options).wait())

    def mirror_down(
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
        report, done = self._native.mirror(False, target, str(source), options).wait()
        return MirrorReport(**report, steps=done)

    def mirror_up(
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
        report, done = self._native.mirror(True, source, str(target), options).wait()
        return MirrorReport(**report, steps=done)

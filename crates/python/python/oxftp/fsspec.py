"""A file system for fsspec, over a pool of sessions.

``ftpes://``, ``ftps://`` and ``oxftp://`` are registered when the package is installed. ``ftp://`` is that of fsspec
itself until :func:`register` is called.
"""

from __future__ import annotations

import contextlib
import datetime
import netrc
import os
import secrets
import tempfile
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from glob import has_magic
from typing import Any, Literal, NoReturn
from urllib.parse import unquote, urlsplit

import fsspec
from fsspec.asyn import AbstractAsyncStreamedFile, AsyncFileSystem
from fsspec.callbacks import DEFAULT_CALLBACK
from fsspec.spec import AbstractBufferedFile

from . import errors
from ._pool import EntryInfo, Pool, Proxy, ReadStream
from ._tls import TlsConfig

__all__ = ("OxFTPFile", "OxFTPFileSystem", "register")

_DEFAULT_TLS = {"ftp": None, "oxftp": None, "ftpes": "explicit", "ftps": "implicit"}

#: Larger files are copied by way of a temporary file.
_COPIED_IN_MEMORY = 8 * 2**20

#: Larger files are not held in memory on their way to the disk. fsspec downloads up to 128 files at the same time.
_DOWNLOADED_IN_MEMORY = 256 * 2**10

#: The entries that were listed for the current ``get``, by path. The cache of listings may expire before its end.
_LISTED: ContextVar[dict[str, dict[str, Any]] | None] = ContextVar("_LISTED", default=None)


def register() -> None:
    """Makes ``ftp://`` of fsspec this file system, in this process."""
    fsspec.register_implementation("ftp", OxFTPFileSystem, clobber=True)


class OxFTPFileSystem(AsyncFileSystem):
    """A file system of an FTP server.

    ``tls`` is ``False``, ``"explicit"`` (also ``True``) or ``"implicit"``; the schemes ``ftpes`` and ``ftps`` imply the
    latter two. ``sessions`` is the maximum number of sessions. With ``auto_mkdir``, missing directories are created for
    files that are written. With ``atomic``, a file is written under a hidden name and renamed when it is complete.

    Without a password, that of ``~/.netrc`` is used, or of ``OXFTP_PASSWORD``. Pickles have no password unless
    ``pickle_password`` is set: workers of dask find theirs in one of those places.
    """

    protocol = ("oxftp", "ftpes", "ftps", "ftp")
    root_marker = "/"
    async_impl = True
    cachable = True

    def __init__(
        self,
        host: str,
        port: int | None = None,
        username: str | None = None,
        password: str | None = None,
        account: str | None = None,
        *,
        acct: str | None = None,
        tls: bool | str | None = None,
        tls_config: TlsConfig | None = None,
        sessions: int = 4,
        timeout: float | None = 30,
        encoding: str = "utf-8",
        auto_mkdir: bool = True,
        atomic: bool = True,
        block_size: int = 2**20,
        listings_expiry_time: float = 10,
        proxy: Proxy | None = None,
        pickle_password: bool = False,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("use_listings_cache", True)
        super().__init__(listings_expiry_time=listings_expiry_time, **kwargs)
        self.host = host
        self.port = port
        self.auto_mkdir = auto_mkdir
        self.atomic = atomic
        self.blocksize = block_size
        self.pickle_password = pickle_password
        #: Counts changes: a listing that began before one is not cached.
        self._changes = 0
        user, secret = _credentials(host, username, password)
        self.username = user
        self.pool = Pool(
            host,
            port,
            user=user,
            password=secret,
            account=account or acct or None,
            tls=_tls(tls),
            tls_config=tls_config,
            sessions=sessions,
            timeout=timeout,
            encoding=encoding,
            proxy=proxy,
        )

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        if isinstance(path, list):
            return [cls._strip_protocol(one) for one in path]
        path = os.fspath(path)
        scheme, separator, rest = path.partition("://")
        if separator and scheme in cls.protocol:
            path = unquote(rest.partition("/")[2]) if "/" in rest else ""
        return "/" + path.strip("/")

    @staticmethod
    def _get_kwargs_from_urls(path: str) -> dict[str, Any]:
        parts = urlsplit(path)
        if not parts.hostname or parts.scheme not in _DEFAULT_TLS:
            return {}
        options: dict[str, Any] = {"host": parts.hostname}
        if parts.port is not None:
            options["port"] = parts.port
        if parts.username is not None:
            options["username"] = unquote(parts.username)
        if parts.password is not None:
            options["password"] = unquote(parts.password)
        tls = _DEFAULT_TLS[parts.scheme]
        if tls is not None:
            options["tls"] = tls
        return options

    def unstrip_protocol(self, name: str) -> str:
        """Returns the URL of a path, without user and password."""
        return f"oxftp://{self.host}{self._strip_protocol(name)}"

    def __reduce__(self) -> Any:
        options = dict(self.storage_options)
        arguments = list(self.storage_args)
        if not self.pickle_password:
            options.pop("password", None)
            if len(arguments) > 3:
                arguments[3] = None
        return _rebuild, (type(self), tuple(arguments), options)

    # Metadata

    async def _info(self, path: str, **kwargs: Any) -> dict[str, Any]:
        path = self._strip_protocol(path)
        if path == "/":
            return {"name": "/", "size": 0, "type": "directory"}
        cached = self.dircache.get(self._parent(path))
        for entry in cached or ():
            if entry["name"] == path:
                return dict(entry)
        return _entry(path, await self.pool.info(path))

    async def _ls(self, path: str, detail: bool = True, refresh: bool = False, **kwargs: Any) -> Any:
        path = self._strip_protocol(path)
        entries = None if refresh else self.dircache.get(path)
        if entries is None:
            entries = await self._list(path)
        listed = _LISTED.get()
        if listed is not None:
            listed.update((entry["name"], entry) for entry in entries)
        return entries if detail else sorted(entry["name"] for entry in entries)

    async def _list(self, path: str) -> list[dict[str, Any]]:
        changes = self._changes
        try:
            found = await self.pool.list(path)
        except errors.FTPError as error:
            if isinstance(error, (ConnectionError, TimeoutError)):
                raise
            # Servers refuse to list a file with various codes.
            info = await self._info(path)
            if info["type"] == "directory":
                raise
            return [info]
        prefix = path.rstrip("/") + "/"
        entries = [_entry(prefix + entry["name"].rpartition("/")[2], entry) for entry in found]
        if len(entries) <= 1 and path != "/":
            # Some servers list a file as itself, and a missing directory as an empty one.
            info = _entry(path, await self.pool.info(path))
            if info["type"] != "directory":
                return [info]
        if changes == self._changes:
            self.dircache[path] = entries
        return entries

    async def _created(self, path: str) -> NoReturn:
        raise NotImplementedError("FTP has no times of creation")

    def created(self, path: str) -> NoReturn:
        """Not available over FTP."""
        raise NotImplementedError("FTP has no times of creation")

    async def _modified(self, path: str) -> datetime.datetime:
        info = await self._info(path)
        time = info.get("mtime")
        if time is None:
            # Listings of servers without MLSD have no time zone; MDTM is in UTC.
            try:
                time = _utc(await self.pool.modified(self._strip_protocol(path)))
            except errors.FTPError as error:
                if isinstance(error, (ConnectionError, TimeoutError)):
                    raise
                raise NotImplementedError("the server sends no modification time in UTC") from error
        assert isinstance(time, datetime.datetime)
        return time

    def modified(self, path: str) -> Any:
        """Returns the time of modification, in UTC."""
        return fsspec.asyn.sync(self.loop, self._modified, path)

    def invalidate_cache(self, path: str | None = None) -> None:
        """Forgets listings: of a path and the directories above it, or all."""
        self._changes += 1
        if path is None:
            self.dircache.clear()
        else:
            path = self._strip_protocol(path)
            self.dircache.pop(path, None)
            while path != "/":
                path = self._parent(path)
                self.dircache.pop(path, None)
        super().invalidate_cache(path)

    # Reading

    async def _cat_file(self, path: str, start: int | None = None, end: int | None = None, **kwargs: Any) -> bytes:
        path = self._strip_protocol(path)
        if start is None and end is None:
            return await self.pool.read(path)
        if (start or 0) < 0 or (end or 0) < 0 or end is None:
            size: int = (await self._info(path))["size"]
            start = max(0, size + start) if start is not None and start < 0 else start or 0
            end = size if end is None else end + size if end < 0 else end
        start = start or 0
        return await self.pool.read_range(path, start, end) if end > start else b""

    async def _cat_ranges(
        self,
        paths: list[str],
        starts: Any,
        ends: Any,
        max_gap: int | None = None,
        batch_size: int | None = None,
        on_error: str = "return",
        **kwargs: Any,
    ) -> list[Any]:
        count = len(paths)
        starts = list(starts) if isinstance(starts, Iterable) else [starts] * count
        ends = list(ends) if isinstance(ends, Iterable) else [ends] * count
        results: list[Any] = [None] * count
        together: dict[str, list[int]] = {}
        for index, (path, start, end) in enumerate(zip(paths, starts, ends)):
            if start is not None and end is not None and start >= 0 and end >= 0:
                together.setdefault(self._strip_protocol(path), []).append(index)
            else:
                results[index] = await self._caught(self._cat_file(path, start, end), on_error)
        for path, indices in together.items():
            read = await self._caught(
                self.pool.read_ranges(path, [(starts[index], ends[index]) for index in indices]), on_error
            )
            for position, index in enumerate(indices):
                results[index] = read if isinstance(read, Exception) else read[position]
        return results

    async def _caught(self, work: Any, on_error: str) -> Any:
        try:
            return await work
        except Exception as error:
            if on_error == "raise":
                raise
            return error

    async def _get(
        self,
        rpath: Any,
        lpath: Any,
        recursive: bool = False,
        callback: Any = DEFAULT_CALLBACK,
        maxdepth: int | None = None,
        **kwargs: Any,
    ) -> Any:
        token = _LISTED.set({})
        try:
            if recursive and isinstance(lpath, (str, os.PathLike)) and callback is DEFAULT_CALLBACK:
                if maxdepth is None and not kwargs and await self._is_plain_tree(rpath):
                    return await self._get_tree(rpath, os.fspath(lpath))
            return await super()._get(
                rpath, lpath, recursive=recursive, callback=callback, maxdepth=maxdepth, **kwargs
            )
        finally:
            _LISTED.reset(token)

    async def _is_plain_tree(self, path: Any) -> bool:
        """Returns whether this names a directory, below which there are only files and directories."""
        if not isinstance(path, str) or has_magic(path):
            return False
        path = self._strip_protocol(path)
        if path == "/" or (await self._info(path))["type"] != "directory":
            return False
        found = await self._find(path, withdirs=True, detail=True)
        return all(entry["type"] in ("file", "directory") for entry in found.values())

    async def _get_tree(self, rpath: str, lpath: str) -> None:
        """Downloads a directory, into ``lpath`` if that is a directory, else as ``lpath``."""
        source = self._strip_protocol(rpath)
        if not rpath.endswith("/") and (lpath.endswith("/") or os.path.isdir(lpath)):
            lpath = os.path.join(lpath, source.rpartition("/")[2])
        await self.pool.download(source, lpath, write_into=True)

    async def _get_file(self, rpath: str, lpath: Any, callback: Any = DEFAULT_CALLBACK, **kwargs: Any) -> None:
        rpath = self._strip_protocol(rpath)
        if not isinstance(lpath, (str, os.PathLike)):
            lpath.write(await self._cat_file(rpath))
            return
        info = (_LISTED.get() or {}).get(rpath) or await self._info(rpath)
        if info["type"] == "directory":
            os.makedirs(lpath, exist_ok=True)
            return
        if os.path.isdir(lpath):
            raise IsADirectoryError(os.fspath(lpath))
        os.makedirs(os.path.dirname(os.path.abspath(lpath)), exist_ok=True)
        callback.set_size(info["size"])
        if info["type"] == "file" and (info["size"] or 2**63) <= _DOWNLOADED_IN_MEMORY and not os.path.lexists(lpath):
            content = await self.pool.read(rpath)
            # Another size shows that the file has changed since it was listed.
            if len(content) == info["size"]:
                _create_file(lpath, content)
                callback.relative_update(len(content))
                return
        await self.pool.download(rpath, lpath, write_into=True, progress=_progress(callback))

    # Writing

    async def _temporary_name(self, path: str) -> str:
        parent, _, name = path.rpartition("/")
        # Names have at most 255 bytes on most servers.
        name = name.encode()[:200].decode(errors="ignore")
        return f"{parent}/.{name}.{secrets.token_hex(4)}.oxftp"

    async def _make_parents(self, path: str) -> None:
        parent = self._parent(path)
        if self.auto_mkdir and parent != "/":
            await self.pool.make_directory(parent)

    async def _with_parents(self, path: str, write: Callable[[], Any]) -> Any:
        """Writes a file; creates its directories if that fails."""
        try:
            return await write()
        except errors.FTPError as error:
            if not self.auto_mkdir or isinstance(error, (ConnectionError, TimeoutError)):
                raise
            if error.code is None:
                raise
        # It may exist by now: other files of the directory are written at the same time.
        await self._make_parents(path)
        return await write()

    async def _replace(self, temporary: str, path: str) -> None:
        """Renames a complete file to its final name."""
        try:
            await self.pool.replace(temporary, path)
        except (ConnectionError, TimeoutError):
            # The server may have renamed it.
            raise
        except errors.FTPError:
            await self._discard(temporary)
            raise

    async def _discard(self, path: str) -> None:
        try:
            await self.pool.remove_file(path)
        except errors.FTPError:
            pass

    async def _refuse_existing(self, path: str, mode: str) -> None:
        if mode == "create" and await self._exists(path):
            raise FileExistsError(path)

    async def _pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
        path = self._strip_protocol(path)
        await self._refuse_existing(path, mode)
        value = bytes(value)
        target = await self._temporary_name(path) if self.atomic else path
        await self._with_parents(path, lambda: self.pool.write(target, value))
        if self.atomic:
            await self._replace(target, path)
        self.invalidate_cache(path)

    async def _put_file(
        self,
        lpath: Any,
        rpath: str,
        callback: Any = DEFAULT_CALLBACK,
        mode: str = "overwrite",
        **kwargs: Any,
    ) -> None:
        rpath = self._strip_protocol(rpath)
        if os.path.isdir(lpath):
            await self._makedirs(rpath, exist_ok=True)
            return
        await self._refuse_existing(rpath, mode)
        callback.set_size(os.path.getsize(lpath))
        await self._with_parents(
            rpath,
            lambda: self.pool.upload(
                lpath, rpath, write_into=True, temporary=self.atomic, progress=_progress(callback)
            ),
        )
        self.invalidate_cache(rpath)

    async def _cp_file(self, path1: str, path2: str, **kwargs: Any) -> None:
        path1, path2 = self._strip_protocol(path1), self._strip_protocol(path2)
        info = await self._info(path1)
        if info["type"] == "directory":
            await self._makedirs(path2, exist_ok=True)
            return
        if info["size"] is not None and info["size"] <= _COPIED_IN_MEMORY:
            await self._pipe_file(path2, await self.pool.read(path1))
            return
        with tempfile.TemporaryDirectory() as directory:
            local = os.path.join(directory, "copy")
            await self.pool.download(path1, local, write_into=True)
            await self._put_file(local, path2)

    async def _mv_file(self, path1: str, path2: str, **kwargs: Any) -> None:
        path1, path2 = self._strip_protocol(path1), self._strip_protocol(path2)
        await self._with_parents(path2, lambda: self.pool.rename(path1, path2))
        self.invalidate_cache(path1)
        self.invalidate_cache(path2)

    def mv(self, path1: str, path2: str, recursive: bool = False, maxdepth: int | None = None, **kwargs: Any) -> None:
        """Renames a file or a directory. Patterns and lists are copied and removed."""
        if isinstance(path1, str) and not fsspec.utils.stringify_path(path1).count("*") and maxdepth is None:
            source, target = self._strip_protocol(path1), self._strip_protocol(path2)
            if source == target:
                return
            if path2.endswith("/") or self.isdir(target):
                target = f"{target.rstrip('/')}/{source.rpartition('/')[2]}"
            fsspec.asyn.sync(self.loop, self._mv_file, source, target)
            return
        super().mv(path1, path2, recursive=recursive, maxdepth=maxdepth, **kwargs)

    async def _rm_file(self, path: str, **kwargs: Any) -> None:
        path = self._strip_protocol(path)
        await self.pool.remove_file(path)
        self.invalidate_cache(path)

    async def _rmdir(self, path: str) -> None:
        path = self._strip_protocol(path)
        await self.pool.remove_directory(path)
        self.invalidate_cache(path)

    async def _rm(
        self,
        path: Any,
        recursive: bool = False,
        batch_size: int | None = None,
        maxdepth: int | None = None,
        **kwargs: Any,
    ) -> None:
        if isinstance(path, str) and maxdepth is None and "*" not in path:
            plain = self._strip_protocol(path)
            if (await self._info(plain))["type"] != "directory":
                await self._rm_file(plain)
            elif recursive:
                await self.pool.remove_tree(plain)
            else:
                await self._rmdir(plain)
            self.invalidate_cache()
            return
        for one in reversed(await self._expand_path(path, recursive=recursive, maxdepth=maxdepth)):
            if await self._isdir(one):
                await self._rmdir(one)
            else:
                await self._rm_file(one)

    async def _mkdir(self, path: str, create_parents: bool = True, **kwargs: Any) -> None:
        path = self._strip_protocol(path)
        if create_parents:
            if await self._exists(path):
                raise FileExistsError(path)
            await self.pool.make_directory(path)
        else:
            await self.pool.make_directory(path, parents=False)
        self.invalidate_cache(path)

    async def _makedirs(self, path: str, exist_ok: bool = False) -> None:
        path = self._strip_protocol(path)
        if path != "/":
            if not exist_ok and await self._exists(path):
                raise FileExistsError(path)
            await self.pool.make_directory(path)
            self.invalidate_cache(path)

    async def _touch(self, path: str, truncate: bool = True, **kwargs: Any) -> None:
        path = self._strip_protocol(path)
        if truncate or not await self._exists(path):
            await self._pipe_file(path, b"")
        else:
            now = datetime.datetime.now(datetime.timezone.utc).timestamp()
            await self.pool.set_modified(path, now)

    def touch(self, path: str, truncate: bool = True, **kwargs: Any) -> None:
        """Creates an empty file; without ``truncate``, an existing one keeps its content and gets the time of now."""
        fsspec.asyn.sync(self.loop, self._touch, path, truncate)

    # Files

    def _open(
        self,
        path: str,
        mode: str = "rb",
        block_size: int | None = None,
        autocommit: bool = True,
        cache_options: Any = None,
        **kwargs: Any,
    ) -> OxFTPFile:
        return OxFTPFile(
            self,
            path,
            mode=mode,
            block_size=block_size or self.blocksize,
            autocommit=autocommit,
            cache_options=cache_options,
            **kwargs,
        )

    async def open_async(self, path: str, mode: str = "rb", **kwargs: Any) -> OxFTPStreamedFile:
        """Opens a file for reading without its blocks being cached."""
        if mode != "rb":
            raise ValueError("only files for reading can be opened asynchronously")
        path = self._strip_protocol(path)
        info = await self._info(path)
        return OxFTPStreamedFile(self, path, info["size"])


class OxFTPFile(AbstractBufferedFile):
    """An open file. While it is written, it has a hidden name, if the file system is ``atomic``."""

    fs: OxFTPFileSystem

    def __init__(self, fs: OxFTPFileSystem, path: str, mode: str = "rb", **kwargs: Any) -> None:
        if mode == "xb":
            fsspec.asyn.sync(fs.loop, fs._refuse_existing, path, "create")
        if mode == "ab" and not fs.exists(path):
            mode = "wb"
        super().__init__(fs, path, mode=mode, **kwargs)
        self._stream: Any = None
        self._target = self.path

    def _sync(self, function: Callable[..., Any], *args: Any) -> Any:
        return fsspec.asyn.sync(self.fs.loop, function, *args)

    def _fetch_range(self, start: int, end: int) -> bytes:
        read: bytes = self._sync(self.fs.pool.read_range, self.path, start, end)
        return read

    def _initiate_upload(self) -> None:
        path = self.path
        before = b""
        if self.mode == "ab":
            before = self._sync(self.fs.pool.read, path)
        if self.fs.atomic or not self.autocommit:
            self._target = self._sync(self.fs._temporary_name, path)
        self._stream = self._sync(
            self.fs._with_parents, path, lambda: self.fs.pool.open_write(self._target)
        )
        if before:
            self._sync(self._stream.write, before)

    def _upload_chunk(self, final: bool = False) -> bool:
        data = self.buffer.getvalue()
        if data:
            self._sync(self._stream.write, data)
        if final:
            self._sync(self._stream.close)
            if self.autocommit:
                self.commit()
        return True

    def commit(self) -> None:
        """Renames the complete file to its final name."""
        if self._target != self.path:
            self._sync(self.fs._replace, self._target, self.path)
            self._target = self.path
        self.fs.invalidate_cache(self.path)

    def discard(self) -> None:
        """Removes what was written."""
        if self._target != self.path:
            self._sync(self.fs._discard, self._target)

    def __exit__(self, *args: Any) -> None:
        if args and args[0] is not None and self.mode != "rb" and self.autocommit and self.fs.atomic:
            # A file that was not written completely does not replace another one.
            if self._stream is not None:
                self._sync(self._stream.abort)
                self.discard()
            self.closed = True
            return
        super().__exit__(*args)


class OxFTPStreamedFile(AbstractAsyncStreamedFile):
    """A file that is read from its start to its end."""

    def __init__(self, fs: OxFTPFileSystem, path: str, size: int | None) -> None:
        self.fs = fs
        self.path = path
        self.mode = "rb"
        self.size = size
        self.loc = 0
        self.closed = False
        self._stream: ReadStream | None = None

    async def read(self, length: int = -1) -> bytes:
        """Reads up to ``length`` bytes; -1 reads to the end of the file."""
        if self._stream is None:
            self._stream = await self.fs.pool.open_read(self.path)
        if length >= 0:
            data = await self._stream.read(length)
        else:
            blocks = [block async for block in self._stream]
            data = b"".join(blocks)
        self.loc += len(data)
        return data

    async def close(self) -> None:
        """Ends the transfer."""
        if self._stream is not None:
            await self._stream.close()
        self.closed = True


def _entry(path: str, info: EntryInfo) -> dict[str, Any]:
    """Returns an entry as fsspec represents it."""
    seconds = info["mtime"]
    mtime = None if seconds is None else _utc(seconds)
    entry: dict[str, Any] = dict(info)
    entry.update(name=path, mtime=mtime, size=info["size"] if info["type"] != "directory" else 0)
    return entry


def _create_file(path: Any, content: bytes) -> None:
    """Creates a file that has its name only when it is complete."""
    path = os.fspath(path)
    directory, name = os.path.split(path)
    partial = os.path.join(directory, f".{name[:50]}.{secrets.token_hex(8)}.part")
    try:
        with open(partial, "xb") as file:
            file.write(content)
        os.replace(partial, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(partial)
        raise


def _utc(seconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


def _progress(callback: Any) -> Callable[[str, str | None, int], None] | None:
    if callback is DEFAULT_CALLBACK:
        return None

    def advance(kind: str, name: str | None, count: int) -> None:
        if kind == "advanced":
            callback.relative_update(count)

    return advance


def _credentials(host: str, user: str | None, password: str | None) -> tuple[str, str]:
    """Completes a login from ``~/.netrc`` and the environment."""
    if password is not None:
        return user or "anonymous", password
    try:
        found = netrc.netrc(os.environ.get("NETRC")).authenticators(host)
    except (OSError, netrc.NetrcParseError):
        found = None
    if found is not None and user in (None, "", found[0]):
        return found[0], found[2] or ""
    if not user:
        return "anonymous", "anon@"
    return user, os.environ.get("OXFTP_PASSWORD", "")


def _tls(tls: bool | str | None) -> Literal["explicit", "implicit"] | None:
    if tls is None or tls is False:
        return None
    if tls == "implicit":
        return "implicit"
    # fsspec's own file system has the names of TLS versions, too.
    if tls is True or tls == "explicit" or str(tls).lower().startswith("tls"):
        return "explicit"
    raise ValueError(f"tls must be 'explicit' or 'implicit', not {tls!r}")


def _rebuild(cls: type[OxFTPFileSystem], arguments: tuple[Any, ...], options: dict[str, Any]) -> OxFTPFileSystem:
    return cls(*arguments, **options)

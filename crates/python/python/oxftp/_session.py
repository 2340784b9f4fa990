"""Transfers of whole files and trees by the library, over the session of a client."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Iterable
from os import PathLike
from typing import Any

from . import _oxftp
from ._pool import Progress, Report, Verify

#: A function of a class: what its descriptor has.
_Function = object


def functions_of(cls: type, left_out: Iterable[str] = ()) -> dict[str, _Function]:
    """Returns the functions of a class and its bases, except special methods and those that are left out."""
    names = {
        name
        for base in cls.__mro__
        if base.__module__.startswith("oxftp.")
        for name, value in vars(base).items()
        if callable(value) or isinstance(value, (staticmethod, classmethod, property))
    }
    return {name: _function(cls, name) for name in names.difference(left_out) if not name.startswith("__")}


def functions_named(cls: type, *names: str) -> dict[str, _Function]:
    """Returns the functions of a class with these names."""
    return {name: _function(cls, name) for name in names}


def _function(cls: type, name: str) -> _Function:
    found = getattr(cls, name)
    return getattr(found, "__func__", found)


def overridden(instance: object, functions: dict[str, _Function]) -> str | None:
    """Returns the name of a function that the class of an object, or the object itself, has replaced."""
    cls = type(instance)
    own: dict[str, Any] = getattr(instance, "__dict__", {})
    for name, function in functions.items():
        if name in own or _function(cls, name) is not function:
            return name
    return None


class NativeSession:
    """The library's client for one control connection, which it has only while it transfers.

    After a cancelled transfer it still has the connection: :meth:`reclaim` reads the replies that the server owes.
    """

    def __init__(
        self,
        connection: _oxftp.Connection,
        tls: _oxftp.TlsSession | None,
        options: dict[str, Any],
    ) -> None:
        self._native = _oxftp.Session(connection, tls, options)
        self._connection = connection
        self._options = options
        self.is_lent = False
        self.is_running = False

    def is_for(self, connection: _oxftp.Connection, options: dict[str, Any]) -> bool:
        """Returns whether this is the session of a connection, with these options."""
        return self._connection is connection and self._options == options

    async def download(
        self,
        source: str,
        target: str | PathLike[str],
        *,
        resume: bool,
        verify: Verify | None,
        progress: Progress | None,
    ) -> Report:
        options = _options(resume, verify, progress)
        return await self._run(self._native.download(source, target, options))

    async def upload(
        self,
        source: str | PathLike[str],
        target: str,
        *,
        resume: bool,
        verify: Verify | None,
        progress: Progress | None,
    ) -> Report:
        options = _options(resume, verify, progress)
        return await self._run(self._native.upload(source, target, options))

    async def _run(self, job: Awaitable[dict[str, Any]]) -> Report:
        self.is_lent = self.is_running = True
        try:
            return Report(**await self._returned(job))
        finally:
            self.is_running = False

    async def _returned(self, job: Awaitable[Any]) -> Any:
        """Awaits a job that returns the connection, unless it is cancelled."""
        try:
            done = await job
        except asyncio.CancelledError:
            raise
        except BaseException:
            self.is_lent = False
            raise
        self.is_lent = False
        return done

    async def reclaim(self) -> None:
        """Takes the connection back after a cancelled transfer."""
        await self._returned(self._native.reclaim())

    def abort(self) -> None:
        """Ends the running transfer with an error."""
        self._native.abort()

    def close(self) -> None:
        """Closes the connection, if a transfer has it."""
        self._native.close()


def _options(resume: bool, verify: Verify | None, progress: Progress | None) -> dict[str, Any]:
    return {"resume": resume, "verify": verify, "progress": progress and _in_this_loop(progress)}


def _in_this_loop(progress: Progress) -> Progress:
    """Returns a function for other threads that calls one in the thread of the event loop."""
    call = asyncio.get_running_loop().call_soon_threadsafe

    def call_later(kind: str, name: str | None, count: int) -> None:
        call(functools.partial(progress, kind, name, count))

    return call_later

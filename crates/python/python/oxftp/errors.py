"""Exceptions of the client."""

from __future__ import annotations

import errno as _errno
import ssl as _ssl
from collections.abc import Iterable
from types import TracebackType
from typing import Any

from .common import Code, wrap_with_container

__all__ = (
    "AIOFTPException",
    "StatusCodeError",
    "PathIsNotAbsolute",
    "PathIOError",
    "NoAvailablePort",
)

_NoReason = tuple[None, None, None]
_Reason = tuple[type[BaseException], BaseException, TracebackType]


def _joined(codes: Iterable[str] | str) -> str:
    return " or ".join(wrap_with_container(codes))


class AIOFTPException(Exception):
    """Base class of the exceptions of this package."""


class StatusCodeError(AIOFTPException):
    """The server sent a reply with an unexpected code.

    ``expected_codes`` and ``received_codes`` are tuples, even for one code; ``info`` has the lines of the reply.
    """

    def __init__(
        self,
        expected_codes: tuple[Code, ...] | Code,
        received_codes: tuple[Code, ...] | Code,
        info: list[str] | str,
    ) -> None:
        super().__init__(f"expected a reply {_joined(expected_codes)}, received {_joined(received_codes)}: {info!r}")
        self.expected_codes: tuple[Code, ...] = wrap_with_container(expected_codes)
        self.received_codes: tuple[Code, ...] = wrap_with_container(received_codes)
        self.info = info


class PathIsNotAbsolute(AIOFTPException):
    """A path is not absolute."""


class PathIOError(AIOFTPException):
    """An operation of a path io failed; ``reason`` is the :func:`sys.exc_info` of the cause."""

    def __init__(self, *args: Any, reason: _Reason | _NoReason | None = None) -> None:
        super().__init__(*args)
        self.reason = reason


class NoAvailablePort(AIOFTPException, OSError):
    """No port is left for a data connection."""


class InvalidCommand(AIOFTPException, ValueError):
    """A command contains characters that FTP does not allow in it."""


class TlsError(AIOFTPException, _ssl.SSLError):
    """A TLS handshake failed, for example because the certificate was rejected."""


class ProxyError(AIOFTPException, ConnectionError):
    """A proxy refused a connection, or does not work."""


class FTPError(AIOFTPException, OSError):
    """An operation of a pool failed. ``code`` and ``lines`` are those of the server's reply, if there was one."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.code: Code | None = None
        self.lines: list[str] = []


class NotFound(FTPError, FileNotFoundError):
    """A path does not exist."""


class PermissionDenied(FTPError, PermissionError):
    """The server or the local file system denies permission."""


class AlreadyExists(FTPError, FileExistsError):
    """A path exists already, or is in use."""


class IsDirectory(FTPError, IsADirectoryError):
    """A path is a directory, but a file is required."""


class LoginRefused(FTPError, PermissionError):
    """The server refused the login."""


class ConnectionLost(FTPError, ConnectionError):
    """A connection could not be opened, or was lost."""


class OperationTimeout(FTPError, TimeoutError):
    """The server took too long."""


class PoolTlsError(FTPError, _ssl.SSLError):
    """TLS failed, or cannot be used as requested."""


_CLASSES: dict[str, tuple[type[FTPError], int]] = {
    "not-found": (NotFound, _errno.ENOENT),
    "permission": (PermissionDenied, _errno.EACCES),
    "exists": (AlreadyExists, _errno.EEXIST),
    "directory": (IsDirectory, _errno.EISDIR),
    "auth": (LoginRefused, _errno.EACCES),
    "connection": (ConnectionLost, _errno.ECONNRESET),
    "timeout": (OperationTimeout, _errno.ETIMEDOUT),
    "tls": (PoolTlsError, _errno.EPROTO),
    "full": (FTPError, _errno.ENOSPC),
    "unsupported": (FTPError, _errno.ENOTSUP),
}


def _from_native(
    kind: str,
    message: str,
    code: str | None,
    lines: list[str],
    expected: Iterable[str],
    errno: int | None,
) -> BaseException:
    """Builds the exception of an error of the library."""
    if kind == "command":
        return InvalidCommand(message)
    if kind == "usage":
        return ValueError(message)
    default: tuple[type[FTPError], int] = (FTPError, _errno.EIO)
    cls, number = _CLASSES.get(kind, default)
    error = cls(errno or number, message)
    error.code = Code(code) if code is not None else None
    error.lines = lines
    return error


def _of_transfer(
    kind: str,
    message: str,
    code: str | None,
    lines: list[str],
    expected: Iterable[str],
    errno: int | None,
) -> BaseException:
    """Builds the exception of a transfer of the library over a client's session: those of the client's own methods."""
    if kind == "not-found" and code is None:
        code, lines = "550", [message]
    if code is not None:
        # As the client's own parser: each line begins with what follows the code.
        info = [f"-{line}" for line in lines[:-1]] + [f" {line}" for line in lines[-1:]]
        return StatusCodeError(tuple(map(Code, expected)) or Code("2xx"), Code(code), info)
    if kind == "local":
        cause = OSError(errno or _errno.EIO, message)
        error = PathIOError(message, reason=(type(cause), cause, None))  # type: ignore[arg-type]
        error.__cause__ = cause
        return error
    if kind == "timeout":
        return TimeoutError(message)
    if kind == "connection" and errno is None:
        return ConnectionResetError(message)
    if kind == "tls":
        return TlsError(message)
    return _from_native(kind, message, code, lines, expected, errno)

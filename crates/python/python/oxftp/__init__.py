"""FTP and FTPS client.

:class:`Client` has the API of aioftp; ``import oxftp as aioftp`` is all that programs need to change.
"""

import atexit as _atexit

from . import _oxftp, client, common, errors, pathio
from ._pool import EntryInfo, MirrorReport, Pool, Proxy, ReadStream, Report, WriteStream
from ._tls import TlsConfig
from .client import *
from .common import *
from .errors import *
from .pathio import *

__version__ = "0.1.0"
version = tuple(int(_part) for _part in __version__.split("."))

__all__ = (
    client.__all__
    + common.__all__
    + errors.__all__
    + pathio.__all__
    + (
        "EntryInfo",
        "MirrorReport",
        "Pool",
        "Proxy",
        "ReadStream",
        "Report",
        "TlsConfig",
        "WriteStream",
        "__version__",
        "version",
    )
)

# Threads must not touch the interpreter when it ends.
_atexit.register(_oxftp.stop)

_SERVER_NAMES = frozenset(
    {
        "Server",
        "User",
        "Permission",
        "Connection",
        "AbstractUserManager",
        "MemoryUserManager",
        "AbstractServer",
        "AvailableConnections",
        "ConnectionConditions",
        "PathConditions",
        "PathPermissions",
        "server",
    }
)


def __getattr__(name: str) -> object:
    if name in _SERVER_NAMES:
        raise AttributeError(f"oxftp is a client: {name} is in aioftp, which can be installed beside it")
    raise AttributeError(f"module 'oxftp' has no attribute {name!r}")

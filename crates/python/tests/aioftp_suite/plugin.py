"""Puts a module `aioftp` before the tests of aioftp, whose client is that of oxftp and whose server is aioftp's own.

``OXFTP_PATH_IO=1`` takes the path ios from oxftp as well, for the tests of these.
"""

import os
import sys
import types

import aioftp as real
import aioftp.server

import oxftp
import oxftp.client

#: What tests of the server raise and catch.
SERVER_ERRORS = ("PathIsNotAbsolute", "NoAvailablePort")


def compose() -> tuple[types.ModuleType, dict[str, str]]:
    """Returns the module, and for each of its names the package that it is from."""
    ours_path_io = os.environ.get("OXFTP_PATH_IO") == "1"
    aioftp = types.ModuleType("aioftp")
    origins = {}

    def take(name: str, package: types.ModuleType) -> None:
        setattr(aioftp, name, getattr(package, name))
        origins[name] = package.__name__

    for name in real.__all__:
        is_path_io = name in oxftp.pathio.__all__ or name == "PathIOError"
        ours = name in oxftp.__all__ and (ours_path_io or not is_path_io) and name not in SERVER_ERRORS
        take(name, oxftp if ours else real)
    for name in ("client", "common"):
        take(name, oxftp)
    take("server", real)
    take("pathio", oxftp if ours_path_io else real)
    take("errors", oxftp)
    for name in SERVER_ERRORS + (() if ours_path_io else ("PathIOError",)):
        setattr(aioftp.errors, name, getattr(real.errors, name))
        origins[f"errors.{name}"] = "aioftp"
    return aioftp, origins


MODULE, ORIGINS = compose()
sys.modules["aioftp"] = MODULE
for _name in ("client", "common", "errors", "pathio", "server"):
    sys.modules[f"aioftp.{_name}"] = getattr(MODULE, _name)


def pytest_report_header() -> list[str]:
    lines = []
    for package in ("oxftp", "aioftp"):
        names = sorted(name for name, origin in ORIGINS.items() if origin == package)
        lines.append(f"from {package}: {', '.join(names)}")
    return lines

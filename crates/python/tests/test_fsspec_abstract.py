"""The test suite of fsspec for implementations of file systems."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator

import fsspec.tests.abstract as abstract
import pytest

from conftest import PLAIN_AND_EXPLICIT, Server
from oxftp.fsspec import OxFTPFileSystem


# Each server with one pool and one kind of connection; all with OXFTP_ALL_FILE_SYSTEMS=1.
FEW = ["vsftpd explicit 4", "proftpd explicit 1", "pureftpd plain 1", "pyftpdlib plain 4"]
ALL = [f"{name} {sessions}" for name in PLAIN_AND_EXPLICIT for sessions in (1, 4)]
FILE_SYSTEMS = ALL if os.environ.get("OXFTP_ALL_FILE_SYSTEMS") else FEW


class Fixtures(abstract.AbstractFixtures):
    """A directory of its own for each test."""

    @pytest.fixture(scope="class", params=FILE_SYSTEMS)
    def fs(self, request: pytest.FixtureRequest, servers: Callable[[str], Server]) -> OxFTPFileSystem:
        name, _, sessions = request.param.rpartition(" ")
        options = servers(name).options
        options["username"] = options.pop("user")
        return OxFTPFileSystem(**options, sessions=int(sessions), skip_instance_cache=True)

    @pytest.fixture(scope="class")
    def fs_path(self, fs: OxFTPFileSystem) -> Iterator[str]:
        path = f"/abstract-{uuid.uuid4().hex}"
        fs.makedirs(path)
        yield path
        fs.rm(path, recursive=True)


class TestCopy(abstract.AbstractCopyTests, Fixtures):
    pass


class TestGet(abstract.AbstractGetTests, Fixtures):
    pass


class TestPut(abstract.AbstractPutTests, Fixtures):
    pass


class TestPipe(abstract.AbstractPipeTests, Fixtures):
    pass


class TestOpen(abstract.AbstractOpenTests, Fixtures):
    pass

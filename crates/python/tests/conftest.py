"""Servers for the tests.

``OXFTP_TEST_SERVER`` is the program that runs a real server (the example `server` of `oxftp-testing`); without it, only
tests of pyftpdlib and of scripted servers run, unless ``OXFTP_REQUIRE_SERVERS`` is set.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import oxftp

PROGRAM = os.environ.get("OXFTP_TEST_SERVER")
PLAIN_AND_EXPLICIT = [
    f"{kind} {protection}"
    for kind in ("vsftpd", "proftpd", "pureftpd", "pyftpdlib")
    for protection in ("plain", "explicit")
]


@dataclass
class Server:
    """A real server."""

    host: str
    port: int
    user: str
    password: str
    root: Path
    ca_file: Path | None
    protection: str

    @property
    def tls_config(self) -> oxftp.TlsConfig | None:
        return oxftp.TlsConfig(ca_file=self.ca_file) if self.ca_file else None

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of a pool."""
        return {
            "host": self.host,
            "port": self.port,
            "user": self.user,
            "password": self.password,
            "tls": None if self.protection == "plain" else self.protection,
            "tls_config": self.tls_config,
        }

    async def connect(self, **options: Any) -> oxftp.Client:
        client = oxftp.Client(tls=self.tls_config, **options)
        await client.connect(self.host, self.port)
        if self.protection == "explicit":
            await client.upgrade_to_tls()
        await client.login(self.user, self.password)
        return client


def start(name: str) -> tuple[Server, subprocess.Popen[str]]:
    kind, protection, *more = name.split()
    if PROGRAM is None:
        if os.environ.get("OXFTP_REQUIRE_SERVERS"):
            raise RuntimeError("OXFTP_TEST_SERVER is not set")
        pytest.skip("OXFTP_TEST_SERVER is not set")
    process = subprocess.Popen(
        [PROGRAM, kind, protection, *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    host, port, user, password = process.stdout.readline().split()
    root = Path(process.stdout.readline().strip())
    ca_file = None if protection == "plain" else Path(process.stdout.readline().strip())
    return Server(host, int(port), user, password, root, ca_file, protection), process


def stop(process: subprocess.Popen[str]) -> None:
    process.communicate()


@pytest.fixture(scope="session")
def servers() -> Iterator[Callable[[str], Server]]:
    """Starts each server once."""
    started: dict[str, tuple[Server, subprocess.Popen[str]]] = {}

    def get(name: str) -> Server:
        if name not in started:
            started[name] = start(name)
        return started[name][0]

    yield get
    for _, process in started.values():
        stop(process)


@pytest.fixture(params=PLAIN_AND_EXPLICIT)
def server(request: pytest.FixtureRequest, servers: Callable[[str], Server]) -> Server:
    """Each real server, plain and with explicit TLS."""
    return servers(request.param)


@pytest.fixture
def vsftpd(servers: Callable[[str], Server]) -> Server:
    return servers("vsftpd plain")


class Scripted:
    """A server that answers each command from a table, and otherwise with ``200 ok``.

    ``EPSV``, ``EPRT``, ``PORT``, ``RETR``, ``MLSD`` and ``LIST`` work: ``files`` has the contents of files, and of listings.
    """

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.replies: dict[str, str] = {"USER": "230 in", "QUIT": "221 bye"}
        self.files: dict[str, bytes] = {}
        self.port = 0
        self.data: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        self.servers: list[asyncio.Server] = []
        #: The reply after the data of a file.
        self.final = "226 done"

    async def start(self) -> None:
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.servers.append(server)
        self.port = server.sockets[0].getsockname()[1]

    async def listen(self) -> int:
        # A connection that was opened before, and not used, is not that of the next command.
        self.data = asyncio.Queue()
        data = self.data
        server = await asyncio.start_server(lambda *it: data.put_nowait(it), "127.0.0.1", 0)
        self.servers.append(server)
        port: int = server.sockets[0].getsockname()[1]
        return port

    async def connect_to(self, port: int) -> None:
        self.data = asyncio.Queue()
        self.data.put_nowait(await asyncio.open_connection("127.0.0.1", port))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def reply(text: str) -> None:
            writer.write(text.encode() + b"\r\n")

        reply("220 hello")
        offset = 0
        while line := (await reader.readline()).decode().strip():
            self.commands.append(line)
            verb, _, argument = line.partition(" ")
            if verb in self.replies:
                if self.replies[verb]:
                    reply(self.replies[verb])
            elif verb == "REST":
                offset = int(argument)
                reply("350 from there")
            elif verb == "EPSV":
                reply(f"229 go (|||{await self.listen()}|)")
            elif verb == "EPRT":
                await self.connect_to(int(argument.split("|")[3]))
                reply("200 connected")
            elif verb == "PORT":
                high, low = argument.split(",")[4:]
                await self.connect_to(int(high) << 8 | int(low))
                reply("200 connected")
            elif verb == "RETR" or verb in ("MLSD", "LIST") and argument in self.files:
                _, data = await self.data.get()
                reply("150 coming")
                try:
                    data.write(self.files[argument][offset:])
                    offset = 0
                    await data.drain()
                except ConnectionError:
                    reply("426 broken")
                else:
                    reply(self.final)
                data.close()
            else:
                reply("200 ok")
        writer.close()

    async def stop(self) -> None:
        for server in self.servers:
            server.close()


@pytest.fixture
async def scripted() -> AsyncIterator[Scripted]:
    server = Scripted()
    await server.start()
    yield server
    await server.stop()


def run_python(code: str, *arguments: str, timeout: float = 60) -> str:
    """Runs a program in an interpreter of its own; it must succeed and write nothing to stderr."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=timeout
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout

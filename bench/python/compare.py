"""Compares the Python package with the program, aioftp, ftplib and the file system of fsspec, in interleaved rounds.

Usage: compare.py [--rounds N] [--server NAME] [--scale PERCENT] [--round-trip MS] [--limit SECONDS]
                  [--only WORD]... [--without CLIENT]... PROGRAM SERVER

PROGRAM is the program `oxftp`, SERVER the example `server` of `oxftp-testing`. The Python that runs this has the
packages. Each measurement is a process of its own; the start of the interpreter is not measured, that of the program is.
The figures are medians of the wall time and of the CPU time of the client, and the ratio to the mark. The latter matters
more on a machine that has other work. Files are written to the directory of TMPDIR, which should be a RAM disk.

A client that takes more than the limit (120 s) is ended and not measured again. With a round trip, each connection goes
through a proxy that forwards bytes after half of it; opening a connection takes no time then, so that every client seems
faster than it is.
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

BIG, TREE, NAMES = "big", "tree", "names"
Measured = tuple[float, float]


class Login:
    def __init__(self, host: str, port: str, user: str, password: str) -> None:
        self.host, self.port, self.user, self.password = host, int(port), user, password

    @property
    def url(self) -> str:
        return f"ftp://{self.user}@{self.host}:{self.port}"

    async def connect(self, module: Any) -> Any:
        client = module.Client()
        await client.connect(self.host, self.port)
        await client.login(self.user, self.password)
        return client


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def timed(work: Callable[[], Awaitable[Any]]) -> Measured:
    used, start = cpu(), time.perf_counter()
    await work()
    return time.perf_counter() - start, cpu() - used


# Workers: each runs one job in this process.


def module_of(client: str) -> Any:
    if client == "oxftp":
        import oxftp

        return oxftp
    import aioftp

    return aioftp


async def download(client: str, login: Login, name: str, target: Path) -> Measured:
    if client == "ftplib":
        return await timed(lambda: by_ftplib(login, name, target))
    if client.startswith("pool"):
        return await by_pool(int(client.removeprefix("pool ")), login, name, target)
    session = await login.connect(module_of(client))
    measured = await timed(lambda: session.download(name, target, write_into=True))
    await session.quit()
    return measured


async def by_pool(sessions: int, login: Login, name: str, target: Path) -> Measured:
    """Downloads with the jobs of the library that the program has, without its start and its progress bars."""
    import oxftp

    async with oxftp.Pool(login.host, login.port, user=login.user, password=login.password, sessions=sessions) as pool:
        await pool.exists(name)
        return await timed(lambda: pool.download(name, target, write_into=True))


async def by_ftplib(login: Login, name: str, target: Path) -> None:
    import ftplib

    with ftplib.FTP() as session:
        session.connect(login.host, login.port)
        session.login(login.user, login.password)
        names = [name]
        if name == TREE:
            target.mkdir(parents=True)
            names = session.nlst(name)
        for found in names:
            found = found if found.startswith(name) else f"{name}/{found}"
            local = target / Path(found).name if name == TREE else target
            with local.open("wb") as file:
                session.retrbinary(f"RETR {found}", file.write)


async def blocks(client: str, login: Login, name: str, target: Path) -> Measured:
    session = await login.connect(module_of(client))

    async def read() -> None:
        size = 0
        async with session.download_stream(name) as stream:
            async for block in stream.iter_by_block(8192):
                size += len(block)
        assert size

    measured = await timed(read)
    await session.quit()
    return measured


async def listing(client: str, login: Login, name: str, target: Path) -> Measured:
    session = await login.connect(module_of(client))

    async def entries() -> None:
        assert len(await session.list(name)) > 100

    measured = await timed(entries)
    await session.quit()
    return measured


async def file_system(client: str, login: Login, name: str, target: Path) -> Measured:
    options = {"host": login.host, "port": login.port, "username": login.user, "password": login.password}
    if client == "oxftp":
        from oxftp.fsspec import OxFTPFileSystem

        fs: Any = OxFTPFileSystem(**options)
    else:
        from fsspec.implementations.ftp import FTPFileSystem

        fs = FTPFileSystem(**options)
    session = await login.connect(module_of("oxftp"))
    top = str(await session.get_current_directory()).rstrip("/")
    await session.quit()
    # The file system of fsspec creates no directories.
    target.mkdir(parents=True)

    def get() -> None:
        fs.get(f"{top}/{name}/", f"{target}/", recursive=True)

    return await timed(lambda: asyncio.to_thread(get))


# The proxy, in a process of its own.


async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float, edit: Any = None) -> None:
    """Forwards bytes after a delay, and then the end of the stream."""
    queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(256)
    clock = asyncio.get_running_loop().time

    async def send() -> None:
        while True:
            due, block = await queue.get()
            await asyncio.sleep(due - clock())
            if not block:
                break
            writer.write(await edit(block) if edit else block)
            await writer.drain()

    sending = asyncio.create_task(send())
    with contextlib.suppress(ConnectionError):
        while block := await reader.read(1 << 16):
            await queue.put((clock() + delay, block))
    await queue.put((clock() + delay, b""))
    with contextlib.suppress(ConnectionError):
        await sending
    writer.close()


async def listen(host: str, port: int, delay: float, is_data: bool = False) -> int:
    """Listens for connections to a port of the server, or for one data connection. Returns the port of the proxy.

    Data ports in replies become those of the proxy.
    """

    async def port_of(target: int) -> int:
        return await listen(host, target, delay, is_data=True)

    async def edit(block: bytes) -> bytes:
        if found := re.search(rb"229 [^\r]*\(\|\|\|(\d+)\|\)", block):
            return block.replace(found[1], b"%d" % await port_of(int(found[1])))
        if found := re.search(rb"227 [^\r]*?(\d+),(\d+)\)", block):
            own = await port_of(int(found[1]) << 8 | int(found[2]))
            return block.replace(b"%s,%s)" % found.groups(), b"%d,%d)" % (own >> 8, own & 255))
        return block

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if is_data:
            server.close()
        await asyncio.sleep(delay)
        try:
            ends = await asyncio.open_connection(host, port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(
            forward(reader, ends[1], delay), forward(ends[0], writer, delay, None if is_data else edit)
        )

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    own_port: int = server.sockets[0].getsockname()[1]
    return own_port


async def proxy(host: str, port: int, delay: float) -> None:
    print(await listen(host, port, delay), flush=True)
    await asyncio.to_thread(sys.stdin.read)


JOBS = {"download": download, "blocks": blocks, "listing": listing, "file_system": file_system}


# The comparison.


def run(command: list[str], login: Login, limit: float) -> Measured:
    """Runs the program; returns its times."""
    environment = os.environ | {"OXFTP_PASSWORD": login.password, "HOME": tempfile.gettempdir()}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True, timeout=limit)
    wall = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime


def work(job: str, client: str, login: Login, name: str, target: Path, limit: float) -> Measured:
    arguments = [login.host, str(login.port), login.user, login.password]
    command = [sys.executable, __file__, "--worker", job, client, name, str(target), *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=limit)
    wall, used = json.loads(done.stdout)
    return wall, used


class Row:
    """One thing that is measured: the package, what it is compared with, and the mark for the ratio."""

    def __init__(self, title: str, job: str, name: str, marks: dict[str, float]) -> None:
        self.title, self.job, self.name, self.marks = title, job, name, marks
        self.measured: dict[str, list[Measured]] = {}
        #: Why a client is not measured again.
        self.failed: dict[str, str] = {}

    def measure(self, arguments: argparse.Namespace, login: Login, local: Path) -> None:
        for client in ("oxftp", *self.marks):
            if client in self.failed:
                continue
            target = local / self.name
            try:
                if client.startswith("program"):
                    measured = run(self.program(arguments.program, client, login, target), login, arguments.limit)
                else:
                    measured = work(self.job, client, login, self.name, target, arguments.limit)
            except subprocess.TimeoutExpired:
                self.failed[client] = f"takes more than {arguments.limit} s"
            except subprocess.CalledProcessError as error:
                self.failed[client] = f"failed with status {error.returncode}"
            else:
                self.measured.setdefault(client, []).append(measured)
            shutil.rmtree(target, ignore_errors=True)
            target.unlink(missing_ok=True)

    def program(self, program: str, client: str, login: Login, target: Path) -> list[str]:
        """Returns the command of the program for `program` or `program -j N`."""
        sessions = client.split()[1:]
        tree = [] if self.name == BIG else ["-r"]
        return [program, "get", "-q", *tree, *sessions, "-o", str(target), f"{login.url}/{self.name}"]

    def print(self) -> None:
        print(f"\n{self.title}")
        for client in ("oxftp", *self.marks):
            if client in self.failed:
                print(f"  {client:14} {self.failed[client]}")
                continue
            wall, used = self.median(client)
            ratios = ""
            if client in self.marks and "oxftp" in self.measured:
                own, own_used = self.median("oxftp")
                ratios = f"  ratio {own / wall:.2f}, of CPU {own_used / used:.2f}, mark {self.marks[client]:.2f}"
            print(f"  {client:14} {wall:8.3f} s  CPU {used:7.3f} s{ratios}")

    def median(self, client: str) -> Measured:
        walls, used = zip(*self.measured[client], strict=True)
        return statistics.median(walls), statistics.median(used)


def create_files(root: Path, scale: int) -> None:
    with (root / BIG).open("wb") as file:
        block = os.urandom(1 << 20)
        for _ in range(max(1, 1024 * scale // 100)):
            file.write(block)
    for directory, count, size in ((TREE, 2000 * scale // 100, 4096), (NAMES, 100_000 * scale // 100, 0)):
        (root / directory).mkdir()
        for number in range(count):
            (root / directory / f"file-{number:06}.dat").write_bytes(bytes(size))
    for path in (root / BIG, root / TREE, root / NAMES, *(root / TREE).iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)


@contextlib.contextmanager
def process(*command: str) -> Iterator[Any]:
    """Runs a process that ends at the end of its input; returns its output."""
    started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield started.stdout
    finally:
        started.communicate()


def rows_of(arguments: argparse.Namespace) -> list[Row]:
    """Returns what is measured."""
    rows = [
        Row("1 GiB by download", "download", BIG, {"program": 1.15, "pool 1": 1.15, "aioftp": 1, "ftplib": 1}),
        Row("1 GiB in blocks of 8 KiB", "blocks", BIG, {"aioftp": 0.5}),
        Row("100,000 entries by list", "listing", NAMES, {"aioftp": 0.25}),
        Row(
            "2,000 files of 4 KiB by download",
            "download",
            TREE,
            {"program -j 1": 1.3, "program": 1.3, "pool 1": 1.3, "aioftp": 1 / 3, "ftplib": 1},
        ),
        Row("2,000 files of 4 KiB by fs.get", "file_system", TREE, {"program -j 4": 1.5, "fsspec": 0.2}),
    ]
    for row in rows:
        row.marks = {client: mark for client, mark in row.marks.items() if client not in arguments.without}
    return [row for row in rows if not arguments.only or any(word in row.title for word in arguments.only)]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--server", default="vsftpd")
    parser.add_argument("--scale", type=int, default=100)
    parser.add_argument("--round-trip", type=float, default=0)
    parser.add_argument("--limit", type=float, default=120)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--without", action="append", default=[])
    parser.add_argument("program")
    parser.add_argument("server_program")
    arguments = parser.parse_args()
    rows = rows_of(arguments)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(process(arguments.server_program, arguments.server, "plain"))
        login = Login(*server.readline().split())
        create_files(Path(server.readline().strip()), arguments.scale)
        if arguments.round_trip:
            options = ["--proxy", login.host, str(login.port), str(arguments.round_trip / 2000)]
            between = stack.enter_context(process(sys.executable, __file__, *options))
            login.host, login.port = "127.0.0.1", int(between.readline())
        local = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for number in range(arguments.rounds):
            print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr)
            for row in rows:
                row.measure(arguments, login, local)
    print(f"{arguments.server}, {arguments.rounds} rounds, {arguments.scale} %, round trip {arguments.round_trip} ms")
    for row in rows:
        row.print()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        job, client, name, target, *login = sys.argv[2:]
        print(json.dumps(asyncio.run(JOBS[job](client, Login(*login), name, Path(target)))))
    elif sys.argv[1:2] == ["--proxy"]:
        host, port, delay = sys.argv[2:]
        asyncio.run(proxy(host, int(port), float(delay)))
    else:
        main()

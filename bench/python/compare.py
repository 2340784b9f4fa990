"""Compares the Python package with the program, aioftp, ftplib and the file system of fsspec, in interleaved rounds.

Usage: compare.py [--rounds N] [--server NAME] [--scale PERCENT] [--only WORD]... [--without CLIENT]... PROGRAM SERVER

PROGRAM is the program `oxftp`, SERVER the example `server` of `oxftp-testing`. The Python that runs this has the
packages. Each measurement is a process of its own; the start of the interpreter is not measured, that of the program is.
The figures are medians of the wall time and of the CPU time of the client, and the ratio to the mark. The latter matters
more on a machine that has other work. Files are written to the directory of TMPDIR, which should be a RAM disk.
"""

import argparse
import asyncio
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
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


JOBS = {"download": download, "blocks": blocks, "listing": listing, "file_system": file_system}


# The comparison.


def run(command: list[str], login: Login) -> Measured:
    """Runs the program; returns its times."""
    environment = os.environ | {"OXFTP_PASSWORD": login.password, "HOME": tempfile.gettempdir()}
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    assert process.returncode == 0, command
    return wall, used.ru_utime + used.ru_stime


def work(job: str, client: str, login: Login, name: str, target: Path) -> Measured:
    arguments = [login.host, str(login.port), login.user, login.password]
    command = [sys.executable, __file__, "--worker", job, client, name, str(target), *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    wall, used = json.loads(done.stdout)
    return wall, used


class Row:
    """One thing that is measured: the package, what it is compared with, and the mark for the ratio."""

    def __init__(self, title: str, job: str, name: str, marks: dict[str, float]) -> None:
        self.title, self.job, self.name, self.marks = title, job, name, marks
        self.measured: dict[str, list[Measured]] = {}

    def measure(self, arguments: argparse.Namespace, login: Login, local: Path) -> None:
        for client in ("oxftp", *self.marks):
            target = local / self.name
            if client.startswith("program"):
                command = [arguments.program, "get", "-q"]
                if self.name == BIG:
                    command += ["-o", str(target), f"{login.url}/{self.name}"]
                else:
                    command += ["-r", "-d", str(local), f"{login.url}/{self.name}"]
                    command += ["-j", "1"] if client == "program -j 1" else []
                measured = run(command, login)
            else:
                measured = work(self.job, client, login, self.name, target)
            self.measured.setdefault(client, []).append(measured)
            shutil.rmtree(target, ignore_errors=True)
            target.unlink(missing_ok=True)

    def print(self) -> None:
        print(f"\n{self.title}")
        wall, used = self.median("oxftp")
        print(f"  {'oxftp':14} {wall:8.3f} s  CPU {used:7.3f} s")
        for client, mark in self.marks.items():
            other, other_used = self.median(client)
            ratios = f"ratio {wall / other:.2f}, of CPU {used / other_used:.2f}, mark {mark:.2f}"
            print(f"  {client:14} {other:8.3f} s  CPU {other_used:7.3f} s  {ratios}")

    def median(self, client: str) -> Measured:
        walls, used = zip(*self.measured[client], strict=True)
        return statistics.median(walls), statistics.median(used)


def create_files(root: Path, scale: int) -> None:
    with (root / BIG).open("wb") as file:
        block = os.urandom(1 << 20)
        for _ in range(max(1, 1024 * scale // 100)):
            file.write(block)
    for directory, count, size in ((TREE, 2000, 4096), (NAMES, 100_000 * scale // 100, 0)):
        (root / directory).mkdir()
        for number in range(count):
            (root / directory / f"file-{number:06}.dat").write_bytes(bytes(size))
    for path in (root / BIG, root / TREE, root / NAMES, *(root / TREE).iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--server", default="vsftpd")
    parser.add_argument("--scale", type=int, default=100)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--without", action="append", default=[])
    parser.add_argument("program")
    parser.add_argument("server_program")
    arguments = parser.parse_args()
    rows = [
        Row("1 GiB by download", "download", BIG, {"program": 1.15, "pool 1": 1.15, "aioftp": 1, "ftplib": 1}),
        Row("1 GiB in blocks of 8 KiB", "blocks", BIG, {"aioftp": 0.5}),
        Row("100,000 entries by list", "listing", NAMES, {"aioftp": 0.25}),
        Row(
            "2,000 files of 4 KiB by download",
            "download",
            TREE,
            {"program": 1.3, "program -j 1": 1.3, "pool 1": 1.3, "aioftp": 1 / 3, "ftplib": 1},
        ),
        Row("2,000 files of 4 KiB by fs.get", "file_system", TREE, {"fsspec": 0.2}),
    ]
    for row in rows:
        row.marks = {client: mark for client, mark in row.marks.items() if client not in arguments.without}
    rows = [row for row in rows if not arguments.only or any(word in row.title for word in arguments.only)]
    process = subprocess.Popen(
        [arguments.server_program, arguments.server, "plain"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    login = Login(*process.stdout.readline().split())
    create_files(Path(process.stdout.readline().strip()), arguments.scale)
    with tempfile.TemporaryDirectory() as local:
        for number in range(arguments.rounds):
            print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr)
            for row in rows:
                row.measure(arguments, login, Path(local))
    process.communicate()
    print(f"{arguments.server}, {arguments.rounds} rounds, {arguments.scale} %")
    for row in rows:
        row.print()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        job, client, name, target, *login = sys.argv[2:]
        print(json.dumps(asyncio.run(JOBS[job](client, Login(*login), name, Path(target)))))
    else:
        main()

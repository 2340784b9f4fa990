"""Transfers of files and trees by a client: by the library, and by the methods of the client if those are overridden."""

from __future__ import annotations

import asyncio
import os
import random
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import oxftp
import oxftp.errors
from conftest import PLAIN_AND_EXPLICIT, Scripted, Server, run_python


class ByMethods(oxftp.Client):
    """A client that overrides a method, so each step of a transfer is a call of one."""

    def download_stream(self, *args: Any, **options: Any) -> Any:
        return super().download_stream(*args, **options)

    def upload_stream(self, *args: Any, **options: Any) -> Any:
        return super().upload_stream(*args, **options)


BOTH = pytest.mark.parametrize("cls", [oxftp.Client, ByMethods])


async def connected(server: Server, cls: type[oxftp.Client] = oxftp.Client, **options: Any) -> oxftp.Client:
    client = cls(tls=server.tls_config, **options)
    await client.connect(server.host, server.port)
    if server.protection == "explicit":
        await client.upgrade_to_tls()
    await client.login(server.user, server.password)
    return client


async def connected_to(scripted: Scripted, cls: type[oxftp.Client]) -> oxftp.Client:
    client = cls()
    await client.connect("127.0.0.1", scripted.port)
    await client.login()
    return client


def make_tree(top: Path) -> dict[str, bytes]:
    files = {f"below {number % 3}/é {number}": bytes([number]) * (number * 3001) for number in range(12)}
    files[".hidden"] = b"hidden"
    for name, content in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(content)
    (top / "empty").mkdir()
    return files


def files_in(top: Path) -> dict[str, bytes]:
    return {str(path.relative_to(top)): path.read_bytes() for path in top.rglob("*") if path.is_file()}


@BOTH
async def test_trees_are_transferred(server: Server, cls: type[oxftp.Client], tmp_path: Path) -> None:
    files = make_tree(tmp_path / "tree")
    client = await connected(server, cls)
    assert (client._why_not_native() is None) == (cls is oxftp.Client)
    report = await client.upload(tmp_path / "tree", "into")
    sent = sum(map(len, files.values()))
    assert (report.files, report.bytes, report.failures) == (len(files), sent, [])
    await client.change_directory("into")
    report = await client.download("tree", tmp_path / "copy", write_into=True)
    found = files_in(tmp_path / "copy")
    # Some servers hide such names.
    files = {name: content for name, content in files.items() if name != ".hidden" or ".hidden" in found}
    assert found == files and (tmp_path / "copy" / "empty").is_dir()
    assert (report.files, report.bytes) == (len(files), sum(map(len, files.values())))
    name, content = max(files.items(), key=lambda file: len(file[1]))
    report = await client.download(f"tree/{name}", tmp_path / "new" / "parent")
    assert (tmp_path / "new" / "parent" / Path(name).name).read_bytes() == content and report.files == 1
    assert str(await client.get_current_directory()).endswith("into")
    await client.change_directory("..")
    # Some servers list it only when it is asked for.
    await client.remove_file("into/tree/.hidden")
    await client.remove("into")
    await client.quit()


@BOTH
async def test_remote_special_files_are_skipped(
    scripted: Scripted, cls: type[oxftp.Client], tmp_path: Path
) -> None:
    kinds = ["OS.unix=fifo", "OS.unix=slink:/etc", "OS.unix=chr-1/3", "dir", "file"]
    lines = [f"type={kind};size=1; {kind[-5:].replace('/', ' ')}\r\n" for kind in kinds]
    scripted.files = {"tree": "".join(lines).encode(), "tree/dir": b"type=cdir; .\r\n", "tree/file": b"f"}
    scripted.replies["MLST"] = "250-facts\r\n type=dir; tree\r\n250 end"
    scripted.replies["FEAT"] = "211-features\r\n MLST type*;size*;\r\n211 end"
    client = await connected_to(scripted, cls)
    report = await client.download("tree", tmp_path)
    assert files_in(tmp_path) == {"tree/file": b"f"} and (tmp_path / "tree" / "dir").is_dir()
    assert (report.files, report.failures) == (1, [])
    scripted.replies["MLST"] = "250-facts\r\n type=OS.unix=fifo; pipe\r\n250 end"
    assert (await client.download("pipe", tmp_path)).files == 0
    await client.quit()


@BOTH
async def test_local_special_files_are_skipped(
    vsftpd: Server, cls: type[oxftp.Client], tmp_path: Path
) -> None:
    top = tmp_path / "special"
    top.mkdir()
    (top / "file").write_bytes(b"f")
    os.mkfifo(top / "fifo")
    (top / "link").symlink_to("missing")
    client = await connected(vsftpd, cls)
    report = await client.upload(top, f"special-{cls.__name__}")
    assert (report.files, report.failures) == (1, [])
    names = [path.name for path, _ in await client.list(f"special-{cls.__name__}", recursive=True)]
    assert names == ["special", "file"]
    await client.quit()


@BOTH
async def test_missing_file_is_status_error(server: Server, cls: type[oxftp.Client], tmp_path: Path) -> None:
    client = await connected(server, cls)
    (tmp_path / "kept").write_bytes(b"kept")
    for target in (tmp_path / "kept", tmp_path / "new"):
        with pytest.raises(oxftp.StatusCodeError) as caught:
            await client.download("missing", target, write_into=True)
        assert caught.value.received_codes == ("550",)
    assert files_in(tmp_path) == {"kept": b"kept"}
    assert (await client.upload(tmp_path / "missing")).files == 0
    await client.quit()


@BOTH
async def test_local_failure_is_path_error(vsftpd: Server, cls: type[oxftp.Client], tmp_path: Path) -> None:
    client = await connected(vsftpd, cls)
    async with client.upload_stream("plain") as stream:
        await stream.write(b"x" * 1000)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(oxftp.PathIOError) as caught:
        await client.download("plain", tmp_path / "file" / "below")
    assert caught.value.reason is not None and isinstance(caught.value.reason[1], OSError)
    with pytest.raises(oxftp.PathIOError):
        await client.download("plain", tmp_path, write_into=True)
    await client.command("NOOP", "200")
    await client.quit()


@BOTH
@pytest.mark.parametrize("size", [20_000, 3_000_000])
async def test_interrupted_download_keeps_received_part(
    scripted: Scripted, cls: type[oxftp.Client], size: int, tmp_path: Path
) -> None:
    scripted.files = {"file": b"x" * size}
    scripted.replies["MLST"] = f"250-facts\r\n type=file;size={size}; file\r\n250 end"
    scripted.final = "426 broken"
    client = await connected_to(scripted, cls)
    with pytest.raises((oxftp.StatusCodeError, oxftp.errors.FTPError)) as caught:
        await client.download("file", tmp_path)
    codes: Any = getattr(caught.value, "received_codes", None) or (caught.value.code,)  # type: ignore[attr-defined]
    assert codes == ("426",)
    assert files_in(tmp_path) == {"file": b"x" * size}
    client.close()


@BOTH
async def test_download_writes_through_symlink(vsftpd: Server, cls: type[oxftp.Client], tmp_path: Path) -> None:
    client = await connected(vsftpd, cls)
    for size in (10, 200_000):
        async with client.upload_stream("linked") as stream:
            await stream.write(b"y" * size)
        (tmp_path / "real").write_bytes(b"before")
        (tmp_path / "real").chmod(0o640)
        if not (tmp_path / "linked").is_symlink():
            (tmp_path / "linked").symlink_to("real")
        await client.download("linked", tmp_path)
        assert (tmp_path / "real").read_bytes() == b"y" * size
        assert (tmp_path / "real").stat().st_mode & 0o777 == 0o640
    await client.quit()


async def test_progress_is_reported_in_event_loop(vsftpd: Server, tmp_path: Path) -> None:
    make_tree(tmp_path / "tree")
    for cls in (oxftp.Client, ByMethods):
        client = await connected(vsftpd, cls)
        events: list[tuple[str, int]] = []

        def progress(kind: str, name: str | None, count: int) -> None:
            assert threading.current_thread() is threading.main_thread()
            events.append((kind, count))

        report = await client.upload(tmp_path / "tree", f"progress-{cls.__name__}", progress=progress)
        assert [kind for kind, _ in events].count("finished") == report.files == 13
        assert sum(count for kind, count in events if kind == "advanced") == report.bytes
        await client.quit()


async def test_partial_download_is_resumed(vsftpd: Server, tmp_path: Path) -> None:
    content = random.Random(1).randbytes(1_000_000)
    client = await connected(vsftpd)
    async with client.upload_stream("resumed") as stream:
        await stream.write(content)
    (tmp_path / "resumed.oxftp.part").write_bytes(content[:600_000])
    report = await client.download("resumed", tmp_path, resume=True)
    assert files_in(tmp_path) == {"resumed": content}
    assert 500_000 < report.resumed <= 600_000 and report.resumed + report.bytes >= 1_000_000
    report = await client.download("resumed", tmp_path, verify="content")
    assert report.bytes == 1_000_000
    await client.quit()


async def test_resume_requires_native_transfer(vsftpd: Server, tmp_path: Path) -> None:
    client = await connected(vsftpd, ByMethods)
    with pytest.raises(ValueError, match="_stream is overridden"):
        await client.download("resumed", tmp_path, resume=True)
    await client.quit()


@pytest.mark.parametrize("change", ["instance", "limit", "files", "parser", "class"])
async def test_changed_client_transfers_by_methods(
    vsftpd: Server, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: dict[str, Any] = {
        "files": {"path_io_factory": oxftp.MemoryPathIO},
        "parser": {"parse_list_line_custom": lambda line: None},
    }.get(change, {})
    client = await connected(vsftpd, **options)
    if change == "instance":
        monkeypatch.setattr(client, "command", client.command)
    if change == "class":
        monkeypatch.setattr(oxftp.Client, "stat", lambda *_: None)
    if change == "limit":
        client.throttle.read.limit = 1 << 30
    assert client._why_not_native() is not None
    client.close()


async def test_client_with_own_unrelated_methods_is_native(vsftpd: Server) -> None:
    class Client(oxftp.Client):
        async def login(self, *args: Any, **options: Any) -> None:
            await super().login(*args, **options)

        async def download_all(self) -> None: ...

    client = await connected(vsftpd, Client)
    assert client._why_not_native() is None
    await client.quit()


async def test_hundred_tasks_share_one_client(server: Server, tmp_path: Path) -> None:
    client = await connected(server)
    contents = {f"task-{number}": random.Random(number).randbytes(number * 997) for number in range(100)}
    await client.make_directory("tasks")

    async def both_ways(name: str, content: bytes) -> None:
        (tmp_path / name).write_bytes(content)
        await client.upload(tmp_path / name, "tasks")
        await client.download(f"tasks/{name}", tmp_path / "copy")
        async with client.download_stream(f"tasks/{name}") as stream:
            assert await stream.read() == content

    await asyncio.gather(*(both_ways(*item) for item in contents.items()))
    assert files_in(tmp_path / "copy") == contents
    await client.remove("tasks")
    await client.quit()


@pytest.mark.timeout(300)
async def test_client_is_usable_after_cancelled_transfers(
    servers: Callable[[str], Server], tmp_path: Path
) -> None:
    big, small = random.Random(1).randbytes(2_000_000), {f"f{number}": b"s" * number for number in range(20)}
    (tmp_path / "big").write_bytes(big)
    (tmp_path / "small").mkdir()
    for name, content in small.items():
        (tmp_path / "small" / name).write_bytes(content)

    async def cancel(server: Server, number: int, points: int) -> int:
        """Cancels transfers of one client at random points; returns how often it connected again."""
        client = await connected(server)
        top, copy = f"cancelled-{number}", tmp_path / f"{server.port}-{number}"
        await client.upload(tmp_path / "big", top)
        await client.upload(tmp_path / "small", top)
        chance = random.Random(number)
        reconnects = 0
        for _ in range(points):
            if client.stream.writer.is_closing():
                client = await connected(server)
                reconnects += 1
            work: Any = chance.choice(
                [
                    lambda: client.download(f"{top}/big", copy),
                    lambda: client.download(f"{top}/small", copy),
                    lambda: client.upload(tmp_path / "big", f"{top}/again"),
                    lambda: client.upload(tmp_path / "small", f"{top}/again"),
                ]
            )
            task = asyncio.ensure_future(work())
            # The clients share two cores, so a transfer takes longer than alone.
            await asyncio.sleep(chance.random() * 0.1)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            try:
                name, content = chance.choice([*small.items()])
                async with client.download_stream(f"{top}/small/{name}") as stream:
                    assert await stream.read() == content
                await client.download(f"{top}/big", copy)
            except (ConnectionError, TimeoutError, ssl.SSLError):
                client.close()
                client = await connected(server)
                reconnects += 1
                continue
            assert (copy / "big").read_bytes() == big
        await client.remove(top)
        await client.quit()
        return reconnects

    # 504 points over all servers. After some of them a client waits for a reply that its server never sends, and the
    # others continue.
    clients = [(servers(name), number) for name in PLAIN_AND_EXPLICIT for number in range(3)]
    reconnects = await asyncio.gather(*(cancel(*client, points=21) for client in clients))
    assert len(clients) * 21 >= 500 and max(reconnects) < 10, reconnects


async def begun_download(client: oxftp.Client, folder: Path) -> asyncio.Task[Any]:
    """Uploads a large file and begins to download it."""
    (folder / "big").write_bytes(bytes(64 << 20))
    await client.upload(folder / "big")
    started = asyncio.Event()
    task = asyncio.create_task(client.download("big", folder / "copy", progress=lambda *_: started.set()))
    await started.wait()
    return task


async def test_abort_ends_transfer_of_other_task(vsftpd: Server, tmp_path: Path) -> None:
    client = await connected(vsftpd)
    task = await begun_download(client, tmp_path)
    await client.abort()
    with pytest.raises((OSError, oxftp.StatusCodeError)):
        await task
    assert await client.get_current_directory()
    await client.remove_file("big")
    await client.quit()


async def test_closed_client_ends_its_transfer(vsftpd: Server, tmp_path: Path) -> None:
    client = await connected(vsftpd)
    task = await begun_download(client, tmp_path)
    client.close()
    with pytest.raises(ConnectionError):
        await asyncio.wait_for(task, 10)


@pytest.mark.parametrize("kind", ["vsftpd", "proftpd"])
@pytest.mark.parametrize("version", ["1.2", "1.3"])
async def test_fifty_tls_transfers_resume_session(
    servers: Callable[[str], Server], kind: str, version: str, tmp_path: Path
) -> None:
    client = await connected(servers(f"{kind} explicit {version}"))
    (tmp_path / "reused").write_bytes(b"r" * 10_000)
    for _ in range(25):
        await client.upload(tmp_path / "reused")
        await client.download("reused", tmp_path / "copy")
    writer = client.stream.writer
    assert writer.tls_session is not None and writer.tls_session.counts[0] == 1  # type: ignore[union-attr]
    assert writer.tls_session.counts[1] >= 50  # type: ignore[union-attr]
    await client.quit()


async def test_ranges_take_few_data_connections(scripted: Scripted) -> None:
    content = random.Random(3).randbytes(1 << 20)
    scripted.files = {"file": content}
    scripted.replies.update(
        {"SIZE": f"213 {len(content)}", "FEAT": "500 no", "MLST": "500 no", "MDTM": "500 no", "SYST": "500 no"}
    )
    async with oxftp.Pool("127.0.0.1", scripted.port) as pool:
        starts = range(0, len(content), len(content) // 64)
        ranges = [(start, start + 1000) for start in starts]
        read = await pool.read_ranges("file", ranges)
    assert len(ranges) == 64 and read == [content[start:end] for start, end in ranges]
    assert 1 <= sum(command.startswith("RETR") for command in scripted.commands) <= 8


EXITS = """
import asyncio, os, sys
import oxftp
host, port, user, password, exits, local = sys.argv[1:]
delays = [0.0005 * number for number in range(60)]
async def transfers(delay):
    client = oxftp.Client()
    await client.connect(host, int(port))
    await client.login(user, password)
    pool = oxftp.Pool(host, int(port), user=user, password=password, sessions=2)
    tasks = [asyncio.create_task(client.download("exit", local + str(os.getpid()))) for _ in range(5)]
    tasks += [asyncio.create_task(pool.read("exit")) for _ in range(20)]
    await asyncio.sleep(delay)
    sys.exit(0)
running = {}
failed = []
def reap():
    child, status = os.wait()
    if status != 0:
        failed.append((running[child], status))
    del running[child]
for number in range(int(exits)):
    delay = delays[number % len(delays)]
    child = os.fork()
    if child == 0:
        # The ordinary end of an interpreter, with all that runs at exit.
        asyncio.run(transfers(delay))
    running[child] = delay
    if len(running) == 8:
        reap()
while running:
    reap()
assert not failed, failed
"""


@pytest.mark.timeout(600)
def test_interpreters_exit_cleanly_with_transfers_running(vsftpd: Server, tmp_path: Path) -> None:
    (vsftpd.root / "exit").write_bytes(b"x" * 200_000)
    exits = os.environ.get("OXFTP_EXITS", "1000")
    arguments = (vsftpd.host, str(vsftpd.port), vsftpd.user, vsftpd.password, exits, f"{tmp_path}/")
    run_python(EXITS, *arguments, timeout=590)


async def test_fork_leaves_transfers_to_parent(vsftpd: Server, tmp_path: Path) -> None:
    client = await connected(vsftpd)
    (tmp_path / "forked").write_bytes(b"f" * 100_000)
    await client.upload(tmp_path / "forked")
    await client.quit()
    code = """
import asyncio, os, sys
import oxftp
host, port, user, password, local = sys.argv[1:]
async def download(target, client=None):
    if client is None:
        client = oxftp.Client()
        await client.connect(host, int(port))
        await client.login(user, password)
    report = await client.download("forked", target)
    return client, report.bytes
client, count = asyncio.run(download(local + "parent"))
assert count == 100_000
child = os.fork()
if child == 0:
    _, count = asyncio.run(download(local + "child"))
    try:
        asyncio.run(download(local + "child", client))
    except RuntimeError:
        os._exit(0 if count == 100_000 else 1)
    os._exit(2)
_, status = os.waitpid(child, 0)
assert status == 0, status
assert asyncio.run(download(local + "parent", client))[1] == 100_000
"""
    run_python(code, vsftpd.host, str(vsftpd.port), vsftpd.user, vsftpd.password, f"{tmp_path}/")

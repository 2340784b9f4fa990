"""The client: timeouts, cancellation, tasks that share a session, TLS."""

from __future__ import annotations

import os
import asyncio
import random
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import oxftp
from conftest import Scripted, Server, run_python


async def connected(scripted: Scripted, **options: Any) -> oxftp.Client:
    client = oxftp.Client(**options)
    await client.connect("127.0.0.1", scripted.port)
    await client.login()
    return client


async def read(client: oxftp.Client, name: str) -> bytes:
    async with client.download_stream(name) as stream:
        return b"".join([block async for block in stream.iter_by_block()])


async def test_connection_timeout_of_passive_connection() -> None:
    # An address that answers nothing: its backlog is full.
    import socket

    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        with socket.socket() as first, socket.socket() as second:
            for filler in (first, second):
                filler.setblocking(False)
                filler.connect_ex(full.getsockname())
            client = oxftp.Client(connection_timeout=0.2)
            with pytest.raises(TimeoutError):
                await client.connect(*full.getsockname())


async def test_socket_timeout_of_reply(scripted: Scripted) -> None:
    scripted.replies["NOOP"] = ""
    client = await connected(scripted, socket_timeout=0.1)
    with pytest.raises(TimeoutError):
        await client.command("NOOP", "200")
    client.close()


async def test_concurrent_tasks_share_client(scripted: Scripted) -> None:
    scripted.files = {f"f{number}": bytes([number]) * (number * 4001) for number in range(100)}
    client = await connected(scripted)
    contents = await asyncio.gather(*(read(client, name) for name in scripted.files))
    assert contents == list(scripted.files.values())
    await client.quit()


async def test_cancelled_commands_do_not_mix_replies(scripted: Scripted) -> None:
    scripted.files = {"a": b"a" * 300_000, "b": b"b" * 70_000}
    scripted.replies["PWD"] = '257 "/here"'
    client = await connected(scripted)
    chance = random.Random(1)
    cancelled = 0
    for _ in range(500):
        name = chance.choice("ab")
        work: Any = chance.choice([lambda: read(client, name), client.get_current_directory])
        task = asyncio.ensure_future(work())
        await asyncio.sleep(chance.random() * 0.002)
        cancelled += task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if chance.random() < 0.2:
            assert str(await client.get_current_directory()) == "/here"
    assert cancelled > 100
    assert await read(client, "b") == scripted.files["b"]
    await client.quit()


async def test_closed_stream_lets_other_tasks_pass(scripted: Scripted) -> None:
    scripted.files = {"a": b"a" * 100}
    client = await connected(scripted)
    # Tasks that are started within a transfer may send commands in it, so this one is started before.
    opened = asyncio.Event()

    async def read_later() -> bytes:
        await opened.wait()
        return await read(client, "a")

    waiting = asyncio.create_task(read_later())
    stream = await client.download_stream("a")
    opened.set()
    await asyncio.sleep(0.01)
    assert not waiting.done()
    stream.close()
    assert await asyncio.wait_for(waiting, 5) == scripted.files["a"]
    await client.quit()


async def test_final_reply_can_be_read_by_hand(scripted: Scripted) -> None:
    scripted.files = {"a": b"a" * 100}
    client = await connected(scripted)
    stream = await client.download_stream("a")
    assert await stream.read() == scripted.files["a"]
    stream.close()
    assert (await client.command(None, "2xx", "1xx"))[0] == "226"
    await client.command("NOOP", "200")
    await client.quit()


async def test_wait_for_within_transfer_does_not_deadlock(scripted: Scripted) -> None:
    scripted.files = {"a": b"a" * 1000}
    client = await connected(scripted)
    stream = await asyncio.wait_for(client.download_stream("a"), 5)
    assert await stream.read() == scripted.files["a"]
    await asyncio.wait_for(stream.finish(), 5)
    async with client.download_stream("a") as stream:
        await asyncio.wait_for(client.command("NOOP"), 5)
        assert await stream.read() == scripted.files["a"]
        # The reply to NOOP comes after that of the transfer.
    assert await client.command(None, "200")
    await client.quit()


async def test_upload_that_fails_is_reset(vsftpd: Server) -> None:
    client = await vsftpd.connect()
    with pytest.raises(ZeroDivisionError):
        async with client.upload_stream("partial") as stream:
            await stream.write(b"x" * 1000)
            raise ZeroDivisionError
    assert await client.get_current_directory()
    await client.quit()


async def test_tree_with_unsafe_name_is_refused(scripted: Scripted, tmp_path: Path) -> None:
    class Client(oxftp.Client):
        async def stat(self, path: Any) -> Any:
            return {"type": "dir"}

        def list(self, path: Any = "", **options: Any) -> Any:
            async def entries() -> Any:
                return [(oxftp.client.PurePosixPath(path) / "../evil", {"type": "file"})]

            return entries()

    client = Client()
    with pytest.raises(ValueError, match="leave the target"):
        await client.download("tree", tmp_path)


async def test_names_that_are_not_utf8_round_trip(vsftpd: Server) -> None:
    name = b"caf\xe9".decode("utf-8", "surrogateescape")
    client = await vsftpd.connect()
    async with client.upload_stream(name) as stream:
        await stream.write(b"latin")
    assert name in [str(path) for path, _ in await client.list()]
    assert await read(client, name) == b"latin"
    await client.remove_file(name)
    await client.quit()


async def test_remove_does_not_enter_symlinks(vsftpd: Server) -> None:
    tree, kept = vsftpd.root / "tree-with-link", vsftpd.root / "kept"
    for directory in (tree, kept):
        directory.mkdir(mode=0o777)
        directory.chmod(0o777)
    (kept / "file").write_bytes(b"kept")
    # LIST of vsftpd shows the target with its slash: as a directory, for the rules of aioftp.
    (tree / "link").symlink_to("../kept/")
    client = await vsftpd.connect()
    await client.remove("tree-with-link")
    assert (kept / "file").read_bytes() == b"kept" and not tree.exists()
    await client.quit()


@pytest.mark.parametrize("kind", ["vsftpd", "proftpd"])
@pytest.mark.parametrize("version", ["1.2", "1.3"])
async def test_tls_session_is_reused(servers: Callable[[str], Server], kind: str, version: str) -> None:
    server = servers(f"{kind} explicit {version}")
    client = await server.connect()
    for number in range(25):
        async with client.upload_stream("reused") as stream:
            await stream.write(bytes([number]) * 10_000)
        assert await read(client, "reused") == bytes([number]) * 10_000
    writer = client.stream.writer
    assert writer.tls_session is not None and writer.tls_session.counts == (1, 50)
    await client.quit()


async def test_tls_without_trusted_certificate_fails(servers: Callable[[str], Server]) -> None:
    server = servers("pyftpdlib explicit")
    client = oxftp.Client()
    await client.connect(server.host, server.port)
    with pytest.raises(ssl.SSLError):
        await client.upgrade_to_tls()
    client.close()


async def test_ssl_context_of_python(servers: Callable[[str], Server]) -> None:
    server = servers("pyftpdlib explicit")
    client = oxftp.Client()
    await client.connect(server.host, server.port)
    await client.upgrade_to_tls(ssl.create_default_context(cafile=str(server.ca_file)))
    await client.login(server.user, server.password)
    data = bytes(range(256)) * 4000
    async with client.upload_stream("context") as stream:
        await stream.write(data)
    assert await read(client, "context") == data
    await client.quit()


def test_tls_config_from_ssl_context(servers: Callable[[str], Server]) -> None:
    server = servers("pyftpdlib explicit")
    context = ssl.create_default_context(cafile=str(server.ca_file))
    config = oxftp.TlsConfig.from_ssl_context(context)
    assert config.verify and config.ca_data
    context.check_hostname = False
    with pytest.raises(ValueError):
        oxftp.TlsConfig.from_ssl_context(context)


async def test_active_mode(server: Server, tmp_path: Path) -> None:
    client = await server.connect(active=True)
    async with client.upload_stream("active") as stream:
        await stream.write(b"a" * 300_000)
    assert await read(client, "active") == b"a" * 300_000
    assert "active" in [path.name for path, _ in await client.list()]
    await client.download("active", tmp_path)
    assert (tmp_path / "active").stat().st_size == 300_000
    await client.remove_file("active")
    await client.quit()


@pytest.mark.parametrize("refused", ["", "EPRT"])
async def test_active_mode_falls_back_to_port(scripted: Scripted, refused: str) -> None:
    scripted.files = {"a": b"a" * 100_000}
    if refused:
        scripted.replies[refused] = "502 unknown"
    client = await connected(scripted, active=True)
    assert await read(client, "a") == scripted.files["a"]
    verbs = [command.partition(" ")[0] for command in scripted.commands]
    assert "EPSV" not in verbs and ("PORT" in verbs) == bool(refused)
    await client.quit()


async def test_refused_active_connection_keeps_session_usable(scripted: Scripted) -> None:
    scripted.replies.update({"EPRT": "200 yes", "RETR": "150 connecting\r\n425 cannot connect"})
    client = await connected(scripted, active=True, connection_timeout=0.1)
    with pytest.raises(TimeoutError):
        await read(client, "a")
    assert await client.command("NOOP", "200")
    await client.quit()


async def test_proxy_carries_control_and_data_connections(scripted: Scripted) -> None:
    targets = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        host, port = request.split()[1].rsplit(":", 1)
        targets.append(int(port))
        ends = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(pump(reader, ends[1]), pump(ends[0], writer))

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while block := await reader.read(65536):
            writer.write(block)
        writer.close()

    proxy = await asyncio.start_server(serve, "127.0.0.1", 0)
    scripted.files = {"a": b"a" * 100_000}
    client = await connected(
        scripted, proxy=oxftp.Proxy("http", "127.0.0.1", proxy.sockets[0].getsockname()[1])
    )
    assert await read(client, "a") == scripted.files["a"]
    assert targets[0] == scripted.port and len(targets) == 2
    await client.quit()
    proxy.close()


FORK = """
import asyncio, os, sys
import oxftp
host, port, user, password = sys.argv[1:]
async def names():
    async with oxftp.Client.context(host, int(port), user, password) as client:
        return len(await client.list())
pool = oxftp.Pool(host, int(port), user=user, password=password)
async def both():
    return await names(), await pool.exists("/")
before = asyncio.run(both())
child = os.fork()
if child == 0:
    ok = asyncio.run(both()) == before
    os._exit(0 if ok else 1)
_, status = os.waitpid(child, 0)
assert status == 0, status
assert asyncio.run(both()) == before
"""


def test_fork_then_use_in_child(vsftpd: Server) -> None:
    run_python(FORK, vsftpd.host, str(vsftpd.port), vsftpd.user, vsftpd.password)


EXIT = """
import asyncio, sys
import oxftp
host, port, user, password, how = sys.argv[1:]
pool = oxftp.Pool(host, int(port), user=user, password=password, sessions=8)
async def main():
    await pool.write("exit", b"x" * 200_000)
    tasks = [asyncio.create_task(pool.read("exit")) for _ in range(100)]
    await asyncio.sleep(0.002 * int(how))
    sys.exit(0)
try:
    asyncio.run(main())
except SystemExit:
    pass
"""


@pytest.mark.parametrize("delay", range(int(os.environ.get("OXFTP_EXITS", "10"))))
def test_exit_with_transfers_running(vsftpd: Server, delay: int) -> None:
    run_python(EXIT, vsftpd.host, str(vsftpd.port), vsftpd.user, vsftpd.password, str(delay % 50))


def test_names_of_server_are_explained() -> None:
    with pytest.raises(ImportError):
        from oxftp import Server as _  # noqa: F401
    with pytest.raises(AttributeError, match="is in aioftp"):
        _ = oxftp.Server

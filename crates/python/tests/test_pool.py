"""Pools, `oxftp.sync`, and the file system for fsspec beyond its abstract suite."""

from __future__ import annotations

import asyncio
import pickle
import uuid
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import fsspec
import pytest

import oxftp
import oxftp.errors
import oxftp.fsspec
import oxftp.sync
from conftest import Server, run_python
from oxftp.fsspec import OxFTPFileSystem


def file_system(server: Server, **options: Any) -> OxFTPFileSystem:
    arguments = server.options | options
    arguments["username"] = arguments.pop("user")
    return OxFTPFileSystem(**arguments, skip_instance_cache=True)


async def test_pool_downloads_and_uploads_trees(server: Server, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "below").mkdir(parents=True)
    for number in range(20):
        (source / "below" / f"f{number}").write_bytes(bytes([number]) * number * 1000)
    events: list[str] = []
    async with oxftp.Pool(**server.options) as pool:
        report = await pool.upload(source, "tree", write_into=True)
        assert (report.files, report.failures) == (20, [])
        report = await pool.download(
            "tree", tmp_path / "target", write_into=True, progress=lambda kind, *_: events.append(kind)
        )
        assert report.files == 20 and events.count("finished") == 20
        (source / "below" / "f3").unlink()
        mirrored = await pool.mirror_up(source, "tree", delete="after", steps=True)
        assert mirrored.deleted == 1 and len(mirrored.steps) >= 1
        names = {entry["name"] for entry in await pool.list("tree", recursive=True)}
        assert "tree/below/f3" not in names and "tree/below/f4" in names
        await pool.remove_tree("tree")
    for number in range(20):
        assert (tmp_path / "target" / "below" / f"f{number}").read_bytes() == bytes([number]) * number * 1000


async def test_pool_errors_are_os_errors(server: Server) -> None:
    async with oxftp.Pool(**server.options) as pool:
        with pytest.raises(FileNotFoundError) as caught:
            await pool.read("missing")
        assert isinstance(caught.value, oxftp.errors.FTPError)
    if server.user == "anonymous":
        return
    async with oxftp.Pool(**(server.options | {"password": "wrong"})) as pool:
        with pytest.raises(PermissionError):
            await pool.read("missing")


async def test_cancelled_reads_leave_pool_usable(vsftpd: Server) -> None:
    async with oxftp.Pool(**vsftpd.options) as pool:
        await pool.write("cancelled", b"x" * 500_000)
        for number in range(50):
            task = asyncio.create_task(pool.read("cancelled"))
            await asyncio.sleep(0.0005 * number)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert len(await pool.read("cancelled")) == 500_000


def test_sync_client(server: Server, tmp_path: Path) -> None:
    with oxftp.sync.Client(**server.options) as client:
        client.make_directory("sync/below")
        client.write("sync/below/file", b"hello")
        assert client.read("sync/below/file") == b"hello"
        with client.open_write("sync/streamed") as stream:
            stream.write(b"x" * 100_000)
        with client.open_read("sync/streamed", 5, 10) as reader:
            assert reader.read(100) == b"xxxxx"
        client.download("sync", tmp_path)
        assert (tmp_path / "sync" / "below" / "file").read_bytes() == b"hello"
        client.remove_tree("sync")
        assert not client.exists("sync")


def test_file_is_replaced_only_when_complete(server: Server) -> None:
    fs = file_system(server)
    fs.pipe("/whole", b"before")
    with pytest.raises(ZeroDivisionError):
        with fs.open("/whole", "wb", block_size=1000) as file:
            file.write(b"y" * 5000)
            raise ZeroDivisionError
    assert fs.cat("/whole") == b"before"
    assert [name for name in fs.ls("/", detail=False, refresh=True) if name.endswith(".oxftp")] == []
    fs.rm("/whole")


def test_transaction_commits_all_files(server: Server) -> None:
    fs = file_system(server)
    with fs.transaction:
        for name in ("one", "two"):
            with fs.open(f"/transaction/{name}", "wb") as file:
                file.write(b"x")
        assert not fs.exists("/transaction/one")
    assert fs.cat("/transaction/one") == b"x"
    fs.rm("/transaction", recursive=True)


def test_blocks_are_read_to_the_end(server: Server) -> None:
    fs = file_system(server)
    data = bytes(range(256)) * 8192
    fs.pipe("/blocks", data)
    with fs.open("/blocks", block_size=100_000) as file:
        assert b"".join(iter(lambda: file.read(99_999), b"")) == data
        file.seek(1_000_000)
        assert file.read(10) == data[1_000_000:1_000_010]
    ranges = [(start, start + 1000) for start in range(0, len(data), len(data) // 64)]
    read = fs.cat_ranges(["/blocks"] * len(ranges), [it[0] for it in ranges], [it[1] for it in ranges])
    assert read == [data[start:end] for start, end in ranges]
    fs.rm("/blocks")


def test_pickle_has_no_password(vsftpd: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    fs = file_system(vsftpd)
    pickled = pickle.dumps(fs)
    assert vsftpd.password.encode() not in pickled
    monkeypatch.setenv("OXFTP_PASSWORD", vsftpd.password)
    assert pickle.loads(pickled).isdir("/")


def test_fsspec_knows_schemes(servers: Callable[[str], Server]) -> None:
    fsspec.register_implementation("ftpes", OxFTPFileSystem, clobber=True)
    server = servers("pyftpdlib explicit")
    url = f"ftpes://{server.user}:{server.password}@{server.host}:{server.port}/by-url"
    options = {"tls_config": server.tls_config}
    with fsspec.open(url, "wb", **options) as file:
        file.write(b"hello")
    with fsspec.open(url, **options) as file:
        assert file.read() == b"hello"


def test_ftp_of_fsspec_is_replaced_on_request_only() -> None:
    run_python(
        "import fsspec, oxftp.fsspec\n"
        "assert fsspec.get_filesystem_class('ftp').__module__ == 'fsspec.implementations.ftp'\n"
        "oxftp.fsspec.register()\n"
        "assert fsspec.get_filesystem_class('ftp') is oxftp.fsspec.OxFTPFileSystem\n"
    )


def test_installed_package_registers_its_schemes() -> None:
    found = {entry.name for entry in entry_points(group="fsspec.specs") if entry.value.startswith("oxftp.")}
    if not found:
        pytest.skip("the package is not installed")
    assert found == {"ftpes", "ftps", "oxftp"}


@pytest.mark.parametrize("selected", [False, True], ids=["tree", "list of files"])
def test_fsspec_get_lists_each_directory_once(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, selected: bool
) -> None:
    fs = file_system(server)
    top = f"/get-{uuid.uuid4().hex}"
    names = [f"{number % 4}/f{number}" for number in range(64)]
    expected = {name: name.encode() * number for number, name in enumerate(names)}
    fs.pipe({f"{top}/{name}": content for name, content in expected.items()})
    fs.invalidate_cache()
    questions: list[str] = []
    for name in ("list", "info"):
        ask = getattr(fs.pool, name)
        monkeypatch.setattr(fs.pool, name, lambda path, *more, ask=ask: questions.append(path) or ask(path, *more))

    if selected:
        found = fs.find(top)
        fs.get(found, [f"{tmp_path}/{path.removeprefix(top)}" for path in found])
    else:
        fs.get(top, str(tmp_path / "copy"), recursive=True)

    root = tmp_path if selected else tmp_path / "copy"
    assert {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()} == expected
    # About the tree and its four directories; not about the 64 files.
    assert len(questions) <= 10
    fs.rm(top, recursive=True)

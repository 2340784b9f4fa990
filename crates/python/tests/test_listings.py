"""Listings: native parsers, and the methods of the client that they stand for."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

import pytest

import oxftp
from conftest import Scripted
from oxftp import _oxftp
from oxftp.client import _EPOCH

DIRECTORIES = [PurePosixPath(path) for path in ("", "/", "//", "a", "/a/b", "a/../b")]

LIST_LINES = [
    "-rw-r--r--   1 user  group  1234 Nov 18 12:29 file-1.dat",
    "-rwsr-Sr-t 12 u g 0 Feb 29 00:00 leap day",
    "-rwsrwsrwt 12 u g 98765432109876 Feb 29  2024 é — ü",
    "drwxr-xr-x    2 1000 1000 4096 Jan  1  1999 directory",
    "drwxr-xr-x    2 1000 1000 4096 Jan 01  1999 padded",
    "lrwxrwxrwx 1 u g 4 Dec 31 23:59 link -> to/where",
    "lrwxrwxrwx 1 u g 4 Dec 31 23:59 link -> to -> directory/",
    "lrwxrwxrwx 1 u g 4 Dec 31 23:59 'link' -> 'quoted/'",
    "prw-r--r-- 1 u g 0 Aug  9 08:07 fifo",
    "crw-rw---- 1 root root 1, 3 Nov 18 12:29 null",
    "drwxr-xr-x 2 u g 4096 Nov 18 12:29 .",
    "drwxr-xr-x 2 u g 4096 Nov 18 12:29 ..",
    "-rw-r--r-- 1 u g 1 Nov 31 12:29 no such day",
    "-rw-r--r-- 1 u g 1 Nov 18 1958 short date",
    "-rw-r--r-- 1 u g 1 Nov 18 24:00 no such hour",
    "-rw-r--r-- 1 u g 1 Nov 18  0958 no such year",
    "-rw-r--r--+ 1 u g 1 Nov 18 12:29 with ACL",
    "-rw-r--r-- 1 u g 1 Nov 18 12:29 below/directory",
    "-rw-r--r-- 1 u g 1 Nov 18 12:29   blanks at both ends  ",
    "-rw-r--r-- 1 u g 1 Nov 18 12:29 \u00a0wide blanks\u2003",
    "total 12",
    "",
    "10/23/2018  10:03 AM       <DIR>          windows",
]
MLSD_LINES = [
    "type=file;size=1234;modify=20201118122900;perm=radfwMT;unique=8a; file-1.dat",
    "Type=dir;Modify=20201118122900;UNIX.mode=0755;Unix.Owner=0; é — ü",
    "type=cdir;modify=20201118122900; .",
    "type=pdir;modify=20201118122900; ..",
    "type=OS.unix=slink:/x;size=3; link",
    "size=3;modify=20201118122900; no type",
    "type=file;size=3 no semicolon",
    "type=file;size=3;type=dir;;empty; twice",
    "type=file;  leading blank",
    "type=file; trailing blanks  ",
    "type=file; \u00a0wide blanks\u2003",
    "type=file; below/directory",
    "type=file; ",
    "type=file;",
    "",
    "MİXED=1;type=file; not ascii",
]


def by_native(is_mlsd: bool, line: bytes, directory: PurePosixPath, now: datetime) -> Any:
    """Returns the entries of a line; ``None`` if the line is left to the method."""
    if is_mlsd:
        entries, position = _oxftp.parse_mlsd(line, 0, directory)
    else:
        entries, position = _oxftp.parse_list(line, 0, directory, (now - _EPOCH) // timedelta(microseconds=1))
    assert position in (0, len(line))
    return entries if position else None


class Client(oxftp.Client):
    now = datetime.now()

    @classmethod
    def parse_ls_date(cls, s: str, *, now: datetime | None = None) -> str:
        return super().parse_ls_date(s, now=cls.now)


def by_method(is_mlsd: bool, line: bytes, directory: PurePosixPath, now: datetime) -> Any:
    client = Client()
    Client.now = now
    found, facts = client.parse_mlsx_line(line) if is_mlsd else client.parse_list_line(line)
    if str(found) in (".", ".."):
        return []
    facts["type"]
    return [(directory / found, facts)]


def described(entries: Any) -> Any:
    """Returns everything about entries that can be compared, the order of facts and all types included."""
    return [
        (type(entry), type(path), str(path), path.parts, hash(path), path.parent, list(facts.items()))
        for entry in entries
        for path, facts in [entry]
    ]


@pytest.mark.parametrize("is_mlsd", [False, True], ids=["LIST", "MLSD"])
def test_native_listing_parsers_agree_with_methods(is_mlsd: bool) -> None:
    lines = MLSD_LINES if is_mlsd else LIST_LINES
    chance = random.Random(5)
    alphabet = " \t\r\x0b\x1c./;=->'\"+0123456789abrwxstSTlLdMİ\u0085\u00a0\u2003\x00é"
    accepted = 0
    for number in range(20_000):
        text = list(lines[number % len(lines)])
        if number >= len(lines):
            for _ in range(chance.choice([1, 1, 2, 5])):
                at = chance.randrange(len(text) + 1)
                text[at : at + chance.randrange(3)] = chance.choices(alphabet, k=chance.randrange(3))
        line = "".join(text).encode() + chance.choice([b"\r\n", b"\n", b""])
        if b"\n" in line[:-1] or not line:
            continue
        now = datetime(2023, 12, 31) + timedelta(minutes=chance.randrange(1_500_000), seconds=chance.random())
        directory = chance.choice(DIRECTORIES)
        entries = by_native(is_mlsd, line, directory, now)
        if entries is None:
            continue
        accepted += 1
        assert described(entries) == described(by_method(is_mlsd, line, directory, now)), line
    assert accepted > 2000


@pytest.mark.parametrize("is_mlsd", [False, True], ids=["LIST", "MLSD"])
def test_usual_lines_have_native_parsers(is_mlsd: bool) -> None:
    now = datetime(2026, 11, 30)
    for line in MLSD_LINES[:5] if is_mlsd else [*LIST_LINES[:1], *LIST_LINES[3:9]]:
        assert by_native(is_mlsd, f"{line}\r\n".encode(), PurePosixPath("a"), now) is not None, line


def test_date_without_year_is_nearest_to_now() -> None:
    for now in (datetime(2024, 2, 28, 23, 59, 59, 1), datetime(2026, 6, 30, 12), datetime(2097, 3, 1), datetime(2101, 1, 1)):
        for day in range(366):
            date = datetime(2024, 1, 1, 12, 30) + timedelta(days=day)
            line = f"-rw-r--r-- 1 u g 1 {date:%b %d %H:%M} name\r\n".encode()
            assert by_native(False, line, PurePosixPath(), now) == by_method(False, line, PurePosixPath(), now)


async def connected(scripted: Scripted, cls: type[oxftp.Client] = oxftp.Client, **options: Any) -> oxftp.Client:
    client = cls(**options)
    await client.connect("127.0.0.1", scripted.port)
    await client.login()
    return client


@pytest.mark.parametrize("verb", ["MLSD", "LIST"])
async def test_native_listing_is_that_of_methods(scripted: Scripted, verb: str) -> None:
    class ByMethods(oxftp.Client):
        def parse_mlsx_line(self, b: Any) -> Any:
            return super().parse_mlsx_line(b)

        def parse_list_line_unix(self, b: Any) -> Any:
            return super().parse_list_line_unix(b)

    is_mlsd = verb == "MLSD"
    usual = MLSD_LINES[:5] if is_mlsd else [*LIST_LINES[:1], *LIST_LINES[3:9], LIST_LINES[10]]
    of_methods = [MLSD_LINES[7]] if is_mlsd else [LIST_LINES[13], LIST_LINES[-1]]
    unreadable = "-rw-r--r-- 1 u g 1 Nov 18 12:29 caf\udce9" if not is_mlsd else "type=file; caf\udce9"
    lines = [*usual, *of_methods, unreadable, *usual]
    scripted.files = {"top": "\r\n".join([*lines, ""]).encode(errors="surrogateescape")}
    below = "é — ü" if is_mlsd else "directory"
    for name in (below, "padded", "windows", "twice", "link -> to", "'link'"):
        scripted.files[f"top/{name}"] = "\r\n".join([usual[0], ""]).encode()
    scripted.replies["FEAT"] = "500 no"
    listings = []
    for cls in (oxftp.Client, ByMethods):
        client = await connected(scripted, cls)
        entries = await client.list("top", recursive=True, raw_command=verb)  # type: ignore[arg-type]
        iterated = [entry async for entry in client.list(PurePosixPath("top"), recursive=True, raw_command=verb)]  # type: ignore[arg-type]
        assert described(iterated) == described(entries)
        listings.append(described(entries))
        await client.quit()
    assert listings[0] == listings[1] and len(listings[0]) > 10


async def test_entries_before_invalid_line_are_listed(scripted: Scripted) -> None:
    scripted.replies["MLSD"] = "500 no"
    scripted.files = {"top": "\r\n".join([LIST_LINES[0], LIST_LINES[3], "total 12", LIST_LINES[4], ""]).encode()}
    client = await connected(scripted)
    names = []
    with pytest.raises(ValueError):
        async for path, _ in client.list("top"):
            names.append(path.name)
    assert names == ["file-1.dat", "directory"]
    assert (await client.command("NOOP", "200"))[0] == "200"
    await client.quit()


@pytest.mark.parametrize("name", ["parse_list_line", "parse_list_line_unix", "parse_unix_mode", "parse_ls_date", "_decode"])
async def test_overridden_listing_parser_is_called(scripted: Scripted, name: str) -> None:
    scripted.replies["MLSD"] = "500 no"
    scripted.files = {"top": "\r\n".join([*LIST_LINES[:1] * 5, ""]).encode()}
    calls = []

    def overriding(*args: Any, **options: Any) -> Any:
        calls.append(name)
        return getattr(oxftp.Client(), name)(*args[-1:], **options)

    cls = type("Client", (oxftp.Client,), {name: staticmethod(overriding)})
    client = await connected(scripted, cls)
    assert len(await client.list("top")) == 5
    assert len(calls) >= 5
    await client.quit()


async def test_custom_listing_parser_is_tried_first(scripted: Scripted) -> None:
    scripted.replies["MLSD"] = "500 no"
    scripted.files = {"top": f"{LIST_LINES[0]}\r\n".encode()}
    own = (PurePosixPath("own"), {"type": "file"})
    client = await connected(scripted, parse_list_line_custom=lambda line: own)
    assert await client.list("top") == [(PurePosixPath("top/own"), {"type": "file"})]
    await client.quit()


async def test_path_of_other_type_keeps_it(scripted: Scripted) -> None:
    class Path(PurePosixPath):
        pass

    scripted.files = {"top": f"{MLSD_LINES[0]}\r\n".encode()}
    client = await connected(scripted)
    entries = await client.list(Path("top"))
    assert [(type(path), str(path)) for path, _ in entries] == [(Path, "top/file-1.dat")]
    await client.quit()

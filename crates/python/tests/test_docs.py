"""The examples of the documentation, run against a real server."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Server, run_python

PAGE = Path(__file__).parents[3] / "docs" / "python.md"
#: For a package that is tried without being installed.
REGISTER = (
    "import fsspec, oxftp.fsspec\n"
    "for scheme in ('ftpes', 'oxftp'):\n"
    "    fsspec.register_implementation(scheme, oxftp.fsspec.OxFTPFileSystem, True)\n"
    "import warnings; warnings.filterwarnings('ignore', 'UPath .* not explicitly implemented')\n"
)
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.mark.timeout(300)
def test_examples_of_the_guide_run(
    servers: Callable[[str], Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = servers("pyftpdlib explicit")
    monkeypatch.setenv("SSL_CERT_FILE", str(server.ca_file))
    monkeypatch.chdir(tmp_path)
    assert len(EXAMPLES) == 8
    for example in EXAMPLES:
        for package in re.findall(r"^(?:import|from) (\w+)", example, re.MULTILINE):
            pytest.importorskip(package)
        code = re.sub(r"\b21\b(?=[,}/])", str(server.port), example.replace("ftp.example.org", server.host))
        code = code.replace('"me"', repr(server.user)).replace('"secret"', repr(server.password))
        run_python(REGISTER + code)
    assert (tmp_path / "again/2026/november.txt").read_bytes() == b"all is well\n"

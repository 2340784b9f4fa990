"""Runs the test suite of aioftp against oxftp.

Fetches the source distribution from PyPI with pip, and runs its tests unchanged: all of them with the client of oxftp
and the server of aioftp, then those of path ios with the path ios of oxftp. Fails if any test but the two below fails.

Usage: run.py [PYTEST_ARGUMENT ...]
"""

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VERSION = "0.28.3"

#: They replace `asyncio.open_connection` by a slow one, which a native client never calls. `test_client.py` has a test
#: of the same timeout with a server that accepts late.
CANNOT_PASS = [
    "tests/test_connection.py::test_client_timeout_passive_connection[127.0.0.1]",
    "tests/test_connection.py::test_client_timeout_passive_connection[::1]",
]


def main() -> int:
    here = Path(__file__).parent
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        source = ["--no-deps", "--no-binary=:all:", f"aioftp=={VERSION}"]
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "download", "--quiet", *source, "--dest", str(directory)], check=True)
        with tarfile.open(directory / f"aioftp-{VERSION}.tar.gz") as archive:
            archive.extractall(directory, filter="data")
        suite = directory / f"aioftp-{VERSION}"
        configuration = directory / "pytest.ini"
        configuration.write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(here), os.environ.get("PYTHONPATH", "")])}
        pytest = [sys.executable, "-m", "pytest", "-p", "plugin", "-p", "no:cacheprovider", "-q"]
        pytest += ["-c", str(configuration), "--rootdir", str(suite)]
        pytest += sys.argv[1:]
        deselected = [f"--deselect={test}" for test in CANNOT_PASS]
        print(f"aioftp {VERSION}, without {len(deselected)} tests that cannot pass: {', '.join(CANNOT_PASS)}")
        client = subprocess.run([*pytest, *deselected, "tests"], cwd=suite, env=environment)
        environment["OXFTP_PATH_IO"] = "1"
        path_io = subprocess.run([*pytest, "tests/test_pathio.py"], cwd=suite, env=environment)
        return client.returncode or path_io.returncode


if __name__ == "__main__":
    sys.exit(main())

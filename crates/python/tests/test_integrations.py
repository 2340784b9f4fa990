"""Programs that read and write through fsspec: pandas, dask, pyarrow, duckdb, xarray and UPath.

The tests need these packages. `.ci/python` installs them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from conftest import Server, run_python
from oxftp.fsspec import OxFTPFileSystem

ROWS = 5000


@pytest.fixture(params=["proftpd explicit", "vsftpd plain"])
def server(request: pytest.FixtureRequest, servers: Callable[[str], Server]) -> Server:
    return servers(request.param)


@pytest.fixture
def options(server: Server) -> dict[str, Any]:
    """The options of the file system, without those that a URL has."""
    return {"username": server.user, "password": server.password, "tls_config": server.tls_config}


@pytest.fixture
def base(server: Server, options: dict[str, Any]) -> Iterator[str]:
    """The URL of a directory, which is removed after the test."""
    fsspec.register_implementation("ftpes", OxFTPFileSystem, clobber=True)
    fsspec.register_implementation("oxftp", OxFTPFileSystem, clobber=True)
    scheme = "ftpes" if server.protection == "explicit" else "oxftp"
    root = f"{scheme}://{server.host}:{server.port}"
    yield f"{root}/integrations"
    fs, _ = fsspec.core.url_to_fs(root, **options)
    fs.rm("/integrations", recursive=True)


def table() -> Any:
    import pandas

    return pandas.DataFrame({"number": range(ROWS), "text": [f"row {number % 7}" for number in range(ROWS)]})


def test_pandas_reads_what_it_wrote(base: str, options: dict[str, Any]) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    table().to_csv(f"{base}/table.csv", index=False, storage_options=options)
    table().to_parquet(f"{base}/table.parquet", storage_options=options)

    from_csv = pandas.read_csv(f"{base}/table.csv", storage_options=options)
    from_parquet = pandas.read_parquet(f"{base}/table.parquet", columns=["text"], storage_options=options)

    pandas.testing.assert_frame_equal(from_csv, table(), check_dtype=False)
    assert from_parquet["text"].tolist() == table()["text"].tolist()


def test_pyarrow_dataset_reads_parts_of_files(base: str, options: dict[str, Any]) -> None:
    dataset = pytest.importorskip("pyarrow.dataset")
    pyarrow = pytest.importorskip("pyarrow")
    pytest.importorskip("pandas")
    import pyarrow.fs

    fs, path = fsspec.core.url_to_fs(base, **options)
    files = pyarrow.fs.PyFileSystem(pyarrow.fs.FSSpecHandler(fs))
    rows = pyarrow.Table.from_pandas(table())
    dataset.write_dataset(rows, f"{path}/set", format="parquet", partitioning=["text"], filesystem=files)

    read = dataset.dataset(f"{path}/set", format="parquet", partitioning=["text"], filesystem=files)

    assert read.count_rows() == ROWS
    assert read.to_table(filter=dataset.field("number") < 10).num_rows == 10


@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_dask_reads_parquet_by_workers(
    base: str, options: dict[str, Any], server: Server, scheduler: str, tmp_path: Path
) -> None:
    pytest.importorskip("dask.dataframe")
    table().to_parquet(f"{base}/part-0.parquet", storage_options=options)
    table().to_parquet(f"{base}/part-1.parquet", storage_options=options)
    # In an interpreter of its own: its processes start from the main module.
    program = tmp_path / "program.py"
    program.write_text(
        "import sys\n"
        "import fsspec\n"
        "import oxftp\n"
        "from oxftp.fsspec import OxFTPFileSystem\n"
        "for scheme in ('ftpes', 'oxftp'):\n"
        "    fsspec.register_implementation(scheme, OxFTPFileSystem, clobber=True)\n"
        "if __name__ == '__main__':\n"
        "    import dask.dataframe\n"
        "    url, user, password, ca_file, scheduler = sys.argv[1:]\n"
        "    tls = oxftp.TlsConfig(ca_file=ca_file) if ca_file else None\n"
        "    options = dict(username=user, password=password, tls_config=tls, pickle_password=True)\n"
        "    read = dask.dataframe.read_parquet(f'{url}/*.parquet', storage_options=options)\n"
        "    print(read.number.sum().compute(scheduler=scheduler))\n"
    )
    run = "import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    ca_file = str(server.ca_file or "")
    printed = run_python(run, str(program), base, server.user, server.password, ca_file, scheduler)
    assert int(printed) == 2 * sum(range(ROWS))


def test_duckdb_queries_files(base: str, options: dict[str, Any], server: Server) -> None:
    duckdb = pytest.importorskip("duckdb")
    pytest.importorskip("pyarrow")
    table().to_parquet(f"{base}/table.parquet", storage_options=options)
    fs, _ = fsspec.core.url_to_fs(base, **options)
    with duckdb.connect() as connection:
        connection.register_filesystem(fs)
        files = f"oxftp://{server.host}/integrations/*.parquet"
        query = f"select text, count(*) from '{files}' group by text order by text"
        counted = connection.execute(query).fetchall()
    assert counted == [(f"row {number}", len(range(number, ROWS, 7))) for number in range(7)]


def test_xarray_opens_netcdf(base: str, options: dict[str, Any], tmp_path: Path) -> None:
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    local = tmp_path / "field.nc"
    xarray.Dataset({"field": ("x", list(range(1000)))}).to_netcdf(local, engine="h5netcdf")
    fs, path = fsspec.core.url_to_fs(base, **options)
    fs.put(str(local), f"{path}/field.nc")
    with fs.open(f"{path}/field.nc") as file, xarray.open_dataset(file, engine="h5netcdf") as opened:
        assert int(opened["field"].sum()) == sum(range(1000))


def test_upath_writes_lists_and_removes(base: str, options: dict[str, Any]) -> None:
    UPath = pytest.importorskip("upath").UPath
    directory = UPath(base, **options)
    (directory / "below").mkdir(parents=True)
    (directory / "below" / "note.txt").write_text("hello")
    assert [path.name for path in (directory / "below").iterdir()] == ["note.txt"]
    assert (directory / "below" / "note.txt").read_text() == "hello"
    (directory / "below" / "note.txt").unlink()
    assert not (directory / "below" / "note.txt").exists()

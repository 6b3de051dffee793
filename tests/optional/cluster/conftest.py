"""Clusters of real processes, and a real S3 server, for the tests of `fastsal.distributed`."""

import contextlib
import subprocess
import sys
import time
import urllib.request

import pytest
from clusters import Processes, free_port, is_open, make_photos, wait_until
from distributed import Client, LocalCluster
from processes import started


@pytest.fixture(scope="session")
def client():
    """Return a client of a cluster of 2 processes."""
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture
def photos(tmp_path):
    """Return a folder of 40 different photographs."""
    return make_photos(tmp_path / "photos", 40)


@pytest.fixture
def processes(tmp_path):
    """Return a starter of ``dask scheduler`` and ``dask worker``; all end with the test."""
    folder = tmp_path / "dask"
    folder.mkdir()
    with contextlib.ExitStack() as stack:
        yield Processes(folder, stack)


@pytest.fixture(scope="session")
def s3():
    """Return the options of s3fs for a server of this machine, which stores in memory."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    # A full pipe would stop it: it logs every request.
    with started(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        wait_until(lambda: is_open(port))
        urllib.request.urlopen(url).close()
        assert server.poll() is None
        yield {"endpoint_url": url, "key": "test", "secret": "test"}


@pytest.fixture
def bucket(s3):
    """Return the URL of an empty bucket, and a file system for looking into it."""
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    files = s3fs.S3FileSystem(**s3, skip_instance_cache=True)
    name = f"bucket-{time.monotonic_ns()}"
    files.mkdir(name)
    return f"s3://{name}", files

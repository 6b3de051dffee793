"""The Dask cluster of a batch: connected to or started, checked, and its kernels compiled."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from .. import __version__
from ..errors import FastsalError
from ..io.reasons import text_of
from . import threads
from .storage import INSTALL

_CONNECT = 10.0  # seconds to find a scheduler, and to see a worker
# Each connection remembers its last messages, 1,000 by default, with the tasks in them.
_SHORT_LOGS = {"distributed.admin.low-level-log-length": 10}
# Settings of a cluster on this machine. A file that ends two workers is no accident, and figures
# for a dashboard would take several per cent of a core.
_SETTINGS = {
    "distributed.scheduler.allowed-failures": 1,
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.interval": "2s",
    **_SHORT_LOGS,
}
_START = 60.0  # seconds for the workers of a cluster on this machine


class Cluster(NamedTuple):
    """A cluster that is ready."""

    client: Any
    threads: int  # of all workers
    per_host: int  # the largest number of worker threads on one host


@contextmanager
def opened(client: Any, workers: int | None, *, in_process: bool) -> Iterator[Any]:
    """Yield a client of a running cluster; a cluster started here is closed at the end.

    Parameters
    ----------
    client : distributed.Client, str or None
    workers : int or None
        Workers of a cluster on this machine.
    in_process : bool
        Whether the cluster must share this process, because files are in its memory.

    Raises
    ------
    FastsalError
        distributed is not installed, or there is no cluster at the address.
    """
    try:
        import distributed
    except ImportError as error:
        raise FastsalError(f"a cluster needs distributed; run `{INSTALL}`") from error
    check_workers(workers, has_client=client is not None)
    if isinstance(client, distributed.Client):
        if client.asynchronous:
            raise TypeError("`client` must not be asynchronous; use `Client(ADDRESS)`")
        yield client
    elif isinstance(client, str):
        with _connected(client) as found:
            yield found
    elif client is None:
        with _started(workers or threads.cores(), in_process) as found:
            yield found
    else:
        kind = type(client).__name__
        raise TypeError(f"`client` must be a distributed.Client, an address or None; got {kind}")


def check_workers(workers: Any, *, has_client: bool) -> None:
    """Refuse a number of workers that no cluster has.

    Raises
    ------
    ValueError
    """
    if workers is None:
        return
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise ValueError(f"`workers` must be an integer of at least 1; got {workers!r}")
    if has_client:
        raise ValueError("`workers` must be None if `client` is given, which has its own workers")


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    import dask
    from distributed import Client

    try:
        with dask.config.set(_SHORT_LOGS):
            client = Client(address, timeout=_CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise FastsalError(
            f"no scheduler answers at {address}; start one with `dask scheduler`"
        ) from error
    with client:
        yield client


@contextmanager
def _started(workers: int, in_process: bool) -> Iterator[Any]:
    import dask
    from distributed import Client, LocalCluster

    # One thread per worker process: threads of one process wait for each other in Python.
    options: dict[str, Any] = {
        "n_workers": workers, "threads_per_worker": 1, "processes": True, "host": "127.0.0.1",
        "env": {"OPENCV_FOR_THREADS_NUM": str(max(1, threads.cores() // workers))},
    }  # fmt: skip
    if in_process:
        options = {"n_workers": 1, "threads_per_worker": workers, "processes": False}
    # To the end: a worker that takes the place of another gets these settings too.
    with dask.config.set(_SETTINGS):
        try:
            cluster = LocalCluster(
                **options, dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL
            )
        except (OSError, RuntimeError, ValueError) as error:
            raise FastsalError(
                f"no local cluster can be started: {text_of(error)}; a script must call this "
                'below `if __name__ == "__main__":`'
            ) from error
        with cluster, Client(cluster, set_as_default=False) as client:
            client.wait_for_workers(options["n_workers"], timeout=_START)
            yield client


def ready(client: Any, *, keys: Sequence[str], options: Mapping[str, Any], is_own: bool) -> Cluster:
    """Check the workers and compile the kernels on all of them, also on those that come later.

    `is_own` says that the workers are child processes. A terminal sends Ctrl-C to them too, and
    they leave it to the client.

    Raises
    ------
    FastsalError
        There are no workers, or fastsal is missing or different there.
    """
    _wait_for_worker(client)
    _check_versions(client)
    client.register_plugin(_warm_plugin(tuple(keys), dict(options), is_own))
    _wait_for_worker(client)  # a stalled worker may have left meanwhile, and comes back
    found = client.scheduler_info(n_workers=-1)["workers"].values()
    hosts: Counter[str] = Counter()
    for worker in found:
        hosts[worker["host"]] += worker["nthreads"]
    return Cluster(client, max(1, sum(hosts.values())), max(hosts.values(), default=1))


def _wait_for_worker(client: Any) -> None:
    try:
        client.wait_for_workers(1, timeout=_CONNECT)
    except TimeoutError as error:
        raise FastsalError(
            "the cluster has no workers; start one with `dask worker ADDRESS`"
        ) from error


def check_shares_memory(client: Any) -> None:
    """Refuse workers in other processes, which do not see the files in this one's memory.

    Raises
    ------
    FastsalError
    """
    found = client.run(os.getpid)
    if any(pid != os.getpid() for pid in found.values()):
        raise FastsalError(
            "memory:// files exist only in this process, but the workers are other processes; "
            "use `Client(processes=False)`"
        )


def _check_versions(client: Any) -> None:
    def version() -> str:  # sent as code: a worker without fastsal must be able to answer
        try:
            import fastsal
        except ImportError as problem:
            return str(problem)
        return str(fastsal.__version__)

    for address, found in client.run(version).items():
        if found != __version__:
            raise FastsalError(
                f"the worker {address} must have fastsal {__version__}; got {found}; "
                "install the same version on all workers"
            )


def _warm_plugin(keys: tuple[str, ...], options: dict[str, Any], is_own: bool) -> Any:
    from distributed import WorkerPlugin

    class Warm(WorkerPlugin):  # type: ignore[misc]  # distributed is untyped here
        name = f"fastsal-warm-{'-'.join(keys)}"
        idempotent = False

        async def setup(self, worker: Any) -> None:
            import asyncio
            import signal

            if is_own:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
            from fastsal.distributed.warm import warm

            # In a thread, since compiling takes longer than a scheduler waits for a heartbeat.
            await asyncio.to_thread(warm, keys, options)

    return Warm()

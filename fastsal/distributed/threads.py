"""Threads of kernels on a worker, and who it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def kernel_threads(per_host: int) -> Iterator[None]:
    """Share the cores of this host among its worker threads, `per_host` of them.

    Numba's setting is one of the calling thread, so other code on the worker keeps its own.
    """
    import numba

    from ..kernels import threads

    before = threads.count()
    numba.set_num_threads(max(1, min(before, cores() // max(1, per_host))))
    try:
        yield
    finally:
        numba.set_num_threads(before)


def worker_address() -> str:
    """Return the address of the worker that runs this task."""
    from distributed import get_worker

    return str(get_worker().address)

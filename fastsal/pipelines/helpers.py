"""Processes that compile beside this one, from the other end of the list.

Each kernel is locked while it is compiled (`kernels/locks.py`), so none is compiled twice.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

_BYTES = 500 * 1024**2  # a process that compiles, at its largest
_FEWEST = 6  # kernels that are worth starting a process for

_CODE = "import sys; from fastsal.pipelines import helpers; helpers.{0}(*sys.argv[1:])"


def count() -> int:
    """Return how many processes to start beside this one: by cores, and by free memory."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(0, min(cores or 1, free_memory() // _BYTES) - 1)


def free_memory() -> int:
    """Return how many bytes programs can still get; where that is not known, enough for four."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            facts = dict(line.split(":", 1) for line in file)
        return int(facts["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return 4 * _BYTES


@contextmanager
def helping(job: str, arguments: Sequence[str]) -> Iterator[None]:
    """Run the function `job` of this module in other processes until the end of the block."""
    started = start(job, arguments)
    try:
        yield
    finally:
        stop(started)


def start(job: str, arguments: Sequence[str]) -> list[subprocess.Popen[bytes]]:
    """Start the processes; without a cache folder they could not pass kernels on."""
    from ..kernels import cache

    if cache.folder() is None or not sys.executable or getattr(sys, "frozen", False):
        return []
    total = count()
    command = [sys.executable, "-c", _CODE.format(job), str(os.getpid())]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with suppress(OSError):  # no more processes: this one does it alone
        return [
            subprocess.Popen(
                [*command, f"{index}/{total}", *arguments],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env=environment, start_new_session=True,
            )
            for index in range(total)
        ]  # fmt: skip
    return []


def stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """End processes; a lock that one holds goes with it."""
    for each in processes:
        each.kill()
    for each in processes:
        each.wait()


def is_worthwhile(kernels: int) -> bool:
    """Return whether that many kernels are worth starting a process."""
    return kernels >= _FEWEST


def compile_forms(parent: str, share: str, *keys: str) -> None:
    """Compile the kernels of methods, the last first."""
    from ..kernels.forms import compile_form
    from .forms import for_this_processor, forms_of

    for form in _rotated(for_this_processor(forms_of(keys))[::-1], share):
        if os.getppid() != int(parent):
            return
        with suppress(Exception):  # recorded for another version: the caller compiles its own
            compile_form(form)


def warm_up(parent: str, share: str, *keys: str) -> None:
    """Do the jobs of `warmup`, the last first."""
    from .warmup import jobs_of

    for _, work in _rotated(jobs_of(keys or None)[::-1], share):
        if os.getppid() != int(parent):
            return
        work()


def _rotated(items: list[Any], share: str) -> list[Any]:
    """Return the items from where this process begins."""
    index, total = map(int, share.split("/"))
    first = len(items) * index // (total + 1)
    return items[first:] + items[:first]

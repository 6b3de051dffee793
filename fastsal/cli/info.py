"""``fastsal info``: versions, backends, threads and GPU."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Iterator

from .. import __version__, runtime
from ..errors import BackendUnavailableError
from .options import Commands, add_command

_PACKAGES = ("numpy", "numba", "numba-cuda", "opencv-python", "opencv-contrib-python",
             "scikit-image", "tbb")  # fmt: skip


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    add_command(
        commands,
        "info",
        "show versions, backends, threads and GPU, and why a backend is unavailable",
        run,
    )


def run(options: argparse.Namespace) -> None:
    """Print one fact per line."""
    for name, fact in _facts():
        print(f"{name:<22}{fact}")


def _facts() -> Iterator[tuple[str, str]]:
    from ..kernels import cache, threads

    yield "fastsal", __version__
    yield "python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    for package in _PACKAGES:
        if (version := _version(package)) is not None:
            yield package, version
    for name, status in runtime.backends().items():
        yield f"backend {name}", f"{'yes' if status.available else 'no'}: {status.detail}"
    try:
        layer, reason = threads.layer()
        yield "threading layer", f"{layer}: {reason}"
    except BackendUnavailableError as error:
        yield "threading layer", f"none: {error}"
    yield "compiled code", cache.describe()


def _version(package: str) -> str | None:
    from importlib import metadata  # 15 ms that the other commands can do without

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None

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
    try:
        yield from _kernels()
    except BackendUnavailableError as error:
        yield "kernels", f"none: {error}"


def _kernels() -> Iterator[tuple[str, str]]:
    """Yield where the kernels of all methods come from, and why none came with fastsal."""
    from collections import Counter

    from ..kernels import shipped
    from ..kernels.cache import source_of
    from ..pipelines.forms import all_forms, for_this_processor

    sources = Counter(source_of(form) for form in for_this_processor(all_forms()))
    names = {"native": "native", None: "not compiled yet"}
    names |= {each.name: f"shipped ({each.name})" for each in shipped.LEVELS}
    ordered = ("native", *(each.name for each in shipped.LEVELS), None)
    yield "kernels", ", ".join(f"{sources[key]} {names[key]}" for key in ordered if sources[key])
    if reason := shipped.why_unused():
        yield "shipped kernels", f"none: {reason}"


def _version(package: str) -> str | None:
    from importlib import metadata  # 15 ms that the other commands can do without

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None

"""``fastsal warmup``: compile all kernels."""

from __future__ import annotations

import argparse
import time

from .messages import COMPILING, say
from .options import Commands, add_command


def add_to(commands: Commands) -> None:
    """Add the command to the parser."""
    add_command(
        commands, "warmup", "compile all kernels now, so that no first call has to wait", run
    )


def run(options: argparse.Namespace) -> None:
    """Compile, and print the time and the cache folder."""
    say(COMPILING)
    from ..kernels import cache
    from ..pipelines.warmup import compile_all

    began = time.perf_counter()
    compile_all(lines=True)
    print(f"compiled in {time.perf_counter() - began:.1f} s; compiled code: {cache.describe()}")

"""Compile kernels for the levels of processors that a wheel has machine code for.

    python .ci/build_kernels.py FOLDER [METHOD ...]

`build_hook.py` runs it. It runs none of the code that it makes, so the processor does not matter.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

SYSTEM = "linux x86_64"
_BYTES = 1200 * 1024**2  # a process that compiles, at its largest

# The package beside this script, whichever is installed.
sys.path[0] = str(Path(__file__).parents[1])


def build(target: Path, methods: list[str]) -> None:
    """Write machine code of first maps of these methods, or of everything."""
    from fastsal.kernels import building, shipped
    from fastsal.pipelines import forms
    from fastsal.registry import method_of

    if shipped.made_with()["platform"] != SYSTEM:
        sys.exit(f"machine code is made for {SYSTEM} only; unset FASTSAL_BUILD_KERNELS")
    if reason := building.why_plain() or shipped.why_unfit_to_build():
        sys.exit(f"machine code cannot be made here: {reason}")
    keys = [method_of(key).key for key in methods]
    wanted = forms.forms_of(keys) if keys else forms.all_forms()
    target.mkdir(parents=True)
    for level in shipped.LEVELS:
        with tempfile.TemporaryDirectory() as folder:
            listed = forms.for_level(wanted, level.name)
            _compile_all(listed, {**level.environment(), "FASTSAL_CACHE_DIR": folder})
            shipped.pack(_entries(Path(folder), listed), level, target)
    shipped.write_manifest(target)


def _compile_all(listed: list[Any], variables: dict[str, str]) -> None:
    """Compile in several processes, the kernels of a package in one, for they share functions."""
    packages: dict[str, list[Any]] = {}
    for form in listed:
        packages.setdefault(form[0].rpartition(".")[0], []).append(form)
    shares: list[list[Any]] = [[] for _ in range(_processes())]
    for each in sorted(packages.values(), key=len, reverse=True):
        min(shares, key=len).extend(each)
    running = [
        subprocess.Popen(
            [sys.executable, __file__, "compile"], stdin=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **variables},
        )
        for share in shares if share
    ]  # fmt: skip
    for process, share in zip(running, filter(None, shares), strict=True):
        assert process.stdin is not None
        with process.stdin as pipe:
            json.dump(share, pipe)
    statuses = [process.wait() for process in running]
    if any(statuses):
        sys.exit("some kernels were not compiled")


def _processes() -> int:
    from fastsal.pipelines.helpers import free_memory

    return max(1, min(len(os.sched_getaffinity(0)), free_memory() // _BYTES))


def _compile() -> None:
    """Compile the forms that stdin lists; one that no longer fits is an error."""
    from fastsal.kernels import building, forms, shipped

    building.skip_trial()
    shipped.is_enabled = False
    for module, kernel, types in json.load(sys.stdin):
        try:
            forms.compile_form((module, kernel, types))
        except Exception as error:
            sys.exit(
                f"{module}.{kernel} was not compiled for {types}: {error}\n"
                "Record the forms again: python -m benchmarks.forms"
            )


def _entries(folder: Path, listed: list[Any]) -> list[tuple[str, Path]]:
    """Return the module and file of the entry of every form; none may be missing."""
    from fastsal.kernels import cache, forms

    functions = (forms.kernel_of(form).py_func for form in listed)
    modules = {cache.disambiguator_of(each.__module__): each.__module__ for each in functions}
    entries = [
        (modules[path.name.rpartition("-")[2].partition(".")[0]], path)
        for path in folder.rglob("*.nbc")
    ]
    if len(entries) != len(listed):
        sys.exit(f"expected {len(listed)} compiled kernels, got {len(entries)}")
    return sorted(entries)


if __name__ == "__main__":
    if sys.argv[1] == "compile":
        _compile()
    else:
        build(Path(sys.argv[1]), sys.argv[2:])

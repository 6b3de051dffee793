"""Machine code that came in the wheel: for every processor that has the features of a level.

A wheel with machine code has a folder `machine_code` beside this file. Its manifest names the
versions and settings that the code was made with; with others nothing of it is used. Each level has
an archive per package of kernels. An archive holds the entries that `cache` would write for a
processor of that level. Their keys are the same and cover the sources of the kernel.
"""

from __future__ import annotations

import json
import platform
import re
import sys
from collections.abc import Iterable
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import llvmlite
import numba
import numpy as np
from numba import config

if TYPE_CHECKING:
    import tarfile

_FILE = globals().get("__file__")  # programs frozen into one file have none
FOLDER = Path(_FILE).parent / "machine_code" if _FILE else None
MANIFEST = "manifest.json"

is_enabled = True  # a process that makes native code uses none of the wheel's

_PACKAGE = __package__.partition(".")[0]
_SETTINGS = ("OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "BOUNDSCHECK", "DEBUGINFO_DEFAULT",
             "USING_SVML")  # fmt: skip
_V3 = ("avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe", "popcnt")
_V4 = ("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx512vbmi")


class Level(NamedTuple):
    """A kind of processor: LLVM's name for it, its features, and one that needs native code."""

    name: str
    processor: str
    features: str
    slower_with: str  # a feature that native code uses and this level's does not

    def environment(self) -> dict[str, str]:
        """Return the variables that make Numba compile for this level."""
        return {"NUMBA_CPU_NAME": self.processor, "NUMBA_CPU_FEATURES": self.features}

    def suits(self, features: str) -> bool:
        """Return whether a processor with these features runs the code of this level."""
        return set(self.features.split(",")) <= set(features.split(","))


def _level(name: str, processor: str, features: Iterable[str], slower_with: str = "") -> Level:
    return Level(name, processor, ",".join(f"+{each}" for each in features), slower_with)


# The best first. On a processor with AVX-512 VBMI, itti-koch at 1080p is as fast with the first as
# with native code. With the second it takes a fifth longer.
LEVELS = (
    _level("x86-64-v4-vbmi", "x86-64-v4", _V3 + _V4),
    _level("x86-64-v3", "x86-64-v3", _V3, "avx512f"),
)


def made_with() -> dict[str, Any]:
    """Return the versions and settings that machine code depends on, the processor apart."""
    from .cache import FORMAT

    return {
        "format": FORMAT,
        "numba": numba.__version__,
        "llvmlite": llvmlite.__version__,
        "numpy": np.__version__.partition(".")[0],
        "platform": f"{sys.platform} {platform.machine()}",
        # Objects of debug builds and of Python without its lock have other layouts.
        "python": getattr(sys, "abiflags", ""),
        "settings": {name: str(getattr(config, name, None)) for name in _SETTINGS},
    }


def why_unfit_to_build() -> str | None:
    """Return the reason that code compiled here would not run elsewhere, or None if it would."""
    if config.USING_SVML:
        return "Numba uses Intel's SVML, which other machines lack: uninstall icc_rt"
    return None


def is_here() -> bool:
    """Return whether machine code came with fastsal and was made with these versions."""
    return why_unused() is None


@cache
def why_unused() -> str | None:
    """Return the reason that no machine code of the wheel is used, or None if some may be."""
    if FOLDER is None or not FOLDER.is_dir():
        return "this fastsal came without machine code"
    try:
        found = dict(json.loads((FOLDER / MANIFEST).read_bytes()))
    except (OSError, TypeError, ValueError):
        return "its machine code has no readable manifest"
    wanted = made_with()
    for name, value in wanted.items():
        if found.get(name) != value:
            return f"its machine code was made with {name} {found.get(name)}, here is {value}"
    if not _levels():
        return "its machine code is for other processors"
    return None


@cache
def _levels() -> tuple[Level, ...]:
    """Return the levels that run here, the best first; the user's settings of Numba count."""
    return tuple(each for each in LEVELS if each.suits(features()))


def features() -> str:
    """Return the features of the processor that Numba compiles for, in LLVM's words."""
    return _native()[2]


def _native() -> tuple[str, str, str]:
    """Return the system, the processor and its features, as Numba compiles for them."""
    from numba.core.registry import cpu_target

    magic: tuple[str, str, str] = cpu_target.target_context.codegen().magic_tuple()
    return magic


def nearest_level() -> str:
    """Return the name of the best level that runs here, else of the lowest."""
    return (*_levels(), LEVELS[-1])[0].name


def is_slower_than_native(level: Level) -> bool:
    """Return whether native code uses features of this processor that the level's does not."""
    return f"+{level.slower_with}" in features().split(",")


def candidates() -> list[tuple[Level, tuple[str, str, str]]]:
    """Return the levels to look in, the best first, and for which processor each was compiled."""
    if not (is_enabled and is_here()):
        return []
    return [(each, (_native()[0], each.processor, each.features)) for each in _levels()]


def entry(level: Level, module: str, file_name: str) -> bytes | None:
    """Return an entry of `cache` by its file's name, or None if it did not come with fastsal."""
    return _entries(level.name, _group_of(module)).get(_member_of(file_name))


@lru_cache(maxsize=16)  # a method needs the kernels of up to ten packages
def _entries(level: str, group: str) -> dict[str, bytes]:
    import lzma
    import tarfile

    if FOLDER is None:
        return {}
    try:
        with tarfile.open(FOLDER / level / f"{group}.tar.xz") as archive:
            return {each.name: _content_of(archive, each) for each in archive.getmembers()}
    except (OSError, EOFError, lzma.LZMAError, tarfile.TarError):  # not there, or damaged
        return {}


def _content_of(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    return b"" if file is None else file.read()


def _group_of(module: str) -> str:
    """Return the package of a kernel's module: one archive has the kernels of one package."""
    return module.rpartition(".")[0].removeprefix(f"{_PACKAGE}.")


def _member_of(file_name: str) -> str:
    """Return a file's name without the version of Python, which machine code works with any of."""
    return re.sub(r"\.py\d+[a-z]*\.", ".", file_name)


def pack(entries: Iterable[tuple[str, Path]], level: Level, target: Path) -> None:
    """Write the archives of a level from modules and the files that `cache` wrote for them."""
    import tarfile

    groups: dict[str, dict[str, bytes]] = {}
    for module, path in entries:
        groups.setdefault(_group_of(module), {})[_member_of(path.name)] = path.read_bytes()
    folder = target / level.name
    folder.mkdir(parents=True)
    for group, members in groups.items():
        with tarfile.open(folder / f"{group}.tar.xz", "w:xz", preset=9) as archive:
            for name, data in sorted(members.items()):
                about = tarfile.TarInfo(name)
                about.size = len(data)
                archive.addfile(about, BytesIO(data))


def write_manifest(target: Path) -> None:
    """Write the versions and settings that produced the machine code in this folder."""
    text = json.dumps(made_with(), indent=1, sort_keys=True)
    (target / MANIFEST).write_text(text + "\n", encoding="utf-8")

"""Files named by files, folders and globs."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from pathlib import Path

from ..errors import FastsalError


def find_files(
    paths: str | Path | Iterable[str | Path],
    suffixes: tuple[str, ...],
    kind: str,
    error: type[FastsalError],
) -> list[Path]:
    """Return files, each once, in the order asked for.

    Parameters
    ----------
    paths : str, Path or iterable of them
        A file is taken under any name. A folder gives the files of such suffixes directly in it and
        a glob (``**`` included) those it matches, both sorted, without hidden files.
    suffixes : tuple of str
        In small letters.
    kind : str
        Their name in error messages.
    error : type
        Raised if an entry names nothing, or a folder or glob holds no such file.
    """
    entries = [paths] if isinstance(paths, str | Path) else list(paths)
    found: list[Path] = []
    for entry in entries:
        if not str(entry):
            raise error(f"the name of a {kind} must not be empty")
        found += _expanded(Path(entry), suffixes, kind, error)
    if not found:
        raise error(f"no {kind} was given")
    return list(dict.fromkeys(found))


def _expanded(
    entry: Path, suffixes: tuple[str, ...], kind: str, error: type[FastsalError]
) -> list[Path]:
    if entry.is_dir():
        if found := _chosen(entry.iterdir(), suffixes):
            return found
        raise error(f"{entry}: no {kind} in this folder")
    if entry.exists():
        return [entry]
    if not glob.has_magic(str(entry)):
        raise error(f"{entry}: no such file or folder")
    if found := _chosen(_matches(entry), suffixes):
        return found
    raise error(f"{entry}: no {kind} matches")


def _matches(pattern: Path) -> list[Path]:
    """Expand a glob; brackets in the name of an existing folder are part of that name."""
    folder, parts = Path(), list(pattern.parts)
    while parts and (folder / parts[0]).is_dir():
        folder /= parts.pop(0)
    rest = str(Path(*parts))
    names = glob.glob(rest, root_dir=folder, recursive=True) or glob.glob(
        rest.replace("[", "[[]"), root_dir=folder, recursive=True
    )
    return [folder / name for name in names]


def _chosen(candidates: Iterable[Path], suffixes: tuple[str, ...]) -> list[Path]:
    return sorted(
        path
        for path in candidates
        if path.suffix.lower() in suffixes and not path.name.startswith(".") and path.is_file()
    )

"""Find folders and files of a data set, ignoring the case of their names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

VIDEOS = (".avi", ".mp4", ".mov", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv")
PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")


def plain(name: str) -> str:
    """Return a name in small letters, without spaces, dashes and underscores."""
    return "".join(each for each in name.lower() if each not in " -_")


def subfolder(folder: Path, *names: str) -> Path | None:
    """Return the first subfolder with one of these names, spelt in any way."""
    wanted = [plain(name) for name in names]
    found = {plain(path.name): path for path in folders_in(folder)}
    return next((found[name] for name in wanted if name in found), None)


def folders_in(folder: Path) -> list[Path]:
    """Return the subfolders, sorted, without hidden ones."""
    return [path for path in _entries(folder) if path.is_dir()]


def files_in(folder: Path, suffixes: Iterable[str]) -> list[Path]:
    """Return the files directly in a folder with such suffixes, sorted, without hidden ones."""
    accepted = tuple(suffixes)
    return [path for path in _entries(folder) if path.suffix.lower() in accepted and path.is_file()]


def files_below(folder: Path, suffixes: Iterable[str]) -> list[Path]:
    """Return the files in a folder and all folders below, sorted, without hidden ones."""
    accepted = tuple(suffixes)
    return sorted(
        path for path in folder.rglob("*")
        if path.suffix.lower() in accepted and not path.name.startswith(".") and path.is_file()
    )  # fmt: skip


def _entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))

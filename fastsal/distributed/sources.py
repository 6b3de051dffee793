"""The files of a batch: paths, folders, globs and URLs."""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ..errors import FastsalError
from ..io.paths import find_files
from ..io.reasons import line_of
from . import storage

_WITHOUT_FOLDERS = ("http", "https")  # where ? begins a query, and no listing is defined


@dataclass(frozen=True, slots=True)
class Source:
    """One file to process.

    Attributes
    ----------
    given : str or Path
        The file as the caller knows it.
    name : str
        Absolute path or URL.
    size : int
        In bytes; 0 if a further request would be needed to know it.
    version : str
        Changes when the file changes; empty if unknown.
    """

    given: str | Path
    name: str
    size: int = 0
    version: str = ""

    @property
    def digest(self) -> str:
        """Name of the file in records."""
        return hashlib.sha256(self.name.encode(errors="surrogateescape")).hexdigest()[:16]


def find_sources(
    entries: str | Path | Iterable[str | Path],
    suffixes: tuple[str, ...],
    kind: str,
    error: type[FastsalError],
    options: storage.Options,
) -> list[Source]:
    """Return the files that entries name, each once, in their order.

    Raises
    ------
    FastsalError
        An exception of the type `error` if an entry names nothing, or nothing was given.
    TypeError
        An entry is no path.
    """
    listed = [entries] if isinstance(entries, str | Path) else list(entries)
    found: dict[str, Source] = {}
    for entry in listed:
        if not isinstance(entry, str | Path):
            kind_of = type(entry).__name__
            raise TypeError(f"`sources` must hold paths or URLs; got an entry of type {kind_of}")
        is_remote = isinstance(entry, str) and storage.is_url(entry)
        expand = _remote if is_remote else _local
        for source in expand(entry, suffixes, kind, error, options):
            found.setdefault(source.name, source)
    if not found:
        raise error(f"`sources` must hold at least one {kind}; got none")
    return list(found.values())


def _local(
    entry: str | Path,
    suffixes: tuple[str, ...],
    kind: str,
    error: type[FastsalError],
    options: storage.Options,
) -> Iterable[Source]:
    plain = entry.removeprefix("file://") if isinstance(entry, str) else entry
    for path in find_files(plain, suffixes, kind, error):
        state = path.stat()
        given = path if isinstance(entry, Path) else str(path)
        name = os.path.abspath(path)
        yield Source(given, name, state.st_size, f"{state.st_size}-{state.st_mtime_ns}")


def _remote(
    entry: Any,
    suffixes: tuple[str, ...],
    kind: str,
    error: type[FastsalError],
    options: storage.Options,
) -> Iterable[Source]:
    fs, path = storage.file_system(entry, options)
    is_plain = storage.protocol_of(entry) in _WITHOUT_FOLDERS or "::" in entry
    is_file = PurePosixPath(path).suffix.lower() in suffixes and not glob.has_magic(path)
    if is_plain or is_file:  # a request for each of a million names would take an hour
        return [Source(entry, entry)]
    try:
        if glob.has_magic(path):
            infos, complaint = fs.glob(path, detail=True), f"no {kind} matches"
        elif fs.isdir(path):
            infos = fs.find(path, maxdepth=1, detail=True)
            complaint = f"no {kind} in this folder"
        elif fs.exists(path):
            return [Source(entry, entry)]
        else:
            infos, complaint = {}, "no such file or folder"
    # Missing credentials and unreachable hosts have types of many packages.
    except Exception as problem:
        raise error(line_of(entry, problem)) from problem
    chosen = [
        _listed(fs, name, info)
        for name, info in sorted(infos.items())
        if info.get("type") == "file"
        and PurePosixPath(name).suffix.lower() in suffixes
        and not PurePosixPath(name).name.startswith(".")
    ]
    if not chosen:
        raise error(f"{entry}: {complaint}")
    return chosen


def _listed(fs: Any, path: str, info: dict[str, Any]) -> Source:
    url = fs.unstrip_protocol(path)
    size = int(info.get("size") or 0)
    stamps = (info.get(key) for key in ("ETag", "etag", "md5Hash", "mtime", "LastModified"))
    stamp = next((str(each) for each in stamps if each), "")
    return Source(url, url, size, f"{size}-{stamp}" if stamp else "")

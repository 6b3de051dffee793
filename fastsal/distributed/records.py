"""Records of outputs and their settings: small files in a hidden folder beside the outputs.

A record is written after its output and removed before the output is replaced. An output counts
as finished only if it exists with the size that its record states.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Container, Iterable, Mapping
from typing import Any, NamedTuple

from . import storage

FOLDER = ".fastsal"
PART = "part-"  # the beginning of the names of parts of videos
_PREFIX = "records-"


class Entry(NamedTuple):
    """How one output was made."""

    settings: str  # digest of method, options and version
    source: str  # digest of the name of the source
    version: str  # of the source, or ""
    size: int  # of the output, in bytes

    def is_of(self, settings: str, source: str, version: str) -> bool:
        """Return whether an output of the same source and settings would be the same."""
        same = (self.settings, self.source) == (settings, source)
        return same and (self.version == version or not (self.version and version))


def digest_of(settings: Mapping[str, Any]) -> str:
    """Return a digest of everything that outputs depend on, except their sources."""
    text = json.dumps(settings, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def add(folder: storage.Folder, entries: Mapping[str, Entry]) -> None:
    """Store the entries of outputs by name, in a file of their own."""
    data = json.dumps(entries, separators=(",", ":")).encode()
    folder.write(f"{_PREFIX}{secrets.token_hex(8)}.json", data)


class Records:
    """All records of a folder of outputs.

    Parameters
    ----------
    folder : Folder
        The hidden folder.
    """

    def __init__(self, folder: storage.Folder) -> None:
        self._folder = folder
        self._names: list[str] = []
        self._files: list[str] = []
        self.entries: dict[str, Entry] = {}

    def load(self) -> None:
        """Read all files; entries that contradict each other count as none."""
        self._names = list(self._folder.sizes())
        self._files = [name for name in self._names if name.startswith(_PREFIX)]
        found: dict[str, Entry | None] = {}
        for data in self._folder.read(self._files).values():
            for name, values in _parsed(data).items():
                entry = Entry(*values)
                found[name] = entry if found.get(name, entry) == entry else None
        self.entries = {name: entry for name, entry in found.items() if entry is not None}

    def rewrite(self, forgotten: Iterable[str] = ()) -> None:
        """Store all entries but those of outputs that will be replaced, in one file."""
        gone = set(forgotten)
        kept = {name: entry for name, entry in self.entries.items() if name not in gone}
        if kept == self.entries and len(self._files) < 2:
            return
        if kept:
            add(self._folder, kept)
        self._folder.remove(self._files)
        self.entries = kept

    def remove_parts(self, settings: str, sources: Container[str]) -> None:
        """Remove the parts of videos that have their outputs, or have failed."""
        parts = [name.split("-") for name in self._names if name.startswith(PART)]
        self._folder.remove(
            "-".join(each) for each in parts if each[1] == settings and each[2] in sources
        )


def _parsed(data: bytes) -> dict[str, list[Any]]:
    try:
        found = json.loads(data)
    except ValueError:  # damaged: its outputs are computed again
        return {}
    is_valid = isinstance(found, dict) and all(
        isinstance(each, list) and len(each) == len(Entry._fields) for each in found.values()
    )
    return found if is_valid else {}

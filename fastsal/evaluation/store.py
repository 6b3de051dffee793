"""Scores on disk: one SQLite file, which any number of processes may write to."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Self

from ..errors import FastsalError

FILE = "scores.sqlite"
_PATIENCE = 60.0  # seconds to wait for another process that writes

Scores = Mapping[str, float]

_TABLES = (
    "CREATE TABLE IF NOT EXISTS settings (digest TEXT PRIMARY KEY, json TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS scores (settings TEXT NOT NULL, method TEXT NOT NULL, "
    "sample TEXT NOT NULL, stamp TEXT NOT NULL, json TEXT NOT NULL, "
    "PRIMARY KEY (settings, method, sample))",
)


class Store:
    """The scores in one folder.

    Parameters
    ----------
    folder : Path
        Made if it is missing.
    settings : dict
        Everything that the scores depend on but the method and the sample. Scores of other
        settings stay in the file and are not used.

    Raises
    ------
    FastsalError
        If the folder cannot be written to, or its file is no file of scores.
    """

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self._path = folder / FILE
        text = json.dumps(settings, sort_keys=True)
        self._digest = hashlib.sha256(text.encode()).hexdigest()
        if folder.exists() and not folder.is_dir():
            raise FastsalError(f"{folder}: must be a folder for the scores; it is a file")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FastsalError(f"{folder}: {(error.strerror or str(error)).lower()}") from error
        with self._one_line():
            self._file = sqlite3.connect(self._path, timeout=_PATIENCE)
            try:
                with self._file:
                    for table in _TABLES:
                        self._file.execute(table)
                    self._file.execute(
                        "INSERT OR IGNORE INTO settings VALUES (?, ?)", (self._digest, text)
                    )
            except sqlite3.Error:
                self._file.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def get(self, method: str, sample: str, stamp: str) -> dict[str, float] | None:
        """Return the stored scores of a sample, or None if its files have changed since."""
        with self._one_line():
            row = self._file.execute(
                "SELECT stamp, json FROM scores WHERE settings = ? AND method = ? AND sample = ?",
                (self._digest, method, sample),
            ).fetchone()
        if row is None or row[0] != stamp:
            return None
        found: dict[str, float] = json.loads(row[1])
        return found

    def put(self, sample: str, scores: Mapping[str, tuple[str, Scores]]) -> None:
        """Store stamp and scores of a sample by each method, all of them or none."""
        rows = [
            (self._digest, method, sample, stamp, json.dumps(dict(values)))
            for method, (stamp, values) in scores.items()
        ]
        with self._one_line(), self._file:
            self._file.executemany("INSERT OR REPLACE INTO scores VALUES (?, ?, ?, ?, ?)", rows)

    @contextmanager
    def _one_line(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise FastsalError(f"{self._path}: {error}") from error


@cache
def code_digest() -> str:
    """Return a digest of fastsal's sources: scores of other code are not used."""
    package = Path(__file__).parents[1]
    state = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        state.update(path.read_bytes())
    return state.hexdigest()

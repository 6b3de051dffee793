"""One guard per file: a file that fails becomes one line, and the others are processed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..io.reasons import line_of
from .messages import say


class FileGuard:
    """Collects the failures of a loop over files.

    Parameters
    ----------
    prints_at_once : bool
        Print each failure when it happens. Otherwise `print_failures` prints them, after a
        progress bar has ended, for example.

    Attributes
    ----------
    failures : list of str
        One line per failed file; each names its file.

    Examples
    --------
    >>> guard = FileGuard(prints_at_once=False)
    >>> for name in ("a.png", "b.png"):
    ...     with guard.file(name):
    ...         if name == "a.png":
    ...             raise AttributeError("no such thing")
    >>> guard.failures, guard.status
    (['a.png: AttributeError: no such thing'], 1)
    """

    def __init__(self, *, prints_at_once: bool = True) -> None:
        self.failures: list[str] = []
        self._told: set[str] = set()
        self._prints_at_once = prints_at_once

    @contextmanager
    def file(self, name: Any) -> Iterator[None]:
        """Turn any exception of one file into one line; Ctrl-C and a closed stdout pass."""
        try:
            yield
        except BrokenPipeError:
            raise
        except Exception as error:
            line = line_of(str(name), error)
            self.failures.append(line)
            if self._prints_at_once:
                say(f"error: {line}")

    def tell(self, name: Any, text: str) -> None:
        """Print a remark on a file, unless it is empty or was printed for an earlier file."""
        if text and text not in self._told:
            self._told.add(text)
            print(f"{name}: {text}")

    def print_failures(self) -> None:
        """Print the failures until now."""
        for line in self.failures:
            say(f"error: {line}")

    @property
    def status(self) -> int:
        """Exit status: 1 if a file failed."""
        return 1 if self.failures else 0

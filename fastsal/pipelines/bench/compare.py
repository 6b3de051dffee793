"""What got faster or slower since another run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import FastsalError

Row = dict[str, Any]
_IDENTITY = ("method", "size", "backend", "threads", "kind")


class Change(NamedTuple):
    """One row in both runs."""

    name: str
    before: float  # milliseconds, scaled to the speed of the machine now
    now: float

    @property
    def slower(self) -> float:
        """By which share it got slower; negative if it got faster."""
        return self.now / self.before - 1


def read_results(path: Path) -> dict[str, Any]:
    """Return the results of an earlier run.

    Raises
    ------
    FastsalError
        If the file cannot be read or holds something else.
    """
    try:
        results = json.loads(path.read_text())
        if not isinstance(results.get("rows"), list):
            raise ValueError("it holds no rows")
    except (OSError, ValueError, AttributeError) as error:
        raise FastsalError(f"{path}: no results that can be compared: {error}") from error
    checked: dict[str, Any] = results
    return checked


def changes(before: dict[str, Any], now: dict[str, Any]) -> list[Change]:
    """Return the rows that both runs have.

    Times on the CPU are scaled by the copy bandwidths of the two runs, so that a slower or busier
    machine does not look like slower code.
    """
    scale = before.get("copy_bandwidth", 1) / now.get("copy_bandwidth", 1)
    old = {_name(row): row["ms"] for row in before["rows"]}
    return [
        Change(name, old[name] * (scale if row["backend"] == "cpu" else 1), row["ms"])
        for row in now["rows"]
        if (name := _name(row)) in old
    ]


def told(found: list[Change], tolerance: float) -> str:
    """Return what changed by more than `tolerance`, slowest first."""
    beyond = sorted(
        (each for each in found if abs(each.slower) > tolerance), key=lambda each: -each.slower
    )
    lines = [
        f"{each.name}: {each.before:.3f} ms, now {each.now:.3f} ms ({each.slower:+.0%})"
        for each in beyond
    ]
    return "\n".join([*lines, f"{len(beyond)} of {len(found)} rows beyond {tolerance:.0%}"])


def _name(row: Row) -> str:
    return " ".join(str(row[each]) for each in _IDENTITY)


def share_of(text: str) -> float:
    """Return the share that ``15%`` or ``0.15`` says.

    Raises
    ------
    ValueError
        If it says none.
    """
    try:
        share = float(text.rstrip("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 < share < 100:
        raise ValueError(f"expected a share, 15% say, got {text!r}")
    return share

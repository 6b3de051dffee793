"""Compare a run with an earlier one: rows that became faster or slower."""

from __future__ import annotations

import json
import math
import statistics
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import FastsalError
from ..io.counts import count_of

Row = dict[str, Any]
_IDENTITY = ("method", "size", "backend", "threads", "kind")
# fraction of a row's measurements; beyond it, times depend on the machine rather than the code
MOST_DISTURBED = 0.2


class Change(NamedTuple):
    """One row in both runs."""

    name: str
    before: float  # milliseconds
    now: float
    disturbed: float = 0.0  # fraction of measurements below full processor speed, if known

    @property
    def is_disturbed(self) -> bool:
        """Whether either run measured this while the processors were busy with something else."""
        return self.disturbed > MOST_DISTURBED

    @property
    def slower(self) -> float:
        """Relative slowdown; negative if it got faster."""
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
        if not isinstance(results, dict) or not isinstance(results.get("rows"), list):
            raise ValueError("it has no rows")
        if not all(map(_is_row, results["rows"])):
            raise ValueError("it has rows without a method or its ms")
        if not isinstance(results.get("copy_bandwidth", 0), int | float):
            raise ValueError("its copy_bandwidth is not a number")
    except (OSError, ValueError, RecursionError) as error:
        raise FastsalError(f"{path}: not a file of benchmark results: {error}") from error
    checked: dict[str, Any] = results
    return checked


def _is_row(row: Any) -> bool:
    if not isinstance(row, dict) or not isinstance(row.get("method"), str):
        return False
    if not all(isinstance(each, str | int | None) for each in identity(row)):
        return False
    ms, disturbed = row.get("ms"), row.get("disturbed", 0)
    is_time = isinstance(ms, int | float) and 0 < ms < math.inf
    return is_time and isinstance(disturbed, int | float)


def changes(before: dict[str, Any], now: dict[str, Any]) -> list[Change]:
    """Return the rows that both runs have.

    Rows that the earlier run measured several times count with their median; the name notes it.
    """
    old: dict[tuple[object, ...], list[Row]] = {}
    for row in before["rows"]:
        old.setdefault(identity(row), []).append(row)
    return [_change(row, old[identity(row)]) for row in now["rows"] if identity(row) in old]


def identity(row: Row) -> tuple[object, ...]:
    """Return the key of a row within its run, with None for columns that the row lacks."""
    return tuple(row.get(each) for each in _IDENTITY)


def told(found: list[Change], tolerance: float) -> str:
    """Return a report of rows that changed by more than `tolerance`, slowest first."""
    if not found:
        return "no row of this run is in the other"
    beyond = sorted(
        (each for each in found if abs(each.slower) > tolerance), key=lambda each: -each.slower
    )
    lines = [
        f"{each.name}: {each.before:.3f} ms, now {each.now:.3f} ms ({each.slower:+.0%})"
        + (", disturbed" if each.is_disturbed else "")
        for each in beyond
    ]
    counts = f"{len(beyond)} of {count_of(len(found), 'row')} beyond {tolerance:.0%}"
    if disturbed := sum(each.is_disturbed for each in beyond):
        counts += f", {disturbed} of them measured while the processors were not at full speed"
    return "\n".join([*lines, counts])


def warning(before: dict[str, Any], now: dict[str, Any], tolerance: float) -> str | None:
    """Return a line on the machine, if it copies faster or slower by more than `tolerance`."""
    then, today = (results.get("copy_bandwidth", 0) / 1e9 for results in (before, now))
    if not (then and today) or abs(then / today - 1) <= tolerance:
        return None
    return (
        f"memory copy bandwidth is {today:.1f} GB/s and was {then:.1f} GB/s in the earlier run; "
        "memory-bound methods change with it"
    )


def _change(row: Row, before: list[Row]) -> Change:
    name = " ".join(str(each) for each in identity(row) if each is not None)
    if len(before) > 1:
        name += f" (median of {len(before)} rows before)"
    disturbed = max(each.get("disturbed", 0.0) for each in (row, *before))
    return Change(name, statistics.median(each["ms"] for each in before), row["ms"], disturbed)


def share_of(text: str) -> float:
    """Return the fraction that ``15%`` or ``0.15`` stands for.

    Raises
    ------
    ValueError
        If it says none.
    """
    try:
        fraction = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        fraction = -1.0
    # 15 without a percent sign is refused: it is ambiguous.
    if not 0 < fraction < (100 if text.endswith("%") else 1):
        raise ValueError(f"a fraction must be like 15% or 0.15; got {text!r}")
    return fraction

"""``python -m benchmarks.tables``: bring the tables of both READMEs to the newest results."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from benchmarks.record import newest
from benchmarks.targets import measured
from fastsal.methods import METHODS
from fastsal.pipelines.bench import inputs

Results = dict[str, Any]

ROOT = Path(__file__).parents[1]
_VERDICTS = {True: "met", False: "**missed**"}


def speeds(results: Results, size: str = "1080p", kind: str = "colour") -> str:
    """Return every method's speed at one size, and against every peer, as a table."""
    found = {row["method"]: row for row in results["rows"] if _is(row, results, size, kind)}
    rows, cols = inputs.SIZES[size]
    lines = [
        "| method | ms | fps | MP/s | times as fast as its peers (95 % interval) |",
        "|---|--:|--:|--:|---|",
    ]
    for key in (key for key in METHODS if key in found):
        ms = found[key]["ms"]
        cells = [f"`{key}`", f"{ms:.3g}", f"{1e3 / ms:,.0f}", f"{rows * cols / 1e3 / ms:,.0f}",
                 _against(found[key])]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([_caption(results, size, kind), "", *lines])


def goals(results: Results) -> str:
    """Return every target beside what was measured, as a table, the missed ones too."""
    lines = ["| issue | what | target | measured | |", "|--:|---|---|---|---|"]
    for target, value in measured(results):
        told = "" if value is None else target.told(value)
        verdict = "not measured" if value is None else _VERDICTS[target.is_met_by(value)]
        cells = str(target.issue), target.name, target.wanted, told, verdict
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([_origin(results), "", *lines])


def with_table(text: str, name: str, table: str) -> str:
    """Return a text whose table of that name, between its two marks, is this one."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    pattern = f"{re.escape(begin)}.*?{re.escape(end)}"
    if len(re.findall(pattern, text, re.DOTALL)) != 1:
        raise ValueError(f"expected one table between {begin} and {end}")
    return re.sub(pattern, lambda _: f"{begin}\n{table}\n{end}", text, flags=re.DOTALL)


def pages(results: Results) -> dict[Path, str]:
    """Return what the pages with tables hold after these results."""
    tables = {
        ROOT / "README.md": ("speeds", speeds(results)),
        ROOT / "benchmarks" / "README.md": ("targets", goals(results)),
    }
    return {path: with_table(path.read_text(), *table) for path, table in tables.items()}


def _is(row: dict[str, Any], results: Results, size: str, kind: str) -> bool:
    wanted = {"size": size, "kind": kind, "backend": "cpu",
              "threads": results["machine"]["threads"]}  # fmt: skip
    return all(row.get(key) == value for key, value in wanted.items())


def _against(row: dict[str, Any]) -> str:
    told = [
        f"{'' if peer['times'] >= 1 else 'lost: '}{peer['times']:.3g}x `{name}` "
        f"({peer['interval'][0]:.3g} to {peer['interval'][1]:.3g})"
        for name, peer in row.get("peers", {}).items()
    ]
    return ", ".join([*told, *(f"`{name}` was not installed" for name in row.get("missing", []))])


def _caption(results: Results, size: str, kind: str) -> str:
    return f"{size}, {kind}, host to host. {_origin(results)}"


def _origin(results: Results) -> str:
    about = results["machine"]
    threads = f"{about['threads']} thread{'s' if about['threads'] != 1 else ''}"
    return (
        f"Measured {about['date'][:10]} at commit {about['commit']}: {about['processor']}, "
        f"{threads} for both sides, copying {results['copy_bandwidth'] / 1e9:.1f} GB/s."
    )


def main() -> None:
    """Write the tables."""
    argparse.ArgumentParser(description=__doc__, allow_abbrev=False).parse_args()
    for path, text in pages(newest()).items():
        path.write_text(text)
        print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

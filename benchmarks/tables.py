"""``python -m benchmarks.tables``: bring the tables of both READMEs to the newest results."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

from benchmarks import cold_start, kept, large, objects
from benchmarks.record import newest
from benchmarks.targets import measured
from fastsal.bench import inputs
from fastsal.cli import methods
from fastsal.registry import BUILT_IN

Results = dict[str, Any]

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "fastsal" / "cli" / methods.FIGURES
_SCORES = kept.FOLDER / "accuracy" / "scores.json"
_VERDICTS = {True: "met", False: "**missed**"}


def summary(
    results: Results, first_maps: Results | None, size: str = "1080p", kind: str = "colour"
) -> str:
    """Return all methods with speed, cold start and one peer as a short table."""
    found, larger = _rows_of(results, size, kind), large.newest()
    starts = first_maps["methods"] if first_maps else {}
    lines = [
        "| key | function | computes | ms | 4K, fps | first map, s | times as fast as |",
        "|---|---|---|--:|--:|--:|---|",
    ]
    for key, method in BUILT_IN.items():
        ms = f"{found[key]['ms']:.3g}" if key in found else "not measured"
        start = f"{row['compiling']:.1f}" if (row := starts.get(key)) else ""
        cells = (f"`{key}`", f"`{method.function or method.state}`", method.summary, ms,
                 large.fps_of(larger, key, "4K"), start)  # fmt: skip
        lines.append(f"| {' | '.join(cells)} | {_main_peer(found.get(key, {}))} |")
    wheel = max((row["wheel"] for row in starts.values()), default=None)
    lines += ["", f"First map: CPU seconds, most of them for compiling; at most {wheel:.1f} with "
              "machine code from a wheel."] if wheel else []  # fmt: skip
    return "\n".join([_caption(results, size, kind), "", *lines])


def _main_peer(row: dict[str, Any]) -> str:
    """Return the ratio to the peer with the same results, `cv2.saliency`, or to the first."""
    peers = row.get("peers", {})
    name = "cv2.saliency" if "cv2.saliency" in peers else next(iter(peers), "")
    short = re.sub(" less median|, as float32| \\+ LUT", "", name)  # of rows up to 120 characters
    return f"{peers[name]['times']:.3g}x {short}" if name else ""


def speeds(results: Results, size: str = "1080p", kind: str = "colour") -> str:
    """Return the speed of every method at one size, with the interval of every ratio, as a table.

    A method that was not measured has a row that says so.
    """
    found = _rows_of(results, size, kind)
    lines = [
        "| method | ms | fps | MP/s | times as fast as its peers (95 % interval) |",
        "|---|--:|--:|--:|---|",
    ]
    for key in BUILT_IN:
        cells = _speed(found[key], size) if key in found else ("", "", "", "not measured")
        lines.append(f"| `{key}` | {' | '.join(cells)} |")
    return "\n".join([_caption(results, size, kind), "", *lines])


def goals(results: Results) -> str:
    """Return every target beside its measured value, as a table, including missed ones."""
    lines = ["| issue | row | target | measured | |", "|--:|---|---|---|---|"]
    for target, value in measured(results):
        told = "" if value is None else target.told(value)
        verdict = "not measured" if value is None else _VERDICTS[target.is_met_by(value)]
        cells = str(target.issue), target.name, target.wanted, told, verdict
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([_origin(results), "", *lines])


def losses(results: Results) -> str:
    """Return every row in which a peer is faster, of any size and kind, as a table."""
    lines = [
        "| row | ms | peer | its ms | times as fast as it (95 % interval) |",
        "|---|--:|---|--:|---|",
    ]
    for row in results["rows"]:
        where = [row[each] for each in ("size", "kind") if each in row]
        for name, peer in row.get("peers", {}).items():
            if peer["times"] < 1:
                cells = (", ".join([row["method"], *where]), f"{row['ms']:.3g}", name,
                         f"{peer['ms']:.3g}", _times(peer))  # fmt: skip
                lines.append(f"| {' | '.join(cells)} |")
    if len(lines) == 2:
        lines = ["No row is slower than a peer."]
    return "\n".join([_origin(results), "", *lines])


def figures(results: Results) -> str:
    """Return the figures that `fastsal methods` shows, as JSON."""
    larger, speed = large.newest(), _rows_of(results, "1080p", "colour")
    scores = json.loads(_SCORES.read_text())["photographs"]
    masks = objects.newest()["rows"]
    found: dict[str, dict[str, float]] = {}
    for key in BUILT_IN:
        row = found[key] = {}
        if key in speed:
            row["ms"] = speed[key]["ms"]
        if larger and "4K" in larger["methods"].get(key, {}):
            row["4K fps"] = 1e3 / larger["methods"][key]["4K"]
        if key in scores:
            row["NSS"] = scores[key]["nss"][0]
        if key in masks:
            row["max F"] = masks[key]["max F"]
    return json.dumps(kept.rounded(found), indent=1) + "\n"


def cold_starts(results: Results | None) -> str:
    """Return the processor seconds of first maps as a table."""
    if results is None:
        return "Not measured yet."
    about = results["machine"]
    origin = f"Measured {about['date'][:10]} at commit {about['commit']}: {about['processor']}."
    return "\n".join([origin, "", cold_start.table_of(results)])


def with_table(text: str, name: str, table: str) -> str:
    """Replace the table of that name, between its two marks, and return the text."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    pattern = f"{re.escape(begin)}.*?{re.escape(end)}"
    if len(re.findall(pattern, text, re.DOTALL)) != 1:
        raise ValueError(f"expected one table between {begin} and {end}")
    return re.sub(pattern, lambda _: f"{begin}\n{table}\n{end}", text, flags=re.DOTALL)


def pages(results: Results, first_maps: Results | None) -> dict[Path, str]:
    """Return the text of each page with tables, for these results."""
    tables = {
        ROOT / "README.md": {"speeds": summary(results, first_maps)},
        ROOT / "benchmarks" / "README.md": {
            "speeds": speeds(results),
            "targets": goals(results),
            "large": large.table_of(large.newest()),
            "losses": losses(results),
            "cold start": cold_starts(first_maps),
            "objects": objects.table_of(objects.newest()),
        },
    }
    texts = {path: path.read_text() for path in tables}
    for path, named in tables.items():
        for name, table in named.items():
            texts[path] = with_table(texts[path], name, table)
    return {**texts, FIGURES: figures(results)}


def _rows_of(results: Results, size: str, kind: str) -> dict[str, dict[str, Any]]:
    return {row["method"]: row for row in results["rows"] if _is(row, results, size, kind)}


def _is(row: dict[str, Any], results: Results, size: str, kind: str) -> bool:
    wanted = {"size": size, "kind": kind, "backend": "cpu",
              "threads": results["machine"]["threads"]}  # fmt: skip
    return all(row.get(key) == value for key, value in wanted.items())


def _speed(row: dict[str, Any], size: str) -> tuple[str, ...]:
    ms, (rows, cols) = row["ms"], inputs.SIZES[size]
    return f"{ms:.3g}", f"{1e3 / ms:,.0f}", f"{rows * cols / 1e3 / ms:,.0f}", _against(row)


def _against(row: dict[str, Any]) -> str:
    told = [
        f"{'' if peer['times'] >= 1 else 'lost: '}{_times(peer, name)}"
        for name, peer in row.get("peers", {}).items()
    ]
    return ", ".join([*told, *(f"`{name}` was not installed" for name in row.get("missing", []))])


def _times(peer: dict[str, Any], name: str = "") -> str:
    low, high = peer["interval"]
    return f"{peer['times']:.3g}x {f'`{name}` ' if name else ''}({low:.3g} to {high:.3g})"


def _caption(results: Results, size: str, kind: str) -> str:
    return f"{size}, {kind}. {_origin(results)}"


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
    for path, text in pages(newest(), cold_start.newest()).items():
        path.write_text(text)
        print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

"""Results on the screen, in a file and in a picture."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from benchmarks.kept import FOLDER, name_of, rounded

from .calls import shape_of

Results = dict[str, Any]

_MARKERS = {"bandwidth": "o", "arithmetic": "^"}


def path_of(results: Results) -> Path:
    """Return where results are kept: by date, commit and device."""
    return FOLDER / "cuda" / name_of(results["machine"], results["device"].partition(",")[0])


def write(results: Results, path: Path) -> None:
    """Write results as JSON, floats to four digits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rounded(results), indent=1) + "\n")


def table(rows: list[dict[str, Any]]) -> str:
    """Return rows as columns of text under the names that occur."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [names, *([_text(row.get(name, "")) for name in names] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def plot(results: Results, path: Path) -> None:
    """Draw megapixels per second against megapixels, resident and from pinned memory, and bounds.

    The bounds are the fractions of the limiting rate that resident stacks reach.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = [row for row in results["rows"] if "resident, ms" in row]
    figure, axes = pyplot.subplots(1, 3, figsize=(22, 7), layout="constrained")
    axes[1].sharey(axes[0])
    for axis, place in zip(axes, ("resident", "pinned"), strict=False):
        _draw(axis, [row for row in rows if f"{place}, ms" in row], place)
    axes[0].set_ylabel("megapixels per second")
    _draw_shares(axes[2], rows)
    handles, names = axes[0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, names, fontsize="small", loc="outside right center")
    figure.suptitle(f"{results['device']}: the fastest stack of each size")
    figure.savefig(path)
    pyplot.close(figure)


def _draw(axis: Any, rows: list[dict[str, Any]], place: str) -> None:
    for index, (method, best) in enumerate(_fastest(rows, place).items()):
        points = [(each, _rate(row, place)) for each, row in sorted(best.items())]
        axis.plot(*zip(*points, strict=True), marker="o", ls=_style(index), label=method)
    _finish(axis, place)


def _draw_shares(axis: Any, rows: list[dict[str, Any]]) -> None:
    for index, best in enumerate(_fastest(rows, "resident").values()):
        points = sorted(best.items())
        shares = [row["share of bound"] for _, row in points]
        (line,) = axis.plot([each for each, _ in points], shares, ls=_style(index))
        for (megapixels, row), share in zip(points, shares, strict=True):
            axis.plot(megapixels, share, _MARKERS[row["bound"]], color=line.get_color())
    if rows:
        axis.axhline(1, color="grey")
        for bound, marker in _MARKERS.items():
            axis.plot([], [], marker, color="grey", label=bound)
        axis.legend(title="bound by", fontsize="small")
    _finish(axis, "share of the bound")


def _finish(axis: Any, title: str) -> None:
    axis.set(xscale="log", yscale="log", xlabel="megapixels of a frame", title=title)
    axis.grid(True, which="both", alpha=0.3)


def _fastest(rows: list[dict[str, Any]], place: str) -> dict[str, dict[float, dict[str, Any]]]:
    """Return of each method, by megapixels of a frame, the row of the fastest stack."""
    best: dict[str, dict[float, dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: _rate(row, place)):
        best.setdefault(row["method"], {})[math.prod(shape_of(row["size"])) / 1e6] = row
    return {name: best[name] for name in dict.fromkeys(row["method"] for row in rows)}


def _rate(row: dict[str, Any], place: str) -> float:
    pixels = row["frames"] * math.prod(shape_of(row["size"]))
    return float(pixels / 1e3 / row[f"{place}, ms"])


def _style(index: int) -> str:
    return ("-", "--", ":")[index // 10 % 3]


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)

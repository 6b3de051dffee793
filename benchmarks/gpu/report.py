"""Results on the screen, in a file and in a picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.kept import FOLDER, name_of, rounded

from .calls import shape_of

Results = dict[str, Any]


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
    """Draw megapixels per second against megapixels, resident and from pinned memory."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = [row for row in results["rows"] if "resident, ms" in row]
    figure, axes = pyplot.subplots(1, 2, figsize=(16, 7), sharey=True, layout="constrained")
    for axis, place in zip(axes, ("resident", "pinned"), strict=True):
        _draw(axis, [row for row in rows if f"{place}, ms" in row], place)
    axes[0].set_ylabel("megapixels per second")
    if axes[1].lines:
        axes[1].legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    figure.suptitle(f"{results['device']}: the fastest stack of each size")
    figure.savefig(path)
    pyplot.close(figure)


def _draw(axis: Any, rows: list[dict[str, Any]], place: str) -> None:
    best: dict[str, dict[float, float]] = {}
    for row in rows:
        height, width = shape_of(row["size"])
        megapixels = height * width / 1e6
        rate = 1e3 * row["frames"] * megapixels / row[f"{place}, ms"]
        line = best.setdefault(row["method"], {})
        line[megapixels] = max(rate, line.get(megapixels, 0.0))
    for index, (method, points) in enumerate(best.items()):
        style = ("-", "--", ":")[index // 10 % 3]
        axis.plot(*zip(*sorted(points.items()), strict=True), marker="o", ls=style, label=method)
    axis.set(xscale="log", yscale="log", xlabel="megapixels of a frame", title=place)
    axis.grid(True, which="both", alpha=0.3)


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)

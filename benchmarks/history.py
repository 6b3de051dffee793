"""``python -m benchmarks.history``: draw how long every method took, commit by commit."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from benchmarks.record import FOLDER, recorded
from fastsal.bench import inputs
from fastsal.errors import FastsalError
from fastsal.registry import BUILT_IN

Results = dict[str, Any]
Series = dict[str, dict[int, float]]  # by processor, milliseconds by number of the run

_COLUMNS = 5


def series_of(history: list[Results], method: str, size: str) -> Series:
    """Return a method's milliseconds in colour on all CPU threads, by processor and run."""
    found: Series = {}
    for index, results in enumerate(history):
        about = results["machine"]
        wanted = {"method": method, "size": size, "kind": "colour", "backend": "cpu",
                  "threads": about["threads"]}  # fmt: skip
        for row in results["rows"]:
            if all(row.get(key) == value for key, value in wanted.items()):
                line = f"{about['processor']}, {about['threads']} threads"
                found.setdefault(line, {})[index] = row["ms"]
    return found


def draw(history: list[Results], size: str, path: Path) -> None:
    """Write one picture with a panel per method."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    panels = {key: found for key in BUILT_IN if (found := series_of(history, key, size))}
    if not panels:
        raise FastsalError(f"no results at {size} are recorded")
    rows = math.ceil(len(panels) / _COLUMNS)
    figure, axes = pyplot.subplots(
        rows, _COLUMNS, figsize=(3.2 * _COLUMNS, 2.2 * rows + 0.8), sharex=True, squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for axis, (method, found) in zip(axes.flat, panels.items(), strict=False):
        for processor, points in found.items():
            axis.plot(list(points), list(points.values()), "o-", ms=4, label=processor)
        axis.set_title(method, fontsize="medium")
        axis.set_ylim(0, 1.1 * max(max(points.values()) for points in found.values()))
        axis.grid(True, alpha=0.3)
    for axis in axes.flat[len(panels) :]:
        axis.set_axis_off()
    _label_runs(axes, history, len(panels))
    figure.suptitle(f"Milliseconds per frame of {size} in colour, commit by commit")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def _label_runs(axes: Any, history: list[Results], panels: int) -> None:
    """Name the runs below the lowest panel of every column."""
    names = [f"{each['machine']['commit']}\n{each['machine']['date'][5:10]}" for each in history]
    for axis in axes.flat[max(0, panels - _COLUMNS) : panels]:
        axis.set_xticks(range(len(names)), names, fontsize="x-small", rotation=45)
        axis.set_xlim(-0.5, len(names) - 0.5)
        axis.tick_params(labelbottom=True)


def main() -> None:
    """Read all results and draw."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--size", default="1080p", help="default: %(default)s")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="default: %(default)s")
    parser.add_argument("-o", "--output", type=Path, default=Path("history.png"))
    options = parser.parse_args()
    (size,) = inputs.sizes_of(options.size)
    try:
        draw(recorded(options.folder), size, options.output)
    except FastsalError as error:
        parser.exit(1, f"{error}\n")
    print(f"wrote {options.output}")


if __name__ == "__main__":
    main()

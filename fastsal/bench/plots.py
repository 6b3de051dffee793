"""Plots of a run: times of one size or throughput of several sizes, and bars against peers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import FastsalError
from ..io.atomic_write import whole_file
from . import inputs

Row = dict[str, Any]
Way = tuple[str, int, str]  # backend, threads, kind

_STYLES = ("-", "--", ":", "-.")
_MARKERS = "os^Dv"
_WON, _LOST = "#4477aa", "#cc6677"


def check_plot(path: Path) -> None:
    """Refuse a file that `write_plots` could not write, before anything is measured.

    Raises
    ------
    FastsalError
        If matplotlib is missing.
    ValueError
        If the suffix of `path` is no format of Matplotlib.
    """
    formats = sorted(pyplot().Figure().canvas.get_supported_filetypes())
    if path.suffix.lower().removeprefix(".") not in formats:
        raise ValueError(f"{path}: the file name must end in .{', .'.join(formats)}")


def write_plots(results: dict[str, Any], path: Path) -> None:
    """Write one picture with both plots, in the format that the name of `path` says.

    Raises
    ------
    FastsalError
        If matplotlib is missing or cannot write such a file.
    """
    module = pyplot()
    rows: list[Row] = results["rows"]
    bars = sum(len(row["peers"]) for row in rows)
    has_one_size = len({row["size"] for row in rows}) == 1
    figure, axes = module.subplots(
        1, 2 if bars else 1, figsize=(20 if bars else 11, max(7.0, 1 + bars / 5)), squeeze=False,
        layout="constrained",
    )  # fmt: skip
    draw = _times if has_one_size else _throughput
    draw(axes[0, 0], rows, results["copy_bandwidth"])
    if bars:
        _bars(axes[0, 1], rows)
    try:
        with whole_file(path) as partial:
            figure.savefig(partial, format=path.suffix[1:].lower())
    except (OSError, ValueError) as error:
        raise FastsalError(f"{path}: {error}") from error
    finally:
        module.close(figure)


def pyplot() -> Any:
    """Return matplotlib's interface, which needs no display.

    Raises
    ------
    FastsalError
        If matplotlib is missing.
    """
    try:
        import matplotlib
    except ImportError as error:
        raise FastsalError("--plot needs matplotlib; run `pip install matplotlib`") from error
    matplotlib.use("Agg")
    from matplotlib import pyplot as module

    return module


def _times(axis: Any, rows: list[Row], bandwidth: float) -> None:
    """Draw a bar per row of one size: the milliseconds of a frame."""
    ways = {_way(row) for row in rows}
    names = [f"{row['method']}, {_told(_way(row))}" if len(ways) > 1 else row["method"]
             for row in rows]  # fmt: skip
    drawn = axis.barh(range(len(rows)), [row["ms"] for row in rows], color=_WON)
    axis.bar_label(drawn, fmt="%.3g", padding=5, fontsize="small")
    axis.set_yticks(range(len(rows)), names, fontsize="small")
    axis.set_ylim(len(rows) - 0.4, -0.6)  # in the order of the table, from the top
    axis.set(xscale="log", xlabel="milliseconds per frame")
    axis.margins(x=0.15)
    way = f", {_told(ways.pop())}" if len(ways) == 1 else ""
    axis.set_title(f"Time of one {rows[0]['size']} frame{way}; copying {bandwidth / 1e9:.1f} GB/s")


def _throughput(axis: Any, rows: list[Row], bandwidth: float) -> None:
    """Draw a colour per method and a dash per way to run it."""
    from matplotlib import colormaps

    methods = list(dict.fromkeys(row["method"] for row in rows))
    ways = list(dict.fromkeys(_way(row) for row in rows))
    for number, method in enumerate(methods):
        for style, way in enumerate(ways):
            points = [_point(row) for row in rows if (row["method"], _way(row)) == (method, way)]
            axis.plot(
                *zip(*sorted(points), strict=True), color=colormaps["tab20"](number % 20),
                ls=_STYLES[style % len(_STYLES)], marker=_MARKERS[number % len(_MARKERS)], ms=5,
                label=method if style == 0 else None,
            )  # fmt: skip
    _roofs(axis, rows, bandwidth)
    sizes = sorted({row["size"] for row in rows}, key=_megapixels)
    axis.set(xscale="log", yscale="log", ylabel="megapixels per second")
    axis.set_xticks([_megapixels(size) for size in sizes], sizes)
    axis.minorticks_off()
    axis.set_title("Throughput: " + "; ".join(
        f"{_told(way)} {_DASHES[style % len(_STYLES)]}" if len(ways) > 1 else _told(way)
        for style, way in enumerate(ways)
    ))  # fmt: skip
    axis.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    axis.grid(True, alpha=0.3)


_DASHES = ("solid", "dashed", "dotted", "dash-dotted")


def _roofs(axis: Any, rows: list[Row], bandwidth: float) -> None:
    """Draw the speed of copying alone, for every number of bytes per pixel."""
    for bytes_moved in sorted({row["bytes_per_pixel"] for row in rows}):
        height = bandwidth / bytes_moved / 1e6
        axis.axhline(height, color="black", lw=1, ls="--")
        axis.annotate(
            f"copying {bytes_moved:g} bytes per pixel", (0.01, height),
            xycoords=("axes fraction", "data"), va="bottom", fontsize="small",
        )  # fmt: skip


def _way(row: Row) -> Way:
    return row["backend"], row["threads"], row["kind"]


def _told(way: Way) -> str:
    backend, threads, kind = way
    return f"{kind}, {f'{threads} threads' if backend == 'cpu' else backend}"


def _point(row: Row) -> tuple[float, float]:
    return _megapixels(row["size"]), row["megapixels_per_second"]


def _megapixels(size: str) -> float:
    rows, cols = inputs.SIZES[size]
    return rows * cols / 1e6


def _bars(axis: Any, rows: list[Row]) -> None:
    compared = [(row, name, peer) for row in rows for name, peer in row["peers"].items()]
    names = [f"{row['method']}, {row['size']}, {row['kind']}:  {name}" for row, name, _ in compared]
    times = [peer["times"] for *_, peer in compared]
    away = [[abs(bound - peer["times"]) for *_, peer in compared
             for bound in [peer["interval"][side]]] for side in (0, 1)]  # fmt: skip
    drawn = axis.barh(
        range(len(names)), times, color=[_WON if each >= 1 else _LOST for each in times],
        xerr=away, error_kw={"lw": 1, "ecolor": "#333333"},
    )  # fmt: skip
    axis.bar_label(drawn, fmt="%.3g", padding=5, fontsize="small")
    axis.set_yticks(range(len(names)), names, fontsize="small")
    axis.set_ylim(len(names) - 0.4, -0.6)  # in the order of the table, from the top
    axis.axvline(1, color="black", lw=1)
    axis.set(xscale="log", xlim=(min([0.5, *times]) / 1.2, max(times) * 2.5))
    axis.set_title("Times as fast as its peers, with 95 % intervals")

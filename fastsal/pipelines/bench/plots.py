"""Plots of a run: throughput against resolution under the bandwidth's roof, bars against peers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...errors import FastsalError
from . import inputs

Row = dict[str, Any]


def write_plots(results: dict[str, Any], path: Path) -> None:
    """Write one picture with both plots, in the format that the name of `path` says.

    Raises
    ------
    FastsalError
        If matplotlib is missing or cannot write such a file.
    """
    try:
        import matplotlib
    except ImportError as error:
        raise FastsalError("--plot needs matplotlib: pip install 'fastsal[bench]'") from error
    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows: list[Row] = results["rows"]
    has_peers = any(row["peers"] for row in rows)
    figure, axes = pyplot.subplots(
        1, 2 if has_peers else 1, figsize=(16 if has_peers else 9, 7), squeeze=False,
        layout="constrained",
    )  # fmt: skip
    _throughput(axes[0, 0], rows, results["copy_bandwidth"])
    if has_peers:
        _bars(axes[0, 1], rows)
    try:
        figure.savefig(path)
    except (OSError, ValueError) as error:
        raise FastsalError(f"{path}: {error}") from error
    finally:
        pyplot.close(figure)


def _throughput(axis: Any, rows: list[Row], bandwidth: float) -> None:
    lines: dict[tuple[str, str, int, str], list[tuple[float, float]]] = {}
    for row in rows:
        height, width = inputs.SIZES[row["size"]]
        key = row["method"], row["backend"], row["threads"], row["kind"]
        lines.setdefault(key, []).append((height * width / 1e6, row["megapixels_per_second"]))
    for (method, backend, threads, kind), points in lines.items():
        where = f"{threads} threads" if backend == "cpu" else backend
        axis.plot(*zip(*sorted(points), strict=True), "o-", label=f"{method}, {kind}, {where}")
    least = min(row["bytes_per_pixel"] for row in rows)
    axis.axhline(bandwidth / least / 1e6, color="black", ls="--", label="copy bandwidth")
    axis.set(xscale="log", yscale="log", xlabel="megapixels", ylabel="megapixels per second")
    axis.legend(fontsize="small")
    axis.grid(True, which="both", alpha=0.3)


def _bars(axis: Any, rows: list[Row]) -> None:
    bars = [
        (f"{row['method']} {row['size']} {row['kind']} / {name}", peer["times"])
        for row in rows
        for name, peer in row["peers"].items()
    ]
    names, times = zip(*reversed(bars), strict=True)
    drawn = axis.barh(names, times, color=["#4477aa" if each >= 1 else "#cc6677" for each in times])
    axis.bar_label(drawn, fmt="%.1f", padding=3, fontsize="small")
    axis.axvline(1, color="black", lw=1)
    axis.set(xscale="log", xlabel="times as fast as the peer")
    axis.tick_params(axis="y", labelsize="small")

"""Speed targets of the project, and their values in a run of the suites."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from fastsal.bench import inputs

Results = dict[str, Any]


class Target(NamedTuple):
    """A bound for one figure of one row.

    `figure` is "ms", "fps", "worst_over_median", "per pixel, over 1080p" or the name of a peer.
    """

    issue: int
    method: str
    size: str
    kind: str
    figure: str
    least: float | None = None
    most: float | None = None

    @property
    def name(self) -> str:
        """The measured row, in words."""
        return ", ".join(part for part in (self.method, self.size, self.kind) if part)

    @property
    def wanted(self) -> str:
        """The target in words."""
        sense = "at least" if self.least is not None else "at most"
        return f"{sense} {self.told(self.least if self.least is not None else self.most)}"

    def told(self, value: float | None) -> str:
        """Return a value of the figure in words."""
        if value is None:
            return "not measured"
        if self.figure in ("ms", "fps"):
            return f"{value:.3g} {self.figure}" if value < 1000 else f"{value:,.0f} {self.figure}"
        against = {
            "worst_over_median": "the median frame",
            "per pixel, over 1080p": "the cost per pixel at 1080p",
        }
        return f"{value:.3g}x {against.get(self.figure, self.figure)}"

    def is_met_by(self, value: float) -> bool:
        """Return whether a value is as good as wanted."""
        return value >= self.least if self.least is not None else value <= (self.most or 0)


_STREAMS = ("superpixel", "superpixel-motion", "superpixel-change")

TARGETS = (
    Target(2, "lc", "1080p", "grey", "cv2.calcHist + LUT", least=2),
    Target(2, "lc", "1080p", "grey", "NumPy", least=8),
    Target(2, "lc", "1080p", "colour", "cv2.calcHist + LUT", least=1.5),
    Target(2, "lc out of cache", "4K", "grey", "per pixel, over 1080p", most=1.3),
    Target(2, "lc out of cache", "16MP", "grey", "per pixel, over 1080p", most=1.3),
    Target(2, "frame-difference of two frames", "1080p", "grey", "cv2.absdiff", least=1),
    Target(
        2, "frame-difference of two frames", "1080p", "colour", "cv2.cvtColor twice + absdiff",
        least=1,
    ),
    Target(2, "lc", "64x64", "grey", "ms", most=0.03),
    Target(2, "frame-difference", "64x64", "grey", "ms", most=0.03),
    Target(2, "fastsal image, caches warm", "", "", "import numba, cv2", least=1 / 1.6),
    Target(2, "fastsal image, caches cold", "", "", "ms", most=10_000),
    Target(2, "import fastsal", "", "", "import numpy", least=1 / 1.5),
    Target(3, "slic to its end", "1080p", "colour", "ms", most=400),
    Target(3, "slic in ten rounds", "1080p", "colour", "skimage slic", least=25),
    Target(3, "slic in ten rounds", "1080p", "colour", "cv2.ximgproc", least=10),
    Target(3, "slic in ten rounds", "1080p", "colour", "ms", most=60),
    Target(3, "slic from the last frame", "1080p", "colour", "fps", least=30),
    Target(
        3, "exact contrast of 4000 superpixels", "", "", "NumPy, all pairs at once", least=100
    ),
    Target(3, "fast contrast of 20736 superpixels", "", "", "ms", most=5),
    *(Target(3, key, "1080p", "colour", "fps", least=25) for key in _STREAMS),
    *(Target(3, key, "720p", "colour", "fps", least=60) for key in _STREAMS),
    Target(4, "fine-grained", "1080p", "colour", "cv2.saliency", least=40),
    Target(4, "fine-grained", "1080p", "colour", "fps", least=60),
    Target(4, "bin-wang", "1080p", "grey", "cv2.saliency", least=30),
    Target(4, "bin-wang", "1080p", "colour", "fps", least=60),
    *(
        Target(4, "bin-wang, worst frame", size, "grey", "worst_over_median", most=5)
        for size in ("VGA", "1080p")
    ),
    Target(4, "bing", "1080p", "colour", "cv2.saliency", least=30),
    Target(4, "binary-map kmeans", "1080p", "colour", "cv2.saliency", least=50),
    Target(4, "spectral-residual", "VGA", "colour", "cv2.saliency", least=1.3),
    Target(4, "spectral-residual", "1080p", "colour", "cv2.saliency", least=2),
    Target(4, "spectral-residual", "4K", "colour", "cv2.saliency", least=2),
    Target(5, "itti-koch", "1080p", "colour", "fps", least=60),
    Target(5, "center-surround", "1080p", "colour", "fps", least=100),
    Target(5, "signature", "1080p", "colour", "fps", least=400),
    Target(16, "boolean-map", "1080p", "colour", "fps", least=100),
    Target(16, "boolean-map 240", "1080p", "colour", "fps", least=200),
    Target(16, "minimum-barrier", "1080p", "colour", "fps", least=200),
    Target(16, "whitened", "1080p", "colour", "fps", least=280),
    Target(16, "whitened 64", "1080p", "colour", "fps", least=900),
    Target(5, "flow", "1080p", "colour", "fps", least=60),
)  # fmt: skip


def measured(results: Results) -> Iterator[tuple[Target, float | None]]:
    """Yield every target with its value in the results, or None without one."""
    threads = results["machine"]["threads"]
    rows = {
        (row["method"], row.get("size", ""), row.get("kind", "")): row
        for row in results["rows"]
        if row["backend"] == "cpu" and row.get("threads", threads) == threads
    }
    for target in TARGETS:
        row = rows.get((target.method, target.size, target.kind))
        at_1080p = rows.get((target.method, "1080p", target.kind))
        yield target, None if row is None else _value(target.figure, row, at_1080p)


def _value(figure: str, row: dict[str, Any], at_1080p: dict[str, Any] | None) -> float | None:
    if figure == "fps":
        return 1e3 / float(row["ms"])
    if figure == "per pixel, over 1080p":
        return None if at_1080p is None else _per_pixel(row) / _per_pixel(at_1080p)
    peer = row.get("peers", {}).get(figure, {})
    value: float | None = row.get(figure, peer.get("times"))
    return value


def _per_pixel(row: dict[str, Any]) -> float:
    rows, cols = inputs.SIZES[row["size"]]
    return float(row["ms"]) / (rows * cols)

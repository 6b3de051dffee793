"""``python -m benchmarks.peers``: fastsal and its peers, side by side, as ratios in one run.

Both sides get two threads, the same inputs and a preallocated output; compiling is outside the
clock. Prints a table, and writes it as JSON with ``--json FILE``.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numba
import numpy as np

import fastsal
from fastsal.kernels import threads
from fastsal.pipelines.bench import inputs, machine
from fastsal.pipelines.bench.peers import peers_of
from fastsal.pipelines.bench.sidebyside import alternate, copy_bandwidth, median_ms, ratio

THREADS = 2


class Comparison(NamedTuple):
    """One of our functions against the way people do the same without it."""

    name: str
    size: str
    bytes_moved: int  # what any implementation must read and write
    ours: Callable[[], Any]
    peers: dict[str, Callable[[], Any]]


def comparisons(sizes: list[str]) -> Iterator[Comparison]:
    """Yield every comparison at every size."""
    for size in sizes:
        for kind, image in (("photo", inputs.photograph(size)), ("noise", inputs.noise(size))):
            yield from _luminance_contrast(kind, size, image)
            yield from _frame_difference(kind, size, image)
            if kind == "photo":
                yield from _binary_maps(size, fastsal.fine_grained(image, backend="cpu"))
                yield from _opencv_saliency(size, image)
            if size in _FOR_FLOW and kind == "photo":
                yield from _flow(size, image)
            if size in _FOR_SUPERPIXELS and kind == "photo":
                yield from _superpixels(size, image)
    yield from _all_pairs()


def _luminance_contrast(kind: str, size: str, image: np.ndarray) -> Iterator[Comparison]:
    gray = inputs.gray(image)
    pixels = gray.size
    ours, theirs = np.empty(gray.shape, np.float32), np.empty(gray.shape, np.float32)
    converted = np.empty_like(gray)

    def opencv(source: np.ndarray = gray) -> None:
        counts = cv2.calcHist([source], [0], None, [256], [0, 256]).ravel()
        cv2.LUT(source, _scores(counts), dst=theirs)

    def opencv_from_color() -> None:
        cv2.cvtColor(image, cv2.COLOR_RGB2GRAY, dst=converted)
        opencv(converted)

    def numpy() -> None:
        counts = np.bincount(gray.ravel(), minlength=256)
        levels = np.arange(256)
        contrast = np.abs(levels[:, None] - levels[None, :]) @ counts
        present = contrast[counts > 0]
        scores = (contrast - present.min()) / (present.max() - present.min())
        np.take(scores.astype(np.float32), gray, out=theirs)

    yield Comparison(
        f"lc grey {kind}", size, 5 * pixels,
        lambda: fastsal.luminance_contrast(gray, out=ours, backend="cpu"),
        {"cv2.calcHist + LUT": opencv, "NumPy": numpy},
    )  # fmt: skip
    yield Comparison(
        f"lc colour {kind}", size, 7 * pixels,
        lambda: fastsal.luminance_contrast(image, out=ours, backend="cpu"),
        {"cv2.cvtColor + calcHist + LUT": opencv_from_color},
    )  # fmt: skip


_DISTANCES = np.abs(np.arange(256, dtype=np.float32)[:, None] - np.arange(256, dtype=np.float32))


def _scores(counts: np.ndarray) -> np.ndarray:
    contrast = _DISTANCES @ counts
    present = contrast[counts > 0]
    return (contrast - present.min()) / max(present.max() - present.min(), 1)


def _frame_difference(kind: str, size: str, image: np.ndarray) -> Iterator[Comparison]:
    previous = inputs.moved(image)
    gray, previous_gray = inputs.gray(image), inputs.gray(previous)
    ours, theirs = np.empty_like(gray), np.empty_like(gray)
    first, second = np.empty_like(gray), np.empty_like(gray)

    def opencv_from_color() -> None:
        cv2.cvtColor(image, cv2.COLOR_RGB2GRAY, dst=first)
        cv2.cvtColor(previous, cv2.COLOR_RGB2GRAY, dst=second)
        cv2.absdiff(first, second, dst=theirs)

    yield Comparison(
        f"frame-difference grey {kind}", size, 3 * gray.size,
        lambda: fastsal.frame_difference(gray, previous_gray, out=ours, backend="cpu"),
        {"cv2.absdiff": lambda: cv2.absdiff(gray, previous_gray, dst=theirs)},
    )  # fmt: skip
    yield Comparison(
        f"frame-difference colour {kind}", size, 7 * gray.size,
        lambda: fastsal.frame_difference(image, previous, out=ours, backend="cpu"),
        {"cv2.cvtColor twice + absdiff": opencv_from_color},
    )  # fmt: skip


def _binary_maps(size: str, saliency: np.ndarray) -> Iterator[Comparison]:
    """Cut a map; OpenCV's own way, of 0.7 seconds for 1080p, only where contrib is installed."""
    ours, theirs = np.empty(saliency.shape, np.uint8), np.empty(saliency.shape, np.uint8)
    levels = np.empty(saliency.shape, np.uint8)

    def opencv_otsu() -> None:
        cv2.convertScaleAbs(saliency, dst=levels, alpha=255)
        cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU, dst=theirs)

    def numpy() -> None:
        np.multiply(saliency > 2 * saliency.mean(), np.uint8(255), out=theirs)

    peers = {
        "otsu": {"cv2.convertScaleAbs + threshold": opencv_otsu},
        "adaptive": {"NumPy": numpy},
    }
    if hasattr(cv2, "saliency") and size in ("VGA", "1080p"):
        module = cv2.saliency.StaticSaliencyFineGrained_create()
        peers["kmeans"] = {
            "cv2.saliency computeBinaryMap": lambda: module.computeBinaryMap(saliency, theirs)
        }
    for method, others in peers.items():
        yield Comparison(
            f"binary map by {method}", size, 5 * saliency.size,
            lambda method=method: fastsal.binary_map(
                saliency, method=method, out=ours, backend="cpu"
            ),
            others,
        )  # fmt: skip


def _opencv_saliency(size: str, image: np.ndarray) -> Iterator[Comparison]:
    """All methods of cv2.saliency, where contrib is installed; see fastsal.pipelines.bench.peers.

    The background models of both sides have settled, and see two frames in turns.
    """
    out = np.empty(image.shape[:2], np.float32)
    for key in ("spectral-residual", "fine-grained", "bin-wang", "bing"):
        peers = {name: call for name, call in peers_of(key, image).items() if "saliency" in name}
        if peers and (size in ("VGA", "1080p") or key == "spectral-residual"):
            stream = fastsal.Stream(key, backend="cpu")
            frames = itertools.cycle([image, inputs.moved(image)] if key == "bin-wang" else [image])
            for _ in range(_SETTLED if key == "bin-wang" else 0):
                stream.update(image, out=out)
            yield Comparison(
                f"{key} photo", size, 7 * out.size,
                lambda stream=stream, frames=frames: stream.update(next(frames), out=out), peers,
            )  # fmt: skip


def _flow(size: str, image: np.ndarray) -> Iterator[Comparison]:
    """A stream that sees two frames in turns, against flows of the two; see the same module."""
    out = np.empty(image.shape[:2], np.float32)
    stream, frames = fastsal.Stream("flow", backend="cpu"), [image, inputs.moved(image)]

    def ours() -> None:
        frames.reverse()
        stream.update(frames[0], out=out)

    yield Comparison("flow photo", size, 7 * out.size, ours, peers_of("flow", image))


_FOR_FLOW = ("VGA", "1080p")
_SETTLED = 260
_FOR_SUPERPIXELS = ("VGA", "720p", "1080p")


def _superpixels(size: str, image: np.ndarray) -> Iterator[Comparison]:
    """SLIC of 20 x 20 pixels in ten rounds; peers that are missing are left out."""
    from skimage.segmentation import slic as skimage_slic

    from fastsal.algorithms.superpixels import slic, slic_like_skimage

    pixels = image.shape[0] * image.shape[1]
    count = -(-image.shape[0] // 20) * -(-image.shape[1] // 20)
    peers = {"skimage.segmentation.slic": lambda: skimage_slic(image, count, start_label=0)}
    if hasattr(cv2, "ximgproc"):
        peers["cv2.ximgproc SLIC"] = lambda: _ximgproc(image)
    ours = {
        "slic": lambda: slic(image, region_size=20, max_iter=10, backend="cpu"),
        "slic_like_skimage": lambda: slic_like_skimage(image, count),
    }
    for name, call in ours.items():
        yield Comparison(f"{name} photo", size, 7 * pixels, call, peers)


def _all_pairs(count: int = 4_000) -> Iterator[Comparison]:
    """Uniqueness and distribution of random superpixels, each against all."""
    from fastsal.algorithms.superpixel_contrast import _cpu_pairs

    rng = np.random.default_rng(5)
    color = rng.random((count, 3), np.float32) * np.float32([100, 60, 60])
    place = rng.random((count, 2), np.float32)

    def ours() -> Any:
        return _cpu_pairs.uniqueness_and_distribution(color, place, color, place, (20.0, 0.25))

    def numpy() -> Any:
        apart, away = _squared_gaps(color), _squared_gaps(place)
        near, alike = np.exp(away / (-2 * np.float32(0.25**2))), np.exp(apart / np.float32(-800))
        near /= near.sum(1, keepdims=True)
        alike /= alike.sum(1, keepdims=True)
        middle = ((alike @ place)[:, None] - place) ** 2
        return (near * apart).sum(1), (alike * middle.sum(2)).sum(1)

    yield Comparison("exact contrast", f"{count}", 28 * count, ours, {"NumPy, all at once": numpy})


def _squared_gaps(points: np.ndarray) -> np.ndarray:
    gaps = points[:, None] - points
    return np.einsum("ijk,ijk->ij", gaps, gaps)


def _ximgproc(image: np.ndarray) -> Any:
    made = cv2.ximgproc.createSuperpixelSLIC(image, cv2.ximgproc.SLIC, 20)
    made.iterate(10)
    return made.getLabels()


def hold_to_threads() -> None:
    """Give Numba and OpenCV two threads, on machines with more as well."""
    threads.layer()  # before Numba starts one that it chooses
    numba.set_num_threads(min(THREADS, numba.config.NUMBA_NUM_THREADS))
    cv2.setNumThreads(THREADS)


def measure(sizes: list[str], seconds: float) -> Iterator[dict[str, Any]]:
    """Yield a row per comparison and peer."""
    bandwidth = copy_bandwidth(THREADS)
    yield {"name": "copy bandwidth, out of cache", "gigabytes per second": bandwidth / 1e9}
    for each in comparisons(sizes):
        for peer, call in each.peers.items():
            rounds = alternate({"ours": each.ours, "peer": call}, seconds)
            times, low, high = ratio(rounds["ours"], rounds["peer"])
            ours = median_ms(rounds["ours"])
            yield {
                "name": each.name,
                "size": each.size,
                "peer": peer,
                "ours ms": ours,
                "peer ms": median_ms(rounds["peer"]),
                "times": times,
                "quartiles": [low, high],
                "share of copy bandwidth": each.bytes_moved / (ours / 1e3) / bandwidth,
            }


def measure_programs(rounds: int = 7) -> Iterator[dict[str, Any]]:
    """Yield how long whole programs take, against the imports they cannot do without."""
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder, "photo.png")
        cv2.imwrite(str(photo), inputs.photograph("720p"))
        image = [sys.executable, "-m", "fastsal", "image", str(photo), "-m", "lc", "-o",
                 str(Path(folder, "map.png"))]  # fmt: skip
        for name, ours, peer in (
            ("fastsal image, caches warm", image, "import numba, cv2"),
            ("import fastsal", [sys.executable, "-c", "import fastsal"], "import numpy"),
        ):
            calls = {"ours": _program(ours), "peer": _program([sys.executable, "-c", peer])}
            times = alternate(calls, seconds=rounds * 1.0)
            ours_ms, peer_ms = median_ms(times["ours"]), median_ms(times["peer"])
            yield {"name": name, "size": "", "peer": f'python -c "{peer}"', "ours ms": ours_ms,
                   "peer ms": peer_ms, "times": peer_ms / ours_ms}  # fmt: skip
        cold = {"FASTSAL_CACHE_DIR": str(Path(folder, "cold"))}
        seconds = alternate_once(image, cold)
        yield {"name": "fastsal image, caches cold", "size": "", "peer": "-",
               "ours ms": 1e3 * seconds}  # fmt: skip


def alternate_once(command: list[str], environment: dict[str, str]) -> float:
    """Return the seconds of one run of a program."""
    began = time.perf_counter()
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, env={**_environment(), **environment}
    )
    return time.perf_counter() - began


def _program(command: list[str]) -> Callable[[], Any]:
    environment = _environment()
    return lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)


def _environment() -> dict[str, str]:
    """Return what holds a program to as many threads."""
    names = ("NUMBA_NUM_THREADS", "OPENCV_FOR_THREADS_NUM", "OMP_NUM_THREADS")
    return {**os.environ, **dict.fromkeys(names, str(THREADS))}


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="64x64,VGA,1080p,4K,16MP")
    parser.add_argument("--seconds", type=float, default=1.5, help="per comparison")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    hold_to_threads()
    results = {"machine": machine.description(), "rows": []}
    print(f"{'':<34}{'size':<7}{'peer':<32}{'ours ms':>9}{'peer ms':>9}{'times':>7}  share of copy")
    rows = (*measure(options.sizes.split(","), options.seconds), *measure_programs())
    for row in rows:
        results["rows"].append(row)
        print(_line(row))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


def _line(row: dict[str, Any]) -> str:
    if "peer" not in row:
        return f"{row['name']:<34}{row['gigabytes per second']:.1f} GB/s"
    share = row.get("share of copy bandwidth")
    return (
        f"{row['name']:<34}{row['size']:<7}{row['peer']:<32}{row['ours ms']:>9.3f}"
        f"{row.get('peer ms', float('nan')):>9.3f}{row.get('times', float('nan')):>7.2f}"
        + (f"  {share:.0%}" if share else "")
    )


if __name__ == "__main__":
    main()

"""``python -m benchmarks.gpu``: everything about a CUDA device in one go.

Checks every method against the CPU, measures the device's copy bandwidth, then the throughput of
every method per resolution and stack, resident on the device and with the transfers of host
arrays. Prints a table, and writes it as JSON with ``--json FILE``. Without a device it says so and
exits 2.
"""

from __future__ import annotations

import argparse
import functools
import json
import statistics
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import fastsal
from benchmarks import gpu_superpixels
from fastsal import runtime
from fastsal.pipelines.bench import inputs, machine
from fastsal.pipelines.bench.sidebyside import alternate, median_ms

STACKS = (1, 8, 64)
_LIMIT = 2 << 30  # bytes of one stack and its map

Map = Callable[..., Any]


class Row(NamedTuple):
    """A method on stacks: its call, and the forms of stack that it takes."""

    call: Map
    reads: int = 1  # frames for one map
    channels: tuple[tuple[int, ...], ...] = ((), (3,), (4,))
    dtypes: tuple[str, ...] = ("uint8", "uint16")
    out: str = "float32"
    allowed: float = 1e-6  # difference from the CPU


def methods() -> dict[str, Row]:
    """Return the rows by key."""
    bytes_ = {"dtypes": ("uint8",)}
    maps = {"channels": ((),), "dtypes": ("uint8", "float32"), "out": "uint8"}
    return {
        "lc": Row(fastsal.luminance_contrast),
        "itti-koch": Row(fastsal.itti_koch),
        "frame-difference": Row(
            lambda stack, **options: fastsal.frame_difference(stack, stack, **options), reads=2
        ),
        "fine-grained": Row(fastsal.fine_grained, dtypes=("uint8", "float32")),
        "spectral-residual": Row(fastsal.spectral_residual, dtypes=("uint8", "uint16", "float32")),
        "bin-wang": Row(_frame_by_frame("bin-wang"), **bytes_),
        "bing": Row(_frame_by_frame("bing"), **bytes_),
        "center-surround": Row(fastsal.center_surround, dtypes=("uint8", "float32"), allowed=1e-4),
        "center-surround, VOCUS2's": Row(
            functools.partial(fastsal.center_surround, variant="vocus2"),
            dtypes=("uint8", "float32"), allowed=1e-4,
        ),
        # Noise has waves whose signs hang on rounding.
        "signature": Row(fastsal.image_signature, dtypes=("uint8", "float32"), allowed=0.05),
        **{f"binary map by {name}": Row(_binary_map(name), **maps)
           for name in ("otsu", "adaptive", "kmeans")},
    }  # fmt: skip


def _frame_by_frame(key: str) -> Map:
    """Return a call that shows the frames of a stack in turn, to a stream that stays."""

    @cache
    def stream_of(backend: Any, shape: tuple[int, ...], is_device: bool) -> fastsal.Stream:
        return fastsal.Stream(key, backend=backend)

    def call(
        stack: Any, *, channel_axis: int | None, out: Any = None, backend: Any = "auto"
    ) -> Any:
        stream = stream_of(backend, stack.shape, not isinstance(stack, np.ndarray))
        outs = [None] * len(stack) if out is None else out
        maps = [stream.update(stack[i], out=outs[i]) for i in range(len(stack))]
        return np.stack(maps) if out is None else out

    return call


def _binary_map(method: str) -> Map:
    def call(stack: Any, *, channel_axis: None, **options: Any) -> Any:
        return fastsal.binary_map(stack, method=method, **options)

    return call


def check() -> Iterator[dict[str, Any]]:
    """Yield, per method and kind of input, the greatest difference between device and CPU."""
    rng = np.random.default_rng(3)
    for key, row in methods().items():
        for channels in row.channels:
            for dtype in row.dtypes:
                for rows, cols in ((1, 5), (7, 5), (480, 640), (1081, 1919)):
                    shape = (3, rows, cols, *channels)
                    stack = _random(rng, shape, np.dtype(dtype))
                    axis = {"channel_axis": -1 if channels else None}
                    device = np.asarray(row.call(stack, backend="cuda", **axis), np.float64)
                    gap = np.abs(device - row.call(stack, backend="cpu", **axis)).max()
                    yield {"method": key, "input": f"{dtype} {shape}", "gap": float(gap),
                           "allowed": row.allowed}  # fmt: skip


def _random(rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray:
    if dtype.kind == "f":
        return rng.random(shape, dtype)
    return rng.integers(0, np.iinfo(dtype).max + 1, shape, dtype=dtype)


def copy_bandwidth() -> float:
    """Return the bytes read and written per second by copying on the device."""
    from numba import cuda

    source = cuda.device_array(1 << 28, np.uint8)
    target = cuda.device_array_like(source)

    def copy() -> None:
        target.copy_to_device(source)
        cuda.synchronize()

    return 2 * source.size / statistics.median(alternate({"copy": copy})["copy"])


def throughput(sizes: list[str], seconds: float, bandwidth: float) -> Iterator[dict[str, Any]]:
    """Yield a row per method, size, colour and stack, resident and with transfers."""
    from numba import cuda

    for key, row in methods().items():
        for size in sizes:
            for kind in ("grey", "colour") if len(row.channels) > 1 else ("grey",):
                photo = inputs.photograph(size)
                photo = inputs.gray(photo) if kind == "grey" else photo
                axis = {"channel_axis": None if kind == "grey" else -1}
                for frames in STACKS:
                    stack = np.stack([photo] * frames)
                    out = np.empty(stack.shape[:3], row.out)
                    moved = row.reads * stack.nbytes + out.nbytes
                    if moved > _LIMIT:
                        continue
                    yield _row(key, size, kind, frames, moved, bandwidth, seconds, {
                        "resident": _resident(cuda, row.call, stack, axis, row.out),
                        "from host": _from_host(row.call, stack, axis, out),
                    })  # fmt: skip


def _resident(
    cuda: Any, call: Map, stack: np.ndarray, axis: dict[str, Any], dtype: str
) -> Callable[[], None]:
    device = cuda.to_device(stack)
    out = cuda.device_array(stack.shape[:3], dtype)

    def run() -> None:
        call(device, out=out, **axis)
        cuda.synchronize()

    return run


def _from_host(
    call: Map, stack: np.ndarray, axis: dict[str, Any], out: np.ndarray
) -> Callable[[], None]:
    return lambda: call(stack, out=out, backend="cuda", **axis)


def _row(
    key: str, size: str, kind: str, frames: int, moved: int, bandwidth: float, seconds: float,
    calls: dict[str, Callable[[], None]],
) -> dict[str, Any]:  # fmt: skip
    times = {name: median_ms(each) for name, each in alternate(calls, seconds).items()}
    per_second = 1e3 / times["resident"]
    rows, cols = inputs.SIZES[size]
    return {
        "method": key, "size": size, "kind": kind, "frames": frames,
        "resident ms": times["resident"], "from host ms": times["from host"],
        "frames per second": frames * per_second,
        "megapixels per second": frames * rows * cols / 1e6 * per_second,
        "share of copy bandwidth": moved * per_second / bandwidth,
    }  # fmt: skip


def main() -> None:
    """Check, measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="VGA,720p,1080p,4K")
    parser.add_argument("--seconds", type=float, default=0.5, help="per row")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    reason = "CUDA is simulated" if runtime.is_simulated() else runtime.why_no_cuda()
    if reason:
        print(f"benchmarks.gpu: no CUDA device to measure: {reason}", file=sys.stderr)
        raise SystemExit(2)
    results: dict[str, Any] = {
        "machine": machine.description(), "device": fastsal.backends()["cuda"].detail
    }  # fmt: skip
    results["check"] = list(check())
    worst = max(results["check"], key=lambda row: row["gap"] / row["allowed"])
    print(f"{results['device']}: greatest difference from the CPU {worst['gap']:.2g} ({worst})")
    bandwidth = copy_bandwidth()
    results["copy gigabytes per second"] = bandwidth / 1e9
    print(f"copy bandwidth {bandwidth / 1e9:.0f} GB/s")
    results["rows"] = []
    for row in throughput(options.sizes.split(","), options.seconds, bandwidth):
        results["rows"].append(row)
        print("  ".join(f"{name} {_text(value)}" for name, value in row.items()))
    sizes = options.sizes.split(",")
    results["superpixels alike"] = list(gpu_superpixels.check(sizes))
    results["superpixels"] = list(gpu_superpixels.throughput(sizes, options.seconds))
    for row in (*results["superpixels alike"], *results["superpixels"]):
        print("  ".join(f"{name} {_text(value)}" for name, value in row.items()))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    if min(row["alike"] for row in results["superpixels alike"]) < gpu_superpixels.LEAST_ALIKE:
        raise SystemExit("benchmarks.gpu: the device's superpixels differ from the CPU's")
    if worst["gap"] > worst["allowed"]:
        raise SystemExit("benchmarks.gpu: the device differs from the CPU")


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()

"""How kernels are started: bands of work on CPU threads, blocks of threads on a CUDA device."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..containers import scratch as scratch
from . import threads

THREADS = 256  # per CUDA block
MOST_DEEP = 65_535  # blocks that a device takes along y or z
_MAX_BLOCKS = 2048

# Below this a fork-join costs more than the second thread saves (measured with LC and absdiff).
PARALLEL_FROM = 1 << 16


def over_bands(span: Any, items: int, *args: Any, pixels: int | None = None) -> int:
    """Run ``span(*args, start, stop)`` over `items`: here if they are few, else on all threads.

    `span` is compiled by `jit.banded`. `pixels` is the amount of work if an item is not a pixel.
    Return the number of bands; band i starts at item ``i * items // bands``.
    """
    if (items if pixels is None else pixels) < PARALLEL_FROM:
        threads.layer()  # as in `on_this_thread`; calling that takes a microsecond
        span.bands(*args, items, 0)
        return 1
    with threads.safe_section():
        bands = min(items, threads.count())
        span.bands(*args, items, bands)
    return bands


def on_this_thread(bands: Any, *args: Any) -> None:
    """Run a parallel kernel without bands: all of the items here."""
    threads.layer()  # loading the kernel starts the layer, so it is chosen before
    bands(*args, 0)


def grid_for(items: int, frames: int, *, per_thread: int = 4) -> tuple[tuple[int, int], int]:
    """Return blocks and threads: along x enough for `per_thread` of the items each, frames in y.

    Kernels stride over the items, so that the cap cuts nothing off. They also stride over frames,
    unless `in_groups` keeps these below `MOST_DEEP`.
    """
    blocks = -(-items // (THREADS * per_thread))
    return (min(max(1, blocks), _MAX_BLOCKS), capped(frames)), THREADS


def image_grid(
    shape: tuple[int, int], frames: int = 1, threads: int | None = None
) -> tuple[tuple[int, int, int], int]:
    """Return blocks and threads: columns of `shape` along x, rows in y, frames in z.

    Kernels stride over rows and frames where these may exceed `MOST_DEEP`; see `in_groups`.
    """
    threads = threads or THREADS
    return (-(-shape[1] // threads), capped(shape[0]), capped(frames)), threads


def group_size(frames: int, items: int, most_items: int, grids: int = 1) -> int:
    """Return the frames of a group: of at most `most_items`, and at least one frame.

    A frame has `items`, and takes `grids` places along y or z of a grid.
    """
    return min(frames, max(1, most_items // items), MOST_DEEP // grids)


def in_groups(size: int, pixels: Any, out: Any) -> Iterator[tuple[Any, Any]]:
    """Yield pixels and maps of at most `size` frames at a time, in one piece where possible."""
    if len(out) <= size:
        yield pixels, out
        return
    for start in range(0, len(out), size):
        yield pixels[start : start + size], out[start : start + size]


def capped(blocks: int) -> int:
    """Return a number of blocks along y or z, and no more than a device takes."""
    return min(blocks, MOST_DEEP)

"""Compile kernels ahead of time."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np

from .. import runtime
from ..concurrency.interrupts import heeded_interrupts
from ..kernels import watch
from ..registry import BUILT_IN, Method, method_of
from ..stream import Stream
from . import helpers
from .progress import progress_bar

# One size that runs on a single thread and one that runs on all of them.
_SIZES = ((16, 16), (320, 320))
_LARGE = (480, 480)  # has enough superpixels for the code path of large images
_FRAMES = 400  # that many of the small ones are worth all threads
_OUT_DTYPES = (np.float32, np.uint8)

_Job = tuple[str, Callable[[], Any]]


def warmup(methods: Iterable[str] | None = None, progress: bool = True) -> None:
    """Compile all kernels ahead of time, for every available backend, and cache them on disk.

    Compiled code is stored in the user's cache folder, or in ``FASTSAL_CACHE_DIR``. Later processes
    load it in a fraction of a second. An upgrade of Numba or NumPy discards all of it; an upgrade
    of fastsal discards the kernels that changed.

    Parameters
    ----------
    methods : iterable of str, optional
        Keys of `METHODS`. Default: all methods, and `binary_map`, `salient_boxes`, `scanpath`,
        `slic`, `region_stats`, `fastsal.metrics`, and `retarget` and `best_crop` of
        `fastsal.applications`.
    progress : bool, default True
        Show a progress bar on stderr if stderr is a terminal.

    Raises
    ------
    ValueError
        If a key is unknown.

    Examples
    --------
    >>> import fastsal
    >>> fastsal.warmup(["lc"], progress=False)
    """
    compile_all(methods, shown=progress)


def compile_all(methods: Iterable[str] | None = None, **bar_options: Any) -> None:
    """Compile as `warmup`; `bar_options` are those of `progress_bar`."""
    keys = None if methods is None else list(methods)
    jobs = jobs_of(keys)
    bar = progress_bar(jobs, desc="compiling", unit="form", **bar_options)
    with ExitStack() as beside, bar, heeded_interrupts(), watch.watching(_Helped(beside, keys)):
        for name, work in bar:
            bar.set_postfix_str(name)
            work()


class _Helped:
    """Starts processes that compile beside this one when the first kernel is not there."""

    def __init__(self, beside: ExitStack, keys: list[str] | None) -> None:
        self._beside, self._keys = beside, keys
        self._is_started = keys == []

    def started(self, name: str) -> None:
        if not self._is_started:
            self._is_started = True
            self._beside.enter_context(helpers.helping("warm_up", self._keys or ()))

    def done(self, name: str) -> None:
        """Do nothing: the bar counts the jobs."""


def jobs_of(methods: Iterable[str] | None) -> list[_Job]:
    """Return names and functions, which compile everything of these methods or of all."""
    chosen = [method_of(key) for key in (BUILT_IN if methods is None else methods)]
    functions = {method.function: method for method in chosen}  # that of several keys once
    jobs = [
        job
        for method in chosen
        for job in _jobs(method, with_function=functions[method.function] is method)
    ]
    if methods is not None:
        return jobs
    return [
        *jobs,
        *_jobs_on_maps(),
        *_jobs_of_superpixels(),
        *_jobs_of_metrics(),
        *_jobs_of_explanations(),
        *_jobs_of_resampling(),
        *_jobs_of_windows(),
    ]


def _jobs(method: Method, *, with_function: bool) -> Iterator[_Job]:
    """Yield the jobs that compile a method's stream, and its function if asked to."""
    for backend, frame, out in _forms(method):
        work = partial(_use, method, backend, frame, out, with_function=with_function)
        yield f"{method.key} {backend} {frame.dtype} {frame.shape}", work


def _jobs_on_maps() -> Iterator[_Job]:
    """Yield the jobs for functions that take a map of any method."""
    from ..algorithms.binary_map import binary_map, salient_boxes
    from ..algorithms.scanpath import scanpath

    for backend in _backends():
        for size in _SIZES:
            for dtype in _OUT_DTYPES:
                saliency, name = np.zeros(size, dtype), f"{backend} {np.dtype(dtype)} {size}"
                saliency[4:8, 4:8] = 1
                for way in ("otsu", "adaptive", "kmeans"):
                    cut = partial(binary_map, saliency, method=way, seed=0, backend=backend)
                    yield f"binary_map {way} {name}", cut
                yield f"scanpath {name}", partial(scanpath, saliency, backend=backend)
                if backend == "cpu":
                    yield f"salient_boxes {name}", partial(salient_boxes, saliency)


def _jobs_of_superpixels() -> Iterator[_Job]:
    """Yield the jobs for functions without a map: superpixels and region statistics."""
    for backend in _backends():
        for dtype in (np.uint8, np.uint16, np.float32):
            for size in _SIZES:
                for shape in (size, (*size, 3)):
                    image = np.zeros(shape, dtype)
                    name = f"slic {backend} {image.dtype} {shape}"
                    yield name, partial(_segment, image, backend)


def _jobs_of_metrics() -> Iterator[_Job]:
    """Yield one job per dtype of a map and size; metrics run on the CPU only."""
    for dtype in (np.uint8, np.float32, np.float64):
        for size in _SIZES:
            saliency = np.eye(*size, dtype=dtype)
            yield f"metrics {saliency.dtype} {size}", partial(_measure, saliency)


def _jobs_of_explanations() -> Iterator[_Job]:
    """Yield one job per dtype and size for the kernels of `fastsal.explain`."""
    for dtype in (np.float32, np.float64):
        for size in _SIZES:
            attribution = np.eye(*size, dtype=dtype)
            yield f"explain {attribution.dtype} {size}", partial(_explain, attribution)


def _jobs_of_resampling() -> Iterator[_Job]:
    """Yield one job per dtype and size for the kernels of `fastsal.applications.retarget`."""
    for dtype in (np.uint8, np.uint16, np.float32):
        for size in _SIZES:
            yield f"resample {np.dtype(dtype)} {size}", partial(_resample, np.zeros(size, dtype))


def _jobs_of_windows() -> Iterator[_Job]:
    """Yield one job per size for the kernels of `fastsal.applications.best_crop`."""
    from ..kernels.windows import peaks_of

    for size in _SIZES:
        table = np.zeros((size[0] + 1, size[1] + 1))
        jobs = np.array([[0, size[0] - 7, 8, 8, 1]], np.int64)
        yield f"windows {size}", partial(peaks_of, table, jobs)


def _resample(image: Any) -> None:
    from ..kernels.resample import resample, taps_between

    taps = [taps_between(np.linspace(0, length, 9), length) for length in image.shape]
    resample(image[..., None], *taps)


def _explain(attribution: Any) -> None:
    from .. import explain
    from ..superpixels import felzenszwalb

    explain.heatmap(attribution)
    felzenszwalb(attribution)
    explain.xrai(attribution, attribution=attribution, mode="full")
    explain.xrai(attribution, attribution=attribution, mode="fast")


def _measure(saliency: Any) -> None:
    from .. import metrics

    points = np.argwhere(saliency > 0)
    density = metrics.density_map(points, saliency.shape, sigma=len(saliency) / 16)
    for truth in (saliency, density):
        metrics.evaluate(saliency, points, density=truth)
    metrics.evaluate_mask(saliency, saliency > 0)


def _segment(image: Any, backend: runtime.Backend) -> None:
    from ..algorithms.superpixels import region_stats, slic

    region_stats(image, slic(image, backend=backend), backend=backend)
    slic(image, mode="fast", max_iter=2, backend=backend)
    slic(image, mode="fast", max_iter=1, initial=slic(image, backend=backend), backend=backend)


def _use(
    method: Method, backend: runtime.Backend, frame: Any, out: Any, *, with_function: bool
) -> None:
    for options in ({}, *method.warmup):
        stream = Stream(method.key, backend=backend, **options)
        stream.update(frame, out=out)
        stream.update(frame, out=out)
    if with_function:
        _call(method, backend, frame, out)


def _call(method: Method, backend: runtime.Backend, frame: Any, out: Any) -> None:
    """Call the method's function on frames, and on a stack of them if it takes stacks."""
    function = method.load(method.function)
    if inspect.isclass(function):  # a class over frames: the stream has compiled it
        return
    parameters = inspect.signature(function).parameters
    required = sum(
        each.kind is each.POSITIONAL_OR_KEYWORD and each.default is each.empty
        for each in parameters.values()
    )
    if "out" not in parameters:  # boxes instead of a map
        function(*[frame] * required, backend=backend)
        return
    function(*[frame] * required, out=out, backend=backend)
    if "channel_axis" in parameters and out.shape == _SIZES[0]:
        axis = -1 if frame.ndim == 3 else None
        stack, outs = np.stack([frame] * _FRAMES), np.stack([out] * _FRAMES)
        function(*[stack] * required, channel_axis=axis, out=outs, backend=backend)


def _backends() -> list[runtime.Backend]:
    has_device = runtime.why_no_cuda() is None and not runtime.is_simulated()
    return ["cpu", "cuda"] if has_device else ["cpu"]


def _forms(method: Method) -> Iterator[tuple[runtime.Backend, Any, Any]]:
    """Yield a backend, a frame and an output for every kind that needs its own compilation."""
    for backend in _backends():
        for dtype in method.dtypes:
            for size in _SIZES:
                for shape in (size, (*size, 3)):
                    for out in _OUT_DTYPES:
                        yield backend, np.zeros(shape, dtype), np.empty(size, out)
        large = np.zeros(_LARGE, method.dtypes[0]), np.empty(_LARGE, _OUT_DTYPES[0])
        yield backend, *large

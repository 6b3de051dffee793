"""Training of BING: two stages of linear support vector machines, by scikit-learn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import images as arrays
from ... import validation
from ...boxes import iou
from ...call import Call
from ...errors import ImageError
from ...kernels.levels import in_levels
from ._formulas import BRIGHTEST
from .model import SPACES, BingModel
from .plan import WINDOW
from .samples import ENOUGH, Samples, View, mirrored, samples_of
from .search import search

_BACKGROUND = 100  # windows drawn per view
_MAX_BACKGROUND = 100_000  # in all


def train_bing(
    images: Sequence[ArrayLike],
    boxes: Sequence[ArrayLike],
    *,
    seed: int = 0,
    color: arrays.Color = "rgb",
    channel_axis: int | None = -1,
    progress: bool = True,
) -> BingModel:
    """Train a BING model on images with object boxes.

    Parameters
    ----------
    images : sequence of array_like, each (H, W), (H, W, 3) or (H, W, 4)
        uint8, uint16 or floats in [0, 1], of the host: grey levels or colours; a fourth channel
        is ignored. Sizes and dtypes may differ. As in `bing`, other dtypes are rounded to 8 bits.
    boxes : sequence of array_like of int, each (n, 4)
        x, y, width and height of the objects of each image, in pixels, clipped to the image. An
        image without boxes is all background.
    seed : int, default 0
        Seed for the random background windows. The same input and seed give the same model.
    color : {"rgb", "bgr"}, default "rgb"
        Order of the channels.
    channel_axis : int or None, default -1
        Axis of the channels of every image that has more than two axes.
    progress : bool, default True
        Show a progress bar on stderr if stderr is a terminal.

    Returns
    -------
    BingModel
        Pass it to `bing` as `training_path`, or save it in files that OpenCV reads.

    Raises
    ------
    ImageError
        If one of `images` is not an image of these forms.
    ValueError
        If `boxes` and `images` differ in length. If boxes are not integers of shape (n, 4), or lie
        outside their image. If too few boxes match a window size.
    ImportError
        If scikit-learn is not installed.

    Notes
    -----
    Stage I trains one filter per colour space with a linear SVM (Section 3.2 of [1]_). Positive
    samples are the windows that fit a box best, with an intersection over union of at least 0.5.
    Negative samples are random windows that fit no box. All images and their mirror images are
    used. Window sizes with too few boxes are omitted.

    Stage II trains a weight and a bias per size (Eq. 3). Its samples are the scores of the windows
    of stage I after non-maximum suppression.

    Two steps differ from the paper. Gradients are computed on the resized whole image, with their
    upper four bits, exactly as in `bing`. The scores of the second and third colour space are
    lowered by 0.2 and 0.4, because most of their boxes repeat boxes of the first. This raises
    recall among the first boxes of the merged list. The order within a colour space is unchanged,
    so OpenCV's results are unchanged too.

    References
    ----------
    .. [1] M.-M. Cheng, Z. Zhang, W.-Y. Lin and P. Torr, "BING: Binarized normed gradients for
       objectness estimation at 300fps", CVPR, 2014. https://doi.org/10.1109/CVPR.2014.414

    Examples
    --------
    >>> import numpy as np, fastsal
    >>> rng = np.random.default_rng(0)
    >>> images = list(rng.integers(0, 60, (4, 96, 128), dtype=np.uint8))
    >>> boxes = [[(8, 16, 32, 32)], [(60, 40, 32, 32)], [(90, 8, 32, 32)], [(30, 50, 32, 32)]]
    >>> for image, [(x, y, w, h)] in zip(images, boxes):
    ...     image[y : y + h, x : x + w] += 150
    >>> model = fastsal.train_bing(images, boxes, progress=False)
    >>> model.spaces
    ('maxbgr', 'hsv', 'i')
    """
    fit = linear_svm()
    rng = np.random.default_rng(validation.integer("seed", seed, 0))
    views = _checked_views(images, boxes, color, channel_axis)
    background = max(1, min(_BACKGROUND, _MAX_BACKGROUND // (2 * len(views))))
    with _bar(4 * len(views), progress) as bar:
        samples = [samples_of(view, background, rng) for view in _both_ways(views, bar)]
        sizes = learnt_sizes(samples)
        filters = learnt_filters(samples, fit)
        tallies = [tally_of(view, filters, sizes) for view in _both_ways(views, bar)]
    return BingModel(filters, sizes, learnt_calibrations(tallies, len(sizes), fit))


def _bar(total: int, progress: bool) -> Any:
    from tqdm import tqdm

    return tqdm(total=total, desc="training", unit="view", disable=None if progress else True)


def _both_ways(views: list[View], bar: Any) -> Iterator[View]:
    """Yield each view and then its mirror image, which is made only now: it is a copy."""
    for view in views:
        yield view
        bar.update()
        yield mirrored(view)
        bar.update()


def _checked_views(
    images: Any, boxes: Any, color: arrays.Color, channel_axis: int | None
) -> list[View]:
    """Return every image with its boxes."""
    images, boxes = _listed(images, "images"), _listed(boxes, "boxes")
    if len(images) != len(boxes) or not images:
        raise ValueError(
            "`images` and `boxes` must have the same length, at least 1; "
            f"got {len(images)} images and {len(boxes)} lists of boxes"
        )
    views = []
    for i, (image, its_boxes) in enumerate(zip(images, boxes, strict=True)):
        frames = arrays.as_frames(
            image, color=color, channel_axis=channel_axis, name=f"images[{i}]", stacks=False
        )
        if frames.owner is not None:
            raise ImageError(
                f"`images[{i}]` must be on the host; got a device array; copy it to the host first"
            )
        views.append(View(_in_bytes(frames), _clipped(its_boxes, frames.shape, i)))
    return views


def _in_bytes(frames: arrays.Frames) -> arrays.Frames:
    """Return frames in 8 bits, which stay when the next image is converted."""
    if frames.pixels.dtype == np.uint8:
        return frames
    converted = in_levels(Call("cpu", None, frames), frames, np.uint8)
    return converted._replace(pixels=arrays.read_only(converted.pixels.copy()))


def _listed(values: Any, name: str) -> list[Any]:
    try:
        return list(values)
    except TypeError:
        raise ValueError(f"`{name}` must be a sequence; got {type(values).__name__}") from None


def _clipped(boxes: Any, shape: tuple[int, ...], image: int) -> NDArray[np.int32]:
    """Return boxes of image number `image`, checked and clipped to it."""
    try:
        array = np.asarray(boxes)
    except ValueError:
        raise ValueError(
            f"`boxes[{image}]` must have shape (n, 4); got rows of different lengths"
        ) from None
    if array.size == 0:
        array = np.zeros((0, 4), np.int64)
    if array.ndim != 2 or array.shape[1] != 4 or array.dtype.kind not in "iu":
        raise ValueError(
            f"`boxes[{image}]` must be integers of shape (n, 4); "
            f"got {array.dtype} of shape {array.shape}"
        )
    start, extent = array[:, :2].astype(np.int64), array[:, 2:].astype(np.int64)
    limit = shape[::-1]
    stop = np.clip(start + extent, 0, limit)
    start = np.clip(start, 0, limit)
    for empty in np.flatnonzero((stop <= start).any(axis=1)):
        raise ValueError(
            f"`boxes[{image}][{empty}]` must overlap the image of {shape[1]} x {shape[0]} pixels; "
            f"got {array[empty].tolist()}"
        )
    return np.concatenate([start, stop - start], axis=1).astype(np.int32)


_FEWEST = 4  # windows of objects, mirror images included, from which on a size is used
_NSS = 2
# How much lower boxes score in each further colour space. Most of them repeat boxes of the spaces
# before. Near the top of the merged list a new place raises recall more than a repeat.
_REPEATS = 0.2

Floats = NDArray[np.float32]


class Tally(NamedTuple):
    """Results of stage I in one view and one colour space."""

    sizes: NDArray[np.int64]  # (n,) which of the model's
    scores: Floats  # (n,)
    is_hit: NDArray[np.bool_]  # (n,) whether it fits an object


def learnt_sizes(samples: list[Samples]) -> NDArray[np.int32]:
    """Return the window sizes that enough objects fit."""
    counts = np.bincount(np.concatenate([each.sizes for each in samples]), minlength=1)
    if counts.max() < _FEWEST:
        raise ValueError(
            f"`boxes` must have at least {_FEWEST // 2} boxes of one window size (16, 32, ... 512 "
            f"pixels wide and high); got {counts.max() // 2}; add images with boxes"
        )
    if not any(len(each.background) for each in samples):
        raise ValueError(
            "`boxes` must leave some background in the images; got boxes that fill all of them"
        )
    return np.flatnonzero(counts >= _FEWEST).astype(np.int32)


def learnt_filters(samples: list[Samples], fit: Fit) -> dict[str, Floats]:
    """Return stage I: the weight of each gradient of a window as evidence for an object."""
    objects = np.concatenate([each.objects for each in samples])
    background = np.concatenate([each.background for each in samples])
    windows = np.concatenate([objects, background]) / BRIGHTEST
    is_object = np.arange(len(windows)) < len(objects)
    filters = {}
    for i, space in enumerate(SPACES):
        weights, _ = fit(windows[:, i], is_object, 0.01)
        filters[space] = weights.reshape(WINDOW, WINDOW).astype(np.float32)
    return filters


def tally_of(view: View, filters: dict[str, Floats], sizes: NDArray[np.int32]) -> list[Tally]:
    """Return, per colour space, the windows that the filters find in a view."""
    unused = dict.fromkeys(filters, np.zeros((len(sizes), 2), np.float32))
    call = Call("cpu", None, view.frames)
    plan, found = search(call, BingModel(filters, sizes, unused), SPACES, _NSS)
    return [
        Tally(
            plan.numbers[each.scales],
            each.scores,
            (iou(each.boxes, view.boxes) >= ENOUGH).any(axis=1),
        )
        for each in found
    ]


def learnt_calibrations(tallies: list[list[Tally]], sizes: int, fit: Fit) -> dict[str, Floats]:
    """Return stage II: weight and bias of the score, per colour space and size."""
    calibrations = {}
    for i, space in enumerate(SPACES):
        size, score, is_hit = map(np.concatenate, zip(*[each[i] for each in tallies], strict=True))
        rows = [
            _calibration(score[size == each], is_hit[size == each], fit) for each in range(sizes)
        ]
        calibrations[space] = np.float32(rows) - np.float32([0, i * _REPEATS])
    return calibrations


def _calibration(score: Floats, is_hit: NDArray[np.bool_], fit: Fit) -> tuple[float, float]:
    """Return weight and bias of one size; a size that always or never hits needs no weight."""
    if is_hit.all() or not is_hit.any():
        return 0.0, 1.0 if is_hit.any() else -1.0
    middle, chroma = float(score.mean()), float(score.std()) or 1.0
    (weight,), bias = fit((score[:, None] - middle) / chroma, is_hit, 1.0)
    return weight / chroma, bias - weight * middle / chroma


# Arguments: points (n, d), their labels, and a cost. Results: weights (d,) and bias.
Fit = Callable[[NDArray[Any], NDArray[np.bool_], float], tuple[NDArray[np.float64], float]]


def linear_svm() -> Fit:
    """Return a function that fits a linear support vector machine, or explain how to install it."""
    try:
        from sklearn.svm import LinearSVC
    except ImportError:
        raise ImportError(
            "training needs scikit-learn, which is not installed; run `pip install scikit-learn`"
        ) from None

    def fit(
        points: NDArray[Any], is_positive: NDArray[np.bool_], cost: float
    ) -> tuple[NDArray[np.float64], float]:
        # The primal problem: its solution depends on no random numbers.
        machine = LinearSVC(C=cost, dual=False, max_iter=10_000)
        machine.fit(points.astype(np.float64), is_positive)
        return machine.coef_[0], float(machine.intercept_[0])

    return fit

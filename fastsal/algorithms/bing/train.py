"""Training of BING: the door."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import images as arrays
from ... import validation
from ...errors import ImageError
from ...kernels.levels import in_levels
from . import svm
from .model import BingModel
from .samples import View, mirrored, samples_of
from .stages import learnt_calibrations, learnt_filters, learnt_sizes, tally_of

_BACKGROUND = 100  # windows drawn per view
_MOST_BACKGROUND = 100_000  # in all


def train_bing(
    images: Sequence[ArrayLike],
    boxes: Sequence[ArrayLike],
    *,
    seed: int = 0,
    color: arrays.Color = "rgb",
    channel_axis: int | None = -1,
    progress: bool = True,
) -> BingModel:
    """Train a model for `bing` on images and the boxes of the objects in them.

    Parameters
    ----------
    images : sequence of array_like, each (H, W), (H, W, 3) or (H, W, 4)
        uint8, uint16 or floats in [0, 1], of the host: grey levels or colours; a fourth channel
        is ignored. Sizes and dtypes may differ. As in `bing`, other dtypes are rounded to 8 bits.
    boxes : sequence of array_like of int, each (n, 4)
        Column, row, width and height of the objects of each image, clipped to it. An image may
        have none: then all of it is background.
    seed : int, default 0
        Of the choice of background windows. The same images, boxes and seed give the same model.
    color : {"rgb", "bgr"}, default "rgb"
        Order of the channels.
    channel_axis : int or None, default -1
        Axis of the channels of every image that has more than two axes.
    progress : bool, default True
        Show a bar on stderr, where that is a terminal.

    Returns
    -------
    BingModel
        To pass as `training_path`, or to save in the files that OpenCV reads.

    Raises
    ------
    ImageError
        If one of `images` is not an image of these forms.
    ValueError
        If there are not as many `boxes` as `images`, or boxes are not integers (n, 4), are empty
        or outside their image, or fit too few windows to learn from.
    ImportError
        If scikit-learn is missing.

    Notes
    -----
    As the paper does, stage I learns one filter per colour space by a linear SVM: from the
    windows of each size that fit a box best, with an overlap (intersection over union) of at
    least 0.5, against windows drawn at random that fit none, of all images and their mirror
    images. Sizes that too few boxes fit are left out. Stage II learns a weight and a bias per
    size by a linear SVM: from the scores of the windows that stage I finds after non-maximum
    suppression, those that fit a box against all others. Other than in the paper, gradients are
    taken from the picture of the whole image, by their upper four bits, exactly as `bing` sees
    them, and the scores of the second and third colour space are lowered by 0.2 and 0.4, since
    most of their boxes repeat some of the first: that raises recall among the first boxes of
    the merged list, and changes no order within a colour space, thus nothing in OpenCV.

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
    fit = svm.linear_svm()
    rng = np.random.default_rng(validation.integer("seed", seed, 0))
    views = _checked_views(images, boxes, color, channel_axis)
    background = max(1, min(_BACKGROUND, _MOST_BACKGROUND // (2 * len(views))))
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
            f"expected boxes for each image, got {len(images)} images and {len(boxes)} lists of "
            "boxes"
        )
    views = []
    for i, (image, its_boxes) in enumerate(zip(images, boxes, strict=True)):
        frames = arrays.as_frames(
            image, color=color, channel_axis=channel_axis, name=f"image {i}",
            dtypes=arrays.DTYPES, stacks=False,
        )  # fmt: skip
        if frames.owner is not None:
            raise ImageError(
                f"`images` must be on the host; got image {i} on a device: copy it first"
            )
        views.append(View(_in_bytes(frames), _clipped(its_boxes, frames.shape, i)))
    return views


def _in_bytes(frames: arrays.Frames) -> arrays.Frames:
    """Return frames in 8 bits, which stay when the next image is converted."""
    if frames.pixels.dtype == np.uint8:
        return frames
    converted = in_levels(frames, "cpu", np.uint8)
    return converted._replace(pixels=arrays.read_only(converted.pixels.copy()))


def _listed(values: Any, name: str) -> list[Any]:
    try:
        return list(values)
    except TypeError:
        raise ValueError(f"expected a sequence of {name}, got {type(values).__name__}") from None


def _clipped(boxes: Any, shape: tuple[int, ...], image: int) -> NDArray[np.int32]:
    """Return boxes of image number `image`, checked and clipped to it."""
    try:
        array = np.asarray(boxes)
    except ValueError:
        raise ValueError(f"expected boxes of image {image} as (n, 4), got a ragged list") from None
    if array.size == 0:
        array = np.zeros((0, 4), np.int64)
    if array.ndim != 2 or array.shape[1] != 4 or array.dtype.kind not in "iu":
        raise ValueError(
            f"expected boxes of image {image} as integers (n, 4), got {array.dtype} {array.shape}"
        )
    start, extent = array[:, :2].astype(np.int64), array[:, 2:].astype(np.int64)
    limit = shape[::-1]
    stop = np.clip(start + extent, 0, limit)
    start = np.clip(start, 0, limit)
    for empty in np.flatnonzero((stop <= start).any(axis=1)):
        raise ValueError(
            f"box {empty} of image {image}, {array[empty].tolist()}, is empty or outside the "
            f"image of {shape[1]} x {shape[0]}"
        )
    return np.concatenate([start, stop - start], axis=1).astype(np.int32)

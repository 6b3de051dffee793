"""XRAI: regions of an image ranked by their mean attribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import containers, validation
from ..algorithms.felzenszwalb.api import labels_of
from ..algorithms.xrai import Regions, rank_regions
from ..algorithms.xrai.api import MODES, Mode
from ..errors import ImageError
from .gradients import integrated_gradients
from .models import image_array

# The constants of PAIR's package.
_SCALES = np.array([50.0, 100.0, 150.0, 250.0, 500.0, 1200.0])
_SIGMA, _MIN_SIZE, _SIDE, _RADIUS = 0.8, 150, 224, 5


class XraiDetails(NamedTuple):
    """Details of `xrai`: ranks, segments and attribution.

    Attributes
    ----------
    ranks : array of int32, (H, W)
        1 for the region of the greatest mean attribution. Pixels of no region come last.
    segments : Regions
        The regions, to be used again with the same image: ``xrai(..., segments=segments)``. It has
        a length, ``mask(index)`` and ``masks()``.
    attribution : array of float64, (H, W)
        The attribution that was ranked, the maximum over the channels.
    """

    ranks: Any
    segments: Regions
    attribution: Any


def xrai(
    image: Any,
    model: Any = None,
    *,
    target: Any = None,
    attribution: Any = None,
    baselines: Sequence[Any] = ("min", "max"),
    steps: int = 100,
    batch_size: int = 8,
    segments: Any = None,
    mode: Mode = "full",
    area_threshold: float = 1.0,
    min_pixel_diff: int = 50,
    return_details: bool = False,
) -> Any:
    """Rank the regions of an image by their mean attribution (XRAI).

    Six segmentations of the image give overlapping regions. The region of the greatest mean
    attribution over its new pixels comes next, until every pixel is covered. Segmentation and
    ranking run on the host; regions are stored as runs of pixels, in few bytes per pixel.

    Parameters
    ----------
    image : array_like of float, (H, W) or (H, W, C), or a tensor (C, H, W)
        The input as the model wants it. Any number of channels.
    model, target
        As in `gradient`. They are ignored if `attribution` is given.
    attribution : array_like, (H, W) or of `image`'s shape, optional
        Attributions to rank; of several channels the maximum counts. By default the mean of
        `integrated_gradients` over `baselines`, with PAIR's rule.
    baselines : sequence of {"min", "max"}, float or array, default ("min", "max")
        "min" and "max" are constant images of the minimum and the maximum of `image`.
    steps, batch_size
        As in `integrated_gradients`, for each baseline.
    segments : label image, stack of label images, masks, or Regions, optional
        Integers (H, W) or (S, H, W): each label of each image is a region. Or masks of bool
        (N, H, W), or a list of masks. Or `XraiDetails.segments` of an earlier call. They are used
        unchanged. By default Felzenszwalb's segments at six scales, dilated by 5 pixels.
    mode : {"full", "fast"}, default "full"
        "fast" orders the regions once, by the mean over their whole area.
    area_threshold : float, default 1.0
        With "full", stop once more than this fraction of the image is covered.
    min_pixel_diff : int, default 50
        Regions that would add fewer pixels are left out.
    return_details : bool, default False
        Also return `XraiDetails`.

    Returns
    -------
    saliency : array of float64, (H, W)
        The mean attribution of the region that a pixel counts to, in units of the attribution.
        Its sum is that of the attribution. A tensor for a tensor.
    details : XraiDetails
        With `return_details`.

    Raises
    ------
    ImageError, ModelError
        As in `gradient`; or if shapes do not fit, or `attribution` is not finite.
    ValueError
        If an option is out of its range, or there are no segments.

    Notes
    -----
    Sums are exact, so equal means are equal and the first region wins. A constant image has one
    segment.

    References
    ----------
    .. [1] A. Kapishnikov et al., "XRAI: better attributions through regions", ICCV 2019.
       https://arxiv.org/abs/1906.02825

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal import explain
    >>> image = np.zeros((40, 40))
    >>> image[:, 20:] = 1
    >>> labels = image.astype(int)
    >>> explain.xrai(image, attribution=image * 3, segments=labels)[0, [0, -1]]
    array([0., 3.])
    """
    mode = validation.choice("mode", mode, MODES)  # type: ignore[assignment]
    area = validation.number("area_threshold", area_threshold, 0, 1)
    least = validation.integer("min_pixel_diff", min_pixel_diff, 0)
    values = image_array(image)
    is_tensor = containers.is_tensor(image)
    axis = 0 if is_tensor else -1
    if values.ndim not in (2, 3):
        form = "(C, H, W)" if is_tensor else "(H, W, C)"
        raise ImageError(f"`image` must be of shape (H, W) or {form}; got {values.shape}")
    colors = np.moveaxis(values, axis, -1) if values.ndim == 3 else values[..., None]
    if segments is not None:
        segments = regions_of(segments, colors.shape[:2])
    if attribution is None:
        if model is None:
            raise ValueError("`model` or `attribution` must be given; got neither")
        attribution = mean_attribution(image, values, model, target, baselines, steps, batch_size)
    flat = _scores_of(attribution, values.shape, colors.shape[:2], axis)
    if segments is None:
        segments = regions_of_image(colors)
    found = rank_regions(flat, segments, mode, area, least)
    results: list[Any] = [found.saliency, found.ranks, flat]
    if is_tensor:
        results = [containers.returned(each, True).to(image.device) for each in results]
    saliency, ranks, scores = results
    return (saliency, XraiDetails(ranks, segments, scores)) if return_details else saliency


def mean_attribution(
    image: Any, values: NDArray[Any], model: Any, target: Any, baselines: Any, steps: int, size: int
) -> Any:
    """Return the mean of Integrated Gradients over baselines."""
    if isinstance(baselines, str) or not isinstance(baselines, Sequence) or not len(baselines):
        raise ValueError(
            "`baselines` must be a sequence of 'min', 'max', numbers or arrays; "
            f"got {validation.shown(baselines)}"
        )
    total: Any = 0
    for baseline in baselines:
        if isinstance(baseline, str):
            validation.choice("baselines", baseline, ("min", "max"))
            baseline = float(values.min() if baseline == "min" else values.max())
        total = total + integrated_gradients(
            image, model, target=target, baseline=baseline, steps=steps, rule="pair",
            batch_size=size,
        )  # fmt: skip
    return total / len(baselines)


def _scores_of(
    attribution: Any, full: tuple[int, ...], flat: tuple[int, ...], axis: int
) -> NDArray[np.float64]:
    """Return an attribution as (H, W) of float64."""
    scores = image_array(attribution, "attribution").astype(np.float64, copy=False)
    if scores.shape == full and len(full) == 3:
        scores = scores.max(axis)
    if scores.shape != flat:
        raise ImageError(f"`attribution` must be of shape {flat} or {full}; got {scores.shape}")
    return scores


def regions_of(segments: Any, shape: tuple[int, ...]) -> Regions:
    """Return a caller's segments as regions."""
    if isinstance(segments, Regions):
        if segments.shape != shape:
            raise ImageError(f"`segments` must be of an image of {shape}; got {segments.shape}")
        return segments
    if not len(segments):
        raise ValueError("`segments` must hold at least one segment; got none")
    if isinstance(segments, list | tuple):
        arrays = [containers.as_numpy(each, "segments") for each in segments]
    else:
        array = containers.as_numpy(segments, "segments")
        arrays = [array] if array.ndim == 2 else list(array)
    kinds = {each.dtype.kind for each in arrays}
    if any(each.shape != shape for each in arrays):
        wrong = next(each.shape for each in arrays if each.shape != shape)
        raise ImageError(f"`segments` must be of the image's shape {shape}; got {wrong}")
    if kinds == {"b"}:
        return Regions.of_masks(arrays)  # type: ignore[no-any-return]
    if not kinds <= {"u", "i"}:
        raise ImageError("`segments` must be masks of bool or label images of integers")
    found = [np.unique(each, return_inverse=True) for each in arrays]
    images = [places.reshape(shape) for _, places in found]
    counts = [names.size for names, _ in found]
    return Regions.of_labels(images, counts, 0)  # type: ignore[no-any-return]


def regions_of_image(colors: NDArray[Any]) -> Regions:
    """Return the regions of an image (H, W, C), as in PAIR's package."""
    labels = labels_of(normalised(colors), _SCALES, _SIGMA, _MIN_SIZE)
    rows, cols = (_nearest(length) for length in colors.shape[:2])
    counts = [int(each.max()) + 1 for each in labels]
    images = (each[rows][:, cols] for each in labels)
    return Regions.of_labels(images, counts, _RADIUS)  # type: ignore[no-any-return]


def _nearest(length: int) -> NDArray[np.intp]:
    """Return the row or column of the small image for each of the large one."""
    # The ratio comes first, as in SciPy: at ties the other order rounds otherwise.
    places = np.floor((np.arange(length) + 0.5) * (_SIDE / length)).astype(np.intp)
    nearest: NDArray[np.intp] = np.minimum(places, _SIDE - 1)
    return nearest


def normalised(colors: NDArray[Any]) -> NDArray[np.float64]:
    """Return an image scaled to [-1, 1] and resized to 224 x 224, as scikit-image resizes.

    Single channels give the same result as all at once, in a seventh of the time.
    """
    from scipy import ndimage

    low, high = colors.min(), colors.max()
    if low == high:
        return np.zeros((_SIDE, _SIDE, colors.shape[2]))
    found = np.empty((_SIDE, _SIDE, colors.shape[2]))
    shrink = np.divide(colors.shape[:2], _SIDE)
    sigma = np.maximum(0, (shrink - 1) / 2)
    ends = []
    for channel in range(colors.shape[2]):
        plane = (colors[..., channel] - low) / (high - low) * 2 - 1
        ends += [plane.min(), plane.max()]
        plane = ndimage.gaussian_filter(plane, sigma, mode="grid-constant")
        found[..., channel] = ndimage.zoom(
            plane, 1 / shrink, order=3, mode="grid-constant", grid_mode=True
        )
    return np.clip(found, min(ends), max(ends), out=found)

"""Quality of a distorted image: PSNR, SSIM and MS-SSIM, plain or weighted by saliency."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import images, validation
from ..errors import ImageError
from .inputs import Saliency, as_pair, as_weights
from .structure import MARGINS, Window, mean_similarity

# Wang, Simoncelli and Bovik 2003, section 4.
_SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def psnr(reference: ArrayLike, image: ArrayLike, *, saliency: Saliency | None = None) -> float:
    """Return the peak signal-to-noise ratio of an image, in decibels.

    Parameters
    ----------
    reference, image : array_like of uint8, uint16 or float in [0, 1], (H, W), (H, W, 3 or 4)
        The original and its distorted version, of the same shape and dtype. A fourth channel is
        ignored.
    saliency : array_like (H, W), str or callable, optional
        Weight of each pixel: a map of numbers from 0 up, the key of a method for single images, or
        a function. Methods and functions get `reference` and return the map. None, or a map of
        zeros, weighs all pixels equally.

    Returns
    -------
    float
        10 log10(L^2 / E), infinity for equal images. L is 255, 65535 or, for floats, 1. E is the
        mean squared error over all pixels and channels, weighted by saliency.

    Raises
    ------
    ImageError
        If an image or the map is not as described, lies on a device, or shapes or dtypes differ.
    ValueError
        If `saliency` names no method, or one that compares frames.

    Notes
    -----
    Equal to ``skimage.metrics.peak_signal_noise_ratio`` without saliency. Floats are computed in
    float64; scikit-image computes float32 images in float32.

    Examples
    --------
    >>> import numpy as np
    >>> from fastsal.applications import psnr
    >>> reference = np.full((4, 4), 100, np.uint8)
    >>> image = reference.copy()
    >>> image[0, 0] = 116
    >>> round(psnr(reference, image), 2)
    36.09
    >>> saliency = np.zeros((4, 4))
    >>> saliency[0, 0] = saliency[1, 1] = 1  # half the weight on the changed pixel
    >>> round(psnr(reference, image, saliency=saliency), 2)
    27.06
    """
    first, second = as_pair(reference, image)
    if saliency is None:
        error = _squared_error(first, second) / first.size
    else:
        weights = as_weights(saliency, reference, first.shape[:2])
        difference = first.astype(np.float64) - second
        squares = np.einsum("hwc,hwc->hw", difference, difference)
        error = float(np.vdot(weights, squares) / (weights.sum() * first.shape[2]))
    return 10 * math.log10(_white(first) ** 2 / error) if error else math.inf


def ssim(
    reference: ArrayLike,
    image: ArrayLike,
    *,
    saliency: Saliency | None = None,
    window: Window = "gaussian",
) -> float:
    """Return the structural similarity of two images.

    Parameters
    ----------
    reference, image : array_like of uint8, uint16 or float in [0, 1], (H, W), (H, W, 3 or 4)
        The original and its distorted version, of the same shape and dtype, with sides of at least
        11 pixels ("uniform": 7). A fourth channel is ignored.
    saliency : array_like (H, W), str or callable, optional
        Weight of each pixel: a map of numbers from 0 up, the key of a method for single images, or
        a function. Methods and functions get `reference` and return the map. None, or a map of
        zeros, weighs all pixels equally.
    window : {"gaussian", "uniform"}, default "gaussian"
        "gaussian" is the original definition: 11 x 11 pixels, sigma 1.5, population covariance.
        "uniform" is scikit-image's default: 7 x 7 pixels, sample covariance.

    Returns
    -------
    float
        From -1 to 1, and 1 for equal images: the mean over windows that lie inside the image,
        weighted by the saliency at their centres. Colour images give the mean of their channels.

    Raises
    ------
    ImageError
        If an image or the map is not as described, lies on a device, or shapes or dtypes differ.
    ValueError
        If `window` is not one of the two, or `saliency` names no method or one that compares
        frames.

    Notes
    -----
    Without saliency, equal to ``skimage.metrics.structural_similarity``, for "gaussian" with
    ``gaussian_weights=True, sigma=1.5, use_sample_covariance=False``. All is computed in float64.

    References
    ----------
    .. [1] Z. Wang, A. C. Bovik, H. R. Sheikh and E. P. Simoncelli, "Image quality assessment: from
       error visibility to structural similarity", IEEE TIP 13(4), 2004.
       https://doi.org/10.1109/TIP.2003.819861

    Examples
    --------
    >>> import numpy as np
    >>> from skimage import data
    >>> from fastsal.applications import ssim
    >>> reference = data.camera()
    >>> image = reference // 32 * 32
    >>> round(ssim(reference, image), 3)
    0.688
    >>> round(ssim(reference, image, saliency="boolean-map"), 3)
    0.755
    """
    validation.choice("window", window, MARGINS)
    first, second = as_pair(reference, image)
    _check_sides(first, 2 * MARGINS[window] + 1, "image", f'for window="{window}"')
    weights = None if saliency is None else as_weights(saliency, reference, first.shape[:2])
    values = [
        mean_similarity(x, y, weights, _white(first), window) for x, y in _planes(first, second)
    ]
    return float(np.mean(values))


def ms_ssim(reference: ArrayLike, image: ArrayLike, *, saliency: Saliency | None = None) -> float:
    """Return the multi-scale structural similarity of two images.

    Parameters
    ----------
    reference, image : array_like of uint8, uint16 or float in [0, 1], (H, W), (H, W, 3 or 4)
        The original and its distorted version, of the same shape and dtype, with sides of at least
        161 pixels, which leaves 11 at the fifth scale. A fourth channel is ignored.
    saliency : array_like (H, W), str or callable, optional
        Weight of each pixel: a map of numbers from 0 up, the key of a method for single images, or
        a function. Methods and functions get `reference` and return the map. None, or a map of
        zeros, weighs all pixels equally. The map is halved in size together with the images.

    Returns
    -------
    float
        From 0 to 1, and 1 for equal images. Colour images give the mean of their channels.

    Raises
    ------
    ImageError
        If an image or the map is not as described, lies on a device, or shapes or dtypes differ.
    ValueError
        If `saliency` names no method, or one that compares frames.

    Notes
    -----
    The product of the contrast-structure means of scales 1 to 4 and of the SSIM of scale 5, raised
    to the weights of the paper [1]_. Each scale averages 2 x 2 pixels of the last one; an odd side
    repeats its last row or column. Means below 0 count as 0, since they have no such power.

    References
    ----------
    .. [1] Z. Wang, E. P. Simoncelli and A. C. Bovik, "Multiscale structural similarity for image
       quality assessment", Asilomar Conference on Signals, Systems and Computers, 2003.
       https://doi.org/10.1109/ACSSC.2003.1292216

    Examples
    --------
    >>> from skimage import data
    >>> from fastsal.applications import ms_ssim
    >>> reference = data.camera()
    >>> round(ms_ssim(reference, reference // 32 * 32), 3)
    0.919
    """
    first, second = as_pair(reference, image)
    _check_sides(first, 161, "image", "for five scales")
    weights = None if saliency is None else as_weights(saliency, reference, first.shape[:2])
    values = [_over_scales(x, y, weights, _white(first)) for x, y in _planes(first, second)]
    return float(np.mean(values))


def _over_scales(
    first: NDArray[Any],
    second: NDArray[Any],
    weights: NDArray[np.float64] | None,
    white: float,
) -> float:
    product = 1.0
    for scale, power in enumerate(_SCALE_WEIGHTS):
        if scale:
            first, second = _halved(first), _halved(second)
            weights = None if weights is None else _halved(weights)
        is_last = scale == len(_SCALE_WEIGHTS) - 1
        mean = mean_similarity(first, second, weights, white, "gaussian", is_structure=not is_last)
        product *= max(0.0, mean) ** power
    return product


def _halved(image: NDArray[Any]) -> NDArray[np.float64]:
    """Return the means of 2 x 2 pixels; an odd side repeats its last row or column."""
    height, width = image.shape
    if height % 2 or width % 2:
        image = np.pad(image, ((0, height % 2), (0, width % 2)), mode="edge")
    rows = np.add(image[0::2], image[1::2], dtype=np.float64)
    means: NDArray[np.float64] = (rows[:, 0::2] + rows[:, 1::2]) / 4
    return means


def _planes(first: NDArray[Any], second: NDArray[Any]) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Return the channels of both images."""
    return [(first[..., channel], second[..., channel]) for channel in range(first.shape[2])]


def _squared_error(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Return the sum of the squared differences, exact for integers."""
    if first.dtype.kind == "f":
        first, second = first.astype(np.float64), second.astype(np.float64)
    flat = [np.ascontiguousarray(each).reshape(len(each), -1) for each in (first, second)]
    return float(cv2.norm(flat[0], flat[1], cv2.NORM_L2SQR))


def _white(image: NDArray[Any]) -> float:
    return 1.0 if image.dtype.kind == "f" else float(images.WHITE[image.dtype])


def _check_sides(image: NDArray[Any], smallest: int, name: str, reason: str) -> None:
    if min(image.shape[:2]) < smallest:
        raise ImageError(
            f"`{name}` must have sides of at least {smallest} pixels {reason}; "
            f"got shape {image.shape[:2]}"
        )

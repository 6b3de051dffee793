"""A drop-in for `smartcrop.SmartCrop` that ranks crops by saliency."""

from __future__ import annotations

import math
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from .. import validation
from ..metrics.inputs import Map
from .cropping import Windows
from .inputs import Saliency, as_picture, as_saliency, check_shape, map_of

if TYPE_CHECKING:
    from PIL.Image import Image


class SmartCrop:
    """Rank crops of a PIL image, with the methods and results of `smartcrop.SmartCrop`.

    Parameters
    ----------
    saliency : str, callable or array_like (H, W), default "boolean-map"
        Key of a method for single images, a function that returns the map of an image, or the map
        itself. It takes the place of smartcrop's weights for skin, edges and saturation.
    avoid_cutting : bool, default True
        Count saliency at the crop's border half, as `best_crop` does.

    Raises
    ------
    ValueError
        If `avoid_cutting` is not a bool.

    See Also
    --------
    best_crop : the best window over all positions.

    Notes
    -----
    smartcrop 0.5.0 sums its features over every crop; here a summed-area table gives each sum from
    four numbers. Crops differ: the widest square of a 512 x 512 image has 512 columns, not 511.

    Examples
    --------
    >>> from PIL import Image
    >>> from skimage import data
    >>> from fastsal.applications import SmartCrop
    >>> image = Image.fromarray(data.astronaut())
    >>> result = SmartCrop().crop(image, width=100, height=50)
    >>> crop = result["top_crop"]
    >>> crop["width"], crop["height"], sorted(crop)
    (461, 231, ['height', 'score', 'width', 'x', 'y'])
    """

    def __init__(self, *, saliency: Saliency = "boolean-map", avoid_cutting: bool = True) -> None:
        if not isinstance(avoid_cutting, bool | np.bool):
            raise ValueError(f"`avoid_cutting` must be True or False; got {avoid_cutting!r}")
        self._saliency, self._is_framed = saliency, bool(avoid_cutting)

    def crop(
        self,
        image: Image,
        width: int,
        height: int,
        *,
        prescale: bool = True,
        max_scale: float = 1,
        min_scale: float = 0.9,
        num_scale_steps: int = 2,
        step: int = 8,
    ) -> dict[str, Any]:
        """Return crops with the aspect of `width` to `height`.

        Parameters
        ----------
        image : PIL.Image.Image or array_like (H, W) or (H, W, 3)
            The image.
        width, height : int
            The aspect, and the smallest size of a crop unless the image is smaller. Crops are not
            resized to it.
        prescale : bool, default True
            Count `step` in pixels of the image shrunk to the smallest crop of `width` x `height`.
            Otherwise `step` counts pixels of the image.
        max_scale, min_scale : float, default 1 and 0.9
            Largest and smallest crop, as fractions of the widest one that fits.
        num_scale_steps : int, default 2
            Number of sizes from `max_scale` to `min_scale`.
        step : int, default 8
            Distance of neighbouring crops.

        Returns
        -------
        dict
            "top_crop" is the best crop and "crops" the list of all. "analyse_image" is the saliency
            map as a grey PIL image, of the size of `image`. Each crop is a dict with "x", "y",
            "width", "height" and "score".

        Raises
        ------
        ImageError
            If the image or its map is not as described.
        ValueError
            If an option is out of range.
        """
        width, height = (
            validation.integer("width", width, 1),
            validation.integer("height", height, 1),
        )
        _check(max_scale, min_scale, num_scale_steps, step)
        saliency = self._map(image)
        rows, cols = saliency.shape
        # In integers: smartcrop's floats lose a pixel.
        scale = min(cols / width, rows / height)
        if cols * height <= rows * width:
            crop_width, crop_height = cols, max(1, height * cols // width)
        else:
            crop_width, crop_height = max(1, width * rows // height), rows
        min_scale = min(max_scale, max(1 / scale, min_scale))
        shrunk = min(1.0, 1 / scale / min_scale) if prescale else 1.0
        return self._ranked(
            saliency, crop_width, crop_height, max_scale, min_scale, num_scale_steps, step / shrunk
        )

    def analyse(
        self,
        image: Image,
        crop_width: int,
        crop_height: int,
        *,
        max_scale: float = 1,
        min_scale: float = 0.9,
        num_scale_steps: int = 2,
        step: int = 8,
    ) -> dict[str, Any]:
        """Return crops of `crop_width` x `crop_height` pixels times each scale.

        Parameters
        ----------
        image : PIL.Image.Image or array_like (H, W) or (H, W, 3)
            The image.
        crop_width, crop_height : int
            Size of a crop of scale 1; it must fit in the image.
        max_scale, min_scale : float, default 1 and 0.9
            Largest and smallest scale.
        num_scale_steps : int, default 2
            Number of sizes from `max_scale` to `min_scale`.
        step : int, default 8
            Distance of neighbouring crops, in pixels.

        Returns
        -------
        dict
            As `crop` returns it.

        Raises
        ------
        ImageError
            If the image or its map is not as described.
        ValueError
            If an option is out of range.
        """
        _check(max_scale, min_scale, num_scale_steps, step)
        saliency = self._map(image)
        rows, cols = saliency.shape
        crop_width = validation.integer("crop_width", crop_width, 1, cols)
        crop_height = validation.integer("crop_height", crop_height, 1, rows)
        return self._ranked(
            saliency, crop_width, crop_height, max_scale, min_scale, num_scale_steps, float(step)
        )

    def _map(self, image: Any) -> Map:
        pixels = as_picture(image, "image")
        if pixels.shape[2] == 1:
            pixels = pixels[..., 0]
        saliency = as_saliency(map_of(self._saliency, pixels))
        check_shape(saliency, pixels.shape[:2])
        return saliency

    def _ranked(
        self,
        saliency: Any,
        crop_width: int,
        crop_height: int,
        max_scale: float,
        min_scale: float,
        num_scale_steps: int,
        step: float,
    ) -> dict[str, Any]:
        windows = Windows(saliency, is_framed=self._is_framed)
        rows, cols = saliency.shape
        crops: list[dict[str, Any]] = []
        last = None
        for scale in np.linspace(max_scale, min_scale, num_scale_steps):
            height, width = math.ceil(crop_height * scale), math.ceil(crop_width * scale)
            if (height, width) == last:
                continue
            last = height, width
            starts = _starts(cols - width, step), _starts(rows - height, step)
            x, y = (each.ravel() for each in np.meshgrid(*starts))
            scores = windows.scores_at(x, y, height, width)
            crops += [
                {"x": left, "y": top, "width": width, "height": height, "score": score}
                for left, top, score in zip(x.tolist(), y.tolist(), scores.tolist(), strict=True)
            ]
        top_crop = max(crops, key=itemgetter("score"))
        return {"analyse_image": _picture(saliency), "crops": crops, "top_crop": top_crop}


def _starts(last: int, step: float) -> Any:
    """Return positions from 0 to `last`, `step` apart, rounded down."""
    return np.arange(0, last + 1, step).astype(np.int64)


def _picture(saliency: Any) -> Image:
    from PIL import Image

    return Image.fromarray(cv2.convertScaleAbs(saliency / (saliency.max() or 1), alpha=255))


def _check(max_scale: float, min_scale: float, num_scale_steps: int, step: int) -> None:
    validation.number("max_scale", max_scale, 0.001, 1)
    validation.number("min_scale", min_scale, 0.001, max_scale)
    validation.integer("num_scale_steps", num_scale_steps, 1)
    validation.integer("step", step, 1)

"""The images, flow fields and maps of STRA-Net, prepared and finished as its authors do it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

SIZE = 224  # of the network's input
FIELDS = 5  # of optical flow per frame

_MEANS = np.array([103.939, 116.779, 123.68])  # of blue, green, red: the authors' code swaps them
_MIN_FLOW, _MAX_FLOW = 0.1, 20.0  # pixels per frame
_SIGMA = 7  # of the blur, in pixels

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


def prepare_image(frame: Pixels) -> Floats:
    """Return a frame as the network takes it.

    The frame is resized into a square with black borders. The authors subtract the means of blue,
    green and red from red, green and blue; so do we, as the weights expect it.

    Parameters
    ----------
    frame : array of uint8, (H, W, 3) or (H, W)
        RGB or grey. Grey frames are stretched to the whole range, as SciPy did.

    Returns
    -------
    array of float32, (3, 224, 224)
        Blue, green, red.
    """
    if frame.ndim == 2:
        frame = np.repeat(stretch(frame)[..., None], 3, -1)
    square = np.zeros((SIZE, SIZE, 3), np.float64)
    height, width = _inside(*frame.shape[:2])
    top, left = (SIZE - height) // 2, (SIZE - width) // 2
    resized = Image.fromarray(frame).resize((width, height), Image.Resampling.BILINEAR)
    square[top : top + height, left : left + width] = np.asarray(resized)
    return np.ascontiguousarray((square - _MEANS)[..., ::-1].transpose(2, 0, 1), np.float32)


def prepare_flow(flow: NDArray[np.floating]) -> Floats:
    """Return a field of optical flow as the network takes it.

    The authors call `numpy.resize`, which does not scale: it takes the first values of the field,
    row by row. The weights were trained on such fields, so that they are made here too.

    Parameters
    ----------
    flow : array of float, (H, W, 2)
        Pixels per frame along columns and rows.

    Returns
    -------
    array of float32, (2, 224, 224)
        The vertical component, then the horizontal one. Values below 0.1 are 0; those beyond 20 are
        clipped.
    """
    height, width = _inside(*flow.shape[:2])
    top, left = (SIZE - height) // 2, (SIZE - width) // 2
    square = np.zeros((2, SIZE, SIZE), np.float32)
    count = height * width
    for component, target in zip((1, 0), square, strict=True):
        rows = -(-count // flow.shape[1])  # more than these are not read
        values = np.resize(flow[:rows, :, component], (height, width)).astype(np.float32)
        values[np.abs(values) < _MIN_FLOW] = 0
        target[top : top + height, left : left + width] = values.clip(-_MAX_FLOW, _MAX_FLOW)
    return square


def finish_map(saliency: Floats, shape: tuple[int, int]) -> Floats:
    """Return the map of a frame as the authors store it: upsampled, cropped, blurred, stretched.

    Parameters
    ----------
    saliency : array of float32, (224, 224)
        The network's output in [0, 1].
    shape : (int, int)
        Height and width of the frame.

    Returns
    -------
    array of float32, `shape`
        In [0, 1]: the 256 levels of the authors' file divided by 255.
    """
    return stretch(blurred(saliency, shape)).astype(np.float32) / np.float32(255)


def blurred(saliency: Floats, shape: tuple[int, int]) -> Floats:
    """Return the map of `finish_map` before its last rounding, in [0, 255]."""
    height, width = shape
    rows, columns = saliency.shape
    if height / rows > width / columns:
        covering = (height, columns * height // rows)
    else:
        covering = (rows * width // columns, width)
    image = Image.fromarray(stretch(saliency))
    large = np.asarray(image.resize(covering[::-1], Image.Resampling.BILINEAR))
    top, left = (large.shape[0] - height) // 2, (large.shape[1] - width) // 2
    smooth = ndimage.gaussian_filter(large[top : top + height, left : left + width], _SIGMA)
    result: Floats = (smooth / float(smooth.max() or 1) * 255).astype(np.float32)
    return result


def stretch(values: NDArray[np.number]) -> Pixels:
    """Return values scaled to 0...255 from their minimum and maximum, as SciPy 1.2 does."""
    low, high = float(values.min()), float(values.max())
    scaled = (values.astype(np.float64) - low) * (255 / ((high - low) or 1.0))
    return (scaled.clip(0, 255) + 0.5).astype(np.uint8)


def _inside(height: int, width: int) -> tuple[int, int]:
    """Return the size that fits the network's input and has the aspect of `height` x `width`."""
    if height > width:
        return SIZE, width * SIZE // height
    return height * SIZE // width, SIZE

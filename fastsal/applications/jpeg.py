"""JPEG with coarser coefficients in some blocks, which every decoder reads.

The coefficients of these blocks are rounded to multiples of a coarser step, and the pixels of the
result are encoded as usual. The encoder finds the rounded coefficients again, mostly zeros.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .salient import Mask

Plane = NDArray[np.uint8]  # (h, w)

# Horizontal and vertical reduction of the chroma planes.
SUBSAMPLINGS = {"4:4:4": (1, 1), "4:2:2": (2, 1), "4:2:0": (2, 2)}

_SIZE = 8  # of a block
_K, _N = np.mgrid[:_SIZE, :_SIZE]
_DCT = (
    np.where(_K == 0, np.sqrt(1 / _SIZE), np.sqrt(2 / _SIZE))
    * np.cos((2 * _N + 1) * _K * np.pi / (2 * _SIZE))
).astype(np.float32)  # orthonormal, (frequency, position)


def encoded(
    image: Image.Image, quality: int, subsampling: str, metadata: dict[str, bytes]
) -> bytes:
    """Return an image as a JPEG file."""
    buffer = io.BytesIO()
    color: dict[str, Any] = {} if image.mode == "L" else {"subsampling": subsampling}
    image.save(buffer, "JPEG", quality=quality, optimize=True, **color, **metadata)
    return buffer.getvalue()


def coarsened(
    pixels: NDArray[np.uint8], is_kept: Mask, factor: float, quality: int, subsampling: str
) -> Image.Image:
    """Return an image with coarser coefficients in blocks without any pixel to keep.

    Parameters
    ----------
    pixels : ndarray of uint8, (H, W) or (H, W, 3)
    is_kept : ndarray of bool, (H, W)
    factor : float
        The coarser step as a multiple of the step of `quality`.
    quality : int
    subsampling : str

    Returns
    -------
    PIL.Image.Image
        Of mode "L" or "YCbCr", to be encoded with this quality and subsampling.
    """
    mode = "L" if pixels.ndim == 2 else "YCbCr"
    # Pillow's conversion does not round, and would cost 0.2 dB.
    bands = [pixels] if mode == "L" else cv2.split(cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb))
    steps = _quantization(mode, quality, subsampling)
    planes = []
    for band, plane in enumerate(bands):
        reduction = SUBSAMPLINGS[subsampling] if band else (1, 1)
        values = _reduced(plane, reduction)
        kept = _blocks_of(is_kept, reduction)
        values = _coarsened_plane(values, kept, factor * steps[min(band, len(steps) - 1)])
        planes.append(Image.fromarray(_enlarged(values, reduction, is_kept.shape)))
    if mode == "L":
        return planes[0]
    luma, red, blue = planes
    return Image.merge(mode, [luma, blue, red])


def _quantization(mode: str, quality: int, subsampling: str) -> list[NDArray[np.float32]]:
    """Return the tables of quantisation steps, (8, 8) each: luma, then chroma."""
    data = encoded(Image.new(mode, (_SIZE, _SIZE)), quality, subsampling, {})
    with Image.open(io.BytesIO(data)) as image:
        tables: dict[int, Sequence[int]] = image.quantization  # type: ignore[attr-defined]
    return [np.array(table, np.float32).reshape(_SIZE, _SIZE) for table in tables.values()]


def _coarsened_plane(plane: Plane, is_kept: Mask, steps: NDArray[np.float32]) -> Plane:
    """Round the AC coefficients of some blocks to multiples of `steps`."""
    height, width = plane.shape
    rows, cols = is_kept.shape
    values = _padded(plane, rows * _SIZE, cols * _SIZE).astype(np.float32)
    coefficients = _transformed(values, _DCT).reshape(rows, _SIZE, cols, _SIZE)
    table = steps[None, :, None, :]
    rounded = np.rint(coefficients / table)
    rounded *= table
    rounded[:, 0, :, 0] = coefficients[:, 0, :, 0]  # DC: the mean of the block
    pixels = _transformed(rounded.reshape(values.shape), np.ascontiguousarray(_DCT.T))
    kept = is_kept.repeat(_SIZE, 0).repeat(_SIZE, 1)[:height, :width]
    coarse = np.rint(pixels[:height, :width]).clip(0, 255).astype(np.uint8)
    return np.where(kept, plane, coarse)


def _transformed(values: NDArray[np.float32], matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Multiply every 8 x 8 block by `matrix` from the left, and by its transpose from the right."""
    height, width = values.shape
    columns = np.matmul(matrix, values.reshape(-1, _SIZE, width))
    rows: NDArray[np.float32] = columns.reshape(-1, _SIZE) @ matrix.T
    return rows.reshape(height, width)


def _blocks_of(mask: Mask, reduction: tuple[int, int]) -> Mask:
    """Return which blocks of a reduced plane hold any pixel of a mask."""
    width, height = (_SIZE * factor for factor in reduction)
    rows, cols = -(-mask.shape[0] // height), -(-mask.shape[1] // width)
    padded = np.zeros((rows * height, cols * width), bool)
    padded[: mask.shape[0], : mask.shape[1]] = mask
    blocks: Mask = np.any(padded.reshape(rows, height, cols, width), axis=(1, 3))
    return blocks


def _reduced(plane: Plane, reduction: tuple[int, int]) -> Plane:
    """Return the means over cells, as the encoder computes them; the last pixels are repeated."""
    if reduction == (1, 1):
        return plane
    width, height = reduction
    rows, cols = -(-plane.shape[0] // height), -(-plane.shape[1] // width)
    cells = _padded(plane, rows * height, cols * width)
    means: Plane = cv2.resize(cells, (cols, rows), interpolation=cv2.INTER_AREA)
    return means.reshape(rows, cols)


def _enlarged(plane: Plane, reduction: tuple[int, int], shape: tuple[int, ...]) -> Plane:
    """Repeat pixels: the encoder's means then are these pixels."""
    width, height = reduction
    return np.ascontiguousarray(plane.repeat(height, 0).repeat(width, 1)[: shape[0], : shape[1]])


def _padded(plane: Plane, height: int, width: int) -> Plane:
    missing = ((0, height - plane.shape[0]), (0, width - plane.shape[1]))
    return np.pad(plane, missing, mode="edge") if any(map(any, missing)) else plane

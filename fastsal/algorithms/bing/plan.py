"""Tables of BING for an image size: scales, windows, and the filters of signs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .model import SPACES, BingModel

PICKED = 250  # windows of each colour space and scale, at most
WINDOW = 8
_SMALLEST, _SIDES = 16, 6
_TAPS = 17  # a sum of this number of upper halves, 0 to 15 each, fits into 8 bits
_CHUNKS = 6  # maximum number of taps in a filter of 64


@dataclass(frozen=True, eq=False)
class Plan:
    """The scales of an image size.

    Each is a picture of the whole image in which windows of that size are 8 x 8. Scales lie one
    behind the other in the arrays of a backend.
    """

    numbers: NDArray[np.int64]  # (n,) which of the model's sizes
    windows: NDArray[np.int64]  # (n, 2) width, height in the image
    # (n, 7) rows, cols, where in pixels, rows and both tables, and `_middle_of`
    scales: NDArray[np.int64]
    tables: NDArray[np.int32]  # (3, m) source of each row or column, the next, its weight
    pixels: int
    rows: int


def plan_of(shape: tuple[int, int], sizes: NDArray[np.int32]) -> Plan:
    """Return the plan of an image size, largest windows first as in OpenCV."""
    return _planned(shape, tuple(int(each) for each in sizes))


@lru_cache(maxsize=16)
def _planned(shape: tuple[int, int], sizes: tuple[int, ...]) -> Plan:
    height, width = shape
    numbers, windows, scales, tables = [], [], [], []
    pixel, row, entry = 0, 0, 0
    for number in reversed(range(len(sizes))):
        tall = _SMALLEST << sizes[number] // _SIDES
        wide = _SMALLEST << sizes[number] % _SIDES
        if tall > 2 * height or wide > 2 * width:
            continue
        tall, wide = min(tall, height), min(wide, width)
        rows, cols = round(WINDOW * height / tall), round(WINDOW * width / wide)
        numbers.append(number)
        windows.append((wide, tall))
        scales.append((rows, cols, pixel, row, entry, entry + rows, _middle_of(cols, width)))
        tables += [_table(rows, height), _table(cols, width)]
        pixel, row, entry = pixel + rows * cols, row + rows, entry + rows + cols
    return Plan(
        np.array(numbers, np.int64),
        np.array(windows, np.int64).reshape(-1, 2),
        np.array(scales, np.int64).reshape(-1, 7),
        np.concatenate([np.zeros((3, 0), np.int32), *tables], axis=1),
        pixel,
        row,
    )


def boxes_of(
    plan: Plan, shape: tuple[int, int], scale: NDArray[Any], row: NDArray[Any], col: NDArray[Any]
) -> NDArray[np.int32]:
    """Return the boxes (n, 4) in the image of the windows at these places of these scales."""
    wide, tall = plan.windows[scale].T
    left, top = col * (wide // WINDOW), row * (tall // WINDOW)
    width, height = np.minimum(wide, shape[1] - left), np.minimum(tall, shape[0] - top)
    return np.stack([left, top, width, height], axis=1).astype(np.int32)


def _middle_of(cols: int, width: int) -> int:
    """Return 2 or 4 if each column is the mean of the middle two of 2 or 4, else 0."""
    ratio = width // cols
    return ratio if ratio in (2, 4) and ratio * cols == width else 0


def _table(target: int, source: int) -> NDArray[np.int32]:
    """Return the source positions of OpenCV's ``INTER_LINEAR_EXACT``, in units of 1/256."""
    place = (1 / (target / source)) * (np.arange(target) + 0.5) - 0.5
    first = np.floor(place)
    weight = np.rint((place - first) * 256)
    weight[(first < 0) | (first >= source - 1)] = 0
    first = np.clip(first, 0, source - 1)
    return np.array([first, np.minimum(first + 1, source - 1), weight], np.int32)


class Filters(NamedTuple):
    """Filters of signs that approximate those of a model, in the forms that backends take.

    Half the sum of both filters, and half their difference, have taps of 1, -1 and 0. Each tap is
    in one of the two. So both filters follow from one pass over the 64 taps.
    """

    spaces: NDArray[np.int64]  # (s,) of SPACES
    factors: NDArray[np.float32]  # (s, 2) factors of the two filters of signs
    signs: NDArray[np.int64]  # (s, 2, 64) these filters
    # (s, 64, 3) row, column, and 1 for the sum of that row and the next one, else 0
    taps: NDArray[np.int64]
    # (s, 6, 5) first tap, first negative tap, stop, 0 for half the sum or 1 for half the
    # difference, and how many pixels are negative
    chunks: NDArray[np.int64]


def filters_of(model: BingModel, spaces: tuple[str, ...]) -> Filters:
    """Return the filters of the colour spaces named."""
    filters = [np.asarray(model.filters[space], np.float32) for space in spaces]
    made = [_binarized(each.tobytes()) for each in filters]
    numbers = np.array([SPACES.index(space) for space in spaces])
    return Filters(numbers, *(np.array(each) for each in zip(*made, strict=True)))


@lru_cache(maxsize=64)
def _binarized(filter_bytes: bytes) -> tuple[Any, ...]:
    """Return two factors and their filters of signs (Algorithm 1); taps and chunks: see `Filters`.

    Cached by the values of the filter, since models can be changed.
    """
    rest = np.frombuffer(filter_bytes, np.float32)
    factors, signs = np.zeros(2, np.float32), np.zeros((2, rest.size), np.int64)
    for i in range(2):
        signs[i] = np.where(rest >= 0, 1, -1)
        total = np.float32(0)
        for weight, sign in zip(rest, signs[i], strict=True):  # one by one, as OpenCV rounds
            total = np.float32(total + np.float32(weight * np.float32(sign)))
        factors[i] = total / np.float32(rest.size)
        rest = (rest - factors[i] * signs[i].astype(np.float32)).astype(np.float32)
    taps, chunks = _chunked(signs.reshape(2, WINDOW, WINDOW))
    return factors, signs, taps, chunks


def _chunked(signs: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the taps of two filters of signs, and their chunks: see `Filters`."""
    taps: list[tuple[int, int, int]] = []
    chunks: list[list[int]] = []
    for which, members in enumerate((signs[0] == signs[1], signs[0] != signs[1])):
        room = 0
        for sign in (1, -1):
            for row, col, is_pair in _pairs(members & (signs[0] == sign)):
                if room < 1 + is_pair:
                    chunks.append([len(taps), len(taps), len(taps), which, 0])
                    room = _TAPS
                room -= 1 + is_pair
                taps.append((row, col, is_pair))
                chunks[-1][2] += 1
                if sign > 0:
                    chunks[-1][1] += 1
                else:
                    chunks[-1][4] += 1 + is_pair
    filled = np.zeros((WINDOW * WINDOW, 3), np.int64), np.zeros((_CHUNKS, 5), np.int64)
    filled[0][: len(taps)], filled[1][: len(chunks)] = taps, chunks
    return filled


def _pairs(members: NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Return the pixels of a mask as taps; two below each other are one tap."""
    left, taps = members.copy(), []
    for row, col in np.argwhere(members).tolist():
        if left[row, col]:
            is_pair = row + 1 < WINDOW and bool(left[row + 1, col])
            left[row : row + 1 + is_pair, col] = False
            taps.append((row, col, int(is_pair)))
    return taps

"""From stored samples to pixels: range, transparency, rotation."""

from __future__ import annotations

import operator
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ImageColor

from ..errors import ImageError
from .opencv_logging import quiet_opencv

Rgb = tuple[int, int, int]  # 0 to 255
_DISPLAY_GAMMA = 2.2


class Samples(NamedTuple):
    """Samples of a picture as its file stores them.

    Attributes
    ----------
    values : ndarray
        ``(H, W)``, or ``(H, W, C)`` with C of 1 to 4: grey or RGB, then alpha if there is any.
    alpha : {None, "straight", "premultiplied"}
        Meaning of the last channel; None if it is a colour.
    orientation : int
        EXIF's number, 1 to 8, for the rotation that the picture still needs.
    bits : int
        Used bits of an unsigned integer; 0 for all of them.
    is_inverted : bool
        True if 0 is white.
    is_linear : bool
        True for radiances, which a display would show through a tone curve.
    """

    values: NDArray[Any]
    alpha: Literal["straight", "premultiplied"] | None = None
    orientation: int = 1
    bits: int = 0
    is_inverted: bool = False
    is_linear: bool = False


def parse_color(color: str | Rgb) -> Rgb:
    """Red, green and blue of a colour, 0 to 255.

    Raises
    ------
    ValueError
        It is no colour name, ``"#rrggbb"`` or three integers from 0 to 255.
    """
    try:
        red, green, blue, *_ = ImageColor.getrgb(color) if isinstance(color, str) else color
        parsed = (operator.index(red), operator.index(green), operator.index(blue))
        if all(0 <= part <= 255 for part in parsed):
            return parsed
    except (TypeError, ValueError):
        pass
    raise ValueError(
        f"`background` must be a colour, 'white', '#ffcc00' or (255, 204, 0) for example; "
        f"got {color!r}"
    )


def pixels_of(samples: Samples, background: Rgb) -> NDArray[Any]:
    """Return ``(H, W)`` or ``(H, W, 3)`` of uint8, uint16, or float32 in [0, 1].

    Unsigned samples of 8 and 16 bits and floats in [0, 1] keep their values. Other numbers are
    scaled linearly: 0, or the minimum if that is negative, becomes 0, and the maximum 1.

    Raises
    ------
    ImageError
        If the samples are complex numbers, NaN or infinite.
    """
    values, alpha = samples.values, None
    if samples.alpha:
        values, alpha = values[..., :-1], values[..., -1]
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[..., 0]
    colors = _in_display_range(values, samples)
    if samples.is_inverted:
        colors = _white(colors) - colors
    if alpha is not None:
        is_premultiplied = samples.alpha == "premultiplied"
        colors = _composite(colors, _fractions(alpha), background, is_premultiplied)
    return np.ascontiguousarray(_turned(colors, samples.orientation))


def _in_display_range(values: NDArray[Any], samples: Samples) -> NDArray[Any]:
    dtype = values.dtype
    if dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    if dtype in (np.uint8, np.uint16):
        bits = 8 * dtype.itemsize
        if not 0 < samples.bits < bits:
            return values.astype(dtype.newbyteorder("="), copy=False)
        scale = (2**bits - 1) / (2**samples.bits - 1)
        scaled: NDArray[Any] = np.rint(values * scale).astype(dtype.newbyteorder("="))
        return scaled
    if dtype.kind not in "iuf":
        raise ImageError(f"its samples are {dtype}; convert them to floats in [0, 1] first")
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ImageError("it holds NaN or infinite values; replace them first")
    if samples.is_linear:
        return _tone_mapped(values)
    if dtype.kind == "f" and low >= 0 and high <= 1:
        return values.astype(np.float32)
    low = min(low, 0.0)
    # Halved, because the difference of two float64 may overflow.
    span = (high / 2 - low / 2) or 1.0
    return ((values.astype(np.float64) / 2 - low / 2) / span).astype(np.float32)


def _tone_mapped(radiance: NDArray[Any]) -> NDArray[Any]:
    """Adaptive logarithmic mapping (Drago et al., Computer Graphics Forum 2003), by OpenCV."""
    pixels = np.ascontiguousarray(radiance, dtype=np.float32).clip(0)
    if pixels.max() == pixels.min():  # which OpenCV refuses
        return np.zeros_like(pixels)
    if radiance.ndim == 2:
        pixels = np.dstack([pixels] * 3)
    with quiet_opencv:
        mapped: NDArray[Any] = cv2.createTonemapDrago(_DISPLAY_GAMMA).process(pixels)
    mapped = np.nan_to_num(mapped).clip(0, 1)
    return mapped if radiance.ndim == 3 else mapped[..., 0]


def _white(colors: NDArray[Any]) -> Any:
    return colors.dtype.type(1 if colors.dtype.kind == "f" else np.iinfo(colors.dtype).max)


def _fractions(alpha: NDArray[Any]) -> Any:
    if alpha.dtype.kind == "f":
        return np.nan_to_num(alpha).clip(0, 1).astype(np.float32)
    white = np.float32(np.iinfo(alpha.dtype).max)
    return np.divide(alpha, white, dtype=np.float32)


def _composite(
    colors: NDArray[Any], alpha: Any, background: Rgb, is_premultiplied: bool
) -> NDArray[Any]:
    """Source over background, of encoded values, as browsers and viewers do."""
    if alpha.min() == 1:
        return colors
    is_gray = colors.ndim == 2 and len(set(background)) == 1
    if is_gray:
        base: Any = np.float32(background[0])
    else:
        base, alpha = np.array(background, np.float32), alpha[..., None]
        colors = colors if colors.ndim == 3 else np.dstack([colors] * 3)
    white = _white(colors)
    base = base * (np.float32(white) / np.float32(255))
    shown: NDArray[Any] = np.multiply(
        colors, np.float32(1) if is_premultiplied else alpha, dtype=np.float32
    )
    shown += (1 - alpha) * base
    if colors.dtype.kind != "f":
        np.rint(shown, out=shown)
    composite: NDArray[Any] = shown.clip(0, white).astype(colors.dtype)
    return composite


def _turned(image: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Apply EXIF's orientation (CIPA DC-008, section 4.6.4): 1 to 8, else none."""
    if orientation in (5, 6, 7, 8):
        image = image.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return image


def as_bytes(image: NDArray[Any]) -> NDArray[np.uint8]:
    """Return `image` as uint8, to be looked at: the upper 8 bits of 16, floats times 255."""
    if image.dtype.name == "uint16":  # of either byte order
        return (image >> 8).astype(np.uint8)
    if image.dtype.kind == "f":
        return np.rint(image * np.float32(255)).astype(np.uint8)
    return image


def three_channels(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return `image` with three channels."""
    if image.ndim == 3 and image.shape[2] > 1:
        return np.ascontiguousarray(image[..., :3])
    picture: NDArray[np.uint8] = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_GRAY2BGR)
    return picture

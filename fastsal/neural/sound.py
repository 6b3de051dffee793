"""Sound as networks take it: one channel, floats in [-1, 1], 22,050 Hz."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import containers, validation

RATE = 22050  # Hz, of all sound that networks get

Sound = NDArray[np.float32]  # (samples,) in [-1, 1], at RATE


def checked_sound(audio: Any, rate: float) -> Sound | None:
    """Return sound at 22,050 Hz, or None for None.

    Raises
    ------
    ValueError
        If `audio` is not one channel of int16 or of floats in [-1, 1], or the rate is wrong.
    """
    hertz = validation.number("audio_rate", rate, 1)
    if audio is None:
        return None
    samples = containers.as_numpy(audio, "audio")
    if samples.ndim != 1:
        hint = "; pass the mean of its channels" if samples.ndim == 2 else ""
        raise ValueError(f"`audio` must have shape (samples,); got {samples.shape}{hint}")
    if samples.dtype == np.int16:
        wave = samples.astype(np.float32) / np.float32(32768)
    elif samples.dtype.kind == "f":
        wave = samples.astype(np.float32)
        if not np.isfinite(wave).all():
            raise ValueError("`audio` must be finite; got NaN or infinity")
        if wave.size and np.abs(wave).max() > 1:
            raise ValueError(
                f"`audio` must be floats in [-1, 1]; got up to {np.abs(wave).max():g}; "
                "divide 16-bit samples by 32768"
            )
    else:
        raise ValueError(f"`audio` must be int16 or floats in [-1, 1]; got {samples.dtype}")
    return _resampled(wave, hertz)


def _resampled(wave: Sound, rate: float) -> Sound:
    if rate == RATE or not wave.size:
        return wave
    from scipy import signal

    ratio = Fraction(RATE) / Fraction(rate).limit_denominator(1000)
    ratio = ratio.limit_denominator(4000)
    if not ratio:
        raise ValueError(f"`audio_rate` must be at most 88,200,000 Hz; got {rate}")
    found = signal.resample_poly(wave, ratio.numerator, ratio.denominator)
    clipped: Sound = np.clip(found, -1, 1).astype(np.float32)
    return clipped

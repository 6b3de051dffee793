"""What callers of a method may ask its finish for."""

from __future__ import annotations


def checked(smooth: float, center_bias: float) -> tuple[float, float]:
    """Return the two options as floats, or raise ValueError.

    Parameters
    ----------
    smooth : float
        Sigma of the Gaussian blur, as a fraction of the width: 0 to 1, 0 for none.
    center_bias : float
        How much of the map is multiplied by a Gaussian around the centre: 0, nothing, to 1, all.
    """
    return _share("smooth", smooth), _share("center_bias", center_bias)


def _share(name: str, value: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 0 <= number <= 1:  # NaN neither
        raise ValueError(f"{name} must be a number from 0 to 1, got {value!r}")
    return number

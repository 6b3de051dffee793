"""Options of a method's postprocessing."""

from __future__ import annotations

from ... import validation


def checked(smooth: float, center_bias: float) -> tuple[float, float]:
    """Return the two options as floats, or raise ValueError.

    Parameters
    ----------
    smooth : float
        Sigma of the Gaussian blur, as a fraction of the width: 0 to 1, 0 for none.
    center_bias : float
        How much of the map is multiplied by a Gaussian around the centre: 0, nothing, to 1, all.
    """
    return (
        validation.number("smooth", smooth, 0, 1),
        validation.number("center_bias", center_bias, 0, 1),
    )

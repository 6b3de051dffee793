"""Initial centres of `slic`, from the labels or the centres of the previous frame."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import containers, devices
from ...errors import ImageError
from ._grid import FEATURES, SUMS, grid_shape
from ._site import Site


def centers_from(initial: Any, site: Site, size: int) -> Any:
    """Return the centres to start from, (5, down, across), on the backend."""
    if not devices.is_device_array(initial):
        initial = containers.as_numpy(initial, "initial")
        if initial.dtype.kind == "f":
            return site.upload(_given_centers(initial, site, size))
    names = site.labels(initial, "initial")
    count = site.regions_of(names, "initial")
    sums = site.view(site.empty((count, SUMS), np.int64))
    site.kernels.sum_regions(*site.source, names, sums)
    centers = site.view(site.empty((FEATURES, *grid_shape(site.shape, size)), np.float32))
    site.kernels.place_centers(*site.source, site.white, size, site.shape, centers)
    site.kernels.move_centers(sums, site.units, size, False, centers)
    return centers


def _given_centers(initial: np.ndarray[Any, Any], site: Site, size: int) -> Any:
    """Return them from a row per tile, in the kernels' order of channels."""
    down, across = grid_shape(site.shape, size)
    channels = 1 if site.source[1] == 1 else 3
    expected = (down * across, 2 + channels)
    if initial.shape != expected:
        raise ImageError(
            f"`initial` must have shape {expected} if it holds centres; got {initial.shape}"
        )
    limits = np.array([*site.shape, *[1] * channels])
    if not ((initial >= 0) & (initial <= limits)).all():  # NaN fails both
        raise ImageError(
            "`initial` must hold centres inside the image with channels in [0, 1]; "
            "got others, or NaN"
        )
    centers = np.zeros((FEATURES, down, across), np.float32)
    for k in range(2 + channels):
        column = initial[:, k if k < 2 or site.source[2] or channels == 1 else 6 - k]
        centers[k] = column.reshape(down, across)
    return centers

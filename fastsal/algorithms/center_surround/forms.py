"""The two forms of the method: the fast one, and VOCUS2's."""

from __future__ import annotations

import math
from typing import NamedTuple


class Form(NamedTuple):
    """Parameters of the pyramids; lengths are in pixels of an octave."""

    longer: int  # cells along the longer side that the image is reduced to; 0 for its pixels
    center: float  # sigma
    surround: float  # sigma
    scales: int  # per octave
    octaves: int  # maximum
    lightness: float  # weight of intensity, the colours' being 1
    border: float  # fraction of the longer side along which the map fades to the border
    cubic: bool  # whether octaves are up-sampled by cubic interpolation, each directly
    smooth: float  # sigma of the final blur unless the caller says another

    def octaves_of(self, rows: int, cols: int) -> int:
        """Return how many octaves an image has: no side falls below one pixel."""
        return min(self.octaves, int(math.log2(min(rows, cols))) + 1)

    def sigma_of_surround(self, scale: int) -> float:
        """Return the sigma that blurs the centre of a scale to its surround."""
        return math.sqrt(self.surround**2 - self.center**2) * self._growth(scale)

    def sigma_to_next(self, scale: int) -> float:
        """Return the sigma that blurs the centre of a scale to that of the next."""
        here, there = self._growth(scale), self._growth(scale + 1)
        return self.center * math.sqrt(there**2 - here**2)

    def _growth(self, scale: int) -> float:
        return 2.0 ** (scale / self.scales)


FORMS = {
    "fast": Form(200, 1.0, 5.0, 1, 4, 0.5, 0.05, False, 0.02),
    "vocus2": Form(0, 3.0, 13.0, 2, 5, 1.0, 0.0, True, 0.0),
}

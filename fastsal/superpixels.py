"""Superpixels: `slic`, `slic_like_skimage`, `felzenszwalb`, `region_stats`, `draw_boundaries`."""

from .algorithms.felzenszwalb import felzenszwalb as felzenszwalb
from .algorithms.superpixels import RegionStats as RegionStats
from .algorithms.superpixels import draw_boundaries as draw_boundaries
from .algorithms.superpixels import region_stats as region_stats
from .algorithms.superpixels import slic as slic
from .algorithms.superpixels import slic_like_skimage as slic_like_skimage

__all__ = [
    "RegionStats",
    "draw_boundaries",
    "felzenszwalb",
    "region_stats",
    "slic",
    "slic_like_skimage",
]

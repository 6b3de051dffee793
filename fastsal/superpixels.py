"""Superpixels: `slic`, `region_stats`, and `slic_like_skimage` with scikit-image's parameters."""

from .algorithms.superpixels import RegionStats as RegionStats
from .algorithms.superpixels import region_stats as region_stats
from .algorithms.superpixels import slic as slic
from .algorithms.superpixels import slic_like_skimage as slic_like_skimage

__all__ = ["RegionStats", "region_stats", "slic", "slic_like_skimage"]

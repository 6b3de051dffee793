"""Superpixels: SLIC as VLFeat's vl_slic defines it, and statistics of regions."""

from .api import RegionStats as RegionStats
from .api import region_stats as region_stats
from .api import slic as slic
from .like_skimage import draw_boundaries as draw_boundaries
from .like_skimage import slic_like_skimage as slic_like_skimage

"""XRAI's own work: overlapping regions of an image, and their ranking by attribution."""

from .api import Ranking as Ranking
from .api import Regions as Regions
from .api import rank_regions as rank_regions

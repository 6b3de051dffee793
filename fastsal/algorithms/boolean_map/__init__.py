"""Boolean map saliency."""

from .api import BooleanMaps as BooleanMaps
from .api import boolean_map as boolean_map
